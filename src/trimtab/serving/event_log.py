"""What was asked, what was answered and what turned out true: durable, and exactly once.

One SQLite file a scope. A batch of requests is one row: its raw inputs and scores travel as one
compressed Arrow blob, and an index says which batch holds which request id. Labels come later, by
request id; none is ever overwritten, so that what was known at any moment can be read back.

Nothing here predicts or judges. How the file is opened and locked is `event_file.py`'s.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import orjson
import polars as pl

from trimtab.core.errors import ConfigError, NotFoundError, TrimtabError
from trimtab.core.records import TaskKind
from trimtab.core.workspace import Workspace
from trimtab.serving.batches import (
    ID,
    LABEL,
    LABEL_TIME,
    RESERVED,
    TIME,
    WRITTEN,
    Batch,
    Predictions,
    Recorded,
    from_blob,
    refuse_changed,
    refuse_reserved,
    refuse_twice,
    score_like,
    stack,
    time_of,
    to_blob,
)
from trimtab.serving.event_file import EventFile, from_micros, micros

Label = bool | int | float | str


_LABEL_TYPES: dict[str, pl.DataType] = {
    "binary": pl.Int8(),
    "multiclass": pl.String(),
    "regression": pl.Float64(),
}


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
        self._file = EventFile(Path(path), durable=durable)
        if kind is not None:
            with self._file.transaction() as connection:
                connection.execute("INSERT OR IGNORE INTO facts VALUES ('kind', ?)", (kind,))
            _require_kind(self._kind(), kind)

    @classmethod
    def of(cls, workspace: Workspace) -> "EventLog":
        """Open the event log of a workspace, as its project file wants it."""
        project = workspace.project
        return cls(workspace.event_log_path, kind=project.task.kind, durable=project.serve.durable)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

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
        with self._file.transaction() as connection:
            for batch in batches:
                try:
                    done.append(self._record(connection, batch))
                except TrimtabError as error:
                    done.append(error)
        return done

    def _record(self, connection: sqlite3.Connection, batch: Batch) -> Recorded:
        """Write what is new of a batch; every refusal comes before the first write."""
        rows, champion = batch.rows, batch.predictions["champion"]
        refuse_reserved(rows)
        assert champion.scores is not None
        ids = rows[ID].to_list()
        known = self._places(connection, ids)
        if len(set(ids)) < len(ids):
            refuse_twice(ids)
        versions, scores = [champion.version] * len(ids), champion.scores
        if known:
            found = [position for position, name in enumerate(ids) if name in known]
            old = self._events_at(connection, [known[ids[position]] for position in found])
            refuse_changed(old, rows[found], batch.arrived_at)
            scores = scores.astype(np.float64, copy=True)
            for place, position in enumerate(found):
                versions[position] = old["champion_version"][place]
                scores[position] = score_like(old["champion_score"][place], scores[position])
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
        found = connection.execute(query, (orjson.dumps(list(ids)).decode(),))
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
            rows = from_blob(blob)[[places[order][1] for order in orders]]
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
        now = micros(arrived_at)
        rows = [
            (name, int(label) if isinstance(label, bool) else label, micros(time), now)
            for name, label, time in zip(ids, labels, label_times, strict=True)
        ]
        with self._file.transaction() as connection:
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
            _refuse_unknown([row[0] for row in unknown], recorded=recorded)
        return {"recorded": recorded, "repeated": len(rows) - recorded}

    def quarantined_labels(self) -> pl.DataFrame:
        """Return the labels that were refused, with the reason, in the order of arrival."""
        rows = self._file.rows(
            "SELECT request_id, CAST(label AS TEXT), label_time, reason"
            " FROM label_quarantine ORDER BY rowid"
        )
        schema = {ID: pl.String, LABEL: pl.String, LABEL_TIME: pl.Int64, "_reason": pl.String}
        found = pl.DataFrame(rows, schema=schema, orient="row")
        return found.with_columns(time_of(LABEL_TIME))

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
        low = -(2**63) if start is None else micros(start)
        high = 2**63 - 1 if end is None else micros(end)
        query = (
            "SELECT events, rows, arrived_at, champion_version, shadow_version FROM batches"
            " WHERE time_max >= ? AND time_min < ? ORDER BY batch"
        )
        events = stack(self._file.rows(query, (low, high)))
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
        limit = 2**63 - 1 if known_until is None else micros(known_until)
        query = (
            "SELECT request_id, label, label_time FROM labels_history"
            " WHERE request_id IN (SELECT value FROM json_each(?)) AND label_time <= ?"
            " ORDER BY label_time, number"
        )
        rows = self._file.rows(query, (orjson.dumps(ids).decode(), limit))
        latest = {name: (label, time) for name, label, time in rows}
        values = [label for label, _ in latest.values()]
        return pl.DataFrame(
            {
                ID: pl.Series(list(latest), dtype=pl.String),
                LABEL: pl.Series(values, dtype=self._label_type(values), strict=False),
                LABEL_TIME: pl.Series([time for _, time in latest.values()], dtype=pl.Int64),
            }
        ).with_columns(time_of(LABEL_TIME))

    def _label_type(self, values: Sequence[object]) -> pl.DataType:
        kind = self._kind()
        if kind is not None:
            return _LABEL_TYPES[kind]
        types = {type(value) for value in values}
        if str in types:
            return pl.String()
        return pl.Float64() if float in types or not types else pl.Int8()

    def count(self) -> int:
        """Return the number of requests ever recorded."""
        return int(self._file.rows("SELECT coalesce(sum(rows), 0) FROM batches")[0][0])

    def time_range(self) -> tuple[datetime, datetime] | None:
        """Return the first and the last event time, or None if the log is empty."""
        ((first, last),) = self._file.rows("SELECT min(time_min), max(time_max) FROM batches")
        return None if first is None else (from_micros(first), from_micros(last))

    def rows_per_day(self) -> pl.DataFrame:
        """Return `day` and `rows`: the volume by event time (UTC days)."""
        query = (
            "SELECT time / 86400000000 - (time % 86400000000 < 0) AS day, count(*) FROM requests"
            " GROUP BY day ORDER BY day"
        )
        rows = self._file.rows(query)
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
        return {str(message): int(count) for message, count in self._file.rows(query)}

    def _kind(self) -> str | None:
        found = self._file.rows("SELECT value FROM facts WHERE name = 'kind'")
        return str(found[0][0]) if found else None


def _insert(connection: sqlite3.Connection, batch: Batch, fresh: list[int]) -> None:
    """Write the rows at the positions `fresh`."""
    champion, shadow = batch.predictions["champion"], batch.predictions.get("shadow")
    events, blob = to_blob(batch, fresh)
    times = events[TIME].to_physical().to_list()
    cursor = connection.execute(
        "INSERT INTO batches (arrived_at, rows, time_min, time_max, champion_version,"
        " shadow_version, shadow_error, events) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            micros(batch.arrived_at), events.height, min(times), max(times), champion.version,
            shadow and shadow.version, shadow and shadow.error, blob,
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


def _require_kind(recorded: str | None, kind: TaskKind) -> None:
    if recorded != kind:
        raise ConfigError(
            f"expected an event log of a {kind} task, got one of a {recorded} task",
            hint="Set `task.kind` back, or move the event log of this scope away.",
        )


def _refuse_unknown(unknown: list[str], *, recorded: int) -> None:
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
