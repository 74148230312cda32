"""How many labels are wrong, from the rows of each class that a model is surest of.

`confident` looks at all rows that are plainly of a class, and names them. It counts hard rows as
wrongly labelled, and where one class has most of the noise it counts too few of its rows: this
does not, if some rows of every class are beyond doubt.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray, check_fraction
from trimtab.stats.bounds import block_interval
from trimtab.stats.class_noise import true_shares
from trimtab.stats.confident import checked_labels
from trimtab.stats.exact_share import exact_share_interval
from trimtab.stats.interval import Interval
from trimtab.stats.laws import normal_quantile
from trimtab.stats.matrix_faults import SINGULAR

_SUREST, _LEAST = 0.1, 50
_METHOD = "surest rows of each class, exact binomial limits combined"


@dataclass(frozen=True, slots=True)
class SurestNoise:
    """What the labels of the surest rows say of all labels.

    Attributes
    ----------
    wrong : Interval
        Share of all labels that are wrong.
    given_of_true : ndarray of float, shape (n_classes, n_classes)
        Chance of each given label (column) for each true class (row): shares among the surest
        rows of the class; NaN for a class that the model never names.
    n_rows : ndarray of int, shape (n_classes,)
        How many rows of each class were looked at.
    """

    wrong: Interval
    given_of_true: FloatArray
    n_rows: IntArray


def surest_noise(
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    delta: float = 0.05,
    blocks: ArrayLike | None = None,
) -> SurestNoise:
    """Estimate how many labels are wrong from the tenth of each class that a model is surest of.

    Where a row's true class is beyond doubt, its label is wrong only by label noise. Shares of
    labels among the surest rows of a class are a row of the noise matrix, and its inverse turns
    shares of labels into shares of true classes [1]_. Rows as sure as the last of the tenth
    count too. Limits of each class's share of wrong labels are exact, and are combined by the
    squares of what each adds (MOVER [2]_); what they take away is no less than by the normal law.

    Assumes that labels go wrong by true class and not by row, that some rows of every class are
    beyond doubt, and that the model did not see the rows. Too high, limits too, where classes
    overlap everywhere: the upper limit then holds all the more. Too low where hard rows are
    labelled wrong more often than plain ones, or most labels of a class are wrong.

    Parameters
    ----------
    labels : array_like of int, shape (n_rows,)
        The given labels, as columns of `probabilities`.
    probabilities : array_like of float, shape (n_rows, n_classes)
        What a model that did not see the row says of each class.
    delta : float, default=0.05
        Chance that the limits miss the share, half on each side, in (0, 1).
    blocks : array_like of int, shape (n_rows,), optional
        Block of each row, where rows of one are not independent: limits then count blocks, and
        what each class adds is added up.

    Returns
    -------
    SurestNoise
        The upper limit takes all labels of a class that the model never names for wrong.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is not a column, a probability is outside [0, 1] or
        `delta` outside (0, 1).

    References
    ----------
    .. [1] G. Patrini et al., "Making deep neural networks robust to label noise: a loss
       correction approach", CVPR (2017).
    .. [2] A. Donner and G. Y. Zou, "Closed-form confidence intervals for functions of the normal
       mean and standard deviation", Statistical Methods in Medical Research 21 (2012).

    Examples
    --------
    >>> labels = ([0] * 9 + [1]) * 10 + [1] * 100
    >>> found = surest_noise(labels, [[0.9, 0.1]] * 100 + [[0.1, 0.9]] * 100)
    >>> found.given_of_true.tolist(), round(found.wrong.estimate, 2), found.n_rows.tolist()
    ([[0.9, 0.1], [0.0, 1.0]], 0.05, [100, 100])
    """
    given, table = checked_labels(labels, probabilities)
    check_fraction(delta, "delta")
    n_classes = table.shape[1]
    keys = None if blocks is None else np.asarray(blocks, dtype=np.int64)
    matrix, seen = np.eye(n_classes), np.full((n_classes, n_classes), np.nan)
    n_rows = np.zeros(n_classes, dtype=np.int64)
    low, high = np.zeros(n_classes), np.ones(n_classes)
    for c, rows in enumerate(_surest(table)):
        n_rows[c] = rows.size
        if rows.size:
            matrix[c] = seen[c] = np.bincount(given[rows], minlength=n_classes) / rows.size
            missed = (given[rows] != c).astype(np.float64)
            low[c], high[c] = _limits(missed, None if keys is None else keys[rows], delta)
    return SurestNoise(_combined(given, matrix, n_rows, (low, high), delta, keys), seen, n_rows)


def _surest(table: FloatArray) -> list[IntArray]:
    """Return the surest rows of each class, among those that are said to be of it."""
    said = table.argmax(axis=1)
    found = []
    for c in range(table.shape[1]):
        rows = np.flatnonzero(said == c).astype(np.int64)
        kept = min(rows.size, max(_LEAST, int(rows.size * _SUREST)))
        if kept:  # of equals all or none: a table may be sorted by its labels
            rows = rows[table[rows, c] >= np.sort(table[rows, c])[-kept]]
        found.append(rows)
    return found


def _limits(missed: FloatArray, blocks: IntArray | None, delta: float) -> tuple[float, float]:
    exact = exact_share_interval(int(missed.sum()), missed.size, delta=delta)
    if blocks is None:
        return exact.low, exact.high
    # where no label is wrong all blocks are equal: their limits would have no width
    of_blocks = block_interval(missed, blocks, delta=delta)
    return max(0.0, min(exact.low, of_blocks.low)), min(1.0, max(exact.high, of_blocks.high))


def _combined(
    given: IntArray,
    matrix: FloatArray,
    n_rows: IntArray,
    limits: tuple[FloatArray, FloatArray],
    delta: float,
    blocks: IntArray | None,
) -> Interval:
    """Return the share of wrong labels with what each class's limits add to it."""
    wrong, true = 1 - np.diag(matrix), true_shares(given, matrix)
    estimate, level = float(true @ wrong), 1 - delta
    if np.linalg.svd(matrix, compute_uv=False)[-1] < SINGULAR:
        return Interval(estimate, 0.0, 1.0, level, "surest rows do not tell classes apart")
    inverse = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    known = n_rows > 0
    below, above = (_added(matrix, inverse, true, x)[known] for x in limits)
    quantile = normal_quantile(1 - delta / 2)
    # exact limits of classes without a wrong label take nothing away: of many, that is too little
    errors, bias = _moments(matrix, inverse, true, n_rows)
    below = np.minimum(below, -quantile * errors[known])
    above = np.maximum(0, above)
    # and by chance in the shares of labels: the estimate is a mean of values of the labels
    values = (inverse @ wrong)[given]
    unknown = float((~known)[given].mean())
    if blocks is None:
        chance = quantile * float(values.std()) / math.sqrt(given.size)
        fall, rise = (math.hypot(chance, *x) for x in (below, above))
    else:  # one block may be wrong in all classes: no squares, as if all went the same way
        chance = block_interval(values, blocks, delta=delta).width / 2
        fall, rise = (chance + float(np.abs(x).sum()) for x in (below, above))
    low, high = max(0.0, estimate - fall - max(0.0, bias)), min(1.0, estimate + rise + unknown)
    return Interval(estimate, low, high, level, _METHOD)


