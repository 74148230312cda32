"""Two samples counted over the cells of one grid: exact ranks without sorting them.

At the edges of cells both distribution functions are known exactly from counts. Within a cell
they are known where it matters: the few cells that may hold the answer are opened, and their
values sorted. A value that fills a cell of its own is counted, not sorted.
"""

from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.grids import BLOCK, N_CELLS, CellArray, Grid, fitting_grid, sampled

# up to this many rows of both sides together, sorting is quicker than counting
SORTED_ROWS = 40_000
# opened values up to which looking for a frequent one among them does not pay
_FEW = 1 << 15
# the share of opened values that a cell holds whose frequent value is looked for
_PARTS = 1 << 10
# so many are compared with each row one by one
_FEW_ATOMS = 8


@dataclass(frozen=True, slots=True)
class Side:
    """One sample over a grid: its values, their cells, and how many lie up to each edge.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        In any order.
    cells : ndarray of uint16, shape (n,)
        The cell of each.
    counts, ends : ndarray of int64, shape (N_CELLS,)
        Values in each cell, and up to its end.
    """

    values: FloatArray
    cells: CellArray
    counts: IntArray
    ends: IntArray

    @classmethod
    def over(cls, grid: Grid, values: FloatArray) -> "Side":
        """Count values over a grid."""
        cells = grid.cells(values)
        counts = np.bincount(cells, minlength=N_CELLS)
        return cls(values, cells, counts, np.cumsum(counts))

    @property
    def starts(self) -> IntArray:
        """Values before each cell, shape (N_CELLS,)."""
        return self.ends - self.counts


@dataclass(frozen=True, slots=True)
class OpenedSide:
    """The values of one sample in the opened cells.

    Parameters
    ----------
    others : ndarray of float, shape (n_others,)
        Values in opened cells, sorted, without those equal to `frequent` of their cell.
    n_frequent : ndarray of int64, shape (N_CELLS,)
        How many equal it.
    base : ndarray of int64, shape (N_CELLS,)
        Values before each opened cell, less the `others` before it.
    """

    others: FloatArray
    n_frequent: IntArray
    base: IntArray

    def ranks(self, points: FloatArray, cells: CellArray, frequent: FloatArray) -> IntArray:
        """Return how many values of the whole sample are at most each point."""
        at_most = np.searchsorted(self.others, points, side="right") + self.base[cells]
        found: IntArray = at_most + self.n_frequent[cells] * (points >= frequent[cells])
        return found


@dataclass(frozen=True, slots=True)
class Pooled:
    """Two samples over one grid.

    Parameters
    ----------
    grid : Grid
        Of both.
    reference, current : Side
        Each with at least one value, none NaN.
    frequent : ndarray of float, shape (N_CELLS,)
        A value of each cell, the commonest of those seen in a sample; NaN where none was.
    """

    grid: Grid
    reference: Side
    current: Side
    frequent: FloatArray

    @classmethod
    def of(cls, reference: FloatArray, current: FloatArray) -> "Pooled":
        """Choose a grid and count both samples."""
        seen, times = np.unique(
            np.concatenate([sampled(reference), sampled(current)]), return_counts=True
        )
        grid = fitting_grid(seen)
        frequent = np.full(N_CELLS, np.nan)
        rising = np.argsort(times, kind="stable")
        frequent[grid.cells(seen)[rising]] = seen[rising]
        return cls(grid, Side.over(grid, reference), Side.over(grid, current), frequent)

    def gaps(self) -> IntArray:
        """Return (F - G) n m at the end of each cell."""
        n, m = self.reference.values.size, self.current.values.size
        return self.reference.ends * m - self.current.ends * n

    def hiding(self, gaps: IntArray) -> BoolArray:
        """Return the cells within which the gap may be larger than at any end of a cell."""
        n, m = self.reference.values.size, self.current.values.size
        rise, fall = self.reference.counts * m, self.current.counts * n
        # within a cell F may rise before G does, or after it
        start = gaps - rise + fall
        most = np.maximum(start + rise, fall - start)
        found: BoolArray = most > np.abs(gaps).max()
        return found

    def opened(self, wanted: BoolArray) -> "Opened":
        """Sort the values in the cells wanted."""
        a, b = self.reference, self.current
        n_values = int(a.counts[wanted].sum() + b.counts[wanted].sum())
        # what few rows have is sorted with the rest
        much = a.counts + b.counts > n_values // _PARTS if n_values > _FEW else np.False_
        frequent = np.where(wanted & much, self.frequent, np.nan)
        sides = [
            _opened_side(self.grid, side, wanted, frequent, n_values > _FEW) for side in (a, b)
        ]
        return Opened(self, frequent, sides[0], sides[1])


