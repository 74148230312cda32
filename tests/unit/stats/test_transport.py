import numpy as np
import pytest
from scipy import stats

from trimtab.stats.transport import normalised_wasserstein, wasserstein, wasserstein_distance


@pytest.mark.parametrize("seed", range(10))
def test_wasserstein_is_scipys_over_the_reference_deviation(seed):
    rng = np.random.default_rng(seed)
    reference = rng.normal(size=rng.integers(5, 60))
    current = rng.exponential(size=reference.size if seed % 2 else 40).round(1)
    distance = stats.wasserstein_distance(reference, current)
    expected = distance / reference.std()

    assert wasserstein_distance(reference, current) == pytest.approx(distance, rel=1e-12)
    assert normalised_wasserstein(reference, current) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 500), (400, 2), (60, 60)])
def test_ties_and_unequal_sizes_have_scipys_distance(n, m):
    rng = np.random.default_rng(n)
    reference, current = np.append(0.0, rng.poisson(3, n - 1) + 1.0), rng.poisson(4, m)
    expected = stats.wasserstein_distance(reference, current) / reference.std()

    assert normalised_wasserstein(reference, current) == pytest.approx(expected, rel=1e-12)


def test_a_shift_has_one_size_whatever_the_scale():
    reference = np.random.default_rng(0).normal(size=50)
    current = reference[:30] + 1
    scaled = [
        normalised_wasserstein(x * reference, x * current) for x in (1.0, 2.0**-900, 2.0**1000)
    ]

    assert scaled == pytest.approx([scaled[0]] * 3, rel=1e-12)


def test_a_constant_reference_has_no_unit_to_measure_by():
    assert normalised_wasserstein([2, 2], [2, 2, 2]) == 0.0
    assert normalised_wasserstein([2, 2], [2, 3]) == np.inf
    # the mean of these is not quite 0.1
    assert normalised_wasserstein(np.full(10, 0.1), [0.3]) == np.inf
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
