"""What is gathered of the numbers of a column while its parts go by.

Few different values are counted one by one, and everything else follows from the counts. Of
many, each part gives its moments, its histogram and its smallest hashes; values that stand out
in a sample (the zeros of a mostly empty column) are still counted one by one.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.data.column_profile import N_LEVELS, ColumnProfile, Order
from trimtab.data.levels import COUNT, MAX_LEVELS, VALUE, Levels, level_frame
from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.cells import N_CELLS, counted, fitting_bits, log_linear
from trimtab.stats.distinct import HashArray, smallest_hashes
from trimtab.stats.log_linear import LogLinear
from trimtab.stats.moments import Moments, moments_of, weighted_moments

Numbers = npt.NDArray[Any]
_SAMPLE = 1_024
# with so many values repeated in a sample, counting all values is the cheaper way
_FEW = 16
# floats hold each integer below
_EXACT = 2.0**53
_FOLD = 16


class NumberFacts:
    """Facts of numbers, part by part.

    Parameters
    ----------
    like : ColumnProfile, optional
        The reference: its cells are used, and its commonest values counted.
    """

    def __init__(self, like: ColumnProfile | None = None) -> None:
        self.n = self.nan = self.infinite = self.zeros = self.negative = 0
        self.low: Any = None
        self.high: Any = None
        self.increasing: Order = "strictly"
        self.hashes: HashArray | None = None
        self._last: Any = None
        self._reference = like.histogram if like is not None else None
        self._atoms = np.array([x for x, _ in like.top[:_FEW]] if like is not None else [])
        self._atom_counts = np.zeros(self._atoms.size, np.int64)
        self._levels: Levels | None = None
        self._bits: int | None = None
        self._moments = Moments()
        self._histograms: list[LogLinear] = []

    def add(self, values: Numbers) -> None:
        """Take in the numbers of a part, in row order and without nulls."""
        if values.size == 0:
            return
        low, high = values.min().item(), values.max().item()
        if not math.isfinite(low) or not math.isfinite(high):
            values = self._finite(values)
            if values.size == 0:
                return
            low, high = values.min().item(), values.max().item()
        self._follow(values)
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
        if self.n == 0:
            self._levels = Levels() if self._few_values(values) else None
        self.n += values.size
        if self._levels is None:
            self._add_many(values, float(low), float(high))
        else:
            self._levels.add(_counted_levels(values))
            if self._levels.too_many():
                self._give_up(self._levels.frame())

    def finish(self) -> tuple[Moments, LogLinear, list[tuple[Any, int]], bool, int]:
        """Return moments, histogram, levels (commonest first), if they are all, their error."""
        if self._levels is not None:
            frame = self._levels.frame()
            self._add_levels(frame)
            histogram = self._histogram()
            return self._moments, histogram, list(frame.iter_rows()), True, 0
        histogram = self._histogram()
        order = np.lexsort((self._atoms, -self._atom_counts))
        atoms, counts = self._atoms[order], self._atom_counts[order]
        kind = int if isinstance(self.low, int) else float
        levels = [(kind(x), int(n)) for x, n in zip(atoms, counts, strict=True) if n]
        return self._moments, histogram, levels, False, _largest_rest(histogram, atoms, counts)

    def _finite(self, values: Numbers) -> Numbers:
        """Count NaN and infinite values, and leave them out."""
        nan = int(np.isnan(values).sum())
        kept = values[np.isfinite(values)]
        self.nan += nan
        self.infinite += values.size - nan - kept.size
        return kept

    def _follow(self, values: Numbers) -> None:
        """See whether values still rise from row to row."""
        if self.increasing == "no":
            return
        previous, self._last = self._last, values[-1]
        before = values[0] if previous is None else previous
        for piece in (values[:64], values):
            if values[0] < before or (piece[1:] < piece[:-1]).any():
                self.increasing = "no"
                return
        if (previous is not None and values[0] == before) or (values[1:] == values[:-1]).any():
            self.increasing = "weakly"

    def _few_values(self, values: Numbers) -> bool:
        if values.size <= MAX_LEVELS:
            return True
        if values.dtype.kind in "iu" and self.high - self.low < MAX_LEVELS:
            return True
        sample = np.sort(values[:: values.size // _SAMPLE])
        repeated = np.unique(sample[1:][sample[1:] == sample[:-1]])
        if repeated.size >= _FEW:
            return True
        self._watch(repeated)
        return False

    def _watch(self, atoms: Numbers) -> None:
        """Count these values too from now on; nothing has been counted one by one yet."""
        self._atoms = np.union1d(self._atoms, atoms.astype(np.float64))
        self._atom_counts = np.zeros(self._atoms.size, np.int64)

    def _give_up(self, frame: pl.DataFrame) -> None:
        """Turn from counting each value to summing parts up."""
        self._watch(frame[VALUE].head(_FEW).to_numpy())
        # as floats, as `_add_many` compares them: large integers may then be one
        values = frame[VALUE].cast(pl.Float64).to_numpy()
        watched = np.isin(values, self._atoms)
        spots = np.searchsorted(self._atoms, values[watched])
        np.add.at(self._atom_counts, spots, frame[COUNT].to_numpy()[watched])
        self._add_levels(frame)
        self._levels = None

    def _add_levels(self, frame: pl.DataFrame) -> None:
        values = frame[VALUE].cast(pl.Float64).to_numpy()
        counts = frame[COUNT].cast(pl.Int64).to_numpy()
        self.zeros += int(counts[values == 0].sum())
        self.negative += int(counts[values < 0].sum())
        self._moments = self._moments.merged(weighted_moments(values, counts))
        if values.size:
            made = log_linear(values, counts=counts, bits=self._resolution(values))
            self._histograms.append(made)
        if frame.height > N_LEVELS:
            self.hashes = smallest_hashes(frame[VALUE].to_numpy(), known=self.hashes)

    def _add_many(self, numbers: Numbers, low: float, high: float) -> None:
        values: FloatArray = numbers.astype(np.float64, copy=False)
        zeros = int(np.count_nonzero(values == 0)) if low <= 0 <= high else 0
        self.zeros += zeros
        if low < 0:
            self.negative += int(np.count_nonzero(values < 0))
        for spot, atom in enumerate(self._atoms):
            self._atom_counts[spot] += np.count_nonzero(values == atom)
        self._moments = self._moments.merged(moments_of(values))
        # integers that fit a float are hashed as one: no second array of them
        exact = numbers if max(-low, high) >= _EXACT else values
        self.hashes = smallest_hashes(exact, known=self.hashes)
        bits = self._resolution(values)
        self._histograms.append(counted(values, bits, low=low, high=high, n_zeros=zeros))
        if len(self._histograms) > _FOLD:
            self._histograms = [self._histograms[0].merged(*self._histograms[1:])]

    def _resolution(self, values: FloatArray) -> int:
        if self._bits is None:
            wanted = self._reference.bits if self._reference is not None else None
            self._bits = fitting_bits(values, N_CELLS) if wanted is None else wanted
        return self._bits

    def _histogram(self) -> LogLinear:
        if not self._histograms:
            return log_linear(np.empty(0))
        made = self._histograms[0].merged(*self._histograms[1:])
        if self._reference is None:
            return made.reduced(N_CELLS)
        return made.coarsened(self._reference.bits).floored(self._reference.floor)


def _counted_levels(values: Numbers) -> pl.DataFrame:
    if values.dtype.kind in "iu":
        low = int(values.min())
        if int(values.max()) - low < MAX_LEVELS:
            counts = np.bincount(values.astype(np.int64, copy=False) - low)
            there = np.flatnonzero(counts)
            return pl.DataFrame({VALUE: there + low, COUNT: counts[there]})
    return level_frame(pl.Series(values))


def _largest_rest(histogram: LogLinear, atoms: FloatArray, counts: IntArray) -> int:
    """Return how often a value that was not counted may occur: what its cell leaves."""
    rest = histogram.counts.copy()
    spots = np.searchsorted(histogram.lower, atoms, side="right") - 1
    np.subtract.at(rest, spots[counts > 0], counts[counts > 0])
    return int(rest.max(initial=0))
