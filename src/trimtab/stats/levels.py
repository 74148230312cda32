"""Whether counts of named levels come from one distribution; new and vanished levels."""

import math

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray, as_count_pair
from trimtab.stats.permutation import permutation_distance_test
from trimtab.stats.two_sample import TwoSampleResult

# a chi-square statistic is close to its law where every cell expects this many rows
_MIN_EXPECTED = 5
# with more levels than this, the law of a sum of many is closer than draws are cheap
_MAX_DRAWN_LEVELS = 50


def chi_square_test(
    reference_counts: ArrayLike,
    current_counts: ArrayLike,
    *,
    permutations: int = 9_999,
    seed: int = 0,
) -> TwoSampleResult:
    """Test two samples of levels for one distribution.

    Where every cell of the table expects 5 rows, the chi-square law, equal to
    `scipy.stats.chi2_contingency` without correction. Else the same statistic without that
    law: up to 50 levels, its p-value from rows dealt out anew; with more, a gamma law with the
    exact mean and variance of such deals. A level of one side only is a level like any other.
    Assumes independent rows. A poor choice for ordered values, whose order it ignores, and for
    one new level among many: see `new_levels_test`.

    Parameters
    ----------
    reference_counts, current_counts : array_like of int, shape (n_levels,)
        Rows of each level, the same levels in the same order; zeros are fine.
    permutations : int, default=9999
        How often rows are dealt out, where they are.
    seed : int, default=0
        Of the deals.

    Returns
    -------
    TwoSampleResult
        The chi-square statistic and its p-value, 0 and 1 with a single level, both NaN if a
        side has no rows.

    Raises
    ------
    ValueError
        If levels differ, or a count is negative or not whole.

    See Also
    --------
    trimtab.stats.distances.total_variation : The share of rows that have another level.

    References
    ----------
    .. [1] W. G. Cochran, "Some methods for strengthening the common chi-square tests",
       Biometrics 10 (1954).
    .. [2] J. B. S. Haldane, "The mean and variance of chi-square, when used as a test of
       homogeneity, when expectations are small", Biometrika 31 (1940).

    Examples
    --------
    >>> result = chi_square_test([50, 30, 20], [30, 30, 40])
    >>> round(result.statistic, 2), round(result.p_value, 4)
    (11.67, 0.0029)
    """
    from scipy.special import chdtrc, gammaincc

    a, b = as_count_pair(reference_counts, current_counts)
    n, m = int(a.sum()), int(b.sum())
    if n == 0 or m == 0:
        return TwoSampleResult(math.nan, math.nan, n, m)
    seen = a + b > 0
    a, b = a[seen], b[seen]
    statistic = float(_chi_square(a, b))
    if a.size == 1:
        p_value = 1.0
    elif (a + b).min() * (min(n, m) / (n + m)) >= _MIN_EXPECTED:
        p_value = float(chdtrc(a.size - 1, statistic))
    elif a.size <= _MAX_DRAWN_LEVELS:
        p_value = permutation_distance_test(
            _chi_square, a, b, permutations=permutations, seed=seed
        ).p_value
    else:
        mean, variance = _moments(a + b, n)
        # equal if every level has one row: then all deals are alike
        spread = max(variance, 1e-12 * mean**2)
        p_value = float(gammaincc(mean**2 / spread, statistic * mean / spread))
    return TwoSampleResult(statistic, p_value, n, m)


def new_levels_test(reference_counts: ArrayLike, current_counts: ArrayLike) -> TwoSampleResult:
    """Test whether levels unseen in the reference are more, or commoner, than chance allows.

    Given how often a level occurs on both sides together, the chance that all its rows fell on
    the current side is known exactly. More: the number of new levels against a binomial law
    with the mean of these chances, whose tail is heavier than the true one. Commoner: the sum
    of these chances over all levels as common as the commonest new one. The smaller p-value
    counts, doubled for having looked twice. So an endless list of rare levels (words, product
    codes) may bring new ones, and one new level with many rows is found at once. Conservative.
    Assumes independent rows.

    Parameters
    ----------
    reference_counts, current_counts : array_like of int, shape (n_levels,)
        Rows of each level, the same levels in the same order; all levels of both sides.

    Returns
    -------
    TwoSampleResult
        The number of levels unseen in the reference and its p-value, both NaN if a side has
        no rows.

    Raises
    ------
    ValueError
        If levels differ, or a count is negative or not whole.

    See Also
    --------
    vanished_levels_test : Levels that are gone.

    References
    ----------
    .. [1] W. Hoeffding, "On the distribution of the number of successes in independent trials",
       Annals of Mathematical Statistics 27 (1956).

    Examples
    --------
    >>> result = new_levels_test([500, 300, 0], [90, 60, 50])
    >>> result.statistic, result.p_value < 1e-9
    (1.0, True)
    """
    a, b = as_count_pair(reference_counts, current_counts)
    n, m = int(a.sum()), int(b.sum())
    if n == 0 or m == 0:
        return TwoSampleResult(math.nan, math.nan, n, m)
    n_new, p_value = _one_sided(a, b)
    return TwoSampleResult(float(n_new), p_value, n, m)


