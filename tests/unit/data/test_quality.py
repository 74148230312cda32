import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import SchemaError, SourceError
from trimtab.data.infer import infer_schema
from trimtab.data.quality import quality
from trimtab.data.quality_report import QualityReport
from trimtab.data.schema import ColumnSchema, ForeignKey, Rule, Schema

NOW = datetime(2026, 1, 10, tzinfo=UTC)
SCHEMA = Schema(
    time="t",
    key=["id"],
    columns={
        "id": ColumnSchema(type="Int64"),
        "t": ColumnSchema(type="Datetime"),
        "age": ColumnSchema(type="Int64", min=0, max=120),
        "speed": ColumnSchema(type="Float64", min=0, max=400),
        "town": ColumnSchema(type="String", values=["Bern", "Basel", "Chur"]),
        "code": ColumnSchema(type="String", pattern="^N[0-9]+$"),
    },
    rules=[Rule(name="old enough", check="age >= 18", when="speed > 200")],
)


def clean(n: int = 400) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    return pl.DataFrame({
        "id": np.arange(n),
        "t": [NOW - timedelta(hours=n - i) for i in range(n)],
        "age": rng.integers(18, 90, n),
        "speed": rng.uniform(1, 399, n),
        "town": rng.choice(["Bern", "Basel", "Chur"], n),
        "code": [f"N{i % 37}" for i in range(n)],
    })  # fmt: skip


def spoilt(rows: pl.DataFrame, column: str, at: list[int], value: object) -> pl.DataFrame:
    values = rows[column].to_list()
    for row in at:
        values[row] = value
    return rows.with_columns(pl.Series(column, values, dtype=rows[column].dtype))


def parts(report: QualityReport) -> dict[tuple[str, str, str | None], int]:
    return {
        (part.dimension, part.name, part.column): part.faults
        for dimension in report.dimensions
        for part in dimension.parts
        if part.faults
    }


def test_a_clean_table_has_no_fault():
    report = quality(clean(), SCHEMA, now=NOW, max_age="2h")

    assert report.scores == dict.fromkeys(report.scores, 1.0)
    assert parts(report) == {}
    assert report.worst() == ()
    assert report.notes == ()


def test_planted_faults_are_counted_exactly():
    rows = clean()
    rows = spoilt(rows, "age", [3, 5], None)
    rows = spoilt(rows, "age", [7], -999)
    rows = spoilt(rows, "age", [9, 11, 13], 300)
    rows = spoilt(rows, "age", [15], 999)
    rows = spoilt(rows, "speed", [9, 21], -5.0)
    rows = spoilt(rows, "speed", [23], float("nan"))
    rows = spoilt(rows, "town", [9, 31, 33], "Born")
    rows = spoilt(rows, "town", [35], "bern ")
    rows = spoilt(rows, "town", [37, 39], " Unknown")
    rows = spoilt(rows, "code", [41], "X1")
    rows = spoilt(rows, "id", [51], 50)

    report = quality(rows, SCHEMA, now=NOW, max_age="2h")

    assert parts(report) == {
        ("accuracy", "max", "age"): 3,
        ("accuracy", "min", "speed"): 2,
        ("accuracy", "values", "town"): 4,
        ("accuracy", "pattern", "code"): 1,
        ("completeness", "nulls", "age"): 2,
        ("completeness", "nulls", "speed"): 1,
        ("completeness", "marker", "age"): 2,
        ("completeness", "marker", "town"): 2,
        ("consistency", "key", None): 2,
        ("consistency", "spelling", "town"): 1,
    }
    cells = 400 * 6
    assert report.completeness.score == pytest.approx(1 - 7 / cells, abs=1e-15)
    assert report.accuracy.score == pytest.approx(1 - 10 / (cells - 7), abs=1e-15)
    assert report.consistency.score == pytest.approx(1 - 3 / 400, abs=1e-15)
    assert report.completeness.rows == 7
    assert report.accuracy.rows == len({9, 11, 13, 21, 31, 33, 35, 41})
    by_name = {(part.name, part.column): part for part in report.accuracy.parts}
    assert [row["id"] for row in by_name["max", "age"].examples] == [9, 11, 13]
    assert by_name["max", "age"].examples[0] == {"id": 9, "age": 300}
    assert by_name["pattern", "code"].message == "`code`: 1 of 400 values do not match the pattern"


def test_a_cell_with_two_faults_counts_once_and_neither_part_gains_it():
    schema = Schema(columns={
        "code": ColumnSchema(type="String", pattern="^N[0-9]+$", min_length=3),
    })  # fmt: skip
    rows = pl.DataFrame({"code": ["N12", "X", "X123", "N4"]})

    report = quality(rows, schema)

    assert report.accuracy.score == 1 - 3 / 4
    assert {part.name: (part.faults, part.gain) for part in report.accuracy.parts} == {
        "pattern": (2, 0.25), "min_length": (2, 0.25)
    }  # fmt: skip


