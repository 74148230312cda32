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
        If a column holds Python objects, or values of a type of someone's own.
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
    if kind == pl.Object or kind == pl.Unknown or isinstance(kind, pl.BaseExtension):
        own = str(kind) if isinstance(kind, pl.BaseExtension) else "Python objects"
        raise SchemaError(
            f"expected a table's types, got {own} in `{name}`",
            hint=f"Convert `{name}` to text or numbers.",
        )
    if kind.is_nested() or kind == pl.Binary or type_name(kind) in TYPES:
        return None
    return value.cast(pl.String)


def converted(value: pl.Expr, old: pl.DataType, new: pl.DataType) -> pl.Expr:
    """Return a value read as another type; null where it cannot be read without loss."""
    if old == pl.Binary and new == pl.String:
        return value.map_batches(_utf8, return_dtype=pl.String, is_elementwise=True)
    if not _may_be_read(old, new):
        return pl.lit(None, dtype=new)
    if old == pl.String and new == UTC_TIME:
        return text_time(value)
    if new == pl.Date and (old == pl.String or old == UTC_TIME):
        time = text_time(value) if old == pl.String else value
        return pl.when(time.dt.truncate("1d") == time).then(time.dt.date())
    if old == pl.String and new == pl.Boolean:
        text = value.str.to_lowercase()
        return pl.when(text.is_in(_TRUE)).then(True).when(text.is_in(_FALSE)).then(False)
    if old == pl.String:
        value = value.str.strip_chars()
    read = value.cast(new, strict=False)
    if old.is_float() and new.is_integer():
        return pl.when(value == value.floor()).then(read)
    return read


def _may_be_read(kind: pl.DataType, new: pl.DataType) -> bool:
    """Return whether values of one type can mean values of another at all.

    A number is no time (20130101 would be a day in the year 57,084), and some casts would end
    the whole pass.
    """
    if kind.is_nested() or kind == pl.Binary or new in (pl.Null, pl.Binary):
        return False
    if kind.is_temporal():
        return new.is_temporal() or new == pl.String
    return kind == pl.String or kind == pl.Null or not new.is_temporal()


def _utf8(content: pl.Series) -> pl.Series:
    """Return bytes as text, null where they are no UTF-8 (a cast would refuse all of them)."""
    try:
        return content.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series(content.name, [_text(item) for item in content], dtype=pl.String)


def _text(content: bytes | None) -> str | None:
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError:
        return None
