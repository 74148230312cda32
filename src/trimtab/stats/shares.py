"""Whether two shares of rows are one share: missing values, events, a single level."""

import math

import numpy as np

from trimtab.stats.laws import normal_cdf
from trimtab.stats.two_sample import TwoSampleResult

# a normal law is close where every cell of the table expects this many rows
_MIN_EXPECTED = 100
# as `scipy.stats.fisher_exact`: chances that differ by rounding only are equal
_ROUNDING = 1e-7


def two_shares_test(
    k_reference: int, n_reference: int, k_current: int, n_current: int
) -> TwoSampleResult:
    """Test whether a share of rows changed.

    Fisher's exact test, equal to `scipy.stats.fisher_exact`, unless every cell of the 2 x 2
    table expects 100 rows; then the normal law for the difference of two shares. Works from 0
    of n to n of n. The exact test is conservative: with a few rows it alarms far less often
    than alpha. Assumes independent rows.

    Parameters
    ----------
    k_reference, k_current : int
        Rows that count, such as missing values.
    n_reference, n_current : int
        All rows.

    Returns
    -------
    TwoSampleResult
        The difference of shares, current less reference, and its two-sided p-value; both NaN
        if a side has no rows.

    Raises
    ------
    ValueError
        If a number is negative or more rows count than there are.

    References
    ----------
    .. [1] A. Agresti, "Categorical data analysis", Wiley (2013), chapter 3.

    Examples
    --------
    >>> result = two_shares_test(2, 100, 12, 100)
    >>> round(result.statistic, 3), round(result.p_value, 4)
    (0.1, 0.0101)
    """
    for k, n in ((k_reference, n_reference), (k_current, n_current)):
        if not 0 <= k <= n:
            raise ValueError(f"expected 0 to {n} rows that count, got {k}")
    if n_reference == 0 or n_current == 0:
        return TwoSampleResult(math.nan, math.nan, n_reference, n_current)
    difference = k_current / n_current - k_reference / n_reference
    total, all_rows = k_reference + k_current, n_reference + n_current
    rarest = min(total, all_rows - total) * (min(n_reference, n_current) / all_rows)
    if rarest < _MIN_EXPECTED:
        p_value = _fisher(k_reference, n_reference, n_current, total)
    else:
        pool = total / all_rows
        spread = math.sqrt(pool * (1 - pool) * (1 / n_reference + 1 / n_current))
        p_value = 2 * normal_cdf(-abs(difference) / spread)
    return TwoSampleResult(difference, p_value, n_reference, n_current)


def _fisher(k: int, n: int, m: int, total: int) -> float:
    """Return the chance of a split of `total` at most as likely as k of n and the rest of m."""
    first, last = max(0, total - m), min(n, total)
    if first == last:
        return 1.0
    j = np.arange(first, last, dtype=np.float64)
    # chance of j + 1 over chance of j: falling, so that chances rise to one peak and fall
    ratios = (total - j) * (n - j) / ((j + 1) * (m - total + j + 1))
    peak = int((ratios >= 1).sum())
    # products of numbers below one, away from the peak, keep their digits
    above = np.cumprod(ratios[peak:])
    below = np.cumprod(1 / ratios[:peak][::-1])[::-1]
    chances = np.concatenate([below, [1.0], above])
    as_rare = chances <= chances[k - first] * (1 + _ROUNDING)
    return min(1.0, float(chances[as_rare].sum() / chances.sum()))