@dataclass(frozen=True, slots=True)
class Opened:
    """Both samples within some cells, value by value."""

    pooled: Pooled
    frequent: FloatArray
    reference: OpenedSide
    current: OpenedSide

    def largest_gap(self, gaps: IntArray) -> int:
        """Return max |F - G| n m over the ends of cells and all values in opened cells."""
        a, b = self.reference, self.current
        n, m = self.pooled.reference.values.size, self.pooled.current.values.size
        known = self.frequent[~np.isnan(self.frequent)]
        largest = int(np.abs(gaps).max())
        # both functions are steps: all that happens, happens at a value
        for points in (a.others, b.others, known):
            cells = self.pooled.grid.cells(points)
            rank_a = a.ranks(points, cells, self.frequent)
            rank_b = b.ranks(points, cells, self.frequent)
            if points.size:
                largest = max(largest, int(np.abs(rank_a * m - rank_b * n).max()))
        return largest

    def at_rank(self, side: Side, inside: OpenedSide, rank: int) -> float:
        """Return the value of a rank, from 0, of a sample; its cell must be open."""
        cell = int(np.searchsorted(side.ends, rank, side="right"))
        first = int(side.ends[cell] - side.counts[cell] - inside.base[cell])
        n_frequent = int(inside.n_frequent[cell])
        others = inside.others[first : first + int(side.counts[cell]) - n_frequent]
        place = rank - int(side.ends[cell] - side.counts[cell])
        below = int(np.searchsorted(others, self.frequent[cell])) if n_frequent else others.size
        if below <= place < below + n_frequent:
            return float(self.frequent[cell])
        return float(others[place if place < below else place - n_frequent])


def largest_gap(reference: FloatArray, current: FloatArray) -> int:
    """Return max |F - G| n m, a whole number, of two samples with a value each and no NaN."""
    pooled = Pooled.of(reference, current)
    gaps = pooled.gaps()
    return pooled.opened(pooled.hiding(gaps)).largest_gap(gaps)


def _opened_side(
    grid: Grid, side: Side, wanted: BoolArray, frequent: FloatArray, may_repeat: bool
) -> OpenedSide:
    found = []
    atoms = frequent[~np.isnan(frequent)]
    # in parts that stay in the cache
    for i in range(0, side.values.size, BLOCK):
        values, cells = side.values[i : i + BLOCK], side.cells[i : i + BLOCK]
        chosen = wanted.take(cells)
        if may_repeat and atoms.size <= _FEW_ATOMS:
            for atom in atoms:
                chosen &= values != atom
        elif may_repeat:
            chosen &= values != frequent.take(cells)
        found.append(values[chosen])
    others = np.concatenate(found)
    n_others = np.where(wanted, side.counts, 0)
    n_frequent = np.zeros(N_CELLS, np.int64)
    if may_repeat:
        n_different = np.bincount(grid.cells(others), minlength=N_CELLS)
        n_frequent, n_others = n_others - n_different, n_different
    return OpenedSide(np.sort(others), n_frequent, side.starts - (np.cumsum(n_others) - n_others))
