import pandas as pd
import polars as pl
import pytest

from trimtab.core.errors import SchemaError
from trimtab.data.describable import describable
from trimtab.data.drift import drift
from trimtab.data.infer import infer_schema
from trimtab.data.profile import Profile, profile
from trimtab.data.sources import read_source

_HASHES = pl.Series([2**64 - 1, 5, None] * 40, dtype=pl.UInt64)
_OBJECTS = pl.Series([object(), None, "a"] * 40, dtype=pl.Object)
_PANDAS = pd.DataFrame({"x": range(120)})


def _tables():
    good = pl.DataFrame({"x": range(120)})
    mixed = [1, "a", None] * 40
    periods = pd.period_range("2024", periods=120, freq="D")
    return {
        "UInt64": good.with_columns(odd=_HASHES),
        "Object": good.with_columns(odd=_OBJECTS),
        "mixed": _PANDAS.assign(odd=mixed),
        "extension": _PANDAS.assign(odd=periods),
    }


@pytest.mark.parametrize("kind", ["UInt64", "Object", "mixed", "extension"])
def test_a_column_that_cannot_be_stored_costs_no_other_column(kind):
    table = _tables()[kind]

    described = profile(table)
    odd = described.columns["odd"]

    assert described.columns["x"].mean == 59.5
    assert odd.count + odd.nulls == 120
    assert odd.nulls == (0 if kind == "extension" else 40)
    assert "only missing values are counted" in odd.notes[0]
    assert list(infer_schema(table).columns) == ["x"]
    assert "`odd` is left out" in infer_schema(table).note
    report = drift(table, table)
    assert report.drifted == []
    assert "x" in report.columns
    assert "odd" in report.skipped


def test_unsigned_numbers_that_fit_are_numbers():
    rows = pl.DataFrame({"n": pl.Series([1, 2**63 - 1], dtype=pl.UInt64)})

    frame, odd = describable(rows)

    assert (frame.collect_schema()["n"], odd) == (pl.Int64(), {})


def test_large_unsigned_numbers_of_a_file_are_told(tmp_path):
    path = tmp_path / "ids.parquet"
    pl.DataFrame({"x": range(120), "odd": _HASHES}).write_parquet(path)

    made = profile(path)
    made.save(tmp_path / "profile.parquet")

    assert made.columns["odd"].type == "UInt64"
    assert (made + made).columns["odd"].notes == made.columns["odd"].notes
    assert Profile.load(tmp_path / "profile.parquet").columns["odd"] == made.columns["odd"]


def test_they_cannot_make_groups():
    with pytest.raises(SchemaError, match="group by in `odd`, got whole numbers above") as caught:
        profile(pl.DataFrame({"odd": _HASHES, "x": range(120)}), by="odd")

    assert "Cast `odd` to text" in caught.value.hint


def test_columns_keep_their_order():
    table = _tables()["mixed"][["odd", "x"]]

    assert list(profile(table).columns) == ["odd", "x"]


def test_where_all_columns_are_needed_the_mixed_one_is_named():
    with pytest.raises(SchemaError, match="one type in each column, got in `odd`: ") as caught:
        read_source(_tables()["mixed"])

    assert caught.value.hint == "Convert `odd` to text or to numbers."
