"""What `ActiveClean` knows: the rows as they stand, the model, and the step that a batch makes."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from trimtab.core.errors import nearest
from trimtab.effort.active_arguments import kinds_of, loss_of, suspects_of
from trimtab.effort.active_batch import Batch, Standing
from trimtab.effort.active_detector import dirty_chances
from trimtab.stats.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    check_fraction,
    check_same_rows,
)
from trimtab.stats.convex_losses import LossName, as_targets
from trimtab.stats.convex_models import (
    LinearModel,
    fit_linear,
    mean_gradient,
    row_gradients,
    with_ones,
)
from trimtab.stats.gradient_guesses import Change, guess_gradients, learn_change
from trimtab.stats.gradient_limits import StepLimits, step_limits
from trimtab.stats.gradient_sampling import draw_rows, sampling_chances, unbiased_mean

Update = Literal["difference", "published"]
# a step is never longer than for rows that bend a tenth as much as they can
_LEAST_BEND = 0.1
# dirty rows in a batch, for it to say how much dirt may still move the gradient
_SOME_DIRTY = 5
# steps from fewer rows are shortened
FEW_ROWS = 25


class ActiveState:
    """The arguments are those of `ActiveClean`; rows have a last column of ones.

    With `standing` it goes on from there, once `know` has brought the rows cleaned till then.
    """

    def __init__(
        self,
        features: ArrayLike,
        targets: ArrayLike,
        *,
        loss: LossName,
        suspects: ArrayLike | None,
        errors: ArrayLike | None,
        penalty: float = 0.001,
        step: float | None = None,
        floor: float = 0.1,
        update: Update = "difference",
        seed: int = 0,
        delta: float = 0.05,
        standing: Standing | None = None,
    ) -> None:
        if update not in get_args(Update):
            hint = nearest(update, get_args(Update))
            raise ValueError(f"expected a known `update`, got {update!r}. {hint}")
        if (step is not None and not 0 < step < np.inf) or not 0 < floor <= 1:
            raise ValueError(
                f"expected `step` above 0 and `floor` in (0, 1], got {step} and {floor}"
            )
        check_fraction(delta, "delta")
        self._came = with_ones(features)
        self.loss = loss_of(loss, targets)
        self._came_targets = as_targets(targets, self.loss)
        n_rows = len(self._came)
        check_same_rows(n_rows, self._came_targets.size, "targets")
        self.penalty, self.step, self.floor = penalty, step, floor
        self.update, self.seed, self.delta = update, seed, delta
        self.rows, self.targets = self._came.copy(), self._came_targets.copy()
        self._suspect = suspects_of(suspects, n_rows)
        self._left = self._suspect.copy()
        self._kinds, self._n_kinds = kinds_of(errors, n_rows)
        if standing is None:
            dirty = fit_linear(features, targets, self.loss, penalty=penalty)
            standing = Standing(0, dirty.parameters)
        self.standing = standing

    @property
    def n_features(self) -> int:
        """Number of features, without the ones."""
        return int(self.rows.shape[1]) - 1

    @property
    def column_sizes(self) -> FloatArray:
        """Root mean square of each column where it is not 0, of the ones at the end."""
        counts = np.maximum((self.rows != 0).sum(axis=0), 1)
        sizes = np.sqrt((self.rows**2).sum(axis=0) / counts)
        return np.asarray(np.where(sizes > 0, sizes, 1.0))

    @property
    def n_left(self) -> int:
        """Number of rows that may be dirty and are in no batch that is complete."""
        return int(self._left.sum())

    def may_be_dirty(self, row: int) -> bool:
        """Return whether a row is one of the suspects, cleaned or not."""
        return 0 <= row < self._suspect.size and bool(self._suspect[row])

    @property
    def cleaned(self) -> IntArray:
        """Rows of complete batches, in increasing order."""
        return np.flatnonzero(self._suspect & ~self._left)

    @property
    def model(self) -> LinearModel:
        """The model as it stands."""
        return LinearModel(self.loss, self.standing.parameters)

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
        found = self._dirty()
        dirty = found[left]
        guesses = guess_gradients(
            self.rows[left], self.targets[left], dirty, self._kinds[left], self._changes(), at,
            self.loss,
        )  # fmt: skip
        # drawn by what is left to know, or by what is summed
        sizes = guesses.sizes if self.update == "difference" else guesses.lengths()
        n = min(n, left.size)
        chances = sampling_chances(sizes, n, floor=self.floor)
        places = draw_rows(chances, np.random.default_rng([self.seed, self.standing.steps]))
        return Batch(
            rows=left[places],
            chances=chances[places],
            even=n / left.size,
            dirty=dirty[places] if np.ptp(found) else np.full(n, np.nan),
            guesses=guesses.of(places),
            guess=guesses.mean(),
        )

    def advance(self, batch: Batch, values: FloatArray) -> None:
        """Make one step with a batch that was cleaned; `values` are features, then targets."""
        before, share = self.model.parameters, self.n_left / len(self.rows)
        curvature = self._curvature()
        length = self._length(curvature, batch.rows.size) if self.step is None else self.step
        rows, targets = with_ones(values[:, :-1]), values[:, -1]
        missed, guess = row_gradients(rows, targets, before, self.loss), np.zeros_like(before)
        if self.update == "difference":
            missed, guess = missed - batch.guesses, batch.guess
        slope = unbiased_mean(missed, batch.chances, self.n_left, guess) * share
        clean = ~self._left
        if clean.any():
            of_clean = mean_gradient(self.rows[clean], self.targets[clean], before, self.loss)
            slope = slope + of_clean * (clean.sum() / len(self.rows))
        slope = slope + self.penalty * before
        limits = step_limits(
            slope, missed * share, batch.chances, self.n_left,
            curvature=curvature, quadratic=self.loss.name == "squared", length=length,
            penalty=self.penalty, delta=self.delta,
        )  # fmt: skip
        if sum(map(self.differs, batch.rows, values)) < _SOME_DIRTY:
            # rows that are not dirty say nothing of what those not seen yet would change
            limits = limits.unknown()
        self.rows[batch.rows], self.targets[batch.rows] = rows, targets
        self._left[batch.rows] = False
        self.standing = Standing(self.standing.steps + 1, before - length * slope, limits)
        self._finish()

    def know(self, values: Mapping[int, FloatArray]) -> None:
        """Take the true values of rows as cleaned, without a step; steps made stay as they are."""
        for row, value in values.items():
            self.rows[row, :-1], self.targets[row] = value[:-1], value[-1]
            self._left[row] = False
        self._finish()

    def _finish(self) -> None:
        """Fit the model to clean data once all are clean."""
        if self.n_left:
            return
        # begun from nothing, so that it follows from the rows alone
        model = fit_linear(self.rows[:, :-1], self.targets, self.loss, penalty=self.penalty)
        at = model.parameters
        slope = mean_gradient(self.rows, self.targets, at, self.loss) + self.penalty * at
        limits = StepLimits.exact(float(np.linalg.norm(slope)), self.penalty, self.delta)
        self.standing = Standing(self.standing.steps, at, limits)

    def _length(self, curvature: FloatArray, n_rows: int) -> float:
        """Return how far a batch moves the model: less, in proportion, if it has few rows.

        Known before the batch, so that the step stays unbiased; 25 rows then move the model as
        far, with the same noise, in five batches as in one.
        """
        return min(1.0, n_rows / FEW_ROWS) / float(np.linalg.eigvalsh(curvature)[-1])

    def _curvature(self) -> FloatArray:
        """Return that of the objective, with rows and model as they stand; not too flat."""
        bends = self.loss.curvatures(self.rows @ self.model.parameters, self.targets)
        bends = np.maximum(bends, _LEAST_BEND * self.loss.steepest)
        square = (self.rows * bends[:, None]).T @ self.rows / len(self.rows)
        return np.asarray(square + self.penalty * np.eye(len(square)))

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