def test_a_row_with_two_faults_counts_once_in_consistency():
    schema = Schema(
        key=["id"],
        columns={"id": ColumnSchema(type="Int64"), "left": ColumnSchema(type="Int64"),
                 "back": ColumnSchema(type="Int64")},
        rules=[Rule(name="back after it left", check="left <= back")],
    )  # fmt: skip
    rows = pl.DataFrame({"id": [1, 1, 2, 3], "left": [9, 1, 9, 1], "back": [5, 5, 5, None]})

    report = quality(rows, schema)

    assert report.consistency.score == 1 - 3 / 4
    found = {part.name: (part.faults, part.gain) for part in report.consistency.parts}
    assert found == {"key": (2, 0.25), "rule: back after it left": (2, 0.25)}


def test_a_missing_column_lacks_all_of_its_cells():
    report = quality(clean().drop("speed", "town"), SCHEMA)

    assert report.completeness.score == pytest.approx(4 / 6, abs=1e-15)
    assert [part.column for part in report.completeness.parts] == ["speed", "town"]
    assert report.completeness.rows == 400


def test_text_where_numbers_should_be_is_there_and_doubted():
    rows = clean().with_columns(pl.col("age").cast(pl.String))
    rows = spoilt(rows, "age", [2, 4], "many")
    rows = spoilt(rows, "age", [6], "N/A")

    report = quality(rows, SCHEMA)

    assert parts(report) == {("accuracy", "type", "age"): 2, ("completeness", "marker", "age"): 1}


def test_rows_short_of_the_schema_are_missing_cells():
    schema = Schema(min_rows=10, columns={"a": ColumnSchema(type="Int64")})

    report = quality(pl.DataFrame({"a": list(range(8))}), schema)

    assert report.completeness.score == 0.8
    assert parts(report) == {("completeness", "rows", None): 2}


def test_values_that_another_table_lacks_break_a_rule():
    schema = Schema(
        columns={"town": ColumnSchema(type="String")},
        foreign_keys=[ForeignKey(columns=["town"], table="towns", references=["name"])],
    )
    rows = pl.DataFrame({"town": ["Bern", "Basel", "Oslo", "Bern"]})
    towns = pl.DataFrame({"name": ["Bern", "Basel"]})

    report = quality(rows, schema, tables={"towns": towns})

    assert report.consistency.score == 0.75
    (part,) = report.consistency.parts
    assert (part.name, part.faults, part.gain) == ("foreign key", 1, 0.25)
    assert part.examples == ({"row": 3, "town": "Oslo"},)


def test_labels_that_contradict_each_other():
    schema = Schema(key=["id"], columns={
        "id": ColumnSchema(type="Int64"),
        "x": ColumnSchema(type="String"),
        "y": ColumnSchema(type="Boolean"),
    })  # fmt: skip
    rows = pl.DataFrame({
        "id": range(8),
        "x": ["a", "a", "a", "b", "b", "c", None, None],
        "y": [True, True, False, True, True, None, False, True],
    })  # fmt: skip

    report = quality(rows, schema, label="y")

    assert report.accuracy.score == pytest.approx(1 - 5 / 7)
    (part,) = report.accuracy.parts
    assert (part.name, part.faults, part.of) == ("label", 5, 7)
    assert part.gain == pytest.approx(5 / 7)
    assert part.examples[0] == {"id": 0, "y": True, "x": "a"}


def test_what_stands_for_missing_can_be_named():
    rows = pl.DataFrame({"x": [-1, 5, -1, 7], "cellar": ["none", "wine", "none", "wine"]})
    schema = Schema(columns={
        "x": ColumnSchema(type="Int64"), "cellar": ColumnSchema(type="String")
    })  # fmt: skip

    assert parts(quality(rows, schema)) == {("completeness", "marker", "cellar"): 2}
    named = quality(rows, schema, markers={"x": [-1], "cellar": ()})
    assert parts(named) == {("completeness", "marker", "x"): 2}


def test_a_day_that_no_one_means_stands_for_missing():
    days = [datetime(2026, 1, 1 + i, tzinfo=UTC) for i in range(20)]
    days[3] = datetime(9999, 12, 31, tzinfo=UTC)
    rows = pl.DataFrame({"t": days, "d": days}).cast({"d": pl.Date})
    schema = Schema(time="t", columns={
        "t": ColumnSchema(type="Datetime"), "d": ColumnSchema(type="Date")
    })  # fmt: skip

    report = quality(rows, schema, now=datetime(2026, 1, 20, tzinfo=UTC), max_age="1d")

    assert parts(report) == {
        ("completeness", "gap", None): 1,
        ("completeness", "marker", "d"): 1, ("completeness", "marker", "t"): 1,
    }  # fmt: skip


