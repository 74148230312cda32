"""Whether two samples of raw values are from one distribution, and how far apart they are.

Both treat rows as independent; rows of a day seldom are, and then `blocks` is the right room.
On histograms, see `distances`.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, as_sample
from trimtab.stats.interval import finite_or_none
from trimtab.stats.laws import kolmogorov_tail

# lattice cells up to which the exact p-value takes milliseconds
_MAX_EXACT_CELLS = 1_000_000
# below this, one minus the chance of the opposite has lost its digits
_MIN_EXACT_P = 1e-10


@dataclass(frozen=True, slots=True)
class TwoSampleResult:
    """Outcome of a two-sample test.

    Parameters
    ----------
    statistic : float
        Effect size: the largest gap between the distribution functions, in [0, 1].
    p_value : float
        Chance of a gap this large between samples of one distribution.
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

    The p-value is exact (all orderings counted) up to a million pairs of rows. Beyond, it comes
    from the limit law with a small-sample correction: within 6 % of the exact one where
    p > 0.001 and both samples have 50 rows, and too large for a handful of rows against
    hundreds of thousands. Assumes independent rows. With ties, p-values are larger than need
    be. A poor choice for changes in the tails, where distribution functions hardly differ; and
    with a million rows everything is significant, so read the statistic.

    Parameters
    ----------
    reference, current : array_like of float, shape (n,) and (m,)
        Values; NaN is left out, so test the share of missing values apart.

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
    normalised_wasserstein : An effect size that says how far, not only how many.

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
    a, b = np.sort(as_sample(reference, "reference")), np.sort(as_sample(current, "current"))
    n, m = a.size, b.size
    if n == 0 or m == 0:
        return TwoSampleResult(math.nan, math.nan, n, m)
    gap = _largest_gap(a, b) if n <= m else _largest_gap(b, a)
    statistic = gap / (n * m)
    return TwoSampleResult(statistic, _ks_p_value(gap, n, m), n, m)


def normalised_wasserstein(reference: ArrayLike, current: ArrayLike) -> float:
    """Compute how far values moved on average, in standard deviations of the reference.

    The area between the two distribution functions: the least mean distance over which the
    reference values must be carried to become the current ones. A shift of all values by one
    standard deviation gives 1. Outliers move both the distance and the unit, so a heavy tail
    can hide a change in the middle.

    Parameters
    ----------
    reference, current : array_like of float, shape (n,) and (m,)
        Finite values; NaN is left out.

    Returns
    -------
    float
        0 or more; infinite if a constant reference moved, NaN if a side has no values.

    Raises
    ------
    ValueError
        If an array is not one-dimensional or a value is infinite.

    References
    ----------
    .. [1] A. Ramdas, N. Garcia Trillos and M. Cuturi, "On Wasserstein two-sample testing and
       related families of nonparametric tests", Entropy 19 (2017).

    Examples
    --------
    >>> normalised_wasserstein([0, 2, 0, 2], [1, 3, 1, 3])
    1.0
    """
    a, b = np.sort(as_sample(reference, "reference")), np.sort(as_sample(current, "current"))
    if a.size == 0 or b.size == 0:
        return math.nan
    if not np.isfinite([a[0], a[-1], b[0], b[-1]]).all():
        raise ValueError("expected finite values (or NaN), got infinity")
    distance = float(np.abs(a - b).mean()) if a.size == b.size else _area_between(a, b)
    spread = float(a.std())
    if spread == 0:
        return 0.0 if distance == 0 else math.inf
    return distance / spread


def _largest_gap(few: FloatArray, many: FloatArray) -> int:
    """Return max |F - G| times both sizes, a whole number, for two sorted samples."""
    # the gap peaks at, or just before, a jump of the smaller sample
    last = np.flatnonzero(np.append(few[1:] != few[:-1], True))
    jumps = few[last]
    after = (last + 1) * many.size
    before = np.append(0, after[:-1])
    above = after - np.searchsorted(many, jumps, side="right") * few.size
    below = np.searchsorted(many, jumps, side="left") * few.size - before
    return int(max(above.max(), below.max(), 0))


def _ks_p_value(gap: int, n: int, m: int) -> float:
    asymptotic = kolmogorov_tail(gap / (n * m), n * m / (n + m))
    if n * m > _MAX_EXACT_CELLS:
        return asymptotic
    exact = 1 - _share_of_paths_inside(gap, min(n, m), max(n, m))
    return min(exact, 1.0) if exact > _MIN_EXACT_P else min(asymptotic, _MIN_EXACT_P)


def _share_of_paths_inside(gap: int, n: int, m: int) -> float:
    """Return the share of orderings whose gap stays below `gap` throughout.

    An ordering of both samples is a lattice path from (0, 0) to (n, m); its gap at (i, j) is
    |i m - j n|. A path enters row i at some allowed cell and runs along it, so row i of
    the count is a running sum of row i - 1, both cut to the allowed cells of row i.
    """
    columns = np.arange(m + 1) * n
    paths = (columns < gap).astype(np.float64)
    log_scale = 0.0
    for i in range(1, n + 1):
        allowed = np.abs(columns - i * m) < gap
        paths = np.where(allowed, np.cumsum(np.where(allowed, paths, 0.0)), 0.0)
        largest = float(paths.max())
        if largest == 0:
            return 0.0
        # counts outgrow floats
        paths /= largest
        log_scale += math.log(largest)
    log_all = math.lgamma(n + m + 1) - math.lgamma(n + 1) - math.lgamma(m + 1)
    return math.exp(log_scale - log_all) * float(paths[-1])


def _area_between(a: FloatArray, b: FloatArray) -> float:
    """Integrate |F - G| for two sorted samples."""
    pooled = np.sort(np.concatenate([a, b]), kind="stable")
    left_ends = pooled[:-1]
    share_a = np.searchsorted(a, left_ends, side="right") / a.size
    share_b = np.searchsorted(b, left_ends, side="right") / b.size
    return float(np.abs(share_a - share_b) @ np.diff(pooled))
