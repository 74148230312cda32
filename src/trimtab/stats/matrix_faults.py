"""Why a matrix cannot be one of label noise, in words for whoever wrote it down.

What follows from a matrix that can be is in `class_noise`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray

_SUM_ERROR = 1e-6
# a matrix whose smallest singular value is less has no inverse to speak of
SINGULAR = 1e-3


def matrix_fault(given_of_true: ArrayLike, classes: Sequence[object]) -> tuple[str, str] | None:
    """Say why a square matrix cannot be one of label noise, and what to do; None if it can.

    It has to hold chances, its rows have to add up to 1, and it has to be invertible: else labels
    do not tell the shares of the true classes. Nor may it be turned: if more labels were right
    with classes renamed, which class is which is not what the labels say.

    Parameters
    ----------
    given_of_true : array_like of float, shape (n_classes, n_classes)
        Chance of each given label (column) for each true class (row).
    classes : sequence
        Their names.

    Returns
    -------
    tuple of str, or None
        The problem and a hint.

    Examples
    --------
    >>> matrix_fault([[0.9, 0.1], [0.3, 0.7]], ["no", "yes"])
    >>> matrix_fault([[0.9, 0.3], [0.1, 0.7]], ["no", "yes"])[1]
    'Turn it: a row for each true class, a column for each label that was given.'
    """
    matrix = np.asarray(given_of_true, dtype=np.float64)
    if not (matrix >= 0).all():  # NaN neither
        i, j = np.argwhere(~(matrix >= 0))[0]
        return (
            "expected chances of 0 or more that add up to 1 in each row, got "
            f"{matrix[i, j]:g} for true class `{classes[i]}` labelled `{classes[j]}`",
            "Give each chance as a share from 0 to 1.",
        )
    sums = matrix.sum(axis=1)
    off = int(np.argmax(np.abs(sums - 1)))
    if not np.abs(sums[off] - 1) <= _SUM_ERROR:
        turned = np.allclose(matrix.sum(axis=0), 1, rtol=0, atol=_SUM_ERROR)
        return (
            "expected chances of 0 or more that add up to 1 in each row, got "
            f"{sums[off]:.6g} for true class `{classes[off]}`",
            "Turn it: a row for each true class, a column for each label that was given."
            if turned
            else "Divide each row by its sum, if these are counts or percentages.",
        )
    return _untold(matrix, classes) or _renamed(matrix, classes)


def _untold(matrix: FloatArray, classes: Sequence[object]) -> tuple[str, str] | None:
    if np.linalg.svd(matrix, compute_uv=False)[-1] >= SINGULAR:
        return None
    apart = np.abs(matrix[:, np.newaxis] - matrix).max(axis=2) + np.eye(len(matrix))
    i, j = divmod(int(np.argmin(apart)), len(matrix))
    alike = (
        f"true classes `{classes[i]}` and `{classes[j]}` labelled alike"
        if apart[i, j] < 10 * SINGULAR
        else "one row that is a mix of others"
    )
    return (
        f"expected rows of which none follows from the others, got {alike}",
        "Labels cannot tell such classes apart: make one class of them, or leave the noise out.",
    )


def _renamed(matrix: FloatArray, classes: Sequence[object]) -> tuple[str, str] | None:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(matrix, maximize=True)
    if matrix[rows, columns].sum() <= np.trace(matrix) + _SUM_ERROR:
        return None
    i = int(np.flatnonzero(columns != rows)[0])
    return (
        "expected labels that mostly name the true class, got more right if true class "
        f"`{classes[i]}` were called `{classes[int(columns[i])]}`, and others renamed to fit",
        "Put rows and columns in the same order of classes; the diagonal is what is right.",
    )
