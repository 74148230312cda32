"""Which classes a nearest-neighbour vote can come to in some possible world, exactly.

Only distances are compared and rows counted here: an answer that is certain is known to be
certain, however small the chances of other worlds are. Of a row's candidates, the nearest and the
farthest decide.
"""

from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Reach:
    """What worlds may do to queries.

    `possible` (n_queries, n_classes) tells which classes some world predicts. `query` and `row`
    are the pairs of which the row is among the k nearest in some world; `limit` (n_queries,) is
    the distance that no neighbour is beyond.
    """

    possible: BoolArray
    query: IntArray
    row: IntArray
    limit: FloatArray


def reach(
    nearest: FloatArray, farthest: FloatArray, labels: IntArray, n_classes: int, k: int
) -> Reach:
    """Return what worlds may do, from each row's least and greatest distance to each query.

    Both are of shape (n_queries, n_rows). Cut a query's surroundings anywhere: rows wholly within
    the cut are neighbours, rows wholly beyond are none, those between may be either, and every
    choice with k neighbours is some world's. A cut moved outwards frees more rows, up to the
    next one at which a row comes to lie wholly within. So k + 1 cuts tell all, each just before
    one of the k + 1 rows that are first wholly within.
    """
    cuts, at = first_wholly_within(farthest, min(k + 1, labels.size))
    if labels.size == k:
        # no row is left for the last cut, which lies beyond all of them
        cuts = np.pad(cuts, ((0, 0), (0, 1)), constant_values=np.inf)
        at = np.pad(at, ((0, 0), (0, 1)))
    query, row = np.nonzero(nearest <= cuts[:, -1:])
    near, place = nearest[query, row], query * n_classes + labels[row]
    n_queries = len(cuts)
    within = np.zeros((n_queries, k + 1, n_classes), dtype=np.int64)
    own = labels[at[:, :k], None] == np.arange(n_classes)
    within[:, 1:] = np.cumsum(own, axis=1)
    may_be = np.empty_like(within)
    for cut in range(k + 1):
        before = _is_before(near, row, cuts[query, cut], at[query, cut])
        counts = np.bincount(place[before], minlength=n_queries * n_classes)
        may_be[:, cut] = counts.reshape(n_queries, n_classes)
    possible: BoolArray = np.zeros((n_queries, n_classes), dtype=np.bool_)
    for votes in range(1, k + 1):
        possible |= _can_win(within, may_be, votes, k).any(axis=1)
    limit, last = cuts[:, k - 1], at[:, k - 1]
    inside = _is_before(near, row, limit[query], last[query] + 1)
    return Reach(possible, query[inside], row[inside], limit)


def first_wholly_within(farthest: FloatArray, n: int) -> tuple[FloatArray, IntArray]:
    """Return the `n` least of the greatest distances and their rows, shape (n_queries, n).

    Of equal distances, the first row comes first.
    """
    left = farthest.copy()
    everyone = np.arange(len(left))
    distance, row = np.empty((len(left), n)), np.empty((len(left), n), dtype=np.int64)
    for place in range(n):
        # of equal ones the first is found
        row[:, place] = left.argmin(axis=1)
        distance[:, place] = left[everyone, row[:, place]]
        left[everyone, row[:, place]] = np.inf
    return distance, row


def _is_before(near: FloatArray, row: IntArray, cut: FloatArray, at: IntArray) -> BoolArray:
    """Return which distances come before a cut, of equal ones those of smaller rows."""
    before: BoolArray = (near < cut) | ((near == cut) & (row < at))
    return before


def _can_win(low: IntArray, high: IntArray, votes: int, k: int) -> BoolArray:
    """Return for each class whether it can win with just so many votes of `k`."""
    # a smaller class wins a tie: it has to stay one vote below, a larger one may draw level
    others = [np.minimum(high, cap) for cap in (votes - 1, votes)]
    fits = [low <= cap for cap in (votes - 1, votes)]
    rest_low = low.sum(axis=-1, keepdims=True) - low
    smaller = np.cumsum(others[0], axis=-1) - others[0]
    larger = others[1].sum(axis=-1, keepdims=True) - np.cumsum(others[1], axis=-1)
    smaller_fit: BoolArray = np.cumsum(~fits[0], axis=-1) - ~fits[0] == 0
    larger_fit = (~fits[1]).sum(axis=-1, keepdims=True) - np.cumsum(~fits[1], axis=-1) == 0
    can: BoolArray = (
        (low <= votes) & (votes <= high) & smaller_fit & larger_fit
        & (votes + rest_low <= k) & (k <= votes + smaller + larger)
    )  # fmt: skip
    return can
