"""What `ActiveClean` knows: the rows as they stand, the model, and the step that a batch makes."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from trimtab.core.errors import nearest
from trimtab.effort.active_detector import dirty_chances
from trimtab.stats.arrays import BoolArray, FloatArray, IntArray, check_same_rows
from trimtab.stats.convex_losses import ConvexLoss, LossName, as_targets
from trimtab.stats.convex_models import (
    LinearModel,
    fit_linear,
    mean_gradient,
    row_gradients,
    with_ones,
)
from trimtab.stats.gradient_guesses import Change, Guesses, guess_gradients, learn_change
from trimtab.stats.gradient_sampling import (
    draw_rows,
    error_limit,
    sampling_chances,
    unbiased_mean,
)
from trimtab.stats.interval import Interval

Update = Literal["difference", "published"]
# a step is never longer than for rows that bend a tenth as much as they can
_LEAST_BEND = 0.1
# dirty rows in a batch, for it to say how much dirt may still move the gradient
_SOME_DIRTY = 5
# each has its parameters: a larger number is a name
_MOST_CLASSES = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows drawn together: their numbers, their places among those left, and their chances.

    `even` is the chance of each if all were alike, `guesses` are of all rows left, `dirty` is
    the probability of each row drawn to be dirty.
    """

    rows: IntArray
    places: IntArray
    chances: FloatArray
    even: float
    guesses: Guesses
    dirty: FloatArray


class ActiveState:
    """The arguments are those of `ActiveClean`; rows have a last column of ones."""

    def __init__(
        self,
        features: ArrayLike,
        targets: ArrayLike,
        *,
        loss: LossName,
        suspects: ArrayLike | None,
        errors: ArrayLike | None,
        penalty: float,
        step: float | None,
        floor: float,
        update: Update,
        seed: int,
        delta: float,
    ) -> None:
        if update not in get_args(Update):
            hint = nearest(update, get_args(Update))
            raise ValueError(f"expected a known `update`, got {update!r}. {hint}")
        if (step is not None and not 0 < step < np.inf) or not 0 < floor <= 1:
            raise ValueError(
                f"expected `step` above 0 and `floor` in (0, 1], got {step} and {floor}"
            )
        self._came = with_ones(features)
        self.loss = _loss(loss, targets)
        self._came_targets = as_targets(targets, self.loss)
        n_rows = len(self._came)
        check_same_rows(n_rows, self._came_targets.size, "targets")
        self.penalty, self.step, self.floor = penalty, step, floor
        self.update, self.seed, self.delta = update, seed, delta
        self.rows, self.targets = self._came.copy(), self._came_targets.copy()
        self._suspect = _suspects(suspects, n_rows)
        self._left = self._suspect.copy()
        self._kinds, self._n_kinds = _kinds(errors, n_rows)
        self.steps = 0
        self.gradient: Interval | None = None
        self.distance_at_most: float | None = None
        self.model = fit_linear(features, targets, self.loss, penalty=penalty)

    @property
    def n_features(self) -> int:
        """Number of features, without the ones."""
        return int(self.rows.shape[1]) - 1

    @property
    def n_left(self) -> int:
        """Number of rows that may be dirty and are in no batch that is complete."""
        return int(self._left.sum())

    @property
    def cleaned(self) -> IntArray:
        """Rows of complete batches, in increasing order."""
        return np.flatnonzero(self._suspect & ~self._left)

    @property
    def is_changed(self) -> BoolArray:
        """Whether each row differs from how it came."""
        moved = (self.rows != self._came).any(axis=1)
        return np.asarray(moved | (self.targets != self._came_targets))

    def as_value(self, features: ArrayLike, target: float) -> FloatArray:
        """Return checked features with the target at the end."""
        value = np.append(np.asarray(features, dtype=np.float64), target)
        if value.shape != (self.n_features + 1,) or not np.isfinite(value).all():
            raise ValueError(
                f"expected {self.n_features} finite features and a target, got {value.tolist()}"
            )
        as_targets(value[-1:], self.loss)
        return value

    def differs(self, row: int, value: FloatArray) -> bool:
        """Return whether a value (features, then target) differs from how the row came."""
        came = np.append(self._came[row, :-1], self._came_targets[row])
        return bool((value != came).any())

    def settings(self) -> dict[str, Any]:
        """Return the numbers and names that this was made with."""
        names = "penalty", "step", "floor", "update", "seed", "delta"
        return {"loss": self.loss.name, **{name: getattr(self, name) for name in names}}

    def draw(self, n: int) -> Batch:
        """Draw the next batch, of `n` rows or all that are left."""
        left, at = np.flatnonzero(self._left), self.model.parameters
        dirty = self._dirty()[left]
        guesses = guess_gradients(
            self.rows[left], self.targets[left], dirty, self._kinds[left], self._changes(), at,
            self.loss,
        )  # fmt: skip
        # drawn by what is left to know, or by what is summed
        sizes = guesses.sizes if self.update == "difference" else guesses.lengths()
        n = min(n, left.size)
        chances = sampling_chances(sizes, n, floor=self.floor)
        places = draw_rows(chances, np.random.default_rng([self.seed, self.steps]))
        return Batch(left[places], places, chances[places], n / left.size, guesses, dirty[places])

    def advance(self, batch: Batch, values: FloatArray) -> None:
        """Make one step with a batch that was cleaned; `values` are features, then targets."""
        before, n_left, n_rows = self.model.parameters, self.n_left, len(self.rows)
        length = 1 / self._steepness() if self.step is None else self.step
        rows, targets = with_ones(values[:, :-1]), values[:, -1]
        missed, guess = row_gradients(rows, targets, before, self.loss), np.zeros_like(before)
        if self.update == "difference":
            missed, guess = missed - batch.guesses.of(batch.places), batch.guesses.mean()
        slope = unbiased_mean(missed, batch.chances, n_left, guess) * (n_left / n_rows)
        off = error_limit(missed, batch.chances, n_left, delta=self.delta) * (n_left / n_rows)
        if sum(map(self.differs, batch.rows, values)) < _SOME_DIRTY:
            # rows that are not dirty say nothing of what those not seen yet would change
            off = np.inf
        clean = ~self._left
        if clean.any():
            of_clean = mean_gradient(self.rows[clean], self.targets[clean], before, self.loss)
            slope = slope + of_clean * (clean.sum() / n_rows)
        slope = slope + self.penalty * before
        self.rows[batch.rows], self.targets[batch.rows] = rows, targets
        self._left[batch.rows] = False
        self.steps += 1
        self.model = LinearModel(self.loss, before - length * slope)
        self._bound(float(np.linalg.norm(slope)), off, length)
        self._finish()

    def correct(self, row: int, value: FloatArray) -> None:
        """Give a row that was cleaned before another value; steps made stay as they are."""
        self.rows[row, :-1], self.targets[row] = value[:-1], value[-1]
        self._finish()

    def _bound(self, size: float, off: float, length: float) -> None:
        """Keep what the gradient before the step says of the model after it."""
        method = "Student's t on the batch, for one look"
        self.gradient = Interval(size, max(size - off, 0), size + off, 1 - self.delta, method)
        # strongly convex: the best parameters are no further than the gradient over the penalty
        self.distance_at_most = (size + off) / self.penalty + length * size

    def _finish(self) -> None:
        """Fit the model to clean data once all are clean."""
        if self.n_left:
            return
        start = self.model.parameters
        self.model = fit_linear(
            self.rows[:, :-1], self.targets, self.loss, penalty=self.penalty, start=start
        )
        at = self.model.parameters
        slope = mean_gradient(self.rows, self.targets, at, self.loss) + self.penalty * at
        self._bound(float(np.linalg.norm(slope)), 0.0, 0.0)

    def _steepness(self) -> float:
        """Return the largest curvature of the objective, with rows and model as they stand."""
        bends = self.loss.curvatures(self.rows @ self.model.parameters, self.targets)
        bends = np.maximum(bends, _LEAST_BEND * self.loss.steepest)
        square = (self.rows * bends[:, None]).T @ self.rows / len(self.rows)
        return float(np.linalg.eigvalsh(square)[-1]) + self.penalty

    def _dirty(self) -> FloatArray:
        """Return each row's probability to be dirty, from those cleaned."""
        scores = self._came @ self.model.parameters
        losses = self.loss.values(scores, self._came_targets)
        facts = np.column_stack([self._came[:, :-1], self._came_targets, self._kinds, losses])
        cleaned = self._suspect & ~self._left
        return dirty_chances(facts, cleaned, self.is_changed, seed=self.seed)

    def _changes(self) -> list[Change | None]:
        """Return what is known of each kind of error; of all kinds, where there is too little."""
        changed = self.is_changed

        def learned(at: BoolArray) -> Change | None:
            came = self._came[at], self.rows[at], self._came_targets[at], self.targets[at]
            return learn_change(*came, self.loss)

        everything = learned(changed)
        each = (learned(changed & (self._kinds == kind)) for kind in range(self._n_kinds))
        return [known or everything for known in each]


