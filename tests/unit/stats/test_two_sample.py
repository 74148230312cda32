import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trimtab.stats.two_sample import binned_ks_test, ks_test

few_values = st.lists(st.integers(-4, 4), min_size=1, max_size=40)
floats = st.lists(st.floats(allow_nan=False), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(reference=few_values | floats, current=few_values | floats)
def test_ks_is_scipys_with_ties_infinities_and_tiny_samples(reference, current):
    found = ks_test(reference, current)
    with warnings.catch_warnings(record=True) as gave_up:
        warnings.simplefilter("always")
        expected = stats.ks_2samp(reference, current)

    assert found.statistic == pytest.approx(expected.statistic, abs=1e-15)
    # where every ordering has such a gap, scipy's sum may pass one, and it takes another law
    assert found.p_value == pytest.approx(1.0 if gave_up else expected.pvalue, abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(3_000, 5_000), (12_000, 9_000), (11_000, 60)])
def test_ks_of_thousands_of_rows_is_scipys(n, m):
    rng = np.random.default_rng(n)
    reference, current = rng.normal(size=n), rng.normal(0.02, size=m)
    found = ks_test(reference, current)
    expected = stats.ks_2samp(reference, current)

    assert found.statistic == pytest.approx(expected.statistic, abs=1e-15)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(20_000, 30_000), (45_000, 1), (60_000, 700)])
def test_ks_of_many_ties_and_very_unequal_sizes_is_scipys(n, m):
    rng = np.random.default_rng(n)
    reference, current = rng.poisson(4, n), rng.poisson(4.05, m)
    found, expected = ks_test(reference, current), stats.ks_2samp(reference, current)

    assert found.statistic == pytest.approx(expected.statistic, abs=1e-15)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-12)


def test_samples_far_apart_have_a_p_value_next_to_zero():
    found = ks_test(np.arange(500), np.arange(500) + 1000)

    assert found.statistic == 1.0
    assert 0 < found.p_value <= 1e-10


def test_swapping_the_samples_changes_nothing_but_the_counts():
    rng = np.random.default_rng(3)
    reference, current = rng.normal(size=30).round(1), rng.normal(size=47).round(1)
    one, other = ks_test(reference, current), ks_test(current, reference)

    assert (one.statistic, one.p_value) == (other.statistic, other.p_value)
    assert (one.n_reference, one.n_current) == (other.n_current, other.n_reference)


def test_missing_values_are_left_out_and_not_counted():
    found = ks_test([1, 2, np.nan, 4], [1, 2, 3])

    assert found == ks_test([1, 2, 4], [1, 2, 3])
    assert (found.n_reference, found.n_current) == (3, 3)


def test_a_sample_without_values_cannot_be_tested():
    nothing = {"statistic": None, "p_value": None, "n_reference": 0, "n_current": 1}

    assert ks_test([np.nan], [1.0]).to_dict() == nothing
    assert binned_ks_test([0, 0], [1, 0]).to_dict() == nothing


@pytest.mark.parametrize("seed", range(5))
def test_counts_are_tested_as_the_values_they_count(seed):
    rng = np.random.default_rng(seed)
    reference, current = rng.integers(0, 60, size=(2, 40))
    found = binned_ks_test(reference, current)
    raw = ks_test(np.repeat(np.arange(40), reference), np.repeat(np.arange(40), current))

    assert found == raw


def test_a_test_on_cells_is_below_the_raw_one_by_at_most_a_cell():
    rng = np.random.default_rng(9)
    reference, current = rng.normal(size=4_000), rng.normal(0.1, size=3_000)
    edges = np.linspace(-6, 6, 200)
    counts = [np.histogram(x, edges)[0] for x in (reference, current)]
    raw, binned = ks_test(reference, current), binned_ks_test(*counts)
    widest = max(counts[0].max() / 4_000, counts[1].max() / 3_000)

    assert raw.statistic - widest <= binned.statistic <= raw.statistic
    assert binned.p_value >= raw.p_value


def test_values_that_cannot_be_tested_are_refused():
    with pytest.raises(ValueError, match="one value a row"):
        ks_test([[1, 2]], [1, 2])
    with pytest.raises(ValueError, match="over the same bins"):
        binned_ks_test([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="whole counts"):
        binned_ks_test([1, 2], [1, 2.5])


def test_the_result_says_nan_as_null():
    assert ks_test([1.0], [math.nan]).to_dict()["p_value"] is None
