import numpy as np
import pytest
from scipy import stats

from trimtab.stats.transport import normalised_wasserstein, wasserstein


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


def test_infinite_values_are_refused():
    with pytest.raises(ValueError, match="got infinity"):
        normalised_wasserstein([1, np.inf], [1, 2])


def test_binned_wasserstein_is_scipys_of_weighted_positions():
    rng = np.random.default_rng(0)
    reference, current = rng.integers(0, 50, size=12), rng.integers(0, 50, size=(3, 12))
    places = np.sort(rng.normal(size=12))
    expected = [stats.wasserstein_distance(places, places, reference, row) for row in current]

    assert wasserstein(reference, current, positions=places) == pytest.approx(np.array(expected))


def test_binned_wasserstein_needs_rows_and_rising_positions():
    assert np.isnan(wasserstein([0, 0], [1, 2]))
    assert wasserstein([3, 0, 0], [0, 0, 5]) == 2.0
    with pytest.raises(ValueError, match="rising"):
        wasserstein([1, 2], [1, 2], positions=[1, 1])
    with pytest.raises(ValueError, match="expected 2 bins"):
        wasserstein([1, 2], [1, 2, 3])
