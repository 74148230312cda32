"""Which of several models errs least: the evidence, by betting.

For the limits of one mean: `sequential`; for whom to ask about: `asking`. Nothing here draws at
random or asks for a label.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.betting import SHARES
from trimtab.stats.contest_bets import growth_of, ln_money, rows_left


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

    With `drift` the world may move while bets run: by how much one model errs more often than
    another may change by so much in all. "Model j is best now" then allows j a mean that is
    worse by `drift` at any other time, so bets have to win more than that; and as the best may
    change, each model gets its own share of the probability.

    Parameters
    ----------
    n_models : int
        Number of models, 2 or more.
    tolerance : float, default=0
        Difference in the share of mistakes that does not matter, in [0, 1).
    rows : int or ndarray of int, shape (n_rows, n_models), optional
        All rows: how many they are, or (sharper) what each model predicts for each.
    drift : float, default=0
        The most by which the difference between two models' chances of a mistake changes over
        all rows added, in [0, 1). Not with `rows`.

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
        self,
        n_models: int,
        *,
        tolerance: float = 0.0,
        rows: "int | IntArray | None" = None,
        drift: float = 0.0,
    ) -> None:
        if n_models < 2 or not 0 <= tolerance < 1 or not 0 <= drift < 1:
            raise ValueError(
                "expected 2 models or more, a `tolerance` and a `drift` in [0, 1), got "
                f"{n_models}, {tolerance} and {drift}"
            )
        if drift and rows is not None:
            raise ValueError("expected `drift` or `rows`: all rows known do not move, got both")
        self.tolerance, self.drift = tolerance, drift
        # a world that moves can have any model as its best for a while
        self._ln_bests = math.log(n_models) if drift else 0.0
        self.losses = np.zeros(n_models)
        self.out: BoolArray = np.zeros(n_models, dtype=np.bool_)
        self.n_rows, self._left = rows_left(n_models, rows)
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
        if mistakes is None and self.n_rows is None and not self.tolerance and not self.drift:
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
        self._worse[apart] += growth_of(worse[apart], self._means(least, -self.drift, lead)[apart])
        if self.tolerance:
            self._add_pairs(predictions, weighed, here, least)
        if weighed is not None:
            self.losses += weighed
        self._count_down(predictions)
        self._ln_worse = np.maximum(self._ln_worse, ln_money(self._worse))
        now = self.leader
        self._ln_worse[self._beaten(now)] = np.inf
        if self.tolerance:
            self._ln_within[now] = np.maximum(self._ln_within[now], ln_money(self._within[now]))

    def rule_out(self, delta: float) -> None:
        """Rule out the models that are the best with p-value `delta` or less, for good.

        What they predict is of no interest from now on, and need not be asked about. One model
        always stays: a bet against the leader is not made.
        """
        ln_share = self._ln_bests + (math.log(2) if self.tolerance else 0.0)
        out = self.out | (ln_share - self._ln_worse <= math.log(delta))
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
        values: FloatArray = np.exp(np.minimum(ln_p + self._ln_bests, 0.0))
        values[self._settled(lead)] = 0.0
        values[lead] = 1.0
        return values

    def _means(self, least: float, better: float, lead: int | None = None) -> FloatArray:
        """Return the largest mean of the next difference, if a model is `better` by so much.

        Of all models to the one in the lead, or else of all pairs.
        """
        if self.n_rows is None:
            return np.full(self.losses.size, -least * better)
        ahead = self.losses[:, None] if lead is None else self.losses[lead]
        left = self._left if lead is None else self._left[lead]
        means: FloatArray = (ahead - self.losses - better * self.n_rows) / np.maximum(left, 1)
        return means

    def _add_pairs(
        self, predictions: IntArray, weighed: FloatArray | None, here: BoolArray, least: float
    ) -> None:
        """Bet for each pair that the second is not better than the first by the tolerance."""
        n_models = here.size
        apart = self.tolerance - self.drift
        means = np.broadcast_to(self._means(least, apart), (n_models, n_models))
        if weighed is None:
            worse = np.zeros((n_models, n_models))
        else:
            worse = np.clip(least * (weighed - weighed[:, None]), -1.0, 1.0)
        on = here & here[:, None]
        if self._pool:
            on &= predictions != predictions[:, None]
        self._within[on] += growth_of(worse[on], means[on])

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
