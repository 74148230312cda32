from functools import partial

import numpy as np
import pytest
from scipy import stats

from trimtab.stats.distances import total_variation
from trimtab.stats.permutation import DISTANCES, permutation_distance_test
from trimtab.stats.transport import wasserstein


@pytest.mark.parametrize("distance", DISTANCES)
def test_two_bins_have_fishers_p_value_whatever_the_distance(distance):
    # of equal sample sizes any distance of two bins rises with the difference of shares
    reference, current = [14, 6], [7, 13]
    expected = stats.fisher_exact([reference, current]).pvalue
    found = permutation_distance_test(distance, reference, current, permutations=20_000)

    assert found.p_value == pytest.approx(expected, abs=4 * np.sqrt(expected / 20_000))


def test_the_p_value_is_never_zero_and_repeats_with_its_seed():
    far = permutation_distance_test("hellinger", [900, 0], [0, 900], permutations=99)
    one, again, other = (
        permutation_distance_test("psi", [30, 20, 10], [20, 20, 20], seed=s) for s in (1, 1, 2)
    )

    assert far.p_value == 0.01
    assert one == again
    assert one.p_value != other.p_value


def test_equal_histograms_are_as_near_as_can_be():
    assert permutation_distance_test("jensen_shannon", [50, 30], [50, 30]).p_value == 1.0


def test_many_bins_are_dealt_in_parts():
    counts = np.random.default_rng(0).poisson(2, size=(2, 50_000))
    found = permutation_distance_test("total_variation", *counts, permutations=99)

    assert 0.02 < found.p_value < 0.98


def test_a_function_and_positions_join_in():
    reference, current = [10, 20, 30, 5], [20, 20, 10, 15]
    far_end = partial(wasserstein, positions=[0.0, 1.0, 2.0, 100.0])
    by_name = permutation_distance_test("total_variation", reference, current)

    assert permutation_distance_test(total_variation, reference, current) == by_name
    assert permutation_distance_test(far_end, reference, current).statistic > 10


def test_what_cannot_be_dealt_is_refused():
    with pytest.raises(ValueError, match=r"expected a distance of wasserstein, .* got 'energy'"):
        permutation_distance_test("energy", [1, 2], [2, 1])
    with pytest.raises(ValueError, match="`permutations` of 1 or more"):
        permutation_distance_test("psi", [1, 2], [2, 1], permutations=0)
    assert np.isnan(permutation_distance_test("psi", [0, 0], [2, 1]).p_value)
