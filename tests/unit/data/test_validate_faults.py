"""Faults that people meet, each named under its own name, and none losing the others."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import SchemaError, SourceError
from trimtab.data.checks import validate
from trimtab.data.profile import profile
from trimtab.data.schema import ColumnSchema, ForeignKey, Rule, Schema


def one(rows: pl.DataFrame, name: str = "a", **demands):
    """Return the only violation of a schema that asks something of one column."""
    columns = {n: ColumnSchema(type="Int64") for n in rows.columns if n != name}
    report = validate(rows, Schema(columns={name: ColumnSchema(**demands), **columns}))
    assert len(report.violations) == 1
    return report.violations[0]


def test_unknown_levels_are_named_with_their_counts():
    rows = pl.DataFrame({"a": ["x"] * 5 + ["yy"] * 3 + ["z", "u", "w", None]})

    told = one(rows, type="String", values=["x"])

    assert told.message == ("`a`: 6 of 12 values are none of the 1 known ('yy' 3, 'u' 1, 'w' 1)")
    assert told.examples[0] == {"row": 6, "a": "yy"}
    assert len(told.examples) == 5


def test_text_where_numbers_should_be_is_named_with_examples():
    told = one(pl.DataFrame({"a": ["1", "2,5", "2,5", "x", None]}), type="Int64")

    assert told.check == "type"
    assert told.severity == "stop"
    assert (
        told.message == "`a`: 3 of 5 values are not of type Int64 (found String) ('2,5' 2, 'x' 1)"
    )
    assert told.examples == ({"row": 2, "a": "2,5"}, {"row": 3, "a": "2,5"}, {"row": 4, "a": "x"})


def test_bytes_that_are_no_utf8_are_counted():
    told = one(pl.DataFrame({"a": [b"ok", b"\xff\xfe", None]}), type="String", pattern="^o")

    assert told.check == "encoding"
    assert told.message == "`a`: 1 of 3 values are not text in UTF-8"
    assert told.examples == ({"row": 2, "a": "fffe"},)


def test_a_text_file_in_another_encoding_is_named_with_its_line(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\n1,x\n2,caf\xe9\n")
    schema = Schema(columns={"a": ColumnSchema(type="Int64")})

    with pytest.raises(SourceError, match=r"expected text in UTF-8, got other bytes in line 3"):
        validate(tmp_path / "a.csv", schema)


@pytest.mark.parametrize(
    ("zone", "kind", "message"),
    [
        ("UTC", pl.Datetime("us"), "`a`: expected times in the zone UTC, got times without a "
         "zone (naive); naive times are read as UTC"),
        ("naive", pl.Datetime("us", "Europe/Zurich"), "`a`: expected times without a zone "
         "(naive), got times in the zone Europe/Zurich; naive times are read as UTC"),
        ("UTC", pl.Datetime("us", "Europe/Zurich"),
         "`a`: expected times in the zone UTC, got Europe/Zurich"),
    ],
)  # fmt: skip
def test_times_in_another_zone_are_named(zone, kind, message):
    rows = pl.DataFrame({"a": pl.Series([datetime(2026, 1, 1, tzinfo=UTC)]).cast(kind)})

    told = one(rows, type="Datetime", time_zone=zone)

    assert (told.check, told.message) == ("time zone", message)
    assert validate(rows, Schema(columns={"a": ColumnSchema(type="Datetime")})).violations == ()


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("UTC", "times as text: 2 of 4 carry no offset from UTC, expected one"),
        ("naive", "times as text: 1 of 4 carry an offset from UTC, expected none (naive)"),
    ],
)
def test_times_as_text_with_and_without_an_offset_are_told_apart(zone, told):
    rows = pl.DataFrame({"a": ["2026-01-01 10:00", "2026-01-01T10:00:00Z", "2026-01-02", None]})

    assert one(rows, type="Datetime", time_zone=zone).message == f"`a`: {told}"


def test_nan_and_infinity_are_named_where_they_are_forbidden():
    rows = pl.DataFrame({"a": [1.0, float("nan"), float("inf"), float("-inf"), None]})

    told = one(rows, type="Float64", finite=True)

    assert told.message == ("`a`: 3 of 5 values are NaN or infinite ('-inf' 1, 'inf' 1, 'NaN' 1)")


def test_times_have_bounds_too():
    rows = pl.DataFrame({"a": [date(2013, 1, 1), date(2031, 1, 1)]})

    told = one(rows, type="Date", max=date(2026, 1, 1))

    assert told.message == "`a`: 1 of 2 values above 2026-01-01 00:00 (largest 2031-01-01)"


def test_a_rule_names_the_rows_that_break_it():
    schema = Schema(
        key=["id"],
        columns={n: ColumnSchema(type="Int64") for n in ("id", "left", "back", "kind")},
        rules=[Rule(name="back after {it} left", check="left <= back", when="kind = 1",
                    severity="stop")],
    )  # fmt: skip
    rows = pl.DataFrame({
        "id": [7, 8, 9, 10], "left": [5, 5, 5, None], "back": [4, 6, 4, 1], "kind": [1, 1, 2, 1],
    })  # fmt: skip

    report = validate(rows, schema)

    assert not report.ok
    told = report.violations[0]
    assert told.check == "rule: back after {it} left"
    assert told.message == "rows: 1 of 3 (33.3%) break the rule `back after {it} left`"
    assert told.examples == ({"id": 7, "left": 5, "back": 4, "kind": 1},)


def test_a_rule_that_cannot_be_asked_of_the_rows_never_loses_the_others():
    schema = Schema(
        columns={"t": ColumnSchema(type="String"), "x": ColumnSchema(type="Int64", max=1)},
        rules=[
            Rule(name="number", check="CAST(t AS INT) > 3"), Rule(name="small", check="x < 2"),
        ],
    )  # fmt: skip

    report = validate(pl.DataFrame({"t": ["1", "b"], "x": [1, 2]}), schema)

    checks = {item.check: item for item in report.violations}
    assert set(checks) == {"rule: number", "rule: small", "max"}
    assert checks["max"].count == checks["rule: small"].count == 1
    assert "`rule: number` could not be asked of these rows: " in checks["rule: number"].message


def test_a_rule_is_not_made_where_a_column_is_missing_and_says_so():
    schema = Schema(
        columns={"x": ColumnSchema(type="Int64"),
                 "y": ColumnSchema(type="Int64", required=False),
                 "z": ColumnSchema(type="Int64", max=0, when="y > 1")},
        rules=[Rule(name="r", check="x <= y")],
    )  # fmt: skip

    report = validate(pl.DataFrame({"x": [1], "z": [1]}), schema)

    assert report.violations == ()
    assert report.skipped == (
        "rule `r`: a column that it reads is not there",
        "`z`: a column that its `when` reads is not there",
    )


def test_a_damaged_file_is_told_as_such_and_not_as_a_bad_rule(tmp_path):
    file = tmp_path / "a.parquet"
    pl.DataFrame({"x": range(1000)}).write_parquet(file)
    content = bytearray(file.read_bytes())
    content[4:200] = b"\x00" * 196
    file.write_bytes(content)
    schema = Schema(
        columns={"x": ColumnSchema(type="Int64")}, rules=[Rule(name="r", check="x > 1")]
    )

    with pytest.raises(SourceError):
        validate(file, schema)


def test_columns_that_no_check_needs_are_not_read(tmp_path):
    file = tmp_path / "a.parquet"
    rng = np.random.default_rng(0)
    rows = pl.DataFrame({"x": range(5_000), "idle": rng.integers(0, 2**62, 5_000)})
    rows.write_parquet(file, compression="uncompressed", use_pyarrow=False)
    content = bytearray(file.read_bytes())
    # the values of `idle` lie in the middle of the file: overwrite the page's header
    start = content.find(rows["idle"].to_numpy().tobytes()[:64])
    assert start > 0
    content[start - 40 : start + 64] = b"\xff" * 104
    file.write_bytes(content)
    columns = {"x": ColumnSchema(type="Int64", max=10), "idle": ColumnSchema(type="Int64")}

    report = validate(file, Schema(columns=columns))

    assert [item.count for item in report.violations] == [4_989]
    with pytest.raises(SourceError):
        validate(file, Schema(columns={**columns, "idle": ColumnSchema(type="Int64", max=1)}))


@pytest.fixture
def planes(tmp_path):
    pl.DataFrame({"tail": ["N1", "N2", "N2"], "seats": [1, 2, 2]}).write_csv(tmp_path / "p.csv")
    return tmp_path


def test_a_foreign_key_counts_the_rows_whose_value_is_not_there(planes):
    schema = Schema(
        key=["id"],
        columns={"id": ColumnSchema(type="Int64"), "tailnum": ColumnSchema(type="String")},
        foreign_keys=[ForeignKey(columns=["tailnum"], source="p.csv", references=["tail"])],
    )
    schema.save(planes / "s.toml")
    rows = pl.DataFrame({"id": range(6), "tailnum": ["N1", "N9", "N2", "N9", "N8", None]})

    report = validate(rows, planes / "s.toml")

    told = report.violations[0]
    assert (told.column, told.check, told.count) == ("tailnum", "foreign key", 3)
    assert told.message == (
        "3 of 6 have a `tailnum` that `p.csv` does not hold: 2 different ('N9' 2, 'N8' 1)"
    )
    assert told.examples == (
        {"id": 1, "tailnum": "N9"}, {"id": 3, "tailnum": "N9"}, {"id": 4, "tailnum": "N8"}
    )  # fmt: skip


def test_a_foreign_key_of_text_is_looked_up_in_the_text_of_a_file(tmp_path):
    (tmp_path / "w.csv").write_text("hour,zip\n2013-01-01T10:00:00Z,007\n")
    schema = Schema(
        columns={"at": ColumnSchema(type="String"), "to": ColumnSchema(type="String")},
        foreign_keys=[
            ForeignKey(columns=["at", "to"], source="w.csv", references=["hour", "zip"])
        ],
    )
    schema.save(tmp_path / "s.toml")
    rows = pl.DataFrame({"at": ["2013-01-01T10:00:00Z"], "to": ["007"]})

    assert validate(rows, tmp_path / "s.toml").violations == ()


def test_a_foreign_key_of_several_columns_against_a_table_handed_over():
    schema = Schema(
        columns={"a": ColumnSchema(type="Int64"), "b": ColumnSchema(type="Int64")},
        foreign_keys=[ForeignKey(columns=["a", "b"], table="pairs")],
    )
    rows = pl.DataFrame({"a": [1, 1, 2, None], "b": [1, 2, 2, 3]})
    pairs = pl.DataFrame({"a": [1.0, 2.0], "b": [1, 2]})

    report = validate(rows, schema, tables={"pairs": pairs})

    assert [(item.column, item.count) for item in report.violations] == [(None, 1)]
    assert report.violations[0].examples == ({"row": 2, "a": 1, "b": 2},)
    assert validate(rows, schema).skipped == ("foreign key a, b: the table `pairs` was not given",)
    with pytest.raises(SchemaError, match="expected a column `b` for the foreign key"):
        validate(rows, schema, tables={"pairs": pairs.drop("b")})


def test_a_jump_of_the_row_count_is_told():
    schema = Schema(columns={"a": ColumnSchema(type="Int64")}, max_row_change=0.5)
    rows = pl.DataFrame({"a": range(40)})

    report = validate(rows, schema, previous_rows=100)

    assert [(item.check, item.count) for item in report.violations] == [("row change", 60)]
    assert report.violations[0].message == (
        "40 rows where there were 100 (-60.0%), expected a change of at most 50.0%"
    )
    assert validate(rows, schema, previous_rows=60).violations == ()
    assert validate(rows, schema).skipped == ("row change: no earlier row count to compare with",)


def test_checks_that_need_more_than_the_rows_say_when_they_are_not_made():
    schema = Schema(
        time="t", max_age="1d", covers="other", columns={"t": ColumnSchema(type="Date")}
    )

    report = validate(pl.DataFrame({"t": [date(2026, 1, 1)]}), schema)

    assert report.skipped == (
        "age: no moment to see it from (`now`)", "covers: no event times of `other`"
    )  # fmt: skip


@pytest.fixture
def reference(tmp_path):
    rng = np.random.default_rng(1)
    rows = pl.DataFrame({
        "years": rng.gamma(3, 10, 3_000), "kind": rng.choice(["a", "b", "c"], 3_000),
        "t": [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=h) for h in range(3_000)],
    })  # fmt: skip
    profile(rows).save(tmp_path / "january.parquet")
    columns = {
        "years": ColumnSchema(type="Float64", max_drift=0.1),
        "kind": ColumnSchema(type="String", max_drift=0.1),
        "t": ColumnSchema(type="Datetime", max_drift=0.1),
    }
    schema = Schema(
        reference="january", references={"january": "january.parquet"}, max_row_change=0.1,
        columns=columns,
    )  # fmt: skip
    schema.save(tmp_path / "s.toml")
    return rows, tmp_path / "s.toml"


def test_rows_like_the_reference_keep_within_its_bounds(reference):
    rows, schema = reference
    again = rows.with_columns(pl.Series("years", np.random.default_rng(2).gamma(3, 10, 3_000)))

    report = validate(again, schema)

    assert (report.violations, report.skipped) == ((), ())


def test_what_moved_further_than_allowed_is_told_with_how_far(reference):
    rows, schema = reference
    moved = rows.head(1_500).with_columns(pl.col("years") + 10, kind=pl.lit("a"))
    true = 0.5  # of the time span, the second half is missing

    report = validate(moved, schema)

    told = {(item.column, item.check): item for item in report.violations}
    assert set(told) == {("years", "drift"), ("kind", "drift"), ("t", "drift"),
                         (None, "row change")}  # fmt: skip
    share = float(told["t", "drift"].message.split("%")[0].split()[-1]) / 100
    assert share == pytest.approx(true, abs=0.02)
    others = 1 - rows["kind"].value_counts(normalize=True).filter(kind="a")["proportion"].item()
    assert f"{others:.1%} of its distribution moved" in told["kind", "drift"].message


def test_another_unit_or_type_is_no_drift(reference):
    rows, schema = reference
    changed = rows.with_columns(pl.col("years") * 12)

    report = validate(changed, schema)

    assert [(item.column, item.check) for item in report.violations] == [("years", "unit")]
    assert report.violations[0].message == (
        "`years`: all values are 12 times those of the reference `january`: another unit, no "
        "drift is told"
    )


DAY, MOMENT = date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Int64", [1, 2]), ("String", ["a"]), ("Date", b"x"), ("Boolean", DAY),
        ("Float64", {"b": 1}), ("Binary", MOMENT), ("Boolean", MOMENT), ("Int64", b"1"),
        ("Date", 20130101), ("Datetime", 1.5), ("Int64", DAY), ("Float64", MOMENT),
    ],
)  # fmt: skip
def test_a_column_of_quite_another_type_loses_no_other_check(kind, value):
    rows = pl.DataFrame({"a": [value, None], "b": [1, 9]})
    schema = Schema(columns={"a": ColumnSchema(type=kind), "b": ColumnSchema(type="Int64", max=5)})

    found = {v.column: v for v in validate(rows, schema).violations}

    assert (found["a"].check, found["a"].severity, found["a"].count) == ("type", "stop", 1)
    assert f"1 of 2 values are not of type {kind} (found" in found["a"].message
    assert found["a"].examples == ({"row": 1, "a": value},)
    assert found["b"].message == "`b`: 1 of 2 values above 5 (largest 9)"


def test_names_and_types_with_braces_are_told_as_they_are():
    rows = pl.DataFrame({"a{b}": [1, 1], "{}": [{"x{": 1}, None], "c": [7, 7]})
    schema = Schema(
        key=["a{b}"], rules=[Rule(name="{r}", check='"a{b}" > 1')],
        columns={
            "a{b}": ColumnSchema(type="Int64"), "{}": ColumnSchema(type="Int64"),
            "c": ColumnSchema(type="Int64", max=5, when='"a{b}" > 0'),
        },
    )  # fmt: skip

    told = {violation.message for violation in validate(rows, schema).violations}

    assert told == {
        "rows: 2 of 2 share their key (a{b}) with another row",
        "rows: 2 of 2 (100.0%) break the rule `{r}`",
        '`c`: 2 of 2 values above 5, where "a{b}" > 0',
        "`{}`: 1 of 2 values are not of type Int64 (found Struct({'x{': Int64}))",
    }


def test_keys_and_times_that_are_not_there_are_named_as_not_checked():
    schema = Schema(key=["k"], time="t", columns={"a": ColumnSchema(type="Int64")})

    assert validate(pl.DataFrame({"a": [1]}), schema).skipped == (
        "key: no column `k`", "time: no column `t`",
    )  # fmt: skip


def test_an_environment_that_does_not_exist_is_refused():
    schema = Schema(columns={"a": ColumnSchema(type="Int64")})

    with pytest.raises(ValueError, match="`training` or `serving` was expected, got 'prod'"):
        validate(pl.DataFrame({"a": [1]}), schema, environment="prod")


def test_a_foreign_key_whose_file_is_not_there_is_named(tmp_path):
    key = ForeignKey(columns=["a"], source="none.csv")
    schema = Schema(columns={"a": ColumnSchema(type="Int64")}, foreign_keys=[key]).at(tmp_path)

    with pytest.raises(SourceError, match="foreign key a: expected a file at .*none.csv"):
        validate(pl.DataFrame({"a": [1]}), schema)


def test_degrees_of_another_scale_are_no_drift(tmp_path):
    rng = np.random.default_rng(0)
    profile(pl.DataFrame({"t": rng.normal(12, 8, 2_000)})).save(tmp_path / "p.parquet")
    rows = pl.DataFrame({"t": rng.normal(12, 8, 2_000) * 1.8 + 32})
    schema = Schema(
        columns={"t": ColumnSchema(type="Float64", max_drift=0.1)},
        reference="p", references={"p": "p.parquet"},
    )  # fmt: skip

    (found,) = validate(rows, schema.at(tmp_path)).violations

    assert found.check == "unit"
    assert "degrees Celsius seem to have become degrees Fahrenheit" in found.message
