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


def read_suspects(
    source: Any, columns: Sequence[str], n_rows: int, *, whole_rows: bool = False
) -> list[Suspect]:
    """Read the cells that a table with `row` and `column` names; rows count from 0.

    With `whole_rows` a line may name a row alone: its suspect has the empty text for a column.

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
    table = _read(source, ("row", "column"), columns, n_rows, whole_rows=whole_rows)
    cells = dict.fromkeys(zip(table["row"], table["column"].fill_null(""), strict=True))
    return [Suspect(row, column, "named by you") for row, column in cells]


def read_candidates(
    source: Any, columns: Sequence[str], n_rows: int
) -> dict[tuple[int, str], list[str]]:
    """Read what cells may hold from a table with `row`, `column` and `value`, in its order.

    Nothing without a table.

    Raises
    ------
    SchemaError
        If a column of it is missing, a value is empty, or it names a row or a column that is not
        there.
    """
    found: dict[tuple[int, str], list[str]] = {}
    if source is None:
        return found
    table = _read(source, ("row", "column", "value"), columns, n_rows)
    for row, column, value in table.iter_rows():
        found.setdefault((row, column), []).append(value)
    return found


def parsed(
    candidates: Mapping[tuple[int, str], Sequence[str]], columns: Sequence[RepairedColumn]
) -> dict[tuple[int, str], list[Any]]:
    """Return candidates in the plain form of their columns.

    Raises
    ------
    SchemaError
        If one is no value of its column.
    """
    named = {column.name: column for column in columns}
    found: dict[tuple[int, str], list[Any]] = {}
    for (row, name), values in candidates.items():
        try:
            found[row, name] = [named[name].parse(value) for value in values]
        except SchemaError as error:
            problem = f"candidates of row {row}: {error.problem}"
            raise SchemaError(problem, hint=error.hint) from None
    return found


def _read(
    source: Any,
    wanted: Sequence[str],
    columns: Sequence[str],
    n_rows: int,
    *,
    whole_rows: bool = False,
) -> pl.DataFrame:
    name = source_name(source)
    # `007` and `2024-01-02 10:00` are what the cell may hold, not a number and a time
    table = read_source(source, text=wanted[1:]).collect()
    if whole_rows and "row" in table.columns and "column" not in table.columns:
        table = table.with_columns(column=pl.lit(None, pl.String))
    for column in wanted:
        if column not in table.columns:
            raise SchemaError(
                f"{name}: expected a column `{column}`, got none",
                hint=f"Give a table with the columns {', '.join(wanted)}. "
                + nearest(column, table.columns),
            )
    needed = [column for column in wanted if not (whole_rows and column == "column")]
    if any(table[column].null_count() for column in needed):
        raise SchemaError(
            f"{name}: expected a {' and a '.join(needed)} in every line, got an empty cell",
            hint="Fill it in, or leave the line out.",
        )
    texts = table.select(pl.col(column).cast(pl.String) for column in wanted)
    table = texts.with_columns(pl.col("row").cast(pl.Int64, strict=False))
    for text, row, column in zip(texts["row"], table["row"], table["column"], strict=True):
        if row is None or not 0 <= row < n_rows:
            raise SchemaError(
                f"{name}: expected rows from 0 to {n_rows - 1}, got "
                f"{repr(text) if row is None else row}",
                hint="Rows count from 0, without the line of names.",
            )
        if column is not None and column not in columns:
            raise SchemaError(
                f"{name}: expected a column to clean, got {column!r}",
                hint=nearest(column, columns),
            )
    return table
