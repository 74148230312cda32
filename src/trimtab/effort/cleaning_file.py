"""A cleaning session in its file, and what was said of its rows.

How the file is laid out is in `cleaning_store`; sessions of a linear model are in `active_file`.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trimtab.core.errors import SourceError
from trimtab.effort.cleaning_fix import RowFix
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.effort.cleaning_store import (
    Recorder,
    insert_fix,
    opened,
    packed,
    read_session,
    unpacked,
    write_new,
    writing,
)

_SETTINGS = "k", "sample", "seed", "label_cost", "cost_unit", "delta"


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
            insert_fix(database, fix)


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
