"""Which classes a nearest-neighbour vote can come to in some possible world, exactly.

Only whole numbers are compared here: an answer that is certain is known to be certain, however
small the chances of other worlds are.
"""

import numpy as np

from trimtab.stats.arrays import BoolArray, IntArray
from trimtab.stats.certain_events import Events, batches
from trimtab.stats.certain_rows import CandidateRows


def reachable_classes(events: Events, rows: CandidateRows, wanted: IntArray, k: int) -> BoolArray:
    """Return which classes some world predicts, shape (wanted.size, n_classes).

    At each event, take the event's row as the k-th nearest. Every other row is wholly nearer
    (counted), wholly farther (not counted), or free to be either. A class can win if it can hold
    `votes` votes with every other class below (or, for a larger class, at) that number and all
    votes adding up to `k`; of each class, only the numbers of counted and free rows matter.
    """
    found = np.zeros((events.n_queries, rows.n_classes), dtype=np.bool_)
    for batch in batches(events, rows.labels, wanted, 4 * rows.n_classes):
        own = batch.label[..., None] == np.arange(rows.n_classes)
        appeared = _before(own & (batch.previous < 0)[..., None])
        whole = _before(own & (batch.after == 1)[..., None])
        # the row of the event itself is no longer free: it has the k-th place, a sure vote
        low = whole + own
        high = appeared - (own & (batch.previous >= 0)[..., None]) + own
        possible = np.zeros(low.shape, dtype=np.bool_)
        for votes in range(1, k + 1):
            possible |= _can_win(low, high, votes, k)
        found[batch.queries] = (possible & (batch.row >= 0)[..., None]).any(axis=1)
    chosen: BoolArray = found[wanted]
    return chosen


def _before(flags: BoolArray) -> IntArray:
    """Return how many flags are set at earlier events, along the second axis."""
    counts: IntArray = np.cumsum(flags, axis=1, dtype=np.int64) - flags
    return counts


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
