"""Values counted in log-linear cells, at the resolution that suits them."""

import math

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import PIECE, FloatArray, IntArray, as_sample, scratch
from trimtab.stats.log_linear import LogLinear, code_of, summed

MAX_BITS = 36
N_CELLS = 768
# what a bincount counts within a core's cache
_MAX_SPAN = 1 << 17
# of a part of the data, values by so many powers of two below its largest count as near zero
_OCTAVES = 48
# below it floats lose digits; such values count as near zero
_TINY = 2.0**-1022
_MINUS_ZERO = np.uint64(1 << 63)
_SAMPLE = 1024
_NOTHING = np.zeros(PIECE, np.int64)


def log_linear(
    values: ArrayLike,
    *,
    counts: IntArray | None = None,
    bits: int | None = None,
    n_cells: int = N_CELLS,
) -> LogLinear:
    """Count values in log-linear cells.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Finite values; NaN is left out.
    counts : ndarray of int64, shape (n,), optional
        How often each value occurs, once unless given; then no value may be NaN.
    bits : int, optional
        Resolution; without it, the finest that fills at most about `n_cells` cells. With it,
        coarser only where cells would be more than a million.
    n_cells : int
        How many cells may be filled, unless `bits` says.

    Returns
    -------
    LogLinear
        A cell is a relative 2**-bits wide: narrow data far from zero get many bits.

    Raises
    ------
    ValueError
        If the array is not one-dimensional.

    References
    ----------
    .. [1] G. Tene, "HdrHistogram" (2012), for the cells; the resolution that follows the data
       is ours.

    Examples
    --------
    >>> made = log_linear([1.0, 1.1, 1.9, 3.0], bits=1)
    >>> made.lower.tolist(), made.counts.tolist()
    ([1.0, 1.5, 3.0], [2, 1, 1])
    """
    array = as_sample(values, "values")
    if array.size == 0:
        return LogLinear(bits or 0, np.empty(0, np.int64), np.empty(0, np.int64))
    chosen = fitting_bits(array, n_cells) if bits is None else bits
    made = counted(array, chosen) if counts is None else _weighted(array, counts, chosen)
    return made if bits is not None else made.reduced(n_cells)


def counted(
    values: FloatArray,
    bits: int,
    *,
    low: float | None = None,
    high: float | None = None,
    n_zeros: int | None = None,
) -> LogLinear:
    """Count finite values at a resolution, or the finest below it that fits a core's cache.

    `low` and `high` are bounds of the values, and `n_zeros` of them are zeros, if known.
    """
    low = float(values.min()) if low is None else low
    high = float(values.max()) if high is None else high
    signed = low < 0
    far = max(-low, high)
    if far < _TINY:
        below = int(np.count_nonzero(values < 0))
        counts = np.array([below, values.size - below])
        codes = np.array([-1, 0])[counts > 0]
        return LogLinear(bits, codes, counts[counts > 0], _TINY if far else 0.0)
    near = low if low > 0 else -high if high < 0 else 0.0
    start = max(math.ldexp(1.0, math.frexp(far)[1] - 1 - _OCTAVES), _TINY)
    joined = near < start
    first, last = (code_of(x, bits) for x in (start if joined else near, far))
    while last - first > _MAX_SPAN:
        bits -= 1
        first, last = (code_of(x, bits) for x in (start if joined else near, far))
    # a power of two: the bit of the sign is moved there
    span = 1 << (last - first + 1).bit_length()
    found = np.zeros(2 * span, np.int64)
    for start_of in range(0, values.size, PIECE):
        piece = values[start_of : start_of + PIECE].view(np.uint64)
        keys = scratch(0, piece.size).view(np.int64)
        np.right_shift(piece, np.uint64(52 - bits), out=keys.view(np.uint64))
        if low <= 0:
            # -0.0 has a sign too
            keys &= (1 << (11 + bits)) - 1
        keys -= first - 1
        if joined:
            # with an array: numpy is slower where one side is a single number
            np.maximum(keys, _NOTHING[: piece.size], out=keys)
        if signed:
            sides = scratch(1, piece.size).view(np.uint64)
            np.right_shift(piece, np.uint64(64 - span.bit_length()), out=sides)
            sides &= np.uint64(span)
            keys += sides.view(np.int64)
        counts = np.bincount(keys)
        found[: counts.size] += counts
    if n_zeros is None:
        n_zeros = int(np.count_nonzero(values == 0))
    floor = start if joined and found[0] + found[span] > n_zeros else 0.0
    if signed and n_zeros and found[span]:
        # -0.0 is 0
        zeros = int(np.count_nonzero(values.view(np.uint64) == _MINUS_ZERO))
        found[span] -= zeros
        found[0] += zeros
    right, left = np.flatnonzero(found[:span]), np.flatnonzero(found[span:])
    codes = np.concatenate([-1 - _codes(left, first)[::-1], _codes(right, first)])
    counts = np.concatenate([found[span:][left][::-1], found[:span][right]])
    return LogLinear(bits, codes, counts, floor)


def _codes(spots: IntArray, first: int) -> IntArray:
    """Return the codes of places in a count whose first place is zero and what is near it."""
    return np.where(spots == 0, 0, spots + (first - 1))


def _weighted(values: FloatArray, counts: IntArray, bits: int) -> LogLinear:
    codes = np.abs(values).view(np.int64) >> (52 - bits)
    return LogLinear(bits, *summed(np.where(values < 0, -1 - codes, codes), counts))


def fitting_bits(values: FloatArray, n_cells: int) -> int:
    """Return the finest resolution at which the values fill about `n_cells` cells, by a sample.

    Cells next to zero, which a floor may join, do not count.
    """
    step = max(1, values.size // _SAMPLE)
    sample = values[::step]
    sample = sample[sample != 0]
    sizes = np.abs(sample)
    if sizes.size:
        near = np.partition(sizes, sizes.size // 128)[sizes.size // 128]
        sample = sample[sizes >= near]
    codes = np.sort(sample.view(np.uint64) >> np.uint64(52 - MAX_BITS))
    # so many of n equally full cells would a sample meet
    met = -math.expm1(-codes.size / n_cells)
    wanted = n_cells if step == 1 else int(n_cells * met)
    bits = MAX_BITS
    while bits > 3 and 1 + np.count_nonzero(codes[1:] != codes[:-1]) > wanted:
        codes >>= np.uint64(1)
        bits -= 1
    return bits
