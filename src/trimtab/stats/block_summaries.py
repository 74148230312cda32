"""Where the next blocks will be, in one number each: a mean, a null share, a volume.

The reference is a handful of past blocks of the same kind, not their rows: what days do to
all their rows together is then part of the spread. For whole histograms, see `blocks`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, as_sample, as_values, check_fraction
from trimtab.stats.interval import Interval, finite_or_none
from trimtab.stats.laws import student_quantile, student_tail

# dropping outliers from fewer blocks than this breaks the promise
_MIN_ROBUST_BLOCKS = 10
_OUTLIER_DEVIATIONS = 5.0
# median absolute deviation to standard deviation, for a normal law
_MAD_SCALE = 1.4826


@dataclass(frozen=True, slots=True)
class SummaryShift:
    """How the mean of some new blocks stands among reference blocks.

    Parameters
    ----------
    estimate : float
        Mean of the new blocks.
    expected : Interval
        Where that mean was to be expected; its estimate is the mean of the reference.
    effect : float
        `estimate` less the reference's mean, in standard deviations *between blocks*; infinite
        if the reference does not vary and the new blocks differ from it.
    p_value : float
        Two-sided chance of being this far off if nothing changed.
    n_reference, n_current : int
        Blocks used on each side.
    """

    estimate: float
    expected: Interval
    effect: float
    p_value: float
    n_reference: int
    n_current: int

    def to_dict(self) -> dict[str, object]:
        """Return the fields for JSON, with None where a number is infinite or NaN."""
        return {
            "estimate": self.estimate,
            "expected": self.expected.to_dict(),
            "effect": finite_or_none(self.effect),
            "p_value": self.p_value,
            "n_reference": self.n_reference,
            "n_current": self.n_current,
        }


def new_block_interval(
    reference: ArrayLike, *, n_new: int = 1, delta: float = 0.05, robust: bool = False
) -> Interval:
    r"""Predict the mean of `n_new` future blocks from past blocks of the same kind.

    Student's prediction interval :math:`\bar x \pm t_{n-1} s \sqrt{1 / m + 1 / n}` for n past and
    m new blocks. Assumes independent blocks with one normal law and no trend. A poor choice
    for skewed summaries (pass logarithms of volumes: at delta 0.01, exponential summaries are
    missed three times as often as promised), for shares that are nearly always 0, and for
    blocks that resemble their neighbours. Reference blocks with incidents of their own widen
    it and hide what it should show: `robust` drops blocks more than five scaled median
    absolute deviations from the median, which costs little on normal data (at delta 0.05 and
    10 blocks, 0.055 is missed) but more on skewed data, and is not done with fewer than 10
    blocks.

    Parameters
    ----------
    reference : array_like of float, shape (n_blocks,)
        One number per past block; NaN is left out.
    n_new : int, default=1
        How many new blocks the mean will be taken over.
    delta : float, default=0.05
        Chance that the limits miss that mean if nothing changed, in (0, 1).
    robust : bool, default=False
        Whether to drop outlying reference blocks first.

    Returns
    -------
    Interval
        Limits for the new mean, around the mean of the reference. Infinite with fewer than
        two blocks, and where the reference does not vary but is too short for that to mean
        anything at level `delta`.

    Raises
    ------
    ValueError
        If `reference` is not one-dimensional, `n_new` is below 1, or `delta` is outside
        (0, 1).

    References
    ----------
    .. [1] G. J. Hahn and W. Q. Meeker, "Statistical intervals", Wiley (1991), chapter 4.

    Examples
    --------
    >>> null_share = [0.010, 0.012, 0.011, 0.009, 0.010, 0.013, 0.011]
    >>> today = new_block_interval(null_share, delta=0.01)
    >>> round(today.low, 4), round(today.high, 4)
    (0.0055, 0.0162)
    """
    check_fraction(delta, "delta")
    if n_new < 1:
        raise ValueError(f"expected `n_new` of 1 or more, got {n_new}")
    past = _kept(reference, robust)
    n = past.size
    centre = float(past.mean()) if n else math.nan
    spread = _spread(past)
    if n < 2 or (spread == 0 and _constant_p_value(n, n_new) > delta):
        half_width = math.inf
    else:
        half_width = student_quantile(1 - delta / 2, n - 1) * spread * _widening(n, n_new)
    method = f"prediction from {n} blocks"
    if math.isinf(half_width):
        return Interval(centre, -math.inf, math.inf, 1 - delta, method)
    return Interval(centre, centre - half_width, centre + half_width, 1 - delta, method)


def summary_shift(
    reference: ArrayLike, current: ArrayLike, *, delta: float = 0.05, robust: bool = False
) -> SummaryShift:
    """Test whether the mean of new blocks is where past blocks of the same kind predict it.

    The test that belongs to `new_block_interval`, with its assumptions and weak spots: p is
    at most `delta` where the mean is outside the limits. If the past blocks do not vary at
    all, there is no unit to measure by, and p is m / (n + m): the largest chance with which
    n blocks are all alike and the next m are not.

    Parameters
    ----------
    reference : array_like of float, shape (n_blocks,)
        One number per past block; NaN is left out.
    current : array_like of float, shape (n_new,), or float
        One number per new block.
    delta : float, default=0.05
        Chance that the expected range misses the new mean if nothing changed, in (0, 1).
    robust : bool, default=False
        Whether to drop outlying reference blocks first, see `new_block_interval`.

    Returns
    -------
    SummaryShift
        New mean, expected range, effect and p-value (1 with fewer than two past blocks).

    Raises
    ------
    ValueError
        If an array is not one-dimensional, `current` is empty or NaN, or `delta` is outside
        (0, 1).

    References
    ----------
    .. [1] G. J. Hahn and W. Q. Meeker, "Statistical intervals", Wiley (1991), chapter 4.

    Examples
    --------
    >>> null_share = [0.010, 0.012, 0.011, 0.009, 0.010, 0.013, 0.011]
    >>> shift = summary_shift(null_share, 0.021)
    >>> round(shift.effect, 1), round(shift.p_value, 4)
    (7.5, 0.0004)
    """
    now = as_values(np.atleast_1d(np.asarray(current, dtype=np.float64)), "current")
    expected = new_block_interval(reference, n_new=now.size, delta=delta, robust=robust)
    past = _kept(reference, robust)
    estimate = float(now.mean())
    effect, p_value = _compared(past, estimate, now.size)
    return SummaryShift(estimate, expected, effect, p_value, past.size, now.size)


def _kept(reference: ArrayLike, robust: bool) -> FloatArray:
    past = as_sample(reference, "reference")
    if not robust or past.size < _MIN_ROBUST_BLOCKS:
        return past
    deviations = np.abs(past - np.median(past))
    limit = _OUTLIER_DEVIATIONS * _MAD_SCALE * float(np.median(deviations))
    # with most blocks equal, the median deviation is no unit for the others
    return past[deviations <= limit] if limit > 0 else past


def _compared(past: FloatArray, estimate: float, n_new: int) -> tuple[float, float]:
    """Return effect and p-value of a new mean."""
    n = past.size
    if n < 2:
        return math.nan, 1.0
    gap, spread = estimate - float(past.mean()), _spread(past)
    if spread == 0:
        if math.isclose(estimate, past[0], rel_tol=1e-12):
            return 0.0, 1.0
        return math.copysign(math.inf, gap), _constant_p_value(n, n_new)
    effect = gap / spread
    return effect, min(1.0, 2 * student_tail(abs(effect) / _widening(n, n_new), n - 1))


def _spread(past: FloatArray) -> float:
    """Return the standard deviation, exactly 0 for equal blocks, NaN for fewer than two."""
    if past.size < 2:
        return math.nan
    return float(past.std(ddof=1)) if past.min() < past.max() else 0.0


def _widening(n_past: int, n_new: int) -> float:
    return math.sqrt(1 / n_new + 1 / n_past)


def _constant_p_value(n_past: int, n_new: int) -> float:
    return n_new / (n_past + n_new)
