"""Monotone maps from numbers to some 33,000 cells, chosen from a sample; no counting here.

A map never reverses two values, so a distribution function read at the edge of a cell is
exact, whatever the data. How evenly the cells fill decides only about speed.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from trimtab.stats.arrays import FloatArray, IntArray

_BITS = 15
N_CELLS = 1 << _BITS
_TOP = N_CELLS - 1
# what roughly stays in the second cache of a processor between the steps of a map, and is long
# enough that threads seldom wait for each other between them
BLOCK = 1 << 17
_SAMPLE = 1 << 11
_LARGEST = float(np.finfo(np.float64).max)
_LARGEST_BITS = int(np.float64(_LARGEST).view(np.int64))

# half the memory of other integers, which is what making them costs
CellArray = npt.NDArray[np.uint16]


class Grid(Protocol):
    """A monotone map from values to cells 0 .. N_CELLS - 1, both ends open."""

    def cells(self, values: FloatArray) -> CellArray:
        """Return the cell of each value, NaN excepted."""

    def edges(self) -> FloatArray:
        """Return where cells begin, and the last ends, up to rounding; shape (N_CELLS + 1,)."""


@dataclass(frozen=True, slots=True)
class LinearGrid:
    """Cells of one width, from `start` on, `scale` of them to a unit."""

    start: float
    scale: float

    def cells(self, values: FloatArray) -> CellArray:
        """Return the cell of each value."""
        found = np.empty(values.size, np.uint16)
        room = np.empty(min(values.size, BLOCK))
        with np.errstate(over="ignore"):
            for i in range(0, values.size, BLOCK):
                part = values[i : i + BLOCK]
                # each step is weakly monotone in floating point, so the whole is
                place = np.subtract(part, self.start, out=room[: part.size])
                np.multiply(place, self.scale, out=place)
                np.clip(place, 0, _TOP, out=place)
                found[i : i + BLOCK] = place
        return found

    def edges(self) -> FloatArray:
        """Return where cells begin, and the last ends."""
        return self.start + np.arange(N_CELLS + 1) / self.scale


@dataclass(frozen=True, slots=True)
class LogGrid:
    """Cells that widen with the distance from `centre`, past about `floor`.

    Distances, the floor added, that share their leading bits are of one cell; `shift` says how
    many bits do not count, `base` is the code of the nearest, `offset` the cell of the centre.
    """

    centre: float
    floor: float
    shift: int
    base: int
    offset: int

    def cells(self, values: FloatArray) -> CellArray:
        """Return the cell of each value."""
        found = np.empty(values.size, np.uint16)
        for i in range(0, values.size, BLOCK):
            found[i : i + BLOCK] = np.clip(self.codes(values[i : i + BLOCK]), 0, _TOP)
        return found

    def edges(self) -> FloatArray:
        """Return where cells begin, and the last ends."""
        code = np.arange(N_CELLS + 1) - self.offset
        # cells left of the centre begin at their far end
        far = np.where(code > 0, code, 1 - code) + self.base
        bits = np.minimum(far, _LARGEST_BITS >> self.shift) << self.shift
        distance = bits.view(np.float64) - self.floor
        found: FloatArray = self.centre + np.where(code > 0, distance, -distance)
        return found

    def codes(self, values: FloatArray) -> IntArray:
        """Return cells before they are cut to those there are."""
        with np.errstate(over="ignore"):
            place = values - self.centre
            negative = place.view(np.int64) >> 63
            np.abs(place, out=place)
            place += self.floor
        code: IntArray = place.view(np.int64)
        code >>= self.shift
        code -= self.base
        # the sign, without a branch
        code ^= negative
        code -= negative
        code += self.offset
        return code


def sampled(values: FloatArray) -> FloatArray:
    """Return some thousand finite values, evenly from the whole column."""
    found = values[:: max(1, values.size // _SAMPLE)]
    return found[np.isfinite(found)]


def fitting_grid(values: FloatArray) -> Grid:
    """Return the grid over which different values, sorted, spread best.

    The first and the last cell are for what lies outside the range of the values or, on a
    linear grid, far out in a long tail.
    """
    linear = _linear(values)
    crowding = _crowding(linear, values)
    # were each value alone in its cell, it would be `values.size`
    if crowding <= 2 * values.size:
        return linear
    quarter, middle, third = values[[values.size // 4, values.size // 2, values.size * 3 // 4]]
    logs = [_log(values, float(middle), float(third - quarter) / 8), _log(values, 0.0, 0.0)]
    crowdings = [_crowding(grid, values) for grid in logs]
    best = int(np.argmin(crowdings))
    return logs[best] if 2 * crowdings[best] < crowding else linear


def _linear(values: FloatArray) -> LinearGrid:
    if values.size == 0:
        return LinearGrid(0.0, 1.0)
    low, middle, high = (values[int(p * (values.size - 1) + p)] for p in (0.01, 0.5, 0.99))
    with np.errstate(over="ignore"):
        start = max(float(values[0]), float(low - (middle - low)))
        stop = min(float(values[-1]), float(high + (high - middle)))
        width = np.float64(stop - start)
        # a cell is left free on either side
        scale = float((N_CELLS - 3) / width) if width > 0 else 1.0
    scale = min(max(scale, 1 / _LARGEST), _LARGEST)
    return LinearGrid(start - 1.5 / scale, scale)


def _log(values: FloatArray, centre: float, floor: float) -> LogGrid:
    ends = values[[0, -1]]
    base = int(np.float64(floor).view(np.int64))
    shift = 0
    while True:
        grid = LogGrid(centre, floor, shift, base >> shift, 0)
        low, high = (int(code) for code in grid.codes(ends))
        if high - low <= N_CELLS - 3:
            return LogGrid(centre, floor, shift, base >> shift, 1 - low)
        shift += max(1, (high - low).bit_length() - _BITS)


def _crowding(grid: Grid, values: FloatArray) -> int:
    filled = np.bincount(grid.cells(values))
    return int((filled * filled).sum())
