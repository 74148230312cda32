"""Rows that were mended in place: what has to hold of them, and what was taken in before."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.core.records import DatasetVersion
from trimtab.data.delta_log import scan_commits
from trimtab.data.intake import REASON, admit, only_new, refuse_clashes
from trimtab.data.schema import Schema
from trimtab.data.time import TimeSpec
from trimtab.data.types import converted


def admit_mended(
    rows: pl.DataFrame,
    parent: DatasetVersion,
    columns: Sequence[str],
    *,
    name: str,
    time: TimeSpec | None,
    key: Sequence[str],
    schema: Schema | None,
) -> pl.DataFrame:
    """Return mended rows as they are stored: those of their parent, each in its place.

    Raises
    ------
    SchemaError
        If columns or the number of rows differ, or a row would have to be set aside.
    KeyClashError
        If a key is there twice.
    """
    if rows.columns != list(columns) or rows.height != parent.rows:
        raise SchemaError(
            f"{name}: expected the {parent.rows:,} rows and the columns of {parent.name} "
            f"({', '.join(columns)}), got {rows.height:,} rows of {', '.join(rows.columns)}",
            hint="Make a table of its own of rows that are not the same ones.",
        )
    held = schema.of_stored() if schema is not None else None
    intake = admit(rows, name=name, table=None, time=time, key=key, schema=held)
    if intake.rejected.height:
        raise SchemaError(
            f"{name}: expected rows that can all be kept, got {intake.rejected.height:,} to set "
            f"aside; the first: {intake.rejected[REASON][0]}",
            hint="Mend them, or make a table of its own of them.",
        )
    refuse_clashes(intake.kept, None, key, name)
    return intake.kept.select(columns)


def fresh_rows(
    rows: pl.DataFrame,
    stored: pl.DataFrame,
    versions: Sequence[DatasetVersion],
    folder: Path,
    key: Sequence[str],
) -> pl.DataFrame:
    """Return what a source adds to a table: rows that it neither holds nor ever took in.

    A source goes on to hold rows as they were before somebody mended them here: they are no news.
    """
    fresh = only_new(rows, stored, key)
    mended = [version.version for version in versions if version.change == "replace"]
    if not mended or (not key and fresh.height < rows.height):
        return fresh
    taken = scan_commits(
        folder,
        {version.version for version in versions if version.change == "append"},
        seen_at=[*(number - 1 for number in mended), versions[-1].version],
    )
    before = pl.concat([_as_now(part, stored.schema) for part in taken])
    return only_new(fresh, before.collect(), key)


def _as_now(rows: pl.LazyFrame, types: pl.Schema) -> pl.LazyFrame:
    """Return rows in the types that mending gave, less those that would be set aside today."""
    there = rows.collect_schema()
    changed = {name: kind for name, kind in types.items() if there[name] != kind}
    read = {name: converted(pl.col(name), there[name], kind) for name, kind in changed.items()}
    lost = [value.is_null() & pl.col(name).is_not_null() for name, value in read.items()]
    return rows.filter(~pl.any_horizontal(lost)).with_columns(**read) if read else rows
