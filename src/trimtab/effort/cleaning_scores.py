"""What is certain, and what cleaning a row would make certain: kept up to date step by step.

Only queries that a cleaned row can matter to are looked at again.
"""

from collections.abc import Mapping
from copy import copy
from typing import Self

import numpy as np

from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.certain import world_fractions
from trimtab.stats.certain_ends import RowEnds
from trimtab.stats.certain_events import list_events
from trimtab.stats.certain_gains import expected_gains
from trimtab.stats.certain_reach import reach
from trimtab.stats.certain_rows import CandidateRows, distances, query_blocks


class CleaningScores:
    """Rows and queries with the classes each query may come to and the gain of each row.

    `possible` (n_queries, n_classes) tells which classes some world predicts. Pairs of a query
    and a row that matters to it are held as three arrays, with the gain in bits.

    Assumes nothing that `certain_predictions` does not; takes memory for the pairs, and for
    three distances of each row to each query while these fit into 192 MB.
    """

    def __init__(self, rows: CandidateRows, queries: FloatArray, k: int) -> None:
        self.rows = rows
        self.k = k
        self.possible: BoolArray = np.zeros((len(queries), rows.n_classes), dtype=np.bool_)
        self._ends = RowEnds.begin(rows, queries)
        self._limit: FloatArray = np.full(len(queries), np.inf)
        self._query: IntArray = np.zeros(0, dtype=np.int64)
        self._row: IntArray = np.zeros(0, dtype=np.int64)
        self._gain: FloatArray = np.zeros(0)
        self._is_scored: BoolArray = np.zeros(len(queries), dtype=np.bool_)
        self._look_again(np.arange(len(queries)))

    @property
    def queries(self) -> FloatArray:
        """The points that predictions are for."""
        return self._ends.queries

    @property
    def open_queries(self) -> IntArray:
        """The queries that worlds disagree about."""
        return np.flatnonzero(self.possible.sum(axis=1) > 1)

    def know(self, values: Mapping[int, FloatArray]) -> None:
        """Give rows their one value each, a candidate of theirs or not."""
        touched = self._touched(values)
        self.rows = self.rows.known(values)
        self._ends.know(values)
        self._look_again(np.flatnonzero(touched))

    def knowing(self, values: Mapping[int, FloatArray], wanted: IntArray) -> Self:
        """Return a copy for some of the queries, with more rows known."""
        made = copy(self)
        made._ends = self._ends.only(wanted)
        made.possible, made._limit = self.possible[wanted], self._limit[wanted]
        made._is_scored = self._is_scored[wanted]
        place = np.full(len(self.queries), -1)
        place[wanted] = np.arange(wanted.size)
        kept = place[self._query] >= 0
        made._query = place[self._query[kept]]
        made._row, made._gain = self._row[kept], self._gain[kept]
        made.know(values)
        return made

    def default_classes(self, wanted: IntArray) -> IntArray:
        """Return what queries are predicted, with default repairs in the rows not known."""
        found = np.zeros(wanted.size, dtype=np.int64)
        for block in query_blocks(wanted.size, len(self.rows.values)):
            default = self._ends.default(self.rows, wanted[block])
            world = reach(default, default, self.rows.labels, self.rows.n_classes, self.k)
            found[block] = world.possible.argmax(axis=1)
        return found

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

    def _touched(self, values: Mapping[int, FloatArray]) -> BoolArray:
        """Return the queries whose prediction may depend on whether rows have these values."""
        thought_of = [
            row
            for row, value in values.items()
            if (self.rows.values[self.rows.place(row)] == value).all(axis=1).any()
        ]
        touched = np.zeros(len(self.queries), dtype=np.bool_)
        touched[self._query[np.isin(self._row, thought_of)]] = True
        # fewer worlds cannot make a certain prediction uncertain
        touched &= self.possible.sum(axis=1) > 1
        for row in values.keys() - set(thought_of):
            touched[self._query[self._row == row]] = True
            # a value that was not thought of may come near to queries that the row was far from
            touched |= distances(values[row][None], self.queries)[:, 0] <= self._limit
        return touched

    def _look_again(self, wanted: IntArray) -> None:
        """Find out anew which rows matter to these queries, and which classes they may come to."""
        fresh = np.zeros(len(self.queries), dtype=np.bool_)
        fresh[wanted] = True
        kept = ~fresh[self._query]
        queries, rows = [self._query[kept]], [self._row[kept]]
        for block in query_blocks(wanted.size, len(self.rows.values)):
            part = wanted[block]
            nearest, farthest = self._ends.extremes(self.rows, part)
            found = reach(nearest, farthest, self.rows.labels, self.rows.n_classes, self.k)
            self.possible[part], self._limit[part] = found.possible, found.limit
            queries.append(part[found.query])
            rows.append(found.row)
        added = sum(part.size for part in queries[1:])
        self._gain = np.concatenate((self._gain[kept], np.zeros(added)))
        self._query, self._row = np.concatenate(queries), np.concatenate(rows)
        self._is_scored[wanted] = False

    def _score(self, part: IntArray) -> None:
        near = distances(self.rows.values, self.queries[part])
        events = list_events(near, self.rows, self.k)
        found = expected_gains(events, self.rows, self.k)
        place = np.full(len(self.queries), -1)
        place[part] = np.arange(part.size)
        mine = np.flatnonzero(place[self._query] >= 0)
        self._gain[mine] = found[place[self._query[mine]], self._row[mine]]
        self._is_scored[part] = True
