"""What a model's reference remembers: how its columns, scores and volume vary between blocks.

Built once per model version and kept by whoever closes windows. A reference is the rows that
the model was trained on, with the scores it gave them out of fold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import polars.selectors as cs

from trimtab.core.project import Project
from trimtab.core.records import ModelVersion
from trimtab.core.settings import TaskSection
from trimtab.core.workspace import Workspace
from trimtab.models.rows import LABEL, TIME
from trimtab.models.scoring import known_classes
from trimtab.monitoring.drift import DriftKind, FollowedColumn
from trimtab.monitoring.performance import Promise, Scored, promise
from trimtab.monitoring.spans import block_codes, choose_block, length, volumes
from trimtab.stats.arrays import FloatArray

if TYPE_CHECKING:
    from trimtab.models.features import FeatureSet
    from trimtab.models.registry import Registry

FEATURE = "f:"
SCORE = "_score"


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference of one model version, folded into blocks."""

    task: TaskSection
    version: int
    classes: tuple[str, ...]
    block: str
    columns: tuple[FollowedColumn, ...]
    features: "FeatureSet | None"
    importance: dict[str, float]
    promise: Promise | None
    cell: timedelta
    volume: FloatArray

    @classmethod
    def build(
        cls, workspace: Workspace, registry: "Registry", champion: ModelVersion
    ) -> "Reference":
        """Return the reference of a registered model."""
        from trimtab.data.tables import Tables

        model = registry.load(champion.version)
        frame = registry.reference(champion.version)
        rows = Tables(workspace.tables_folder).read(champion.dataset)
        inside = pl.col(TIME).is_between(frame[TIME].min(), frame[TIME].max())
        return cls.learn(
            workspace.project,
            frame,
            version=champion.version,
            classes=model.classes or (),
            features=model.features,
            importance=importance_of(registry.analysis(champion.version)),
            asked=rows.filter(inside).collect(),
        )

    @classmethod
    def learn(
        cls,
        project: Project,
        frame: pl.DataFrame,
        *,
        version: int,
        classes: Sequence[str] = (),
        features: "FeatureSet | None" = None,
        importance: Mapping[str, float] | None = None,
        asked: pl.DataFrame | None = None,
    ) -> "Reference":
        """Return what a reference frame remembers.

        Parameters
        ----------
        project : Project
            The task and how it is watched.
        frame : polars.DataFrame
            Training rows: `_time`, `_label`, `_score` (out of fold, null where there is none;
            `_scores` for several classes), raw columns, and features named `f:…`.
        version : int
            The model's version.
        classes : sequence of str, optional
            The classes, in the order of the scores.
        features : FeatureSet, optional
            The model's features, to compute them for windows too.
        importance : mapping, optional
            How much the model's performance hangs on each feature.
        asked : polars.DataFrame, optional
            All rows asked in the reference's time, also those whose label never came: what
            inputs and volume are compared with. Production sees such rows too (a cancelled
            flight has no label, and often no tail number). The frame's own rows if left out.
        """
        task, monitor = project.task, project.monitor
        frame = frame.sort(TIME)
        block = choose_block(frame[TIME], monitor.reference_block, task.block)
        codes = block_codes(frame[TIME], block)
        asked = frame if asked is None or asked.is_empty() else asked.sort(TIME)
        inputs = _inputs(frame, asked, features)
        asked_codes = block_codes(asked[TIME], block)
        columns = [
            FollowedColumn.learn(name, kind, values, asked_codes)
            for (name, kind), values in inputs.items()
        ]
        columns += [
            FollowedColumn.learn(name, kind, frame[name], codes, unit=unit)
            for name, kind, unit in _outcomes(task, frame)
        ]
        cell, volume = _volume(asked[TIME], block, monitor.window)
        scored = scored_rows(
            task, frame, "_scores" if "_scores" in frame.columns else SCORE, classes
        )
        return cls(
            task=task,
            version=version,
            classes=tuple(classes),
            block=block,
            columns=tuple(column for column in columns if column is not None),
            features=features,
            importance=spread_importance(importance or {}, features),
            promise=promise(
                task, scored, block_codes(scored.times, block), classes, seed=project.project.seed
            ),
            cell=cell,
            volume=volume,
        )


def scored_rows(
    task: TaskSection, rows: pl.DataFrame, score: str, classes: Sequence[str]
) -> Scored:
    """Return the rows that have both a score and a label the model knows."""
    there = rows.filter(pl.col(LABEL).is_not_null() & pl.col(score).is_not_null())
    if there.is_empty() or (task.kind == "multiclass" and there[score].dtype != pl.List):
        empty = there.clear()
        return Scored(empty[LABEL].to_numpy(), np.empty(0), empty[TIME])
    scores = np.asarray(there[score].to_list(), dtype=np.float64)
    labels = there[LABEL].to_numpy()
    kept = known_classes(task.kind, labels, classes)
    kept &= np.isfinite(scores if scores.ndim == 1 else scores.sum(axis=1))
    return Scored(labels[kept], scores[kept], there[TIME].filter(pl.Series(kept)))


def importance_of(analysis: Mapping[str, Any]) -> dict[str, float]:
    """Return the importance of each feature by permutation, or by gain where there is none."""
    return {
        item["feature"]: float(item["permutation"] or item["gain"] or 0.0)
        for item in analysis.get("importance") or ()
    }


def spread_importance(
    importance: Mapping[str, float], features: "FeatureSet | None"
) -> dict[str, float]:
    """Return shares of the total for features, and for the raw columns that feed them."""
    positive = {name: max(value, 0.0) for name, value in importance.items()}
    total = sum(positive.values())
    if total == 0:
        return {}
    shares = {name: value / total for name, value in positive.items()}
    out = dict(shares)
    for feature, columns in (features.lineage if features else {}).items():
        for column in columns:
            if column != feature:
                out[column] = min(out.get(column, 0.0) + shares.get(feature, 0.0), 1.0)
    return out


def _inputs(
    frame: pl.DataFrame, asked: pl.DataFrame, features: "FeatureSet | None"
) -> dict[tuple[str, DriftKind], pl.Series]:
    """Return raw columns and features; a feature that is a column as it is counts once."""
    raw = [name for name in frame.columns if not name.startswith(("_", FEATURE))]
    found: dict[tuple[str, DriftKind], pl.Series] = {
        (name, "input"): asked[name] for name in raw if name in asked.columns
    }
    if features is not None:
        made = features.compute(asked)
    elif asked is frame:
        made = frame.select(cs.starts_with(FEATURE).name.replace(f"^{FEATURE}", ""))
    else:
        made = pl.DataFrame()
    for values in made:
        same = found.get((values.name, "input"))
        if same is None or not same.equals(values, null_equal=True):
            found[(values.name, "feature")] = values
    return found


def _outcomes(task: TaskSection, frame: pl.DataFrame) -> list[tuple[str, DriftKind, str]]:
    """Return the columns of predictions and labels, and their unit where it is known."""
    unit = "share" if task.kind == "binary" else ""
    said = "_predicted" if task.kind == "multiclass" else SCORE
    names: list[tuple[str, DriftKind, str]] = [(LABEL, "label", unit)]
    if said in frame.columns:
        names.append((said, "prediction", unit))
    return names


def _volume(times: pl.Series, block: str, window: str) -> tuple[timedelta, FloatArray]:
    first, last = times.min(), times.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return timedelta(days=1), np.empty(0)
    cell = min(length(block, first), length(window, first))
    return cell, volumes(times, first, last + timedelta(microseconds=1), cell)
