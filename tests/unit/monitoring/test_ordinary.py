import math

import numpy as np
import pytest

from trimtab.monitoring.ordinary import compare_with_ordinary, likeness

WEEKS = [36, 31, 44, 33, 29, 38, 35, 40, 33, 39, 37, 42, 41]


def test_an_ordinary_month_lies_within_the_range():
    found = compare_with_ordinary(WEEKS, [35, 41, 38, 33], alpha=0.01)

    assert found.low < found.current < found.high
    assert found.p_value > 0.5


def test_a_month_far_away_is_outside_the_range():
    found = compare_with_ordinary(WEEKS, [79, 82, 83, 77], alpha=0.01)

    assert found.current > found.high
    assert found.p_value < 0.001
    assert found.effect == pytest.approx(80.25 - np.mean(WEEKS))


@pytest.mark.parametrize("current", [[44, 46, 45, 47], [30, 29, 31, 30], [50], [36, 38]])
def test_the_p_value_and_the_range_agree(current):
    found = compare_with_ordinary(WEEKS, current, alpha=0.05)

    assert (found.p_value <= 0.05) == (not found.low <= found.current <= found.high)


def test_blocks_like_their_neighbours_widen_the_range():
    rng = np.random.default_rng(0)
    slow = np.cumsum(rng.normal(size=14))
    shuffled = rng.permutation(slow)

    assert likeness(slow) > likeness(shuffled)
    wide = compare_with_ordinary(slow, [0.0] * 4, alpha=0.01)
    narrow = compare_with_ordinary(shuffled, [0.0] * 4, alpha=0.01)
    assert wide.high - wide.low > narrow.high - narrow.low


def test_too_few_reference_blocks_say_nothing():
    found = compare_with_ordinary([1, 2, 3], [100], alpha=0.05)

    assert found.p_value == 1
    assert math.isinf(found.low)
    assert found.to_dict()["low"] is None


def test_a_reference_that_never_varied_is_left_by_any_change():
    assert compare_with_ordinary([2.0] * 10, [2.0], alpha=0.05).p_value == 1
    assert compare_with_ordinary([2.0] * 10, [2.1], alpha=0.05).p_value == 0


def test_row_noise_keeps_a_single_strange_row_from_alarming():
    share = 1 / 28_000  # one null in a month, none before
    strict = compare_with_ordinary([0.0] * 13, [share], alpha=0.01)
    fair = compare_with_ordinary([0.0] * 13, [share], alpha=0.01, noise_sd=5e-5)

    assert strict.p_value == 0
    assert fair.p_value > 0.1


def test_missing_blocks_are_left_out():
    found = compare_with_ordinary([*WEEKS, math.nan], [math.nan, 38], alpha=0.05)

    assert (found.reference_blocks, found.blocks) == (13, 1)


def test_one_side_is_half_of_both():
    found = compare_with_ordinary(WEEKS, [50, 52, 49, 51], alpha=0.05)

    assert found.one_sided(above=True) == pytest.approx(found.p_value / 2)
    assert found.one_sided(above=False) == pytest.approx(1 - found.p_value / 2)


def test_size_is_the_effect_in_spreads_of_rows():
    weeks = [0.50, 0.51, 0.49, 0.50, 0.51, 0.49]

    moved = compare_with_ordinary(weeks, [0.54, 0.54], alpha=0.01, row_sd=0.5)
    unknown = compare_with_ordinary(weeks, [0.54, 0.54], alpha=0.01)

    assert moved.size == pytest.approx(0.08)
    assert unknown.size == math.inf
