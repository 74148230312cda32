"""Requests as tables: what a batch holds, how it becomes a blob and comes back.

What may not stand in a batch is refused here: reserved names, an id twice, an id that was asked
something else before.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trimtab.core.errors import KeyClashError, SchemaError
from trimtab.data.time import UTC_TIME

# The same words as in models/rows.py, which would bring the tables of the training side along.
ID, TIME, LABEL, LABEL_TIME = "_id", "_time", "_label", "_label_time"
WRITTEN = ("_arrived", "champion_version", "champion_score", "shadow_version", "shadow_score")
RESERVED = frozenset({ID, TIME, LABEL, LABEL_TIME, *WRITTEN})


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


def to_blob(batch: Batch, fresh: Sequence[int]) -> tuple[pl.DataFrame, bytes]:
    """Return the rows at the positions `fresh` with their scores, as a table and as a blob."""
    rows = batch.rows
    champion, shadow = batch.predictions["champion"], batch.predictions.get("shadow")
    events = rows.hstack(
        [
            _scores("champion_score", champion, rows.height),
            _scores("shadow_score", shadow, rows.height),
        ]
    )
    if len(fresh) < events.height:
        events = events[list(fresh)]
    blob = io.BytesIO()
    events.write_ipc_stream(blob, compression="zstd")
    return events, blob.getvalue()


def from_blob(blob: bytes) -> pl.DataFrame:
    """Return the rows and scores of a batch."""
    return pl.read_ipc_stream(io.BytesIO(blob))


def stack(found: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    """Return batches as one table; a column that a batch lacks is null there."""
    if not found:
        empty: dict[str, Any] = {ID: pl.String, TIME: UTC_TIME, "_arrived": UTC_TIME}
        for name in WRITTEN[1:]:
            empty[name] = pl.Float64 if name.endswith("score") else pl.Int64
        return pl.DataFrame(schema=empty)
    frames = [from_blob(blob) for blob, *_ in found]
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
    return events.with_columns(time_of("_arrived"))


def refuse_reserved(rows: pl.DataFrame) -> None:
    """Refuse raw columns whose names the log needs."""
    clash = sorted((RESERVED - {ID, TIME}).intersection(rows.columns))
    if clash:
        raise SchemaError(
            f"expected raw columns only, got `{clash[0]}`, a name that the event log uses",
            hint=f"Rename `{clash[0]}` before you send it.",
            column=clash[0],
        )


def refuse_twice(ids: Sequence[str]) -> None:
    """Refuse a request id that stands twice in one batch."""
    seen: set[str] = set()
    twice = next(name for name in ids if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    raise KeyClashError(
        f"expected each request id once in a batch, got `{twice}` twice",
        hint="Give each row its own id, or none: the server then makes one.",
        request_id=twice,
    )


def refuse_changed(old: pl.DataFrame, new: pl.DataFrame, arrived_at: datetime) -> None:
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


def time_of(name: str) -> pl.Expr:
    """Return a column of microseconds as times in UTC."""
    return pl.col(name).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def score_like(recorded: Any, like: Any) -> Any:
    """Return a recorded score in the shape of a row of the scores of today."""
    value = np.asarray(recorded, dtype=np.float64)
    if value.shape != np.shape(like):
        raise KeyClashError(
            "expected the recorded answer to have the shape of today's, got another number of"
            " classes",
            hint="Send a new request id: the model's classes have changed since this one.",
        )
    return value


def _scores(name: str, predictions: Predictions | None, n_rows: int) -> pl.Series:
    """Return scores as a column: numbers, lists of numbers, or nulls where there are none."""
    if predictions is None or predictions.scores is None:
        return pl.Series(name, [None] * n_rows, dtype=pl.Null)
    if predictions.scores.ndim == 1:
        return pl.Series(name, predictions.scores, dtype=pl.Float64)
    return pl.Series(name, predictions.scores.tolist(), dtype=pl.List(pl.Float64))
