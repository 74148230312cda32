"""Columns of labels and answers as they come: read, checked, and brought to one type."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, nearest


def answers_of(given: Any, side: str) -> dict[str, pl.Series]:
    """Return predictions and scores; a bare array of numbers may be either."""
    if not isinstance(given, Mapping) and not hasattr(given, "columns"):
        said = as_column(given, side)
        return {"prediction": said, "score": said}
    names = list(given) if isinstance(given, Mapping) else list(given.columns)
    found = {
        name: as_column(given[name], side) for name in ("prediction", "score") if name in names
    }
    if not found:
        raise SchemaError(
            f"expected a column `prediction` or `score` in `{side}`, found neither",
            hint=nearest("prediction", map(str, names)),
        )
    return found


def as_column(values: Any, name: str) -> pl.Series:
    """Return values as a column; NaN is a missing value here."""
    shape = getattr(values, "shape", None)
    if shape is not None and len(shape) != 1:
        raise SchemaError(
            f"expected `{name}` with one value a row, got an array of shape {tuple(shape)}",
            hint="Give the predicted class of each row, or the probability of the label being 1.",
        )
    try:
        if getattr(getattr(values, "dtype", None), "hasobject", False):
            values = list(values)
        try:
            column = pl.Series(name, values, nan_to_null=True)
        except (TypeError, pl.exceptions.PolarsError):  # a list of whole and other numbers
            column = pl.Series(name, values, dtype=pl.Float64, nan_to_null=True)
        if column.dtype.is_nested() or column.dtype == pl.Object:
            raise TypeError
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        raise SchemaError(
            f"expected `{name}` with one number or text a row, all of one type, got others",
            hint="Write all of them as text, or all as numbers.",
        ) from None
    return column.fill_nan(None) if column.dtype.is_float() else column


def as_frame(rows: Any) -> pl.DataFrame:
    """Return the columns of slices as a data frame."""
    if isinstance(rows, pl.DataFrame):
        return rows
    if isinstance(rows, Mapping):
        return pl.DataFrame(dict(rows))
    return pl.DataFrame({str(name): as_column(rows[name], str(name)) for name in rows.columns})


def complete(column: pl.Series, size: int, side: str) -> pl.Series:
    """Return a model's answers; refuse them unless there is one for each row."""
    if len(column) != size:
        raise SchemaError(
            f"expected {size:,} answers in `{side}`, one for each row of labels, got "
            f"{len(column):,}",
            hint="Give the answers to the same rows, in the same order.",
        )
    if column.null_count():
        raise SchemaError(
            f"expected an answer for each row in `{side}`, got {column.null_count():,} missing",
            hint="Both models have to answer every row: predict the missing ones.",
            missing=column.null_count(),
        )
    return column


def one_type(columns: Mapping[str, pl.Series], *, classes: bool) -> dict[str, pl.Series]:
    """Return labels and predictions as whole numbers if they are, else as numbers or as text."""
    plain = {name: _plain(column) for name, column in columns.items()}
    known = {name: c for name, c in plain.items() if c.dtype != pl.Null}
    text = [name for name, column in known.items() if column.dtype == pl.String]
    if text and len(text) < len(known):
        other = next(name for name in known if name not in text)
        raise SchemaError(
            f"expected labels and predictions of one type, got text in `{text[0]}` and "
            f"{known[other].dtype} in `{other}`",
            hint="Write classes the same way in all of them.",
        )
    floats = [name for name, column in known.items() if column.dtype == pl.Float64]
    if classes and floats:
        name = floats[0]
        broken = known[name].filter(known[name] != known[name].floor())[0]
        raise SchemaError(
            f"expected classes in `{name}`, got numbers such as {broken:g}",
            hint="Give the predicted class in `prediction` and probabilities in `score`.",
            column=name,
        )
    kind = pl.String if text else pl.Float64 if floats else pl.Int64
    return {name: c if c.dtype == kind else c.cast(kind) for name, c in plain.items()}


def _plain(column: pl.Series) -> pl.Series:
    """Return a column as Int64, Float64 or String; numbers without a fraction are whole."""
    kind = column.dtype
    if kind in (pl.Int64, pl.String, pl.Null):
        return column
    if kind == pl.Boolean or kind.is_integer():
        return column.cast(pl.Int64)
    if kind.is_numeric():
        numbers = column.cast(pl.Float64)
        whole = bool(((numbers == numbers.floor()) & (numbers.abs() < 2.0**53)).all())
        return numbers.cast(pl.Int64) if whole else numbers
    return column.cast(pl.String)
