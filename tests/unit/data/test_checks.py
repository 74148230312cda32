from datetime import UTC, datetime

import polars as pl
import pytest

from trimtab.core.errors import SourceError
from trimtab.data.checks import validate
from trimtab.data.infer import infer_schema
from trimtab.data.schema import ColumnSchema, Schema
from trimtab.data.time import time_expression

NOW = datetime(2026, 1, 10, tzinfo=UTC)


def found(report) -> dict[tuple[str | None, str], int]:
    return {(item.column, item.check): item.count for item in report.violations}


def test_the_faults_of_the_weather_table_are_found(flights, weather):
    schema = infer_schema(weather, time="time_hour", key=["origin", "time_hour"], covers="flights")
    departures = flights.select(time_expression("time_hour", flights.schema)).to_series()

    report = validate(weather, schema, others={"flights": departures}, table="weather")

    assert report.ok
    assert found(report) == {
        ("wind_gust", "nulls"): 20_778,
        ("pressure", "nulls"): 2_729,
        (None, "covers"): 873,
        ("wind_dir", "nulls"): 460,
        ("wind_speed", "nulls"): 4,
        ("wind_speed", "max"): 1,
        ("temp", "nulls"): 1,
        ("dewp", "nulls"): 1,
        ("humid", "nulls"): 1,
    }
    by_check = {(item.column, item.check): item for item in report.violations}
    gale = by_check["wind_speed", "max"]
    assert gale.examples == (
        {
            "origin": "EWR", "time_hour": datetime(2013, 2, 12, 8, tzinfo=UTC),
            "wind_speed": 1048.36058,
        },
    )  # fmt: skip
    assert "largest 1048.36058" in gale.message
    assert "(79.6%)" in by_check["wind_gust", "nulls"].message
    assert "(10.4%)" in by_check["pressure", "nulls"].message
    assert "ends on 2013-12-30 23:00: 873 of 336,776 rows of `flights`" in (
        by_check[None, "covers"].message
    )


def test_the_faults_of_the_flights_table_are_found(flights):
    report = validate(flights, infer_schema(flights, time="time_hour"))

    assert found(report) == {
        ("arr_delay", "nulls"): 9_430,
        ("air_time", "nulls"): 9_430,
        ("arr_time", "nulls"): 8_713,
        ("dep_time", "nulls"): 8_255,
        ("dep_delay", "nulls"): 8_255,
        ("tailnum", "nulls"): 2_512,
    }
    assert all(len(item.examples) == 5 for item in report.violations)


def one(column: ColumnSchema, *values, **options) -> dict[tuple[str | None, str], int]:
    return found(validate(pl.DataFrame({"a": values}), Schema(columns={"a": column}), **options))


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (ColumnSchema(type="Int64", min=1, max=3), [0, 1, 3, 4, 5, None], {"min": 1, "max": 2}),
        (ColumnSchema(type="Float64", max=3), [float("nan"), 4.0], {"max": 1}),
        (ColumnSchema(type="Float64", max_null_share=0.5), [float("nan"), None, 1.0],
         {"nulls": 2}),
        (ColumnSchema(type="Int64", max_null_share=0.5), [None, 1], {}),
        (ColumnSchema(type="String", values=["x", "y"]), ["x", "z", None], {"values": 1}),
        (ColumnSchema(type="String", pattern="^N[0-9]+$"), ["N1", "X1", None], {"pattern": 1}),
        (ColumnSchema(type="Int64", unique=True), [1, 1, 2, None, None], {"unique": 2}),
        (ColumnSchema(type="Int64"), ["1", "x", "2.5"], {"type": 2}),
        (ColumnSchema(type="Float64"), [1, 2], {}),
        (ColumnSchema(type="Int64", max=1), ["2", "0"], {"max": 1}),
        (ColumnSchema(type="Datetime"), ["2013-01-01", "soon"], {"type": 1}),
        (ColumnSchema(type="Boolean"), ["yes", "no", "perhaps"], {"type": 1}),
    ],
)  # fmt: skip
def test_each_check_counts_the_rows_that_fail_it(column, values, expected):
    assert one(column, *values) == {("a", check): count for check, count in expected.items()}


def test_a_stop_is_not_ok_and_comes_first():
    schema = Schema(columns={
        "a": ColumnSchema(type="Int64", max=0),
        "b": ColumnSchema(type="Int64", max=0, severity="stop"),
    })  # fmt: skip

    report = validate(pl.DataFrame({"a": [1, 1], "b": [0, 1]}), schema)

    assert not report.ok
    assert [item.column for item in report.violations] == ["b", "a"]
    assert report.to_dict()["ok"] is False


def test_columns_that_are_missing_or_unknown_are_named():
    schema = Schema(time="t", key=["k"], columns={
        "k": ColumnSchema(type="Int64"), "t": ColumnSchema(type="Date"),
    })  # fmt: skip

    report = validate(pl.DataFrame({"x": [1]}), schema)

    assert not report.ok
    assert [(item.column, item.check) for item in report.violations] == [
        ("k", "missing column"), ("t", "missing column"), ("x", "unknown column")
    ]  # fmt: skip


def test_keys_times_and_counts_of_the_table():
    schema = Schema(time="t", key=["k"], min_rows=5, max_age="2d", columns={
        "k": ColumnSchema(type="Int64"), "t": ColumnSchema(type="String"),
    })  # fmt: skip
    rows = pl.DataFrame({"k": [1, 1, 2], "t": ["2026-01-01", "soon", "2026-01-02"]})

    report = validate(rows, schema, now=NOW)

    assert found(report) == {
        (None, "key"): 2, (None, "time"): 1, (None, "rows"): 3, (None, "age"): 3
    }  # fmt: skip
    assert report.violations[0].examples == ({"k": 1}, {"k": 1})
    assert (None, "age") not in found(validate(rows, schema))


def test_a_label_is_not_asked_for_in_serving():
    schema = Schema(columns={
        "x": ColumnSchema(type="Int64"),
        "y": ColumnSchema(type="Int64", environments=["training"]),
    })  # fmt: skip
    rows = pl.DataFrame({"x": [1]})

    assert validate(rows, schema, environment="serving").violations == ()
    assert not validate(rows, schema).ok


def test_a_file_against_a_file(tmp_path):
    pl.DataFrame({"a": [1, 9]}).write_csv(tmp_path / "a.csv")
    Schema(columns={"a": ColumnSchema(type="Int64", max=5)}).save(tmp_path / "s.toml")

    report = validate(tmp_path / "a.csv", tmp_path / "s.toml")

    assert found(report) == {("a", "max"): 1}
    assert report.violations[0].examples == ({"row": 2, "a": 9},)


def test_no_rows_are_refused():
    with pytest.raises(SourceError, match="at least one row"):
        one(ColumnSchema(type="Int64"))
