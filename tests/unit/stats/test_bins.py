import numpy as np
import pytest

from trimtab.stats.bins import bin_counts, bin_edges


def test_a_smooth_reference_is_spread_evenly_over_the_bins():
    reference = np.random.default_rng(0).normal(size=1000)
    counts = bin_counts(reference, bin_edges(reference, 10))

    assert counts.tolist() == [100] * 10 + [0]


def test_a_spike_has_a_bin_of_its_own():
    reference = np.r_[np.zeros(600), np.linspace(0.1, 1, 400)]
    edges = bin_edges(reference, 10)
    moved = bin_counts(np.full(5, 1e-9), edges)
    spike = bin_counts(np.zeros(5), edges)

    assert spike.max() == 5
    assert moved.argmax() == spike.argmax() + 1


def test_a_constant_reference_tells_below_at_and_above_apart():
    edges = bin_edges([3.0] * 50)

    assert bin_counts([2.9, 3.0, 3.0, 3.1, np.nan], edges).tolist() == [1, 2, 1, 1]


def test_two_values_are_told_apart_and_from_anything_new():
    edges = bin_edges([0, 1] * 50)
    places = [bin_counts([x], edges).argmax() for x in (-1, 0, 0.5, 1, 2)]

    assert len(set(places)) == 5


def test_missing_values_are_counted_apart_and_do_not_move_edges():
    reference = np.random.default_rng(0).normal(size=100)
    holed = np.r_[reference, [np.nan] * 20]

    assert bin_edges(holed).tolist() == bin_edges(reference).tolist()
    assert bin_counts(holed, bin_edges(holed))[-1] == 20


def test_a_reference_of_missing_values_has_one_bin_and_the_missing_one():
    edges = bin_edges([np.nan, np.nan])

    assert bin_counts([1.0, np.nan, 2.0], edges).tolist() == [2, 1]


def test_infinite_values_fall_into_the_end_bins():
    edges = bin_edges([-np.inf, 1, 2, 3, np.inf], 2)

    assert edges.tolist() == [2.0]
    assert bin_counts([-np.inf, -np.inf, np.inf], edges).tolist() == [2, 1, 0]


@pytest.mark.parametrize("n_edges", [1, 10, 64, 65, 200])
def test_counts_are_those_of_a_binary_search(n_edges):
    rng = np.random.default_rng(n_edges)
    values = rng.normal(size=3000).round(2)
    values[:30] = np.nan
    edges = np.unique(rng.normal(size=n_edges).round(3))
    found = np.searchsorted(edges, values[30:], side="left")

    assert bin_counts(values, edges).tolist() == [
        *np.bincount(found, minlength=edges.size + 1),
        30,
    ]


def test_counts_of_parts_add_up_to_those_of_the_whole():
    values = np.random.default_rng(0).normal(size=500)
    edges = bin_edges(values[:100])
    parts = sum(bin_counts(part, edges) for part in np.split(values, 5))

    assert parts.tolist() == bin_counts(values, edges).tolist()


def test_settings_that_make_no_bins_are_refused():
    with pytest.raises(ValueError, match="`n_bins` of 2 or more, got 1"):
        bin_edges([1, 2], 1)
    with pytest.raises(ValueError, match="rising `edges`"):
        bin_counts([1], [2, 1])
    with pytest.raises(ValueError, match="two rows of numbers"):
        bin_counts([[1]], [2])
