"""Lists of cells that people or rules give: which are suspect, and what they may hold."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import NotFoundError, SchemaError, nearest
from trimtab.data.sources import read_source, source_name
from trimtab.effort.cleaning_columns import RepairedColumn
from trimtab.effort.suspects import Suspect


def read_suspects(source: Any, columns: Sequence[str], n_rows: int) -> list[Suspect]:
    """Read the cells that a table with `row` and `column` names; rows count from 0.

    Raises
    ------
    SchemaError
        If a column of it is missing, or it names a row or a column that is not there.
    NotFoundError
        If there is no such table, and it is spelt nearly as `auto` is.
    """
    if (
        isinstance(source, str)
        and get_close_matches(source, ["auto"])
        and not Path(source).exists()
    ):
        raise NotFoundError(
            f"expected auto or a table of suspects, got {source!r}",
            hint="Did you mean `auto`? Else check the path.",
        )
    table = _read(source, ("row", "column"), columns, n_rows)
    cells = dict.fromkeys(zip(table["row"], table["column"], strict=True))
    return [Suspect(row, column, "named by you") for row, column in cells]


def read_candidates(
    source: Any, columns: Sequence[str], n_rows: int
) -> dict[tuple[int, str], list[str]]:
    """Read what cells may hold from a table with `row`, `column` and `value`, in its order.

    Raises
    ------
    SchemaError
        If a column of it is missing, a value is empty, or it names a row or a column that is not
        there.
    """
    table = _read(source, ("row", "column", "value"), columns, n_rows)
    found: dict[tuple[int, str], list[str]] = {}
    for row, column, value in table.select("row", "column", "value").iter_rows():
        found.setdefault((row, column), []).append(value)
    return found


def parsed(
    candidates: Mapping[tuple[int, str], Sequence[str]], columns: Sequence[RepairedColumn]
) -> dict[tuple[int, str], list[Any]]:
    """Return candidates in the plain form of their columns."""
    named = {column.name: column for column in columns}
    return {
        (row, name): [named[name].parse(value) for value in values]
        for (row, name), values in candidates.items()
    }


def _read(source: Any, wanted: Sequence[str], columns: Sequence[str], n_rows: int) -> pl.DataFrame:
    name = source_name(source)
    # `007` and `2024-01-02 10:00` are what the cell may hold, not a number and a time
    table = read_source(source, text=wanted[1:]).collect()
    for column in wanted:
        if column not in table.columns:
            raise SchemaError(
                f"{name}: expected a column `{column}`, got none",
                hint=f"Give a table with the columns {', '.join(wanted)}. "
                + nearest(column, table.columns),
            )
    if any(table[column].null_count() for column in wanted):
        raise SchemaError(
            f"{name}: expected a {' and a '.join(wanted)} in every line, got an empty cell",
            hint="Fill it in, or leave the line out.",
        )
    table = table.with_columns(
        pl.col("row").cast(pl.String).cast(pl.Int64, strict=False),
        *(pl.col(column).cast(pl.String) for column in wanted[1:]),
    )
    for row, column in table.select("row", "column").iter_rows():
        if row is None or not 0 <= row < n_rows:
            raise SchemaError(
                f"{name}: expected rows from 0 to {n_rows - 1}, got "
                f"{'another text' if row is None else row}",
                hint="Rows count from 0, without the line of names.",
            )
        if column not in columns:
            raise SchemaError(
                f"{name}: expected a column to clean, got {column!r}",
                hint=nearest(column, columns),
            )
    return table
