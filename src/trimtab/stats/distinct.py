"""How many different values there are, from the smallest of their hashes."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trimtab.stats.arrays import PIECE, scratch

HashArray = NDArray[np.uint64]
N_HASHES = 256
# bits of a hash: enough for billions of values, and short in a file
_BITS = 40
# the leading ones come from a product with an odd number, which is quick; the rest is well mixed
_QUICK = 6
_ZEROS = np.uint64(1 << (_BITS - _QUICK))
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_LAST = np.uint64((1 << 64) - (1 << (64 - _QUICK)))


def smallest_hashes(values: ArrayLike, *, known: HashArray | None = None) -> HashArray:
    """Return the `N_HASHES` smallest different hashes of numbers and of those before.

    Parameters
    ----------
    values : array_like of float or int, shape (n,)
        Numbers without NaN. 0.0 and -0.0 are one value, and so are 1 and 1.0; integers of
        2**53 or more in size are told apart from each other and are no float's equal.
    known : ndarray of uint64, optional
        What this function returned for the parts before.

    Returns
    -------
    ndarray of uint64, shape (at most N_HASHES,), increasing

    Examples
    --------
    >>> both = smallest_hashes([3.0], known=smallest_hashes([1.0, 2.0, 1.0]))
    >>> estimated_distinct(both)
    3.0
    """
    array = _as_floats(np.asarray(values))
    kept = np.empty(0, np.uint64) if known is None else known
    # where enough begin with zeros, no other is among the smallest
    if kept.size == 0 or kept[-1] < _ZEROS:
        hashes = _hashed(_promising(array))
        if kept.size == N_HASHES:
            new = hashes[hashes < kept[-1]]
            return merged_hashes(kept, new) if new.size else kept
        small = merged_hashes(kept, hashes)
        if small.size == N_HASHES:
            return small
    for start in range(0, array.size, PIECE):
        # adding 0.0 turns -0.0 into 0.0
        piece = array[start : start + PIECE] + 0.0
        kept = merged_hashes(kept, _hashed(piece.view(np.uint64)))
    return kept


def merged_hashes(a: HashArray, b: HashArray) -> HashArray:
    """Return the smallest different hashes of two sets."""
    both = np.concatenate([a, b])
    some = 4 * N_HASHES
    if both.size > 2 * some:
        found = _different(np.partition(both, some)[:some])
        if found.size >= N_HASHES:
            return found[:N_HASHES]
    return _different(both)[:N_HASHES]


def _different(hashes: HashArray) -> HashArray:
    """Return each once, increasing; for so few, numpy's `unique` takes longer."""
    ordered = np.sort(hashes)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if ordered.size else ordered


def estimated_distinct(hashes: HashArray) -> float:
    """Estimate the number of different values from the smallest of their hashes.

    Exact for fewer than `N_HASHES`; beyond, unbiased with a relative standard error of about
    1 / sqrt(N_HASHES - 2), which is 6 %.

    Parameters
    ----------
    hashes : ndarray of uint64, shape (m,), increasing
        Different hashes, the smallest of all.

    References
    ----------
    .. [1] Z. Bar-Yossef et al., "Counting distinct elements in a data stream", RANDOM (2002).
    .. [2] K. Beyer et al., "On synopses for distinct-value estimation under multiset
       operations", SIGMOD (2007).
    """
    if hashes.size < N_HASHES:
        return float(hashes.size)
    return float(N_HASHES - 1) * 2.0**_BITS / (float(hashes[N_HASHES - 1]) + 1)


def relative_error() -> float:
    """Return the relative standard error of `estimated_distinct` beyond `N_HASHES` values."""
    return float(1 / np.sqrt(N_HASHES - 2))


def shortened(hashes: HashArray) -> HashArray:
    """Return the leading bits of hashes of 64 bits, as many as are kept."""
    return hashes >> np.uint64(64 - _BITS)


def _as_floats(array: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return a different float for each different number, the number itself where it has one."""
    floats: NDArray[np.float64] = array.astype(np.float64, copy=False)
    if array.dtype.kind in "iu":
        large = np.abs(floats) >= 2.0**53
        if large.any():
            floats[large] = array[large].astype(np.int64).view(np.float64)
    return floats


def _promising(array: NDArray[np.float64]) -> HashArray:
    """Return the bits of the numbers whose hashes begin with zeros: 1 in 2**_QUICK.

    Zero, of either sign, is not among them: a column may be full of it.
    """
    kept = []
    for start in range(0, array.size, PIECE):
        piece = array[start : start + PIECE].view(np.uint64)
        quick = np.multiply(piece, _FACTOR, out=scratch(0, piece.size).view(np.uint64))
        kept.append(piece[np.flatnonzero(quick >= _LAST)])
    return np.concatenate(kept) if kept else np.empty(0, np.uint64)


def _hashed(bits: HashArray) -> HashArray:
    """Return hashes: the quick bits, then those of SplitMix64's finaliser."""
    mixed = bits ^ (bits >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    mixed >>= np.uint64(64 - _BITS + _QUICK)
    quick = ~(bits * _FACTOR) >> np.uint64(64 - _QUICK)
    mixed |= quick << np.uint64(_BITS - _QUICK)
    return mixed
