"""How many different values there are, from the smallest of their hashes."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trimtab.stats.arrays import PIECE, scratch

HashArray = NDArray[np.uint64]
N_HASHES = 256
# share of all numbers that are given a hash
CHOSEN = 1 / 64
# bits kept of a hash: enough for billions of values, and half as long in a file
_BITS = 40
_SPACE = 2.0**_BITS
# the first hash: multiples of an odd number; those in one 64th of the space, not next to 0 nor
# to its half, where the two zeros are
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_START = np.uint64(0x1357_9BDF_0246_8ACE)
_WIDTH = np.uint64(1 << 58)


def smallest_hashes(
    values: ArrayLike, *, known: HashArray | None = None, n_hashes: int = N_HASHES
) -> HashArray:
    """Return the smallest different hashes of numbers, with those known from other parts.

    Only a 64th of all numbers have one, chosen by a first, cheap hash: the rest cannot matter,
    and need not be hashed well.

    Parameters
    ----------
    values : array_like of float or int, shape (n,)
        Numbers without NaN; taken as float64, in which integers beyond 2**53 may coincide.
    known : ndarray of uint64, optional
        What this function returned for the parts before.
    n_hashes : int
        How many to keep.

    Returns
    -------
    ndarray of uint64, shape (at most n_hashes,), increasing

    Examples
    --------
    >>> found = smallest_hashes(np.arange(100_000))
    >>> bool(0.8 < estimated_distinct(found) / 100_000 < 1.2)
    True
    """
    bits = np.asarray(values, dtype=np.float64).view(np.uint64)
    chosen = []
    for start in range(0, bits.size, PIECE):
        piece = bits[start : start + PIECE]
        first = np.multiply(piece, _FACTOR, out=scratch(0, piece.size).view(np.uint64))
        # zero, of either sign, is not chosen: a column may be full of it
        first -= _START
        chosen.append(piece[np.flatnonzero(first < _WIDTH)])
    hashes = _mixed(np.concatenate(chosen)) if chosen else np.empty(0, np.uint64)
    if known is None:
        return _smallest(hashes, n_hashes)
    if known.size >= n_hashes:
        hashes = hashes[hashes < known[-1]]
    return merged_hashes(known, hashes, n_hashes=n_hashes) if hashes.size else known


def _smallest(hashes: HashArray, n_hashes: int) -> HashArray:
    """Return the smallest different hashes, without sorting all."""
    some = 4 * n_hashes
    if hashes.size > 2 * some:
        found = np.unique(np.partition(hashes, some)[:some])
        if found.size >= n_hashes:
            return found[:n_hashes]
    return np.unique(hashes)[:n_hashes]


def merged_hashes(a: HashArray, b: HashArray, *, n_hashes: int = N_HASHES) -> HashArray:
    """Return the smallest different hashes of two sets."""
    return np.unique(np.concatenate([a, b]))[:n_hashes]


def estimated_distinct(hashes: HashArray, *, chosen: float = CHOSEN) -> float:
    """Estimate the number of different values from the smallest of their hashes.

    Unbiased, with a relative standard error of about 1 / sqrt(n_hashes - 2) beyond
    n_hashes / chosen values: 6 % for 256. For fewer values the error of the choice is added.

    Parameters
    ----------
    hashes : ndarray of uint64, shape (m,), increasing
        Different hashes, the smallest of all; fewer than `N_HASHES` are taken for all.
    chosen : float
        Share of all values that have a hash: 1/64 for `smallest_hashes`.

    References
    ----------
    .. [1] Z. Bar-Yossef et al., "Counting distinct elements in a data stream", RANDOM (2002).
    .. [2] K. Beyer et al., "On synopses for distinct-value estimation under multiset
       operations", SIGMOD (2007).
    """
    if hashes.size < N_HASHES:
        return hashes.size / chosen
    return float(N_HASHES - 1) / ((float(hashes[N_HASHES - 1]) + 1) / _SPACE) / chosen


def shortened(hashes: HashArray) -> HashArray:
    """Return the leading bits of hashes of 64 bits, as many as are kept."""
    return hashes >> np.uint64(64 - _BITS)


def relative_error(n_hashes: int = N_HASHES) -> float:
    """Return the relative standard error of `estimated_distinct` beyond `n_hashes` values."""
    return float(1 / np.sqrt(n_hashes - 2))


def _mixed(bits: HashArray) -> HashArray:
    """Mix 64 bits so that each of the result depends on all (the finaliser of SplitMix64)."""
    mixed = bits ^ (bits >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return shortened(mixed)
