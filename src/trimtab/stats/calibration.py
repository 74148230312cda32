"""Do events forecast at 30 % happen 30 % of the time? Forecasts of one event, yes or no.

For several classes, pass whether the top class was right as labels and its probability as
scores. A model can be calibrated and useless (always the base rate); see `losses` for both.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import (
    BoolArray,
    FloatArray,
    as_labels,
    as_probabilities,
    block_sums,
    check_fraction,
)
from trimtab.stats.bins import bin_edges
from trimtab.stats.interval import Interval
from trimtab.stats.laws import normal_quantile


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Rows with similar scores: what was forecast and what happened.

    Parameters
    ----------
    mean_score : float
        Mean forecast probability of the rows in the bin.
    observed_rate : float
        Share of them on which the event happened.
    n_rows : int
        Rows in the bin, at least 1.
    low, high : float
        Wilson limits for the rate behind the observed one.
    """

    mean_score: float
    observed_rate: float
    n_rows: int
    low: float
    high: float

    def to_dict(self) -> dict[str, float | int]:
        """Return the fields for JSON."""
        return asdict(self)


def wilson_interval(n_successes: int, n_rows: int, *, level: float = 0.95) -> Interval:
    r"""Bound a rate from a number of successes in independent rows.

    The rates that a score test at level :math:`1 - \alpha` would not reject. Its coverage is
    close to `level` on average over rates even for five rows, and it never leaves [0, 1], but
    for single rates close to 0 or 1 coverage falls as low as 0.83 (level 0.95): for a promise
    that always holds use `trimtab.stats.bounds.hoeffding_interval`. Wrong for dependent rows.

    Parameters
    ----------
    n_successes, n_rows : int
        Counts, with 0 <= `n_successes` <= `n_rows`.
    level : float, default=0.95
        Chance that the limits hold the rate, in (0, 1).

    Returns
    -------
    Interval
        Limits for the rate; [0, 1] and an estimate of NaN without rows.

    Raises
    ------
    ValueError
        If the counts are not in order or `level` is outside (0, 1).

    References
    ----------
    .. [1] L. D. Brown, T. T. Cai and A. DasGupta, "Interval estimation for a binomial
       proportion", Statistical Science 16 (2001).

    Examples
    --------
    >>> rate = wilson_interval(3, 10)
    >>> round(rate.low, 3), round(rate.high, 3)
    (0.108, 0.603)
    """
    check_fraction(level, "level")
    if not 0 <= n_successes <= n_rows:
        raise ValueError(f"expected 0 <= successes <= rows, got {n_successes} of {n_rows}")
    if n_rows == 0:
        return Interval(math.nan, 0.0, 1.0, level, "wilson")
    z = normal_quantile(1 - (1 - level) / 2)
    rate = n_successes / n_rows
    shrink = 1 + z * z / n_rows
    centre = (rate + z * z / (2 * n_rows)) / shrink
    half_width = z * math.sqrt(rate * (1 - rate) / n_rows + z * z / (4 * n_rows**2)) / shrink
    # rounding must not push the limits past an estimate of 0 or 1
    low = 0.0 if n_successes == 0 else centre - half_width
    high = 1.0 if n_successes == n_rows else centre + half_width
    return Interval(rate, low, high, level, "wilson")


