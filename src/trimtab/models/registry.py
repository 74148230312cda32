"""Runs and model versions: MLflow keeps the files, our store keeps who moved what and why.

MLflow is imported by this module alone, and only when a registry is first asked something. A
model version is files of a run plus tags; its stage is the last row about it in `stage_moves`,
and MLflow's aliases follow, so that other tools see the same.
"""

import hashlib
import json
import logging
import os
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import NotFoundError, SourceError
from trimtab.core.records import ModelVersion, Stage, jsonable
from trimtab.core.workspace import Workspace
from trimtab.models.encode import Encoder
from trimtab.models.features import FeatureSet
from trimtab.models.loaded import LoadedModel, OnnxRunner, PythonRunner, schema_from_text
from trimtab.models.stages import STAGES, StageHistory

_IDENTITY, _FILES, _FACTS = "trimtab.identity", "trimtab.files", "trimtab.facts"


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """All that a training depends on; two trainings of one identity make the same model."""

    dataset: str
    fingerprint: str
    feature_hash: str
    commit: str
    config_hash: str
    seed: int
    trained_from: datetime | None
    trained_until: datetime
    params: str

    @property
    def key(self) -> str:
        """Hash of all the parts."""
        parts = json.dumps(jsonable(asdict(self)), sort_keys=True)
        return hashlib.sha256(parts.encode()).hexdigest()[:32]


