"""Rows with several candidate repairs, and distances to them. Which matter: `certain_events`.

A row stands for one record of the training data: its label is known, its values are one of a
finite set. A possible world picks one candidate per row.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import BoolArray, FloatArray, IntArray, as_classes, check_same_rows

_NUMBERS_AT_ONCE = 4_000_000  # 32 MB of distances


@dataclass(frozen=True, slots=True)
class CandidateRows:
    """The candidates of all rows, one after the other.

    `values` (n_candidates, n_features) and `owner` (n_candidates,) go candidate by candidate;
    `starts`, `counts` and `labels` (n_rows,) row by row.
    """

    values: FloatArray
    owner: IntArray
    starts: IntArray
    counts: IntArray
    labels: IntArray
    n_classes: int

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.labels.size)

    @property
    def is_sure(self) -> BoolArray:
        """Whether all candidates of a row are alike, shape (n_rows,)."""
        first = self.values[self.starts[self.owner]]
        same = (self.values == first).all(axis=1)
        return np.asarray(np.logical_and.reduceat(same, self.starts))

    def place(self, row: int) -> slice:
        """Return where the candidates of a row stand."""
        return slice(int(self.starts[row]), int(self.starts[row] + self.counts[row]))

    def known(self, values: Mapping[int, FloatArray]) -> Self:
        """Return the same rows, with one value only for each of those named."""
        rows = np.fromiter(values, np.int64, len(values))
        counts, kept = self.counts.copy(), ~np.isin(self.owner, rows)
        counts[rows], kept[self.starts[rows]] = 1, True
        starts = np.cumsum(counts) - counts
        made = self.values[kept]
        for row, value in values.items():
            made[starts[row]] = value
        return replace(self, values=made, owner=self.owner[kept], starts=starts, counts=counts)


def candidate_rows(candidates: Iterable[ArrayLike], labels: ArrayLike) -> CandidateRows:
    """Check candidates and labels and lay them out; refuse them with a ValueError."""
    parts = [np.asarray(part, dtype=np.float64) for part in candidates]
    if not parts:
        raise ValueError("expected at least one row of `candidates`, got none")
    for row, part in enumerate(parts):
        if part.ndim != 2 or part.shape[0] == 0 or part.shape[1] != parts[0].shape[-1]:
            raise ValueError(
                f"expected every row of `candidates` of shape (1 or more, "
                f"{parts[0].shape[-1] if parts[0].ndim else 0}), "
                f"got {part.shape} for row {row}"
            )
    values = np.concatenate(parts)
    if not np.isfinite(values).all():
        raise ValueError("expected finite `candidates`, got NaN or infinity")
    classes = np.asarray(labels)
    check_same_rows(len(parts), classes.size, "labels")
    if not np.issubdtype(classes.dtype, np.number):
        raise ValueError(f"expected `labels` of whole numbers from 0, got {classes.dtype}")
    highest = int(classes.max())
    counts = np.array([part.shape[0] for part in parts], dtype=np.int64)
    return CandidateRows(
        values=values,
        owner=np.repeat(np.arange(len(parts)), counts),
        starts=np.cumsum(counts) - counts,
        counts=counts,
        labels=as_classes(classes, highest + 1),
        n_classes=highest + 1,
    )


def check_k(k: int, rows: CandidateRows) -> None:
    """Refuse a number of neighbours that is not a whole number from 1 to the number of rows."""
    if isinstance(k, bool) or k != int(k) or not 1 <= k <= rows.n_rows:
        raise ValueError(f"expected `k` from 1 to the {rows.n_rows} rows, got {k}")


def as_queries(queries: ArrayLike, rows: CandidateRows) -> FloatArray:
    """Return queries of shape (n_queries, n_features), finite; else a ValueError."""
    array = np.asarray(queries, dtype=np.float64)
    n_features = rows.values.shape[1]
    if array.ndim != 2 or array.shape[1] != n_features:
        raise ValueError(f"expected `queries` of shape (n, {n_features}), got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("expected finite `queries`, got NaN or infinity")
    return array


def distances(values: FloatArray, queries: FloatArray) -> FloatArray:
    """Return squared Euclidean distances, shape (n_queries, n_values).

    Differences are squared and added up feature by feature: where all coordinates are whole
    numbers the result is exact and ties are ties, unlike with the inner-product formula.
    """
    from scipy.spatial.distance import cdist

    found: FloatArray = cdist(queries, values, "sqeuclidean")
    if not np.isfinite(found).all():
        raise ValueError("expected distances that fit a float, got values too far apart")
    return found


def row_ends(near: FloatArray, rows: CandidateRows) -> tuple[FloatArray, FloatArray]:
    """Return each row's least and greatest of the distances (n_queries, n_candidates)."""
    if near.shape[1] == rows.n_rows:
        return near, near
    ends = (reduce.reduceat(near, rows.starts, axis=1) for reduce in (np.minimum, np.maximum))
    nearest, farthest = ends
    return nearest, farthest


def query_blocks(n_queries: int, n_values: int) -> Iterator[slice]:
    """Cut the queries into blocks whose distances fit into memory."""
    step = max(1, _NUMBERS_AT_ONCE // n_values)
    for start in range(0, n_queries, step):
        yield slice(start, min(start + step, n_queries))
