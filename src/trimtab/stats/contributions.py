"""What each row adds to the area under the ROC curve, which is no mean over rows.

The mean of the contributions is the area, and the spread of their block means tells how much
the area of other blocks like these would differ from it. Averaging the area of each block
instead answers another question: within a week of one kind of customer little can be ranked,
and a window with such a week may be as good as any.
"""

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import (
    FloatArray,
    as_classes,
    as_labels,
    as_probabilities,
    as_values,
    check_same_rows,
)


def auc_contributions(labels: ArrayLike, scores: ArrayLike) -> FloatArray:
    """Compute what each row adds to the area under the ROC curve.

    A positive adds the share of negatives that score lower, a negative the share of positives
    that score higher, each in proportion to how rare its class is. Assumes that the metric is
    close to linear in these (first order in the number of rows); a poor choice below some
    dozens of rows in either class.

    Parameters
    ----------
    labels : array_like of bool or 0/1, shape (n_samples,)
        True class of each row.
    scores : array_like of float, shape (n_samples,)
        Any numbers that rise with the chance of a positive.

    Returns
    -------
    ndarray of float, shape (n_samples,)
        Their mean is the AUC; all NaN if there is only one class.

    Raises
    ------
    ValueError
        If shapes differ, labels are not 0/1, or a score is NaN.

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, "Comparing the areas under two or
       more correlated receiver operating characteristic curves", Biometrics 44 (1988).

    Examples
    --------
    >>> auc_contributions([0, 1, 0, 1], [0.1, 0.4, 0.3, 0.2]).tolist()
    [1.25, 1.25, 0.25, 0.25]
    """
    truth, marks = as_labels(labels), as_values(scores, "scores")
    check_same_rows(truth.size, marks.size, "scores")
    if truth.all() or not truth.any():
        return np.full(truth.size, np.nan)
    won = np.empty(truth.size)
    won[truth] = _share_below(marks[truth], marks[~truth])
    won[~truth] = 1 - _share_below(marks[~truth], marks[truth])
    area, share = won[truth].mean(), truth.mean()
    return np.asarray(area + (won - area) / np.where(truth, share, 1 - share))


def multiclass_auc_contributions(labels: ArrayLike, probabilities: ArrayLike) -> FloatArray:
    """Compute what each row adds to the mean of the one-against-rest AUCs.

    Parameters
    ----------
    labels : array_like of int, shape (n_samples,)
        True class of each row, a column of `probabilities`.
    probabilities : array_like of float, shape (n_samples, n_classes)
        Scores of each class.

    Returns
    -------
    ndarray of float, shape (n_samples,)
        Their mean is `multiclass_auc`; all NaN if there is only one class.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is not a column, or a score is NaN or outside [0, 1].

    Examples
    --------
    >>> scores = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.5, 0.2]]
    >>> multiclass_auc_contributions([0, 1, 2], scores).tolist()
    [1.0, 1.0, 1.0]
    """
    table = as_probabilities(probabilities, np.asarray(labels).size)
    classes = as_classes(labels, table.shape[1])
    parts = [auc_contributions(classes == k, table[:, k]) for k in np.unique(classes)]
    return np.asarray(np.mean(parts, axis=0))


def _share_below(scores: FloatArray, others: FloatArray) -> FloatArray:
    """Return for each score the share of `others` that are lower; the same counts half."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, scores, side="left")
    through = np.searchsorted(ordered, scores, side="right")
    return np.asarray((below + through) / (2 * others.size))
