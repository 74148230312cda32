"""What callers pass, turned into checked arrays. No statistics here."""

import threading

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


# values worked on at a time: a few arrays of them stay in a core's second-level cache
PIECE = 32_768
_held = threading.local()


def scratch(number: int, size: int) -> FloatArray:
    """Return an array to write on, the same one at each call in a thread; `size` <= `PIECE`.

    A fresh array of this size costs more in memory pages than what is computed in it.
    """
    name = f"array_{number}"
    if not hasattr(_held, name):
        setattr(_held, name, np.empty(PIECE))
    array: FloatArray = getattr(_held, name)
    return array[:size]


def as_values(values: ArrayLike, name: str) -> FloatArray:
    """Return one float per row; refuse no rows, other shapes and NaN with a ValueError."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"expected `{name}` with one value a row, got shape {array.shape}")
    if np.isnan(array).any():
        n_missing = int(np.isnan(array).sum())
        raise ValueError(f"expected `{name}` without NaN, got {n_missing} of {array.size} rows")
    return array


def as_sample(values: ArrayLike, name: str) -> FloatArray:
    """Return the values that are not NaN, possibly none; refuse other shapes."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"expected `{name}` with one value a row, got shape {array.shape}")
    # the least of values one of which is NaN is NaN; no array as long as the values is made
    if array.size and np.isnan(array.min()):
        return array[~np.isnan(array)]
    return array


def as_labels(labels: ArrayLike, name: str = "labels") -> BoolArray:
    """Return one bool per row from bool or 0/1; refuse anything else with a ValueError."""
    array = np.asarray(labels)
    if array.dtype != np.bool_:
        array = as_values(array, name)
        if not np.isin(array, (0.0, 1.0)).all():
            strange = array[~np.isin(array, (0.0, 1.0))][0]
            raise ValueError(f"expected `{name}` of 0 and 1 (or bool), got {strange:g}")
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"expected `{name}` with one value a row, got shape {array.shape}")
    return array.astype(np.bool_)


def as_classes(labels: ArrayLike, n_classes: int) -> IntArray:
    """Return one column index per row, each in 0 .. `n_classes` - 1."""
    array = as_values(labels, "labels")
    if not ((array >= 0) & (array < n_classes) & (array == np.floor(array))).all():
        raise ValueError(
            f"expected `labels` as column indices 0 to {n_classes - 1}, "
            f"got values from {array.min():g} to {array.max():g}"
        )
    return array.astype(np.int64)


def as_probabilities(probabilities: ArrayLike, n_rows: int) -> FloatArray:
    """Return values in [0, 1], shape (n_rows,) or (n_rows, n_classes)."""
    array = np.asarray(probabilities, dtype=np.float64)
    if array.ndim not in (1, 2) or array.shape[0] != n_rows:
        raise ValueError(f"expected {n_rows} rows of `probabilities`, got shape {array.shape}")
    if not ((array >= 0) & (array <= 1)).all():
        raise ValueError("expected `probabilities` in [0, 1], got a value outside or NaN")
    return array


def as_counts(counts: ArrayLike, name: str) -> FloatArray:
    """Return counts per bin along the last axis; refuse negative ones and NaN."""
    array = np.asarray(counts, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise ValueError(f"expected `{name}` with at least one bin, got shape {array.shape}")
    if not (np.isfinite(array) & (array >= 0)).all():
        raise ValueError(f"expected counts of 0 or more in `{name}`, got negative or NaN")
    return array


def as_count_pair(reference: ArrayLike, current: ArrayLike) -> tuple[IntArray, IntArray]:
    """Return whole counts of two samples over the same bins, shape (n_bins,) each."""
    pair = as_counts(reference, "reference"), as_counts(current, "current")
    if pair[0].ndim != 1 or pair[0].shape != pair[1].shape:
        shapes = f"{pair[0].shape} and {pair[1].shape}"
        raise ValueError(f"expected two histograms over the same bins, got shapes {shapes}")
    if any((counts != np.floor(counts)).any() for counts in pair):
        raise ValueError("expected whole counts of rows, got fractions")
    return pair[0].astype(np.int64), pair[1].astype(np.int64)


def as_weights(weights: ArrayLike | None, n_rows: int) -> FloatArray | None:
    """Return row weights of 0 or more, or None for equal weights."""
    if weights is None:
        return None
    array = as_values(weights, "weights")
    check_same_rows(n_rows, array.size, "weights")
    if not (np.isfinite(array) & (array >= 0)).all():
        raise ValueError("expected finite `weights` of 0 or more")
    return array


def block_codes(blocks: ArrayLike | None, n_rows: int) -> tuple[IntArray, int]:
    """Return each row's block as 0 .. n_blocks - 1, and n_blocks; None is a block a row."""
    if blocks is None:
        return np.arange(n_rows, dtype=np.int64), n_rows
    keys = np.asarray(blocks)
    if keys.shape != (n_rows,):
        raise ValueError(f"expected `blocks` of shape ({n_rows},), got {keys.shape}")
    found, codes = np.unique(keys, return_inverse=True)
    return codes.astype(np.int64), int(found.size)


def block_sums(codes: IntArray, values: FloatArray, n_blocks: int) -> FloatArray:
    """Return the sum of the values of each block, shape (n_blocks,)."""
    return np.bincount(codes, weights=values, minlength=n_blocks).astype(np.float64)


def check_same_rows(expected: int, got: int, name: str) -> None:
    """Refuse arrays of different lengths."""
    if expected != got:
        raise ValueError(f"expected {expected} rows of `{name}`, got {got}")


def check_fraction(value: float, name: str) -> None:
    """Refuse a value outside the open interval (0, 1)."""
    if not 0 < value < 1:
        raise ValueError(f"expected `{name}` between 0 and 1, got {value}")


def check_cost(value: float | None) -> None:
    """Refuse a cost of a label that is negative, infinite or NaN; None is no cost asked for."""
    if value is not None and not 0 <= value < np.inf:
        raise ValueError(f"expected `label_cost` of 0 or more, and finite, got {value}")
