"""Which of several models is best on today's data, with as few labels as possible.

Row by row: `ModelPicker`. For a table of predictions and labels that come when they come:
`effort.pick_rows`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trimtab.effort.class_codes import ClassCodes
from trimtab.effort.pick_answer import Pick, Rule, assumptions_of, check_settings
from trimtab.effort.pick_losses import FadingLosses, chance_of_asking
from trimtab.stats.arrays import check_cost
from trimtab.stats.selection import Contest


class ModelPicker:
    r"""Ask for the labels that tell which of several classifiers errs least, and stop.

    For each row, call `ask` with what the models predict. Where it says True, `tell` the label.
    No label is asked for where the models in question agree, nor after `is_done`.

    The default rule, `contenders`, asks about each row on which models that may still be the
    best disagree. A model is ruled out when bets against it have won `1 / delta` times their
    stake (`stats.selection.Contest`). `confidence` is a lower bound on the probability that
    `best` is the best model, or within `tolerance` of it. It is anytime-valid: one may look after
    each row and stop when one likes, and the chance that the bound is ever 1 - delta while the
    answer is wrong is at most delta.

    It rests on rows being independent draws of one distribution. With `rows`, the question is
    which model is best *on these rows*, and it rests on their coming in random order, each
    once; shuffle them. That takes far fewer labels: two models that are almost equal can not be
    told apart by any number of labels that one can pay for, except on a given set of rows. A poor
    choice where labels are themselves often wrong, where they come much later than the rows, and
    for models whose mistakes differ in price.

    In a world that moves, give `window`: models that were ruled out are watched again from time
    to time, and the answer is the model that is best *now*. No promise holds in a world that may
    do anything: it holds if, within each span of `window` rows, no two models' difference in
    their share of mistakes moves by more than `drift`. The larger `drift` is, the larger the
    lead that can be seen; what lies below it is never settled.

    Parameters
    ----------
    n_models : int
        Number of models, 2 or more.
    rule : {'contenders', 'weighted', 'disagreement', 'random'}, default='contenders'
        Which rows to ask about. `weighted` is the published Model Picker: at random, with a
        chance that is largest where good models are at odds. `disagreement` asks about a share
        of the rows on which models disagree, `random` about a share of all rows: baselines.
    rate : float, default=1
        What multiplies the chance of asking; gamma of the published rule. Not for `contenders`.
    tolerance : float, default=0
        Difference in the share of mistakes that does not matter, in [0, 1).
    delta : float, default=0.05
        Chance of a wrong answer at which to stop, in (0, 1).
    rows : int or array_like, shape (n_rows, n_models), optional
        All rows, when the best on these is sought: how many they are or, sharper, what the
        models predict for each. Not with a rule that leaves labels to chance.
    window : int, optional
        For a world that moves. Evidence starts anew after so many rows, with all models, and
        delta is the chance of error of each such span. For the answer until then rows count half
        as much after so many rows more. Not with `rows`.
    drift : float, default=0
        With `window`: the most by which the difference between two models' shares of mistakes
        moves within a span, in [0, 1).
    seed : int, default=0
        Of the chance in asking.

    Raises
    ------
    ValueError
        If an argument is outside what is said above.

    References
    ----------
    .. [1] M. R. Karimi et al., "Online active model selection for pre-trained classifiers",
       AISTATS (2021).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> truth = rng.integers(0, 3, 500)
    >>> noise = rng.random((500, 2)) < [0.05, 0.25]
    >>> picker = ModelPicker(2, rows=(truth[:, None] + noise) % 3)
    >>> for label, row in zip(truth, (truth[:, None] + noise) % 3):
    ...     if picker.ask(row):
    ...         picker.tell(label)
    >>> picker.best(), picker.labels_used, picker.is_done()
    (0, 12, True)
    """

    def __init__(
        self,
        n_models: int,
        *,
        rule: Rule = "contenders",
        rate: float = 1.0,
        tolerance: float = 0.0,
        delta: float = 0.05,
        rows: int | ArrayLike | None = None,
        window: int | None = None,
        drift: float = 0.0,
        seed: int = 0,
    ) -> None:
        check_settings(rule, rate, delta, window, drift, has_rows=rows is not None)
        self.rule, self.rate, self.delta = rule, float(rate), float(delta)
        self.tolerance, self.window, self.drift = float(tolerance), window, float(drift)
        self._codes = ClassCodes()
        if isinstance(rows, np.integer):
            rows = int(rows)
        self._of_all = rows if rows is None or isinstance(rows, int) else self._codes.table(rows)
        self._n_models = n_models
        self._contest = self._new_contest()
        self._losses = FadingLosses(n_models, window)
        self._asked: tuple[NDArray[np.int64], float, float] | None = None
        self._values: NDArray[np.float64] | None = None
        self._random = np.random.default_rng(seed)
        self._rows_seen = self._labels_used = 0

    @property
    def labels_used(self) -> int:
        """Number of labels told."""
        return self._labels_used

    @property
    def rows_seen(self) -> int:
        """Number of rows that `ask` was called with."""
        return self._rows_seen

    @property
    def confidence(self) -> float:
        """Lower bound on the probability that `best` is within `tolerance` of the best model.

        In the sense of a confidence level: of all pickers, at most a share of delta ever say
        1 - delta or more for a wrong answer.
        """
        values = self._p_values()
        return float(1 - np.delete(values, self.best()).max())

    @property
    def contenders(self) -> tuple[int, ...]:
        """The models that may still be the best, at a chance of error of `delta`."""
        return tuple(int(place) for place in np.flatnonzero(self._p_values() > self.delta))

    @property
    def ruled_out(self) -> tuple[int, ...]:
        """The models that are no longer watched (with `window`, until this span ends)."""
        return tuple(int(place) for place in np.flatnonzero(self._contest.out))

    def best(self) -> int:
        """Return the place of the model with the fewest mistakes, the first one of several.

        With `window`, of those that this span has not ruled out.
        """
        if self.window is None:
            return self._contest.leader
        return int(np.where(self._contest.out, np.inf, self._losses.sums).argmin())

    def is_done(self) -> bool:
        """Return whether `confidence` has reached 1 - `delta`: no label is asked for then."""
        return self.confidence >= 1 - self.delta

    def ask(self, predictions: Sequence[Any] | NDArray[Any]) -> bool:
        """Take the next row; return whether its label is needed.

        Parameters
        ----------
        predictions : sequence, shape (n_models,)
            The class that each model predicts: numbers or texts.

        Returns
        -------
        bool
            If True, call `tell` before the next row.

        Raises
        ------
        ValueError
            If the label of the row before was not told, or there is not one prediction a model.
        """
        if self._asked is not None:
            raise ValueError("expected `tell(label)` for the row that was asked about, got a row")
        row = self._codes.row(predictions)
        if row.size != self._n_models:
            raise ValueError(f"expected {self._n_models} predictions, one a model, got {row.size}")
        self._begin_row()
        self._rows_seen += 1
        if self.is_done():
            return False
        chance, least = self._chance(row)
        if chance > 0 and (chance >= 1 or self._random.random() < chance):
            self._asked = (row, chance, least)
            return True
        self._contest.add(row, None, least=least)
        self._values = None
        return False

    def wants(self, predictions: Sequence[Any] | NDArray[Any]) -> bool:
        """Return whether the label of such a row may be asked for now, without taking the row."""
        return not self.is_done() and self._chance(self._codes.row(predictions))[0] > 0

    def tell(self, label: Any) -> None:
        """Take the label of the row that `ask` said True to; without one, a ValueError."""
        if self._asked is None:
            raise ValueError("expected a row first that `ask` says True to, got a label")
        row, chance, least = self._asked
        self._asked = None
        mistakes = row != self._codes.row([label])[0]
        self._contest.add(row, mistakes, chance=chance, least=least)
        watched = ~self._contest.out if self.rule == "contenders" else None
        self._losses.add(mistakes / chance, watched)
        self._labels_used += 1
        if self.rule == "contenders" or self.window is not None:
            self._contest.rule_out(self.delta)
        self._values = None

    def result(self, *, label_cost: float | None = None, cost_unit: str = "minutes") -> Pick:
        """Return the answer so far, what it rests on, and its cost at the price of a label."""
        check_cost(label_cost)
        return Pick(
            outcome="done" if self.is_done() else "not enough data",
            best=self.best(),
            confidence=self.confidence,
            tolerance=self.tolerance,
            delta=self.delta,
            contenders=self.contenders,
            rows_seen=self.rows_seen,
            labels_used=self.labels_used,
            cost=None if label_cost is None else label_cost * self.labels_used,
            cost_unit=cost_unit,
            assumptions=assumptions_of(self.window, self.drift, pool=self._of_all is not None),
        )

    def _new_contest(self) -> Contest:
        return Contest(
            self._n_models, tolerance=self.tolerance, rows=self._of_all, drift=self.drift
        )

    def _p_values(self) -> NDArray[np.float64]:
        if self._values is None:
            self._values = self._contest.p_values(self.best())
        return self._values

    def _chance(self, row: NDArray[np.int64]) -> tuple[float, float]:
        return chance_of_asking(self.rule, self.rate, row, self._contest.out, self._losses)

    def _begin_row(self) -> None:
        """Let old rows fade, and begin a new span of evidence where one ends."""
        self._losses.next_row()
        if self.window is not None and self._rows_seen and self._rows_seen % self.window == 0:
            self._contest = self._new_contest()
            self._values = None
