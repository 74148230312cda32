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
from trimtab.stats.contributions import (
    auc_contributions,
    multiclass_auc_contributions,
)
from trimtab.stats.interval import Interval

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
    mean_headline: float
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
    main = headline_by_row(task, scored, classes)
    return Promise(
        rate=rate,
        expected=metrics(task, scored, classes, rate=rate, seed=seed),
        loss=whole_blocks(losses, codes),
        mean_loss=float(losses.mean()),
        headline=whole_blocks(main, codes),
        mean_headline=float(main.mean()),
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
    """Hold loss, bias and area under the curve of a window against the reference's blocks."""
    losses = row_losses(task, scored.labels, scored.scores, classes)
    misses = residuals(task, scored, classes)
    found = {
        "loss": compare_with_ordinary(
            promised.loss, whole_blocks(losses, codes), alpha=alpha,
            reference_mean=promised.mean_loss, current_mean=float(losses.mean()),
            noise_sd=_noise(losses, codes), row_sd=float(losses.std()),
        ),
        "bias": compare_with_ordinary(
            promised.bias, whole_blocks(misses, codes), alpha=alpha,
            reference_mean=promised.mean_bias, current_mean=float(misses.mean()),
            noise_sd=_noise(misses, codes), row_sd=float(misses.std()),
        ),
    }  # fmt: skip
    area = headline_by_row(task, scored, classes)
    if np.isfinite(area).all():
        found[HEADLINE[task.kind]] = _with_size(compare_with_ordinary(
            promised.headline, whole_blocks(area, codes), alpha=alpha,
            reference_mean=promised.mean_headline, current_mean=float(area.mean()),
            noise_sd=_noise(area, codes),
        ))  # fmt: skip
    return found


def residuals(task: TaskSection, scored: Scored, classes: Sequence[str]) -> FloatArray:
    """Return prediction less truth of each row: what is too high on average is biased.

    Of several classes, the probability of the predicted one less whether it was right.
    """
    if task.kind == "multiclass":
        right = scored.scores.argmax(axis=1) == encoded("multiclass", scored.labels, classes)
        return np.asarray(scored.scores.max(axis=1) - right, dtype=np.float64)
    return np.asarray(scored.scores - scored.labels.astype(float), dtype=np.float64)


def headline_by_row(task: TaskSection, scored: Scored, classes: Sequence[str]) -> FloatArray:
    """Return what each row adds to the area under the curve; NaN where that is undefined.

    Numbers have no metric to be judged by besides their loss: R² is low in a calm season
    without the errors being any larger.
    """
    if task.kind == "regression":
        return np.full(len(scored), np.nan)
    if task.kind == "multiclass":
        codes = encoded("multiclass", scored.labels, classes)
        return multiclass_auc_contributions(codes, scored.scores)
    return auc_contributions(scored.labels, scored.scores)


def _with_size(test: Ordinary) -> Ordinary:
    """Return the comparison of an area under the curve with its size.

    The area is turned into the distance between the scores of both classes, in their spreads,
    that gives such an area if scores are normal.
    """
    if not math.isfinite(test.effect):
        return test
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
