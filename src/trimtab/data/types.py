"""The types that a stored column can have, and how a value of one type is read as another."""

import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.data.time import UTC_TIME, text_time

TYPES: dict[str, pl.DataType] = {
    "Boolean": pl.Boolean(), "Int8": pl.Int8(), "Int16": pl.Int16(), "Int32": pl.Int32(),
    "Int64": pl.Int64(), "Float32": pl.Float32(), "Float64": pl.Float64(),
    "String": pl.String(), "Date": pl.Date(), "Datetime": UTC_TIME, "Binary": pl.Binary(),
    "Nested": pl.Null(),
}  # fmt: skip
_WIDER: dict[type[pl.DataType], type[pl.DataType]] = {
    pl.UInt8: pl.Int16, pl.UInt16: pl.Int32, pl.UInt32: pl.Int64, pl.UInt64: pl.Int64,
}  # fmt: skip
_TRUE, _FALSE = ("true", "t", "yes", "1"), ("false", "f", "no", "0")


def type_name(kind: pl.DataType) -> str:
    """Return the word for a type in schema files."""
    if isinstance(kind, pl.Datetime):
        return "Datetime"
    if kind.is_nested():
        return "Nested"
    return str(kind)


def storable(columns: pl.Schema) -> list[pl.Expr]:
    """Return the expressions that give rows types that every table format has.

    Times become UTC microseconds (naive ones are taken as UTC), unsigned numbers the next wider
    signed type, categories and times of day text, durations microseconds, decimals Float64; a
    column with no value at all is text.

    Raises
    ------
    SchemaError
        If a column holds Python objects.
    """
    made = []
    for name, kind in columns.items():
        value = _storable(pl.col(name), kind, name)
        if value is not None:
            made.append(value.alias(name))
    return made


def _storable(value: pl.Expr, kind: pl.DataType, name: str) -> pl.Expr | None:
    if isinstance(kind, pl.Datetime):
        if kind == UTC_TIME:
            return None
        value = value.cast(pl.Datetime("us", kind.time_zone))
        zoned = value.dt.convert_time_zone if kind.time_zone else value.dt.replace_time_zone
        return zoned("UTC")
    if type(kind) in _WIDER:
        return value.cast(_WIDER[type(kind)])
    if isinstance(kind, pl.Duration):
        return value.dt.total_microseconds()
    if kind.is_decimal() or kind == pl.Int128:
        return value.cast(pl.Float64)
    if kind == pl.Object or kind == pl.Unknown:
        raise SchemaError(
            f"expected a table's types, got Python objects in `{name}`",
            hint=f"Convert `{name}` to text or numbers.",
        )
    if kind.is_nested() or kind == pl.Binary or type_name(kind) in TYPES:
        return None
    return value.cast(pl.String)


def converted(value: pl.Expr, old: pl.DataType, new: pl.DataType) -> pl.Expr:
    """Return a value read as another type; null where it cannot be read without loss.

    No number says what it counts and from when, so that none can be read as a time.
    """
    if old.is_numeric() and new.is_temporal():
        return pl.lit(None, new)
    if old == pl.String and new == UTC_TIME:
        return text_time(value)
    if old == pl.String and new == pl.Date:
        return text_time(value).dt.date()
    if old == pl.String and new == pl.Boolean:
        text = value.str.to_lowercase()
        return pl.when(text.is_in(_TRUE)).then(True).when(text.is_in(_FALSE)).then(False)
    if old == pl.String:
        value = value.str.strip_chars()
    read = value.cast(new, strict=False)
    if old.is_float() and new.is_integer():
        return pl.when(value == value.floor()).then(read)
    return read
