from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from trimtab.monitoring.spans import block_codes, choose_block, length, volumes, whole_blocks

APRIL = datetime(2013, 4, 1, tzinfo=UTC)


def days(count, start=APRIL, per_day=1):
    times = [start + timedelta(days=i) for i in range(count) for _ in range(per_day)]
    return pl.Series(times, dtype=pl.Datetime("us", "UTC"))


def test_a_stump_joins_the_block_before_it():
    assert np.bincount(block_codes(days(30), "1w")).tolist() == [7, 7, 7, 9]


def test_a_first_stump_joins_the_block_after_it():
    sunday = APRIL - timedelta(days=1)

    assert np.bincount(block_codes(days(15, sunday), "1w")).tolist() == [8, 7]


def test_no_rows_and_one_block():
    assert block_codes(days(0), "1w").tolist() == []
    assert block_codes(days(3), "1mo").tolist() == [0, 0, 0]


def test_a_short_reference_is_cut_more_finely():
    assert choose_block(days(90), "1w", "1d") == "1w"
    assert choose_block(days(21), "1w", "1d") == "1d"
    assert choose_block(days(21), "1w", "row") == "1w"
    assert choose_block(days(0), "1w", "1d") == "1w"


def test_volumes_count_whole_cells_back_from_the_end():
    times = days(30, per_day=10)

    week = volumes(times, APRIL, APRIL + timedelta(days=30), timedelta(days=7))

    assert week.tolist() == [70, 70, 70, 70]


def test_a_span_shorter_than_a_cell_has_no_volume():
    assert volumes(days(3), APRIL, APRIL + timedelta(days=3), timedelta(days=7)).size == 0


def test_lengths_follow_the_calendar():
    assert length("1mo", APRIL) == timedelta(days=30)


def test_block_means():
    assert whole_blocks(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1])).tolist() == [2, 5]
