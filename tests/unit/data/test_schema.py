import polars as pl
import pytest

from trimtab.core.errors import SchemaError
from trimtab.data.schema import ColumnSchema, Schema, infer_schema

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


def test_its_version_follows_what_it_demands_and_not_its_notes():
    columns = dict(SCHEMA.columns)
    columns["id"] = columns["id"].model_copy(update={"note": "new"})
    noted = SCHEMA.model_copy(update={"columns": columns})
    columns = columns | {"id": columns["id"].model_copy(update={"min": 0})}
    changed = SCHEMA.model_copy(update={"columns": columns})

    assert noted.version == SCHEMA.version != changed.version


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("[columns.a]\ntype = 'Int64'\nmni = 1", r"unknown key `columns\.a\.mni`", "`min`"),
        ("tmie = 'a'\n[columns]", "unknown key `tmie`", "`time`"),
        ("[columns.a]\ntype = 'Int'", "unknown type 'Int'", "Change"),
        ("[columns.a]\nmin = 1", r"`columns\.a\.type`: Field required", "Change"),
        ("not toml", "expected TOML", "Mend"),
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
