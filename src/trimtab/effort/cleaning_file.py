"""A cleaning session in one SQLite file: what it was given, and every row that was fixed.

Each fix is written before it is used, in a transaction of its own or, if many come together, in
one for all: what a person has done is never done twice. Nothing computed is kept; it follows
from the rest. Fixes are only ever added, so that their number tells whether there are new ones.
"""

import hashlib
import io
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from trimtab.core.errors import SourceError
from trimtab.effort.cleaning_fix import RowFix
from trimtab.effort.cleaning_session import CleaningSession

_SETTINGS = "k", "sample", "seed", "label_cost", "cost_unit", "delta"
_FORMAT = 2
_FIXES = """create table fixes (
    step integer primary key, row integer, value text, cells text, by text, at text, note text
)"""


def save_session(
    session: CleaningSession, file: str | Path, *, about: dict[str, Any] | None = None
) -> None:
    """Write a session to a new file; from then on every fix goes there.

    `about` is kept beside it: anything that JSON can hold.

    Raises
    ------
    SourceError
        If there is a file already, or none can be written there.
    """
    rows = session.rows
    arrays = {
        "values": rows.values, "counts": rows.counts, "labels": rows.labels,
        "queries": session.queries,
    }  # fmt: skip
    if session.query_labels is not None:
        arrays["query_labels"] = session.query_labels
    settings = {name: getattr(session, name) for name in _SETTINGS}
    given = {"arrays": packed(arrays), "settings": settings, "about": about or {}}
    session.remember = write_new(file, given, session.fixed)


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
            _insert(database, RowFix(row, value))
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


def open_session(file: str | Path) -> CleaningSession:
    """Read a session back, with all that was fixed; further fixes go to the file.

    Raises
    ------
    SourceError
        If the file is missing, or is no cleaning session.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from trimtab.effort.cleaning import cleaning_order
    >>> session = cleaning_order([[[0.0]], [[1.0], [4.5]]], [0, 1], [[2.0]], k=1)
    >>> with TemporaryDirectory() as folder:
    ...     save_session(session, Path(folder) / "clean.db")
    ...     session.fix(1, 0)
    ...     again = open_session(Path(folder) / "clean.db")
    >>> again.fixed, again.status().is_done
    ({1: array([1.])}, True)
    """
    given, fixes = read_session(path := Path(file))
    arrays, settings = unpacked(given["arrays"]), json.loads(given["settings"])
    if "k" not in settings:
        raise SourceError(
            f"expected a session of nearest neighbours at {path.name}, got one of a linear model",
            hint="Open it with `trimtab.open_cleaning`.",
        )
    cuts = np.cumsum(arrays["counts"])[:-1]
    return CleaningSession(
        np.split(arrays["values"], cuts),
        arrays["labels"],
        arrays["queries"],
        query_labels=arrays.get("query_labels"),
        fixed={fix.row: fix.value for fix in fixes},
        remember=Recorder(path),
        **settings,
    )


def read_about(file: str | Path) -> dict[str, Any]:
    """Return what was kept beside a session."""
    about: dict[str, Any] = json.loads(read_session(Path(file))[0]["about"])
    return about


def read_fixes(file: str | Path) -> list[RowFix]:
    """Return all that was ever said of rows, oldest first; what was said last of a row counts."""
    return read_session(Path(file))[1]


def add_fixes(file: str | Path, fixes: Iterable[RowFix], *, known: Sequence[RowFix]) -> None:
    """Write fixes to a session's file, all or none of them.

    `known` is what `read_fixes` gave to whoever decided on these.

    Raises
    ------
    SourceError
        If others were added since `known` was read.
    """
    with writing(Path(file)) as database:
        database.execute("begin immediate")
        (count,) = database.execute("select count(*) from fixes").fetchone()
        if count != len(known):
            raise SourceError(
                f"expected {len(known)} fixes in {Path(file).name}, got {count}: somebody else "
                "works on this session",
                hint="Run the command again.",
            )
        for fix in fixes:
            _insert(database, fix)


def session_fingerprint(file: str | Path) -> str:
    """Return a hash of all that a session was given and told, who said it and when included."""
    path, digest = Path(file), hashlib.sha256()
    read_session(path)
    with opened(path) as database:
        for query in (
            "select name, content from given order by name",
            "select row, value, cells, by, at, note from fixes order by step",
        ):
            for parts in database.execute(query):
                digest.update(repr(parts).encode())
    return digest.hexdigest()[:32]


class Recorder:
    """Writes each fix to the file of a session."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, fix: RowFix) -> None:
        """Write one fix."""
        with writing(self.path) as database:
            _insert(database, fix)


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


def _insert(database: sqlite3.Connection, fix: RowFix) -> None:
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