def test_a_heavy_number_apart_from_all_others_stands_for_missing():
    rng = np.random.default_rng(1)
    days = rng.integers(0, 30, 2_000)
    days[:300] = 999
    since = rng.integers(0, 500, 2_000)
    since[100:200] = -1
    rows = pl.DataFrame({
        "days": days, "since": since,
        "change": rng.integers(-40, 40, 2_000), "sign": rng.choice([-1, 1], 2_000),
    })  # fmt: skip

    report = quality(rows)

    assert report.drafted
    assert parts(report) == {
        ("completeness", "marker", "days"): 300, ("completeness", "marker", "since"): 100
    }  # fmt: skip


def test_bounds_on_a_distribution_are_notes():
    schema = Schema(columns={"a": ColumnSchema(type="Int64", mean=(5, 9))})

    report = quality(pl.DataFrame({"a": [1, 2], "b": [1, 1]}), schema)

    assert report.accuracy.score == 1.0
    assert len(report.notes) == 2
    assert "the mean of 2 values is 1.5" in " ".join(report.notes)


def test_the_weather_table_is_told_as_it_is(weather):
    schema = infer_schema(weather, time="time_hour", key=["origin", "time_hour"])

    report = quality(weather, schema, now=datetime(2014, 1, 1, tzinfo=UTC), max_age="1d")

    gust = next(part for part in report.worst() if part.column == "wind_gust")
    assert (gust.faults, gust.of, gust.name) == (20_778, 26_115, "nulls")
    assert "(79.6%)" in gust.message
    (gale,) = report.accuracy.parts
    assert (gale.name, gale.column, gale.faults) == ("max", "wind_speed", 1)
    assert gale.examples == (
        {
            "origin": "EWR", "time_hour": datetime(2013, 2, 12, 8, tzinfo=UTC),
            "wind_speed": 1048.36058,
        },
    )  # fmt: skip
    assert report.worst()[0] is gust
    gap = next(part for part in report.completeness.parts if part.name == "gap")
    every_hour = 3 * (363 * 24 + 18)  # of three airports, from January 1 at 6 to December 30 at 23
    assert gap.faults == every_hour - weather.height
    assert report.timeliness.score == pytest.approx(24 / 25)


def test_a_report_survives_json():
    report = quality(spoilt(clean(), "age", [3], 300), SCHEMA, now=NOW, max_age="2h")

    again = QualityReport.from_dict(json.loads(json.dumps(report.to_dict())))

    assert again.to_dict() == report.to_dict()
    assert again.scores == report.scores
    assert [part.gain for part in again.worst()] == [part.gain for part in report.worst()]


def test_names_with_braces_do_no_harm():
    rows = pl.DataFrame({"{a}": [1, None, 300]})
    schema = Schema(columns={"{a}": ColumnSchema(type="Int64", max=5)})

    report = quality(rows, schema)

    assert parts(report) == {("accuracy", "max", "{a}"): 1, ("completeness", "nulls", "{a}"): 1}
    assert report.completeness.parts[0].message.startswith("`{a}`: 1 of 3")


@pytest.mark.parametrize("name", ["label", "arrived"])
def test_a_column_that_is_not_there_is_refused(name):
    with pytest.raises(SchemaError, match="expected a column `tonw`, found none") as caught:
        quality(clean(), SCHEMA, **{name: "tonw"})

    assert caught.value.hint == "Did you mean `town`?"


def test_without_a_clock_timeliness_says_why():
    undated = Schema(columns={"age": ColumnSchema(type="Int64")})

    assert quality(clean(), undated).timeliness.score is None
    assert "no column dates the rows" in quality(clean(), undated).timeliness.meaning
    assert "give `now`" in quality(clean(), SCHEMA).timeliness.meaning
    assert "no need is named" in quality(clean(), SCHEMA, now=NOW).timeliness.meaning


def test_with_no_value_accuracy_says_why():
    schema = Schema(columns={"a": ColumnSchema(type="Int64")})

    report = quality(pl.DataFrame({"a": [None, None]}, schema={"a": pl.Int64}), schema)

    assert report.accuracy.score is None
    assert report.completeness.score == 0.0


def test_a_source_without_rows_is_named_as_it_was_given(tmp_path):
    (tmp_path / "head.csv").write_text("a,b\n")

    with pytest.raises(SourceError, match=r"^.*head\.csv: expected at least one row, got none"):
        quality(tmp_path / "head.csv")


@pytest.mark.parametrize("asked", [{"key": ["tmie"]}, {"time": "tmie"}, {"markers": {"tmie": []}}])
def test_what_names_or_dates_rows_has_to_be_there(tmp_path, asked):
    pl.DataFrame({"time": ["2026-01-01"]}).write_csv(tmp_path / "a.csv")

    with pytest.raises(SchemaError, match=r"a\.csv: expected a column `tmie`, found none"):
        quality(tmp_path / "a.csv", **asked)
