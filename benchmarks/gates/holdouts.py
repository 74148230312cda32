"""Four ways to answer questions about one test set: the gate's bit, and three that tell numbers.

Each takes which rows a model got right, in many histories at once, and gives what the developer
hears and the accuracy that is released (or would be). `benchmarks.gates.reuse` compares them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.gates.histories import Bits
from trimtab.gates.delta import Adaptivity

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Release:
    """What one look gave, by history.

    `heard` is what the developer learns, centred on a model that is worth nothing; `accuracy` is
    what a bar for promotion is held against; minus infinity where the test set is retired.
    """

    heard: Values
    accuracy: Values


class Holdout(Protocol):
    """A rule for what is released of a test set, with its state."""

    relative: bool  # whether what is heard is a number to be compared with earlier ones

    def look(self, correct: Bits, trained: Bits) -> Release:
        """Answer one look, at models right on rows `correct` of the test set.

        `trained` says the same of the developer's own training set, of the same size.
        """


class Reused:
    """The naive reused holdout: the accuracy itself, at every look."""

    relative = True

    def look(self, correct: Bits, trained: Bits) -> Release:
        """Release the accuracy."""
        accuracy = _accuracy(correct)
        return Release(accuracy - 0.5, accuracy)


class Thresholdout:
    r"""The reusable holdout of Dwork and others, as its authors ran it.

    The training value is released where it is within :math:`T + \eta` of the value on the test
    set, else the latter with noise: :math:`T = 4/\sqrt n`, normal noise of deviation
    :math:`1/\sqrt n`, and no end of the budget, the settings of the experiments in the paper
    (their theorem asks for a smaller share of noise, hence for far more rows).

    References
    ----------
    .. [1] C. Dwork, V. Feldman, M. Hardt, T. Pitassi, O. Reingold and A. Roth, "The reusable
       holdout: preserving validity in adaptive data analysis", Science 349 (2015), and "Guilt-free
       data reuse", Communications of the ACM 60 (2017), figure 1.
    """

    relative = True

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def look(self, correct: Bits, trained: Bits) -> Release:
        """Release the training value, or the noisy one of the test set."""
        held, train = _accuracy(correct), _accuracy(trained)
        deviation = 1 / np.sqrt(correct.shape[1])
        limit = 4 * deviation + self._rng.normal(0, deviation, held.size)
        noisy = held + self._rng.normal(0, deviation, held.size)
        released = np.where(np.abs(train - held) > limit, noisy, train)
        return Release(released - 0.5, released)


class Ladder:
    r"""The parameter-free Ladder of Blum and Hardt: a new best, or nothing new.

    A model becomes the best if its loss is below the best so far by more than
    :math:`s/\sqrt n`, `s` being the deviation of the difference of losses between the two; the
    loss of the best is all that is ever released, in steps of `1/n`.

    References
    ----------
    .. [1] A. Blum and M. Hardt, "The Ladder: a reliable leaderboard for machine learning
       competitions", ICML 2015, algorithm 2.
    """

    relative = False

    def __init__(self) -> None:
        self._best: Values | None = None
        self._leader: Bits | None = None

    def look(self, correct: Bits, trained: Bits) -> Release:
        """Release the accuracy of the best so far; what is heard is by how much it rose."""
        accuracy = _accuracy(correct)
        if self._best is None or self._leader is None:
            self._best, self._leader = accuracy, correct
            return Release(accuracy - 0.5, accuracy)
        n = correct.shape[1]
        rise = accuracy - _accuracy(self._leader)
        changed = np.count_nonzero(correct != self._leader, axis=1) / n
        deviation = np.sqrt(np.maximum(changed - rise**2, 0) * n / (n - 1))
        new = accuracy > self._best + deviation / np.sqrt(n)
        heard = np.where(new, accuracy - self._best, 0.0)
        self._best = np.where(new, accuracy, self._best)
        self._leader = np.where(new[:, None], correct, self._leader)
        return Release(heard, self._best)


class OneBit:
    """The gate: pass above a bar, else fail; the developer hears that much at most.

    Parameters
    ----------
    bar : float
        The accuracy above which a model passes: the threshold of the condition and its tolerance.
    adaptivity : {"full", "first_change", "none"}
        The bit at every look; until the first pass, which retires the test set; never.
    """

    relative = False

    def __init__(self, bar: float, adaptivity: Adaptivity) -> None:
        self._bar, self._adaptivity = bar, adaptivity
        self._retired: Bits | None = None

    def look(self, correct: Bits, trained: Bits) -> Release:
        """Release the bit, or nothing."""
        accuracy = _accuracy(correct)
        passed = accuracy > self._bar
        if self._adaptivity == "none":
            return Release(np.zeros(accuracy.size), accuracy)
        heard = np.where(passed, 1.0, -1.0)
        if self._adaptivity == "full":
            return Release(heard, accuracy)
        retired = np.zeros(passed.size, dtype=bool) if self._retired is None else self._retired
        self._retired = retired | passed
        return Release(np.where(retired, 0.0, heard), np.where(retired, -np.inf, accuracy))


NUMBERS: dict[str, Callable[[np.random.Generator], Holdout]] = {
    "naive reused holdout": lambda rng: Reused(),
    "Thresholdout": Thresholdout,
    "Ladder": lambda rng: Ladder(),
}


def _accuracy(correct: Bits) -> Values:
    right: Values = np.count_nonzero(correct, axis=1) / correct.shape[1]
    return right