def vanished_levels_test(
    reference_counts: ArrayLike, current_counts: ArrayLike
) -> TwoSampleResult:
    """Test whether levels of the reference are missing more than chance allows.

    The mirror of `new_levels_test`: a level with 1 % of a long reference and none of 1,000
    current rows is gone, one with three rows in all is not. Conservative. Assumes independent
    rows.

    Parameters
    ----------
    reference_counts, current_counts : array_like of int, shape (n_levels,)
        Rows of each level, the same levels in the same order; all levels of both sides.

    Returns
    -------
    TwoSampleResult
        The number of levels of the reference unseen in the current rows and its p-value, both
        NaN if a side has no rows.

    Raises
    ------
    ValueError
        If levels differ, or a count is negative or not whole.

    Examples
    --------
    >>> vanished_levels_test([500, 300, 50], [90, 60, 0]).p_value < 0.01
    True
    """
    a, b = as_count_pair(reference_counts, current_counts)
    n, m = int(a.sum()), int(b.sum())
    if n == 0 or m == 0:
        return TwoSampleResult(math.nan, math.nan, n, m)
    n_gone, p_value = _one_sided(b, a)
    return TwoSampleResult(float(n_gone), p_value, n, m)


def _chi_square(reference: IntArray, current: IntArray) -> FloatArray:
    """Return the statistic of each pair of histograms, levels along the last axis."""
    n, m = reference.sum(axis=-1, keepdims=True), current.sum(axis=-1, keepdims=True)
    share = (reference + current) / (n + m)
    terms = (reference - n * share) ** 2 / (n * share) + (current - m * share) ** 2 / (m * share)
    total: FloatArray = terms.sum(axis=-1)
    return total


def _moments(pooled: IntArray, n: int) -> tuple[float, float]:
    """Return mean and variance of the statistic over all deals of n of the pooled rows.

    It is N^2 / (n m) (S - n^2 / N) with S the sum of a_k^2 / c_k, for c_k rows of level k in
    all and a_k of them on the first side. Moments of S follow from those of products
    a (a - 1) ..., which under the hypergeometric law are ratios of such products.
    """
    c = pooled.astype(np.float64)
    rows, k = float(c.sum()), float(c.size)
    falling = [1.0]
    for i in range(4):
        falling.append(falling[-1] * (n - i) / max(rows - i, 1.0))
    _, one, two, three, four = falling
    mean = two * (rows - k) + one * k
    pairs = (
        four * ((rows - k) ** 2 - ((c - 1) ** 2).sum())
        + 2 * three * ((rows - k) * (k - 1))
        + two * k * (k - 1)
    )
    # a^4 in products a (a - 1) ...
    same = (
        four * ((c - 1) * (c - 2) * (c - 3) / c).sum()
        + 6 * three * ((c - 1) * (c - 2) / c).sum()
        + 7 * two * ((c - 1) / c).sum()
        + one * (1 / c).sum()
    )
    scale = rows**2 / (n * (rows - n))
    return scale * (mean - n**2 / rows), scale**2 * (pairs + same - mean**2)


def _one_sided(absent: IntArray, present: IntArray) -> tuple[int, float]:
    """Return how many levels `absent` lacks, and the chance of so many or such common ones."""
    from scipy.special import bdtrc

    fresh = (absent == 0) & (present > 0)
    n_fresh = int(fresh.sum())
    if n_fresh == 0:
        return 0, 1.0
    pooled = absent + present
    pooled = pooled[pooled > 0]
    sizes, n_levels = np.unique(pooled, return_counts=True)
    chances = _all_on_one_side(sizes, int(present.sum()), int(pooled.sum()))
    expected = float(n_levels @ chances)
    many = float(bdtrc(n_fresh - 1, pooled.size, min(expected / pooled.size, 1.0)))
    as_common = sizes >= int(present[fresh].max())
    common = float(n_levels[as_common] @ chances[as_common])
    return n_fresh, min(1.0, 2 * min(many, common))


def _all_on_one_side(sizes: IntArray, n: int, rows: int) -> FloatArray:
    """Return the chance that all rows of a level are among n of all rows, for each size."""
    from scipy.special import gammaln

    possible = sizes <= n
    left = np.where(possible, n - sizes, 0)
    logs = gammaln(rows - sizes + 1) - gammaln(rows + 1) + gammaln(n + 1) - gammaln(left + 1)
    return np.where(possible, np.exp(np.minimum(logs, 0.0)), 0.0)
