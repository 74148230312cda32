"""The first draft of a schema, from what a table holds; a person should review it."""

import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, nearest
from trimtab.data.column_profile import ColumnProfile
from trimtab.data.describable import readable
from trimtab.data.profile import Profile, profile
from trimtab.data.schema import ColumnSchema, Schema, Value
from trimtab.data.schema_column import zone_of
from trimtab.data.sources import collect, read_source, source_name
from trimtab.data.time import ROW_NUMBER
from trimtab.data.types import TYPES

_LEAST = 1e-290  # below, there is no unit to round to
FEW_ROWS = 100  # fewer say nothing of what is unique, in order or of one length


def infer_schema(
    source: Any,
    *,
    query: str | None = None,
    nulls: Sequence[str] = (),
    time: str | list[str] | None = None,
    key: Sequence[str] = (),
    covers: str | None = None,
) -> Schema:
    """Draft a schema from what a table holds; a person should review it.

    Nothing may be missing, so that what is missing is told the first time. Numbers may be as
    far beyond the 99.9 % quantile as four times its distance from the median (with few rows,
    a quantile that leaves out five), on either side, or to the last value if that is at most
    twice as far; with zeros and no negative values, 0 is the least. That lets a long tail pass
    and catches what is far from all other values, in the very rows it was drafted from. Text
    of few levels keeps to them, text of one length to that length, times to their zone; what
    names each row is unique, and what rises from row to row goes on rising.
    All of it is *warn*, except that keys and times are needed (*stop*).

    Parameters
    ----------
    source : path-like, data frame or Profile
        Anything that `profile` describes (with `query` and `nulls`), or a profile.
    time, key, covers
        Taken over into the schema.

    Returns
    -------
    Schema
        With a note on each column that has something odd.

    Raises
    ------
    SourceError
        If the source cannot be read or has no rows.
    SchemaError
        If a column of `time` or `key` is not there.

    Examples
    --------
    >>> import polars as pl
    >>> rows = pl.DataFrame({"speed": [*range(100), *range(100), 9_000]})
    >>> column = infer_schema(rows).columns["speed"]
    >>> column.min, column.max
    (0, 240)
    """
    about = source if isinstance(source, Profile) else profile(source, query=query, nulls=nulls)
    needed = {*key, *([time] if isinstance(time, str) else time or [])} - {ROW_NUMBER}
    for name in sorted(needed - set(about.columns)):
        raise SchemaError(
            f"{about.source}: expected a column `{name}`, found none",
            hint=nearest(name, about.columns), column=name,
        )  # fmt: skip
    unique = {
        name: _is_unique(column) for name, column in about.columns.items() if name not in needed
    }
    unsure = [name for name, verdict in unique.items() if verdict is None]
    if unsure and not isinstance(source, Profile):
        rows = read_source(readable(source), query=query, nulls=nulls)
        asks = {name: pl.col(name).n_unique() == pl.len() for name in unsure}
        unique |= collect(rows.select(**asks), source_name(source)).row(0, named=True)
    odd = {name: column for name, column in about.columns.items() if column.type not in TYPES}
    columns = {
        name: _drafted(column, unique=bool(unique.get(name)), needed=name in needed)
        for name, column in about.columns.items()
        if name not in odd
    }
    for name in needed & set(columns):
        columns[name] = columns[name].model_copy(
            update={"max_null_share": 0.0, "severity": "stop"}
        )
    for name, zone in time_zones(source, about, query=query, nulls=nulls).items():
        columns[name] = columns[name].model_copy(update={"time_zone": zone})
    note = "; ".join(f"`{name}` is left out: {', '.join(x.notes)}" for name, x in odd.items())
    return Schema(time=time, key=list(key), min_rows=1, covers=covers, columns=columns, note=note)


def time_zones(
    source: Any, about: Profile, *, query: str | None = None, nulls: Sequence[str] = ()
) -> dict[str, str]:
    """Return the zones that the times of a table come in; a profile no longer knows them."""
    times = [name for name, column in about.columns.items() if column.type == "Datetime"]
    if not times or isinstance(source, Profile):
        return {}
    kinds = read_source(readable(source), query=query, nulls=nulls).collect_schema()
    return {name: zone for name in times if (zone := zone_of(kinds[name])) is not None}


