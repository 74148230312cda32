from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom

from trimtab.core.errors import ConfigError, NotEnoughDataError, SchemaError
from trimtab.data.drift import drift
from trimtab.data.time import time_expression


@pytest.fixture(scope="module")
def winter(flights, weather) -> dict[str, pl.DataFrame]:
    made = {}
    for name, table in (("flights", flights), ("weather", weather)):
        rows = table.filter(pl.col("month") <= 3)
        day = time_expression("time_hour", rows.schema).alias("time")
        made[name] = rows.with_columns(day).drop("year", "month", "day", "time_hour")
    return made


@pytest.mark.parametrize("table", ["flights", "weather"])
@pytest.mark.parametrize(("block", "alpha"), [("1w", 0.1), ("1d", 0.05)])
def test_ordinary_blocks_of_winter_do_not_alarm_more_often_than_alpha(winter, table, block, alpha):
    """Each block against all others: without blocks nearly every one of them would alarm."""
    rows = winter[table]
    starts = rows["time"].dt.truncate(block)
    every = starts.unique().sort()[1:-1]
    shown = every if block == "1w" or table == "weather" else every[::4]
    alarms = 0
    for start in shown:
        inside = starts == start
        report = drift(
            rows.filter(~inside), rows.filter(inside), block=block, time="time", alpha=alpha
        )
        alarms += bool(report.drifted)

    assert alarms <= alpha * len(shown) + 1


@pytest.mark.parametrize("table", ["flights", "weather"])
@pytest.mark.parametrize(("block", "alpha", "first"), [("1w", 0.2, 4), ("1d", 0.05, 20)])
def test_no_block_of_winter_stands_out_from_those_before_it(winter, table, block, alpha, first):
    """As it goes in practice: the reference is the past, and spring comes on."""
    rows = winter[table]
    starts = rows["time"].dt.truncate(block)
    shown = starts.unique().sort()[1:-1][first:]
    shown = shown if block == "1w" else shown[::5]
    reports = [
        drift(rows.filter(starts < start), rows.filter(starts == start), block=block, alpha=alpha)
        for start in shown
    ]

    assert all(report.conclusive for report in reports)
    assert sum(bool(report.drifted) for report in reports) <= alpha * len(shown) + 1
    assert not any("temp" in report.drifted for report in reports)


def test_rows_taken_as_independent_alarm_on_an_ordinary_week(winter):
    rows = winter["weather"]
    week = rows["time"].dt.truncate("1w") == datetime(2013, 1, 14, tzinfo=UTC)

    alone = drift(rows.filter(~week), rows.filter(week))
    blocks = drift(rows.filter(~week), rows.filter(week), block="week", time="time", alpha=0.1)

    assert "temp" in alone.drifted
    assert blocks.drifted == []


def blocky(seed: int, n_days: int) -> pl.DataFrame:
    """Days that differ from each other by more than rows of a day do."""
    rng = np.random.default_rng(seed)
    days = np.repeat(np.arange(n_days), 200)
    level = rng.normal(size=n_days)[days]
    start = datetime(2013, 1, 1, tzinfo=UTC)
    return pl.DataFrame(
        {
            "x": level + rng.normal(size=days.size) / 3,
            "k": np.where(rng.random(days.size) < 0.5 + 0.1 * np.tanh(level), "a", "b"),
            "day": [start + timedelta(days=int(day)) for day in days],
        }
    )


def test_a_strange_block_is_found():
    old, day = blocky(0, 60), blocky(1, 1)

    assert drift(old, day, block="1d", time="day").drifted == []
    strange = day.with_columns(pl.col("x") + 9, k=pl.lit("new"))
    report = drift(old, strange, block="1d", time="day")
    assert set(report.drifted) == {"x", "k"}
    assert report.columns["x"].unit == "ordinary block distances"


def test_a_column_that_goes_missing_for_a_block_is_found():
    old, day = blocky(0, 60), blocky(1, 1)

    report = drift(old, day.with_columns(x=pl.lit(None)), block="1d", time="day")

    assert [report.columns[name].kind for name in report.drifted] == ["nulls"]


def test_what_a_reference_block_has_no_values_of_is_told_not_to_be_compared():
    old, day = blocky(0, 60), blocky(1, 1)
    first = pl.col("day") == old["day"].min()
    old = old.with_columns(x=pl.when(~first).then("x"))

    report = drift(old, day.with_columns(pl.col("x") + 99), block="day")

    assert report.columns["x"].kind == "nulls"
    assert report.columns["x"].message.endswith("values not compared, a reference block has none")


