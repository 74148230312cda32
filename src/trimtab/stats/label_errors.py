"""Rows whose label is probably wrong, by confident learning, the surest first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray, check_cost, check_same_rows
from trimtab.stats.confident import NoiseMatrix, checked_labels, noise_matrix, plain_class
from trimtab.stats.interval import Interval
from trimtab.stats.label_blocks import label_blocks, rows_assumption
from trimtab.stats.noise_blocks import noise_limits_by_block


@dataclass(frozen=True, slots=True)
class LabelErrors:
    """Rows whose label is plainly another one to the model, the surest first.

    `margins` are the probability of the given label less that of the suggested one, from -1 (as
    sure as can be) to 0. `n_wrong` estimates how many of all `n_rows` labels are wrong, in rows:
    more than are listed where some rows are plainly of no class. `given` and `suggested` are
    places in `classes`. `n_blocks` is None where each row stands for itself; `n_alone` of them
    are rows without a block.
    """

    rows: IntArray
    given: IntArray
    suggested: IntArray
    margins: FloatArray
    n_wrong: Interval
    noise: NoiseMatrix
    classes: tuple[Any, ...]
    n_rows: int
    n_blocks: int | None = None
    n_alone: int = 0

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the answer rests on, in words."""
        unseen = "the row, nor a copy of it" if self.n_blocks is None else "any row of its block"
        return (
            f"probabilities come from a model that did not see {unseen}",
            "labels go wrong by class, not by row",
            "classes can be told apart: where they overlap, rows that are hard count as wrong",
            rows_assumption(blocks=self.n_blocks is not None, n_alone=self.n_alone),
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
            "classes": list(self.classes),
            "n_rows": self.n_rows,
            "blocks": self.n_blocks,
            "assumptions": list(self.assumptions),
        }

    def cost(self, label_cost: float) -> float:
        """Return what a look at every row found costs, at `label_cost` (minutes, money) a row."""
        check_cost(label_cost)
        return self.rows.size * label_cost


def label_errors(
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    classes: Sequence[Any] | None = None,
    block: ArrayLike | None = None,
    delta: float = 0.05,
) -> LabelErrors:
    """Find the rows whose label is probably wrong, the surest first.

    The rows are those that `noise_matrix` counts off its diagonal; read there what is assumed.
    A poor choice on probabilities of a model that was trained on the same rows: it has learnt
    the wrong labels, and finds none of them; and where copies of a row, or rows of one user, are
    in other folds. Where such rows go wrong together give `block`: the rows found are the same,
    but limits count blocks.

    Parameters
    ----------
    labels : array_like of int, shape (n_samples,)
        The given labels, as columns of `probabilities`.
    probabilities : array_like of float, shape (n_samples, n_classes)
        Out-of-fold probabilities of each class, in [0, 1].
    classes : sequence, optional
        Names of the columns; their numbers if left out.
    block : array_like, shape (n_samples,), optional
        A key a row: labels of one key (a user, a day, one person who labels) may go wrong
        together. Limits need 40 blocks or more. A row without a key (None, NaN) is a block of
        its own.
    delta : float, default=0.05
        Chance that the limits of the number of wrong labels miss it, in (0, 1).

    Returns
    -------
    LabelErrors
        Row numbers from 0, with the given and the suggested class of each.

    Raises
    ------
    ValueError
        As `noise_matrix`; or if there is not one name a class, or one block a row.

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
    names = tuple(range(table.shape[1]) if classes is None else classes)
    if len(names) != table.shape[1]:
        raise ValueError(f"expected {table.shape[1]} names of classes, got {len(names)}")
    noise = noise_matrix(given, table, delta=delta)
    plain = plain_class(table, noise.thresholds)
    n_blocks, n_alone = None, 0
    if block is not None:
        codes, n_alone = label_blocks(block)
        check_same_rows(given.size, codes.size, "block")
        rate, by_given = noise_limits_by_block(noise, given, plain, codes, delta)
        noise, n_blocks = replace(noise, noise_rate=rate, by_given=by_given), int(codes.max()) + 1
    suspect = np.flatnonzero((plain >= 0) & (plain != given))
    margins = table[suspect, given[suspect]] - table[suspect, plain[suspect]]
    surest = np.argsort(margins, kind="stable")
    rows = suspect[surest]
    share, n_rows = noise.noise_rate, given.size
    estimate, low, high = (x * n_rows for x in (share.estimate, share.low, share.high))
    return LabelErrors(
        rows=rows,
        given=given[rows],
        suggested=plain[rows],
        margins=margins[surest],
        n_wrong=Interval(estimate, low, high, share.level, share.method),
        noise=noise,
        classes=names,
        n_rows=n_rows,
        n_blocks=n_blocks,
        n_alone=n_alone,
    )
