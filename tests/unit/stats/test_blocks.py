import math

import numpy as np
import pytest

from trimtab.stats.blocks import block_shift, block_shifts
from trimtab.stats.distances import jensen_shannon_distance, total_variation


def days(n, seed=0, spread=60, rows=500, bins=6):
    rng = np.random.default_rng(seed)
    return rng.multinomial(rows, rng.dirichlet(np.full(bins, spread), size=n))


def test_the_statistic_is_the_distance_from_the_pooled_reference():
    past, now = days(20), days(1, seed=1)[0]

    assert block_shift(past, now).statistic == pytest.approx(
        total_variation(past.sum(axis=0), now)
    )


def test_the_p_value_is_the_rank_among_all_blocks_each_against_the_rest():
    blocks = days(30)
    scores = [
        float(jensen_shannon_distance(np.delete(blocks, i, axis=0).sum(axis=0), blocks[i]))
        for i in range(30)
    ]
    found = block_shift(blocks[:-1], blocks[-1], distance=jensen_shannon_distance)

    assert found.p_value == np.mean(np.array(scores) >= scores[-1])


def test_the_effect_counts_ordinary_distances_between_blocks():
    past, now = days(20), days(1, seed=1)[0]
    ordinary = [
        float(total_variation(np.delete(past, i, axis=0).sum(axis=0), past[i])) for i in range(20)
    ]
    found = block_shift(past, now)

    assert found.typical == pytest.approx(np.median(ordinary))
    assert found.effect == pytest.approx(found.statistic / np.median(ordinary))


def test_ordinary_days_hide_under_a_test_of_rows_but_a_strange_day_stands_out():
    past = days(39)
    strange = block_shift(past, [300, 40, 40, 40, 40, 40])

    assert strange.p_value == 1 / 40
    assert strange.tail_p_value < 0.001
    assert strange.effect > 5


def test_reference_blocks_without_rows_are_left_out():
    past = np.vstack([days(20), np.zeros((3, 6))])

    assert block_shift(past, days(1)[0]).n_reference == 20


def test_blocks_that_are_all_alike_give_a_difference_no_unit():
    past = np.tile([50, 50], (25, 1))
    same, other = block_shift(past, [50, 50]), block_shift(past, [40, 60])

    assert (same.effect, same.p_value, same.tail_p_value) == (1.0, 1.0, 1.0)
    assert (other.effect, other.p_value) == (math.inf, 1 / 26)
    assert other.to_dict()["effect"] is None


def test_one_column_alone_needs_no_correction():
    found = block_shift(days(25), days(1, seed=9)[0])

    assert found.family_p_value == found.p_value


def test_columns_tested_together_keep_their_own_p_values():
    columns = [days(30, seed=s, bins=3 + s) for s in range(5)]
    together = block_shifts([c[:-1] for c in columns], [c[-1] for c in columns])
    alone = [block_shift(c[:-1], c[-1]) for c in columns]

    assert [s.p_value for s in together] == [s.p_value for s in alone]
    assert all(s.family_p_value >= s.p_value for s in together)


def test_one_strange_column_among_many_is_found_after_correction():
    columns = [days(40, seed=s) for s in range(50)]
    now = [c[-1] for c in columns]
    now[17] = np.array([400, 20, 20, 20, 20, 20])
    shifts = block_shifts([c[:-1] for c in columns], now)

    assert [i for i, s in enumerate(shifts) if s.family_p_value <= 0.05] == [17]


@pytest.mark.parametrize(
    ("reference", "current", "message"),
    [
        ([[1, 2], [3, 4]], [1, 2, 3], "one block of them"),
        ([1, 2], [1, 2], "blocks by bins"),
        ([[1, 2], [0, 0]], [1, 2], "two reference blocks and a current one with rows, got 1"),
        ([[1, 2], [3, 4]], [0, 0], "got 2 and 0"),
    ],
)
def test_blocks_that_cannot_be_compared_are_refused(reference, current, message):
    with pytest.raises(ValueError, match=message):
        block_shift(reference, current)


def test_columns_of_different_blocks_are_refused():
    with pytest.raises(ValueError, match=r"same blocks in every column, got \[10, 12\]"):
        block_shifts([days(10), days(12)], [days(1)[0], days(1)[0]])
    with pytest.raises(ValueError, match="as many currents as references, got 0 and 1"):
        block_shifts([days(10)], [])
