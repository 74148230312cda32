"""What dates the rows of a table whose quality is asked for, and what has a rhythm of its own."""

import math
from collections.abc import Mapping, Sequence

import polars as pl

from trimtab.data.quality_age import Need
from trimtab.data.quality_markers import Column
from trimtab.data.schema import Schema
from trimtab.data.sources import collect
from trimtab.data.time import time_columns, time_expression

Clock = tuple[pl.Expr, pl.Expr | None]
_TIME, _ARRIVED = "__time", "__arrived"
_MAX_GROUPS = 100
_LEVELS = (pl.String, pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64)


def dated(
    frame: pl.LazyFrame, schema: Schema, columns: Mapping[str, Column], arrived: str | None
) -> tuple[pl.LazyFrame, Clock | None]:
    """Return rows with event time and time of arrival, and these two; None if nothing dates them.

    A row dated by a marker (9999-12-31) has no time.
    """
    kinds = frame.collect_schema()
    names = time_columns(schema.time, kinds)
    if schema.time is None or not all(name in kinds for name in names):
        return frame, None
    # as columns, so that text is read as time once in a pass, however many faults look at it
    markers = [columns[name].marker for name in names if name in columns]
    time = time_expression(schema.time, kinds)
    made = [(pl.when(~pl.any_horizontal(markers)).then(time) if markers else time).alias(_TIME)]
    if arrived is not None:
        made.append(time_expression(arrived, kinds).alias(_ARRIVED))
    clock = pl.col(_TIME), None if arrived is None else pl.col(_ARRIVED)
    return frame.with_columns(made), clock


def grouping(
    frame: pl.LazyFrame, schema: Schema, by: Sequence[str] | None, table: str
) -> list[str]:
    """Return the columns by which rows come in a rhythm: `by`, or the key's, if of few levels."""
    if by is not None:
        return list(by)
    kinds = frame.collect_schema()
    dates = time_columns(schema.time, kinds)
    own = [name for name in schema.key if name not in dates and kinds.get(name) in _LEVELS]
    if not own:
        return []
    levels = collect(frame.select(pl.col(own).approx_n_unique()), table).row(0)
    return own if math.prod(levels) <= _MAX_GROUPS else []


def why_not(schema: Schema, need: Need, clock: Clock | None) -> str:
    """Return why nothing can be said about time."""
    if schema.time is None:
        return "no column dates the rows: name it with `time`"
    if clock is None:
        return "the columns that date the rows are not there"
    if need.now is None:
        return "no moment to see the age of rows from: give `now`"
    return "no need is named: give `max_age`, `max_row_age` or `max_delay`"
