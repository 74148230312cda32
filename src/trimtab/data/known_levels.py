"""Counts of texts that are nearly always among few known ones, by their hashes."""

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
_SLOT_BITS = range(6, 17)


def counted_texts(values: pl.Series) -> pl.DataFrame:
    """Return each text of a series without nulls with its count.

    Of many rows the first ones tell which levels to expect.
    """
    if values.len() < _MANY:
        return level_frame(values)
    known = level_frame(values.head(PIECE))
    made = KnownLevels(known[VALUE]).count(values) if known.height <= MAX_KNOWN else None
    return level_frame(values) if made is None else made


class KnownLevels:
    """Counts known texts two to three times as fast as a hash table that may grow.

    Each known text has a slot of its own, some bits of its 64-bit hash; a part in which every
    row has the hash that its slot expects holds nothing else. (Another text has the hash of a
    known one once in 2**64.)

    Parameters
    ----------
    values : polars.Series
        The known texts, each once.
    """

    def __init__(self, values: pl.Series) -> None:
        hashes = values.hash(0).to_numpy()
        self._values = values
        self._place = next(
            (
                (bits, shift)
                for bits in _SLOT_BITS
                for shift in range(64 - bits + 1)
                if 1 << bits >= hashes.size and _is_free(_slots(hashes, bits, shift))
            ),
            None,
        )
        if self._place is not None:
            self._of_level = _slots(hashes, *self._place)
            # a slot of no level expects what no hash in it can be
            self._expected = np.full(1 << self._place[0], hashes[0])
            self._expected[self._of_level[0]] = ~hashes[0]
            self._expected[self._of_level] = hashes

    def count(self, values: pl.Series) -> pl.DataFrame | None:
        """Return the levels of texts with their counts; None if another text may be among them."""
        if self._place is None:
            return None
        bits, shift = self._place
        found = np.zeros(1 << bits, np.int64)
        for piece in _hashes(values):
            slots = scratch(0, piece.size).view(np.int64)
            np.right_shift(piece, np.uint64(shift), out=slots.view(np.uint64))
            slots &= (1 << bits) - 1
            expected = scratch(1, piece.size).view(np.uint64)
            np.take(self._expected, slots, out=expected, mode="clip")
            if not np.array_equal(expected, piece):
                return None
            counts = np.bincount(slots)
            found[: counts.size] += counts
        made = pl.DataFrame({VALUE: self._values, COUNT: found[self._of_level]})
        return made.filter(pl.col(COUNT) > 0)


def _hashes(values: pl.Series) -> Iterator[HashArray]:
    """Return hashes in pieces that fit a core's cache, made in parts of several."""
    for start in range(0, values.len(), _PART):
        part = values.slice(start, _PART).hash(0).to_numpy()
        for i in range(0, part.size, PIECE):
            yield part[i : i + PIECE]


def _slots(hashes: HashArray, bits: int, shift: int) -> IntArray:
    slots = (hashes >> np.uint64(shift)) & np.uint64((1 << bits) - 1)
    return slots.astype(np.int64)


def _is_free(slots: IntArray) -> bool:
    return bool(np.bincount(slots).max() == 1)
