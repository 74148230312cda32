"""Columns as tensors of the Open Inference Protocol v2, both ways, with nothing lost on the way.

A column of n rows is a tensor of shape [n] (or [n, 1]). A null in `data` is a missing value;
`"NaN"`, `"Infinity"` and `"-Infinity"` stand for what JSON has no number for; dates and times
travel as BYTES in ISO 8601, in UTC where they have a zone.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, TrimtabError, nearest
from trimtab.data.time import UTC_TIME
from trimtab.serving.batches import RESERVED

DATATYPES: dict[str, pl.DataType] = {
    "BOOL": pl.Boolean(),
    "UINT8": pl.UInt8(), "UINT16": pl.UInt16(), "UINT32": pl.UInt32(), "UINT64": pl.UInt64(),
    "INT8": pl.Int8(), "INT16": pl.Int16(), "INT32": pl.Int32(), "INT64": pl.Int64(),
    "FP16": pl.Float32(), "FP32": pl.Float32(), "FP64": pl.Float64(),
    "BYTES": pl.String(),
}  # fmt: skip
_NAMES = {kind: name for name, kind in DATATYPES.items() if name != "FP16"}
_BEYOND_JSON = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


_REQUIRED = object()


class RequestError(TrimtabError):
    """A request that the protocol does not allow; `status` says how."""

    def __init__(self, problem: str, *, hint: str, status: int = 400, **context: object) -> None:
        super().__init__(problem, hint=hint, **context)
        self.status = status


def datatype(kind: pl.DataType) -> str:
    """Return the protocol's name of a column type; what it has no name for travels as BYTES."""
    return _NAMES.get(kind, "BYTES")


def read_tensor(one: Any, place: int) -> pl.Series:
    """Return one input as a column."""
    name = member(one, "name", str, f"the name of input {place}")
    if name in RESERVED:
        raise RequestError(
            f"expected the name of a raw column, got `{name}`, a name the event log uses",
            hint="Send ids and times as `parameters.request_ids` and `parameters.event_times`.",
        )
    kind = member(one, "datatype", str, f"the datatype of input `{name}`")
    if kind not in DATATYPES:
        raise RequestError(
            f"input `{name}`: expected a datatype of the protocol, got `{kind}`",
            hint=nearest(kind, DATATYPES),
        )
    data = member(one, "data", list, f"the values of input `{name}`")
    shape = member(one, "shape", list, f"the shape of input `{name}`")
    if shape == [len(data), 1]:
        data = [cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in data]
    elif shape != [len(data)]:
        raise RequestError(
            f"input `{name}`: expected shape [{len(data)}] for {len(data)} values, got {shape}",
            hint="A column has one value a row: make `shape` the number of rows.",
        )
    return _typed(name, kind, data)


def parse_times(values: Iterable[object], name: str) -> pl.Series:
    """Return ISO 8601 times as UTC; a time without a zone is taken as UTC."""
    moments = _parse_texts(values, datetime.fromisoformat, name)
    aware = [m.replace(tzinfo=UTC) if m.tzinfo is None else m.astimezone(UTC) for m in moments]
    return pl.Series(name, aware, dtype=UTC_TIME)


def cast(series: pl.Series, kind: pl.DataType) -> pl.Series:
    """Return an input as the type the model was trained with, if nothing is lost by it.

    Raises
    ------
    SchemaError
        If a value does not fit; the message names the column, the row and the value.
    """
    if series.dtype == kind:
        return series
    if series.null_count() == len(series):
        return pl.Series(series.name, [None] * len(series), dtype=kind)
    if series.dtype == pl.String and kind.is_temporal():
        return _cast_time(series, kind)
    like = (series.dtype.is_numeric() and kind.is_numeric()) or (
        series.dtype == pl.String and isinstance(kind, (pl.Categorical, pl.Enum, pl.Decimal))
    )
    if not like:
        row = series.is_not_null().arg_max() or 0
        raise _misfit(series, row, kind)
    out = series.cast(kind, strict=False)
    lost = out.is_null() & series.is_not_null()
    if series.dtype.is_float() and kind.is_integer():
        lost |= (series.fill_nan(None) != out.cast(series.dtype)).fill_null(False)
    if lost.any():
        raise _misfit(series, int(lost.arg_max() or 0), kind)
    return out


def write_tensor(series: pl.Series) -> dict[str, Any]:
    """Return a column as a tensor; the other side of `read_tensor` and `cast`.

    Raises
    ------
    SchemaError
        If the column holds what the protocol has no word for, such as lists.
    """
    kind = series.dtype
    if kind in _NAMES:
        data = series.to_list()
        if kind.is_float() and series.is_finite().not_().any():
            data = [value if value is None else _finite(value) for value in data]
    elif isinstance(kind, pl.Datetime):
        shift = kind.time_zone is not None
        times = series.dt.convert_time_zone("UTC") if shift else series
        data = times.dt.to_string("%Y-%m-%dT%H:%M:%S%.f" + ("+00:00" if shift else "")).to_list()
    elif kind in (pl.Date, pl.Time) or isinstance(kind, (pl.Categorical, pl.Enum, pl.Decimal)):
        data = series.cast(pl.String).to_list()
    elif kind == pl.Null:
        data = series.to_list()
    else:
        raise SchemaError(
            f"expected numbers, texts, dates or booleans in `{series.name}`, got {kind}",
            hint=f"Turn `{series.name}` into one of these, or drop it.",
            column=series.name,
        )
    return {
        "name": series.name, "shape": [len(series)], "datatype": datatype(kind), "data": data,
    }  # fmt: skip


