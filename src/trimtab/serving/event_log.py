"""What was asked, what was answered and what turned out true: durable, and exactly once.

One SQLite file a scope. A batch of requests is one row: its raw inputs and scores travel as one
compressed Arrow blob, and an index says which batch holds which request id. Labels come later, by
request id; none is ever overwritten, so that what was known at any moment can be read back.

Nothing here predicts or judges. Times are stored as microseconds since 1970, in UTC.
"""

import io
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from trimtab.core.errors import (
    KeyClashError,
    NotFoundError,
    SchemaError,
    SourceError,
    TrimtabError,
)
from trimtab.core.records import TaskKind
from trimtab.core.workspace import Workspace

ID, TIME, LABEL, LABEL_TIME = "_id", "_time", "_label", "_label_time"
WRITTEN = ("_arrived", "champion_version", "champion_score", "shadow_version", "shadow_score")
RESERVED = frozenset({ID, TIME, LABEL, LABEL_TIME, *WRITTEN})
UTC_TIME = pl.Datetime("us", "UTC")

Label = bool | int | float | str

_FORMAT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LABEL_TYPES: dict[str, pl.DataType] = {
    "binary": pl.Int8(),
    "multiclass": pl.String(),
    "regression": pl.Float64(),
}
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


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What one model version said about a batch, or why it said nothing (a shadow may fail)."""

    version: int
    scores: NDArray[np.float64] | None
    error: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """One request: raw rows with `_id` and `_time`, and what each arm said about them."""

    rows: pl.DataFrame
    predictions: Mapping[str, Predictions]
    arrived_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """The champion's answer as it stands in the log: row by row, the first one ever given."""

    versions: list[int]
    scores: NDArray[np.float64]
    new: int


