from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trimtab.data.quality import quality
from trimtab.data.schema import ColumnSchema, Schema

START = datetime(2026, 1, 1, tzinfo=UTC)
SCHEMA = Schema(time="t", columns={"t": ColumnSchema(type="Datetime")})


def times(*hours: float) -> pl.DataFrame:
    return pl.DataFrame({"t": [START + timedelta(hours=hour) for hour in hours]})


def timeliness(rows, schema=SCHEMA, **options):
    return quality(rows, schema, **options).timeliness


@pytest.mark.parametrize(("hours", "score"), [(1, 1.0), (24, 1.0), (48, 0.5), (240, 0.1)])
def test_the_age_of_the_newest_row_against_the_need(hours, score):
    report = timeliness(times(0, -3), now=START + timedelta(hours=hours), max_age="1d")

    assert report.score == pytest.approx(score)
    assert report.parts[0].name == "age"
    assert report.parts[0].gain == pytest.approx(1 - score)


def test_the_need_can_stand_in_the_schema():
    schema = SCHEMA.model_copy(update={"max_age": "12h"})

    assert timeliness(times(0), schema, now=START + timedelta(days=1)).score == 0.5


def test_a_row_from_the_future_makes_nothing_fresh():
    report = quality(times(0, 5_000), SCHEMA, now=START + timedelta(days=2), max_age="1d")

    assert report.timeliness.score == 0.5
    assert report.consistency.score == 0.5
    (part,) = report.consistency.parts
    assert (part.name, part.examples) == (
        "future", ({"row": 2, "t": START + timedelta(hours=5_000)},)
    )  # fmt: skip


def test_late_rows_are_counted_where_both_times_are_there():
    rows = times(0, 1, 2, 3).with_columns(
        got=pl.Series([START + timedelta(hours=hour) for hour in (1, 9, 3)] + [None])
    )
    schema = Schema(time="t", columns={
        "t": ColumnSchema(type="Datetime"), "got": ColumnSchema(type="Datetime")
    })  # fmt: skip

    report = timeliness(rows, schema, arrived="got", max_delay="2h")

    assert report.score == pytest.approx(2 / 3)
    (late,) = report.parts
    assert (late.faults, late.of, late.examples[0]["row"]) == (1, 3, 2)
    assert late.message == "1 of 3 rows arrived over 2h after the event"


def test_a_delay_without_a_limit_is_told_and_not_judged():
    rows = times(0, 1, 2).with_columns(got=pl.col("t") + pl.duration(hours=3))
    schema = Schema(time="t", columns={
        "t": ColumnSchema(type="Datetime"), "got": ColumnSchema(type="Datetime")
    })  # fmt: skip

    report = timeliness(rows, schema, arrived="got")

    assert report.score is None
    assert "half of the rows arrive within 3.0 hours" in report.parts[0].message


def test_rows_that_are_too_old_are_counted():
    report = timeliness(
        times(0, 10, 20, 30), now=START + timedelta(hours=32), max_row_age="24h", max_age="1d"
    )

    assert report.score == 0.75
    assert [(part.name, part.faults) for part in report.parts if part.faults] == [("old", 1)]


def test_the_rows_of_another_table_that_are_not_reached():
    schema = SCHEMA.model_copy(update={"covers": "trips", "covers_within": "1h"})
    trips = pl.Series([START + timedelta(hours=hour) for hour in range(10)])

    report = timeliness(times(0, 5), schema, others={"trips": trips})

    assert report.score == pytest.approx(1 - 3 / 10)


def sensor(stuck: bool) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    hours = 24 * 150
    heat = rng.normal(size=hours)
    flag = rng.random(hours) < 0.001
    flag[-24:] = False
    if stuck:
        heat[-24:] = heat[-24]
        heat[-3] = 9_999.0
    return times(*range(hours)).with_columns(
        heat=pl.Series(heat), flag=pl.Series(flag), constant=pl.lit(1.0)
    )


@pytest.mark.parametrize("stuck", [False, True])
def test_a_column_that_stands_still_as_it_never_did_is_told(stuck):
    schema = Schema(time="t", columns={
        "t": ColumnSchema(type="Datetime"),
        "heat": ColumnSchema(type="Float64", max=50),
        "flag": ColumnSchema(type="Boolean"),
        "constant": ColumnSchema(type="Float64"),
    })  # fmt: skip
    rows = sensor(stuck)

    report = timeliness(rows, schema, now=rows["t"].max(), max_age="1d")

    still = [part for part in report.parts if part.name == "still"]
    assert report.score == (0.75 if stuck else 1.0)
    assert [part.examples for part in still] == ([({"column": "heat"},)] if stuck else [])


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"max_age": "5x"}, "`max_age`: a duration such as 6h, 1d or 2w was expected, got '5x'"),
        ({"max_row_age": "-1h"}, "`max_row_age`: a duration .* got '-1h'"),
        ({"max_delay": "soon", "arrived": "a"}, "`max_delay`: a duration .* got 'soon'"),
        ({"max_delay": "1h"}, "`arrived` was expected beside `max_delay`, got none"),
    ],
)
def test_needs_that_cannot_be_meant_are_refused(asked, problem):
    with pytest.raises(ValueError, match=problem):
        quality(pl.DataFrame({"a": [1]}), **asked)