def _loss(name: LossName, targets: ArrayLike) -> ConvexLoss:
    """Return the loss, with as many classes as the targets name."""
    if name == "squared":
        return ConvexLoss(name)
    array = np.asarray(targets, dtype=np.float64)
    largest = float(array.max()) if array.size and np.isfinite(array).all() else 0.0
    if largest >= _MOST_CLASSES:
        raise ValueError(
            f"expected `targets` as classes from 0 to below {_MOST_CLASSES:,}, got {largest:g}"
        )
    return ConvexLoss(name, max(int(largest) + 1, 2))


def _suspects(suspects: ArrayLike | None, n_rows: int) -> BoolArray:
    if suspects is None:
        return np.ones(n_rows, dtype=np.bool_)
    array = np.asarray(suspects)
    if array.dtype != np.bool_ or array.shape != (n_rows,):
        raise ValueError(
            f"expected `suspects` of bool, shape ({n_rows},), got {array.dtype} {array.shape}"
        )
    return np.asarray(array.copy(), dtype=np.bool_)


def _kinds(errors: ArrayLike | None, n_rows: int) -> tuple[IntArray, int]:
    if errors is None:
        return np.zeros(n_rows, dtype=np.int64), 1
    given = np.asarray(errors)
    check_same_rows(n_rows, given.size, "errors")
    # texts, so that None is a kind among others
    names, codes = np.unique(given.ravel().astype(str), return_inverse=True)
    return codes.astype(np.int64), int(names.size)
