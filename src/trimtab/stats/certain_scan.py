"""All rows but one, at every event: chances of the other rows' votes, without a division.

While the events of an interval pass, a row with no event in it stays as it is, so that its factor
(out + in z) is multiplied in once for the whole interval. Intervals are halved down to single
events, where every row but the event's own has been multiplied in: n log n products for n
events. Run backwards, the same products tell how an answer, summed over intervals, depends on
each row being in or out.
"""

from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import BoolArray, FloatArray
from trimtab.stats.certain_events import EventBatch
from trimtab.stats.certain_votes import Polynomial, multiply, slope


@dataclass(frozen=True, slots=True)
class Level:
    """One halving: what the halves began with, and the factors multiplied in, kept for `rewind`.

    `stages` are products of the factors, of which there are half as many at each stage, down to
    one per half; `active` (slots, n_queries, intervals, 2) tells which slots hold a factor.
    """

    begin: Polynomial
    stages: list[Polynomial]
    active: BoolArray


@dataclass(frozen=True, slots=True)
class Gaps:
    """Sums over the events in the gap before or after an event of a row, (n_classes, B, length).

    `inside` if that row is among the nearest there, `outside` if it is not.
    """

    outside_before: FloatArray
    inside_before: FloatArray
    outside_after: FloatArray
    inside_after: FloatArray


def other_rows(
    batch: EventBatch, n_classes: int, k: int, *, keep: bool
) -> tuple[Polynomial, list[Level]]:
    """Return k coefficients (n_classes, n_queries, length): votes of all rows but the event's.

    With `keep`, the levels that `rewind` needs come along.
    """
    n_queries, length = batch.row.shape
    own = own_class(batch, n_classes)
    chances: Polynomial = [np.ones((n_classes, n_queries, 1))]
    levels = []
    half = length // 2
    while half:
        inside, active = _factors(batch, half)
        share = _slots(own, half) * inside[:, None]
        stages: list[Polynomial] = [[1 - share, share][:k]]
        while stages[-1][0].shape[0] > 1:
            stages.append(multiply(*_pair(stages[-1]), k))
        if keep:
            levels.append(Level(chances, stages, active))
        made = multiply([part[..., None] for part in chances], [p[0] for p in stages[-1]], k)
        chances = [part.reshape(n_classes, n_queries, -1) for part in made]
        half //= 2
    zero = np.zeros((n_classes, n_queries, length))
    return chances + [zero] * (k - len(chances)), levels


def rewind(batch: EventBatch, levels: list[Level], slopes: Polynomial) -> Gaps:
    """Return what `slopes` (k arrays of (n_answers, n_classes, B, length)) mean for each row.

    An answer is a sum over events that is linear in the chances which `other_rows` returned.
    """
    n_answers, n_classes, n_queries, length = slopes[0].shape
    own = own_class(batch, n_classes)
    outside, inside = (np.zeros((2, n_answers, n_queries, length)) for _ in range(2))
    for number, level in enumerate(reversed(levels)):
        half = 2**number
        root = [part[0] for part in level.stages[-1]]
        begin = [part[..., None] for part in level.begin]
        n_made = min(len(root) + len(begin) - 1, len(slopes))
        down = [part.reshape(n_answers, *root[0].shape) for part in slopes[:n_made]]
        ends = [part[None] for part in slope(down, begin, len(root))]
        slopes = [part.sum(axis=-1) for part in slope(down, root, len(begin))]
        for stage in level.stages[-2::-1]:
            near, far = ([part[:, None] for part in side] for side in _pair(stage))
            size = len(stage)
            both = zip(slope(ends, far, size), slope(ends, near, size), strict=True)
            ends = [np.concatenate(sides) for sides in both]
        taking_part = _slots(own, half) * level.active[:, None]
        for sums, end in zip((outside, inside), ends, strict=False):
            _add(sums, np.einsum("sfcqni,scqni->fqnis", end, taking_part))
    return Gaps(outside[0], inside[0], outside[1], inside[1])


def own_class(batch: EventBatch, n_classes: int) -> FloatArray:
    """Return 1 for the class of each event's row, else 0, shape (n_classes, B, length)."""
    own: BoolArray = batch.label == np.arange(n_classes)[:, None, None]
    return own.astype(np.float64)


def _factors(batch: EventBatch, half: int) -> tuple[FloatArray, BoolArray]:
    """Return the chance to be inside for each slot's row, 0 where a slot holds no factor.

    The slots of an interval are the events of its sibling: their rows, each once, and only if
    they have no event in the interval itself.
    """
    n_queries, length = batch.row.shape
    shape = n_queries, -1, 2, half
    edges = np.arange(0, length + 1, 2 * half)
    first = batch.previous.reshape(shape)[:, :, 1] < edges[:-1, None]
    last = batch.following.reshape(shape)[:, :, 0] >= edges[1:, None]
    active = np.stack((first, last), axis=2)
    before, after = batch.before.reshape(shape)[:, :, 1], batch.after.reshape(shape)[:, :, 0]
    inside = np.stack((before, after), axis=2) * active
    return (
        np.ascontiguousarray(np.moveaxis(inside, -1, 0)),
        np.ascontiguousarray(np.moveaxis(active, -1, 0)),
    )


def _slots(values: FloatArray, half: int) -> FloatArray:
    """Lay out values of events (n, B, length) as (slot, n, B, interval, which half it acts on)."""
    halves = values.reshape(*values.shape[:2], -1, 2, half)[:, :, :, ::-1]
    return np.ascontiguousarray(np.moveaxis(halves, -1, 0))


def _add(sums: FloatArray, found: FloatArray) -> None:
    """Add to sums (2, answers, B, length) what slots (answers, B, interval, acts on, slot) hold.

    What acts on a left half stands in the right one, and tells of the gap before its event.
    """
    halves = sums.reshape(2, *found.shape)
    halves[0, :, :, :, 1] += found[:, :, :, 0]
    halves[1, :, :, :, 0] += found[:, :, :, 1]


def _pair(stage: Polynomial) -> tuple[Polynomial, Polynomial]:
    middle = stage[0].shape[0] // 2
    return [part[:middle] for part in stage], [part[middle:] for part in stage]
