"""The least error that any classifier could have, as far as nearest neighbours tell.

What the error of the nearest neighbour says of the Bayes error. The neighbours themselves are in
`neighbours`, the error at more rows in `learning_curve`, what wrong labels add in `label_noise`.
"""

import math

import numpy as np
from numpy.typing import ArrayLike


def cover_hart(error: float, n_classes: int) -> float:
    r"""Return the least Bayes error that a nearest-neighbour error allows.

    :math:`\frac{C-1}{C}\left(1 - \sqrt{1 - \frac{C}{C-1} R}\right)`, the inverse of Cover and
    Hart's bound :math:`R \le R^* (2 - \frac{C}{C-1} R^*)`. The bound is about the error of the
    nearest neighbour among infinitely many rows: put in the limit, and what comes out is at most
    the Bayes error, exactly it where all points are equally hard. Put in the error at n rows,
    which is mostly above the limit, and what comes out is an estimate that may err either way.

    Parameters
    ----------
    error : float
        Share of queries whose nearest row has another label, in [0, 1].
    n_classes : int
        Classes, at least 2.

    Returns
    -------
    float
        In [0, 1 - 1 / n_classes], the error of a guess.

    Raises
    ------
    ValueError
        If `error` is outside [0, 1] or there are fewer than 2 classes.

    References
    ----------
    .. [1] T. Cover and P. Hart, "Nearest neighbor pattern classification", IEEE Transactions on
       Information Theory 13 (1967).

    Examples
    --------
    >>> round(cover_hart(0.2, 2), 6), round(cover_hart(0.2, 10), 6)
    (0.112702, 0.106275)
    """
    check_error(error, n_classes, "error")
    guess = 1 - 1 / n_classes
    return guess * (1 - math.sqrt(max(0.0, 1 - error / guess)))


def cover_hart_ceiling(bayes_error: float, n_classes: int) -> float:
    """Return the largest nearest-neighbour error, in the limit, that a Bayes error allows.

    The inverse of `cover_hart`, for errors up to that of a guess.

    Parameters
    ----------
    bayes_error : float
        In [0, 1 - 1 / n_classes].
    n_classes : int
        Classes, at least 2.

    Returns
    -------
    float
        In [0, 1 - 1 / n_classes].

    Raises
    ------
    ValueError
        If `bayes_error` is outside [0, 1] or there are fewer than 2 classes.

    Examples
    --------
    >>> round(cover_hart_ceiling(0.112702, 2), 5)
    0.2
    """
    check_error(bayes_error, n_classes, "bayes_error")
    guess = 1 - 1 / n_classes
    error = min(bayes_error, guess)
    return error * (2 - error / guess)


def crossed_minimum(losses: ArrayLike) -> float:
    """Return the mean loss of the best of several, without the optimism of having chosen it.

    The smallest of several noisy means is too small. Here each half of the rows chooses the best
    for the other half, so that no row takes part in choosing what it judges. The mean of both is
    that of choosing on half as many rows: never better, on average, than the truly best.

    Parameters
    ----------
    losses : array_like of float, shape (n_choices, n_rows)
        Losses of each choice on the same rows, which are in random order; at least 2 rows.

    Returns
    -------
    float
        Mean loss.

    Raises
    ------
    ValueError
        If there is no choice, or fewer than 2 rows.

    Examples
    --------
    >>> crossed_minimum([[0, 1, 0, 1], [1, 1, 1, 1]])
    0.5
    """
    table = np.asarray(losses, dtype=np.float64)
    if table.ndim != 2 or len(table) == 0 or table.shape[1] < 2:
        raise ValueError(f"expected choices by at least 2 rows, got shape {table.shape}")
    halves = table[:, ::2], table[:, 1::2]
    judged = [halves[1 - side][int(np.argmin(halves[side].mean(axis=1)))].sum() for side in (0, 1)]
    return float(sum(judged) / table.shape[1])


def check_error(value: float, n_classes: int, name: str) -> None:
    """Refuse what is no share, and fewer than 2 classes."""
    if not 0 <= value <= 1:
        raise ValueError(f"expected `{name}` from 0 to 1, got {value}")
    if n_classes < 2:
        raise ValueError(f"expected at least 2 classes, got {n_classes}")
