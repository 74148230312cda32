"""Whether two samples are from one distribution: tests of raw values and of counts over cells.

All treat rows as independent; rows of a day seldom are, and then `blocks` is the right room.
For what a column moved by as well, see `numbers`; for any distance of two histograms as a test,
`permutation`.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray, as_count_pair, as_sample
from trimtab.stats.interval import finite_or_none
from trimtab.stats.kolmogorov import two_sample_tail
from trimtab.stats.pooled import SORTED_ROWS, largest_gap


@dataclass(frozen=True, slots=True)
class TwoSampleResult:
    """Outcome of a two-sample test.

    Parameters
    ----------
    statistic : float
        What the test measures; its docstring says in which unit.
    p_value : float
        Chance of a statistic this large between samples of one distribution.
    n_reference, n_current : int
        Values used, NaN left out.
    """

    statistic: float
    p_value: float
    n_reference: int
    n_current: int

    def to_dict(self) -> dict[str, float | None]:
        """Return the fields for JSON, with None where a number is NaN."""
        return {key: finite_or_none(x) for key, x in asdict(self).items()}


def ks_test(reference: ArrayLike, current: ArrayLike) -> TwoSampleResult:
    """Test two samples for one distribution by the largest gap of their distribution functions.

    The statistic is exact, in [0, 1]. So is the p-value (all orderings counted) up to 10,000
    rows a side; beyond, it comes from the law of one sample of n m / (n + m) rows, as in
    `scipy.stats.ks_2samp`, which both equal to 1e-12. Assumes independent rows. With many ties
    the p-value is larger than need be: fewer false alarms than asked for, and less power (for
    a few levels use `levels.chi_square_test`). A poor choice for changes in the tails, where
    distribution functions hardly differ; and with a million rows everything is significant, so
    read the statistic.

    Parameters
    ----------
    reference, current : array_like of float, shape (n,) and (m,)
        Values; NaN is left out, so test the share of missing values apart. Infinite values
        are values. Whole numbers past 2**53 are rounded to floats first.

    Returns
    -------
    TwoSampleResult
        Statistic and two-sided p-value, both NaN if a side has no values.

    Raises
    ------
    ValueError
        If an array is not one-dimensional.

    See Also
    --------
    trimtab.stats.numbers.compare_numbers : The same, with effect sizes, at little more cost.

    References
    ----------
    .. [1] J. L. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv
       foer Matematik 3 (1958).

    Examples
    --------
    >>> import numpy as np
    >>> result = ks_test(np.arange(100), np.arange(100) + 25)
    >>> result.statistic, round(result.p_value, 4)
    (0.25, 0.0037)
    """
    a, b = as_sample(reference, "reference"), as_sample(current, "current")
    n, m = a.size, b.size
    if n == 0 or m == 0:
        return TwoSampleResult(math.nan, math.nan, n, m)
    if n + m <= SORTED_ROWS:
        gap = largest_gap_of_sorted(np.sort(a), np.sort(b))
    else:
        gap = largest_gap(a, b)
    return TwoSampleResult(gap / (n * m), two_sample_tail(gap, n, m), n, m)


def binned_ks_test(reference_counts: ArrayLike, current_counts: ArrayLike) -> TwoSampleResult:
    """Test two histograms over the same rising cells as `ks_test` tests the raw values.

    The distribution functions are compared at the ends of cells, where counts know them
    exactly. So the statistic is at most the one of the raw values, short by no more than the
    largest share of a cell, and the p-value is too large rather than too small. Assumes
    independent rows, and cells that are fixed beforehand or the same for any data. A poor
    choice with a handful of wide cells: use `levels.chi_square_test`.

    Parameters
    ----------
    reference_counts, current_counts : array_like of int, shape (n_cells,)
        Rows in each cell, cells in rising order.

    Returns
    -------
    TwoSampleResult
        Statistic in [0, 1] and two-sided p-value, both NaN if a side has no rows.

    Raises
    ------
    ValueError
        If cells differ, or a count is negative or not whole.

    Examples
    --------
    >>> result = binned_ks_test([10, 20, 30], [30, 20, 10])
    >>> round(result.statistic, 3), round(result.p_value, 5)
    (0.333, 0.00237)
    """
    a, b = as_count_pair(reference_counts, current_counts)
    return binned_ks_of(a.cumsum(), b.cumsum())


def binned_ks_of(reference_ends: IntArray, current_ends: IntArray) -> TwoSampleResult:
    """Return `binned_ks_test` of counts up to the end of each cell, which need no check."""
    n, m = int(reference_ends[-1]), int(current_ends[-1])
    if n == 0 or m == 0:
        return TwoSampleResult(math.nan, math.nan, n, m)
    gap = int(np.abs(reference_ends * m - current_ends * n).max())
    return TwoSampleResult(gap / (n * m), two_sample_tail(gap, n, m), n, m)


def largest_gap_of_sorted(a: FloatArray, b: FloatArray) -> int:
    """Return max |F - G| times both sizes, a whole number, for two sorted samples."""
    few, many = (a, b) if a.size <= b.size else (b, a)
    # the gap peaks at, or just before, a jump of the smaller sample
    last = np.flatnonzero(np.append(few[1:] != few[:-1], True))
    jumps = few[last]
    after = (last + 1) * many.size
    before = np.append(0, after[:-1])
    above = after - np.searchsorted(many, jumps, side="right") * few.size
    below = np.searchsorted(many, jumps, side="left") * few.size - before
    return int(max(above.max(), below.max(), 0))
