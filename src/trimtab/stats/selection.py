"""Which of several models errs least: evidence by betting, and one rule for whom to ask.

For the limits of one mean: `sequential`. Nothing here draws at random or asks for a label.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.betting import LN_PRIOR, SHARES


def learning_rate(n_models: int, n_rows: float) -> float:
    """Return how sharply losses are turned into weights after so many rows (Model Picker)."""
    return math.sqrt(math.log(n_models) / (2 * n_rows))


def asking_chance(
    predictions: IntArray, losses: FloatArray, *, eta: float, rate: float = 1.0
) -> float:
    r"""Return the chance with which Model Picker asks for a row's label.

    With weights :math:`w_i \propto e^{-\eta L_i}` and :math:`m_c` the weight of the models that
    would be wrong if the label were c, it is :math:`\max_c m_c (1 - m_c)` times `rate`, at
    least `eta` and at most 1; 0 where all models agree. Rows on which the models that look good
    are at odds are asked most.

    Parameters
    ----------
    predictions : ndarray of int, shape (n_models,)
        The class that each model predicts for the row.
    losses : ndarray of float, shape (n_models,)
        The models' estimated numbers of mistakes so far.
    eta : float
        From `learning_rate`.
    rate : float, default=1
        The more, the more labels; gamma in some texts.

    Returns
    -------
    float
        Chance in [0, 1]. To keep losses unbiased, a mistake then counts one over the chance.

    References
    ----------
    .. [1] M. R. Karimi et al., "Online active model selection for pre-trained classifiers",
       AISTATS (2021).

    Examples
    --------
    >>> asking_chance(np.array([0, 0, 1, 1]), np.zeros(4), eta=0.1)
    0.25
    >>> asking_chance(np.array([1, 1, 1, 1]), np.zeros(4), eta=0.1)
    0.0
    """
    if (predictions == predictions[0]).all():
        return 0.0
    weights = np.exp(-eta * (losses - losses.min()))
    weights /= weights.sum()
    _, place = np.unique(predictions, return_inverse=True)
    wrong = 1 - np.bincount(place, weights=weights)
    return min(1.0, max(rate * float((wrong * (1 - wrong)).max()), eta))


class Contest:
    r"""The evidence against each of several models that it is the best, row by row.

    Against "model j is best" one bets, before each row, that j will err where the model that
    leads then does not. If j is best these bets are fair or worse whoever leads, so by Ville's
    inequality the money they make *ever* reaches :math:`1 / \delta` with probability at most
    :math:`\delta`. Only one model has to be the best: nothing is lost to their number. For
    "model i is worse than j by more than the tolerance" there is a bet for each pair. With a
    tolerance both kinds are in use, at half the probability each, and the second kind again
    shares it among the models that could be answered.

    Without `rows`, "best" means the smallest chance of a mistake, and rows are assumed
    independent draws of one distribution. With `rows` it means the fewest mistakes among those
    rows, which are assumed to come in random order, each once: then a lead that the rows to come
    can hardly or cannot make up for is evidence, and in the end nothing is left in doubt. A
    poor choice for rows that come in their order in time.

    Parameters
    ----------
    n_models : int
        Number of models, 2 or more.
    tolerance : float, default=0
        Difference in the share of mistakes that does not matter, in [0, 1).
    rows : int or ndarray of int, shape (n_rows, n_models), optional
        All rows: how many they are, or (sharper) what each model predicts for each.

    Raises
    ------
    ValueError
        If an argument is outside what is said above.

    References
    ----------
    .. [1] I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by
       betting", Journal of the Royal Statistical Society B 86 (2024).

    Examples
    --------
    >>> contest = Contest(2)
    >>> for _ in range(8):
    ...     contest.add(np.array([0, 1]), np.array([0, 1]))
    >>> contest.leader, contest.p_values().round(3).tolist()
    (0, [1.0, 0.061])
    """

    def __init__(
        self, n_models: int, *, tolerance: float = 0.0, rows: "int | IntArray | None" = None
    ) -> None:
        if n_models < 2 or not 0 <= tolerance < 1:
            raise ValueError(
                f"expected 2 models or more and a `tolerance` in [0, 1), got {n_models} and "
                f"{tolerance}"
            )
        self.tolerance = tolerance
        self.losses = np.zeros(n_models)
        self.out: BoolArray = np.zeros(n_models, dtype=np.bool_)
        self.n_rows, self._left = _rows_left(n_models, rows)
        self._pool = rows is not None and not isinstance(rows, int)
        pairs = n_models if tolerance else 0
        self._worse = np.zeros((n_models, SHARES.size))
        self._within = np.zeros((pairs, n_models, SHARES.size))
        self._ln_worse = np.zeros(n_models)
        self._ln_within = np.zeros((pairs, n_models))

    @property
    def leader(self) -> int:
        """The model with the fewest mistakes of those that are not ruled out."""
        return int(np.where(self.out, np.inf, self.losses).argmin())

    def add(
        self,
        predictions: IntArray,
        mistakes: ArrayLike | None,
        *,
        chance: float = 1.0,
        least: float = 1.0,
    ) -> None:
        """Count a row.

        Parameters
        ----------
        predictions : ndarray of int, shape (n_models,)
            The class that each model predicts.
        mistakes : array_like of bool, shape (n_models,), or None
            Which models are wrong; None if the label was not asked for.
        chance : float, default=1
            With which the label was asked for.
        least : float, default=1
            The least chance that was possible where models in question disagree, known before
            the row was: with random asking it limits what can be bet.

        Raises
        ------
        ValueError
            If there are more rows, or other rows, than were said to be all; or if all are known
            and the label of one that matters was left to chance.
        """
        if self.n_rows is not None and chance < 1:
            raise ValueError(f"expected `chance` 1 where all rows are known, got {chance}")
        if mistakes is None and self.n_rows is None and not self.tolerance:
            return
        lead = self.leader
        weighed = None if mistakes is None else np.asarray(mistakes, dtype=np.float64) / chance
        here = ~self.out
        if weighed is None:
            worse = np.zeros(here.size)
        else:
            worse = np.clip(least * (weighed - weighed[lead]), -1.0, 1.0)
        apart = predictions != predictions[lead] if self._pool else here.copy()
        apart = apart & here
        apart[lead] = False
        self._worse[apart] += _growth(worse[apart], self._means(least, 0.0, lead)[apart])
        if self.tolerance:
            self._add_pairs(predictions, weighed, here, least)
        if weighed is not None:
            self.losses += weighed
        self._count_down(predictions)
        self._ln_worse = np.maximum(self._ln_worse, _ln_money(self._worse))
        now = self.leader
        self._ln_worse[self._beaten(now)] = np.inf
        if self.tolerance:
            self._ln_within[now] = np.maximum(self._ln_within[now], _ln_money(self._within[now]))

    def rule_out(self, delta: float) -> None:
        """Rule out the models that are the best with p-value `delta` or less, for good.

        What they predict is of no interest from now on, and need not be asked about. One model
        always stays: a bet against the leader is not made.
        """
        ln_half = math.log(2) if self.tolerance else 0.0
        out = self.out | (ln_half - self._ln_worse <= math.log(delta))
        out[self.leader] = False
        self.out = out

    def p_values(self, answer: int | None = None) -> FloatArray:
        """Return for each model a p-value of "it is best, and the answer is not good enough".

        For the model that is best, the chance that this is *ever* `delta` or less while the
        answer is not within the tolerance of it is at most `delta`. The answer itself, by
        default the leader, has 1.
        """
        lead = self.leader if answer is None else answer
        if self.tolerance:
            ln_pairs = math.log(2 * (self.losses.size - 1)) - self._ln_within[lead]
            ln_p = np.minimum(math.log(2) - self._ln_worse, ln_pairs)
        else:
            ln_p = -self._ln_worse
        values: FloatArray = np.exp(np.minimum(ln_p, 0.0))
        values[self._settled(lead)] = 0.0
        values[lead] = 1.0
        return values

    def _means(self, least: float, tolerance: float, lead: int | None = None) -> FloatArray:
        """Return the largest mean of the next difference that a hypothesis allows.

        Of all models to the one in the lead, or else of all pairs.
        """
        if self.n_rows is None:
            return np.full(self.losses.size, -least * tolerance)
        ahead = self.losses[:, None] if lead is None else self.losses[lead]
        left = self._left if lead is None else self._left[lead]
        means: FloatArray = (ahead - self.losses - tolerance * self.n_rows) / np.maximum(left, 1)
        return means

    def _add_pairs(
        self, predictions: IntArray, weighed: FloatArray | None, here: BoolArray, least: float
    ) -> None:
        """Bet on each pair that the second is not better than the first by the tolerance."""
        n_models = here.size
        means = np.broadcast_to(self._means(least, self.tolerance), (n_models, n_models))
        if weighed is None:
            worse = np.zeros((n_models, n_models))
        else:
            worse = np.clip(least * (weighed - weighed[:, None]), -1.0, 1.0)
        on = here & here[:, None]
        if self._pool:
            on &= predictions != predictions[:, None]
        self._within[on] += _growth(worse[on], means[on])

    def _count_down(self, predictions: IntArray) -> None:
        if self.n_rows is None:
            return
        self._left -= predictions != predictions[:, None] if self._pool else 1
        if (self._left < 0).any():
            raise ValueError("expected only rows of `rows`, each once, got another one")

    def _beaten(self, lead: int) -> BoolArray:
        """Return which models certainly end behind the leader.

        Of models with the same mistakes the first one counts as best, so that it stays.
        """
        if self.n_rows is None:
            return np.zeros(self.out.size, dtype=np.bool_)
        spare = self.losses - self.losses[lead] - self._left[lead]
        later = np.arange(spare.size) > lead
        beaten: BoolArray = ~self.out & ((spare > 0) | ((spare == 0) & later))
        return beaten

    def _settled(self, lead: int) -> BoolArray:
        """Return which models the leader is certainly within the tolerance of."""
        if self.n_rows is None:
            return np.zeros(self.out.size, dtype=np.bool_)
        spare = self.losses - self.losses[lead] - self._left[lead]
        settled: BoolArray = ~self.out & (spare >= -self.tolerance * self.n_rows)
        return settled


def _rows_left(n_models: int, rows: "int | IntArray | None") -> "tuple[int | None, IntArray]":
    """Return the number of rows, and on how many of them each pair may differ."""
    if rows is None:
        return None, np.zeros((0, 0), dtype=np.int64)
    if isinstance(rows, int):
        if rows < 1:
            raise ValueError(f"expected `rows` of 1 or more, got {rows}")
        return rows, np.full((n_models, n_models), rows, dtype=np.int64)
    if rows.ndim != 2 or rows.shape[1] != n_models or not rows.shape[0]:
        raise ValueError(f"expected `rows` of shape (n_rows, {n_models}), got {rows.shape}")
    columns = rows.T
    left = [(columns != column).sum(axis=1) for column in columns]
    return rows.shape[0], np.array(left, dtype=np.int64)


def _growth(values: FloatArray, means: FloatArray) -> FloatArray:
    """Return by how much the logarithm of each bet's money grows, shape (n, n_shares).

    A value is in [-1, 1]; a mean below -1 cannot be, and any value is proof against it.
    """
    room = 1 + means
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.where(room > 0, (1 + values) / room, np.where(1 + values > room, np.inf, 1.0))
    growth: FloatArray = np.log((1 - SHARES) + SHARES * gain[:, None])
    return growth


def _ln_money(ln_bets: FloatArray) -> FloatArray:
    """Return the logarithm of the money in all bets of each row; infinite where one is."""
    ln_each = ln_bets + LN_PRIOR
    most = ln_each.max(axis=-1)
    with np.errstate(invalid="ignore"):
        total = most + np.log(np.exp(ln_each - most[..., None]).sum(axis=-1))
    money: FloatArray = np.where(np.isinf(most), most, total)
    return money
