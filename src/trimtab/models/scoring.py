"""How well scores fit labels, for each kind of task: row losses and the headline metric.

Labels come as in the task's rows (0/1, class names, numbers); scores as models give them:
(n,) probabilities, (n, k) probabilities in the order of `classes`, or (n,) predictions.
Intervals resample the task's blocks, since rows of one day are not independent.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.records import TaskKind
from trimtab.core.settings import TaskSection
from trimtab.data.time import blocks
from trimtab.stats.bootstrap import (
    block_bootstrap,
    block_bootstrap_difference,
    bootstrap_auc,
    bootstrap_auc_difference,
)
from trimtab.stats.interval import Interval
from trimtab.stats.losses import brier_loss, brier_skill, clipped_absolute_error, r2_score
from trimtab.stats.ranking import multiclass_auc

Array = np.ndarray[Any, Any]

HEADLINE: dict[TaskKind, str] = {"binary": "auc", "multiclass": "auc_ovr", "regression": "r2"}
"""The one metric shown first; all of them rise when the model gets better."""

N_RESAMPLES = 300


def task_blocks(task: TaskSection, times: pl.Series) -> Array | None:
    """Return the block of each row, or None if every row stands alone."""
    return None if task.block == "row" else blocks(times, task.block)


def row_losses(
    task: TaskSection, labels: Array, scores: Array, classes: Sequence[str] = ()
) -> Array:
    """Return the loss of each row in [0, 1]: Brier, or the error as a share of `loss_scale`."""
    if task.kind == "regression":
        return clipped_absolute_error(labels, scores, scale=task.loss_scale or 1.0)
    return brier_loss(encoded(task.kind, labels, classes), scores)


def constant_scores(kind: TaskKind, labels: Array, classes: Sequence[str] = ()) -> Array:
    """Return the best constant answer to these labels: their rate, rates, or median."""
    if kind == "binary":
        return np.full(len(labels), float(np.mean(labels.astype(float))))
    if kind == "regression":
        return np.full(len(labels), float(np.median(labels)))
    codes = encoded(kind, labels, classes)
    rates = np.bincount(codes, minlength=len(classes)) / len(codes)
    return np.tile(rates, (len(codes), 1))


def headline(
    task: TaskSection,
    labels: Array,
    scores: Array,
    *,
    times: pl.Series,
    classes: Sequence[str] = (),
    seed: int = 0,
) -> Interval | None:
    """Return the headline metric with its interval; None where it is undefined."""
    metric, row_blocks = _metric(task.kind, labels, scores, classes), task_blocks(task, times)
    if metric is None:
        return None
    if task.kind == "binary":
        return bootstrap_auc(labels, scores, row_blocks, n_resamples=N_RESAMPLES, seed=seed)
    size = len(labels) if row_blocks is None else None
    return block_bootstrap(metric, row_blocks, n_rows=size, n_resamples=N_RESAMPLES, seed=seed)


def headline_difference(
    task: TaskSection,
    labels: Array,
    new: Array,
    old: Array,
    *,
    times: pl.Series,
    classes: Sequence[str] = (),
    seed: int = 0,
) -> Interval | None:
    """Return how much better `new` is than `old` on the same rows, paired by resample."""
    row_blocks = task_blocks(task, times)
    new_metric = _metric(task.kind, labels, new, classes)
    old_metric = _metric(task.kind, labels, old, classes)
    if new_metric is None or old_metric is None:
        return None
    if task.kind == "binary":
        return bootstrap_auc_difference(
            labels, new, old, row_blocks, n_resamples=N_RESAMPLES, seed=seed
        )
    size = len(labels) if row_blocks is None else None
    return block_bootstrap_difference(
        new_metric, old_metric, row_blocks, n_rows=size, n_resamples=N_RESAMPLES, seed=seed
    )


def skill(
    task: TaskSection, labels: Array, scores: Array, classes: Sequence[str], training_rate: Any
) -> float | None:
    """Return the Brier skill over always forecasting the training rate; None for numbers."""
    if task.kind == "regression" or len(labels) == 0:
        return None
    return float(brier_skill(encoded(task.kind, labels, classes), scores, training_rate))


def encoded(kind: TaskKind, labels: Array, classes: Sequence[str]) -> Array:
    """Return class names as their place in `classes`; other labels as they are."""
    if kind != "multiclass":
        return labels
    place = {name: code for code, name in enumerate(classes)}
    return np.array([place.get(str(label), -1) for label in labels], dtype=np.int64)


def known_classes(kind: TaskKind, labels: Array, classes: Sequence[str]) -> Array:
    """Return which rows carry a label the model has ever seen; new classes have no loss."""
    if kind != "multiclass":
        return np.ones(len(labels), dtype=bool)
    return encoded(kind, labels, classes) >= 0


def _metric(kind: TaskKind, labels: Array, scores: Array, classes: Sequence[str]) -> Any:
    """Return the headline metric as a function of row weights, or None if undefined here."""
    if len(labels) < 2:
        return None
    codes = encoded(kind, labels, classes)
    if len(np.unique(codes)) < 2:
        return None
    if kind == "regression":
        return lambda weights: r2_score(labels, scores, weights)
    return lambda weights: multiclass_auc(codes, scores, weights)
