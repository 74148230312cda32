"""A session of `ActiveClean` that others go on with: what was drawn and said is kept.

It draws and steps as `active_cleaning` does. Rows may be said at any time, by several people; one
that was not drawn yet moves the model when its turn comes, so that no step is biased.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike

from trimtab.core.errors import NotFoundError
from trimtab.effort.active_answers import ActiveStatus, ActiveStep
from trimtab.effort.active_batch import Batch, Standing
from trimtab.effort.active_points import ModelScore, ValidationRows
from trimtab.effort.active_runs import status_of, steps_of
from trimtab.effort.active_state import ActiveState
from trimtab.effort.cleaning_fix import RowFix
from trimtab.stats.arrays import FloatArray
from trimtab.stats.convex_models import LinearModel

# what is drawn is kept before it is shown; back comes what was kept first
Keep = Callable[[Standing, Batch], tuple[Standing, Batch]]


class ActiveSession:
    """Rows that may be dirty, those that were drawn and said, and the model so far.

    Made by `start_active_cleaning` and `open_cleaning`. `fixed` maps a row to its features with
    the target at the end; `remember` is called with every row that is fixed, and `keep` with
    every batch that is drawn, before anything else is done with them.

    Parameters
    ----------
    state : ActiveState
        As it was when `drawn` was drawn.
    batch : int
        Rows a step.
    label_cost, cost_unit
        The price of a row.
    dirty : LinearModel
        The model before any row was cleaned.
    names : sequence of str
        What the features are called.
    points : ValidationRows, optional
        To judge models by.
    fixed : mapping of int to ndarray
        All rows said so far.
    drawn : Batch, optional
        The batch that the last step was not made with yet.
    remember, keep : callable, optional
        See above.
    """

    def __init__(
        self,
        state: ActiveState,
        *,
        batch: int,
        label_cost: float,
        cost_unit: str,
        dirty: LinearModel,
        names: Sequence[str] = (),
        points: ValidationRows | None = None,
        fixed: Mapping[int, FloatArray] | None = None,
        drawn: Batch | None = None,
        remember: Callable[[RowFix], None] | None = None,
        keep: Keep | None = None,
    ) -> None:
        self.state, self.batch, self.dirty, self.points = state, batch, dirty, points
        self.label_cost, self.cost_unit, self.names = label_cost, cost_unit, names
        self.fixed: dict[int, FloatArray] = dict(fixed or {})
        self.remember, self.keep = remember, keep
        self._drawn = drawn
        self._go_on()

    @property
    def model(self) -> LinearModel:
        """The model as it stands."""
        return self.state.model

    @property
    def drawn(self) -> tuple[int, ...]:
        """The rows of the batch, said or not; none when done."""
        return () if self._drawn is None else tuple(self._drawn.rows.tolist())

    def next(self, n: int | None = None) -> list[ActiveStep]:
        """Return the rows of the batch that were not said yet, at most `n`; none when done."""
        if self._drawn is None:
            return []
        places = [place for place, row in enumerate(self.drawn) if row not in self.fixed]
        return steps_of(self.state, self._drawn, places[:n])

    def fix(
        self,
        row: int,
        value: ArrayLike,
        *,
        cells: Mapping[str, str | None] | None = None,
        by: str | None = None,
        at: datetime | None = None,
        note: str | None = None,
    ) -> None:
        """Give a row its true features and, at the end, its target.

        A row that was fixed before is fixed anew: the steps made stay, the next ones use the new
        value. `cells`, `by`, `at` and `note` are kept for the cleaned table (see `RowFix`).

        Raises
        ------
        NotFoundError
            If the row is none that may be dirty.
        ValueError
            If the values are not finite, one a feature, or the target is no class.
        """
        if not self.state.may_be_dirty(row):
            raise NotFoundError(
                f"expected a row that may be dirty, got {row}",
                hint="Begin with other suspects: rows beyond them are taken as clean.",
            )
        given = np.asarray(value, dtype=np.float64)
        known = self.state.as_value(given[:-1], float(given[-1]))
        if self.remember is not None:
            self.remember(RowFix(row, known, cells, by, at, note))
        self.fixed[row] = known
        if row in self.state.cleaned:
            self.state.know({row: known})
        self._go_on()

    def candidates(self, row: int) -> FloatArray:
        """Return no values: a row may hold any."""
        return np.empty((0, self.state.n_features + 1))

    def status(self) -> ActiveStatus:
        """Return how many rows are cleaned, what is left, and how far the model may be off."""
        stepped = set(self.state.cleaned.tolist())
        waiting = {row: value for row, value in self.fixed.items() if row not in stepped}
        price = self.label_cost, self.cost_unit
        return status_of(self.state, waiting, self.batch, *price, self.names)

    def score(self) -> ModelScore | None:
        """Return how good the model is on the validation rows; None without any."""
        if self.points is None:
            return None
        delta = self.state.delta
        return ModelScore(
            name="mean squared error" if self.model.loss.name == "squared" else "accuracy",
            before=self.points.score(self.dirty, delta=delta),
            now=self.points.score(self.model, delta=delta),
            n_rows=self.points.targets.size,
        )

    def _go_on(self) -> None:
        """Make the steps whose rows are all known, and draw the next batch."""
        while self._drawn is not None or self.state.n_left:
            if self._drawn is None:
                self._drawn = self.state.draw(self.batch)
                if self.keep is not None:
                    self.state.standing, self._drawn = self.keep(self.state.standing, self._drawn)
            if any(row not in self.fixed for row in self.drawn):
                return
            self.state.advance(self._drawn, np.array([self.fixed[row] for row in self.drawn]))
            self._drawn = None
