import numpy as np
import pytest
from scipy.spatial import distance as scipy_distance

from trimtab.stats.distances import (
    hellinger,
    jensen_shannon_distance,
    l_infinity,
    psi,
    total_variation,
)

ALL = [psi, total_variation, jensen_shannon_distance, hellinger, l_infinity]
BOUNDED = ALL[1:]
RNG = np.random.default_rng(0)
REFERENCE, CURRENT = RNG.integers(0, 50, size=(2, 12))
P, Q = REFERENCE / REFERENCE.sum(), CURRENT / CURRENT.sum()


def test_jensen_shannon_is_scipys_in_base_two():
    expected = scipy_distance.jensenshannon(P, Q, base=2)

    assert jensen_shannon_distance(REFERENCE, CURRENT) == pytest.approx(expected, rel=1e-12)


def test_each_distance_is_its_formula():
    assert total_variation(REFERENCE, CURRENT) == pytest.approx(np.abs(P - Q).sum() / 2)
    assert l_infinity(REFERENCE, CURRENT) == pytest.approx(np.abs(P - Q).max())
    assert hellinger(REFERENCE, CURRENT) == pytest.approx(np.sqrt(1 - np.sqrt(P * Q).sum()))


def test_psi_is_its_formula_on_smoothed_counts():
    p = (REFERENCE + 0.5) / (REFERENCE + 0.5).sum()
    q = (CURRENT + 0.5) / (CURRENT + 0.5).sum()

    assert psi(REFERENCE, CURRENT) == pytest.approx(((q - p) * np.log(q / p)).sum())


def test_psi_without_smoothing_is_infinite_on_a_bin_that_one_side_lacks():
    assert psi([10, 10, 0], [10, 0, 0], smoothing=0) == np.inf
    assert psi([10, 10, 0], [5, 5, 0], smoothing=0) == 0.0
    assert np.isfinite(psi([10, 10], [10, 0]))


@pytest.mark.parametrize("distance", ALL)
def test_equal_shares_are_no_distance_apart(distance):
    counts = np.array([5, 0, 10, 85])

    assert distance(counts, counts) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("distance", BOUNDED)
def test_histograms_without_overlap_are_one_apart(distance):
    assert distance([10, 0], [0, 3]) == pytest.approx(1.0)


@pytest.mark.parametrize("distance", ALL)
def test_many_blocks_at_once_give_what_each_gives_alone(distance):
    blocks = RNG.integers(1, 50, size=(3, 4, 12))
    alone = [[float(distance(REFERENCE, row)) for row in rows] for rows in blocks]

    assert distance(REFERENCE, blocks) == pytest.approx(np.array(alone))


@pytest.mark.parametrize("distance", BOUNDED)
def test_an_empty_side_has_no_distance(distance):
    assert np.isnan(distance([0, 0], [1, 2]))


def test_psi_without_drift_is_about_its_documented_mean():
    reference, current = RNG.multinomial([[5000], [2000]], np.full(10, 0.1), size=(2, 400))
    found = psi(reference, current)

    assert found.mean() == pytest.approx(9 * (1 / 5000 + 1 / 2000), rel=0.1)


@pytest.mark.parametrize(
    ("reference", "current", "message"),
    [
        ([1, 2], [1, 2, 3], "expected 2 bins of `current`, got 3"),
        ([1, -2], [1, 2], "counts of 0 or more in `reference`"),
        ([1, 2], [1, np.nan], "counts of 0 or more in `current`"),
        (3, [1, 2], "at least one bin"),
    ],
)
def test_counts_that_cannot_be_compared_are_refused(reference, current, message):
    with pytest.raises(ValueError, match=message):
        total_variation(reference, current)


def test_negative_smoothing_is_refused():
    with pytest.raises(ValueError, match="`smoothing` of 0 or more"):
        psi([1], [1], smoothing=-1)
