from datetime import UTC, date, datetime, time
from decimal import Decimal

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from trimtab.core.errors import SchemaError
from trimtab.serving.protocol import to_json
from trimtab.serving.tensors import RequestError, cast, read_tensor, write_tensor

ZONED = datetime(2013, 4, 1, 12, 30, 15, 123456, tzinfo=UTC)


def travelled(series: pl.Series) -> pl.Series:
    tensor = orjson.loads(to_json(write_tensor(series)))
    return cast(read_tensor(tensor, 0), series.dtype)


@pytest.mark.parametrize(
    "series",
    [
        pl.Series("x", [1, None, -(2**63)], dtype=pl.Int64),
        pl.Series("x", [0, 255, None], dtype=pl.UInt8),
        pl.Series("x", [0.1, None, float("nan"), float("inf"), float("-inf"), 1e300]),
        pl.Series("x", [0.1, None], dtype=pl.Float32),
        pl.Series("x", [True, None, False]),
        pl.Series("x", ["Łódź", "", None]),
        pl.Series("x", ["a", "b", None], dtype=pl.Categorical),
        pl.Series("x", ["a", "b", None], dtype=pl.Enum(["b", "a"])),
        pl.Series("x", [date(2013, 1, 2), None]),
        pl.Series("x", [time(1, 2, 3), None]),
        pl.Series("x", [ZONED, None], dtype=pl.Datetime("us", "UTC")),
        pl.Series("x", [ZONED, None], dtype=pl.Datetime("us", "America/New_York")),
        pl.Series("x", [ZONED.replace(tzinfo=None), None], dtype=pl.Datetime("ms")),
        pl.Series("x", [Decimal("1.25"), None], dtype=pl.Decimal(10, 2)),
        pl.Series("x", [None, None], dtype=pl.Int16),
        pl.Series("x", [None, None], dtype=pl.Date),
    ],
    ids=lambda series: str(series.dtype),
)
def test_column_arrives_as_it_was_sent(series):
    assert_series_equal(travelled(series), series)


@given(st.lists(st.floats() | st.none(), min_size=1))
def test_every_float_arrives_as_it_was_sent(values):
    series = pl.Series("x", values, dtype=pl.Float64)

    assert_series_equal(travelled(series), series, abs_tol=0, rel_tol=0)


@given(st.lists(st.text() | st.none(), min_size=1))
def test_every_text_arrives_as_it_was_sent(values):
    usable = [v if v is None or v.isprintable() else "?" for v in values]
    series = pl.Series("x", usable, dtype=pl.String)

    assert_series_equal(travelled(series), series)


def test_column_of_lists_cannot_be_sent():
    with pytest.raises(SchemaError, match="`x`, got List"):
        write_tensor(pl.Series("x", [[1]]))


@pytest.mark.parametrize(
    ("datatype", "data", "message"),
    [
        ("INT64", [1, "two"], r"`x`, row 1: expected INT64, got 'two'"),
        ("INT64", [1, 2.5], r"row 1: expected INT64, got 2\.5"),
        ("INT64", [True], r"row 0: expected INT64, got True"),
        ("INT8", [1, 300], r"row 1: expected INT8, got 300"),
        ("UINT8", [-1], r"row 0: expected UINT8, got -1"),
        ("FP64", [None, "far"], r"row 1: expected FP64, got 'far'"),
        ("BOOL", [0], r"row 0: expected BOOL, got 0"),
        ("BYTES", [None, 5], r"row 1: expected BYTES, got 5"),
    ],
)
def test_value_that_is_not_of_the_datatype_is_named(datatype, data, message):
    tensor = {"name": "x", "shape": [len(data)], "datatype": datatype, "data": data}

    with pytest.raises(SchemaError, match=message):
        read_tensor(tensor, 0)


def test_tensor_of_one_column_may_be_nested():
    tensor = {"name": "x", "shape": [2, 1], "datatype": "INT64", "data": [[1], [2]]}

    assert read_tensor(tensor, 0).to_list() == [1, 2]


def test_shape_is_held_against_the_data():
    tensor = {"name": "x", "shape": [3], "datatype": "INT64", "data": [1, 2]}

    with pytest.raises(RequestError, match=r"expected shape \[2\] for 2 values, got \[3\]"):
        read_tensor(tensor, 0)


def test_nearest_datatype_is_named():
    with pytest.raises(RequestError, match="`INT65`") as caught:
        read_tensor({"name": "x", "shape": [0], "datatype": "INT65", "data": []}, 0)

    assert caught.value.hint == "Did you mean `INT64`?"


@pytest.mark.parametrize(
    ("series", "kind", "expected"),
    [
        (pl.Series("x", [1, 2]), pl.Float64(), [1.0, 2.0]),
        (pl.Series("x", [1.0, None]), pl.Int16(), [1, None]),
        (pl.Series("x", ["2013-04-01"]), pl.Date(), [date(2013, 4, 1)]),
        (pl.Series("x", ["2013-04-01T14:30:15.123456+02:00"]), pl.Datetime("us", "UTC"), [ZONED]),
    ],
)
def test_cast_that_loses_nothing_is_made(series, kind, expected):
    assert cast(series, kind).to_list() == expected


@pytest.mark.parametrize(
    ("series", "kind", "message"),
    [
        (pl.Series("x", [1.0, 1.5]), pl.Int64(), r"`x`, row 1: expected Int64 as in training"),
        (pl.Series("x", [float("nan")]), pl.Int64(), "row 0"),
        (pl.Series("x", [1, 40_000]), pl.Int16(), "row 1: expected Int16"),
        (pl.Series("x", [None, "1"]), pl.Int64(), r"row 1: expected Int64.*got '1' \(BYTES\)"),
        (pl.Series("x", [3]), pl.String(), "row 0: expected text"),
        (pl.Series("x", [1]), pl.Boolean(), "row 0: expected Boolean"),
        (pl.Series("x", ["2013-04-01", "soon"]), pl.Date(), "row 1: expected a date.*'soon'"),
        (pl.Series("x", [""]), pl.Datetime("us"), "row 0: expected a date or time"),
        (pl.Series("x", ["c"]), pl.Enum(["a"]), "row 0: expected Enum"),
    ],
)
def test_cast_that_would_lose_something_is_refused(series, kind, message):
    with pytest.raises(SchemaError, match=message):
        cast(series, kind)
