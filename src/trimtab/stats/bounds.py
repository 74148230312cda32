"""Limits for a mean with an (epsilon, delta) promise. Other metrics: see `bootstrap`.

For independent rows the promise holds for every number of rows and every distribution on
the stated range; for dependent rows `block_interval` counts blocks, not rows.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, as_values, block_codes, block_sums, check_fraction
from trimtab.stats.interval import Interval
from trimtab.stats.laws import safe_student_critical

Side = Literal["two", "lower", "upper"]
# with fewer, the t quantile is so large that limits say next to nothing
MIN_BLOCKS = 5


def hoeffding_interval(
    values: ArrayLike, *, delta: float, low: float = 0.0, high: float = 1.0, sided: Side = "two"
) -> Interval:
    r"""Bound the mean of bounded, independent values, whatever their distribution.

    Hoeffding's inequality gives a half-width of
    :math:`(b - a) \sqrt{\ln(1 / \delta') / (2 n)}` with :math:`\delta' = \delta / 2` for two
    sides and :math:`\delta` for one. It looks at the range only, so it is wide where values
    hardly vary (use `empirical_bernstein_interval`), and it is wrong for rows that depend on
    each other (use `block_interval`).

    Parameters
    ----------
    values : array_like of float, shape (n_samples,)
        Independent values in [`low`, `high`], for instance losses.
    delta : float
        Chance that the limits miss the true mean, in (0, 1).
    low, high : float, default 0 and 1
        Range that every value is known to lie in *beforehand*, not the range seen.
    sided : {'two', 'lower', 'upper'}, default='two'
        'lower' spends all of `delta` on the lower limit, 'upper' on the upper one; the other
        limit is then the end of the range.

    Returns
    -------
    Interval
        Limits for the mean, cut to the range.

    Raises
    ------
    ValueError
        If there are no rows, a value is NaN or outside the range, `delta` is outside (0, 1),
        or `sided` is unknown.

    See Also
    --------
    hoeffding_samples : How many rows the same inequality asks for.

    References
    ----------
    .. [1] W. Hoeffding, "Probability inequalities for sums of bounded random variables",
       Journal of the American Statistical Association 58 (1963).

    Examples
    --------
    >>> correct = [1, 1, 1, 0] * 250
    >>> accuracy = hoeffding_interval(correct, delta=0.05)
    >>> round(accuracy.low, 3), round(accuracy.high, 3)
    (0.707, 0.793)
    """
    array = _bounded(values, low, high)
    half_width = (high - low) * math.sqrt(-math.log(_one_side(delta, sided)) / (2 * array.size))
    return _clipped(float(array.mean()), half_width, delta, low, high, sided, "hoeffding")


def hoeffding_samples(
    epsilon: float, *, delta: float, value_range: float = 1.0, sided: Side = "two"
) -> int:
    r"""Count the rows after which Hoeffding's half-width is at most `epsilon`.

    :math:`n = \lceil (b - a)^2 \ln(1 / \delta') / (2 \epsilon^2) \rceil` independent rows, with
    :math:`\delta' = \delta / 2` for two sides. The plans of ease.ml/ci are one-sided: pass
    ``sided="lower"`` to get them. A poor choice where the variance is known to be small:
    fewer rows then do.

    Parameters
    ----------
    epsilon : float
        Wanted distance between estimate and truth, in the unit of the values; above 0.
    delta : float
        Chance of a larger distance, in (0, 1).
    value_range : float, default=1.0
        Width of the range of values: 1 for accuracy, 2 for a difference of two accuracies.
    sided : {'two', 'lower', 'upper'}, default='two'
        Whether `delta` covers both directions or one.

    Returns
    -------
    int
        Number of rows, rounded up.

    Raises
    ------
    ValueError
        If `epsilon` or `value_range` is not above 0, or `delta` is outside (0, 1).

    References
    ----------
    .. [1] C. Renggli et al., "Continuous integration of machine learning models with
       ease.ml/ci", Proceedings of SysML (2019).

    Examples
    --------
    >>> hoeffding_samples(0.1, delta=0.01 / 32, sided="lower")
    404
    """
    if not (epsilon > 0 and value_range > 0):
        raise ValueError(
            f"expected `epsilon` and `value_range` above 0, got {epsilon} and {value_range}"
        )
    return math.ceil(-math.log(_one_side(delta, sided)) * (value_range / epsilon) ** 2 / 2)


def empirical_bernstein_interval(
    values: ArrayLike, *, delta: float, low: float = 0.0, high: float = 1.0, sided: Side = "two"
) -> Interval:
    r"""Bound the mean of bounded, independent values, sharper where they vary little.

    Half-width :math:`\sqrt{2 V \ln(2 / \delta') / n} + 7 (b - a) \ln(2 / \delta') / (3 (n - 1))`
    with the sample variance :math:`V`, and :math:`\delta' = \delta / 2` for two sides. It beats
    Hoeffding's where the standard deviation is well below half the range and there are
    hundreds of rows; on small samples or fair coins it is wider. Like it, it is wrong for rows
    that depend on each other. Taking the better of the two after looking costs `delta` twice.

    Parameters
    ----------
    values : array_like of float, shape (n_samples,)
        Independent values in [`low`, `high`].
    delta : float
        Chance that the limits miss the true mean, in (0, 1).
    low, high : float, default 0 and 1
        Range that every value is known to lie in beforehand.
    sided : {'two', 'lower', 'upper'}, default='two'
        Which limit `delta` is spent on.

    Returns
    -------
    Interval
        Limits for the mean, cut to the range; the whole range for a single row.

    Raises
    ------
    ValueError
        If there are no rows, a value is NaN or outside the range, `delta` is outside (0, 1),
        or `sided` is unknown.

    References
    ----------
    .. [1] A. Maurer and M. Pontil, "Empirical Bernstein bounds and sample variance
       penalization", Proceedings of COLT (2009), theorem 4.

    Examples
    --------
    >>> rare_errors = [1] * 10 + [0] * 1990
    >>> bernstein = empirical_bernstein_interval(rare_errors, delta=0.05)
    >>> hoeffding = hoeffding_interval(rare_errors, delta=0.05)
    >>> round(bernstein.high, 4), round(hoeffding.high, 4)
    (0.0148, 0.0354)
    """
    array = _bounded(values, low, high)
    log_term = math.log(2 / _one_side(delta, sided))
    if array.size == 1:
        half_width = high - low
    else:
        spread = math.sqrt(2 * float(array.var(ddof=1)) * log_term / array.size)
        half_width = spread + 7 * (high - low) * log_term / (3 * (array.size - 1))
    estimate = float(array.mean())
    return _clipped(estimate, half_width, delta, low, high, sided, "empirical bernstein")


def block_interval(
    values: ArrayLike, blocks: ArrayLike, *, delta: float, sided: Side = "two"
) -> Interval:
    r"""Bound the mean over rows when rows of one block (day, user, device) are dependent.

    The estimate is the plain mean over rows. A candidate mean :math:`\mu` stays inside the
    limits while the t statistic of the block totals :math:`\sum_{i \in b} (y_i - \mu)` against
    zero stays below Student's quantile with one degree of freedom less than there are blocks.
    For blocks of one size this *is* the t interval over block means; for unequal sizes it is
    Fieller's interval for a ratio, which widens, up to infinity, when a few blocks hold most
    of the rows, because the data then hold few independent facts.

    Assumes that blocks are independent of each other and that each block's total is roughly
    normal, which many rows a block bring about if dependence inside a block fades with
    distance; the promise is asymptotic in rows per block, not in the number of blocks, and
    block variances may differ. A poor choice where neighbouring blocks depend on each other
    (take weeks instead of days), where blocks are few and their effects strongly skewed, and
    for one dominating block.

    Parameters
    ----------
    values : array_like of float, shape (n_samples,)
        Any values; no bounds are needed.
    blocks : array_like, shape (n_samples,)
        The block of each row: any values that can be sorted. At least 5 different ones.
    delta : float
        Chance that the limits miss the true mean, in (0, 1). Above 0.0832 for two sides, or
        half of that for one, the limits are those of that level: wider than asked for, but
        valid when block variances differ.
    sided : {'two', 'lower', 'upper'}, default='two'
        Which limit `delta` is spent on; the other one is infinite.

    Returns
    -------
    Interval
        Limits for the mean over rows, both infinite with fewer than 5 blocks.

    Raises
    ------
    ValueError
        If there are no rows, a value is NaN, `blocks` has another length, `delta` is outside
        (0, 1), or `sided` is unknown.

    See Also
    --------
    trimtab.stats.bootstrap.block_bootstrap : Metrics that are not means.

    References
    ----------
    .. [1] R. Ibragimov and U. K. Mueller, "t-statistic based correlation and heterogeneity
       robust inference", Journal of Business and Economic Statistics 28 (2010).
    .. [2] E. C. Fieller, "Some problems in interval estimation", Journal of the Royal
       Statistical Society B 16 (1954).

    Examples
    --------
    >>> import numpy as np
    >>> day = np.repeat(np.arange(7), 100)
    >>> loss = np.repeat([0.1, 0.3, 0.2, 0.4, 0.2, 0.1, 0.1], 100)
    >>> mean = block_interval(loss, day, delta=0.05)
    >>> round(mean.low, 2), round(mean.estimate, 2), round(mean.high, 2)
    (0.09, 0.2, 0.31)
    """
    array = as_values(values, "values")
    codes, n_blocks = block_codes(blocks, array.size)
    two_sided_delta = min(2 * _one_side(delta, sided), 1 - 1e-12)
    estimate = float(array.mean())
    low, high = -math.inf, math.inf
    if n_blocks >= MIN_BLOCKS:
        sizes = np.bincount(codes, minlength=n_blocks).astype(np.float64)
        residuals = block_sums(codes, array - estimate, n_blocks)
        critical = safe_student_critical(two_sided_delta, n_blocks - 1)
        below, above = _fieller_offsets(residuals, sizes, critical)
        low = low if sided == "upper" else estimate + below
        high = high if sided == "lower" else estimate + above
    return Interval(estimate, low, high, 1 - delta, f"t over {n_blocks} blocks")


def _fieller_offsets(
    residuals: FloatArray, sizes: FloatArray, critical: float
) -> tuple[float, float]:
    """Solve |t(block totals at estimate + x)| <= critical for x, given totals at the estimate."""
    factor = critical**2 / residuals.size
    covariance = np.cov(residuals, sizes)
    square = float(sizes.mean() ** 2 - factor * covariance[1, 1])
    if square <= 0:
        return -math.inf, math.inf
    slope = -factor * float(covariance[0, 1])
    root = math.sqrt(max(slope**2 + square * factor * float(covariance[0, 0]), 0.0))
    return (slope - root) / square, (slope + root) / square


def _bounded(values: ArrayLike, low: float, high: float) -> FloatArray:
    array = as_values(values, "values")
    if not low < high:
        raise ValueError(f"expected `low` < `high`, got {low} and {high}")
    if array.min() < low or array.max() > high:
        raise ValueError(
            f"expected values in [{low}, {high}], got [{array.min():g}, {array.max():g}]"
        )
    return array


def _one_side(delta: float, sided: str) -> float:
    """Return the part of `delta` that one limit may spend."""
    check_fraction(delta, "delta")
    if sided not in ("two", "lower", "upper"):
        raise ValueError(f"expected `sided` as 'two', 'lower' or 'upper', got {sided!r}")
    return delta / 2 if sided == "two" else delta


def _clipped(
    estimate: float,
    half_width: float,
    delta: float,
    low: float,
    high: float,
    sided: Side,
    method: str,
) -> Interval:
    """Cut the limits to the range; a side that no delta was spent on gets the range's end."""
    return Interval(
        estimate,
        low if sided == "upper" else max(low, estimate - half_width),
        high if sided == "lower" else min(high, estimate + half_width),
        1 - delta,
        method,
    )
