"""Simulated histories of one test set: developers who look at it again and again, to cheat.

The test sets of many histories are held side by side, one a line of each array. On most rows the
label is a fair coin, so that nothing can be learned from them but the noise of this test set; on
the `easy` rows the developer knows the label. A look at a model whose truth lies where the gate
decides ("raised", by the easy rows) is the one that tells most; the look that counts is the last,
at a model built from the answers that is in truth no better than the threshold. Mechanisms that
answer are in `benchmarks.gates.holdouts`; nothing here knows of bounds.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TestSets:
    """The test sets of `n_histories` histories, each of `n_rows` rows drawn from one population.

    Parameters
    ----------
    labels, old : ndarray of bool, shape (n_histories, n_rows)
        The truth, and what the old model predicts.
    easy : ndarray of bool, shape (n_histories, n_rows)
        Rows whose label the developer knows; on all others it is a coin.
    share, raised_share : float
        Share of the other rows of which a model may say "1" (accuracy) or where it may differ
        from the old model (gain); the second for a model that also uses the easy rows.
    task : {"accuracy", "gain"}
        Whether models are judged by `n` or by `n - o`.
    """

    __test__ = False  # pytest takes the name for one of its own

    labels: Bits
    old: Bits
    easy: Bits
    share: float
    raised_share: float
    task: Literal["accuracy", "gain"]

    def new(self, model: Bits, raised: bool, rng: np.random.Generator) -> Bits:
        """Return what `model` predicts on every row.

        Unraised, its truth is one half (accuracy) or nil (gain); raised, it is right on all easy
        rows, which adds half their share to the accuracy, and their whole share to the gain.
        """
        if self.task == "gain":
            return self.old ^ np.where(self.easy, raised, model)
        known = self.labels if raised else _coins(rng, self.labels.shape, 0.5)
        return np.where(self.easy, known, model)

    def draw(self, raised: bool, rng: np.random.Generator) -> Bits:
        """Return a random model."""
        share = self.raised_share if raised else self.share
        return _coins(rng, self.labels.shape, share)

    def other(self, model: Bits, raised: bool, rng: np.random.Generator) -> Bits:
        """Return a model as unlike another as can be: its opposite, if that may be."""
        return ~model if self.task == "accuracy" else self.draw(raised, rng)


def accuracy_test_sets(
    n_histories: int, n_rows: int, *, easy: float, rng: np.random.Generator
) -> TestSets:
    """Draw test sets for `n > 0.5`: all noise but for a share of easy rows.

    Examples
    --------
    >>> sets = accuracy_test_sets(3, 200, easy=0.2, rng=np.random.default_rng(0))
    >>> sets.labels.shape, bool(0.1 < sets.easy.mean() < 0.3)
    ((3, 200), True)
    """
    shape = (n_histories, n_rows)
    labels, old = _coins(rng, shape, 0.5), _coins(rng, shape, 0.5)
    return TestSets(labels, old, _coins(rng, shape, easy), 0.5, 0.5, "accuracy")


def gain_test_sets(
    n_histories: int, n_rows: int, *, easy: float, differ: float, rng: np.random.Generator
) -> TestSets:
    """Draw test sets for `n - o > 0`: the old model errs on the easy rows and guesses elsewhere.

    New models differ from it on a share `differ` of all rows.
    """
    shape = (n_histories, n_rows)
    known = _coins(rng, shape, easy)
    labels, guess = _coins(rng, shape, 0.5), _coins(rng, shape, 0.5)
    old = np.where(known, ~labels, guess)
    shares = differ / (1 - easy), (differ - easy) / (1 - easy)
    return TestSets(labels, old, known, *shares, "gain")


class Developer(Protocol):
    """Someone who submits models, hears of them, and wants a bad one to be let through."""

    def submit(self, look: int, raised: bool) -> Bits:
        """Return one model a history, row by row, shape (n_histories, n_rows)."""

    def hear(self, answer: NDArray[np.floating]) -> None:
        """Take in what was said of the last model: shape (n_histories,), high is good.

        Zero is "neither good nor bad", and what is heard where nothing is said.
        """


class RandomSearch:
    """Submit fresh random models: the best of k, whatever is answered."""

    def __init__(self, sets: TestSets, looks: int, rng: np.random.Generator) -> None:
        self._sets, self._rng = sets, rng

    def submit(self, look: int, raised: bool) -> Bits:
        """Return a random model."""
        return self._sets.draw(raised, self._rng)

    def hear(self, answer: NDArray[np.floating]) -> None:
        """Ignore the answer."""


class Voter:
    """Submit random models, and at last the vote of them, each weighed by its answer.

    The boosting attack of Blum and Hardt (2015), with a random model that was answered badly
    turned round rather than dropped.
    """

    def __init__(self, sets: TestSets, looks: int, rng: np.random.Generator) -> None:
        self._sets, self._rng, self._last = sets, rng, looks - 1
        self._votes: NDArray[np.float32] = np.zeros(sets.labels.shape, dtype=np.float32)
        self._sent = np.zeros(sets.labels.shape, dtype=np.bool_)

    def submit(self, look: int, raised: bool) -> Bits:
        """Return a random model, or at the last look the rows with the most votes."""
        if look < self._last:
            self._sent = self._sets.draw(raised, self._rng)
            return self._sent
        # Ties are broken by a coin that weighs next to nothing.
        self._votes += 1e-4 * self._rng.random(self._votes.shape, dtype=np.float32)
        place = int((1 - self._sets.share) * (self._votes.shape[-1] - 1))
        least = np.partition(self._votes, place, axis=1)[:, [place]]
        return self._votes > least

    def hear(self, answer: NDArray[np.floating]) -> None:
        """Add the model to the vote."""
        self._votes += answer[:, None].astype(np.float32) * self._sent


class HillClimber:
    """Change a random subset of the predictions at each look, and keep what is answered well.

    The subsets of one history do not overlap, so that no look undoes an earlier one; the last
    look sends what was kept. With `relative`, answers are numbers, and "well" is above the best.
    """

    def __init__(
        self, sets: TestSets, looks: int, rng: np.random.Generator, *, relative: bool = False
    ) -> None:
        shape = sets.labels.shape
        self._sets, self._rng, self._last, self._relative = sets, rng, looks - 1, relative
        self._sent = self._kept = sets.draw(False, rng)
        # The first look changes nothing: it sets what later answers are compared with.
        self._subset = rng.integers(1, max(2, looks - 1), size=shape, dtype=np.int16)
        self._best = np.full(shape[0], -np.inf if relative else 0.0)

    def submit(self, look: int, raised: bool) -> Bits:
        """Return what was kept, with this look's subset turned round (or drawn anew)."""
        self._sent = self._kept
        if 0 < look < self._last:
            other = self._sets.other(self._kept, raised, self._rng)
            self._sent = np.where(self._subset == look, other, self._kept)
        return self._sent

    def hear(self, answer: NDArray[np.floating]) -> None:
        """Keep the new predictions of the histories in which they were answered well."""
        well = answer > self._best
        self._kept = np.where(well[:, None], self._sent, self._kept)
        if self._relative:
            self._best = np.maximum(self._best, answer)


def _coins(rng: np.random.Generator, shape: tuple[int, ...], share: float) -> Bits:
    """Return bits that are set with probability `share`, rounded down to a 256th."""
    n = int(np.prod(shape))
    if share != 0.5:
        cut = int(share * 256)
        drawn = np.frombuffer(rng.bytes(n), dtype=np.uint8).reshape(shape)
        return drawn < cut
    packed = np.frombuffer(rng.bytes(-(-n // 8)), dtype=np.uint8)
    return np.unpackbits(packed, count=n).view(np.bool_).reshape(shape)
