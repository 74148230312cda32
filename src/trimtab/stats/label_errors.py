"""Rows whose label is probably wrong, by confident learning, the surest first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.confident import METHOD, NoiseMatrix, checked_labels, noise_matrix, plain_class
from trimtab.stats.interval import Interval


@dataclass(frozen=True, slots=True)
class LabelErrors:
    """Rows whose label is plainly another one to the model, the surest first.

    `margins` are the probability of the given label less that of the suggested one, from -1 (as
    sure as can be) to 0. `n_wrong` estimates how many of all labels are wrong, in rows.
    """

    rows: IntArray
    given: IntArray
    suggested: IntArray
    margins: FloatArray
    n_wrong: Interval
    noise: NoiseMatrix

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the answer rests on, in words."""
        return (
            "probabilities come from a model that did not see the row",
            "labels go wrong by class, not by row",
            "classes can be told apart: where they overlap, rows that are hard count as wrong",
            "rows are independent",
        )

    def to_dict(self) -> dict[str, object]:
        """Return the fields for JSON."""
        return {
            "rows": self.rows.tolist(),
            "given": self.given.tolist(),
            "suggested": self.suggested.tolist(),
            "margins": self.margins.tolist(),
            "n_wrong": self.n_wrong.to_dict(),
            "noise": self.noise.to_dict(),
            "assumptions": list(self.assumptions),
        }

    def cost(self, label_cost: float) -> float:
        """Return what a look at every row found costs, at `label_cost` (minutes, money) a row."""
        return self.rows.size * label_cost


def label_errors(
    labels: ArrayLike, probabilities: ArrayLike, *, delta: float = 0.05
) -> LabelErrors:
    """Find the rows whose label is probably wrong, the surest first.

    The rows are those that `noise_matrix` counts off its diagonal; read there what is assumed.
    A poor choice on probabilities of a model that was trained on the same rows: it has learnt
    the wrong labels, and finds none of them.

    Parameters
    ----------
    labels : array_like of int, shape (n_samples,)
        The given labels, as columns of `probabilities`.
    probabilities : array_like of float, shape (n_samples, n_classes)
        Out-of-fold probabilities of each class, in [0, 1].
    delta : float, default=0.05
        Chance that the limits of the number of wrong labels miss it, in (0, 1).

    Returns
    -------
    LabelErrors
        Row numbers from 0, with the given and the suggested class of each.

    Raises
    ------
    ValueError
        As `noise_matrix`.

    References
    ----------
    .. [1] C. Northcutt, L. Jiang and I. Chuang, "Confident learning: estimating uncertainty in
       dataset labels", Journal of Artificial Intelligence Research 70 (2021).

    Examples
    --------
    >>> sure = [[0.9, 0.1], [0.05, 0.95], [0.1, 0.9], [0.9, 0.1]]
    >>> found = label_errors([0, 0, 1, 0], sure)
    >>> found.rows.tolist(), found.suggested.tolist()
    ([1], [1])
    """
    given, table = checked_labels(labels, probabilities)
    noise = noise_matrix(given, table, delta=delta)
    plain = plain_class(table, noise.thresholds)
    suspect = np.flatnonzero((plain >= 0) & (plain != given))
    margins = table[suspect, given[suspect]] - table[suspect, plain[suspect]]
    surest = np.argsort(margins, kind="stable")
    rows = suspect[surest]
    share, n_rows = noise.noise_rate, given.size
    n_wrong = Interval(
        share.estimate * n_rows, share.low * n_rows, share.high * n_rows, share.level, METHOD
    )
    return LabelErrors(rows, given[rows], plain[rows], margins[surest], n_wrong, noise)
