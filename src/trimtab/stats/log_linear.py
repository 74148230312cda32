"""Histograms whose cells are the same for every data set: two align and add up exactly.

A cell holds the floats that share their sign, exponent and leading `bits` of the fraction:
2**bits cells of equal width between one power of two and the next. Where the cells lie does
not depend on the data, so histograms of parts, days or machines are sums of each other, in any
order, and two distribution functions can be compared at every edge without an error. Only the
resolution is chosen by the data; the coarser of two is a sum of cells of the finer.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class LogLinear:
    """Counts of values in log-linear cells.

    Parameters
    ----------
    bits : int
        Leading bits of the fraction that tell cells apart.
    codes : ndarray of int64, shape (n_cells,), increasing
        Which cells hold values; the cell of a negative value has a negative code.
    counts : ndarray of int64, shape (n_cells,)
        How many.
    floor : float
        A power of two, or 0: all values nearer to zero than this share one cell on either side.
    """

    bits: int
    codes: IntArray
    counts: IntArray
    floor: float = 0.0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LogLinear) and (
            (self.bits, self.floor) == (other.bits, other.floor)
            and np.array_equal(self.codes, other.codes)
            and np.array_equal(self.counts, other.counts)
        )

    def __hash__(self) -> int:
        return hash((self.bits, self.floor, self.codes.tobytes(), self.counts.tobytes()))

    @property
    def total(self) -> int:
        """Number of values."""
        return int(self.counts.sum())

    @property
    def lower(self) -> FloatArray:
        """Lower edges, shape (n_cells,)."""
        return self._edges(np.abs(self.codes))

    @property
    def upper(self) -> FloatArray:
        """Upper edges, shape (n_cells,)."""
        return self._edges(np.abs(self.codes + 1))

    def coarsened(self, bits: int) -> "LogLinear":
        """Return the same counts with fewer bits, each cell a sum of the old ones."""
        if bits >= self.bits:
            return self
        shift = self.bits - bits
        # the arithmetic shift rounds down, which is what codes of both signs need
        codes, counts = summed(self.codes >> shift, self.counts)
        return LogLinear(bits, codes, counts, self.floor)

    def floored(self, floor: float) -> "LogLinear":
        """Return the same counts with one cell on either side of zero, up to `floor`."""
        if floor <= self.floor:
            return self
        first = code_of(floor, self.bits)
        near = (self.codes < first) & (self.codes >= -first)
        codes = np.where(near, np.where(self.codes >= 0, 0, -1), self.codes)
        return LogLinear(self.bits, *summed(codes, self.counts), floor)

    def merged(self, *others: "LogLinear") -> "LogLinear":
        """Return the histogram of all sets of values."""
        all_of = _alike(self, *others)
        codes = np.concatenate([each.codes for each in all_of])
        counts = np.concatenate([each.counts for each in all_of])
        return LogLinear(all_of[0].bits, *summed(codes, counts), all_of[0].floor)

    def reduced(self, n_cells: int) -> "LogLinear":
        """Return the finest histogram of at most so many cells.

        Cells near zero are joined first, up to a 64th of all values that are not zero.
        """
        made = self
        while made.codes.size > n_cells:
            joined = made.floored(_floor(made, n_cells))
            if joined.codes.size <= n_cells or made.bits == 0:
                return joined
            made = made.coarsened(made.bits - 1)
        return made

    def quantile(
        self, probability: float, *, whole: bool = False, atoms: Mapping[float, int] | None = None
    ) -> float:
        """Return a quantile, interpolated within its cell; of whole numbers, a whole one.

        The true one lies in the same cell: the error is at most the cell's width. If one of
        `atoms` (values with their counts) makes up half of the cell, the quantile is that.
        """
        rank = probability * (self.total - 1)
        ends = np.cumsum(self.counts)
        cell = int(np.searchsorted(ends, rank, side="right").clip(0, self.codes.size - 1))
        into = rank - (ends[cell] - self.counts[cell]) + 0.5
        low, high = float(self.lower[cell]), float(self.upper[cell])
        for atom, count in (atoms or {}).items():
            if low <= atom <= high and 2 * count >= self.counts[cell]:
                return float(atom)
        value: float = low + (high - low) * min(float(into) / float(self.counts[cell]), 1.0)
        if not whole:
            return value
        # cells are closed on the side of zero
        inward = math.floor(value) if low >= 0 else math.ceil(value)
        return float(max(inward, math.ceil(low)) if low >= 0 else min(inward, math.floor(high)))

    def _edges(self, codes: IntArray) -> FloatArray:
        """Return the inner edges of cells on the right of zero, on the side of each cell."""
        edges: FloatArray = (codes << (52 - self.bits)).view(np.float64)
        if self.floor:
            edges = np.where(codes == 1, np.maximum(edges, self.floor), edges)
        if self.codes.size and self.codes[0] >= 0:
            return edges
        return np.where(self.codes >= 0, edges, -edges)


def aligned(a: LogLinear, b: LogLinear) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """Return lower and upper edges and both counts over the cells that either fills.

    The cells are those of the coarser of the two; the counts are exact.
    """
    a, b = _alike(a, b)
    codes = np.sort(np.concatenate([a.codes, b.codes]), kind="stable")
    codes = codes[np.append(codes[1:] != codes[:-1], True)]
    counts = []
    for each in (a, b):
        spread = np.zeros(codes.size, np.int64)
        spread[np.searchsorted(codes, each.codes)] = each.counts
        counts.append(spread)
    frame = LogLinear(a.bits, codes, counts[0], a.floor)
    return frame.lower, frame.upper, counts[0], counts[1]


def code_of(value: float, bits: int) -> int:
    """Return the code of the cell of a value of 0 or more."""
    return int(np.float64(value).view(np.int64)) >> (52 - bits)


def _floor(made: LogLinear, n_cells: int) -> float:
    """Return the least power of two that leaves so few cells; less if it would join too much."""
    sizes = np.minimum(np.abs(made.lower), np.abs(made.upper))
    order = np.argsort(sizes, kind="stable")
    ends = np.cumsum(np.where(sizes == 0, 0, made.counts)[order])
    allowed = np.searchsorted(ends, ends[-1] / 64, side="right")
    wanted = made.codes.size - n_cells + 2
    first = sizes[order][min(wanted, int(allowed), sizes.size - 1)]
    if first == 0:
        return 0.0
    exponent = math.frexp(first)[1]
    joins = int(np.searchsorted(sizes[order], math.ldexp(1.0, exponent)))
    return math.ldexp(1.0, exponent if joins <= allowed else exponent - 1)


def summed(codes: IntArray, counts: IntArray) -> tuple[IntArray, IntArray]:
    """Return each code once, with the sum of its counts."""
    if codes.size == 0:
        return codes, counts
    if (codes[1:] < codes[:-1]).any():
        order = np.argsort(codes, kind="stable")
        codes, counts = codes[order], counts[order]
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    return codes[starts], np.add.reduceat(counts, starts)


def _alike(*histograms: LogLinear) -> list[LogLinear]:
    bits = min(each.bits for each in histograms)
    floor = max(each.floor for each in histograms)
    return [each.coarsened(bits).floored(floor) for each in histograms]
