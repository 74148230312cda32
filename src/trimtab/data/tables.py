"""Tables as Delta tables: each append is a dataset version, and any version can be read back.

The Delta log is the one truth. What a version is (`DatasetVersion`) stands in the metadata of
the commit that made it, so that rows and facts appear together or not at all. An ingest names
its content in a Delta application transaction: done twice, it is one version. A commit that
lost a race against another is decided anew on the table as it then is.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from trimtab.core.errors import NotFoundError, SourceError, nearest
from trimtab.core.records import DatasetVersion, jsonable
from trimtab.data.fingerprint import chained, content_hash
from trimtab.data.intake import REASON, Intake, admit, only_new, refuse_clashes, stored_form
from trimtab.data.schema import Schema
from trimtab.data.sources import collect, read_source, source_name
from trimtab.data.time import ROW_NUMBER, TimeSpec, time_expression

VERSION = "_version"
_INGEST = "_ingest"
_FACTS = "trimtab"
_TRIES = 50
# The log holds the facts of every version: it is never cleaned up.
_KEEP = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
}


class Tables:
    """The tables in a folder, one Delta table each.

    Parameters
    ----------
    folder : path-like
        Where they live; made on the first ingest.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

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
        at: datetime,
    ) -> DatasetVersion:
        """Append rows to a table, making it if need be.

        The new version holds the rows of its parent and then the new ones, in their order; of a
        source that has grown since, only what it adds (see `intake.only_new`). The
        same content (rows and query) ingested again gives the version that it made the first
        time, whatever time, key or schema is named. Rows that cannot be kept are set aside
        (see `quarantine`), and the others kept.

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
        frame = read_source(source, query=query, nulls=nulls)
        rows = stored_form(collect(frame, name), name)
        content = hashlib.sha256(f"{content_hash(rows)}\0{query or ''}".encode()).hexdigest()
        for _ in range(_TRIES):
            delta = self._delta(table)
            known = self._by_content(delta, table, content)
            if known is not None:
                return known
            parent = self.versions(table)[-1] if delta is not None else None
            columns = self.read(parent).collect_schema() if parent else None
            intake = admit(rows, name=name, table=columns, time=time, key=key, schema=schema)
            stored = self.read(parent) if parent else None
            if parent is not None and stored is not None:
                intake = replace(intake, kept=only_new(intake.kept, stored.collect(), key))
                if intake.kept.is_empty():
                    return parent
            refuse_clashes(intake.kept, stored, key, name)
            version = self._open(_describe(intake, table, parent, time, at, name, query, schema))
            self._set_aside(table, intake, content)
            if self._commit(delta, version, intake.kept, content):
                return version
        raise SourceError(
            f"{table}: lost {_TRIES} races against other writers", hint="Ingest one at a time."
        )

    def read(self, name: str | DatasetVersion) -> pl.LazyFrame:
        """Return the rows of a version (`flights@3`), or of the newest version of a table.

        Rows come in the order in which they were ingested.
        """
        version = name if isinstance(name, DatasetVersion) else self.get(name)
        return _scan(self.folder / version.table, version.version)

    def get(self, name: str) -> DatasetVersion:
        """Return the version called `flights@3`, the newest of the table for `flights`."""
        table, _, number = name.partition("@")
        versions = self.versions(table)
        if not number:
            return versions[-1]
        for version in versions:
            if str(version.version) == number:
                return version
        raise NotFoundError(
            f"no dataset version is called `{name}`",
            hint=f"The newest is `{versions[-1].name}`. Run `trimtab data versions {table}`.",
            name=name,
        )

    def versions(self, table: str) -> list[DatasetVersion]:
        """Return all versions of a table, oldest first."""
        delta = self._delta(table)
        if delta is None:
            raise NotFoundError(
                f"no table is called `{table}`", hint=nearest(table, self.names()), name=table
            )
        return [self._open(_version(facts)) for facts in _log(delta)]

    def names(self) -> list[str]:
        """Return the names of all tables, in alphabetical order."""
        if not self.folder.is_dir():
            return []
        folders = sorted(item.name for item in self.folder.iterdir() if item.is_dir())
        return [name for name in folders if "__" not in name and self._delta(name) is not None]

    def quarantine(self, table: str) -> pl.LazyFrame:
        """Return the rows that were set aside, all columns as text.

        `_reason` says why. `_version` is the version that their ingest made, null if it made
        none (it was interrupted, and will say the same when it is run again).
        """
        delta = self._delta(table)
        made = [] if delta is None else _log(delta)
        aside = self._delta(f"{table}__quarantine")
        if aside is None:
            columns = [] if delta is None else self.read(table).collect_schema().names()
            empty = dict.fromkeys([*columns, REASON], pl.String) | {VERSION: pl.Int64}
            return pl.LazyFrame(schema=empty)
        versions = pl.LazyFrame(
            {_INGEST: [facts["content"] for facts in made],
             VERSION: [facts["version"] for facts in made]},
            schema={_INGEST: pl.String, VERSION: pl.Int64},
        )  # fmt: skip
        files = sorted(_files(aside))
        rows = pl.scan_parquet(
            files, hive_partitioning=False, glob=False, missing_columns="insert"
        )
        return rows.join(versions, on=_INGEST, how="left").drop(_INGEST)

    def _open(self, version: DatasetVersion) -> DatasetVersion:
        """Return a version whose rows can be read wherever it is taken for a source."""
        reader = partial(_scan, self.folder / version.table, version.version)
        return replace(version, reader=reader)

    def _check_name(self, table: str) -> None:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", table) or "__" in table:
            raise ValueError(
                "a table name of letters, digits, - and single _ was expected, with a letter "
                f"first, got {table!r}"
            )

    def _delta(self, table: str) -> DeltaTable | None:
        path = self.folder / table
        return DeltaTable(path) if path.is_dir() and DeltaTable.is_deltatable(str(path)) else None

    def _by_content(
        self, delta: DeltaTable | None, table: str, content: str
    ) -> DatasetVersion | None:
        if delta is None or delta.transaction_version(content) is None:
            return None
        known = (_version(facts) for facts in _log(delta) if facts["content"] == content)
        return self._open(next(known))

    def _set_aside(self, table: str, intake: Intake, content: str) -> None:
        """Write rejected rows, once for each content, before the rows that were kept."""
        if intake.rejected.height == 0:
            return
        name = f"{table}__quarantine"
        rows = intake.rejected.with_columns(pl.lit(content).alias(_INGEST))
        for _ in range(_TRIES):
            delta = self._delta(name)
            if delta is not None and delta.transaction_version(content) is not None:
                return
            if self._write(delta, name, rows, content, facts={}, merge=True):
                return

    def _commit(
        self, delta: DeltaTable | None, version: DatasetVersion, rows: pl.DataFrame, content: str
    ) -> bool:
        facts = {**jsonable(version.to_dict()), "content": content}
        number = pl.lit(version.version, dtype=pl.Int32).alias(VERSION)
        return self._write(
            delta, version.table, rows.with_columns(number), content, facts=facts, by=[VERSION]
        )

    def _write(
        self,
        delta: DeltaTable | None,
        name: str,
        rows: pl.DataFrame,
        content: str,
        *,
        facts: dict[str, Any],
        by: list[str] | None = None,
        merge: bool = False,
    ) -> bool:
        """Append to exactly the state that was read; return False if another was first."""
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        try:
            write_deltalake(
                delta if delta is not None else path,
                rows,
                # not "append" to none: another writer's new table would be appended to unread
                mode="error" if delta is None else "append",
                partition_by=by,
                schema_mode="merge" if merge and delta is not None else None,
                configuration=_KEEP if delta is None else None,
                commit_properties=CommitProperties(
                    custom_metadata={_FACTS: json.dumps(facts)},
                    max_commit_retries=0,
                    app_transactions=[Transaction(content, 1)],
                ),
            )
        except CommitFailedError:
            return False
        except DeltaError as error:
            if delta is None and self._delta(name) is not None:
                return False  # another writer made the table in between
            raise SourceError(
                f"{name}: could not be written: {str(error).splitlines()[0]}",
                hint="Check the rights and the free space of the folder.",
            ) from error
        return True


def _scan(folder: Path, version: int) -> pl.LazyFrame:
    files = sorted(_files(DeltaTable(folder, version=version)), key=_commit_order)
    return pl.scan_parquet(files, hive_partitioning=False, glob=False)


def _log(delta: DeltaTable) -> list[dict[str, Any]]:
    """Return the facts of all commits, oldest first."""
    return [json.loads(commit[_FACTS]) for commit in reversed(delta.history())]


def _version(facts: dict[str, Any]) -> DatasetVersion:
    values = {key: value for key, value in facts.items() if key != "content"}
    for key in ("time_min", "time_max", "created_at"):
        if values[key] is not None:
            values[key] = datetime.fromisoformat(values[key])
    return DatasetVersion(**values)


def _describe(
    intake: Intake,
    table: str,
    parent: DatasetVersion | None,
    time: TimeSpec | None,
    at: datetime,
    source: str,
    query: str | None,
    schema: Schema | None,
) -> DatasetVersion:
    before = parent.rows if parent else 0
    low, high = _time_range(intake.kept, time, before)
    lows = [t for t in (low, parent.time_min if parent else None) if t is not None]
    highs = [t for t in (high, parent.time_max if parent else None) if t is not None]
    return DatasetVersion(
        table=table,
        version=parent.version + 1 if parent else 0,
        fingerprint=chained(parent.fingerprint if parent else None, content_hash(intake.kept)),
        source=source,
        query=query,
        schema_version=schema.version if schema else None,
        rows=before + intake.kept.height,
        rejected=intake.rejected.height,
        time_min=min(lows, default=None),
        time_max=max(highs, default=None),
        parent=parent.version if parent else None,
        created_at=at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC),
    )


def _time_range(
    rows: pl.DataFrame, time: TimeSpec | None, before: int
) -> tuple[datetime | None, datetime | None]:
    if time is None:
        return None, None
    value = time_expression(time, rows.schema)
    low, high = rows.select(value.min().alias("low"), value.max().alias("high")).row(0)
    if time == ROW_NUMBER and ROW_NUMBER not in rows.schema:
        moved = timedelta(minutes=before)
        low, high = low + moved, high + moved
    return low.astimezone(UTC), high.astimezone(UTC)


def _files(delta: DeltaTable) -> list[str]:
    """Return the paths of the data files; Delta writes a blank in a folder's name as %20."""
    return [unquote(uri) for uri in delta.file_uris()]


def _commit_order(uri: str) -> tuple[int, str]:
    """Return what sorts data files by the version that added them, then by part."""
    folder, _, file = uri.rpartition("/")
    return int(folder.rpartition("=")[2]), file
