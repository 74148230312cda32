"""Event time: one UTC clock out of whatever dates a row, and time cut into windows and blocks.

Naive times are taken as UTC throughout.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.core.errors import SchemaError, nearest

UTC_TIME = pl.Datetime("us", "UTC")
ROW_NUMBER = "row_number"
TimeSpec = str | Sequence[str]

_DURATION = re.compile(r"^-?(\d+(mo|q|y|w|d|h|m|s))+$")
_ROW_CLOCK_START = datetime(2000, 1, 1, tzinfo=UTC)
_PARTS = ("year", "month", "day", "hour", "minute", "second")
_SECONDS = {"hour": 3600, "minute": 60, "second": 1}
_FORMATS = ("%+", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%d")


def time_expression(spec: TimeSpec, schema: pl.Schema) -> pl.Expr:
    """Return the expression that gives each row its event time.

    Parameters
    ----------
    spec : str or sequence of str
        A column: a datetime (naive ones are taken as UTC), a date, ISO 8601 text, or a whole
        number, read as a year (1800 to 2200), as YYYYMMDD, or as seconds (from 1e11 on,
        milliseconds) since 1970. A list: columns of year, month, day, hour, minute, second in
        this order, or a date column and then hour, minute, second. `"row_number"`, where no
        column has that name: row order is the clock, one minute a row from 2000-01-01 on.
    schema : polars.Schema
        Names and types of the rows.

    Returns
    -------
    polars.Expr
        Datetime in microseconds, UTC; null where a value is missing or cannot be read.

    Raises
    ------
    SchemaError
        If there is no such column, or its type cannot be a time.

    Examples
    --------
    >>> rows = pl.DataFrame({"year": [2013], "month": [2], "day": [12]})
    >>> rows.select(time_expression(["year", "month", "day"], rows.schema)).item().isoformat()
    '2013-02-12T00:00:00+00:00'
    """
    if isinstance(spec, str):
        if spec == ROW_NUMBER and spec not in schema:
            minutes = pl.int_range(pl.len(), dtype=pl.Int64)
            return pl.lit(_ROW_CLOCK_START, dtype=UTC_TIME) + pl.duration(minutes=minutes)
        return _column_time(spec, schema)
    names = list(spec)
    if len(names) == 1:
        return _column_time(names[0], schema)
    for name in names:
        _require(name, schema)
    if schema[names[0]].is_temporal() or schema[names[0]] == pl.String:
        return _column_time(names[0], schema) + _clock(names[1:], ("hour", "minute", "second"))
    return _calendar(names)


def time_columns(spec: TimeSpec | None, schema: pl.Schema) -> list[str]:
    """Return the columns that a time specification reads."""
    if spec is None or (spec == ROW_NUMBER and spec not in schema):
        return []
    return [spec] if isinstance(spec, str) else list(spec)


def _require(name: str, schema: pl.Schema) -> pl.DataType:
    if name not in schema:
        raise SchemaError(
            f"expected a column `{name}` to date rows by, found none",
            hint=nearest(name, schema.names()),
            column=name,
        )
    return schema[name]


def _column_time(name: str, schema: pl.Schema) -> pl.Expr:
    kind, value = _require(name, schema), pl.col(name)
    if isinstance(kind, pl.Datetime):
        value = value.cast(pl.Datetime("us", kind.time_zone))
        zone = value.dt.convert_time_zone if kind.time_zone else value.dt.replace_time_zone
        return zone("UTC")
    if kind == pl.Date:
        return value.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    if kind == pl.String:
        return text_time(value)
    if kind.is_numeric():
        return _number_time(value)
    raise SchemaError(
        f"expected `{name}` to hold times, got {kind}",
        hint="Name a column of dates, ISO 8601 text, years or seconds since 1970.",
        column=name,
    )


def text_time(value: pl.Expr) -> pl.Expr:
    """Return the time that ISO 8601 text (with `T` or a blank) stands for, else null."""
    text = value.str.strip_chars().str.replace("T", " ", literal=True)
    read = [
        text.str.to_datetime(form, strict=False, time_unit="us", time_zone="UTC")
        for form in _FORMATS
    ]
    return pl.coalesce(read)


def _number_time(value: pl.Expr) -> pl.Expr:
    whole = value.cast(pl.Int64, strict=False)
    is_year = whole.is_between(1800, 2200)
    is_day = whole.is_between(1800_01_01, 2200_12_31)
    seconds = value.cast(pl.Float64, strict=False)
    seconds = pl.when(seconds.abs() < 1e11).then(seconds).otherwise(seconds / 1000)
    stamp = (seconds * 1e6).round().cast(pl.Int64, strict=False).cast(pl.Datetime("us"))
    day = _day(whole // 10_000, whole // 100 % 100, whole % 100)
    year = _day(whole, pl.lit(1), pl.lit(1))
    return (
        pl.when(is_year)
        .then(year)
        .when(is_day)
        .then(day)
        .otherwise(stamp.dt.replace_time_zone("UTC"))
    )


def _day(year: pl.Expr, month: pl.Expr, day: pl.Expr) -> pl.Expr:
    """Return midnight of a day; null, not an error, where there is no such day."""
    fits = year.is_between(1, 9999) & month.is_between(1, 12) & day.is_between(1, 31)
    first = pl.datetime(
        pl.when(fits).then(year), pl.when(fits).then(month), 1, time_unit="us", time_zone="UTC"
    )
    midnight = first + pl.duration(days=day - 1)
    return pl.when(midnight.dt.month() == month).then(midnight)


def _calendar(names: list[str]) -> pl.Expr:
    if len(names) > len(_PARTS):
        raise ValueError(f"at most {len(_PARTS)} parts of a time were expected, got {len(names)}")
    part = [pl.col(name).cast(pl.Int64, strict=False) for name in names]
    month = part[1]
    day = part[2] if len(part) > 2 else pl.lit(1)
    return _day(part[0], month, day) + _clock(names[3:], _PARTS[3:])


def _clock(names: list[str], parts: tuple[str, ...]) -> pl.Expr:
    """Return the time of day as a duration; null where a part is out of its range."""
    total = pl.duration(seconds=0)
    for name, part in zip(names, parts, strict=False):
        value = pl.col(name).cast(pl.Int64, strict=False)
        top = 23 if part == "hour" else 59
        value = pl.when(value.is_between(0, top)).then(value)
        total = total + pl.duration(seconds=value * _SECONDS[part])
    return total


def offset(time: datetime, duration: str) -> datetime:
    """Return `time` moved by a calendar duration such as `1mo`, `-2w` or `1d12h`.

    Examples
    --------
    >>> offset(datetime(2013, 1, 31, tzinfo=UTC), "1mo").isoformat()
    '2013-02-28T00:00:00+00:00'
    """
    moved = _utc_series(time).dt.offset_by(_checked(duration))
    return _stamp(moved.item())


def truncate(time: datetime, every: str) -> datetime:
    """Return the start of the calendar window that `time` lies in; weeks start on Monday."""
    return _stamp(_utc_series(time).dt.truncate(_checked(every)).item())


def windows(start: datetime, end: datetime, every: str) -> list[tuple[datetime, datetime]]:
    """Return the calendar windows of length `every` that touch [start, end), in order.

    Examples
    --------
    >>> start, end = datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 6, 1, tzinfo=UTC)
    >>> [window[0].month for window in windows(start, end, "1mo")]
    [4, 5]
    """
    edges = [truncate(start, every)]
    while edges[-1] < end:
        edges.append(offset(edges[-1], every))
    return list(zip(edges[:-1], edges[1:], strict=True))


def blocks(times: pl.Series, every: str) -> npt.NDArray[np.int64]:
    """Return for each time the block it lies in: its start in microseconds since 1970.

    Raises
    ------
    ValueError
        If a time is missing: such a row belongs to no block.
    """
    if times.null_count():
        raise ValueError(f"times without nulls were expected, got {times.null_count()} nulls")
    return times.dt.truncate(_checked(every)).dt.epoch("us").to_numpy()


def _checked(duration: str) -> str:
    if not _DURATION.match(duration):
        raise ValueError(f"a duration such as 1d, 2w or 1mo was expected, got {duration!r}")
    return duration


def _utc_series(time: datetime) -> pl.Series:
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return pl.Series([aware.astimezone(UTC)], dtype=UTC_TIME)


def _stamp(time: datetime) -> datetime:
    """Return the time with Python's own UTC, which compares and prints like any other."""
    return time.astimezone(UTC)
