"""The drift tests that come with Trimtab, by name: thin covers of the functions in `stats`.

Effect sizes are in one of two units where the question allows it: how far values moved, in
standard deviations of the reference, or how many rows have another value. Only `ks` and
`chi_square` are asked without being named; see `drift`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from trimtab.data.drift_tests import SD, SHARE, DriftOutcome, DriftTest, Takes
from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.bins import bin_counts, bin_edges
from trimtab.stats.cramer_von_mises import cvm_test
from trimtab.stats.distances import total_variation
from trimtab.stats.levels import chi_square_test
from trimtab.stats.multivariate import MultivariateResult
from trimtab.stats.numbers import compare_numbers
from trimtab.stats.permutation import CountDistance, DistanceName, permutation_distance_test
from trimtab.stats.transport import normalised_wasserstein, wasserstein, wasserstein_distance
from trimtab.stats.two_sample import TwoSampleResult

Result = TypeVar("Result", TwoSampleResult, MultivariateResult)
# asked of numbers and of number lists unless another test is named
KS, MEANS = "ks", "mean_embedding"
# to begin with, and to settle what may be drift: a p-value of 1 in 10,000 stays below 0.05 when
# it is corrected for 500 columns
FEW_PERMUTATIONS, PERMUTATIONS = 999, 9_999
_UNLIKELY = 0.1
JOINT_PERMUTATIONS = 999
# of numbers, for a test of counts, and for one of how far values moved
N_BINS, _TRANSPORT_BINS = 20, 100
_COUNTED: frozenset[Takes] = frozenset({"numbers", "levels"})
_NUMBERS: frozenset[Takes] = frozenset({"numbers"})


@dataclass(frozen=True)
class OfNumbers:
    """A test of values; effect: the Wasserstein distance, to all digits if it is the statistic."""

    name: str
    result: Callable[[FloatArray, FloatArray, int], TwoSampleResult]
    is_distance: bool = False
    kinds: frozenset[Takes] = _NUMBERS
    unit: str = SD

    def __call__(
        self, reference: FloatArray | IntArray, current: FloatArray | IntArray, *, seed: int
    ) -> DriftOutcome:
        """Compare two samples of finite values."""
        a, b = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
        found = self.result(a, b, seed)
        moved = normalised_wasserstein(a, b) if self.is_distance else compare_numbers(a, b).moved
        return DriftOutcome(found.statistic, found.p_value, moved)


@dataclass(frozen=True)
class OfCounts:
    """A test of counts over levels or bins; effect: rows that have another level."""

    name: str
    result: Callable[[IntArray, IntArray, int], TwoSampleResult]
    kinds: frozenset[Takes] = _COUNTED
    unit: str = SHARE

    def __call__(
        self, reference: FloatArray | IntArray, current: FloatArray | IntArray, *, seed: int
    ) -> DriftOutcome:
        """Compare counts over the same levels."""
        a, b = np.asarray(reference, dtype=np.int64), np.asarray(current, dtype=np.int64)
        found = self.result(a, b, seed)
        return DriftOutcome(found.statistic, found.p_value, float(total_variation(a, b)))


@dataclass(frozen=True)
class OfRows:
    """A test of whole rows: all numeric columns together, or a column of number lists."""

    name: str
    result: Callable[[FloatArray, FloatArray, int], Any]
    unit: str
    kinds: frozenset[Takes] = frozenset({"joint", "vector"})

    def __call__(
        self, reference: FloatArray | IntArray, current: FloatArray | IntArray, *, seed: int
    ) -> DriftOutcome:
        """Compare two samples of finite rows."""
        a, b = np.asarray(reference, dtype=np.float64), np.asarray(current, dtype=np.float64)
        found = self.result(a, b, seed)
        return DriftOutcome(float(found.statistic), float(found.p_value), float(found.effect_size))


def binned(
    a: FloatArray, b: FloatArray, n_bins: int = N_BINS
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return counts of both over bins of about equal size of the pooled values, and their means.

    Of the pooled ones, so that bins do not know which side a row is from: a test by
    permutation is exact only then.
    """
    pooled = np.concatenate([a, b])
    edges = bin_edges(pooled, n_bins)
    old, new = bin_counts(a, edges)[:-1], bin_counts(b, edges)[:-1]
    filled = old + new > 0
    cells = np.searchsorted(edges, pooled)
    sums = np.bincount(cells, weights=pooled, minlength=filled.size)
    least, most = np.full(filled.size, np.inf), np.full(filled.size, -np.inf)
    np.minimum.at(least, cells, pooled)
    np.maximum.at(most, cells, pooled)
    # a mean is a rounded sum: of neighbours among floats it could lie in the next bin
    means = np.clip(sums[filled] / (old + new)[filled], least[filled], most[filled])
    return old[filled], new[filled], means


