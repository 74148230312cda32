"""Which rows to clean for a linear model, and the model on the way there (ActiveClean).

For nearest neighbours and tables with empty cells see `cleaning`; the answers are in
`active_answers`, the statistics in `stats/gradient_sampling.py`.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.core.errors import NotFoundError
from trimtab.effort.active_answers import ActiveRun, ActiveStatus, ActiveStep, AskedRows
from trimtab.effort.active_batch import Batch
from trimtab.effort.active_runs import check_batch, run_with_truth, status_of, steps_of
from trimtab.effort.active_state import ActiveState, Update
from trimtab.stats.arrays import FloatArray, check_same_rows
from trimtab.stats.convex_losses import LossName
from trimtab.stats.convex_models import LinearModel


class ActiveClean:
    r"""Clean rows in small batches, and move a linear model to that of clean data.

    Training on a mix of cleaned and dirty rows can be worse than on dirty ones alone. ActiveClean
    [1]_ begins with the model of the dirty data, and after each batch makes one step down an
    *unbiased* estimate of the gradient on clean data:

    .. math:: \theta \leftarrow \theta - \gamma \left(\frac{|R_d|}{N} g_S + \frac{|R_c|}{N} g_C
       + \lambda \theta\right)

    with :math:`g_C` the mean gradient of the rows :math:`R_c` known to be clean, and :math:`g_S`
    the estimate for the rows :math:`R_d` that may be dirty, from the batch, weighted by one over
    the chance of each row to be in it. When no row is left that may be dirty the model is fitted
    to the clean data.

    With `update="difference"` (the default) :math:`g_S` is the mean of guesses for all of
    :math:`R_d` plus the weighted mean of what they missed in the batch; a guess is the gradient
    of the row as it stands, or changed as rows like it were. `"published"` has no guesses and
    varies more. The detector of dirty rows and the guesses only move chances, none of which
    becomes 0 (`floor`): the estimate is unbiased however wrong they are.

    Assumes that cleaning gives true values, and that rows outside `suspects` are clean: a row
    wrongly left out is never found. Scale the features; the penalty shrinks the intercept too. A
    poor choice for models that are not linear; where rules leave many rows that are clean and
    like the rest (train on those and on cleaned ones alone); and, with one gradient step a batch,
    slow where features are strongly correlated or in different units (`status` warns of that). A
    batch can make the model worse: in 12 runs of batches of 5 on made data, up to 15 times as far
    off when their steps were as long as those of 50, up to 3 times as they are.

    Parameters
    ----------
    features : array_like, shape (n_rows, n_features)
        As they stand, finite and scaled.
    targets : array_like, shape (n_rows,)
        As they stand: numbers for `squared`, classes 0 to n_classes - 1 for the others.
    loss : {'logistic', 'squared', 'hinge'}, default='logistic'
        What the model makes small; `hinge` (smoothed) takes two classes.
    suspects : array_like of bool, shape (n_rows,), optional
        Rows that may be dirty, by rules that miss none. All rows if not given.
    errors : array_like, shape (n_rows,), optional
        Kind of error suspected in each row; changes are learnt for each kind.
    batch : int, default=50
        Rows a step. Fewer than 25 make a step shorter in proportion, so that 25 rows move the
        model as far, with the same noise, whether in one batch or in five.
    penalty : float, default=0.001
        Weight of the squared parameters in the mean loss.
    step : float, optional
        :math:`\gamma`; by default one over the objective's largest curvature before the batch,
        less for few rows. One that is given is taken for every batch.
    floor : float, default=0.1
        Share of the chances that is spread evenly; 1 samples uniformly.
    update : {'difference', 'published'}, default='difference'
        The estimate of the dirty part, see above.
    seed : int, default=0
        Of the draws.
    delta : float, default=0.05
        Chance that the interval of the gradient misses, for one look. After a batch with fewer
        than 5 dirty rows there is none; a few that look harmless and matter most may be missed.
    label_cost : float, default=1.0
        What cleaning one row costs, in `cost_unit`.
    cost_unit : str, default="minutes"
        Of `label_cost`: minutes, or a currency.
    history : iterable of (int, array_like), optional
        Rows told before, in order, each with its features and target: the session goes on there.
    remember : callable, optional
        Called with row and value of each row told, before anything else is done with it.

    Raises
    ------
    ValueError
        If shapes do not agree, or a number is not finite or out of its range.

    References
    ----------
    .. [1] S. Krishnan, J. Wang, E. Wu, M. J. Franklin, K. Goldberg, "ActiveClean: interactive
       data cleaning for statistical modeling", PVLDB 9(12) (2016).

    Examples
    --------
    A measure in wrong units for a third of the rows.

    >>> rng = np.random.default_rng(0)
    >>> clean = rng.normal(size=(600, 2))
    >>> targets = (clean[:, 0] + rng.normal(size=600) > 0).astype(int)
    >>> dirty = clean.copy()
    >>> dirty[:200, 0] *= -3
    >>> session = ActiveClean(dirty, targets, batch=25)
    >>> for _ in range(4):
    ...     rows = session.ask().rows
    ...     session.tell(rows, clean[list(rows)], targets[list(rows)])
    >>> session.status().cleaned, session.status().rows_left
    (100, 500)
    >>> models = ActiveClean(dirty, targets).model, session.model
    >>> [round(float((model.predict(clean) == targets).mean()), 2) for model in models]
    [0.33, 0.72]
    """

    def __init__(
        self,
        features: ArrayLike,
        targets: ArrayLike,
        *,
        loss: LossName = "logistic",
        suspects: ArrayLike | None = None,
        errors: ArrayLike | None = None,
        batch: int = 50,
        penalty: float = 0.001,
        step: float | None = None,
        floor: float = 0.1,
        update: Update = "difference",
        seed: int = 0,
        delta: float = 0.05,
        label_cost: float = 1.0,
        cost_unit: str = "minutes",
        history: Iterable[tuple[int, ArrayLike]] = (),
        remember: Callable[[int, FloatArray], None] | None = None,
    ) -> None:
        check_batch(batch, label_cost)
        self._state = ActiveState(
            features, targets, loss=loss, suspects=suspects, errors=errors, penalty=penalty,
            step=step, floor=floor, update=update, seed=seed, delta=delta,
        )  # fmt: skip
        self.batch, self.penalty = int(batch), penalty
        self.label_cost, self.cost_unit = label_cost, cost_unit
        self.history: list[tuple[int, FloatArray]] = []
        self.remember: Callable[[int, FloatArray], None] | None = None
        self._waiting: dict[int, FloatArray] = {}
        self._drawn: Batch | None = None
        for row, value in history:
            *known, target = np.asarray(value, dtype=np.float64).tolist()
            self.fix(row, known, target)
        self.remember = remember

    @property
    def model(self) -> LinearModel:
        """The model as it stands: coefficients, intercept, `predict`, `predict_proba`."""
        return self._state.model

    def ask(self, n: int | None = None) -> AskedRows:
        """Return the rows of the batch that were not told yet, at most `n`; none when done.

        The same rows come until they are told: a batch is drawn once.
        """
        batch = self._batch()
        if batch is None:
            return AskedRows((), ())
        still = [place for place, row in enumerate(batch.rows) if int(row) not in self._waiting]
        return AskedRows(
            tuple(int(batch.rows[place]) for place in still[:n]),
            tuple(float(batch.chances[place]) for place in still[:n]),
        )

    def next(self, n: int = 1) -> list[ActiveStep]:
        """Return up to `n` rows to clean with the reason; none when done."""
        batch = self._batch()
        if batch is None:
            return []
        asked = set(self.ask(n).rows)
        places = [place for place, row in enumerate(batch.rows.tolist()) if row in asked]
        return steps_of(self._state, batch, places)

    def tell(self, rows: ArrayLike, features: ArrayLike, targets: ArrayLike) -> None:
        """Take the true values of some rows, in any order; see `fix`.

        A row whose values are as they were was clean.
        """
        numbers = np.asarray(rows, dtype=np.int64)
        values = np.asarray(features, dtype=np.float64)
        aims = np.asarray(targets, dtype=np.float64)
        check_same_rows(numbers.size, len(values), "features")
        check_same_rows(numbers.size, len(aims), "targets")
        for row, value, aim in zip(numbers, values, aims, strict=True):
            self.fix(int(row), value, float(aim))

    def fix(self, row: int, features: ArrayLike, target: float) -> None:
        """Give a row its true values; the model moves when the batch is complete.

        The order within a batch does not matter. A row told before is told anew: the steps made
        stay, the next ones use the new value.

        Raises
        ------
        NotFoundError
            If the row is not in the batch that `ask` names, and was not cleaned before. Other
            rows would make the estimate biased.
        ValueError
            If the values are not finite, one a feature, or the target is no class.
        """
        value = self._state.as_value(features, target)
        batch = self._batch()
        in_batch = batch is not None and row in batch.rows
        if not in_batch and row not in self._state.cleaned:
            raise NotFoundError(
                f"expected a row of the batch or one cleaned before, got {row}",
                hint="`ask()` names the rows of the batch.",
            )
        if self.remember is not None:
            self.remember(row, value)
        self.history.append((row, value))
        if not in_batch:
            self._state.know({row: value})
            return
        self._waiting[row] = value
        if batch is not None and len(self._waiting) == batch.rows.size:
            self._state.advance(batch, np.array([self._waiting[int(row)] for row in batch.rows]))
            self._waiting, self._drawn = {}, None

    def status(self) -> ActiveStatus:
        """Return how many rows are cleaned, what is left, and how far the model may be off."""
        price = self.label_cost, self.cost_unit
        return status_of(self._state, self._waiting, self.batch, *price)

    def run(
        self, features: ArrayLike, targets: ArrayLike, *, budget: int | None = None
    ) -> ActiveRun:
        """Clean whole batches with the true values of all rows, until done or `budget` rows are.

        For judging the method on data whose clean values are at hand.
        """
        shape = self._state.rows.shape
        return run_with_truth(self, features, targets, budget=budget, shape=shape)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings: with the data and `history`, all that a session follows from."""
        names = "batch", "label_cost", "cost_unit"
        return {**self._state.settings(), **{name: getattr(self, name) for name in names}}

    def _batch(self) -> Batch | None:
        if self._drawn is None and self._state.n_left:
            self._drawn = self._state.draw(self.batch)
        return self._drawn
