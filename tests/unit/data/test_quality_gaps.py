from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trimtab.data.quality_gaps import Gaps, find_gaps

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


def hourly(weeks: int, rows_an_hour: int = 1) -> pl.DataFrame:
    hours = np.repeat(np.arange(weeks * 168), rows_an_hour)
    return pl.DataFrame({"t": [START + timedelta(hours=int(hour)) for hour in hours]})


def gaps(rows: pl.DataFrame, *by: str) -> Gaps | None:
    return find_gaps(rows.lazy(), pl.col("t").cast(pl.Datetime("us", "UTC")), by, "rows")


def test_hours_without_rows_are_found_to_the_hour():
    rows = hourly(8)
    start, end = START + timedelta(days=9), START + timedelta(days=9, hours=7)
    lost = pl.col("t").is_between(start, end, closed="left")

    found = gaps(rows.filter(~lost))

    assert found is not None
    assert (found.unit, found.units, found.rows) == ("hour", 7, 7)
    assert found.stretches == ({"from": start, "until": end, "rows": 7},)


def test_nights_and_sundays_are_no_gaps_where_rows_never_come():
    rows = hourly(10).filter(pl.col("t").dt.hour().is_between(8, 17), pl.col("t").dt.weekday() < 7)
    monday = START + timedelta(weeks=4)

    complete = gaps(rows)
    found = gaps(rows.filter(pl.col("t").dt.date() != monday.date()))

    assert complete is not None
    assert complete.units == 0
    assert found is not None
    assert (found.unit, found.units) == ("hour", 10)
    assert found.stretches[0]["from"] == monday + timedelta(hours=8)
    assert found.stretches[0]["until"] == monday + timedelta(hours=18)


def test_a_station_that_falls_silent_is_a_gap_and_a_new_one_is_not():
    full = hourly(8)
    half = START + timedelta(weeks=4)
    rows = pl.concat([
        full.with_columns(station=pl.lit("a")),
        full.filter(pl.col("t") < half).with_columns(station=pl.lit("silent")),
        full.filter(pl.col("t") >= half).with_columns(station=pl.lit("new")),
    ])  # fmt: skip

    found = gaps(rows, "station")

    assert found is not None
    assert (found.units, found.rows) == (4 * 168, 4 * 168)
    assert [stretch["station"] for stretch in found.stretches] == ["silent"]


def test_a_stray_row_of_another_age_hides_no_gap():
    rows = hourly(8).filter(pl.col("t") != START + timedelta(days=9))
    ages = [datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 9999)]
    stray = pl.DataFrame({"t": ages})

    found = gaps(pl.concat([rows, stray.cast(rows.schema)]))

    assert found is not None
    assert (found.unit, found.units) == ("hour", 1)


@pytest.mark.parametrize("seed", range(5))
def test_rows_that_come_at_random_leave_no_gap(seed):
    rng = np.random.default_rng(seed)
    hours = np.repeat(np.arange(20 * 168), rng.poisson(2.0, 20 * 168))
    rows = pl.DataFrame({"t": [START + timedelta(hours=int(hour)) for hour in hours]})

    found = gaps(rows)

    assert found is not None
    assert found.unit == "day"
    assert found.units == 0


def test_a_day_without_rows_is_found_among_random_ones():
    rng = np.random.default_rng(1)
    counts = rng.poisson(2.0, 20 * 168)
    counts[30 * 24 : 31 * 24] = 0
    hours = np.repeat(np.arange(20 * 168), counts)
    rows = pl.DataFrame({"t": [START + timedelta(hours=int(hour)) for hour in hours]})

    found = gaps(rows)

    assert found is not None
    assert (found.unit, found.units) == ("day", 1)
    assert found.rows == pytest.approx(48, abs=12)
    assert found.stretches[0]["from"] == START + timedelta(days=30)


def test_monthly_rows_have_their_rhythm():
    months = [datetime(2020 + m // 12, m % 12 + 1, 15, tzinfo=UTC) for m in range(40)]
    rows = pl.DataFrame({"t": [month for month in months if month != months[17]]})

    found = gaps(rows)

    assert found is not None
    assert (found.unit, found.units) == ("month", 1)
    assert found.stretches[0]["from"] == datetime(2021, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("hours", [[], [0], [0, 1], [0, 3_000, 200_000]])
def test_too_few_rows_have_no_rhythm(hours):
    times = [START + timedelta(hours=hour) for hour in hours]

    assert gaps(pl.DataFrame({"t": times}, schema={"t": pl.Datetime("us", "UTC")})) is None
