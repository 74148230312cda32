"""Rows split by the values of columns and by windows in time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, nearest

Key = tuple[Any, ...]
_WINDOW = "__window"


@dataclass(frozen=True)
class Grouping:
    """How rows are split."""

    by: tuple[str, ...]
    time: str | None
    every: str | None

    def split(self, rows: pl.DataFrame) -> dict[Key, pl.DataFrame]:
        """Return the rows of each group, in their order."""
        keys = list(self.by)
        if self.time is not None and self.every is not None:
            rows = rows.with_columns(pl.col(self.time).dt.truncate(self.every).alias(_WINDOW))
            keys.append(_WINDOW)
        parts = rows.partition_by(keys, as_dict=True, maintain_order=True)
        return {key: part.drop(_WINDOW, strict=False) for key, part in parts.items()}


def grouping(
    kinds: pl.Schema, by: Sequence[str], time: str | tuple[str, str] | None
) -> Grouping | None:
    """Return how to split rows of these columns; None if nothing is asked for.

    Raises
    ------
    SchemaError
        If a column is not there, or what dates rows cannot be told.
    """
    if not by and time is None:
        return None
    column, every = (None, None) if time is None else _dating(kinds, time)
    for name in by:
        if name not in kinds:
            raise SchemaError(
                f"expected a column `{name}` to group by, found none", hint=nearest(name, kinds)
            )
    return Grouping(tuple(by), column, every)


def _dating(kinds: pl.Schema, time: str | tuple[str, str]) -> tuple[str, str]:
    if isinstance(time, str):
        dated = [name for name, kind in kinds.items() if kind in (pl.Datetime, pl.Date)]
        if len(dated) != 1:
            named = dated[0] if dated else "COLUMN"
            raise SchemaError(
                f"expected one column of times to make windows of {time}, got "
                f"{', '.join(dated) or 'none'}",
                hint=f'Name it: time=("{named}", "{time}"), or `--time {named}={time}`.',
            )
        column, every = dated[0], time
    else:
        column, every = time
    if column not in kinds or not kinds[column].is_temporal():
        got = kinds.get(column, "nothing of that name")
        raise SchemaError(
            f"expected `{column}` to hold times, got {got}", hint=nearest(column, kinds)
        )
    try:
        pl.Series([0]).cast(pl.Datetime("us")).dt.truncate(every)
    except pl.exceptions.PolarsError:
        raise SchemaError(
            f"expected a length of time such as 1h, 1d or 1w, got {every!r}",
            hint="Write a whole number and a unit.",
        ) from None
    return column, every


def in_order(key: Key) -> tuple[tuple[bool, Any], ...]:
    """Return what sorts keys, with missing values first."""
    return tuple((value is not None, value) for value in key)
