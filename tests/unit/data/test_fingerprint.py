from datetime import UTC, date, datetime

import polars as pl
import pytest

from trimtab.data.fingerprint import chained, content_hash

ROWS = pl.DataFrame(
    {
        "n": [1, None, 3],
        "x": [0.5, float("nan"), None],
        "s": ["a", "", None],
        "b": [True, None, False],
        "d": [date(2013, 1, 1), None, date(2014, 1, 1)],
        "t": [datetime(2013, 1, 1, tzinfo=UTC), None, datetime(2014, 1, 1, tzinfo=UTC)],
        "l": [[1, 2], [], None],
        "r": [{"p": 1, "q": "x"}, {"p": None, "q": None}, None],
    }
)


def test_how_rows_lie_in_memory_has_no_part_in_it(tmp_path):
    ROWS.write_parquet(tmp_path / "a.parquet", row_group_size=1)
    whole = content_hash(ROWS)

    assert content_hash(pl.concat([ROWS[:1], ROWS[1:]], rechunk=False)) == whole
    assert content_hash(pl.read_parquet(tmp_path / "a.parquet")) == whole
    assert content_hash(pl.concat([ROWS, ROWS])[3:]) == whole


@pytest.mark.parametrize("column", ROWS.columns)
def test_every_value_has_a_part_in_it(column):
    changed = ROWS.with_columns(pl.col(column).shift(1))

    assert content_hash(changed) != content_hash(ROWS)


def test_names_types_order_and_nulls_have_a_part_in_it():
    hashes = {
        content_hash(rows)
        for rows in (
            ROWS,
            ROWS.rename({"n": "m"}),
            ROWS.with_columns(pl.col("n").cast(pl.Int32)),
            ROWS.reverse(),
            ROWS.with_columns(pl.col("n").fill_null(0)),
            ROWS.with_columns(pl.col("s").fill_null("")),
            pl.DataFrame({"s": ["ab", "c"]}),
            pl.DataFrame({"s": ["a", "bc"]}),
        )
    }

    assert len(hashes) == 8


def test_zeros_and_nans_have_one_form():
    a, b = pl.DataFrame({"x": [0.0, float("nan")]}), pl.DataFrame({"x": [-0.0, -float("nan")]})

    assert content_hash(a) == content_hash(b)


def test_it_holds_across_versions_of_the_libraries():
    rows = pl.DataFrame({"n": [1, 2], "s": ["a", None]})

    assert content_hash(rows) == (
        "cbc1b027f2b1cabcf8a2d2f39d8e4244d49a0d37a9d1775d51803638c4238734"
    )


def test_a_year_of_flights_takes_less_than_a_second(flights):
    import time

    began = time.process_time()
    content_hash(flights)

    assert time.process_time() - began < 1


def test_a_chain_depends_on_history():
    assert chained(None, "b") != chained("a", "b") != chained("b", "a")