def _moments(
    matrix: FloatArray, inverse: FloatArray, true: FloatArray, n_rows: IntArray
) -> tuple[FloatArray, float]:
    """Return the share's standard error by the surest rows of each class, and its bias.

    The inverse of a matrix with chance in it is too large on average: by the second term of its
    series.
    """
    own = np.eye(len(matrix))
    rows = n_rows[:, np.newaxis]
    # a row more, half of it wrong: a class without a wrong label seen is not free of them
    shares = (matrix * rows + (own + (1 - own) / (len(matrix) - 1)) / 2) / (rows + 1)
    worth = inverse @ (1 - np.diag(matrix)) + own
    apart = worth - (shares * worth).sum(axis=1, keepdims=True)
    weights = true / np.maximum(n_rows, 1)
    errors = np.sqrt(true * weights * (shares * apart**2).sum(axis=1))
    return errors, float(weights @ (shares * apart * inverse.T).sum(axis=1))


def _added(
    matrix: FloatArray, inverse: FloatArray, true: FloatArray, wrong: FloatArray
) -> FloatArray:
    """Return what is added to the share if so many labels of a class were wrong, class by class.

    Each class's wrong labels go where they were seen to go. One row of the matrix changes, so that
    its inverse does by Sherman and Morrison's formula.
    """
    others = matrix * ~np.eye(len(matrix), dtype=bool)
    nowhere = others.sum(axis=1) == 0
    others[nowhere] = 1 - np.eye(len(matrix))[nowhere]
    moved = others * (wrong / others.sum(axis=1))[:, np.newaxis] + np.diag(1 - wrong)
    change = moved - matrix
    own, lead = np.diag(change), (change * inverse.T).sum(axis=1)
    along = change @ (inverse @ (1 - np.diag(matrix)))
    with np.errstate(divide="ignore", invalid="ignore"):
        added = -true * (own + (along - own * lead) / (1 + lead))
    # beyond a matrix without an inverse any share is possible
    made: FloatArray = np.where(1 + lead > 0, added, np.where(own < 0, 1.0, -1.0))
    return made
