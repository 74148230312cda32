"""What is certain, and what cleaning a row would make certain: kept up to date step by step.

Only queries that a cleaned row can matter to are looked at again.
"""

import numpy as np

from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.certain import world_fractions
from trimtab.stats.certain_events import list_events
from trimtab.stats.certain_gains import expected_gains
from trimtab.stats.certain_reach import reachable_classes
from trimtab.stats.certain_rows import CandidateRows, distances, query_blocks


class CleaningScores:
    """Rows and queries with the classes each query may come to and the gain of each row.

    `possible` (n_queries, n_classes) tells which classes some world predicts. Pairs of a query
    and a row that matters to it are held as three arrays, with the gain in bits.

    Assumes nothing that `certain_predictions` does not; takes memory for the pairs alone.
    """

    def __init__(self, rows: CandidateRows, queries: FloatArray, k: int) -> None:
        self.rows = rows
        self.queries = queries
        self.k = k
        self.possible: BoolArray = np.zeros((len(queries), rows.n_classes), dtype=np.bool_)
        self._limit: FloatArray = np.full(len(queries), np.inf)
        self._query: IntArray = np.zeros(0, dtype=np.int64)
        self._row: IntArray = np.zeros(0, dtype=np.int64)
        self._gain: FloatArray = np.zeros(0)
        self._is_scored: BoolArray = np.zeros(len(queries), dtype=np.bool_)
        self._look_again(np.arange(len(queries)))

    @property
    def open_queries(self) -> IntArray:
        """The queries that worlds disagree about."""
        return np.flatnonzero(self.possible.sum(axis=1) > 1)

    def know(self, row: int, value: FloatArray) -> None:
        """Give a row its one value, a candidate of it or not."""
        among = (self.rows.values[self.rows.place(row)] == value).all(axis=1).any()
        touched = np.zeros(len(self.queries), dtype=np.bool_)
        touched[self._query[self._row == row]] = True
        if not among:
            # a value that was not thought of may come near to queries that the row was far from
            touched |= distances(value[None], self.queries)[:, 0] <= self._limit
        else:
            # fewer worlds cannot make a certain prediction uncertain
            touched &= self.possible.sum(axis=1) > 1
        self.rows = self.rows.known({row: value})
        self._look_again(np.flatnonzero(touched))

    def gains(self, among: IntArray) -> FloatArray:
        """Return the mean gain of each row over some open queries, in bits, shape (n_rows,)."""
        stale = among[~self._is_scored[among]]
        for block in query_blocks(stale.size, len(self.rows.values)):
            self._score(stale[block])
        counted = np.zeros(len(self.queries), dtype=np.bool_)
        counted[among] = True
        taken = counted[self._query]
        total = np.bincount(
            self._row[taken], weights=self._gain[taken], minlength=self.rows.n_rows
        )
        return total / max(among.size, 1)

    def ranked(self, among: IntArray) -> tuple[IntArray, FloatArray, IntArray]:
        """Return the rows that matter, best first, then the gain and `n_touched` of every row.

        Of equal gains, that row comes first which can change more predictions, then the first.
        """
        gains, touched = self.gains(among), self.n_touched()
        # equal gains come out of sums in different order; digits that differ by it do not count
        order = np.lexsort((-touched, -np.round(gains, 12)))
        return order[touched[order] > 0], gains, touched

    def n_touched(self) -> IntArray:
        """Return how many open queries each row matters to, shape (n_rows,)."""
        is_open = self.possible.sum(axis=1) > 1
        return np.bincount(self._row[is_open[self._query]], minlength=self.rows.n_rows)

    def fractions(self) -> FloatArray:
        """Return the share of worlds that predict each class, shape (n_queries, n_classes)."""
        shares = self.possible.astype(np.float64)
        still = self.open_queries
        for block in query_blocks(still.size, len(self.rows.values)):
            near = distances(self.rows.values, self.queries[still[block]])
            shares[still[block]] = world_fractions(near, self.rows, self.k)
        return shares

    def _look_again(self, wanted: IntArray) -> None:
        """Find out anew which rows matter to these queries, and which classes they may come to."""
        fresh = np.zeros(len(self.queries), dtype=np.bool_)
        fresh[wanted] = True
        kept = ~fresh[self._query]
        queries, rows = [self._query[kept]], [self._row[kept]]
        for block in query_blocks(wanted.size, len(self.rows.values)):
            part = wanted[block]
            near = distances(self.rows.values, self.queries[part])
            events = list_events(near, self.rows, self.k)
            everyone = np.arange(part.size)
            self.possible[part] = reachable_classes(events, self.rows, everyone, self.k)
            farthest = np.maximum.reduceat(near, self.rows.starts, axis=1)
            self._limit[part] = np.partition(farthest, self.k - 1, axis=1)[:, self.k - 1]
            first = events.previous < 0
            queries.append(part[events.query[first]])
            rows.append(events.row[first])
        added = sum(part.size for part in queries[1:])
        self._gain = np.concatenate((self._gain[kept], np.zeros(added)))
        self._query, self._row = np.concatenate(queries), np.concatenate(rows)
        self._is_scored[wanted] = False

    def _score(self, part: IntArray) -> None:
        near = distances(self.rows.values, self.queries[part])
        events = list_events(near, self.rows, self.k)
        found = expected_gains(events, self.rows, np.arange(part.size), self.k)
        place = np.full(len(self.queries), -1)
        place[part] = np.arange(part.size)
        mine = np.flatnonzero(place[self._query] >= 0)
        self._gain[mine] = found[place[self._query[mine]], self._row[mine]]
        self._is_scored[part] = True