def test_infinite_numbers_count_as_missing_by_block_too():
    old, day = blocky(0, 60), blocky(1, 1)
    odd = day.with_columns(
        x=pl.when(pl.int_range(pl.len()) < 50).then(float("inf")).otherwise("x")
    )

    found = next(f for f in drift(old, odd, block="day").findings if f.kind == "nulls")

    assert found.drifted
    assert (
        found.message
        == "`x`: share missing 25.0% of rows away from the rest, where blocks are all alike"
    )


def test_a_constant_column_that_changes_is_said_in_words():
    old, day = blocky(0, 60).with_columns(c=1.0), blocky(1, 1).with_columns(c=1.0)

    still = next(f for f in drift(old, day, block="day").findings if f.column == "c")
    moved = drift(old, day.with_columns(c=20_001.0), block="day").columns["c"]

    assert still.message == "`c`: values as in the rest"
    assert moved.message == "`c`: values 20,000 away from the rest, where blocks are all alike"
    assert moved.drifted


@pytest.fixture(scope="module")
def joined(flights, weather) -> pl.DataFrame:
    """Flights of winter with the weather of their hour and airport."""
    hourly = weather.select("origin", "time_hour", "temp", "wind_speed", "visib", "precip")
    rows = flights.filter(pl.col("month") <= 3).join(
        hourly, on=["origin", "time_hour"], how="left"
    )
    dated = rows.with_columns(time_expression("time_hour", rows.schema).alias("time"))
    return dated.select(
        "time",
        "origin",
        "carrier",
        "dep_delay",
        "air_time",
        "temp",
        "wind_speed",
        "visib",
        "precip",
    )


@pytest.mark.parametrize(
    ("block", "alpha", "step", "most_columns"), [("week", 0.1, 1, 1), ("day", 0.05, 6, 1)]
)
def test_flights_with_their_weather_alarm_no_more_often_than_alpha(
    joined, block, alpha, step, most_columns
):
    """Every week, and every sixth day, of January to March against all others."""
    length = {"week": "1w", "day": "1d"}[block]
    starts = joined["time"].dt.truncate(length)
    shown = starts.unique().sort()[1:-1][::step]
    reports = [
        drift(joined.filter(starts != start), joined.filter(starts == start), block=block,
              time="time", alpha=alpha)
        for start in shown
    ]  # fmt: skip
    alarms = sum(bool(report.drifted) for report in reports)
    warm = sum("temp" in report.drifted for report in reports)

    assert all(report.conclusive for report in reports)
    assert {"temp", "dep_delay", "carrier"} <= set(reports[0].columns)
    # what a fair coin of this alpha would exceed once in 20 times
    assert alarms <= binom.ppf(0.95, len(shown), alpha)
    assert warm <= most_columns


def test_the_only_column_of_times_dates_the_rows():
    old, day = blocky(0, 60), blocky(1, 1)

    assert (
        drift(old, day, block="day").findings == drift(old, day, block="1d", time="day").findings
    )
    with pytest.raises(SchemaError, match="one column of times to cut .* got day, again"):
        drift(old.with_columns(again="day"), day.with_columns(again="day"), block="day")
    with pytest.raises(ConfigError, match="a length of time as `block`, got `fortnight`"):
        drift(old, day, block="fortnight")
    with pytest.raises(ConfigError, match="either `tests` or `block`"):
        drift(old, day, block="day", tests="ks")


def test_blocks_have_pictures_and_counts_of_rows_too():
    report = drift(blocky(0, 60), blocky(1, 1), block="day")

    found = report.columns["x"]
    assert (found.n_reference, found.n_current) == (12_000, 200)
    assert sum(found.bins.reference) == pytest.approx(1)
    assert set(report.columns["k"].bins.labels) == {"a", "b"}


def test_too_few_blocks_are_told_and_find_nothing():
    report = drift(
        blocky(0, 5), blocky(1, 1).with_columns(pl.col("x") + 99), block="1d", time="day"
    )

    assert not report.conclusive
    assert report.drifted == []
    assert "needs 19 blocks" in report.method
    with pytest.raises(NotEnoughDataError, match="at least 2 reference blocks of 1w, got 1"):
        drift(blocky(0, 5), blocky(1, 1), block="1w", time="day")
