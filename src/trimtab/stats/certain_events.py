"""What can decide a nearest-neighbour vote: the candidates near a query, in order of distance.

An *event* is one row coming within reach: a run of candidates of one row with no other row's
candidate between them, ordered by distance, then row. Candidates beyond the k-th row that is
wholly nearer can never be among the k nearest; they are left out, which changes no answer.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.certain_reach import first_wholly_within
from trimtab.stats.certain_rows import CandidateRows, row_ends

_EVENTS_AT_ONCE = 262_144  # a batch of arrays, of tens of MB in all


@dataclass(frozen=True, slots=True)
class Events:
    """Events of many queries, one after the other, in order of distance within a query.

    Arrays have one value an event. `place` counts the events of a query from 0. `n_before` and
    `n_after` are the candidates of the row that are nearer than the event, and those up to and
    with it, of `count` in all. `previous` and `following` are the places of the same row's
    neighbouring events, -1 where there is none.
    `starts` (n_queries + 1,) tells where each query's events begin.
    """

    query: IntArray
    row: IntArray
    place: IntArray
    n_before: IntArray
    n_after: IntArray
    count: IntArray
    previous: IntArray
    following: IntArray
    starts: IntArray

    @property
    def n_queries(self) -> int:
        """How many queries the events belong to."""
        return int(self.starts.size - 1)


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Events of some queries as arrays (n_queries, length); the length is a power of two.

    `before` and `after` are fractions of the row's candidates, `chosen` their difference: the
    chance that the row's value is one of the event's candidates. Places past a query's last
    event hold class -1 and chance 0 and take part in nothing.
    """

    queries: IntArray
    flat: IntArray
    row: IntArray
    label: IntArray
    before: FloatArray
    after: FloatArray
    chosen: FloatArray
    previous: IntArray
    following: IntArray


def list_events(distances: FloatArray, rows: CandidateRows, k: int) -> Events:
    """Return the events of each query, from distances of shape (n_queries, n_candidates)."""
    query, column = np.nonzero(_within_reach(distances, rows, k))
    # stable, and columns go row by row: equal distances stay in order of the rows
    order = np.lexsort((distances[query, column], query))
    query, row = query[order], rows.owner[column[order]]
    begins = np.ones(query.size, dtype=np.bool_)
    begins[1:] = (query[1:] != query[:-1]) | (row[1:] != row[:-1])
    first = np.flatnonzero(begins)
    n_chosen = np.diff(np.append(first, query.size))
    query, row = query[first], row[first]
    n_events = np.bincount(query, minlength=distances.shape[0])
    starts = np.concatenate(([0], np.cumsum(n_events)))
    place = np.arange(query.size) - starts[query]
    n_before, previous, following = _own_row(query, row, place, n_chosen)
    return Events(
        query=query, row=row, place=place, n_before=n_before, n_after=n_before + n_chosen,
        count=rows.counts[row], previous=previous, following=following, starts=starts,
    )  # fmt: skip


def _within_reach(distances: FloatArray, rows: CandidateRows, k: int) -> BoolArray:
    """Return which candidates are not behind the k-th row that is wholly nearer."""
    cuts, last_rows = first_wholly_within(row_ends(distances, rows)[1], k)
    limit = cuts[:, -1:]
    inside: BoolArray = distances <= limit
    # of the rows at the limit, the one that fills the k-th place is the last that matters
    query, column = np.nonzero(distances == limit)
    inside[query, column] = rows.owner[column] <= last_rows[query, -1]
    return inside


def _own_row(
    query: IntArray, row: IntArray, place: IntArray, n_chosen: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Return the candidates of the same row before each event, and its neighbouring events."""
    key = query * (int(row.max(initial=0)) + 1) + row
    order = np.argsort(key, kind="stable")
    joined = key[order][1:] == key[order][:-1]
    total = np.cumsum(n_chosen[order]) - n_chosen[order]
    begins = np.concatenate(([0], np.flatnonzero(~joined) + 1)) if key.size else np.zeros(0, int)
    base = np.repeat(total[begins], np.diff(np.append(begins, key.size)))
    n_before, previous, following = (np.full_like(key, -1) for _ in range(3))
    n_before[order] = total - base
    previous[order[1:][joined]] = place[order[:-1][joined]]
    following[order[:-1][joined]] = place[order[1:][joined]]
    return n_before, previous, following


def batches(events: Events, labels: IntArray, width: int) -> Iterator[EventBatch]:
    """Cut queries into batches of like length; `width` is the numbers kept per event."""
    n_events = np.diff(events.starts)
    length = 2 ** np.ceil(np.log2(np.maximum(n_events, 1))).astype(np.int64)
    for size in np.unique(length):
        alike = np.flatnonzero(length == size)
        step = max(1, _EVENTS_AT_ONCE // (int(size) * width))
        for start in range(0, alike.size, step):
            yield _batch(events, labels, alike[start : start + step], int(size))


def _batch(events: Events, labels: IntArray, queries: IntArray, size: int) -> EventBatch:
    place = np.arange(size)
    flat = events.starts[queries][:, None] + place
    real = flat < events.starts[queries + 1][:, None]
    flat = np.where(real, flat, 0)

    def spread(values: IntArray, otherwise: int) -> IntArray:
        return np.where(real, values[flat], otherwise)

    count = spread(events.count, 1)
    following = spread(events.following, -1)
    return EventBatch(
        queries=queries,
        flat=np.where(real, flat, -1),
        row=spread(events.row, -1),
        label=np.where(real, labels[events.row[flat]], -1),
        before=spread(events.n_before, 1) / count,
        after=spread(events.n_after, 1) / count,
        chosen=spread(events.n_after - events.n_before, 0) / count,
        # a place past the end counts as neither the first nor the last event of its row
        previous=spread(events.previous, size),
        following=np.where(real & (following < 0), size, following),
    )
