"""Which of several models is best on today's data, with as few labels as possible.

Row by row: `ModelPicker`. For a table of predictions and labels that come when they come:
`effort.pick_rows`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trimtab.core.errors import nearest
from trimtab.core.records import Record
from trimtab.stats.selection import Contest, asking_chance, learning_rate

Rule = Literal["contenders", "weighted", "disagreement", "random"]
Outcome = Literal["done", "not enough data"]


@dataclass(frozen=True, slots=True)
class Pick(Record):
    """Which model is best as far as is known, and how sure that is.

    Parameters
    ----------
    outcome : {'done', 'not enough data'}
        Whether `confidence` has reached what was asked for.
    best : int
        The answer: place of a model.
    confidence : float
        Lower bound on the probability that the answer is within `tolerance` of the best.
    tolerance : float
        Difference in the share of mistakes that does not matter.
    delta : float
        Asked for was a confidence of 1 - `delta`.
    contenders : tuple of int
        Models that may still be the best.
    rows_seen, labels_used : int
        Rows so far, and labels told.
    cost, cost_unit
        What these labels cost at the user's price, None without one.
    assumptions : tuple of str
        What the confidence rests on.
    """

    outcome: Outcome
    best: int
    confidence: float
    tolerance: float
    delta: float
    contenders: tuple[int, ...]
    rows_seen: int
    labels_used: int
    cost: float | None
    cost_unit: str
    assumptions: tuple[str, ...]


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
    told apart by any number of labels that one can pay for, except on a given set of rows. With
    `window` both the answer and the evidence are about recent rows. A poor choice where labels
    are themselves often wrong, where they come much later than the rows, and for models whose
    mistakes differ in price.

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
        For a world that moves. Rows count half as much after so many rows more. Evidence starts
        anew after so many rows, and delta is the chance of error of each such span, in which the
        world is taken to stand still. Not for `contenders`: a model that is ruled out is not
        watched, and could become the best unseen.
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
        seed: int = 0,
    ) -> None:
        _check(rule, rate, delta, window, has_rows=rows is not None)
        self.rule, self.rate, self.delta = rule, float(rate), float(delta)
        self.tolerance, self.window = float(tolerance), window
        self._codes: dict[Any, int] = {}
        self._of_all = None if rows is None else self._all_rows(rows)
        self._contest = Contest(n_models, tolerance=self.tolerance, rows=self._of_all)
        self._losses = np.zeros(n_models)
        self._weight = 0.0
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

    def best(self) -> int:
        """Return the place of the model with the fewest mistakes, the first one of several."""
        return self._contest.leader if self.window is None else int(self._losses.argmin())

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
        row = self._coded(predictions)
        if row.shape != self._losses.shape:
            raise ValueError(
                f"expected {self._losses.size} predictions, one a model, got shape {row.shape}"
            )
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
        return not self.is_done() and self._chance(self._coded(predictions))[0] > 0

    def tell(self, label: Any) -> None:
        """Take the label of the row that `ask` said True to.

        Raises
        ------
        ValueError
            If no label was asked for.
        """
        if self._asked is None:
            raise ValueError("expected a row first that `ask` says True to, got a label")
        row, chance, least = self._asked
        self._asked = None
        mistakes = row != self._coded([label])[0]
        self._contest.add(row, mistakes, chance=chance, least=least)
        self._losses += mistakes / chance
        self._labels_used += 1
        if self.rule == "contenders":
            self._contest.rule_out(self.delta)
        self._values = None

    def result(self, *, label_cost: float | None = None, cost_unit: str = "minutes") -> Pick:
        """Return the answer so far with what it rests on.

        Parameters
        ----------
        label_cost : float, optional
            What one label costs, in `cost_unit`.
        cost_unit : str, default='minutes'
            Minutes, or money.
        """
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
            assumptions=self._assumptions(),
        )

    def _p_values(self) -> NDArray[np.float64]:
        if self._values is None:
            self._values = self._contest.p_values(self.best())
        return self._values

    def _chance(self, row: NDArray[np.int64]) -> tuple[float, float]:
        """Return the chance of asking about a row, and the least there was before it came."""
        share = min(1.0, self.rate)
        match self.rule:
            case "random":
                return share, share
            case "disagreement":
                return (share if (row != row[0]).any() else 0.0), share
            case "contenders":
                still = row[~self._contest.out]
                return float((still != still[0]).any()), 1.0
        eta = learning_rate(row.size, max(1.0, self._weight))
        return asking_chance(row, self._losses, eta=eta, rate=self.rate), min(1.0, eta)

    def _begin_row(self) -> None:
        """Let old rows fade, and begin a new span of evidence where one ends."""
        keep = 1.0 if self.window is None else 0.5 ** (1 / self.window)
        self._losses *= keep
        self._weight = self._weight * keep + 1
        if self.window is not None and self._rows_seen and self._rows_seen % self.window == 0:
            self._contest = Contest(self._losses.size, tolerance=self.tolerance)
            self._values = None

    def _all_rows(self, rows: int | ArrayLike) -> int | NDArray[np.int64]:
        if isinstance(rows, (int, np.integer)):
            return int(rows)
        array = np.asarray(rows)
        return self._coded(array.ravel()).reshape(array.shape)

    def _coded(self, labels: Sequence[Any] | NDArray[Any]) -> NDArray[np.int64]:
        """Return classes as small integers, the same for the same class from first to last."""
        plain = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
        if any(label is None or label != label for label in plain):
            raise ValueError("expected a class from each model and for each label, got a gap")
        codes = [self._codes.setdefault(label, len(self._codes)) for label in plain]
        return np.array(codes, dtype=np.int64)

    def _assumptions(self) -> tuple[str, ...]:
        rows = "rows are independent draws of one distribution"
        if self.window is not None:
            rows += f" within each span of {self.window:,} rows"
        if self._of_all is not None:
            rows = "rows come in random order, each once"
        return (rows, "labels are true", "each mistake counts the same")


def _check(rule: str, rate: float, delta: float, window: int | None, *, has_rows: bool) -> None:
    if rule not in get_args(Rule):
        raise ValueError(f"expected a known `rule`, got {rule!r}. {nearest(rule, get_args(Rule))}")
    if not 0 < rate < math.inf or not 0 < delta < 1:
        raise ValueError(
            f"expected `rate` above 0 and `delta` between 0 and 1, got {rate} and {delta}"
        )
    if rule == "contenders" and (rate != 1 or window is not None):
        raise ValueError(
            f"expected no `rate` and no `window` with rule 'contenders', got {rate} and {window}"
        )
    if has_rows and (window is not None or rule == "weighted" or rate < 1):
        raise ValueError(
            "expected `rows` without `window` and with a rule that asks for sure, got "
            f"rule {rule!r}, rate {rate} and window {window}"
        )
    if window is not None and window < 1:
        raise ValueError(f"expected `window` of 1 row or more, got {window}")
