"""Tables as Delta tables: each ingest is a dataset version, and any version can be read back.

The Delta log is the one truth. What a version is (`DatasetVersion`) stands in the metadata of
the commit that made it, so that rows and facts appear together or not at all. An ingest names
its content in a Delta application transaction: done twice, it is one version. A commit that
lost a race against another is decided anew on the table as it then is. Rows that were mended
come as a version that replaces all rows of its parent; what was taken in stays known.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import SourceError
from trimtab.core.records import DatasetVersion
from trimtab.data.delta_log import VERSION, Delta, commit_facts, has_content, write_rows
from trimtab.data.fingerprint import content_hash
from trimtab.data.intake import admit, refuse_clashes, stored_form
from trimtab.data.mended_rows import admit_mended, fresh_rows
from trimtab.data.quarantine import set_aside
from trimtab.data.schema import Schema
from trimtab.data.sources import collect, read_source, source_name
from trimtab.data.table_reader import TableReader
from trimtab.data.time import TimeSpec
from trimtab.data.version_facts import appended, as_facts, from_facts, replaced

_TRIES = 50


class Tables(TableReader):
    """The tables in a folder, one Delta table each, to read and to write.

    Parameters
    ----------
    folder : path-like
        Where they live; made on the first ingest.
    """

    def ingest(
        self,
        table: str,
        source: Any,
        *,
        query: str | None = None,
        nulls: Sequence[str] = (),
        time: TimeSpec | None = None,
        key: Sequence[str] = (),
        schema: Schema | Path | str | None = None,
        name: str | None = None,
        lineage: Mapping[str, Any] | None = None,
        at: datetime,
    ) -> DatasetVersion:
        """Append rows to a table, making it if need be.

        The new version holds the rows of its parent and then the new ones, in their order; of a
        source that has grown since, only what it adds (see `intake.only_new`), also where rows
        of it were replaced by mended ones meanwhile. The same content (rows and query) ingested
        again gives the version that it made the first time, mended if it was mended, whatever
        time, key or schema is named. Rows that cannot be kept are set aside (see `quarantine`),
        and the others kept.

        Parameters
        ----------
        table : str
            Letters, digits, `-` and single `_`, a letter first.
        source : path-like or data frame
            See `read_source`, also for `query` and `nulls`.
        time : str or list of str, optional
            What dates a row (see `time_expression`).
        key : sequence of str
            Columns that together name a row.
        schema : Schema or path-like, optional
            Gives types to a new table, and says which rows to set aside.
        name : str, optional
            What to record as the source; the source's own name if left out.
        lineage : mapping, optional
            What the rows were made from, for programs: values that JSON can hold.
        at : datetime
            The moment of the ingest; naive ones are taken as UTC.

        Raises
        ------
        SourceError
            If the source cannot be read, or holds no row to keep.
        SchemaError
            If columns are missing, unknown or of the wrong type throughout.
        KeyClashError
            If a key is there twice, in the source or with the table.
        """
        self._check_name(table)
        if isinstance(schema, (str, Path)):
            schema = Schema.load(schema)
        name = name or source_name(source)
        text = self._texts(table, schema)
        frame = read_source(source, query=query, nulls=nulls, text=text)
        rows = stored_form(collect(frame, name), name)
        content = hashlib.sha256(f"{content_hash(rows)}\0{query or ''}".encode()).hexdigest()
        for _ in range(_TRIES):
            delta = self._delta(table)
            known = self._by_content(delta, content)
            if known is not None:
                return self._as_mended(known)
            before = self.versions(table) if delta is not None else []
            parent = before[-1] if before else None
            stored = self.read(parent) if parent else None
            columns = stored.collect_schema() if stored is not None else None
            intake = admit(rows, name=name, table=columns, time=time, key=key, schema=schema)
            if parent is not None and stored is not None:
                folder = self.folder / table
                fresh = fresh_rows(intake.kept, stored.collect(), before, folder, key)
                if fresh.is_empty():
                    return parent
                intake = replace(intake, kept=fresh)
            refuse_clashes(intake.kept, stored, key, name)
            version = appended(
                intake, table, parent,
                source=name, query=query, schema=schema, time=time, lineage=lineage, at=at,
            )  # fmt: skip
            set_aside(self.folder, table, intake, content)
            if self._commit(delta, version, intake.kept, content):
                return self._open(version)
        raise SourceError(
            f"{table}: lost {_TRIES} races against other writers", hint="Ingest one at a time."
        )

    def mend(
        self,
        parent: DatasetVersion,
        rows: Any,
        *,
        name: str,
        lineage: Mapping[str, Any],
        time: TimeSpec | None = None,
        key: Sequence[str] = (),
        schema: Schema | Path | str | None = None,
        at: datetime,
    ) -> DatasetVersion:
        """Make the version that holds mended rows in place of all rows of its parent.

        The same columns, and each row in its place; a type may change where it has to. The
        parent and all before it are read as ever, and what is ingested later adds to the mended
        rows. The same again gives the same version.

        Parameters
        ----------
        parent : DatasetVersion
            The newest version of its table.
        rows : data frame, or whatever `read_source` reads
            The rows of `parent`, mended.
        name : str
            What to record as the source: what was done, in words.
        lineage : mapping
            The same for programs: values that JSON can hold.
        time, key, schema
            As in `ingest`. Without `time` the range of times stays that of the parent.
        at : datetime
            The moment; naive ones are taken as UTC.

        Raises
        ------
        SourceError
            If the table has a newer version than `parent`; nothing is written.
        SchemaError
            If columns or the number of rows differ, or a row would have to be set aside.
        KeyClashError
            If a key is there twice.

        Examples
        --------
        >>> from tempfile import TemporaryDirectory
        >>> rows, at = pl.DataFrame({"km": [5, None]}), datetime(2026, 1, 2)
        >>> with TemporaryDirectory() as folder:
        ...     tables = Tables(folder)
        ...     first = tables.ingest("trips", rows, at=at)
        ...     made = tables.mend(first, rows.fill_null(6), name="by ann", lineage={}, at=at)
        ...     made.name, *(tables.read(v).collect()["km"].to_list() for v in (first, made))
        ('trips@1', [5, None], [5, 6])
        """
        if isinstance(schema, (str, Path)):
            schema = Schema.load(schema)
        mended = stored_form(collect(read_source(rows), name), name)
        told = json.dumps(dict(lineage), sort_keys=True)
        content = hashlib.sha256(
            f"{parent.fingerprint}\0{content_hash(mended)}\0{told}".encode()
        ).hexdigest()
        delta = self._delta(parent.table)
        known = self._by_content(delta, content)
        if known is not None:
            return known
        newest = self.versions(parent.table)[-1]
        columns = self.read(newest).collect_schema().names()
        if (newest.version, newest.fingerprint) != (parent.version, parent.fingerprint):
            raise _moved_on(parent, newest)
        kept = admit_mended(mended, parent, columns, name=name, time=time, key=key, schema=schema)
        version = replaced(
            kept, parent, source=name, schema=schema, time=time, lineage=lineage, at=at
        )
        if not self._commit(delta, version, kept, content):
            raise _moved_on(parent, self.versions(parent.table)[-1])
        return self._open(version)

    def _check_name(self, table: str) -> None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", table) or "__" in table:
            raise ValueError(
                "a table name of letters, digits, - and single _ was expected, with a letter "
                f"first, got {table!r}"
            )

    def _by_content(self, delta: Delta | None, content: str) -> DatasetVersion | None:
        if delta is None or not has_content(delta, content):
            return None
        known = (f for f in commit_facts(delta) if f["content"] == content)
        return self._open(from_facts(next(known)))

    def _as_mended(self, version: DatasetVersion) -> DatasetVersion:
        """Return what became of a version before other rows came."""
        later = self.versions(version.table)[version.version + 1 :]
        return ([version, *takewhile(lambda each: each.change == "replace", later)])[-1]

    def _commit(
        self,
        delta: Delta | None,
        version: DatasetVersion,
        rows: pl.DataFrame,
        content: str,
    ) -> bool:
        number = pl.lit(version.version, dtype=pl.Int32).alias(VERSION)
        return write_rows(
            self.folder / version.table, delta, rows.with_columns(number), content,
            facts=as_facts(version, content), mode=version.change, by=[VERSION],
        )  # fmt: skip


def _moved_on(parent: DatasetVersion, newest: DatasetVersion) -> SourceError:
    return SourceError(
        f"expected {parent.name} to be the newest version, got {newest.name} from {newest.source}",
        hint="Run it again, on the table as it is now; nothing was written.",
    )
