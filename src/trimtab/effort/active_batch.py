"""What goes from one step of `ActiveClean` to the next: the batch drawn, and where things stand.

A session's file keeps both (`active_file`); `active_state` makes them.
"""

from dataclasses import dataclass

from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.gradient_limits import StepLimits


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows drawn together: their numbers, and the chances with which each was drawn.

    `even` is the chance of each if all were alike, `dirty` the probability of each to be dirty,
    NaN while the detector has too few rows to learn from.
    `guesses` are the gradients expected of them, `guess` is the mean of those of all rows left.
    """

    rows: IntArray
    chances: FloatArray
    even: float
    dirty: FloatArray
    guesses: FloatArray
    guess: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What the steps have led to: with the data and the true rows, all that the next one needs.

    `limits` are of the last step; None if its batch, or no batch, says anything.
    """

    steps: int
    parameters: FloatArray
    limits: StepLimits | None = None
