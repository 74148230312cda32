"""A cleaning session in one SQLite file: what it was given, and every row that was fixed.

Each fix is written before it is used, in a transaction of its own: what a person has done is
never done twice. Nothing computed is kept; it follows from the rest.
"""

import io
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from trimtab.core.errors import SourceError
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.stats.arrays import FloatArray

_SETTINGS = "k", "sample", "seed", "label_cost", "cost_unit", "delta"


def save_session(
    session: CleaningSession, file: str | Path, *, about: dict[str, Any] | None = None
) -> None:
    """Write a session to a new file; from then on every fix goes there.

    `about` is kept beside it: anything that JSON can hold.

    Raises
    ------
    SourceError
        If there is a file already.
    """
    path = Path(file)
    if path.exists():
        raise SourceError(
            f"expected no file at {path.name}, got one",
            hint="Go on with it by `open_session`, or choose another name.",
        )
    rows = session.rows
    arrays = {
        "values": rows.values, "counts": rows.counts, "labels": rows.labels,
        "queries": session.queries,
    }  # fmt: skip
    if session.query_labels is not None:
        arrays["query_labels"] = session.query_labels
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    settings = {name: getattr(session, name) for name in _SETTINGS}
    texts = {"settings": json.dumps(settings), "about": json.dumps(about or {})}
    # under another name until it is whole: half a session is no session
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with _opened(part) as database:
        database.execute("create table given (name text primary key, content blob)")
        database.execute("create table fixes (step integer primary key, row integer, value text)")
        database.execute("insert into given values ('arrays', ?)", (buffer.getvalue(),))
        database.executemany("insert into given values (?, ?)", texts.items())
        for row, value in session.fixed.items():
            _insert(database, row, value)
    part.replace(path)
    session.remember = _Recorder(path)


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
    path = Path(file)
    given, fixes = _read(path)
    arrays = np.load(io.BytesIO(given["arrays"]), allow_pickle=False)
    cuts = np.cumsum(arrays["counts"])[:-1]
    return CleaningSession(
        np.split(arrays["values"], cuts),
        arrays["labels"],
        arrays["queries"],
        query_labels=arrays.get("query_labels"),
        fixed={row: np.array(json.loads(value)) for row, value in fixes},
        remember=_Recorder(path),
        **json.loads(given["settings"]),
    )


def read_about(file: str | Path) -> dict[str, Any]:
    """Return what was kept beside a session."""
    given, _ = _read(Path(file))
    about: dict[str, Any] = json.loads(given["about"])
    return about


class _Recorder:
    """Writes each fix to the file of a session."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, row: int, value: FloatArray) -> None:
        with _opened(self.path) as database:
            _insert(database, row, value)


def _read(path: Path) -> tuple[dict[str, Any], list[tuple[int, str]]]:
    if not path.is_file():
        raise SourceError(
            f"expected a cleaning session at {path.name}, got no file",
            hint="Begin one with `trimtab effort clean start`.",
        )
    try:
        with _opened(path) as database:
            given = dict(database.execute("select name, content from given"))
            fixes = list(database.execute("select row, value from fixes order by step"))
    except sqlite3.DatabaseError as error:
        raise SourceError(
            f"expected a cleaning session at {path.name}, got another file ({error})",
            hint="Begin one with `trimtab effort clean start`.",
        ) from None
    return given, fixes


def _insert(database: sqlite3.Connection, row: int, value: FloatArray) -> None:
    # text of the shortest form that reads back as the same number
    database.execute(
        "insert into fixes (row, value) values (?, ?)", (int(row), json.dumps(value.tolist()))
    )


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for one transaction, kept only if nothing goes wrong."""
    database = sqlite3.connect(path)
    try:
        with database:
            yield database
    finally:
        database.close()