class Registry:
    """The models of a workspace's scope.

    Runs are shared by all scopes of a project, since a training depends on its inputs alone;
    registered versions, numbered from 1, and their stages belong to one scope.

    Parameters
    ----------
    workspace : Workspace
        The project, seen from a scope.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.name = workspace.model_name
        self._known: dict[int, ModelVersion] = {}
        self._loaded: dict[int, LoadedModel] = {}

    # ---- runs

    def find_run(self, identity: RunIdentity) -> str | None:
        """Return the finished run of this identity, or None; cut-off runs do not count."""
        found = self._client.search_runs(
            [self._experiment],
            filter_string=f"tags.`{_IDENTITY}` = '{identity.key}' "
            "and attributes.status = 'FINISHED'",
            max_results=1,
            order_by=["attributes.start_time ASC"],
        )
        return str(found[0].info.run_id) if found else None

    def log_run(
        self,
        identity: RunIdentity,
        *,
        files: Mapping[str, bytes],
        metrics: Mapping[str, float],
        params: Mapping[str, Any],
        facts: Mapping[str, str],
        trials: list[float] | None = None,
    ) -> str:
        """File a training: its files with their hashes, its numbers, and what made it.

        Parameters
        ----------
        identity : RunIdentity
            What the training depended on.
        files : mapping of str to bytes
            Files of the model by name.
        metrics, params : mapping
            Shown beside the run in MLflow; metrics that are not finite are left out.
        facts : mapping
            `runtime` and `model_hash`.
        trials : list of float, optional
            Loss of each trial of the search, in order.

        Returns
        -------
        str
            Id of the run, which is marked as finished last of all.
        """
        from mlflow.entities import Metric, Param, RunTag

        stated = jsonable({**asdict(identity), **facts, "metrics": dict(metrics)})
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        tags = {_IDENTITY: identity.key, _FILES: json.dumps(hashes), _FACTS: json.dumps(stated)}
        tags |= {f"trimtab.{k}": str(v) for k, v in stated.items() if k != "metrics"}
        run = self._client.create_run(
            self._experiment, run_name=f"{self.workspace.project.task.name} until "
            f"{identity.trained_until:%Y-%m-%d}",
        )  # fmt: skip
        run_id, stamp = str(run.info.run_id), int(run.info.start_time)
        self._write_files(run_id, files)
        numbers = [
            Metric(k, float(v), stamp, 0) for k, v in metrics.items() if jsonable(v) is not None
        ]
        numbers += [Metric("trial_loss", v, stamp, i) for i, v in enumerate(trials or [])][:900]
        self._client.log_batch(
            run_id,
            metrics=numbers,
            params=[Param(k, str(v)) for k, v in params.items()],
            tags=[RunTag(k, v) for k, v in tags.items()],
        )
        self._client.set_terminated(run_id, "FINISHED")
        return run_id

    # ---- versions

    def register(self, run_id: str, *, who: str, why: str, at: datetime) -> ModelVersion:
        """File a run as the next version of this scope, in stage *dev*.

        A run that is registered already keeps its version and its stage.
        """
        run = self._client.get_run(run_id)
        if _FACTS not in run.data.tags:
            raise NotFoundError(
                f"run {run_id} was not filed by Trimtab", hint="Train with `trimtab run`."
            )
        with self.workspace.store.transaction() as connection:
            number = self._number_of(run_id)
            if number is None:
                made = self._client.create_model_version(
                    self.name,
                    source=run.info.artifact_uri,
                    run_id=run_id,
                    tags={_FACTS: run.data.tags[_FACTS], "trimtab.created_at": at.isoformat()},
                )
                number = int(made.version)
            self._stages.enter(connection, number, who=who, why=why, at=at)
        self._align_aliases()
        return self.get(number)

    def move(
        self, version: int | ModelVersion, stage: Stage, *, who: str, why: str, at: datetime
    ) -> ModelVersion:
        """Move a version to a stage, and write down who did it and why.

        A version promoted to production sends the one that was there to *archived*. Moving a
        version to the stage it is in changes nothing.

        Raises
        ------
        ConfigError
            If the stage cannot be reached from where the version is, or `why` is empty.
        """
        number = self.get(version).version
        self._stages.move(number, stage, who=who, why=why, at=at)
        self._align_aliases()
        return self.get(number)

    def current(self, stage: Stage) -> ModelVersion | None:
        """Return the version that was moved to a stage last and is still there."""
        number = self._stages.current(stage)
        return None if number is None else self.get(number)

    def get(self, version: int | ModelVersion) -> ModelVersion:
        """Return a version with the stage it is in now.

        Raises
        ------
        NotFoundError
            If there is no such version.
        """
        number = version.version if isinstance(version, ModelVersion) else int(version)
        if number not in self._known:
            self._read_versions()
        stages = self._stages.stages()
        if number not in self._known or number not in stages:
            have = ", ".join(f"v{n}" for n in sorted(stages))
            raise NotFoundError(
                f"model `{self.name}` has no version {number}",
                hint=f"It has {have}." if have else "Train one with `trimtab run`.",
                version=number,
            )
        return replace(self._known[number], stage=stages[number])

    def versions(self) -> list[ModelVersion]:
        """Return all versions, oldest first."""
        stages = self._stages.stages()
        if stages.keys() - self._known.keys():
            self._read_versions()
        return [replace(self._known[number], stage=stages[number]) for number in sorted(stages)]

    def history(self) -> list[dict[str, Any]]:
        """Return every move between stages, oldest first."""
        return self._stages.rows()

    # ---- files

    def load(self, version: int | ModelVersion) -> LoadedModel:
        """Return a version ready to answer; its files are checked against their hashes first."""
        facts = self.get(version)
        kept = self._loaded.get(facts.version)
        if kept is not None and kept.version == facts:
            return kept
        card = json.loads(self._file(facts, "model.json"))
        encoder = Encoder.from_dict(card["encoder"])
        onnx = card["runtime"] == "onnx"
        runner = (OnnxRunner if onnx else PythonRunner)(
            self._file(facts, "model.onnx" if onnx else "model.pickle"),
            encoder, card["kind"], tuple(card["classes"]),
        )  # fmt: skip
        features = FeatureSet.from_json(self._file(facts, "features.json").decode())
        inputs = schema_from_text(card["inputs"])
        self._loaded[facts.version] = LoadedModel(facts, features, inputs, card, runner)
        return self._loaded[facts.version]

    def reference(self, version: int | ModelVersion) -> pl.DataFrame:
        """Return the training rows with features (`f:name`) and out-of-fold scores (`_score`).

        The first rows in time have no out-of-fold score: nothing came before them to learn
        from. For several classes `_score` is the probability of the class `_predicted`, and
        `_scores` has them all.
        """
        return pl.read_parquet(self._file(self.get(version), "reference.parquet"))

    def analysis(self, version: int | ModelVersion) -> dict[str, Any]:
        """Return the analysis made when the version was trained."""
        found: dict[str, Any] = json.loads(self._file(self.get(version), "analysis.json"))
        return found

    def card(self, version: int | ModelVersion) -> dict[str, Any]:
        """Return what is written on the model: kind, classes, features, params, runtime."""
        found: dict[str, Any] = json.loads(self._file(self.get(version), "model.json"))
        return found

    # ---- MLflow

    @cached_property
    def _stages(self) -> StageHistory:
        return StageHistory(self.workspace.store, self.name)

    @cached_property
    def _client(self) -> Any:
        """The MLflow client, with the model's name made known to it."""
        client = _open_mlflow(self.workspace.mlflow_uri)
        from mlflow.exceptions import MlflowException

        try:
            client.get_registered_model(self.name)
        except MlflowException:
            with suppress(MlflowException):  # another process was faster
                client.create_registered_model(self.name)
        return client

    @cached_property
    def _experiment(self) -> str:
        name = self.workspace.project.project.name
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        from mlflow.exceptions import MlflowException

        location = None if self._is_remote else self._artifacts.as_uri()
        with suppress(MlflowException):  # another process was faster
            self._client.create_experiment(name, artifact_location=location)
        return str(self._client.get_experiment_by_name(name).experiment_id)

    @property
    def _is_remote(self) -> bool:
        return not self.workspace.mlflow_uri.startswith("sqlite:")

    @property
    def _artifacts(self) -> Path:
        return (self.workspace.state / "mlartifacts").resolve()

    def _write_files(self, run_id: str, files: Mapping[str, bytes]) -> None:
        """Store a run's files with MLflow, or where it would put them in this very folder.

        MLflow's database has the absolute address of the folder it was made in. A project that
        was moved or copied since must not write into the old one.
        """
        with ExitStack() as stack:
            if self._is_remote:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            else:
                folder = self._artifacts / run_id / "artifacts"
                folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (folder / name).write_bytes(content)
            if self._is_remote:
                self._client.log_artifacts(run_id, str(folder))

    def _file(self, version: ModelVersion, name: str) -> bytes:
        """Return a file of a version's run, if it still has the hash it was filed with."""
        hashes = json.loads(self._client.get_run(version.run_id).data.tags[_FILES])
        place = self._artifacts / version.run_id / "artifacts" / name
        if not place.is_file() and self._is_remote:
            place = Path(self._client.download_artifacts(version.run_id, name))
        if name not in hashes or not place.is_file():
            raise NotFoundError(
                f"expected {name} of {version.label} at {place}, found none",
                hint="Bring the file back from a copy, or train again in a new project folder.",
            )
        content = place.read_bytes()
        if hashlib.sha256(content).hexdigest() != hashes[name]:
            raise SourceError(
                f"{name} of {version.label} is not the file that was registered: its hash is "
                "another",
                hint="Do not use it. Bring the file back from a copy, or train again.",
                file=name,
            )
        return content

    def _read_versions(self) -> None:
        token = None
        while True:
            page = self._client.search_model_versions(
                f"name = '{self.name}'", max_results=1000, page_token=token
            )
            self._known |= {int(v.version): self._version(v) for v in page if _FACTS in v.tags}
            token = page.token
            if not token:
                return

    def _version(self, found: Any) -> ModelVersion:
        facts = json.loads(found.tags[_FACTS])
        start = facts["trained_from"]
        shared = ("dataset", "feature_hash", "commit", "config_hash", "seed", "model_hash",
                  "runtime", "metrics")  # fmt: skip
        return ModelVersion(
            name=self.name,
            version=int(found.version),
            run_id=found.run_id,
            stage="dev",
            trained_from=datetime.fromisoformat(start) if start else None,
            trained_until=datetime.fromisoformat(facts["trained_until"]),
            created_at=datetime.fromisoformat(found.tags["trimtab.created_at"]),
            **{name: facts[name] for name in shared},
        )

    def _number_of(self, run_id: str) -> int | None:
        found = self._client.search_model_versions(f"name = '{self.name}' and run_id = '{run_id}'")
        return min((int(version.version) for version in found), default=None)

    def _align_aliases(self) -> None:
        """Let MLflow's aliases say what the store says."""
        have = dict(self._client.get_registered_model(self.name).aliases)
        for stage in STAGES:
            number = self._stages.current(stage)
            if number is None and stage in have:
                self._client.delete_registered_model_alias(self.name, stage)
            elif number is not None and str(have.get(stage)) != str(number):
                self._client.set_registered_model_alias(self.name, stage, str(number))


def _open_mlflow(uri: str) -> Any:
    """Return a client that keeps quiet; the first use of a database takes a few seconds."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        # MLflow uses what SQLAlchemy 2.1 deprecates; that is between the two of them.
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        if uri.startswith("sqlite:///"):
            _make_database(Path(uri.removeprefix("sqlite:///")), MlflowClient)
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        client.search_experiments(max_results=1)
    return client


def _make_database(file: Path, client: Any) -> None:
    """Make MLflow's database whole or not at all.

    MLflow makes its tables step by step: cut off half way, or with another process doing the
    same, they would never work again. So they are made elsewhere, and appear at once.
    """
    if file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix="mlflow-") as folder:
        draft, ready = Path(folder) / "draft.db", Path(folder) / "ready.db"
        uri = f"sqlite:///{draft}"
        client(tracking_uri=uri, registry_uri=uri).search_experiments(max_results=1)
        ready.write_bytes(draft.read_bytes())
        with suppress(FileExistsError):  # another process was faster
            os.link(ready, file)
