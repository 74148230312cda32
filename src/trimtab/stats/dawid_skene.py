"""Dawid and Skene's model of votes: how each source votes given the class, by EM.

The engine only: `label_model` turns what is found here into an answer with limits.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trimtab.stats.arrays import FloatArray
from trimtab.stats.votes import ABSTAIN, Votes

# what is added to each count: votes never seen keep a small chance, so no row is impossible
_SMOOTHING = 0.01
_MAX_ROUNDS = 5_000
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """Class balance, shape (C,), and chances of votes given the class, shape (m, C, S).

    S is C + 1 where an abstention is a vote like others (`informs`), the last one; else C.
    `is_free` tells whether the balance was estimated; `converged` whether EM came to rest.
    """

    balance: FloatArray
    confusion: FloatArray
    informs: bool
    is_free: bool
    converged: bool

    def posterior(self, votes: Votes) -> FloatArray:
        """Return the chance of each class for each pattern, shape (n_patterns, C)."""
        return _posterior(_indicator(votes, self.informs), self.balance, self.confusion)

    @property
    def accuracies(self) -> FloatArray:
        """Chance that a vote of each source is right, given that it votes."""
        right, cast = self.right_and_cast()
        return right / cast

    def right_and_cast(self) -> tuple[FloatArray, FloatArray]:
        """Return the chances that each source votes and is right, and that it votes."""
        n_classes = self.balance.size
        right = np.einsum("c,jcc->j", self.balance, self.confusion[:, :, :n_classes])
        cast = np.einsum("c,jcl->j", self.balance, self.confusion[:, :, :n_classes])
        return right, cast


def fit_dawid_skene(
    votes: Votes, *, balance: FloatArray | None = None, informs: bool = True
) -> DawidSkene:
    """Fit by expectation and maximisation, from the shares of the votes of each row.

    Assumes that sources vote independently of each other given the class. Which class is which
    is settled by where EM starts: most sources have to be better than chance. A poor choice for
    fewer than three sources, which do not determine the model.

    Parameters
    ----------
    votes : Votes
        Patterns with their weights.
    balance : ndarray of float, shape (n_classes,), optional
        Known share of each class; estimated if left out.
    informs : bool, default=True
        Whether abstaining depends on the class. If not, an abstention is a vote not asked for.

    Returns
    -------
    DawidSkene
        The likelihood's nearest peak to the start.

    References
    ----------
    .. [1] A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates
       using the EM algorithm", Applied Statistics 28 (1979).

    Examples
    --------
    >>> from trimtab.stats.votes import as_votes
    >>> found = fit_dawid_skene(as_votes([[0, 0, 0]] * 6 + [[1, 1, 1]] * 3 + [[0, 0, 1]]))
    >>> found.balance.round(1).tolist()
    [0.7, 0.3]
    """
    indicator = _indicator(votes, informs)
    n_symbols = votes.n_classes + informs
    guess = vote_shares(votes)
    shares = votes.weights / votes.weights.sum()
    known = balance is not None
    prior = shares @ guess if balance is None else balance
    converged = False
    confusion = _maximised(indicator, guess * votes.weights[:, None], n_symbols)
    for _ in range(_MAX_ROUNDS):
        chances = _posterior(indicator, prior, confusion)
        updated = _maximised(indicator, chances * votes.weights[:, None], n_symbols)
        new_prior = prior if known else shares @ chances
        step = max(np.abs(updated - confusion).max(), np.abs(new_prior - prior).max())
        confusion, prior = updated, new_prior
        if step < _TOLERANCE:
            converged = True
            break
    return DawidSkene(prior, confusion, informs, not known, converged)


def vote_shares(votes: Votes) -> FloatArray:
    """Return each class's share of a pattern's votes; all equal where no source votes."""
    cast = np.zeros((len(votes.patterns), votes.n_classes))
    for code in range(votes.n_classes):
        cast[:, code] = (votes.patterns == code).sum(axis=1)
    total = cast.sum(axis=1, keepdims=True)
    even = np.full(cast.shape, 1 / votes.n_classes)
    shares: FloatArray = np.divide(cast, total, out=even, where=total > 0)
    return shares


def _indicator(votes: Votes, informs: bool) -> Any:
    """Return a sparse matrix with a column a source and symbol, 1 where it is said."""
    from scipy.sparse import csr_array

    n_symbols = votes.n_classes + informs
    symbols = np.where(votes.patterns == ABSTAIN, votes.n_classes, votes.patterns)
    rows, sources = np.nonzero(symbols < n_symbols)
    columns = sources * n_symbols + symbols[rows, sources]
    shape = (len(votes.patterns), votes.n_sources * n_symbols)
    return csr_array((np.ones(rows.size), (rows, columns)), shape=shape)


def _posterior(indicator: Any, balance: FloatArray, confusion: FloatArray) -> FloatArray:
    by_column = np.log(confusion).transpose(0, 2, 1).reshape(-1, balance.size)
    with np.errstate(divide="ignore"):  # a class of known share 0 has the logarithm -inf
        logs = np.asarray(indicator @ by_column) + np.log(balance)
    chances = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))


def _maximised(indicator: Any, weighted: FloatArray, n_symbols: int) -> FloatArray:
    n_classes = weighted.shape[1]
    counts = np.asarray(indicator.T @ weighted).reshape(-1, n_symbols, n_classes) + _SMOOTHING
    return np.asarray((counts / counts.sum(axis=1, keepdims=True)).transpose(0, 2, 1))
