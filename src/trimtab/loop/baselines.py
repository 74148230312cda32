"""The two models every replay is held against: never retrained, and always retrained.

They are scored outside the server, on the rows that it served. The always-retrained model of a
window is fitted on every row whose label was known when the window began; its scores are kept
by what they depend on, so that a second replay need not train it again.
"""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from trimtab.core.records import DatasetVersion
from trimtab.core.workspace import Workspace
from trimtab.models.rows import ID, LABEL, known_rows

if TYPE_CHECKING:
    from trimtab.models.loaded import LoadedModel

Array = np.ndarray[Any, Any]


class Baselines:
    """Scores of the stale and the always-retrained model on a window's rows.

    Parameters
    ----------
    workspace : Workspace
        The project.
    rows : DatasetVersion
        The task's rows.
    first : LoadedModel
        The model that the replay starts with: the stale one.
    """

    def __init__(self, workspace: Workspace, rows: DatasetVersion, first: "LoadedModel") -> None:
        self.workspace, self.rows, self.first = workspace, rows, first
        self._labels: Array | None = None

    def training_rate(self, classes: list[str]) -> Any:
        """Return the label's rate in the first model's training rows: skill is over that."""
        if self._labels is None:
            self._labels = self._known(self.workspace.project.training_end)[LABEL].to_numpy()
        kind = self.workspace.project.task.kind
        if kind == "multiclass":
            names = [str(label) for label in self._labels]
            return np.array([names.count(name) for name in classes]) / max(len(names), 1)
        return float(np.mean(self._labels.astype(float)))

    def stale(self, window: pl.DataFrame) -> Array:
        """Return the first model's scores."""
        return np.asarray(self.first.predict(window))

    def always(self, window: pl.DataFrame, start: datetime) -> tuple[Array, list[str]]:
        """Return the scores, and the classes, of a model trained on all rows known at `start`."""
        until = self.first.version.trained_until
        if until is not None and start <= until:
            return self.stale(window), list(self.first.classes)
        kept = self._file(window, start)
        if not kept.exists():
            scores, classes = self._fitted(window, start)
            frame = pl.DataFrame({"scores": scores.tolist()})
            kept.parent.mkdir(parents=True, exist_ok=True)
            part = kept.with_suffix(".part")
            frame.with_columns(classes=pl.lit("\n".join(classes))).write_parquet(part)
            part.rename(kept)
        frame = pl.read_parquet(kept)
        names = str(frame["classes"][0])
        return np.asarray(frame["scores"].to_list(), float), names.split("\n") if names else []

    def _fitted(self, window: pl.DataFrame, start: datetime) -> tuple[Array, list[str]]:
        from trimtab.models.train import fit

        task, train = self.workspace.project.task, self.workspace.project.train
        known = self._known(start)
        model = fit(
            self.first.features.compute(known),
            known[LABEL].to_numpy(),
            kind=task.kind,
            estimator=train.estimator,
            params=self.first.params,
            seed=self.workspace.project.project.seed,
        )
        scores = np.asarray(model.predict(self.first.features.compute(window)))
        return scores, [str(name) for name in model.classes] if task.kind == "multiclass" else []

    def _known(self, until: datetime) -> pl.DataFrame:
        return known_rows(self.workspace, self.rows, until=until)

    def _file(self, window: pl.DataFrame, start: datetime) -> Any:
        task, train = self.workspace.project.task, self.workspace.project.train
        digest = hashlib.sha256(window[ID].hash(seed=0).to_numpy().tobytes())
        for part in (
            self.rows.fingerprint, self.first.features.hash, task.kind, train.estimator,
            sorted(self.first.params.items()), self.workspace.project.project.seed,
            start.isoformat(),
        ):  # fmt: skip
            digest.update(repr(part).encode())
        folder = self.workspace.cache_folder / "baselines"
        return folder / f"always-{digest.hexdigest()[:20]}.parquet"
