"""Reads tables: their names, their versions, the rows of each, and what was set aside."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl

from trimtab.core.errors import NotFoundError, nearest
from trimtab.core.records import DatasetVersion
from trimtab.data.delta_log import Delta, commit_facts, open_delta, scan_version
from trimtab.data.quarantine import read_aside
from trimtab.data.schema import Schema
from trimtab.data.version_facts import from_facts


class TableReader:
    """The tables in a folder, one Delta table each, to read.

    Parameters
    ----------
    folder : path-like
        Where they live.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def read(self, name: str | DatasetVersion) -> pl.LazyFrame:
        """Return the rows of a version (`flights@3`), or of the newest version of a table.

        Rows come in the order in which they were ingested.
        """
        version = name if isinstance(name, DatasetVersion) else self.get(name)
        return scan_version(self.folder / version.table, version.version)

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
        return [self._open(from_facts(facts)) for facts in commit_facts(delta)]

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
        there = self._delta(table) is not None
        columns = self.read(table).collect_schema().names() if there else []
        return read_aside(self.folder, table, columns)

    def _delta(self, table: str) -> Delta | None:
        return open_delta(self.folder / table)

    def _texts(self, table: str, schema: Schema | None) -> list[str]:
        """Return the columns that a source's text is kept in as it is written."""
        if self._delta(table) is None:
            return schema.texts if schema is not None else []
        # a column that only became text by mending was taken in as something else
        ends = (self.read(f"{table}@0"), self.read(table))
        first, last = (rows.collect_schema() for rows in ends)
        return [name for name, kind in last.items() if kind == first[name] == pl.String]

    def _open(self, version: DatasetVersion) -> DatasetVersion:
        """Return a version whose rows can be read wherever it is taken for a source."""
        reader = partial(scan_version, self.folder / version.table, version.version)
        return replace(version, reader=reader)
