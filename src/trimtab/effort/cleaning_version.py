"""The cleaned table as a dataset version: of the table that was cleaned, or of a new one.

A table may have moved on while people cleaned. Rows keep their places in it, since versions add
rows or mend them: so what people said still finds its cells, and what others said meanwhile of
the same cells is seen.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from trimtab.core.errors import SchemaError, SourceError
from trimtab.core.records import DatasetVersion
from trimtab.effort.cell_placing import means
from trimtab.effort.cleaning_columns import shown
from trimtab.effort.cleaning_finish import REPAIRED, CleanedTable

if TYPE_CHECKING:
    from trimtab.data.tables import Tables

_MOST_NAMED = 5


def ingest_cleaned(
    tables: "Tables", name: str, cleaned: CleanedTable, *, at: datetime, **options: Any
) -> DatasetVersion:
    """Make a cleaned table a dataset version.

    Into the table that was cleaned (the session began from ``orders@3``, `name` is ``orders``),
    or one that an earlier session made of the same rows: a version that replaces the rows of the
    newest one. It takes over the cells that people spoke of, and leaves all others as they are
    there now, rows that came since included. Into a new table: its first version.

    Either way the version's `lineage` is the record of the cleaning (what was cleaned, how many
    rows, by whom and when), `source` the same in words. The same again gives the same version.

    Parameters
    ----------
    tables : Tables
        Where to.
    name : str
        The table.
    cleaned : CleanedTable
        From `finish_cleaning`.
    at : datetime
        The moment.
    **options
        `time`, `key` and `schema`, as in `Tables.ingest`.

    Raises
    ------
    SourceError
        If the table holds other rows, or other people gave cells other values since the session
        began. Nothing is written then.
    SchemaError
        If a row would have to be set aside.

    Examples
    --------
    >>> from datetime import UTC
    >>> from tempfile import TemporaryDirectory
    >>> from trimtab.data.tables import Tables
    >>> from trimtab.effort.cleaning_finish import finish_cleaning
    >>> from trimtab.effort.cleaning_table import start_cleaning
    >>> train = pl.DataFrame({"km": [1, None, 8, 9], "late": ["no", "no", "yes", "yes"]})
    >>> at = datetime(2026, 1, 2, tzinfo=UTC)
    >>> with TemporaryDirectory() as folder:
    ...     tables, file = Tables(folder), f"{folder}/clean.db"
    ...     begun = tables.ingest("orders", train, at=at)
    ...     session, table = start_cleaning(begun, train[:1], "late", file, k=1)
    ...     session.fix(1, table.repaired(1, {"km": "3"}), cells={"km": "3"}, by="ann")
    ...     made = ingest_cleaned(tables, "orders", finish_cleaning(file, begun), at=at)
    ...     made.name, made.change, made.lineage["by"], tables.read(made).collect()["km"].to_list()
    ('orders@1', 'replace', {'ann': 1}, [1, 3, 8, 9])
    """
    record = cleaned.record
    lineage, told = record.to_dict(), record.sentence
    versions = tables.versions(name) if name in tables.names() else []
    for version in versions:
        if version.lineage == lineage:
            return version
    if not versions:
        return tables.ingest(name, cleaned.rows, name=told, lineage=lineage, at=at, **options)
    _refuse_strangers(versions, cleaned)
    newest = versions[-1]
    there = tables.read(newest).collect()
    _refuse_conflicts(there, cleaned, newest)
    rows = there.with_columns(
        _placed(there[column], cleaned.rows[column], sorted(cells))
        for column, cells in cleaned.said.items()
    )
    if rows.equals(there) and rows.schema == there.schema:
        return newest
    return tables.mend(newest, rows, name=told, lineage=lineage, at=at, **options)


def _refuse_strangers(versions: list[DatasetVersion], cleaned: CleanedTable) -> None:
    """Refuse a table that does not hold the rows that were cleaned, each in its place."""
    record, first, newest = cleaned.record, versions[0], versions[-1]
    same = (first.lineage or {}).get("source_fingerprint") == record.source_fingerprint
    same &= first.rows == record.n_rows
    if not (same or record.source_version in [version.name for version in versions]):
        raise SourceError(
            f"expected no table `{first.table}` yet, or one of the rows that were cleaned, got "
            f"{newest.name} from {newest.source}",
            hint=f"Take another name, for example {first.table}_clean; to clean "
            f"`{first.table}` itself, begin the session from {newest.name}.",
        )
    if REPAIRED in cleaned.rows.columns:
        raise SourceError(
            f"expected a new table for rows with guesses, got `{first.table}`",
            hint="Leave --repair out, or take another name.",
        )


def _refuse_conflicts(there: pl.DataFrame, cleaned: CleanedTable, newest: DatasetVersion) -> None:
    """Refuse if cells that people spoke of hold what neither the source nor the session said."""
    found = []
    for name, cells in cleaned.said.items():
        if name not in there.columns:
            raise SchemaError(
                f"expected a column `{name}` in {newest.name}, got none",
                hint="Take another name for the cleaned table.",
            )
        now, was, ours = there[name], cleaned.source[name], cleaned.rows[name]
        for row, texts in cells.items():
            value = now[row]
            known = _same(value, was[row]) or _same(value, ours[row])
            if not known and not any(text is not None and means(value, text) for text in texts):
                found.append(f"row {row}, `{name}`: {shown(ours[row])} here, {shown(value)} there")
    if found:
        more = f"; and {len(found) - _MOST_NAMED:,} more" if len(found) > _MOST_NAMED else ""
        raise SourceError(
            f"expected cells that nobody else cleaned since {cleaned.record.source}, got "
            f"{len(found):,} that {newest.name} holds otherwise: "
            f"{'; '.join(found[:_MOST_NAMED])}{more}",
            hint="Agree, and fix these rows in the session to what is there; or begin another "
            f"session from {newest.name} for them. Nothing was written.",
        )


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))


def _placed(now: pl.Series, ours: pl.Series, rows: list[int]) -> pl.Series:
    """Return a column as it is now with some cells as the session has them."""
    mine = ours.gather(rows)
    for kind in (now.dtype, ours.dtype):
        if _holds(now, kind) and _holds(mine, kind):
            place = np.arange(now.len())
            place[rows] = now.len() + np.arange(len(rows))
            return now.cast(kind).append(mine.cast(kind)).gather(place)
    raise SchemaError(
        f"expected cells for `{now.name}` that {now.dtype} can hold, got {ours.dtype}",
        hint="Mend the fixes of this column, or take another name for the cleaned table.",
    )


def _holds(values: pl.Series, kind: Any) -> bool:
    """Return whether values are the same in another type."""
    if values.dtype == kind:
        return True
    try:
        back = values.cast(kind, strict=False).cast(values.dtype, strict=False)
    except pl.exceptions.PolarsError:
        return False
    return back.equals(values)
