import json
import math

import numpy as np
import pytest

from trimtab.stats.numbers import compare_numbers
from trimtab.stats.transport import normalised_wasserstein
from trimtab.stats.two_sample import ks_test


@pytest.mark.parametrize("n", [3, 500, 50_000])
def test_a_comparison_has_the_test_the_distance_and_both_middles(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=n), rng.normal(1, size=2 * n)
    found = compare_numbers(a, b)

    assert found.ks == ks_test(a, b)
    assert found.moved == pytest.approx(
        normalised_wasserstein(a, b), abs=found.moved_error + 1e-12
    )
    assert found.moved_error < 1e-3
    assert (found.mean_reference, found.mean_current) == (a.mean(), b.mean())
    assert found.deviation_reference == pytest.approx(a.std())
    assert found.median_reference == pytest.approx(np.median(a), abs=1e-15)
    assert found.median_current == pytest.approx(np.median(b), abs=1e-15)


@pytest.mark.parametrize("n", [2_000, 60_000])
def test_the_picture_has_the_shares_of_each_bin(n):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=n), rng.normal(0.5, size=n)
    found = compare_numbers(a, b)
    inner = found.edges[1:-1]
    expected = np.bincount(np.searchsorted(inner, a), minlength=24) / n

    assert len(found.edges) == 25
    assert found.shares_reference == pytest.approx(expected, abs=2e-4)


@pytest.mark.parametrize("n", [2_000, 60_000])
def test_whole_numbers_have_a_bin_each(n):
    rng = np.random.default_rng(0)
    a, b = rng.integers(1, 8, n), rng.integers(1, 8, n)
    found = compare_numbers(a, b)

    assert found.edges == tuple(np.arange(0.5, 8))
    assert found.shares_reference == pytest.approx(np.bincount(a)[1:] / n)


@pytest.mark.parametrize("n", [2_000, 60_000])
def test_a_constant_column_moves_infinitely_far_or_not_at_all(n):
    same, other = compare_numbers(np.full(n, 0.1), [0.1]), compare_numbers(np.full(n, 0.1), [0.3])

    assert (same.moved, same.ks.p_value, same.shares_current) == (0.0, 1.0, (1.0,))
    assert other.moved == math.inf
    assert json.loads(json.dumps(other.to_dict()))["moved"] is None


@pytest.mark.parametrize("n", [2_000, 60_000])
def test_infinite_values_count_in_the_test_and_have_no_distance(n):
    values = np.r_[np.arange(n - 2.0), np.inf, -np.inf]
    found = compare_numbers(values, np.arange(n - 2.0))

    assert math.isnan(found.moved)
    assert found.ks == ks_test(values, np.arange(n - 2.0))


@pytest.mark.parametrize("n", [500, 50_000])
def test_a_shift_has_one_size_whatever_the_scale(n):
    values = np.random.default_rng(1).normal(size=n)
    plain, vast, tiny = (
        compare_numbers(x * values, x * (values + 1)) for x in (1.0, 2.0**1000, 2.0**-500)
    )

    assert vast.moved == pytest.approx(plain.moved, rel=1e-9)
    assert tiny.moved == pytest.approx(plain.moved, rel=1e-9)


def test_a_side_without_values_has_no_comparison():
    found = compare_numbers([math.nan], [1.0, 2.0])

    assert math.isnan(found.ks.p_value)
    assert (found.ks.n_reference, found.ks.n_current, found.edges) == (0, 2, ())


def test_a_picture_needs_a_bin():
    with pytest.raises(ValueError, match="`n_bins` of 1 or more, got 0"):
        compare_numbers([1], [1], n_bins=0)
