"""How much less uncertain a prediction would be if one row were known, for all rows in one scan.

The step of CPClean: the mean entropy of the predictions after cleaning a row, over the values
that it may turn out to have.
"""

from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.certain_events import EventBatch, Events, batches
from trimtab.stats.certain_rows import CandidateRows
from trimtab.stats.certain_scan import Gaps, other_rows, own_class, rewind
from trimtab.stats.certain_votes import winning_chances, winning_slopes, with_own_vote

_NOISE_BITS = 1e-12


@dataclass(frozen=True, slots=True)
class IfKnown:
    """Fractions of worlds once one row is known, for the rows with more than one candidate.

    Values go by query, row and distance: at each event of a row, `at` (n_classes, n) is what
    would be predicted if the row's value were one of the event's candidates. `last` tells where
    a row ends; there `beyond` (n_classes, n) is for a value too far away to matter, and has no
    meaning if the row has none such.
    """

    event: IntArray
    first: BoolArray
    last: BoolArray
    at: FloatArray
    beyond: FloatArray


def expected_gains(events: Events, rows: CandidateRows, k: int) -> FloatArray:
    """Return the bits by which knowing a row is expected to lower each query's entropy.

    Shape (n_queries, n_rows); 0 for rows that cannot matter to a query or are known already.
    """
    gains = np.zeros((events.n_queries, rows.n_rows))
    for batch in batches(events, rows.labels, 2 * rows.n_classes**2 * k):
        now, known = fractions_if_known(batch, rows, k)
        if not known.event.size:
            continue
        starts = np.flatnonzero(known.first)
        chosen, end = batch.chosen.ravel()[known.event], known.event[known.last]
        later = np.add.reduceat(chosen * entropy(known.at), starts)
        later += (1 - batch.after.ravel()[end]) * entropy(known.beyond[:, known.last])
        query = end // batch.row.shape[1]
        gain = entropy(now)[query] - later
        place = batch.queries[query], batch.row.ravel()[end]
        # of a row that does not matter nothing but rounding is left
        gains[place] = np.where(gain > _NOISE_BITS, gain, 0.0)
    return gains


def entropy(fractions: FloatArray) -> FloatArray:
    """Return the entropy in bits over the first axis, 0 where one fraction is 1."""
    from scipy.special import entr

    bits: FloatArray = entr(np.clip(fractions, 0.0, 1.0)).sum(axis=0) / np.log(2)
    return bits


def fractions_if_known(
    batch: EventBatch, rows: CandidateRows, k: int
) -> tuple[FloatArray, IfKnown]:
    """Return the fractions of worlds as things are, (n_classes, B), and with one row known."""
    n_classes = rows.n_classes
    chances, levels = other_rows(batch, n_classes, k, keep=True)
    own = own_class(batch, n_classes) == 1
    votes = with_own_vote(chances, own)
    wins = winning_chances(votes)
    by_vote = winning_slopes(votes)
    slopes = [np.where(own, by_vote[m + 1], by_vote[m]) * batch.chosen for m in range(k)]
    gaps = rewind(batch, levels, slopes)
    now = (wins * batch.chosen).sum(axis=-1)
    return now, _by_row(batch, rows, wins, gaps)


def _by_row(batch: EventBatch, rows: CandidateRows, wins: FloatArray, gaps: Gaps) -> IfKnown:
    """Add up, for each event of a row, the events before it without the row and after it with."""
    row = batch.row.ravel()
    unknown = np.flatnonzero((row >= 0) & (rows.counts[row] > 1))
    length = batch.row.shape[1]
    key = (unknown // length) * rows.n_rows + row[unknown]
    order = np.argsort(key, kind="stable")
    event, key = unknown[order], key[order]
    same = key[1:] == key[:-1]
    first, last = np.append(True, ~same)[: key.size], np.append(~same, True)[: key.size]
    start = np.flatnonzero(first)
    rank = np.arange(key.size) - np.repeat(start, np.diff(np.append(start, key.size)))

    def of(values: FloatArray) -> FloatArray:
        return values.reshape(rows.n_classes, -1)[:, event]

    outside, inside = of(gaps.outside_before), of(gaps.inside_after)
    tail, before = of(gaps.outside_after), of(gaps.inside_before)
    # the gap between two events of a row was found in two parts, one from either end
    joined = np.flatnonzero(~first)
    outside[:, joined] += tail[:, joined - 1]
    inside[:, joined - 1] += before[:, joined]
    highest = int(rank.max(initial=0))
    for step in range(1, highest + 1):
        here = np.flatnonzero(rank == step)
        outside[:, here] += outside[:, here - 1]
    for step in range(highest, 0, -1):
        here = np.flatnonzero(rank == step)
        inside[:, here - 1] += inside[:, here]
    return IfKnown(event, first, last, outside + inside + of(wins), outside + tail)