def _ks(a: FloatArray, b: FloatArray, seed: int) -> TwoSampleResult:
    return compare_numbers(a, b).ks


def _cvm(a: FloatArray, b: FloatArray, seed: int) -> TwoSampleResult:
    return _settled(lambda permutations: cvm_test(a, b, permutations=permutations, seed=seed))


def _chi_square(a: IntArray, b: IntArray, seed: int) -> TwoSampleResult:
    return _settled(
        lambda permutations: chi_square_test(a, b, permutations=permutations, seed=seed)
    )


def _wasserstein(a: FloatArray, b: FloatArray, seed: int) -> TwoSampleResult:
    """Return the distance in the unit of values; its p-value by dealing out rows over bins."""
    old, new, places = binned(a, b, _TRANSPORT_BINS)
    # a power of two keeps all digits; distances far below one would pass for rounding
    span = np.ldexp(places, -int(np.frexp(places[-1] / 2 - places[0] / 2)[1]))
    found = _dealt(partial(wasserstein, positions=span), old, new, seed)
    return replace(found, statistic=wasserstein_distance(a, b))


def _by_permutation(
    distance: DistanceName,
) -> Callable[[IntArray, IntArray, int], TwoSampleResult]:
    return partial(_dealt, distance)


def _dealt(
    distance: DistanceName | CountDistance, a: IntArray, b: IntArray, seed: int
) -> TwoSampleResult:
    return _settled(
        lambda permutations: permutation_distance_test(
            distance, a, b, permutations=permutations, seed=seed
        )
    )


def _settled(test: Callable[[int], Result]) -> Result:
    """Return a test by permutation, with more of them where the first say that it matters.

    A level is kept: below 0.1 only the second p-value can be the answer, above it only one of
    two that each keep theirs, and the second only if the first was lower.
    """
    first = test(FEW_PERMUTATIONS)
    return test(PERMUTATIONS) if first.p_value <= _UNLIKELY else first


# each import below is of a module that takes long to load, or is seldom asked for
def _mmd(a: FloatArray, b: FloatArray, seed: int) -> Any:
    from trimtab.stats.mean_discrepancy import mmd

    return mmd(a, b, permutations=JOINT_PERMUTATIONS, seed=seed)


def _lsdd(a: FloatArray, b: FloatArray, seed: int) -> Any:
    from trimtab.stats.density_difference import lsdd

    return lsdd(a, b, permutations=JOINT_PERMUTATIONS, seed=seed)


def _deep_kernel(a: FloatArray, b: FloatArray, seed: int) -> Any:
    from trimtab.stats.deep_kernel import deep_kernel_mmd

    return deep_kernel_mmd(a, b, permutations=JOINT_PERMUTATIONS, seed=seed)


def _mean_embedding(a: FloatArray, b: FloatArray, seed: int) -> Any:
    from trimtab.stats.mean_embedding import mean_embedding_test

    return _settled(
        lambda permutations: mean_embedding_test(a, b, permutations=permutations, seed=seed)
    )


def _classifier(a: FloatArray, b: FloatArray, seed: int) -> Any:
    from trimtab.stats.domain_classifier import classifier_test

    return classifier_test(a, b, seed=seed)


def _pca(a: FloatArray, b: FloatArray, seed: int) -> Any:
    from trimtab.stats.reconstruction import pca_reconstruction_test

    return pca_reconstruction_test(a, b, seed=seed)


BUILT_IN: tuple[DriftTest, ...] = (
    OfNumbers(KS, _ks),
    OfNumbers("cvm", _cvm),
    OfNumbers("wasserstein", _wasserstein, is_distance=True),
    OfCounts("chi_square", _chi_square),
    OfCounts("jensen_shannon", _by_permutation("jensen_shannon")),
    OfCounts("hellinger", _by_permutation("hellinger")),
    OfCounts("psi", _by_permutation("psi")),
    OfCounts("l_infinity", _by_permutation("l_infinity")),
    OfCounts("total_variation", _by_permutation("total_variation")),
    OfRows(
        MEANS, _mean_embedding, SD, kinds=frozenset({"vector"}),
    ),
    OfRows("mmd", _mmd, SD),
    OfRows("lsdd", _lsdd, "share of the largest difference"),
    OfRows("classifier", _classifier, "share of pairs"),
    OfRows("pca_reconstruction", _pca, SD),
    OfRows("deep_kernel_mmd", _deep_kernel, SD),
)  # fmt: skip
