from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import SchemaError
from trimtab.models.encode import UNKNOWN, Encoder

FEATURES = pl.DataFrame({
    "town": ["b", None, "a", "b"],
    "size": [1, None, 3, 4],
    "rate": [0.5, float("nan"), float("inf"), 2.0],
    "sold": [True, None, False, True],
    "nothing": [None, None, None, None],
    "blank": pl.Series([None] * 4, dtype=pl.String),
})  # fmt: skip


def test_numbers_come_first_and_missing_is_nan() -> None:
    encoder = Encoder.fit(FEATURES, max_levels=10)
    assert encoder.columns == ["size", "rate", "sold", "town"]
    matrix = encoder.matrix(FEATURES)
    assert matrix.dtype == np.float32
    expected = [[1, 0.5, 1, 1], [np.nan] * 4, [3, np.nan, 0, 0], [4, 2, 1, 1]]
    np.testing.assert_array_equal(matrix, expected)


def test_levels_not_seen_and_rare_levels_are_unknown() -> None:
    encoder = Encoder.fit(FEATURES, max_levels=1)
    assert encoder.levels == {"town": ("b",)}
    later = FEATURES.with_columns(town=pl.Series(["a", "b", "zz", None]))
    assert encoder.matrix(later)[:3, 3].tolist() == [UNKNOWN, 0.0, UNKNOWN]
    assert np.isnan(encoder.matrix(later)[3, 3])


def test_times_become_days_and_seconds() -> None:
    rows = pl.DataFrame({
        "day": [date(1970, 1, 11)],
        "moment": [datetime(1970, 1, 2, 12, tzinfo=UTC)],
        "span": [timedelta(minutes=2)],
        "clock": [time(0, 1)],
    })  # fmt: skip
    assert Encoder.fit(rows, max_levels=9).matrix(rows).tolist() == [[10.0, 1.5, 120.0, 60.0]]


def test_it_survives_json() -> None:
    encoder = Encoder.fit(FEATURES, max_levels=10)
    assert Encoder.from_dict(encoder.to_dict()) == encoder


def test_what_cannot_be_encoded_is_refused_by_name() -> None:
    with pytest.raises(SchemaError, match="feature `parts`: expected numbers, truth values, text"):
        Encoder.fit(pl.DataFrame({"parts": [[1]]}), max_levels=9)
    with pytest.raises(SchemaError, match="expected a feature with values, got nulls alone"):
        Encoder.fit(FEATURES.select("nothing", "blank"), max_levels=9)
    encoder = Encoder.fit(FEATURES, max_levels=9)
    with pytest.raises(SchemaError, match="feature `size` to be number, as in training"):
        encoder.matrix(FEATURES.with_columns(size=pl.lit("much")))
    with pytest.raises(SchemaError, match="expected a feature `rate`"):
        encoder.matrix(FEATURES.drop("rate"))


def test_no_rows_give_an_empty_matrix() -> None:
    encoder = Encoder.fit(FEATURES, max_levels=9)
    assert encoder.matrix(FEATURES.clear()).shape == (0, 4)
