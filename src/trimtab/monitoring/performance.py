"""How well the model did on the rows whose label is known, and whether that keeps its promise.

The promise is what the model scored on rows it had not learnt from: the out-of-fold scores of
its reference. Intervals of a metric resample the task's blocks. Whether a window is worse than
promised is judged by how much the reference's own blocks vary.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.records import TaskKind
from trimtab.core.settings import TaskSection
from trimtab.models.scoring import (
    HEADLINE,
    N_RESAMPLES,
    encoded,
    headline,
    row_losses,
    task_blocks,
)
from trimtab.monitoring.ordinary import Ordinary, compare_with_ordinary
from trimtab.monitoring.spans import whole_blocks
from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.bootstrap import block_bootstrap, bootstrap_mean
from trimtab.stats.interval import Interval
from trimtab.stats.losses import r2_score
from trimtab.stats.ranking import auc, multiclass_auc

FEWEST_ROWS = 30
"""A block with fewer rows has no headline metric worth comparing."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows with a known label: what was said, what was true, when."""

    labels: Array
    scores: Array
    times: pl.Series

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Promise:
    """What the reference scored, block by block."""

    rate: Any
    expected: dict[str, Interval]
    loss: FloatArray
    mean_loss: float
    headline: FloatArray
    bias: FloatArray
    mean_bias: float


def promise(
    task: TaskSection, scored: Scored, codes: IntArray, classes: Sequence[str], *, seed: int
) -> Promise | None:
    """Return what the reference promises; None if none of its rows has a score."""
    if len(scored) == 0:
        return None
    rate = training_rate(task, scored.labels, classes)
    losses = row_losses(task, scored.labels, scored.scores, classes)
    misses = residuals(task, scored, classes)
    return Promise(
        rate=rate,
        expected=metrics(task, scored, classes, rate=rate, seed=seed),
        loss=whole_blocks(losses, codes),
        mean_loss=float(losses.mean()),
        headline=headline_by_block(task, scored, codes, classes),
        bias=whole_blocks(misses, codes),
        mean_bias=float(misses.mean()),
    )


def metrics(
    task: TaskSection, scored: Scored, classes: Sequence[str], *, rate: Any, seed: int
) -> dict[str, Interval]:
    """Return the metrics of the task's kind with 95 % intervals; what is undefined is absent.

    Binary: `auc`, `brier_skill`, `loss`. Multi-class: `auc_ovr`, `brier_skill`, `accuracy`,
    `loss`. Numbers: `r2`, `mae` (in the label's unit), `loss`. Loss is the row loss that gates
    use; skill is over always forecasting `rate`, the rate in the reference.
    """
    labels, scores, times = scored.labels, scored.scores, scored.times
    if len(scored) < 2:
        return {}
    blocks = task_blocks(task, times)
    found: dict[str, Interval] = {}
    main = headline(task, labels, scores, times=times, classes=classes, seed=seed)
    if main is not None:
        found[HEADLINE[task.kind]] = main
    losses = row_losses(task, labels, scores, classes)

    def mean(values: FloatArray) -> Interval:
        return bootstrap_mean(values, blocks, n_resamples=N_RESAMPLES, seed=seed)

    if task.kind == "regression":
        found["mae"] = mean(np.abs(scores - labels.astype(float)))
    else:
        constant = np.broadcast_to(np.asarray(rate, dtype=float), scores.shape)
        base = row_losses(task, labels, constant, classes)
        if base.any():
            # A ratio of sums: resampling the blocks' sums is the same, and far fewer numbers.
            codes = np.arange(len(scored)) if blocks is None else _codes(blocks)
            found["brier_skill"] = block_bootstrap(
                _skill(_sums(losses, codes), _sums(base, codes)),
                n_rows=int(codes.max()) + 1, n_resamples=N_RESAMPLES, seed=seed,
            )  # fmt: skip
    if task.kind == "multiclass":
        right = scores.argmax(axis=1) == encoded("multiclass", labels, classes)
        found["accuracy"] = mean(right.astype(float))
    found["loss"] = mean(losses)
    return found


