from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import SchemaError
from trimtab.data.time import blocks, offset, time_expression, truncate, windows

NOON = datetime(2013, 2, 12, 12, tzinfo=UTC)


def times(spec, **columns) -> list[datetime | None]:
    rows = pl.DataFrame(columns)
    out = rows.select(time_expression(spec, rows.schema).alias("t"))["t"]
    assert out.dtype == pl.Datetime("us", "UTC")
    return out.to_list()


@pytest.mark.parametrize(
    "value",
    [
        NOON,
        NOON.replace(tzinfo=None),
        NOON.astimezone(timezone(timedelta(hours=5))),
        "2013-02-12T12:00:00Z",
        "2013-02-12T14:00:00+02:00",
        "2013-02-12 12:00:00.000",
        "2013-02-12 12:00",
        1_360_670_400,
        1_360_670_400_000,
        1_360_670_400.0,
    ],
    ids=str,
)
def test_one_moment_in_many_forms(value):
    assert times("t", t=[value, None]) == [NOON, None]


@pytest.mark.parametrize("value", [date(2013, 2, 12), "2013-02-12", 20130212], ids=str)
def test_a_day_is_its_midnight(value):
    assert times("t", t=[value]) == [datetime(2013, 2, 12, tzinfo=UTC)]


def test_years_and_parts_of_a_time():
    assert times("y", y=[2013]) == [datetime(2013, 1, 1, tzinfo=UTC)]
    parts = {
        "year": [2013, 2013, None],
        "month": [2, 2, 1],
        "day": [12, 30, 1],
        "hour": [12, 1, 1],
    }
    assert times(["year", "month", "day", "hour"], **parts) == [NOON, None, None]
    assert times(["d", "h"], d=["2013-02-12", "2013-02-12"], h=[12, 24]) == [NOON, None]


def test_what_is_no_time_is_null_and_not_an_error():
    assert times("t", t=["soon", "2013-13-01", ""]) == [None] * 3
    assert times("t", t=[20130231]) == [None]


def test_row_order_can_be_the_clock():
    first = datetime(2000, 1, 1, tzinfo=UTC)

    assert times("row_number", x=[7, 7]) == [first, first + timedelta(minutes=1)]
    assert times("row_number", row_number=[2013]) == [datetime(2013, 1, 1, tzinfo=UTC)]


def test_a_missing_or_wrong_column_is_named():
    with pytest.raises(SchemaError, match="Did you mean `time`"):
        times("tiem", time=[2013])
    with pytest.raises(SchemaError, match="to hold times, got"):
        times("t", t=[[1]])


def test_flights_span_the_year(flights):
    by_text = flights.select(time_expression("time_hour", flights.schema)).to_series()
    by_parts = flights.select(
        time_expression(["year", "month", "day", "hour"], flights.schema)
    ).to_series()

    assert by_text.null_count() == by_parts.null_count() == 0
    assert by_text.max() == datetime(2014, 1, 1, 4, tzinfo=UTC)
    assert by_parts.max() == datetime(2013, 12, 31, 23, tzinfo=UTC)


def test_calendar_arithmetic():
    assert offset(datetime(2012, 1, 31, tzinfo=UTC), "1mo") == datetime(2012, 2, 29, tzinfo=UTC)
    assert offset(NOON, "-1d12h") == datetime(2013, 2, 11, tzinfo=UTC)
    assert truncate(NOON, "1w") == datetime(2013, 2, 11, tzinfo=UTC)
    assert offset(NOON, "1d").tzinfo is UTC
    with pytest.raises(ValueError, match="a duration"):
        offset(NOON, "1 month")


def test_windows_follow_the_calendar_and_leave_no_gap():
    made = windows(NOON, datetime(2013, 5, 1, tzinfo=UTC), "1mo")

    assert [start.month for start, _ in made] == [2, 3, 4]
    assert all(end == start for (_, end), (start, _) in zip(made, made[1:], strict=False))
    assert windows(NOON, NOON, "1d") in ([], [(truncate(NOON, "1d"), offset(NOON, "12h"))])


def test_blocks_name_the_start_of_their_span():
    ids = blocks(pl.Series([NOON, NOON + timedelta(hours=11), NOON + timedelta(hours=12)]), "1d")

    assert ids.dtype == np.int64
    assert ids[0] == ids[1] != ids[2]
    assert ids[0] == int(truncate(NOON, "1d").timestamp()) * 1_000_000
    with pytest.raises(ValueError, match="1 nulls"):
        blocks(pl.Series([NOON, None]), "1d")
