"""Training: from rows whose label was known at a moment to a filed, analysed, compiled run."""

import hashlib
import io
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import NotEnoughDataError
from trimtab.core.progress import Progress, silent
from trimtab.core.records import DatasetVersion, TaskKind, jsonable
from trimtab.core.workspace import Workspace
from trimtab.models.cache import cached_features
from trimtab.models.estimators import Params
from trimtab.models.features import FeatureSet, load_features
from trimtab.models.fit import fit, require_two_labels
from trimtab.models.leaks import late_columns
from trimtab.models.loaded import schema_to_text
from trimtab.models.registry import Registry, RunIdentity
from trimtab.models.rows import CANONICAL, LABEL, known_rows
from trimtab.models.training import Trained, Training

__all__ = ["fit", "train"]

_MIN_ROWS = 40


def train(
    workspace: Workspace,
    version: DatasetVersion,
    *,
    start: datetime | None = None,
    until: datetime,
    params: Params | None = None,
    progress: Progress | None = None,
) -> str:
    """Train on what was known at `until`, and file the run.

    Nothing is trained twice: a finished run with the same dataset version, features, commit,
    configuration, seed, window and parameters is found and returned.

    Parameters
    ----------
    workspace : Workspace
        The project; runs are shared by its scopes.
    version : DatasetVersion
        Version of the task's rows (see `build_rows`).
    start : datetime, optional
        Learn only from rows asked at or after this moment.
    until : datetime
        Learn only from rows asked before, with a label known by this moment.
    params : dict, optional
        The estimator's parameters; searched for if left out.
    progress : callable, optional
        Told how far the search and the folds are.

    Returns
    -------
    str
        Id of the run.

    Raises
    ------
    LeakageError
        If a feature reads a column that is known only after the question was asked.
    NotEnoughDataError
        If too few rows were known, or they have a single label.
    """
    features = load_features(workspace.project)
    features.refuse_leaks(late_columns(workspace.project))
    registry = Registry(workspace)
    identity = _identity(workspace, version, features, start, until, params)
    found = registry.find_run(identity)
    if found is not None:
        return found
    rows = known_rows(workspace, version, start=start, until=until)
    _require_rows(rows, workspace.project.task.kind, until)
    features.require(rows.columns)
    features.refuse_neighbours(rows)
    table = cached_features(workspace, version, features, rows, start=start, until=until)
    trained = Training(workspace.project, rows, table, progress or silent).run(params)
    return _file(registry, identity, features, rows, table, trained)


def _identity(
    workspace: Workspace,
    version: DatasetVersion,
    features: FeatureSet,
    start: datetime | None,
    until: datetime,
    params: Params | None,
) -> RunIdentity:
    return RunIdentity(
        dataset=version.name,
        fingerprint=version.fingerprint,
        feature_hash=features.hash,
        commit=workspace.commit,
        config_hash=workspace.project.config_hash,
        seed=workspace.project.project.seed,
        trained_from=start,
        trained_until=until,
        params="tuned" if params is None else json.dumps(jsonable(params), sort_keys=True),
    )


def _file(
    registry: Registry,
    identity: RunIdentity,
    features: FeatureSet,
    rows: pl.DataFrame,
    table: pl.DataFrame,
    trained: Trained,
) -> str:
    """File a training as a run."""
    model, compiled = trained.model, trained.compiled
    pickled = model.to_bytes()
    runtime = "python" if compiled.content is None else "onnx"
    inputs = rows.select(features.columns).schema
    card = {
        "kind": model.kind,
        "classes": model.classes,
        "params": model.params,
        "estimator": registry.workspace.project.train.estimator,
        "runtime": runtime,
        "runtime_reason": compiled.reason,
        "parity": compiled.difference,
        "features": {name: str(kind) for name, kind in table.schema.items()},
        "feature_hash": features.hash,
        "lineage": features.lineage,
        "columns": {name: str(kind) for name, kind in inputs.items()},
        "inputs": schema_to_text(inputs),
        "encoder": model.encoder.to_dict(),
        "search": None if trained.study is None else trained.study.to_dict(),
    }
    files = {
        "model.json": _json(card),
        "model.pickle": pickled,
        "features.json": features.to_json().encode(),
        "analysis.json": _json(trained.analysis.to_dict()),
        "reference.parquet": _reference(features, rows, table, trained),
    }
    if compiled.content is not None:
        files["model.onnx"] = compiled.content
    metrics = {
        name: float(value["estimate"])
        for name, value in trained.analysis.metrics.items()
        if jsonable(value["estimate"]) is not None and value["estimate"] is not None
    }
    served = pickled if compiled.content is None else compiled.content
    return registry.log_run(
        identity,
        files=files,
        metrics=metrics,
        params=model.params,
        facts={"runtime": runtime, "model_hash": hashlib.sha256(served).hexdigest()[:32]},
        trials=[trial.loss for trial in trained.study.trials] if trained.study else None,
    )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(jsonable(value), indent=1, ensure_ascii=False).encode()


def _reference(
    features: FeatureSet, rows: pl.DataFrame, table: pl.DataFrame, trained: Trained
) -> bytes:
    """Return the training rows with features and out-of-fold scores, as a Parquet file."""
    scores, classes = trained.scores, trained.analysis.classes
    frame = rows.select(*CANONICAL, *features.columns)
    frame = frame.hstack(table.rename({name: f"f:{name}" for name in table.columns}))
    if scores.ndim == 1:
        frame = frame.with_columns(_score=pl.Series(scores).fill_nan(None))
    else:
        scored = np.isfinite(scores[:, 0])
        top = np.where(scored, np.nan_to_num(scores).argmax(axis=1), 0)
        names = [classes[place] if ok else None for place, ok in zip(top, scored, strict=True)]
        frame = frame.with_columns(
            pl.Series("_score", scores[np.arange(len(scores)), top]).fill_nan(None),
            pl.Series("_predicted", names, dtype=pl.String),
            pl.Series("_scores", scores.tolist(), dtype=pl.List(pl.Float64)),
        )
    target = io.BytesIO()
    frame.write_parquet(target, compression="zstd")
    return target.getvalue()


def _require_rows(rows: pl.DataFrame, kind: TaskKind, until: datetime) -> None:
    if rows.height < _MIN_ROWS:
        raise NotEnoughDataError(
            f"expected at least {_MIN_ROWS} rows with a label known by {until:%Y-%m-%d %H:%M}, "
            f"got {rows.height}",
            hint="Set a later `train.until`, bring more rows, or widen the training window.",
            rows=rows.height,
        )
    require_two_labels(rows[LABEL].to_numpy(), kind)
