"""The nearest rows of each query, as rows arrive in batches; the error of the nearest label.

Every pair is looked at, by matrix products in single precision over blocks: no index, no
approximation, and no matrix of all distances. What the error says of a task: `bayes_error`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trimtab.stats.arrays import FloatArray, IntArray, as_values, check_same_rows

# blocks large enough that the product runs at full speed, small enough for 8 MB
_QUERIES, _ROWS = 1_024, 2_048
# half a unit in the last place of single precision, twice
_ROUNDING = 2.0**-23
# numbers that exact distances are computed from at a time
_VALUES = 4_000_000
# squares of numbers this far out are still finite in single precision
_FAR = 1e15


class NearestNeighbours:
    """The k nearest rows of each query among the rows added so far.

    Distances are Euclidean. Rows are sieved in single precision, around the mean of the queries;
    those that rounding may have put in the wrong order are compared in double precision. Of
    equal distances the row that came first is kept.

    A poor choice for very many rows of few columns, where a tree is faster, and for k above 1 on
    data with many equal rows, each of which is compared.

    Parameters
    ----------
    queries : array_like of float, shape (n_queries, n_features)
        Points whose neighbours are wanted. Columns should have comparable units.
    k : int, default=1
        Neighbours of each.

    Raises
    ------
    ValueError
        If `queries` is not a table of finite numbers, or `k` is below 1.

    Examples
    --------
    >>> near = NearestNeighbours([[0.0], [5.0]])
    >>> near.add([[1.0], [9.0]])
    >>> near.add([[4.0]])
    >>> near.indices[:, 0].tolist(), near.distances[:, 0].tolist()
    ([0, 2], [1.0, 1.0])
    """

    def __init__(self, queries: ArrayLike, *, k: int = 1) -> None:
        if k < 1:
            raise ValueError(f"expected `k` of 1 or more, got {k}")
        self._queries = as_rows(queries, "queries")
        self._centre = self._queries.mean(axis=0) if len(self._queries) else 0.0
        self._left = _with_ones(self._queries - self._centre)
        self._norms = ((self._queries - self._centre) ** 2).sum(axis=1)
        self._k = k
        self._squares = np.full((len(self._queries), k), np.inf)
        self._indices = np.full((len(self._queries), k), -1, dtype=np.int64)
        self._n_rows = 0

    @property
    def n_rows(self) -> int:
        """Rows added so far."""
        return self._n_rows

    @property
    def distances(self) -> FloatArray:
        """Distances, nearest first, shape (n_queries, k); infinite while there are fewer rows."""
        made: FloatArray = np.sqrt(self._squares)
        return made

    @property
    def indices(self) -> IntArray:
        """Numbers of the rows, nearest first, shape (n_queries, k); -1 where there is none."""
        return self._indices.copy()

    def add(self, rows: ArrayLike) -> None:
        """Add rows, which get the next numbers.

        Parameters
        ----------
        rows : array_like of float, shape (n_rows, n_features)
            As wide as the queries.

        Raises
        ------
        ValueError
            If `rows` is not a table of finite numbers of the width of the queries.
        """
        table = as_rows(rows, "rows")
        if table.shape[1] != self._queries.shape[1]:
            raise ValueError(
                f"expected rows of {self._queries.shape[1]} columns, got {table.shape[1]}"
            )
        for start in range(0, len(table), _ROWS):
            self._add_block(table[start : start + _ROWS])

    def _add_block(self, rows: FloatArray) -> None:
        names = np.arange(self._n_rows, self._n_rows + len(rows))
        self._n_rows += len(rows)
        if self._k == 1:
            # of equal rows only the first can be named: many columns have few values
            first = np.sort(np.unique(rows, axis=0, return_index=True)[1])
            rows, names = rows[first], names[first]
        near = rows - self._centre
        norms = (near**2).sum(axis=1)
        farthest = np.sqrt(norms.max(initial=0.0))
        # what single precision may have made of a score
        slack = (rows.shape[1] + 3) * _ROUNDING * farthest * (np.sqrt(self._norms) + farthest)
        # one product gives q.x - |x|^2 / 2: the larger, the nearer
        right = np.hstack([near, -norms[:, np.newaxis] / 2])
        right = np.ascontiguousarray(right.T, dtype=np.float32)
        for start in range(0, len(self._queries), _QUERIES):
            some = slice(start, start + _QUERIES)
            scores = self._left[some] @ right
            least = self._norms[some] - 2 * (scores.max(axis=1) + slack[some])
            held = self._squares[some, -1]
            # exact distances only where the block may hold a nearer row than those known
            asked = np.flatnonzero((least <= held) & (held > 0))
            doubt = slack[start + asked]
            self._keep(
                start + asked, *self._nearest(start + asked, scores[asked], doubt, rows), names
            )

    def _nearest(
        self, asked: IntArray, scores: NDArray[np.float32], slack: FloatArray, rows: FloatArray
    ) -> tuple[FloatArray, IntArray]:
        """Return exact squared distances and rows of the k nearest in a block, nearest first."""
        k = min(self._k, scores.shape[1])
        best = scores.max(axis=1) if k == 1 else np.partition(scores, -k, axis=1)[:, -k]
        # all that rounding may have put behind the best
        which, found = np.nonzero(scores >= (best - 2 * slack)[:, np.newaxis])
        squares = np.empty(which.size)
        step = max(1, _VALUES // rows.shape[1])
        for start in range(0, which.size, step):
            some = slice(start, start + step)
            gaps = self._queries[asked[which[some]]] - rows[found[some]]
            squares[some] = np.einsum("ij,ij->i", gaps, gaps)
        order = np.lexsort((found, squares, which))
        which, found, squares = which[order], found[order], squares[order]
        place = np.arange(which.size) - np.searchsorted(which, which)
        kept = place < k
        made = np.full((asked.size, k), np.inf), np.zeros((asked.size, k), dtype=np.int64)
        for table, values in zip(made, (squares, found), strict=True):
            table[which[kept], place[kept]] = values[kept]
        return made

    def _keep(
        self, asked: IntArray, squares: FloatArray, found: IntArray, names: IntArray
    ) -> None:
        both = np.hstack([self._squares[asked], squares])
        rows = np.hstack([self._indices[asked], names[found]])
        # stable: of equal distances the row that came first stays first
        order = np.argsort(both, axis=1, kind="stable")[:, : self._k]
        self._squares[asked] = np.take_along_axis(both, order, axis=1)
        self._indices[asked] = np.take_along_axis(rows, order, axis=1)


class NearestError:
    """The share of queries whose nearest row has another label, kept up to date.

    Adding a batch costs (queries x batch); a label put right costs only the queries that it is
    nearest to. The nearest rows do not depend on labels.

    Parameters
    ----------
    queries : array_like of float, shape (n_queries, n_features)
        Rows that are predicted: none of them may be among the rows added.
    query_labels : array_like of int, shape (n_queries,)
        Their labels.

    Raises
    ------
    ValueError
        If the lengths differ, or there is no query.

    Examples
    --------
    >>> live = NearestError([[0.0], [5.0]], [0, 1])
    >>> live.add([[1.0], [4.0]], [0, 0])
    >>> live.error
    0.5
    >>> live.relabel_row(1, 1)
    >>> live.error
    0.0
    """

    def __init__(self, queries: ArrayLike, query_labels: ArrayLike) -> None:
        self._near = NearestNeighbours(queries)
        self._query_labels = as_values(query_labels, "query_labels").astype(np.int64)
        check_same_rows(len(as_rows(queries, "queries")), self._query_labels.size, "query_labels")
        self._labels = np.empty(0, dtype=np.int64)
        self._nearest = np.full(self._query_labels.size, -1, dtype=np.int64)

    def add(self, rows: ArrayLike, labels: ArrayLike) -> None:
        """Add rows with their labels; the shapes are those of `NearestNeighbours.add`."""
        new = np.asarray(labels, dtype=np.int64)
        check_same_rows(len(np.asarray(rows)), new.size, "labels")
        self._near.add(rows)
        self._labels = np.concatenate([self._labels, new])
        self._nearest = self._near.indices[:, 0]

    @property
    def nearest(self) -> IntArray:
        """Number of the nearest row of each query; -1 before the first batch."""
        return self._nearest.copy()

    @property
    def distances(self) -> FloatArray:
        """Distance of each query from its nearest row."""
        return self._near.distances[:, 0]

    @property
    def n_rows(self) -> int:
        """Rows added so far."""
        return self._near.n_rows

    @property
    def error(self) -> float:
        """Share of queries whose nearest row has another label; 1 before the first batch."""
        if not self._labels.size:
            return 1.0
        return float((self._labels[self._nearest] != self._query_labels).mean())

    def relabel_row(self, row: int, label: int) -> None:
        """Put the label of an added row right."""
        self._labels[row] = label

    def relabel_query(self, query: int, label: int) -> None:
        """Put the label of a query right."""
        self._query_labels[query] = label


def as_rows(values: ArrayLike, name: str) -> FloatArray:
    """Return rows of finite numbers; refuse other shapes, NaN and what is past 1e15."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"expected rows and columns in `{name}`, got shape {array.shape}")
    if array.size and not np.abs(array).max() <= _FAR:
        raise ValueError(f"expected finite numbers up to 1e15 in `{name}`, got NaN or larger")
    return array


def _with_ones(rows: FloatArray) -> NDArray[np.float32]:
    made: NDArray[np.float32] = np.hstack([rows, np.ones((len(rows), 1))]).astype(np.float32)
    return made
