"""The SQLite file of a cleaning session, of either kind: what it was given, and every fix.

Each fix is written before it is used, in a transaction of its own or, if many come together, in
one for all: what a person has done is never done twice. Nothing computed is kept; it follows
from the rest. Fixes are only ever added, so that their number tells whether there are new ones.
"""

import io
import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from trimtab.core.errors import SourceError
from trimtab.effort.cleaning_fix import RowFix

_FORMAT = 2
_FIXES = """create table fixes (
    step integer primary key, row integer, value text, cells text, by text, at text, note text
)"""


def write_new(
    file: str | Path, given: Mapping[str, Any], fixed: Mapping[int, Any], *tables: str
) -> "Recorder":
    """Write what a session was given to a new file; return what adds fixes to it.

    `given` holds bytes, or what JSON can hold; `tables` are statements that make further ones.
    """
    path = check_new(file)
    # under another name until it is whole: half a session is no session
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with writing(part) as database:
        database.execute("create table given (name text primary key, content blob)")
        for table in (_FIXES, *tables):
            database.execute(table)
        database.execute(f"pragma user_version = {_FORMAT}")
        texts = {k: v if isinstance(v, bytes) else json.dumps(v) for k, v in given.items()}
        database.executemany("insert into given values (?, ?)", texts.items())
        for row, value in fixed.items():
            insert_fix(database, RowFix(row, value))
    part.replace(path)
    return Recorder(path)


def packed(arrays: Mapping[str, Any]) -> bytes:
    """Return arrays as bytes, to be read by `unpacked`."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def unpacked(content: bytes) -> dict[str, Any]:
    """Return the arrays that `packed` was given."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)


def check_new(file: str | Path) -> Path:
    """Return where a new session goes: a name that is free, in a folder that is there."""
    path = Path(file)
    if path.exists():
        problem = f"expected no file at {path.name or path}, got one"
        raise SourceError(problem, hint="Go on with it by `trimtab effort clean next`.")
    if not path.parent.is_dir():
        raise SourceError(f"expected a folder {path.parent}, found none", hint="Make it first.")
    return path


def read_session(path: Path) -> tuple[dict[str, Any], list[RowFix]]:
    """Return what a session was given, as it is kept, and all that was ever said of rows."""
    if not path.is_file():
        raise SourceError(
            f"expected a cleaning session at {path.name or path}, got no file",
            hint="Begin one with `trimtab effort clean start`.",
        )
    try:
        with opened(path) as database:
            given = dict(database.execute("select name, content from given"))
            (number,) = database.execute("pragma user_version").fetchone()
            if number != _FORMAT:
                raise SourceError(
                    f"expected a cleaning session of format {_FORMAT} at {path.name}, got one of "
                    f"format {number}",
                    hint="Go on with it in the version of Trimtab that began it.",
                )
            fixes = [
                _fix(*line)
                for line in database.execute(
                    "select row, value, cells, by, at, note from fixes order by step"
                )
            ]
    except sqlite3.DatabaseError as error:
        raise SourceError(
            f"expected a cleaning session at {path.name}, got another file ({error})",
            hint="Begin one with `trimtab effort clean start`.",
        ) from None
    return given, fixes


class Recorder:
    """Writes each fix to the file of a session."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, fix: RowFix) -> None:
        """Write one fix."""
        with writing(self.path) as database:
            insert_fix(database, fix)


def insert_fix(database: sqlite3.Connection, fix: RowFix) -> None:
    """Add a fix to those of an open file."""
    # numbers as text of the shortest form that reads back as the same number
    value = json.dumps(np.asarray(fix.value).tolist())
    cells = None if fix.cells is None else json.dumps(dict(fix.cells), ensure_ascii=False)
    at = None if fix.at is None else fix.at.isoformat()
    database.execute(
        "insert into fixes (row, value, cells, by, at, note) values (?, ?, ?, ?, ?, ?)",
        (int(fix.row), value, cells, fix.by, at, fix.note),
    )


def _fix(
    row: int, value: str, cells: str | None, by: str | None, at: str | None, note: str | None
) -> RowFix:
    return RowFix(
        row,
        np.array(json.loads(value)),
        None if cells is None else json.loads(cells),
        by,
        None if at is None else datetime.fromisoformat(at),
        note,
    )


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database that is there; what stands against writing becomes a SourceError."""
    try:
        with opened(path) as database:
            yield database
    except sqlite3.OperationalError as error:
        raise SourceError(
            f"expected to write to {path.name}, got: {error}",
            hint="Check its rights and the free space, and run the command again.",
        ) from None


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for one transaction, kept only if nothing goes wrong."""
    database = sqlite3.connect(path)
    try:
        with database:
            yield database
    finally:
        database.close()
