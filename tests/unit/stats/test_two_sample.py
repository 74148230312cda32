import numpy as np
import pytest
from scipy import stats

from trimtab.stats.laws import kolmogorov_tail
from trimtab.stats.two_sample import ks_test, normalised_wasserstein


def samples(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 80, size=2)
    decimals = int(rng.integers(0, 4))
    return rng.normal(size=n).round(decimals), (rng.normal(size=m) + rng.random()).round(decimals)


@pytest.mark.parametrize("seed", range(30))
def test_small_samples_get_scipys_exact_p_value(seed):
    reference, current = samples(seed)
    found = ks_test(reference, current)
    expected = stats.ks_2samp(reference, current, method="exact")

    assert found.statistic == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-9)


def test_large_samples_get_scipys_asymptotic_p_value():
    rng = np.random.default_rng(0)
    reference, current = rng.normal(size=3000), rng.normal(0.06, size=5000)
    found = ks_test(reference, current)
    expected = stats.ks_2samp(reference, current, method="asymp")

    assert found.statistic == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, rel=0.01)


def test_exact_and_asymptotic_p_values_meet_at_the_border():
    exact = ks_test(np.arange(1000), np.arange(1000) + 60)

    assert exact.p_value == pytest.approx(kolmogorov_tail(0.06, 500), rel=0.06)


def test_samples_far_apart_have_a_p_value_next_to_zero():
    found = ks_test(np.arange(500), np.arange(500) + 1000)

    assert found.statistic == 1.0
    assert 0 < found.p_value <= 1e-10


def test_swapping_the_samples_changes_nothing_but_the_counts():
    reference, current = samples(3)
    one, other = ks_test(reference, current), ks_test(current, reference)

    assert (one.statistic, one.p_value) == pytest.approx((other.statistic, other.p_value))
    assert (one.n_reference, one.n_current) == (other.n_current, other.n_reference)


def test_missing_values_are_left_out_and_not_counted():
    found = ks_test([1, 2, np.nan], [1, 2])

    assert (found.statistic, found.n_reference) == (0.0, 2)


def test_a_sample_without_values_cannot_be_tested():
    found = ks_test([np.nan], [1.0])

    assert found.to_dict() == {
        "statistic": None,
        "p_value": None,
        "n_reference": 0,
        "n_current": 1,
    }


@pytest.mark.parametrize("seed", range(10))
def test_wasserstein_is_scipys_over_the_reference_deviation(seed):
    rng = np.random.default_rng(seed)
    reference = rng.normal(size=rng.integers(5, 60))
    current = rng.exponential(size=reference.size if seed % 2 else 40).round(1)
    expected = stats.wasserstein_distance(reference, current) / reference.std()

    assert normalised_wasserstein(reference, current) == pytest.approx(expected)


def test_a_constant_reference_has_no_unit_to_measure_by():
    assert normalised_wasserstein([2, 2], [2, 2, 2]) == 0.0
    assert normalised_wasserstein([2, 2], [2, 3]) == np.inf
    assert np.isnan(normalised_wasserstein([], [1]))


def test_values_without_a_distance_are_refused():
    with pytest.raises(ValueError, match="got infinity"):
        normalised_wasserstein([1, np.inf], [1, 2])
    with pytest.raises(ValueError, match="one value a row"):
        ks_test([[1, 2]], [1, 2])
