r"""A mean over all rows from few of them: chances to draw a row, and the estimate they allow.

Rows are drawn without replacement, row :math:`i` with a chance of :math:`\pi_i`. With any guess
:math:`\hat g_i` made before the draw :math:`S`, the mean of the true values is estimated by

.. math:: \frac1m \sum_i \hat g_i + \frac1m \sum_{i \in S} \frac{g_i - \hat g_i}{\pi_i},

whose expectation is the mean of :math:`g_i`, whatever the guesses and the chances above 0.
Chances in proportion to the size of :math:`g_i - \hat g_i` make its variance small [1]_ [2]_.

.. [1] C.-E. Saerndal, B. Swensson, J. Wretman, *Model assisted survey sampling* (1992).
.. [2] S. Krishnan, J. Wang, E. Wu, M. J. Franklin, K. Goldberg, "ActiveClean: interactive data
   cleaning for statistical modeling", PVLDB 9(12) (2016): no guesses, one row at a time.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray, as_values
from trimtab.stats.laws import safe_student_critical

# with fewer rows the t quantile is so large that a limit says next to nothing
_MIN_DRAWN = 5


def sampling_chances(sizes: ArrayLike, n: int, *, floor: float = 0.1) -> FloatArray:
    r"""Return the chance of each row to be among `n` drawn, in proportion to its size.

    A share `floor` of the chance is spread evenly, so that no row has less than
    :math:`floor \cdot n / m`: a size that was guessed too small then costs variance, but a
    bounded amount. Rows whose chance would exceed 1 are drawn for sure.

    Parameters
    ----------
    sizes : array_like of float, shape (m,)
        How much each row is expected to matter, 0 or more. All 0 means all alike.
    n : int
        Rows to draw, 1 to m.
    floor : float, default=0.1
        In [0, 1]; 1 draws all rows with the same chance. At 0, rows of size 0 are never drawn
        (unless there are too few others) and the estimate is unbiased only if they do not
        matter.

    Returns
    -------
    ndarray of float, shape (m,)
        Chances in [0, 1] that add up to `n`.

    Raises
    ------
    ValueError
        If a size is negative or not finite, or `n` or `floor` is out of its range.

    Examples
    --------
    >>> sampling_chances([1, 2, 7, 30], 2, floor=0.0).round(3).tolist()
    [0.1, 0.2, 0.7, 1.0]
    """
    size = as_values(sizes, "sizes")
    if not (np.isfinite(size) & (size >= 0)).all():
        raise ValueError("expected finite `sizes` of 0 or more")
    if not 1 <= n <= size.size or not 0 <= floor <= 1:
        raise ValueError(
            f"expected `n` from 1 to {size.size} and `floor` in [0, 1], got {n} and {floor}"
        )
    even = np.full(size.size, 1 / size.size)
    share = (1 - floor) * size / size.sum() + floor * even if size.sum() > 0 else even
    chances = n * share
    sure = np.zeros(size.size, dtype=np.bool_)
    # what is above 1 goes to the others, in their proportion, until none is above 1
    while (over := (chances > 1) & ~sure).any():
        sure |= over
        rest, left = share[~sure].sum(), n - int(sure.sum())
        # those left have no size at all: they share what is left evenly
        others = share[~sure] / rest if rest > 0 else 1 / max(int((~sure).sum()), 1)
        chances[~sure] = left * others
        chances[sure] = 1.0
    return chances


def draw_rows(chances: FloatArray, rng: np.random.Generator) -> IntArray:
    """Draw rows, each with its chance, as many as the chances add up to (a whole number).

    Systematic sampling in random order: the chances are laid end to end, and rows are taken at
    steps of 1 from a random start. Rows come back in increasing order.
    """
    order = rng.permutation(chances.size)
    ends = np.cumsum(chances[order])
    n = round(float(ends[-1]))
    ends *= n / ends[-1]
    places = np.searchsorted(ends, rng.random() + np.arange(n), side="right")
    return np.sort(order[np.minimum(places, chances.size - 1)]).astype(np.int64)


def unbiased_mean(
    missed: FloatArray, chances: FloatArray, n_rows: int, guess: FloatArray | float = 0.0
) -> FloatArray:
    """Estimate the mean of values over `n_rows` from some of them.

    Parameters
    ----------
    missed : ndarray, shape (n_drawn, ...)
        True value less guess, of the rows drawn; the true value where nothing was guessed.
    chances : ndarray, shape (n_drawn,)
        With which each of them was drawn, above 0.
    n_rows : int
        Rows that were drawn from.
    guess : ndarray, default=0
        Mean of the guesses over all rows.

    Returns
    -------
    ndarray
        The estimate; unbiased if no chance of the rows was 0.

    Examples
    --------
    Two rows, 3 and 5, one drawn, the second three times as often.

    >>> first = unbiased_mean(np.array([3.0]), np.array([0.25]), 2)
    >>> second = unbiased_mean(np.array([5.0]), np.array([0.75]), 2)
    >>> float(0.25 * first + 0.75 * second)
    4.0
    """
    weights = (1 / chances).reshape((-1,) + (1,) * (missed.ndim - 1))
    return np.asarray(guess + (missed * weights).sum(axis=0) / n_rows, dtype=np.float64)


def error_spread(
    missed: FloatArray, chances: FloatArray, n_rows: int, *, delta: float
) -> tuple[float, float]:
    r"""Return two factors that bound the distance of `unbiased_mean` to the true mean.

    Their product bounds the Euclidean distance, of all numbers: the root of the estimated total
    variance, that of drawing with replacement (without, it is smaller), times Student's
    quantile. For a mean that is roughly normal it holds whatever the directions in which it
    varies, because of all sums of squares of independent normal variables with a given mean,
    one single square exceeds such a multiple most often [1]_. A poor choice for few draws of
    rows that hardly ever matter and then much: keep a floor under the chances.

    Parameters
    ----------
    missed, chances, n_rows
        As in `unbiased_mean`.
    delta : float
        Chance that the distance is larger, in (0, 1).

    Returns
    -------
    spread : float
        The root of the variance; 0 if all rows were sure.
    times : float
        How many of them; infinite with fewer than 5 rows that were left to chance.

    References
    ----------
    .. [1] G. J. Szekely and N. K. Bakirov, "Extremal probabilities for Gaussian quadratic
       forms", Probability Theory and Related Fields 126 (2003).
    """
    left = chances < 1
    n = int(left.sum())
    if n == 0:
        return 0.0, 1.0
    if n < _MIN_DRAWN:
        return 1.0, math.inf
    # each draw alone estimates the sum over the rows that were left to chance
    terms = n * missed[left].reshape(n, -1) / chances[left][:, None] / n_rows
    variance = float(terms.var(axis=0, ddof=1).sum()) / n
    return math.sqrt(variance), safe_student_critical(delta, n - 1)
