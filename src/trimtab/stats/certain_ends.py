"""How near and how far each row may be from each query: kept, since a known row changes only one.

Nothing is decided here; `certain_reach` does that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.certain_rows import CandidateRows, distances, query_blocks, row_ends

_MOST_KEPT = 24_000_000  # 192 MB of distances


@dataclass(frozen=True, slots=True)
class RowEnds:
    """The least, the greatest and the default distance of each row to each query.

    `kept` (3, n_queries, n_rows), or None where that takes too much memory: they are then found
    anew each time, from all candidates. The default is a row's first candidate.
    """

    queries: FloatArray
    kept: FloatArray | None

    @classmethod
    def begin(cls, rows: CandidateRows, queries: FloatArray) -> Self:
        """Return the distances of rows as they are."""
        if 3 * len(queries) * rows.n_rows > _MOST_KEPT:
            return cls(queries, None)
        kept = np.empty((3, len(queries), rows.n_rows))
        for block in query_blocks(len(queries), len(rows.values)):
            kept[:, block] = _ends(rows, queries[block])
        return cls(queries, kept)

    def extremes(self, rows: CandidateRows, wanted: IntArray) -> FloatArray:
        """Return the least and greatest distances to some queries, (2, wanted.size, n_rows)."""
        if self.kept is None:
            return _ends(rows, self.queries[wanted])[:2]
        kept: FloatArray = self.kept[:2, wanted]
        return kept

    def default(self, rows: CandidateRows, wanted: IntArray) -> FloatArray:
        """Return the default distances to some queries, shape (wanted.size, n_rows)."""
        if self.kept is None:
            return distances(rows.values[rows.starts], self.queries[wanted])
        kept: FloatArray = self.kept[2, wanted]
        return kept

    def know(self, values: Mapping[int, FloatArray]) -> None:
        """Give rows their one value each."""
        if self.kept is not None and values:
            near = distances(np.stack(list(values.values())), self.queries)
            self.kept[:, :, list(values)] = near

    def only(self, wanted: IntArray) -> Self:
        """Return a copy for some of the queries."""
        kept = None if self.kept is None else self.kept[:, wanted]
        return type(self)(self.queries[wanted], kept)


def _ends(rows: CandidateRows, queries: FloatArray) -> FloatArray:
    near = distances(rows.values, queries)
    return np.stack((*row_ends(near, rows), near[:, rows.starts]))