class EventLog:
    """The event log of one scope.

    Parameters
    ----------
    path : path-like
        The SQLite file; it is made if there is none.
    kind : {"binary", "multiclass", "regression"}, optional
        What labels are. It is kept in the file, so that only the first to open it must know.
    durable : bool, default=True
        Whether a commit waits until the disk has it. Without, a power cut may lose the last
        seconds; the death of the process loses nothing either way.
    """

    def __init__(
        self, path: Path | str, *, kind: TaskKind | None = None, durable: bool = True
    ) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = _connect(self.path, durable=durable)
        if kind is not None and self._fact("kind") is None:
            with self._transaction() as connection:
                connection.execute("INSERT OR IGNORE INTO facts VALUES ('kind', ?)", (kind,))

    @classmethod
    def of(cls, workspace: Workspace) -> "EventLog":
        """Open the event log of a workspace, as its project file wants it."""
        project = workspace.project
        return cls(workspace.event_log_path, kind=project.task.kind, durable=project.serve.durable)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    # -- predictions ---------------------------------------------------------------------------

    def record(
        self, rows: pl.DataFrame, predictions: Mapping[str, Predictions], arrived_at: datetime
    ) -> Recorded:
        """Write one batch; rows whose request id is already known are not written again.

        Parameters
        ----------
        rows : polars.DataFrame
            `_id`, `_time` and the raw inputs.
        predictions : mapping of str to Predictions
            `champion`, and `shadow` if there is one.
        arrived_at : datetime
            When the request came.

        Returns
        -------
        Recorded
            What the log holds for these ids, in the order of `rows`: for a known id, the
            prediction that was given the first time.

        Raises
        ------
        KeyClashError
            If an id stands twice in `rows`, or is known with other inputs. Nothing is written.
        """
        (done,) = self.record_all([Batch(rows, predictions, arrived_at)])
        if isinstance(done, TrimtabError):
            raise done
        return done

    def record_all(self, batches: Sequence[Batch]) -> list[Recorded | TrimtabError]:
        """Write many batches with one commit; a refused one does not stop the others."""
        done: list[Recorded | TrimtabError] = []
        with self._transaction() as connection:
            for batch in batches:
                try:
                    done.append(self._record(connection, batch))
                except TrimtabError as error:
                    done.append(error)
        return done

    def _record(self, connection: sqlite3.Connection, batch: Batch) -> Recorded:
        """Write what is new of a batch; every refusal comes before the first write."""
        rows, champion = batch.rows, batch.predictions["champion"]
        _refuse_reserved(rows)
        assert champion.scores is not None
        ids = rows[ID].to_list()
        known = self._places(connection, ids)
        if len(set(ids)) < len(ids):
            _refuse_twice(ids)
        versions, scores = [champion.version] * len(ids), champion.scores
        if known:
            found = [position for position, name in enumerate(ids) if name in known]
            old = self._events_at(connection, [known[ids[position]] for position in found])
            _refuse_changed(old, rows[found], batch.arrived_at)
            scores = scores.astype(np.float64, copy=True)
            for place, position in enumerate(found):
                versions[position] = old["champion_version"][place]
                scores[position] = _row(old["champion_score"][place], scores[position])
        fresh = [position for position, name in enumerate(ids) if name not in known]
        if fresh:
            _insert(connection, batch, fresh)
        return Recorded(versions, scores, len(fresh))

    def _places(
        self, connection: sqlite3.Connection, ids: Sequence[str]
    ) -> dict[str, tuple[int, int]]:
        """Return batch and position of the ids that are known."""
        query = (
            "SELECT request_id, batch, position FROM requests"
            " WHERE request_id IN (SELECT value FROM json_each(?))"
        )
        found = connection.execute(query, (orjson.dumps(ids).decode(),))
        return {name: (batch, position) for name, batch, position in found}

    def _events_at(
        self, connection: sqlite3.Connection, places: Sequence[tuple[int, int]]
    ) -> pl.DataFrame:
        """Return recorded rows, in the order of `places`."""
        wanted: dict[int, list[int]] = {}
        for order, (batch, _) in enumerate(places):
            wanted.setdefault(batch, []).append(order)
        query = "SELECT events, champion_version FROM batches WHERE batch = ?"
        frames = []
        for batch, orders in wanted.items():
            blob, version = connection.execute(query, (batch,)).fetchone()
            rows = pl.read_ipc_stream(io.BytesIO(blob))[[places[order][1] for order in orders]]
            frames.append(
                rows.with_columns(
                    pl.lit(version).alias("champion_version"), pl.Series("order", orders)
                )
            )
        return pl.concat(frames, how="diagonal_relaxed").sort("order").drop("order")

    # -- labels --------------------------------------------------------------------------------

    def add_labels(
        self,
        ids: Sequence[str],
        labels: Sequence[Label],
        label_times: Sequence[datetime],
        arrived_at: datetime,
    ) -> dict[str, int]:
        """Keep labels that have become known, by request id.

        The same label twice is kept once. Another label for the same id is kept beside the
        first; the one with the later `label_time` is the one that counts.

        Returns
        -------
        dict
            `recorded`: labels new to the log; `repeated`: labels it already held.

        Raises
        ------
        NotFoundError
            If an id is unknown. The labels of the known ids are kept all the same; the others
            go to the table `label_quarantine`.
        """
        now = _micros(arrived_at)
        rows = [
            (name, int(label) if isinstance(label, bool) else label, _micros(time), now)
            for name, label, time in zip(ids, labels, label_times, strict=True)
        ]
        with self._transaction() as connection:
            known = self._places(connection, ids)
            before = connection.total_changes
            connection.executemany(
                "INSERT OR IGNORE INTO labels_history (request_id, label, label_time, arrived_at)"
                " VALUES (?, ?, ?, ?)",
                [row for row in rows if row[0] in known],
            )
            recorded = connection.total_changes - before
            unknown = [row for row in rows if row[0] not in known]
            connection.executemany(
                "INSERT OR IGNORE INTO label_quarantine VALUES (?, ?, ?, ?, 'unknown request id')",
                unknown,
            )
        if unknown:
            _refuse_unknown([row[0] for row in unknown], recorded=recorded, path=self.path)
        return {"recorded": recorded, "repeated": len(rows) - recorded}

    def quarantined_labels(self) -> pl.DataFrame:
        """Return the labels that were refused, with the reason, in the order of arrival."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT request_id, CAST(label AS TEXT), label_time, reason"
                " FROM label_quarantine ORDER BY rowid"
            ).fetchall()
        schema = {ID: pl.String, LABEL: pl.String, LABEL_TIME: pl.Int64, "_reason": pl.String}
        found = pl.DataFrame(rows, schema=schema, orient="row")
        return found.with_columns(_from_micros(LABEL_TIME))

    # -- reading -------------------------------------------------------------------------------

    def read(
        self,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        known_until: datetime | None = None,
    ) -> pl.DataFrame:
        """Return the events of a window of event time, with the labels known by then.

        Parameters
        ----------
        start, end : datetime, optional
            Events with `start <= _time < end`.
        known_until : datetime, optional
            Only labels with `_label_time <= known_until`; all labels without it.

        Returns
        -------
        polars.DataFrame
            `_id`, `_time`, `_arrived`, the raw columns, `champion_version`, `champion_score`
            (a list for multi-class models), `shadow_version`, `shadow_score`, `_label` and
            `_label_time`, in the order of `_time` and `_id`.
        """
        low = -(2**63) if start is None else _micros(start)
        high = 2**63 - 1 if end is None else _micros(end)
        query = (
            "SELECT events, rows, arrived_at, champion_version, shadow_version FROM batches"
            " WHERE time_max >= ? AND time_min < ? ORDER BY batch"
        )
        with self._lock:
            found = self._connection.execute(query, (low, high)).fetchall()
        events = _stack(found)
        times = pl.col(TIME).to_physical()
        events = events.filter((times >= low) & (times < high))
        labels = self._labels(events[ID].to_list(), known_until)
        joined = events.join(labels, on=ID, how="left", validate="1:1")
        first = [ID, TIME, "_arrived"]
        last = [*WRITTEN[1:], LABEL, LABEL_TIME]
        raw = [name for name in joined.columns if name not in RESERVED]
        return joined.select(*first, *raw, *last).sort(TIME, ID)

    def _labels(self, ids: list[str], known_until: datetime | None) -> pl.DataFrame:
        """Return one label an id: the latest of those known by `known_until`."""
        limit = 2**63 - 1 if known_until is None else _micros(known_until)
        query = (
            "SELECT request_id, label, label_time FROM labels_history"
            " WHERE request_id IN (SELECT value FROM json_each(?)) AND label_time <= ?"
            " ORDER BY label_time, number"
        )
        with self._lock:
            rows = self._connection.execute(query, (orjson.dumps(ids).decode(), limit)).fetchall()
        latest = {name: (label, time) for name, label, time in rows}
        values = [label for label, _ in latest.values()]
        return pl.DataFrame(
            {
                ID: pl.Series(list(latest), dtype=pl.String),
                LABEL: pl.Series(values, dtype=self._label_type(values), strict=False),
                LABEL_TIME: pl.Series([time for _, time in latest.values()], dtype=pl.Int64),
            }
        ).with_columns(_from_micros(LABEL_TIME))

    def _label_type(self, values: Sequence[object]) -> pl.DataType:
        kind = self._fact("kind")
        if kind is not None:
            return _LABEL_TYPES[kind]
        types = {type(value) for value in values}
        if str in types:
            return pl.String()
        return pl.Float64() if float in types or not types else pl.Int8()

    def count(self) -> int:
        """Return the number of requests ever recorded."""
        with self._lock:
            found = self._connection.execute("SELECT coalesce(sum(rows), 0) FROM batches")
            return int(found.fetchone()[0])

    def rows_per_day(self) -> pl.DataFrame:
        """Return `day` and `rows`: the volume by event time (UTC days)."""
        query = (
            "SELECT time / 86400000000 - (time % 86400000000 < 0) AS day, count(*) FROM requests"
            " GROUP BY day ORDER BY day"
        )
        with self._lock:
            rows = self._connection.execute(query).fetchall()
        schema = {"day": pl.Int32, "rows": pl.Int64}
        return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
            pl.col("day").cast(pl.Date)
        )

    def shadow_errors(self) -> dict[str, int]:
        """Return how many batches the shadow failed on, by message."""
        query = (
            "SELECT shadow_error, count(*) FROM batches WHERE shadow_error IS NOT NULL"
            " GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        with self._lock:
            return dict(self._connection.execute(query).fetchall())

    # -- plumbing ------------------------------------------------------------------------------

    def _fact(self, name: str) -> str | None:
        with self._lock:
            found = self._connection.execute(
                "SELECT value FROM facts WHERE name = ?", (name,)
            ).fetchone()
        return None if found is None else str(found[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Keep other writers, of this process and of others, out until the commit."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


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


def _insert(connection: sqlite3.Connection, batch: Batch, fresh: list[int]) -> None:
    """Write the rows at the positions `fresh`."""
    champion, shadow = batch.predictions["champion"], batch.predictions.get("shadow")
    events = batch.rows.with_columns(
        _scores("champion_score", champion), _scores("shadow_score", shadow)
    )
    if len(fresh) < events.height:
        events = events[fresh]
    blob = io.BytesIO()
    events.write_ipc_stream(blob, compression="zstd")
    times = events[TIME].to_physical().to_list()
    cursor = connection.execute(
        "INSERT INTO batches (arrived_at, rows, time_min, time_max, champion_version,"
        " shadow_version, shadow_error, events) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            _micros(batch.arrived_at), events.height, min(times), max(times), champion.version,
            shadow and shadow.version, shadow and shadow.error, blob.getvalue(),
        ),
    )  # fmt: skip
    number = cursor.lastrowid
    connection.executemany(
        "INSERT INTO requests VALUES (?, ?, ?, ?)",
        [
            (name, number, position, time)
            for position, (name, time) in enumerate(zip(events[ID].to_list(), times, strict=True))
        ],
    )


def _scores(name: str, predictions: Predictions | None) -> pl.Series | pl.Expr:
    """Return scores as a column: numbers, lists of numbers, or nulls where there are none."""
    if predictions is None or predictions.scores is None:
        return pl.lit(None, dtype=pl.Null).alias(name)
    if predictions.scores.ndim == 1:
        return pl.Series(name, predictions.scores, dtype=pl.Float64)
    return pl.Series(name, predictions.scores.tolist(), dtype=pl.List(pl.Float64))


def _stack(found: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """Return batches as one table; a column that a batch lacks is null there."""
    if not found:
        empty = {ID: pl.String, TIME: UTC_TIME, "_arrived": UTC_TIME}
        scores = dict.fromkeys(WRITTEN[1:], pl.Int64) | {"champion_score": pl.Float64}
        return pl.DataFrame(schema={**empty, **scores, "shadow_score": pl.Float64})
    frames = [pl.read_ipc_stream(io.BytesIO(blob)) for blob, *_ in found]
    counts = [rows for _, rows, *_ in found]
    spread = {
        "_arrived": (2, pl.Int64), "champion_version": (3, pl.Int64),
        "shadow_version": (4, pl.Int64),
    }  # fmt: skip
    facts = [
        pl.Series(name, [row[place] for row in found], dtype=kind).gather(
            np.repeat(np.arange(len(found)), counts)
        )
        for name, (place, kind) in spread.items()
    ]
    events = pl.concat(frames, how="diagonal_relaxed", rechunk=True).with_columns(facts)
    if events.schema["shadow_score"] == pl.Null:
        events = events.with_columns(pl.col("shadow_score").cast(events.schema["champion_score"]))
    return events.with_columns(_from_micros("_arrived"))


def _refuse_reserved(rows: pl.DataFrame) -> None:
    clash = sorted((RESERVED - {ID, TIME}).intersection(rows.columns))
    if clash:
        raise SchemaError(
            f"expected raw columns only, got `{clash[0]}`, a name that the event log uses",
            hint=f"Rename `{clash[0]}` before you send it.",
            column=clash[0],
        )


def _refuse_twice(ids: Sequence[str]) -> None:
    seen: set[str] = set()
    twice = next(name for name in ids if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    raise KeyClashError(
        f"expected each request id once in a batch, got `{twice}` twice",
        hint="Give each row its own id, or none: the server then makes one.",
        request_id=twice,
    )


def _refuse_changed(old: pl.DataFrame, new: pl.DataFrame, arrived_at: datetime) -> None:
    """Refuse rows whose id is known with other inputs, or asked at another event time.

    A row that carried no time was given the time of its arrival, which says nothing.
    """
    drop = [*WRITTEN, ID]
    both = pl.concat(
        [old.drop(drop, strict=False), new.drop(drop, strict=False)], how="diagonal_relaxed"
    )
    first, second = both[: old.height], both[old.height :]
    for name in both.columns:
        differs = first[name].ne_missing(second[name])
        if name == TIME:
            differs &= second[name] != arrived_at
        if differs.any():
            row = differs.arg_true()[0]
            request_id = new[ID][row]
            raise KeyClashError(
                f"expected request `{request_id}` to be asked as before, got another"
                f" `{name}`: {second[name][row]!r} where {first[name][row]!r} is recorded",
                hint="Send a new request id for new inputs.",
                request_id=request_id,
                column=name,
            )


def _refuse_unknown(unknown: list[str], *, recorded: int, path: Path) -> None:
    named = ", ".join(f"`{name}`" for name in unknown[:5])
    more = f" and {len(unknown) - 5:,} more" if len(unknown) > 5 else ""
    raise NotFoundError(
        f"expected labels for requests in the event log, got {len(unknown):,} for unknown ids:"
        f" {named}{more}",
        hint="Send the prediction requests first, then these labels again; the labels of known"
        " ids were kept.",
        unknown=unknown,
        recorded=recorded,
    )


def _row(recorded: Any, like: Any) -> Any:
    """Return a recorded score in the shape of a row of the scores of today."""
    value = np.asarray(recorded, dtype=np.float64)
    if value.shape != np.shape(like):
        raise KeyClashError(
            "expected the recorded answer to have the shape of today's, got another number of"
            " classes",
            hint="Send a new request id: the model's classes have changed since this one.",
        )
    return value


def _micros(time: datetime) -> int:
    """Return microseconds since 1970; exact, which a float of seconds would not be."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def _from_micros(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
