"""Any distance of two histograms as a test, by dealing the rows out anew; no law needed."""

from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray, as_count_pair
from trimtab.stats.distances import (
    hellinger,
    jensen_shannon_distance,
    l_infinity,
    psi,
    total_variation,
)
from trimtab.stats.transport import wasserstein
from trimtab.stats.two_sample import TwoSampleResult

CountDistance = Callable[[IntArray, IntArray], FloatArray]
DistanceName = Literal[
    "wasserstein", "jensen_shannon", "hellinger", "psi", "l_infinity", "total_variation"
]
DISTANCES: Mapping[DistanceName, CountDistance] = {
    "wasserstein": wasserstein,
    "jensen_shannon": jensen_shannon_distance,
    "hellinger": hellinger,
    "psi": psi,
    "l_infinity": l_infinity,
    "total_variation": total_variation,
}
# counts held at once
_MAX_COUNTS = 1 << 21
# distances of equal histograms differ by rounding only
_ROUNDING = 1e-9


def permutation_distance_test(
    distance: DistanceName | CountDistance,
    reference_counts: ArrayLike,
    current_counts: ArrayLike,
    *,
    permutations: int = 999,
    seed: int = 0,
) -> TwoSampleResult:
    """Test two histograms for one distribution by any distance between them.

    If nothing changed, which rows are of which side is chance: given the counts of both sides
    together, those of one follow the multivariate hypergeometric law. The p-value is the share
    of such deals, the real one among them, that are at least as far apart; at a level alpha it
    alarms at most as often as alpha for any number of rows and bins. Assumes independent rows
    and bins that were made beforehand, or from both samples together: bins cut to one side
    alone break it. A poor choice for p-values below 1 / (permutations + 1), which it cannot
    give.

    Parameters
    ----------
    distance : {"wasserstein", "jensen_shannon", "hellinger", "psi", "l_infinity", \
"total_variation"} or callable
        A name; or a function of two arrays of counts, bins along the last axis, that gives
        one distance for each pair of histograms, as those of `distances` do.
    reference_counts, current_counts : array_like of int, shape (n_bins,)
        Rows in each bin; for "wasserstein" bins are rising and one apart
        (`functools.partial` of `transport.wasserstein` sets other positions).
    permutations : int, default=999
        How often rows are dealt out; time grows with it times the bins.
    seed : int, default=0
        Of the deals; the same seed gives the same p-value.

    Returns
    -------
    TwoSampleResult
        The distance and its p-value, both NaN if a side has no rows.

    Raises
    ------
    ValueError
        If bins differ, a count is negative or not whole, `permutations` is below 1, the name
        is unknown, or both sides together have a thousand million rows or more.

    References
    ----------
    .. [1] B. Phipson and G. K. Smyth, "Permutation p-values should never be zero", Statistical
       Applications in Genetics and Molecular Biology 9 (2010).

    Examples
    --------
    >>> result = permutation_distance_test("hellinger", [50, 30, 20], [30, 30, 40])
    >>> round(result.statistic, 2), result.p_value < 0.01
    (0.17, True)
    """
    if permutations < 1:
        raise ValueError(f"expected `permutations` of 1 or more, got {permutations}")
    if isinstance(distance, str) and distance not in DISTANCES:
        raise ValueError(f"expected a distance of {', '.join(DISTANCES)}, got {distance!r}")
    measure = DISTANCES[distance] if isinstance(distance, str) else distance
    a, b = as_count_pair(reference_counts, current_counts)
    n, m = int(a.sum()), int(b.sum())
    if n == 0 or m == 0:
        return TwoSampleResult(np.nan, np.nan, n, m)
    # a bin without rows is no bin to deal from, but has its place
    found = float(measure(a, b))
    rng = np.random.default_rng(seed)
    at_least = found - _ROUNDING * max(abs(found), 1e-6)
    as_far, left = 0, permutations
    while left:
        size = min(left, max(1, _MAX_COUNTS // a.size))
        dealt = rng.multivariate_hypergeometric(a + b, n, size=size, method="marginals")
        as_far += int((measure(dealt, (a + b) - dealt) >= at_least).sum())
        left -= size
    return TwoSampleResult(found, (1 + as_far) / (1 + permutations), n, m)