def reliability_bins(
    labels: ArrayLike, scores: ArrayLike, *, n_bins: int = 10, level: float = 0.95
) -> tuple[ReliabilityBin, ...]:
    """Compare forecasts with what happened, in bins of about equally many rows.

    Equal scores share a bin, so a model with few distinct scores gets fewer bins. Limits
    treat rows as independent and each bin by itself: with ten bins at level 0.95, one in two
    or three plots of a perfect model shows a bin outside.

    Parameters
    ----------
    labels : array_like of bool or 0/1, shape (n_samples,)
        Whether the event happened.
    scores : array_like of float, shape (n_samples,)
        Forecast probability of the event, in [0, 1].
    n_bins : int, default=10
        Wanted number of bins, at least 2.
    level : float, default=0.95
        Level of each bin's limits, in (0, 1).

    Returns
    -------
    tuple of ReliabilityBin
        From the lowest scores to the highest; no bin is empty.

    Raises
    ------
    ValueError
        If shapes differ, labels are not 0/1, a score is outside [0, 1], or a setting is out
        of range.

    See Also
    --------
    expected_calibration_error : The same comparison as one number.

    References
    ----------
    .. [1] A. Niculescu-Mizil and R. Caruana, "Predicting good probabilities with supervised
       learning", Proceedings of ICML (2005).

    Examples
    --------
    >>> bins = reliability_bins([0, 0, 0, 1, 1, 1], [0.1, 0.1, 0.1, 0.8, 0.8, 0.8], n_bins=2)
    >>> [(round(b.mean_score, 2), b.observed_rate, b.n_rows) for b in bins]
    [(0.1, 0.0, 3), (0.8, 1.0, 3)]
    """
    sizes, score_sums, happened = _binned(*_checked(labels, scores), n_bins)
    found = []
    for n, total, events in zip(sizes, score_sums, happened, strict=True):
        rate = wilson_interval(int(events), int(n), level=level)
        found.append(ReliabilityBin(float(total / n), rate.estimate, int(n), rate.low, rate.high))
    return tuple(found)


def expected_calibration_error(labels: ArrayLike, scores: ArrayLike, *, n_bins: int = 10) -> float:
    r"""Average the gap between forecast and observed rate over the rows.

    Gaps of quantile bins, weighted by their rows. It is *not* 0 for a perfect model: chance
    alone gives about :math:`\sum_b \frac{n_b}{n} \sqrt{2 p_b (1 - p_b) / (\pi n_b)}` (0.024 for
    ten bins of 100 rows at p = 0.1), so compare models on the same rows, and never across
    sizes. Errors that cancel within a bin are not seen.

    Parameters
    ----------
    labels : array_like of bool or 0/1, shape (n_samples,)
        Whether the event happened.
    scores : array_like of float, shape (n_samples,)
        Forecast probability of the event, in [0, 1].
    n_bins : int, default=10
        Wanted number of bins, at least 2.

    Returns
    -------
    float
        In [0, 1]; 0 is best.

    Raises
    ------
    ValueError
        If shapes differ, labels are not 0/1, a score is outside [0, 1], or `n_bins` is
        below 2.

    References
    ----------
    .. [1] M. P. Naeini, G. F. Cooper and M. Hauskrecht, "Obtaining well calibrated
       probabilities using Bayesian binning", Proceedings of AAAI (2015).

    Examples
    --------
    >>> round(expected_calibration_error([0, 0, 1, 1], [0.2, 0.2, 0.7, 0.7], n_bins=2), 3)
    0.25
    """
    truth, forecast = _checked(labels, scores)
    _, score_sums, happened = _binned(truth, forecast, n_bins)
    return float(np.abs(score_sums - happened).sum() / truth.size)


def _checked(labels: ArrayLike, scores: ArrayLike) -> tuple[BoolArray, FloatArray]:
    truth = as_labels(labels)
    forecast = as_probabilities(scores, truth.size)
    if forecast.ndim != 1:
        raise ValueError(f"expected one score a row, got shape {forecast.shape}")
    return truth, forecast


def _binned(
    truth: BoolArray, forecast: FloatArray, n_bins: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return rows, sum of scores and events of each bin that is not empty."""
    bins = np.searchsorted(bin_edges(forecast, n_bins), forecast, side="left")
    sizes = np.bincount(bins).astype(np.float64)
    score_sums = block_sums(bins, forecast, sizes.size)
    happened = block_sums(bins, truth.astype(np.float64), sizes.size)
    full = sizes > 0
    return sizes[full], score_sums[full], happened[full]