def member(where: Any, key: str, kind: type, what: str, *, default: Any = _REQUIRED) -> Any:
    """Return a member of a JSON object that must have one type."""
    if not isinstance(where, dict):
        raise RequestError(
            f"expected an object with `{key}`, got {word_for(where)}", hint=f"Send {what}."
        )
    value = where.get(key)
    if value is None and default is not _REQUIRED:
        return default
    if not isinstance(value, kind):
        found = "none" if value is None else word_for(value)
        near = nearest(key, where) if value is None and where else f"Send `{key}` as {what}."
        raise RequestError(
            f"expected `{key}` to be {what}, got {found}",
            hint=near if near.startswith("Did") else f"Send `{key}` as {what}.",
        )
    return value


def _finite(value: float) -> float | str:
    """Return a float, or the word for one that JSON has no number for."""
    if value != value:
        return "NaN"
    return value if abs(value) != float("inf") else ("Infinity" if value > 0 else "-Infinity")


def _typed(name: str, kind: str, data: list[Any]) -> pl.Series:
    """Return values as a column of one datatype, or name the first that does not have it."""
    allowed: tuple[type, ...] = (
        (str,) if kind == "BYTES" else (bool,) if kind == "BOOL" else (int,)
    )
    if kind.startswith("FP"):
        allowed = (int, float)
        if str in set(map(type, data)):
            data = [_BEYOND_JSON.get(v, v) if isinstance(v, str) else v for v in data]
    if not set(map(type, data)) <= {*allowed, type(None)}:
        row = next(r for r, v in enumerate(data) if v is not None and type(v) not in allowed)
        raise _wrong(name, row, kind, data[row])
    try:
        return pl.Series(name, data, dtype=DATATYPES[kind])
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        row = next(r for r, v in enumerate(data) if not _fits(v, DATATYPES[kind]))
        raise _wrong(name, row, kind, data[row]) from None


def _fits(value: object, kind: pl.DataType) -> bool:
    try:
        pl.Series([value], dtype=kind)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return False
    return True


def _wrong(name: str, row: int, kind: str, value: object) -> SchemaError:
    return SchemaError(
        f"input `{name}`, row {row}: expected {kind}, got {shown(value)}",
        hint=f"Send {kind} values (null where one is missing), or change `datatype`.",
        column=name,
        row=row,
    )


def _misfit(series: pl.Series, row: int, kind: pl.DataType) -> SchemaError:
    return SchemaError(
        f"column `{series.name}`, row {row}: expected {_said(kind)} as in training,"
        f" got {shown(series[row])} ({datatype(series.dtype)})",
        hint=f"Send `{series.name}` as {datatype(kind)}"
        + (" in ISO 8601." if kind.is_temporal() else "."),
        column=series.name,
        row=row,
    )


def _parse_texts(values: Any, parse: Callable[[Any], Any], name: str) -> list[Any]:
    """Return every text parsed, or name the first that cannot be."""
    found = []
    for row, value in enumerate(values):
        try:
            found.append(parse(value))
        except (TypeError, ValueError):
            raise SchemaError(
                f"`{name}`, row {row}: expected a date or time in ISO 8601, got {shown(value)}",
                hint="Write it as 2013-04-01T12:00:00Z (a date as 2013-04-01).",
                column=name,
                row=row,
            ) from None
    return found


def _cast_time(series: pl.Series, kind: pl.DataType) -> pl.Series:
    """Return ISO 8601 texts as dates, times of day, or times with or without a zone."""
    parse: Callable[[str], Any] = datetime.fromisoformat
    if kind == pl.Date:
        parse = date.fromisoformat
    elif kind == pl.Time:
        parse = time.fromisoformat
    elif not isinstance(kind, pl.Datetime):
        raise _misfit(series, int(series.is_not_null().arg_max() or 0), kind)
    values = _parse_texts(series, lambda text: None if text is None else parse(text), series.name)
    if not isinstance(kind, pl.Datetime):
        return pl.Series(series.name, values, dtype=kind)
    in_utc = [
        v if v is None or v.tzinfo is None else v.astimezone(UTC).replace(tzinfo=None)
        for v in values
    ]
    times = pl.Series(series.name, in_utc, dtype=pl.Datetime(kind.time_unit))
    if kind.time_zone is None:
        return times
    return times.dt.replace_time_zone("UTC").dt.convert_time_zone(kind.time_zone)


def _said(kind: pl.DataType) -> str:
    return "text" if kind == pl.String else str(kind)


def shown(value: object) -> str:
    """Return a value as a message shows it, cut short."""
    text = repr(value) if not isinstance(value, (datetime, date)) else value.isoformat()
    return text if len(text) <= 60 else f"{text[:57]}..."


def word_for(value: object) -> str:
    """Return what JSON calls the type of a value."""
    words = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return "null" if value is None else words.get(type(value), "a number")
