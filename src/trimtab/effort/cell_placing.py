"""Puts cells that are known as text into a column, in the column's own type."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError

_EXACT = 2**53


def with_cells(column: pl.Series, texts: Mapping[int, str]) -> pl.Series:
    """Return a column with some of its cells, by row number, replaced by what texts say.

    The type stays, but where it cannot hold what is said: whole numbers become Float64 when one
    gets a fraction (a wider integer when one is too large), an Enum becomes text when a new
    level comes.

    Raises
    ------
    SchemaError
        If a text is no value of the column's type.

    Examples
    --------
    >>> with_cells(pl.Series("age", [41, None, 7]), {1: "38.0"}).to_list()
    [41, 38, 7]
    """
    if not texts:
        return column
    values = {row: _value(column, row, text) for row, text in texts.items()}
    kind = _kind(column, list(values.values()))
    if kind == pl.Float64 and column.dtype.is_integer():
        values = {row: float(value) for row, value in values.items()}
        _check_exact(column)
    cells = [values.get(row) for row in range(column.len())]
    new = pl.Series(column.name, cells, dtype=kind, strict=True)
    placed = pl.Series([row in values for row in range(column.len())])
    return pl.select(
        pl.when(placed).then(new).otherwise(column.cast(kind)).alias(column.name)
    ).to_series()


def type_notes(
    before: pl.DataFrame, after: pl.DataFrame, placed: Mapping[str, Mapping[int, str]]
) -> tuple[str, ...]:
    """Return a sentence for each column whose type could not hold what was placed in it."""
    notes = []
    for name, texts in placed.items():
        column, kind = before[name], after.schema[name]
        if kind == column.dtype:
            continue
        row, text = next(
            (row, text)
            for row, text in texts.items()
            if with_cells(column.slice(row, 1), {0: text}).dtype != column.dtype
        )
        notes.append(
            f"`{name}` is {kind} now: {column.dtype} cannot hold {text.strip()!r} (row {row})"
        )
    return tuple(notes)


def _value(column: pl.Series, row: int, text: str) -> Any:
    """Return a text as a value of a column, of its type or one like it."""
    kind = column.dtype
    try:
        if kind == pl.Boolean:
            return {"true": True, "false": False}[text.strip().lower()]
        if not kind.is_numeric():
            return text
        number = Decimal(text.strip())
        if not number.is_finite() or (isinstance(kind, pl.Decimal) and _digits(number, kind)):
            raise ValueError
    except (ValueError, InvalidOperation, KeyError):
        wanted = "true or false" if kind == pl.Boolean else f"a value of type {kind}"
        raise SchemaError(
            f"expected {wanted} in row {row} of `{column.name}`, got {text!r}",
            hint=f"Mend it: `trimtab effort clean fix SESSION {row} --set {column.name}=VALUE`.",
        ) from None
    if kind.is_decimal():
        return number
    if kind.is_integer() and number == number.to_integral_value():
        return int(number)
    return float(text)


def _digits(number: Decimal, kind: pl.Decimal) -> bool:
    """Return whether a number has more digits after the point than a type keeps."""
    return number != round(number, kind.scale)


def _kind(column: pl.Series, values: list[Any]) -> Any:
    """Return the narrowest type from the column's own on that holds some values."""
    kind = column.dtype
    if kind.is_integer():
        everything = [*values, column.min(), column.max()]
        return next((k for k in (kind, pl.Int64) if _fits(everything, k)), pl.Float64)
    if isinstance(kind, pl.Enum) and not set(values) <= set(kind.categories):
        return pl.String
    return kind


def _fits(values: list[Any], kind: Any) -> bool:
    if any(isinstance(value, float) for value in values):
        return False
    try:
        pl.Series(values, dtype=kind, strict=True)
    except (OverflowError, TypeError, pl.exceptions.PolarsError):
        return False
    return True


def _check_exact(column: pl.Series) -> None:
    """Refuse to turn whole numbers into floats that cannot hold them."""
    low, high = column.min(), column.max()
    if any(abs(int(end)) > _EXACT for end in (low, high) if end is not None):  # type: ignore[arg-type]
        raise SchemaError(
            f"expected whole numbers for `{column.name}`, which holds numbers too large to stand "
            "beside fractions",
            hint="Mend the fix that is no whole number, or leave the column out (--ignore).",
        )


def means(value: Any, text: str) -> bool:
    """Return whether a cell holds what a text says.

    Examples
    --------
    >>> means(3, "3.0"), means(True, "true"), means(None, "3"), means("3", "3.0")
    (True, True, False, False)
    """
    if isinstance(value, bool):
        return text.strip().lower() == str(value).lower()
    if isinstance(value, (int, float, Decimal)):
        return number_of(text) == Decimal(str(value))
    return bool(value == text)


def number_of(text: str) -> Decimal | None:
    """Return the number that a text is, None if it is none."""
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return None
