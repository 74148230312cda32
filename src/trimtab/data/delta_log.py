"""The Delta log of one table: what each commit wrote, and rows written whole or not at all.

The only module that knows Delta. Each commit carries its facts in its own metadata, and names its
content as a Delta application transaction: what was written once is known ever after.
"""

import json
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import unquote

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError

from trimtab.core.errors import SourceError

VERSION = "_version"
_FACTS = "trimtab"
# The log holds the facts of every version: it is never cleaned up.
_KEEP = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
}
Mode = Literal["append", "replace"]
Delta: TypeAlias = DeltaTable


def open_delta(path: Path) -> Delta | None:
    """Return the table in a folder, None if there is none."""
    return DeltaTable(path) if path.is_dir() and DeltaTable.is_deltatable(str(path)) else None


def commit_facts(delta: Delta) -> list[dict[str, Any]]:
    """Return the facts of all commits, oldest first."""
    return [json.loads(commit[_FACTS]) for commit in reversed(delta.history())]


def has_content(delta: Delta | None, content: str) -> bool:
    """Return whether some content was written already."""
    return delta is not None and delta.transaction_version(content) is not None


def data_files(delta: Delta) -> list[str]:
    """Return the paths of the data files; Delta writes a blank in a folder's name as %20."""
    return [unquote(uri) for uri in delta.file_uris()]


def scan_version(folder: Path, version: int) -> pl.LazyFrame:
    """Return the rows of a version, in the order in which they were written."""
    files = sorted(data_files(DeltaTable(folder, version=version)), key=_commit_order)
    return pl.scan_parquet(files, hive_partitioning=False, glob=False)


def scan_commits(folder: Path, commits: set[int], seen_at: list[int]) -> list[pl.LazyFrame]:
    """Return the rows that some commits wrote, in order, also those that later ones replaced.

    `seen_at` names versions that hold each of these rows, among others. Each part has the types
    that its commit gave it.
    """
    found = {
        file for version in seen_at for file in data_files(DeltaTable(folder, version=version))
    }
    files = sorted((f for f in found if _commit_order(f)[0] in commits), key=_commit_order)
    return [pl.scan_parquet(file, hive_partitioning=False, glob=False) for file in files]


def write_rows(
    path: Path,
    delta: Delta | None,
    rows: pl.DataFrame,
    content: str,
    *,
    facts: dict[str, Any],
    mode: Mode = "append",
    by: list[str] | None = None,
    merge: bool = False,
) -> bool:
    """Write to exactly the state that was read; return False if another writer was first.

    Rows and facts appear together or not at all. `replace` puts the rows in the place of all
    rows that are there; older versions keep theirs. With `merge` new columns may come.
    """
    path.mkdir(parents=True, exist_ok=True)
    replaces = mode == "replace"
    try:
        write_deltalake(
            delta if delta is not None else path,
            rows,
            # not "append" to none: another writer's new table would be appended to unread
            mode="error" if delta is None else "overwrite" if replaces else "append",
            partition_by=by,
            schema_mode="overwrite" if replaces else "merge" if merge and delta else None,
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
        if delta is None and open_delta(path) is not None:
            return False  # another writer made the table in between
        raise SourceError(
            f"{path.name}: could not be written: {str(error).splitlines()[0]}",
            hint="Check the rights and the free space of the folder.",
        ) from error
    return True


def _commit_order(uri: str) -> tuple[int, str]:
    """Return what sorts data files by the version that added them, then by part."""
    folder, _, file = uri.rpartition("/")
    return int(folder.rpartition("=")[2]), file
