r"""What a row's gradient may be once it is cleaned, from what changed in rows cleaned before.

Two guesses are mixed by the probability that the row is dirty: its gradient as it stands, and
that of the row changed as dirty rows of its kind of error changed: features by their mean change,
classes by how often each became which. To first order this is the estimator of ActiveClean,
:math:`g + M_x \Delta_x + M_y \Delta_y`; evaluated at the changed row it needs no derivatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.convex_losses import ConvexLoss

# with fewer changes of a kind, those of all kinds are taken; with fewer of all, none
_MIN_CHANGES = 5


@dataclass(frozen=True, slots=True, eq=False)
class Guesses:
    """Guessed gradients of rows, kept as products, and how far off they may be.

    `parts` are pairs (rows, slopes): a row's guess is the sum of its outer products. `sizes` are
    the expected distances of guess and truth, up to a factor.
    """

    parts: tuple[tuple[FloatArray, FloatArray], ...]
    sizes: FloatArray

    def mean(self) -> FloatArray:
        """Return the mean of all guesses, shape (n_features + 1, n_outputs)."""
        total = sum(rows.T @ slopes for rows, slopes in self.parts)
        return np.asarray(total / self.sizes.size, dtype=np.float64)

    def of(self, places: IntArray) -> FloatArray:
        """Return the guesses of some rows, shape (n_places, n_features + 1, n_outputs)."""
        total = sum(
            rows[places][:, :, None] * slopes[places][:, None] for rows, slopes in self.parts
        )
        return np.asarray(total, dtype=np.float64)

    def lengths(self) -> FloatArray:
        """Return the Euclidean length of each guess."""
        square = np.zeros(self.sizes.size)
        for rows, slopes in self.parts:
            for others, other_slopes in self.parts:
                square += (rows * others).sum(axis=1) * (slopes * other_slopes).sum(axis=1)
        return np.sqrt(np.maximum(square, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """How dirty rows of one kind of error changed when they were cleaned.

    Parameters
    ----------
    shift : ndarray, shape (n_features + 1,)
        Mean change of each feature where that foretells a change better than none does.
    aim : float
        The same of the target, for `squared`.
    became : ndarray, shape (n_classes, n_classes)
        Probability of each class, by the class the row had.
    rest : ndarray, shape (n_rows, n_features + 2)
        What the mean leaves unexplained in features and target.
    """

    shift: FloatArray
    aim: float
    became: FloatArray
    rest: FloatArray


def learn_change(
    before: FloatArray,
    after: FloatArray,
    targets_before: FloatArray,
    targets_after: FloatArray,
    loss: ConvexLoss,
) -> Change | None:
    """Return how rows changed, or None where there are fewer than 5."""
    n = len(before)
    if n < _MIN_CHANGES:
        return None
    change = np.column_stack([after - before, targets_after - targets_before])
    if loss.name != "squared":
        change[:, -1] = 0
    mean = change.mean(axis=0)
    # each change foretold by the mean of the others, against no change at all
    left_out = ((change - mean) ** 2).sum(axis=0) * (n / (n - 1)) ** 2
    mean[left_out >= (change**2).sum(axis=0)] = 0
    became = np.eye(loss.n_classes)
    if loss.name != "squared":
        # as if one row of each class had stayed what it was
        np.add.at(became, (targets_before.astype(np.int64), targets_after.astype(np.int64)), 1)
    became /= became.sum(axis=1, keepdims=True)
    return Change(mean[:-1], float(mean[-1]), became, change - mean)


def guess_gradients(
    rows: FloatArray,
    targets: FloatArray,
    dirty: FloatArray,
    kinds: IntArray,
    changes: Sequence[Change | None],
    parameters: FloatArray,
    loss: ConvexLoss,
) -> Guesses:
    """Guess the gradients of rows once they are clean.

    Parameters
    ----------
    rows, targets : ndarray, shape (m, n_features + 1) and (m,)
        As they stand, rows with the ones of `with_ones`.
    dirty : ndarray, shape (m,)
        Probability that each is dirty.
    kinds : ndarray of int, shape (m,)
        Kind of error of each: a place in `changes`.
    changes : sequence of Change or None
        What is known of each kind. Where nothing is, the guess is the gradient as it stands, and
        its length stands for how far off it may be.
    parameters, loss
        The model.

    Returns
    -------
    Guesses
        Of all m rows.
    """
    slopes, moved_slopes = (
        loss.slopes(rows @ parameters, targets),
        np.zeros((len(rows), loss.n_outputs)),
    )
    moved = rows.copy()
    sizes = np.linalg.norm(rows, axis=1) * np.linalg.norm(slopes, axis=1)
    for kind, change in enumerate(changes):
        at = np.flatnonzero(kinds == kind)
        if change is None or not at.size:
            continue
        moved[at] += change.shift
        weight = dirty[at][:, None]
        new, off = _changed(moved[at], targets[at], change, parameters, loss)
        apart = Guesses(((rows[at], slopes[at]), (moved[at], -new)), off)
        # if it is dirty, what the mean change leaves open; and whether it is dirty at all
        square = dirty[at] * off + dirty[at] * (1 - dirty[at]) * apart.lengths() ** 2
        sizes[at] = np.sqrt(square)
        slopes[at] *= 1 - weight
        moved_slopes[at] = weight * new
    return Guesses(((rows, slopes), (moved, moved_slopes)), sizes)


def _changed(
    rows: FloatArray,
    targets: FloatArray,
    change: Change,
    parameters: FloatArray,
    loss: ConvexLoss,
) -> tuple[FloatArray, FloatArray]:
    """Return the slopes of rows that were moved, and the mean square of what is not foretold."""
    scores, aims = rows @ parameters, targets + change.aim
    slopes, spread = _slopes_of_classes(scores, aims, change, loss)
    of_target = np.full((1, parameters.shape[1]), -1.0 if loss.name == "squared" else 0.0)
    # to first order: a change moves the row itself, and the slope by way of the score
    gap = change.rest @ np.concatenate([parameters, of_target])
    step, gap_square = (change.rest[:, :-1] ** 2).sum(axis=1), (gap**2).sum(axis=1)
    bend = loss.curvatures(scores, aims) ** 2 * gap_square.mean() + spread
    return slopes, step.mean() * (slopes**2).sum(axis=1) + (rows**2).sum(axis=1) * bend


def _slopes_of_classes(
    scores: FloatArray, aims: FloatArray, change: Change, loss: ConvexLoss
) -> tuple[FloatArray, FloatArray]:
    """Return the mean slopes over what the class may become, and their total variance."""
    if loss.name == "squared":
        return loss.slopes(scores, aims), np.zeros(len(scores))
    weights = change.became[aims.astype(np.int64)]
    each = np.stack(
        [loss.slopes(scores, np.full(len(scores), float(k))) for k in range(loss.n_classes)],
        axis=1,
    )
    mean = (weights[:, :, None] * each).sum(axis=1)
    square = (weights[:, :, None] * each**2).sum(axis=(1, 2))
    return mean, np.maximum(square - (mean**2).sum(axis=1), 0)
