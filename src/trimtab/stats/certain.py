"""Predictions that hold whatever the missing values are: k nearest neighbours over all worlds."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import BoolArray, FloatArray
from trimtab.stats.certain_events import EventBatch, batches, list_events
from trimtab.stats.certain_reach import reach
from trimtab.stats.certain_rows import (
    CandidateRows,
    as_queries,
    candidate_rows,
    check_k,
    distances,
    query_blocks,
    row_ends,
)
from trimtab.stats.certain_scan import other_rows, own_class
from trimtab.stats.certain_votes import winning_chances, with_own_vote


def certain_predictions(
    candidates: Iterable[ArrayLike], labels: ArrayLike, queries: ArrayLike, *, k: int = 3
) -> FloatArray:
    r"""Return in which fraction of all possible worlds each class is predicted.

    Each training row has a known label and one or more candidate values (its repairs); a world
    picks one candidate per row, all worlds counting alike. In a world, a query is answered by
    the `k` rows of smallest Euclidean distance, of equal ones those of smaller row index; the
    class with most votes wins, of equal ones the smaller. The fractions are over all
    :math:`\prod_i m_i` worlds without listing them: the candidates are scanned by distance, and
    at each one the other rows' votes are multiplied out [1]_.

    It is assumed that the truth is among a row's candidates, and that rows are repaired
    independently of each other. A fraction is a share of worlds, no probability of a label being
    right: certain is certain to come out of *this* classifier. A poor choice where candidates are
    guesses of very unequal worth, or where nearest neighbours do not suit the data.

    Parameters
    ----------
    candidates : sequence of array_like, each of shape (n_candidates_i, n_features)
        The values that each row may have; one for a clean row. A value given twice counts twice.
    labels : array_like of int, shape (n_rows,)
        Classes 0 to n_classes - 1; n_classes is the largest label plus one.
    queries : array_like, shape (n_queries, n_features)
        The points to predict, in the unit of the candidates: scale features beforehand.
    k : int, default=3
        Neighbours that vote, from 1 to the number of rows.

    Returns
    -------
    numpy.ndarray of float, shape (n_queries, n_classes)
        Fractions of worlds; rows sum to 1 up to rounding. An entry is exactly 1 if and only if
        all worlds predict its class, and exactly 0 if and only if none does: both are found by
        counting rows, not from rounded sums.

    Raises
    ------
    ValueError
        If shapes do not agree, a value is not finite, labels are no classes, or `k` is more than
        the number of rows.

    See Also
    --------
    trimtab.effort.cleaning.cleaning_order : Which row to clean first to make more of them certain.

    Notes
    -----
    Squared distances are compared, summed feature by feature in double precision: exact for whole
    numbers of moderate size. Distances that differ by less than rounding may come in either order.
    The scan takes time in n log n for n candidates within reach of a query; those behind the k-th
    row that is wholly nearer are out of reach.

    References
    ----------
    .. [1] B. Karlaš, P. Li, R. Wu, N. M. Gürel, X. Chu, W. Wu, C. Zhang, "Nearest neighbor
       classifiers over incomplete information: from certain answers to certain predictions",
       PVLDB 14(3) (2020).

    Examples
    --------
    The second row lies at 1 or at 4; a query at 2 has it as its neighbour in one world of two.

    >>> certain_predictions([[[0.0]], [[1.0], [4.5]], [[9.0]]], [0, 1, 1], [[2.0], [8.0]], k=1)
    array([[0.5, 0.5],
           [0. , 1. ]])
    """
    rows = candidate_rows(candidates, labels)
    check_k(k, rows)
    points = as_queries(queries, rows)
    answers = np.zeros((points.shape[0], rows.n_classes))
    for block in query_blocks(points.shape[0], rows.values.shape[0]):
        answers[block] = world_fractions(distances(rows.values, points[block]), rows, k)
    return answers


def world_fractions(near: FloatArray, rows: CandidateRows, k: int) -> FloatArray:
    """Return the fractions of worlds from distances of shape (n_queries, n_candidates)."""
    possible = reach(*row_ends(near, rows), rows.labels, rows.n_classes, k).possible
    answers = possible.astype(np.float64)
    open_queries = np.flatnonzero(possible.sum(axis=1) > 1)
    events = list_events(near[open_queries], rows, k)
    for batch in batches(events, rows.labels, rows.n_classes * k):
        answers[open_queries[batch.queries]] = _fractions(batch, rows.n_classes, k)
    return exact_ends(answers, possible)


def exact_ends(answers: FloatArray, possible: BoolArray) -> FloatArray:
    """Return fractions that are 0 only where a class cannot win, and 1 only where it must."""
    limits = np.finfo(np.float64).tiny, np.nextafter(1.0, 0.0)
    certain = possible.sum(axis=1, keepdims=True) == 1
    clipped = np.clip(answers, *limits)
    ends: FloatArray = np.where(possible, np.where(certain, 1.0, clipped), 0.0)
    return ends


def _fractions(batch: EventBatch, n_classes: int, k: int) -> FloatArray:
    """Return the share of worlds per class, shape (n_queries, n_classes)."""
    chances, _ = other_rows(batch, n_classes, k, keep=False)
    votes = with_own_vote(chances, own_class(batch, n_classes) == 1)
    found: FloatArray = (winning_chances(votes) * batch.chosen).sum(axis=-1).T
    found /= found.sum(axis=1, keepdims=True)
    return found
