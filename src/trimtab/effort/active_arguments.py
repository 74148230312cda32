"""What `ActiveClean` is given, checked: its loss, which rows are suspects, and why."""

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import BoolArray, IntArray, check_same_rows
from trimtab.stats.convex_losses import ConvexLoss, LossName

# each has its parameters: a larger number is a name
_MOST_CLASSES = 1_000


def loss_of(name: LossName, targets: ArrayLike) -> ConvexLoss:
    """Return the loss, with as many classes as the targets name."""
    if name == "squared":
        return ConvexLoss(name)
    array = np.asarray(targets, dtype=np.float64)
    largest = float(array.max()) if array.size and np.isfinite(array).all() else 0.0
    if largest >= _MOST_CLASSES:
        raise ValueError(
            f"expected `targets` as classes from 0 to below {_MOST_CLASSES:,}, got {largest:g}"
        )
    return ConvexLoss(name, max(int(largest) + 1, 2))


def suspects_of(suspects: ArrayLike | None, n_rows: int) -> BoolArray:
    """Return which rows may be dirty, all if not given."""
    if suspects is None:
        return np.ones(n_rows, dtype=np.bool_)
    array = np.asarray(suspects)
    if array.dtype != np.bool_ or array.shape != (n_rows,):
        raise ValueError(
            f"expected `suspects` of bool, shape ({n_rows},), got {array.dtype} {array.shape}"
        )
    return np.asarray(array.copy(), dtype=np.bool_)


def kinds_of(errors: ArrayLike | None, n_rows: int) -> tuple[IntArray, int]:
    """Return the number of each row's kind of error, and how many kinds there are."""
    if errors is None:
        return np.zeros(n_rows, dtype=np.int64), 1
    given = np.asarray(errors)
    check_same_rows(n_rows, given.size, "errors")
    # texts, so that None is a kind among others
    names, codes = np.unique(given.ravel().astype(str), return_inverse=True)
    return codes.astype(np.int64), int(names.size)