def compare(
    task: TaskSection,
    promised: Promise,
    scored: Scored,
    codes: IntArray,
    classes: Sequence[str],
    *,
    alpha: float,
) -> dict[str, Ordinary]:
    """Hold loss, headline metric and bias of a window against the reference's blocks."""
    losses = row_losses(task, scored.labels, scored.scores, classes)
    misses = residuals(task, scored, classes)
    return {
        "loss": compare_with_ordinary(
            promised.loss, whole_blocks(losses, codes), alpha=alpha,
            reference_mean=promised.mean_loss, current_mean=float(losses.mean()),
            noise_sd=_noise(losses, codes), row_sd=float(losses.std()),
        ),
        HEADLINE[task.kind]: _with_size(task.kind, compare_with_ordinary(
            promised.headline, headline_by_block(task, scored, codes, classes), alpha=alpha
        )),
        "bias": compare_with_ordinary(
            promised.bias, whole_blocks(misses, codes), alpha=alpha,
            reference_mean=promised.mean_bias, current_mean=float(misses.mean()),
            noise_sd=_noise(misses, codes), row_sd=float(misses.std()),
        ),
    }  # fmt: skip


def residuals(task: TaskSection, scored: Scored, classes: Sequence[str]) -> FloatArray:
    """Return prediction less truth of each row: what is too high on average is biased.

    Of several classes, the probability of the predicted one less whether it was right.
    """
    if task.kind == "multiclass":
        right = scored.scores.argmax(axis=1) == encoded("multiclass", scored.labels, classes)
        return np.asarray(scored.scores.max(axis=1) - right, dtype=np.float64)
    return np.asarray(scored.scores - scored.labels.astype(float), dtype=np.float64)


def headline_by_block(
    task: TaskSection, scored: Scored, codes: IntArray, classes: Sequence[str]
) -> FloatArray:
    """Return the headline metric of each block; NaN where it is undefined."""
    metric = _headline_metric(task)
    labels = encoded(task.kind, scored.labels, classes)
    found = np.full(int(codes.max()) + 1 if codes.size else 0, np.nan)
    order = np.argsort(codes, kind="stable")
    edges = np.searchsorted(codes[order], np.arange(found.size + 1))
    for block in range(found.size):
        rows = order[edges[block] : edges[block + 1]]
        if rows.size >= FEWEST_ROWS and len(np.unique(labels[rows])) > 1:
            found[block] = metric(labels[rows], scored.scores[rows])
    return found


def _with_size(kind: TaskKind, test: Ordinary) -> Ordinary:
    """Return the comparison of a headline metric with its size.

    An area under the curve is turned into the distance between the scores of both classes, in
    their spreads, that gives such an area if scores are normal; R² is a share of variance as
    it is.
    """
    if not math.isfinite(test.effect) or kind == "regression":
        return replace(test, size=abs(test.effect))
    there, here = (
        math.sqrt(2) * NormalDist().inv_cdf(min(max(area, 1e-6), 1 - 1e-6))
        for area in (test.reference, test.current)
    )
    return replace(test, size=abs(there - here))


def training_rate(task: TaskSection, labels: Array, classes: Sequence[str]) -> Any:
    """Return the constant forecast that skill is measured over."""
    if task.kind == "multiclass":
        codes = encoded("multiclass", labels, classes)
        return np.bincount(codes[codes >= 0], minlength=len(classes)) / max((codes >= 0).sum(), 1)
    return float(np.mean(labels.astype(float)))


def _headline_metric(task: TaskSection) -> Callable[[Array, Array], float]:
    if task.kind == "regression":
        return r2_score
    return auc if task.kind == "binary" else multiclass_auc


def _skill(losses: FloatArray, base: FloatArray) -> Callable[[FloatArray], float]:
    def skill(weights: FloatArray) -> float:
        reference = float(weights @ base)
        return 1 - float(weights @ losses) / reference if reference else float("nan")

    return skill


def _codes(blocks: Array) -> IntArray:
    return np.unique(blocks, return_inverse=True)[1]


def _sums(values: FloatArray, codes: IntArray) -> FloatArray:
    return np.asarray(np.bincount(codes, weights=values), dtype=np.float64)


def _noise(values: FloatArray, codes: IntArray) -> float:
    """Return what a block's mean would vary by if rows were independent."""
    return float(values.std() / np.sqrt(np.median(np.bincount(codes))))