def _is_unique(column: ColumnProfile) -> bool | None:
    """Return whether the values name the rows; None if only the rows themselves can tell."""
    if column.type not in ("String", "Int32", "Int64") or column.nulls or column.count < FEW_ROWS:
        return False
    if column.increasing == "strictly":
        return True
    if column.distinct_error == 0:
        return column.distinct == column.count
    # Six standard errors: a column that is unique and looks so little like it is not met.
    return None if column.distinct >= column.count * (1 - 6 * column.distinct_error) else False


def _drafted(column: ColumnProfile, *, unique: bool, needed: bool) -> ColumnSchema:
    rows = column.count + column.nulls
    notes = list(column.notes)
    if column.count == 0 or rows == 1 or column.type == "Nested":
        return ColumnSchema(type=column.type, note="; ".join(notes))
    if column.nulls:
        notes.append(f"{column.nulls:,} of {rows:,} were missing ({column.null_share:.1%})")
    low, high = _fences(column)
    values: list[Value] | None = None
    if column.type == "String" and column.distinct <= 50 and rows >= 20 * column.distinct:
        values = [*sorted(str(value) for value, _ in column.top)]
    length = None if values else _one_length(column)
    endless = column.type.startswith("Float") and not column.infinite and None in (low, high)
    return ColumnSchema(
        type=column.type, max_null_share=0.0, min=low, max=high, values=values,
        min_length=length, max_length=length, unique=unique, finite=endless and not column.nan,
        increasing=None if needed else _order(column), note="; ".join(notes),
    )  # fmt: skip


def _order(column: ColumnProfile) -> Any:
    """Return in which order numbers or times come, where so many cannot do so by chance."""
    shown = column.distinct >= FEW_ROWS and column.increasing != "no"
    return column.increasing if shown else None


def _one_length(column: ColumnProfile) -> int | None:
    """Return the number of characters that all texts have, as codes and dates do."""
    if column.type != "String" or column.lengths is None or column.distinct < FEW_ROWS:
        return None
    shortest, _, longest = column.lengths
    return int(longest) if shortest == longest else None


def _fences(column: ColumnProfile) -> tuple[float | None, float | None]:
    """Return how low and high a number may be: what is far outside is not of the same kind."""
    n = column.usable
    whole = column.type.startswith("Int")
    number = whole or column.type.startswith("Float")
    if not number or n < 50 or (whole and column.distinct > 0.9 * n):
        return None, None
    tail = max(0.001, 5 / n)
    middle = column.quantile(0.5)
    bottom, top = column.quantile(tail), column.quantile(1 - tail)
    assert isinstance(column.min, (int, float))
    assert isinstance(column.max, (int, float))
    low = _outward(_reach(middle, bottom, column.min), -1, whole) if bottom < middle else None
    high = _outward(_reach(middle, top, column.max), 1, whole) if top > middle else None
    # whole numbers that are never negative are counts, more often than not
    if not column.negative and (column.zeros or (whole and (low or 0) < 0)):
        low = 0 if whole else 0.0
    return low, high


def _reach(middle: float, tail: float, extreme: float) -> float:
    """Return how far values may go: a tail that ends within twice the fence goes to its end."""
    fence = middle + 4 * (tail - middle)
    far = (extreme - middle) / (fence - middle)
    return extreme if 1 < far <= 2 else fence


def _outward(value: float, side: int, whole: bool) -> float:
    """Return the value rounded away from the middle to two digits."""
    if value == 0 or not math.isfinite(value) or abs(value) < _LEAST:
        return 0 if whole else value
    unit = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    steps = math.ceil(value / unit) if side > 0 else math.floor(value / unit)
    rounded = steps * unit if unit >= 1 else steps / round(1 / unit)
    return (math.ceil(rounded) if side > 0 else math.floor(rounded)) if whole else rounded
