"""The nearest row of each query, as rows arrive in batches.

Every pair is looked at, by matrix products in single precision over blocks: no index, no
approximation, and no matrix of all distances. What the error of the nearest label says of a task:
`bayes_error`.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.score_blocks import gpu_blocks, numpy_blocks

# half a unit in the last place of single precision, twice
_ROUNDING = 2.0**-23
# numbers that exact distances are computed from at a time
_VALUES = 4_000_000
# blocks of rows made ready at a time
_BLOCKS = 8
# squares of numbers this far out are still finite in single precision
_FAR = 1e15
# fewer pairs than this in a batch are done before torch is loaded
_GPU_PAIRS = 10_000_000


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows, their numbers, how far off the score of each query may be, and rows to multiply by."""

    rows: FloatArray
    names: IntArray
    slack: FloatArray
    there: Any


class NearestNeighbours:
    """The nearest row of each query among the rows added so far.

    Distances are Euclidean. Rows are sieved in single precision, around the mean of the queries;
    those that rounding may have put in the wrong order are compared in double precision. Of
    equal distances the row that came first is kept. Large batches are sieved on a GPU where
    PyTorch finds one: the answer is the same.

    A poor choice for very many rows of few columns, where a tree is faster.

    Parameters
    ----------
    queries : array_like of float, shape (n_queries, n_features)
        Points whose neighbours are wanted. Columns should have comparable units.

    Raises
    ------
    ValueError
        If `queries` is not a table of finite numbers.

    Examples
    --------
    >>> near = NearestNeighbours([[0.0], [5.0]])
    >>> near.add([[1.0], [9.0]])
    >>> near.add([[4.0]])
    >>> near.indices.tolist(), near.distances.tolist()
    ([0, 2], [1.0, 1.0])
    """

    def __init__(self, queries: ArrayLike) -> None:
        self._queries = as_rows(queries, "queries")
        self._centre = self._queries.mean(axis=0) if len(self._queries) else 0.0
        centred = self._queries - self._centre
        self._left = np.hstack([centred, np.ones((len(centred), 1))]).astype(np.float32)
        self._norms = (centred**2).sum(axis=1)
        self._blocks, self._asked_gpu = numpy_blocks(self._left), False
        self._squares = np.full(len(self._queries), np.inf)
        self._indices = np.full(len(self._queries), -1, dtype=np.int64)
        self._n_rows = 0

    @property
    def n_rows(self) -> int:
        """Rows added so far."""
        return self._n_rows

    @property
    def distances(self) -> FloatArray:
        """How far the nearest row of each query is; infinite while there is none."""
        made: FloatArray = np.sqrt(self._squares)
        return made

    @property
    def indices(self) -> IntArray:
        """Number of the nearest row of each query; -1 while there is none."""
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
        if len(table) * len(self._queries) >= _GPU_PAIRS and not self._asked_gpu:
            self._blocks, self._asked_gpu = gpu_blocks(self._left) or self._blocks, True
        step = self._blocks.rows
        for start in range(0, len(table), step * _BLOCKS):
            end = min(len(table), start + step * _BLOCKS)
            blocks = [
                self._block(table[at : min(end, at + step)]) for at in range(start, end, step)
            ]
            queries = range(0, len(self._queries), self._blocks.queries)
            self._blocks.each(partial(self._add_blocks, blocks), queries)

    def _block(self, rows: FloatArray) -> _Block:
        names = np.arange(self._n_rows, self._n_rows + len(rows))
        self._n_rows += len(rows)
        # of equal rows only the first can be named: many columns have few values
        first = _firsts(rows)
        rows, names = rows[first], names[first]
        near = rows - self._centre
        norms = (near**2).sum(axis=1)
        farthest = np.sqrt(norms.max(initial=0.0))
        # what single precision may have made of a score
        slack = (rows.shape[1] + 3) * _ROUNDING * farthest * (np.sqrt(self._norms) + farthest)
        # one product gives q.x - |x|^2 / 2: the larger, the nearer
        right = np.hstack([near, -norms[:, np.newaxis] / 2])
        there = self._blocks.load(np.ascontiguousarray(right.T, dtype=np.float32))
        return _Block(rows, names, slack, there)

    def _add_blocks(self, blocks: list[_Block], start: int) -> None:
        """Add blocks of rows to the queries from `start` on, as many as are in a block."""
        some = slice(start, start + self._blocks.queries)
        for block in blocks:
            scores = self._blocks.scores(some, block.there)
            best, slack = self._blocks.largest(scores), block.slack[some]
            least = self._norms[some] - 2 * (best + slack)
            held = self._squares[some]
            # exact distances only where the block may hold a nearer row than that known
            asked = np.flatnonzero((least <= held) & (held > 0))
            if not asked.size:
                continue
            # all that rounding may have put behind the best
            which, found = self._blocks.at_least(scores, asked, (best - 2 * slack)[asked])
            self._keep(start + asked, which, found, block)

    def _keep(self, asked: IntArray, which: IntArray, found: IntArray, block: _Block) -> None:
        """Keep the nearest of the rows found, one or more for each query asked, in its order."""
        squares = np.empty(which.size)
        step = max(1, _VALUES // max(1, block.rows.shape[1]))
        for start in range(0, which.size, step):
            some = slice(start, start + step)
            gaps = self._queries[asked[which[some]]] - block.rows[found[some]]
            squares[some] = np.einsum("ij,ij->i", gaps, gaps)
        if which.size > asked.size:
            numbers = np.arange(asked.size)
            least = np.minimum.reduceat(squares, np.searchsorted(which, numbers))
            equal = np.flatnonzero(squares == least[which])
            # of equal distances the row that came first
            first = equal[np.searchsorted(which[equal], numbers)]
            squares, found = squares[first], found[first]
        nearer = squares < self._squares[asked]
        self._squares[asked[nearer]] = squares[nearer]
        self._indices[asked[nearer]] = block.names[found[nearer]]


def as_rows(values: ArrayLike, name: str) -> FloatArray:
    """Return rows of finite numbers; refuse other shapes, NaN and what is past 1e15."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"expected rows and columns in `{name}`, got shape {array.shape}")
    if array.size and not np.abs(array).max() <= _FAR:
        raise ValueError(f"expected finite numbers up to 1e15 in `{name}`, got NaN or larger")
    return array


def _firsts(rows: FloatArray) -> IntArray:
    """Return the rows that are equal to none before them, in order, as far as a key tells."""
    keys = rows @ np.random.default_rng(0).normal(size=rows.shape[1])
    order = np.argsort(keys, kind="stable")
    close = np.flatnonzero(np.diff(keys[order]) == 0)
    same = (rows[order[close]] == rows[order[close + 1]]).all(axis=1)
    repeated = np.zeros(len(rows), dtype=bool)
    repeated[order[close[same] + 1]] = True
    return np.flatnonzero(~repeated)
