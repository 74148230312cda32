"""The SQLite file of an event log: its tables, its one lock, and how it is opened.

What the rows mean is `event_log.py`'s. Times are whole microseconds since 1970, in UTC.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from trimtab.core.errors import SourceError

_FORMAT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS batches (
    batch INTEGER PRIMARY KEY, arrived_at INTEGER NOT NULL, rows INTEGER NOT NULL,
    time_min INTEGER NOT NULL, time_max INTEGER NOT NULL,
    champion_version INTEGER NOT NULL, shadow_version INTEGER, shadow_error TEXT,
    events BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS batches_by_time ON batches (time_min, time_max);
CREATE TABLE IF NOT EXISTS requests (
    request_id TEXT PRIMARY KEY, batch INTEGER NOT NULL, position INTEGER NOT NULL,
    time INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS labels_history (
    number INTEGER PRIMARY KEY, request_id TEXT NOT NULL, label NOT NULL,
    label_time INTEGER NOT NULL, arrived_at INTEGER NOT NULL,
    UNIQUE (request_id, label, label_time)
);
CREATE VIEW IF NOT EXISTS labels AS
    SELECT request_id, label, label_time, arrived_at FROM (
        SELECT *, row_number() OVER (
            PARTITION BY request_id ORDER BY label_time DESC, number DESC
        ) AS place FROM labels_history
    ) WHERE place = 1;
CREATE TABLE IF NOT EXISTS label_quarantine (
    request_id TEXT NOT NULL, label NOT NULL, label_time INTEGER NOT NULL,
    arrived_at INTEGER NOT NULL, reason TEXT NOT NULL,
    UNIQUE (request_id, label, label_time)
);
"""


class EventFile:
    """One connection to the file, safe to use from several threads.

    Parameters
    ----------
    path : path-like
        The file; it is made if there is none.
    durable : bool
        Whether a commit waits until the disk has it.
    """

    def __init__(self, path: Path, *, durable: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.RLock()
        self._connection = _connect(path, durable=durable)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Keep other writers, of this process and of others, out until the commit."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:  # a full disk may have rolled back by itself
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()


def _connect(path: Path, *, durable: bool) -> sqlite3.Connection:
    """Open the file, made ready for one writer and many readers at a time."""
    try:
        connection = sqlite3.connect(
            path, timeout=60, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} COMMIT;")
            connection.execute(f"PRAGMA user_version = {_FORMAT}")
    except sqlite3.DatabaseError as error:
        raise SourceError(
            f"expected an event log at {path}, got: {error}",
            hint="Move the file away and start again, or mend it with `sqlite3 FILE .recover`.",
        ) from None
    if version > _FORMAT:
        raise SourceError(
            f"expected an event log of format {_FORMAT} at {path}, got format {version}",
            hint="Run the newer Trimtab that wrote it: `pip install --upgrade trimtab`.",
        )
    return connection


def micros(time: datetime) -> int:
    """Return microseconds since 1970; exact, which a float of seconds would not be."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    """Return the time that `micros` made a number of."""
    return _EPOCH + timedelta(microseconds=value)
