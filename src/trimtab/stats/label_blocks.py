"""Rows that belong together (one user, day or video) where labels or votes are judged."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import BoolArray, IntArray

MIN_BLOCKS = 40  # with 20 or 30, limits were seen to miss twice as often as they say


def label_blocks(keys: ArrayLike) -> tuple[IntArray, int]:
    """Return the number of each row's block, in the order in which they are first seen.

    Parameters
    ----------
    keys : array_like, shape (n_samples,)
        A key a row. A row without one (None, NaN) is a block of its own: nobody says which rows
        it belongs with.

    Returns
    -------
    tuple of ndarray of int, shape (n_samples,), and int
        The block of each row from 0, and how many rows have no key.

    Examples
    --------
    >>> codes, n_alone = label_blocks(["tue", None, "mon", "tue", None])
    >>> codes.tolist(), n_alone
    ([0, 1, 2, 0, 3], 2)
    """
    array = np.asarray(keys)
    if array.ndim != 1:
        raise ValueError(f"expected `block` with one key a row, got shape {array.shape}")
    alone = missing(array)
    # the row that shows a block first stands for it
    first = np.arange(array.size)
    there = first[~alone]
    _, shown, places = np.unique(array[~alone].astype(str), return_index=True, return_inverse=True)
    first[~alone] = there[shown[places]]
    _, codes = np.unique(first, return_inverse=True)
    return codes.astype(np.int64), int(alone.sum())


def rows_assumption(*, blocks: bool, n_alone: int = 0) -> str:
    """Return in words which rows are taken as independent; `n_alone` rows have no key."""
    if not blocks:
        return (
            "rows are independent: copies, or rows of one user, make limits too narrow unless "
            "they are one block"
        )
    own = f", and so are the {n_alone:,} rows without one" if n_alone else ""
    return (
        f"blocks of rows are independent of each other{own}; limits are too narrow where few "
        "blocks hold most of the rows"
    )


def missing(keys: np.ndarray[Any, Any]) -> BoolArray:
    """Return which of some keys are None, NaN, or another library's word for nothing."""
    if keys.dtype.kind == "O":
        return np.array([_is_nothing(key) for key in keys], dtype=np.bool_)
    return np.asarray(keys != keys, dtype=np.bool_)


def _is_nothing(key: object) -> bool:
    try:
        return key is None or bool(key != key)
    except TypeError:  # pandas' NA is not even unequal to itself
        return True
