"""Fitting one estimator to features and labels: encoder and estimator in one model."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import ConfigError, NotEnoughDataError, SchemaError
from trimtab.core.records import TaskKind
from trimtab.models.encode import Encoder
from trimtab.models.estimators import Layout, find_estimator
from trimtab.models.expressions import first_line
from trimtab.models.fitted import FittedModel
from trimtab.models.scoring import encoded

Labels = np.ndarray[Any, Any]


def fit(
    features: pl.DataFrame,
    labels: Labels,
    *,
    kind: TaskKind,
    estimator: str,
    params: Mapping[str, Any],
    seed: int,
) -> FittedModel:
    """Fit an estimator to features and labels.

    Parameters
    ----------
    features : polars.DataFrame
        One column per feature.
    labels : ndarray, shape (n_rows,)
        0/1, class names or numbers, none missing.
    kind : {'binary', 'multiclass', 'regression'}
        What the labels are.
    estimator : str
        Name of the estimator (see `estimators`).
    params : mapping
        Parameters laid over the estimator's defaults for so many rows.
    seed : int
        Seed of everything random in it.

    Raises
    ------
    NotEnoughDataError
        If there are no rows, or only one label.
    ConfigError
        If there is no such estimator, it does not learn this kind of task, or it does not take
        these parameters.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    chosen = find_estimator(estimator, kind)
    require_two_labels(labels, kind)
    classes = tuple(sorted({str(label) for label in labels})) if kind == "multiclass" else ()
    encoder = Encoder.fit(features, max_levels=chosen.max_levels)
    full = chosen.params(params, len(labels))
    layout = Layout(len(labels), len(encoder.numbers), len(encoder.texts))
    try:
        made = chosen.build(kind, layout, full, seed)
    except TypeError as error:
        raise _wrong_params(estimator, error) from None
    targets = encoded(kind, labels, classes)
    if kind != "regression":
        targets = targets.astype(np.int64)
    try:
        with threadpool_limits(layout.threads):
            made.fit(encoder.matrix(features), targets)
    except Exception as error:
        if type(error).__name__ in ("InvalidParameterError", "LightGBMError"):
            raise _wrong_params(estimator, error) from None
        raise
    return FittedModel(kind, classes, encoder, made, full)


def require_two_labels(labels: Labels, kind: TaskKind) -> None:
    """Raise NotEnoughDataError if there is nothing to tell apart."""
    if not len(labels):
        raise NotEnoughDataError("expected rows to learn from, got none", hint="Bring rows.")
    found = np.unique(labels.astype(str) if kind == "multiclass" else labels)
    if len(found) < 2:
        raise NotEnoughDataError(
            f"expected two different labels at least, got only {found[0]!s} in "
            f"{len(labels):,} rows",
            hint="Bring rows with other labels, or look at the label's expression.",
            rows=len(labels),
        )
    if len(found) > len(labels) // 2 and kind == "multiclass":
        raise SchemaError(
            f"expected classes, got {len(found):,} different labels in {len(labels):,} rows",
            hint='Set `task.kind` to "regression", or group the labels.',
        )


def _wrong_params(estimator: str, error: Exception) -> ConfigError:
    return ConfigError(
        f"estimator `{estimator}` does not take its parameters: {first_line(error)}",
        hint="Mend `[train.params]` in trimtab.toml.",
    )
