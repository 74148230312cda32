import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist, pdist

from trimtab.stats import kernels, mmd
from trimtab.stats.kernels import (
    gaussian_kernel,
    median_distance,
    relabelled_mmd,
    witness_effect,
)
from trimtab.stats.multivariate import relabellings


def by_definition(x, y, bandwidth):
    """Return the unbiased squared MMD, term by term."""

    def kernel(a, b):
        return np.exp(-((a - b) ** 2).sum() / (2 * bandwidth**2))

    within_x = [kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j]
    within_y = [kernel(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j]
    across = [kernel(a, b) for a in x for b in y]
    return np.mean(within_x) + np.mean(within_y) - 2 * np.mean(across)


def from_matrix(kernel, labels):
    """Return the same from a whole kernel matrix in double precision."""
    inside, outside = kernel[np.ix_(labels, labels)], kernel[np.ix_(~labels, ~labels)]
    n, m = len(inside), len(outside)
    return (
        (inside.sum() - np.trace(inside)) / (n * (n - 1))
        + (outside.sum() - np.trace(outside)) / (m * (m - 1))
        - 2 * kernel[np.ix_(labels, ~labels)].mean()
    )


@pytest.mark.parametrize(("n", "m", "d"), [(2, 2, 1), (17, 23, 4), (30, 5, 40)])
def test_the_statistic_is_the_definition(n, m, d):
    rng = np.random.default_rng(n)
    x, y = rng.normal(3, size=(n, d)), rng.normal(3.5, size=(m, d))
    found = mmd(x, y, bandwidth=1.7, permutations=5)

    assert found.statistic == pytest.approx(by_definition(x, y, 1.7), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("single", [False, True])
def test_statistic_and_p_value_are_those_of_brute_force_over_blocks(single, monkeypatch):
    if single:
        monkeypatch.setattr(kernels, "_MAX_DOUBLE_ROWS", 0)
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(900, 6)), rng.normal(0.03, size=(450, 6))
    pooled, labels = np.vstack([x, y]), relabellings(900, 450, 60, seed=4)
    kernel = np.exp(-(cdist(pooled, pooled) ** 2) / (2 * 2.5**2))
    expected = np.array([from_matrix(kernel, row) for row in labels])
    found, _ = relabelled_mmd(gaussian_kernel(pooled, 2.5), labels)

    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8 if single else 1e-14)
    result = mmd(x, y, bandwidth=2.5, permutations=60, seed=4)
    assert result.statistic == pytest.approx(expected[0], rel=1e-4 if single else 1e-6)
    assert result.p_value == pytest.approx((1 + (expected[1:] >= expected[0]).sum()) / 61)


def test_single_precision_holds_with_far_rows_and_small_differences(monkeypatch):
    monkeypatch.setattr(kernels, "_MAX_DOUBLE_ROWS", 0)
    rng = np.random.default_rng(2)
    pooled = 1e6 + rng.standard_t(2, size=(1_200, 8))
    labels = relabellings(700, 500, 10, seed=0)
    width = median_distance(pooled, seed=0)
    kernel = np.exp(-(cdist(pooled, pooled) ** 2) / (2 * width**2))
    found, _ = relabelled_mmd(gaussian_kernel(pooled, width), labels)

    np.testing.assert_allclose(found, [from_matrix(kernel, row) for row in labels], atol=1e-8)


rows = arrays(np.float64, st.tuples(st.integers(2, 9), st.just(2)), elements=st.integers(-3, 3))


@settings(max_examples=60, deadline=None)
@given(x=rows, y=rows)
def test_swapping_the_samples_changes_nothing_but_the_draws(x, y):
    there, back = mmd(x, y, permutations=3), mmd(y, x, permutations=3)

    assert there.statistic == pytest.approx(back.statistic, abs=1e-12)
    assert there.effect_size == pytest.approx(back.effect_size, rel=1e-6, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(x=rows, y=rows, scale=st.floats(0.01, 100), offset=st.floats(-50, 50))
def test_the_unit_of_the_rows_does_not_matter(x, y, scale, offset):
    plain, moved = mmd(x, y), mmd(x * scale + offset, y * scale + offset)

    assert moved.statistic == pytest.approx(plain.statistic, abs=1e-7)
    assert moved.p_value == plain.p_value


def test_the_bandwidth_is_the_median_distance():
    points = np.random.default_rng(3).normal(size=(300, 4)) + 100

    assert median_distance(points, seed=0) == pytest.approx(np.median(pdist(points)), rel=1e-9)


def test_the_bandwidth_of_many_rows_is_near_the_median_distance():
    points = np.random.default_rng(4).normal(size=(3_000, 2))
    found = [median_distance(points, seed) for seed in range(5)]

    np.testing.assert_allclose(found, np.median(pdist(points)), rtol=0.06)
    assert len(set(found)) == 5


def test_many_equal_rows_do_not_make_the_bandwidth_zero():
    mostly_zero = np.zeros((50, 2))
    mostly_zero[:5] = np.arange(1, 6)[:, None] / 3

    assert median_distance(mostly_zero, seed=0) > 0.3
    assert np.isnan(median_distance(np.full((50, 2), 0.1), seed=0))


def test_the_witness_has_the_mmd_as_the_difference_of_its_means():
    rng = np.random.default_rng(5)
    labels = relabellings(70, 40, 3, seed=0)
    statistics, witness = relabelled_mmd(gaussian_kernel(rng.normal(size=(110, 3)), 1.0), labels)

    assert witness[:70].mean() - witness[70:].mean() == pytest.approx(statistics[0], abs=1e-14)


@pytest.mark.parametrize("shift", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("d", [1, 8])
def test_the_effect_of_a_shift_is_its_length_in_standard_deviations(shift, d):
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(3_000, d)), rng.normal(size=(3_000, d))
    y[:, 0] += shift

    assert mmd(x, y, permutations=1).effect_size == pytest.approx(shift, abs=0.06)


def test_the_effect_is_none_where_nothing_moved():
    rng = np.random.default_rng(7)
    effects = [
        mmd(rng.normal(size=(500, 5)), rng.normal(size=(400, 5)), permutations=1).effect_size
        for _ in range(20)
    ]

    assert np.mean(effects) < 0.03
    assert min(effects) == 0


def test_a_witness_without_spread_is_infinitely_far():
    labels = np.array([True, True, False, False])

    assert witness_effect(np.array([1.0, 1.0, 0.0, 0.0]), labels) == np.inf


def test_the_kernel_matrix_is_never_whole():
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=(3_000, 4)), rng.normal(size=(3_000, 4))
    tracemalloc.start()
    mmd(x, y, permutations=20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 6_000 * 6_000 * 4 / 2


@pytest.mark.parametrize("bandwidth", [0, -1.0, np.nan, np.inf])
def test_an_impossible_bandwidth_is_refused(bandwidth):
    with pytest.raises(ValueError, match="expected a finite `bandwidth` above 0"):
        mmd(np.zeros((3, 1)), np.zeros((3, 1)), bandwidth=bandwidth)


@pytest.mark.parametrize("n", [2, 3, 6, 7])
def test_constant_samples_apart_are_infinitely_many_spreads_apart(n):
    there, back = mmd(np.zeros((2, 2)), np.ones((n, 2))), mmd(np.ones((n, 2)), np.zeros((2, 2)))

    assert (there.effect_size, back.effect_size) == (math.inf, math.inf)
