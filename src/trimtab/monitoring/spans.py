"""Times cut into blocks of one length, and counted. No statistics here."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from trimtab.data.time import blocks, offset
from trimtab.stats.arrays import FloatArray, IntArray

ENOUGH_BLOCKS = 8


def block_codes(times: pl.Series, every: str) -> IntArray:
    """Return each row's block as 0, 1, 2 … in order of time.

    A window seldom begins on a Monday: a block with less than half the rows of a usual one is
    joined to the block before it (the first one to the block after it), so that no block is a
    mere stump of two days.

    Examples
    --------
    >>> day = timedelta(days=1)
    >>> times = [datetime(2013, 4, 1) + i * day for i in range(30)]
    >>> codes = block_codes(pl.Series(times).dt.replace_time_zone("UTC"), "1w")
    >>> np.bincount(codes).tolist()
    [7, 7, 7, 9]
    """
    found, codes, sizes = np.unique(blocks(times, every), return_inverse=True, return_counts=True)
    if found.size < 2:
        return np.zeros(len(times), dtype=np.int64)
    stump = sizes < np.median(sizes) / 2
    place = np.cumsum(~stump) - 1  # a stump takes the number of the block before it
    joined: IntArray = np.maximum(place, 0)[codes].astype(np.int64)
    return joined


def choose_block(times: pl.Series, wanted: str, finer: str) -> str:
    """Return `wanted` if it cuts the reference into at least 8 blocks, else the finer one.

    `finer` may be "row", for rows that stand alone: then there is no finer span of time.
    """

    def count(every: str) -> int:
        return int(block_codes(times, every).max()) + 1

    if finer == "row" or len(times) == 0 or count(wanted) >= ENOUGH_BLOCKS:
        return wanted
    return finer if count(finer) > count(wanted) else wanted


def volumes(times: pl.Series, start: datetime, end: datetime, cell: timedelta) -> FloatArray:
    """Return the rows in each whole cell of [start, end), counted back from its end."""
    n_cells = int((end - start) / cell)
    if n_cells < 1:
        return np.empty(0)
    stamps = times.cast(pl.Datetime("us", "UTC")).dt.epoch("us").to_numpy()
    micros = timedelta(microseconds=1)
    age = (int(end.timestamp() * 1e6) - 1 - stamps) // (cell // micros)
    inside = age[(age >= 0) & (age < n_cells)]
    return np.bincount(inside, minlength=n_cells)[::-1].astype(np.float64)


def length(every: str, start: datetime) -> timedelta:
    """Return how long a duration is, from `start` on."""
    return offset(start, every) - start


def whole_blocks(values: FloatArray, codes: IntArray) -> FloatArray:
    """Return the mean of `values` in each block."""
    means: FloatArray = np.bincount(codes, weights=values) / np.bincount(codes)
    return means
