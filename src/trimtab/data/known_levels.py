"""Counts of texts that are nearly always among few known ones, by their hashes."""

import math
from collections.abc import Iterator

import numpy as np
import polars as pl

from trimtab.data.levels import COUNT, VALUE, level_frame
from trimtab.stats.arrays import PIECE, IntArray, scratch
from trimtab.stats.distinct import HashArray

# more would seldom find slots of their own
MAX_KNOWN = 256
# each call of polars takes as long as hashing thousands of texts
_PART = 4 * PIECE
# rows from which it pays to look at the first ones
_MANY = 4 * PIECE
# the fewest that do are best: counts are then made within a core's first cache
_LEAST_BITS, _MOST_BITS = 6, 16


def counted_texts(values: pl.Series) -> pl.DataFrame:
    """Return each text of a series without nulls with its count."""
    known = counted_by_first(values) if values.len() >= _MANY else None
    return level_frame(values) if known is None else known.frame()


def counted_by_first(values: pl.Series) -> "KnownLevels | None":
    """Count texts whose levels all occur in the first rows; None where others, or many, do."""
    first = level_frame(values.head(PIECE))
    known = KnownLevels(first[VALUE]) if first.height <= MAX_KNOWN else None
    return known if known is not None and known.count(values) else None


class KnownLevels:
    """Counts known texts two to three times as fast as a hash table that may grow.

    Each known text has a slot of its own, some bits of its 64-bit hash. A part whose hashes add
    up, modulo 2**64, to what the texts in their slots would give holds nothing else. (Other
    texts pass for known ones about once in 2**60; for one that fills a whole part of 2**17
    rows, once in 2**31.)

    Parameters
    ----------
    values : polars.Series
        The known texts, each once.
    """

    def __init__(self, values: pl.Series) -> None:
        hashes = values.hash(0).to_numpy()
        self._values = values
        self._hashes = hashes
        self._place = next(
            (
                (bits, shift)
                for bits in range(_fewest_bits(hashes.size), _MOST_BITS + 1)
                for shift in range(64 - bits + 1)
                if _is_free(_slots(hashes, bits, shift))
            ),
            None,
        )
        if self._place is not None:
            self._of_level = _slots(hashes, *self._place)
            self._counts = np.zeros(1 << self._place[0], np.int64)

    def count(self, values: pl.Series) -> bool:
        """Count texts; False, and nothing is counted, if another text may be among them."""
        if self._place is None:
            return False
        bits, shift = self._place
        found = np.zeros(1 << bits, np.int64)
        total = 0
        for piece in _pieces(values):
            slots = scratch(0, piece.size).view(np.int64)
            np.right_shift(piece, np.uint64(shift), out=slots.view(np.uint64))
            slots &= (1 << bits) - 1
            counts = np.bincount(slots)
            found[: counts.size] += counts
            total += int(np.add.reduce(piece))
        known = found[self._of_level]
        expected = int((known.astype(np.uint64) * self._hashes).sum())
        if known.sum() != values.len() or (total - expected) % (1 << 64):
            return False
        self._counts += found
        return True

    def frame(self) -> pl.DataFrame:
        """Return the levels that were met, with how often in all."""
        if self._place is None:
            return pl.DataFrame({VALUE: self._values.clear(), COUNT: np.empty(0, np.int64)})
        made = pl.DataFrame({VALUE: self._values, COUNT: self._counts[self._of_level]})
        return made.filter(pl.col(COUNT) > 0)


def _pieces(values: pl.Series) -> Iterator[HashArray]:
    """Return hashes in pieces that fit a core's cache, made in parts of several."""
    for start in range(0, values.len(), _PART):
        part = values.slice(start, _PART).hash(0).to_numpy()
        for i in range(0, part.size, PIECE):
            yield part[i : i + PIECE]


def _fewest_bits(n: int) -> int:
    """Return from how many bits on a chance that no two of `n` share a slot is worth a try."""
    return max(_LEAST_BITS, math.ceil(2 * math.log2(max(n, 1))) - 4)


def _slots(hashes: HashArray, bits: int, shift: int) -> IntArray:
    slots = (hashes >> np.uint64(shift)) & np.uint64((1 << bits) - 1)
    return slots.astype(np.int64)


def _is_free(slots: IntArray) -> bool:
    return bool(np.bincount(slots).max() == 1)
