"""The engine of `bootstrap`: draw blocks, evaluate a metric of block weights, read limits."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trimtab.stats.arrays import FloatArray, check_fraction
from trimtab.stats.bounds import MIN_BLOCKS
from trimtab.stats.interval import Interval
from trimtab.stats.laws import normal_cdf, safe_student_critical

# a metric as a function of block weights, shape (n_weightings, n_blocks) -> (n_weightings,)
WeightedMetric = Callable[[FloatArray], FloatArray]
Method = Literal["t", "percentile"]

_CHUNK_ELEMENTS = 1 << 20
# a metric that is undefined more often than this has no limits worth reporting
_MAX_UNDEFINED = 0.1


@dataclass(frozen=True, slots=True)
class Resampling:
    """How to draw blocks and how to read limits from what comes out.

    Parameters
    ----------
    n_resamples : int
        Resamples to draw, at least 100.
    level : float
        Promised chance that the limits hold the truth, in (0, 1).
    seed : int
        Seed of the resampling.
    method : {'t', 'percentile'}
        How limits are read, see `trimtab.stats.bootstrap.block_bootstrap`.

    Raises
    ------
    ValueError
        If a setting is out of range.
    """

    n_resamples: int
    level: float
    seed: int
    method: Method

    def __post_init__(self) -> None:
        check_fraction(self.level, "level")
        if self.method not in ("t", "percentile"):
            raise ValueError(f"expected `method` as 't' or 'percentile', got {self.method!r}")
        if self.n_resamples < 100:
            raise ValueError(f"expected at least 100 `n_resamples`, got {self.n_resamples}")


def resampled_limits(
    evaluate: WeightedMetric,
    n_blocks: int,
    how: Resampling,
    value_range: tuple[float, float] = (-math.inf, math.inf),
) -> Interval:
    """Bound a metric of block weights; the whole range where the data cannot.

    The assumptions are those of `trimtab.stats.bootstrap.block_bootstrap`.

    Parameters
    ----------
    evaluate : callable
        Weights of shape (n_weightings, n_blocks) in, metrics of shape (n_weightings,) out.
    n_blocks : int
        Number of blocks.
    how : Resampling
        Resamples, level, seed and method.
    value_range : tuple of float, default=(-inf, inf)
        Range of the metric; limits are cut to it.

    Returns
    -------
    Interval
        Limits for the metric with all weights 1.

    Examples
    --------
    >>> sums = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    >>> mean = resampled_limits(lambda w: w @ sums / 6, 6, Resampling(200, 0.95, 0, "t"))
    >>> mean.estimate, mean.contains(2), mean.contains(6)
    (3.5, True, False)
    """
    estimate = float(evaluate(np.ones((1, n_blocks)))[0])
    name = f"{how.method} bootstrap of {n_blocks} blocks"
    nothing_known = Interval(estimate, *value_range, how.level, name)
    if n_blocks < MIN_BLOCKS or math.isnan(estimate):
        return nothing_known
    resampled = np.concatenate([evaluate(w) for w in _resamples(n_blocks, how)])
    defined = resampled[np.isfinite(resampled)]
    if defined.size < (1 - _MAX_UNDEFINED) * how.n_resamples:
        return nothing_known
    below, above = _limits(estimate, defined, n_blocks, how)
    low, high = value_range
    return Interval(estimate, max(low, below), min(high, above), how.level, name)


def _limits(
    estimate: float, resampled: FloatArray, n_blocks: int, how: Resampling
) -> tuple[float, float]:
    critical = safe_student_critical(1 - how.level, n_blocks - 1)
    # the resampled spread is that of a variance divided by q, not by q - 1
    reach = critical * math.sqrt(n_blocks / (n_blocks - 1))
    if how.method == "t":
        half_width = reach * float(resampled.std(ddof=1))
        return estimate - half_width, estimate + half_width
    tail = normal_cdf(-reach)
    below, above = np.quantile(resampled, [tail, 1 - tail])
    return float(below), float(above)


def _resamples(n_blocks: int, how: Resampling) -> Iterator[FloatArray]:
    """Yield how often each block is drawn, a few resamples at a time."""
    rng = np.random.default_rng(how.seed)
    step = max(1, _CHUNK_ELEMENTS // n_blocks)
    for start in range(0, how.n_resamples, step):
        size = min(step, how.n_resamples - start)
        drawn = rng.integers(n_blocks, size=(size, n_blocks))
        drawn += n_blocks * np.arange(size)[:, np.newaxis]
        counts = np.bincount(drawn.ravel(), minlength=size * n_blocks)
        yield counts.reshape(size, n_blocks).astype(np.float64)
