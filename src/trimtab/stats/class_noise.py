"""Wrong labels whose chances differ by class, as a matrix that is known: what follows from it.

Rows of the matrix are true classes, columns the labels given. Noise that is even over the classes
is in `label_noise`; a matrix that is estimated comes from `surest_rows` or `confident`. Why one
cannot be is said by `matrix_faults`.
"""

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.bayes_error import check_error
from trimtab.stats.bounds import block_interval
from trimtab.stats.interval import Interval


def hidden_classes(given_of_true: ArrayLike) -> list[int]:
    """Return the true classes for which some other label is at least as likely as their own.

    Nothing bounds the error under true labels from above for these but that of a guess: where
    they are, the best classifier of the labels as they are says another class.

    Parameters
    ----------
    given_of_true : array_like of float, shape (n_classes, n_classes)
        Chance of each given label (column) for each true class (row).

    Examples
    --------
    >>> hidden_classes([[1.0, 0.0], [0.6, 0.4]])
    [1]
    """
    _, most = _leads(np.asarray(given_of_true, dtype=np.float64))
    return [int(c) for c in np.flatnonzero(most <= 0)]


def true_shares(labels: IntArray, given_of_true: FloatArray) -> FloatArray:
    """Return the share of each true class, from those of the labels: by the matrix's inverse.

    What is below 0, by chance or because the matrix is not that of these labels, is cut off.
    """
    n_classes = len(given_of_true)
    shares = np.bincount(labels, minlength=n_classes) / labels.size
    true = np.clip(np.linalg.lstsq(given_of_true.T, shares, rcond=None)[0], 0, None)
    made: FloatArray = true / true.sum()
    return made


def wrong_share(
    labels: ArrayLike,
    given_of_true: ArrayLike,
    *,
    delta: float = 0.05,
    blocks: ArrayLike | None = None,
) -> Interval:
    r"""Return the share of labels that are wrong, if labels go wrong by class as a matrix says.

    With T the matrix and p the shares of the labels it is :math:`p^\top T^{-1} (1 -
    \mathrm{diag}\,T)`: the mean over rows of a value that depends on the label alone, with the
    limits of such a mean. Assumes that the matrix is exact, and that the rows are independent or
    blocks are. A poor choice for a matrix that was counted on few rows: the limits do not know.

    Parameters
    ----------
    labels : array_like of int, shape (n_rows,)
        Labels as they are, from 0.
    given_of_true : array_like of float, shape (n_classes, n_classes)
        Chance of each given label (column) for each true class (row), invertible.
    delta : float, default=0.05
        Chance that the limits miss the share, in (0, 1).
    blocks : array_like of int, shape (n_rows,), optional
        Block of each row, where rows of one are not independent.

    Returns
    -------
    Interval
        Within [0, 1].

    Examples
    --------
    >>> share = wrong_share([0, 0, 0, 1, 1] * 200, [[0.9, 0.1], [0.3, 0.7]])
    >>> round(share.estimate, 3), round(share.low, 3), round(share.high, 3)
    (0.2, 0.19, 0.21)
    """
    given = np.asarray(labels, dtype=np.int64)
    matrix = np.asarray(given_of_true, dtype=np.float64)
    wrong = 1 - np.diag(matrix)
    estimate = float(true_shares(given, matrix) @ wrong)
    values = np.linalg.solve(matrix, wrong)[given]
    over = np.arange(given.size) if blocks is None else blocks
    limits = block_interval(values, over, delta=delta)
    return Interval(
        estimate,
        min(estimate, max(0.0, limits.low)),
        max(estimate, min(1.0, limits.high)),
        1 - delta,
        "noise by class as given, t interval",
    )


def clean_error_limits(
    noisy: float, given_of_true: ArrayLike, *, wrong: tuple[float, float] = (0.0, 1.0)
) -> tuple[float, float]:
    r"""Return limits of the Bayes error under true labels, for noise that differs by class.

    With d the chances of a label that is right and t those of each wrong one,
    :math:`d_{min} \eta + t_{min} (1 - \eta) \le` accuracy under the labels as they are
    :math:`\le d_{max} \eta + t_{max} (1 - \eta)` wherever :math:`\eta` is the chance of the
    likeliest class, so that each side can be solved for the accuracy under true labels.

    With q the share of wrong labels, a classifier's error under the labels as they are is q, and
    for each row whose true class i it misses, what :math:`T_{ii}` leads :math:`T_{ij}` by. Leads
    are between m and M, so that :math:`(R - q) / M \le R^* \le (R - q) / m`, the upper one where
    m is above 0. The limits returned obey both rules. Where all d and all t are equal they are
    `clean_error`.

    Assumes that the noise depends on the true class alone, not on the row. A poor choice where
    classes differ much: limits are then wide. Holds for the error of any one classifier too.

    Parameters
    ----------
    noisy : float
        Bayes error under the labels as they are.
    given_of_true : array_like of float, shape (n_classes, n_classes)
        Chance of each given label (column) for each true class (row).
    wrong : tuple of float, optional
        Limits of the share of labels that are wrong, as from `wrong_share`.

    Returns
    -------
    low, high : float
        Within [0, 1 - 1 / n_classes].

    Raises
    ------
    ValueError
        If the rows of the matrix do not add up to 1, or `noisy` is outside [0, 1].

    Examples
    --------
    >>> low, high = clean_error_limits(0.26, [[0.9, 0.1], [0.3, 0.7]])
    >>> round(low, 3), round(high, 3)
    (0.0, 0.267)
    >>> low, high = clean_error_limits(0.26, [[0.9, 0.1], [0.3, 0.7]], wrong=(0.2, 0.2))
    >>> round(low, 3), round(high, 3)
    (0.075, 0.15)
    """
    matrix = np.asarray(given_of_true, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"expected a square matrix, got shape {matrix.shape}")
    if not (np.allclose(matrix.sum(axis=1), 1) and (matrix >= 0).all()):
        raise ValueError("expected chances of 0 or more that add up to 1 in each row")
    n_classes = len(matrix)
    check_error(noisy, n_classes, "noisy")
    guess = 1 - 1 / n_classes
    low, high = _limits_by_chances(1 - noisy, matrix)
    largest, least = largest_lead(matrix), float(_leads(matrix)[1].min())
    if largest > 0:
        low = max(low, (noisy - wrong[1]) / largest)
    if least > 0:
        high = min(high, (noisy - wrong[0]) / least)
    low = min(guess, max(0.0, low))
    return low, min(guess, max(low, high))


def largest_lead(given_of_true: FloatArray) -> float:
    """Return the most that a right label's chance is above that of a wrong one."""
    return float(_leads(given_of_true)[0].max())


def _limits_by_chances(accuracy: float, matrix: FloatArray) -> tuple[float, float]:
    right = np.diag(matrix)
    wrong = matrix[~np.eye(len(matrix), dtype=bool)]
    low, high = 0.0, 1.0
    if right.max() > wrong.max():
        high = 1 - (accuracy - wrong.max()) / (right.max() - wrong.max())
    if right.min() > wrong.min():
        low = 1 - (accuracy - wrong.min()) / (right.min() - wrong.min())
    return float(low), float(high)


def _leads(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far each true class's own label leads the least and the most likely other."""
    other = ~np.eye(len(matrix), dtype=bool)
    right = np.diag(matrix)
    least = np.where(other, matrix, np.inf).min(axis=1)
    most = np.where(other, matrix, -np.inf).max(axis=1)
    return right - least, right - most
