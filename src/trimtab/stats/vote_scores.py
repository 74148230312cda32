"""Limits for a fitted model of votes, from the scores of its rows. Tests: see `vote_tests`.

A score is the gradient of a row's log likelihood. The outer products of the scores add up to the
information in the rows (Berndt, Hall, Hall and Hausman), its inverse is the covariance of the
estimates.
"""

import math
from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import BoolArray, FloatArray
from trimtab.stats.dawid_skene import DawidSkene
from trimtab.stats.interval import Interval
from trimtab.stats.label_blocks import MIN_BLOCKS
from trimtab.stats.laws import normal_quantile, student_quantile
from trimtab.stats.vote_blocks import BlockSums, chunks, spread_of_sums
from trimtab.stats.votes import ABSTAIN, Votes

# more would take minutes: 600 are 10 classes of 6 sources, or 2 classes of 140
MAX_PARAMETERS = 600
_METHOD = "likelihood, normal limits on the logit scale"
_FEW_BLOCKS = f"fewer than {MIN_BLOCKS} blocks"
# an estimate is determined by the rows if the information is not singular beyond rounding
_SINGULAR = 1e-7


@dataclass(frozen=True, slots=True)
class Scores:
    """Information of all rows about the free parameters, and how to get at its inverse.

    `kept` marks the free parameters among all logits, those of the votes first and those of the
    class balance behind. `inverse` is that of the information, None where the votes do not
    determine the model; `covariance` is that of the estimates, the same unless rows come in
    blocks. `by_block` are the sums of the scores of each block, None without blocks.
    """

    model: DawidSkene
    kept: BoolArray
    total: FloatArray
    inverse: FloatArray | None
    covariance: FloatArray | None
    by_block: FloatArray | None = None

    @property
    def df(self) -> int | None:
        """Degrees of freedom of the covariance; None where it is as good as known."""
        return None if self.by_block is None else len(self.by_block) - 1

    def error(self, gradient: FloatArray) -> float:
        """Return the standard error of a figure with this gradient by all logits."""
        assert self.covariance is not None
        kept = gradient[self.kept]
        return math.sqrt(max(float(kept @ self.covariance @ kept), 0.0))


def score_votes(votes: Votes, model: DawidSkene) -> Scores:
    """Sum up the scores of all rows and their outer products.

    With blocks, the covariance of the estimates is the sandwich of what the scores of whole
    blocks spread by between two inverses of the information: it holds however rows of one block
    depend on each other, as long as blocks are independent and each row by itself follows the
    model.

    Parameters
    ----------
    votes : Votes
        The votes that `model` was fitted on.
    model : DawidSkene
        A fitted model.

    Returns
    -------
    Scores
        Without a covariance where there are more than 600 parameters, where other parameters
        fit the same votes, or where there are fewer than 40 blocks.
    """
    kept = _free(votes, model)
    n_free = int(kept.sum())
    total = np.zeros(n_free)
    if n_free > min(MAX_PARAMETERS, len(votes.patterns)):
        return Scores(model, kept, total, None, None)
    blocks = BlockSums(votes, n_free)
    information = np.zeros((n_free, n_free))
    for chunk, weights in chunks(votes):
        rows = row_scores(chunk, model)[:, kept]
        information += rows.T @ (rows * weights[:, None])
        total += weights @ rows
        blocks.add(rows)
    inverse, sums = _inverse(information), blocks.sums
    covariance = inverse
    if sums is not None and inverse is not None:
        few = len(sums) < MIN_BLOCKS
        covariance = None if few else inverse @ spread_of_sums(sums) @ inverse
    return Scores(model, kept, total, inverse, covariance, sums)


def divergence(votes: Votes, scores: Scores) -> float | None:
    r"""Return by how much the probabilities of all rows are expected to be off, in nats.

    To second order, the Kullback-Leibler divergence of probabilities that are made with
    estimates from those of the true parameters is half of :math:`\mathrm{tr}(V M)`: V is the
    covariance of the estimates, and M the information that the true classes would add to that
    of the votes, which is what the probabilities hang on [1]_. None where V is not known.

    References
    ----------
    .. [1] T. A. Louis, "Finding the observed information matrix when using the EM algorithm",
       Journal of the Royal Statistical Society B 44 (1982).
    """
    if scores.inverse is None:
        return None
    spread = scores.inverse if scores.covariance is None else scores.covariance
    missing = _complete(votes, scores.model, scores.kept) - np.linalg.inv(scores.inverse)
    return float((spread * missing).sum() / 2)


def _complete(votes: Votes, model: DawidSkene, kept: BoolArray) -> FloatArray:
    """Return the information that there would be about the free logits with classes known."""
    chances = votes.weights[:, None] * model.posterior(votes)
    asked = np.ones_like(votes.voted) if model.informs else votes.voted
    mass = asked.T @ chances
    laws = [*np.concatenate(model.confusion), model.balance]
    sizes = [*mass.ravel(), float(votes.n_rows)]
    information = np.zeros((int(kept.sum()),) * 2)
    first = done = 0
    for rows, law in zip(sizes, laws, strict=True):
        free = law[kept[first : first + law.size]]
        here = slice(done, done + free.size)
        information[here, here] = rows * (np.diag(free) - np.outer(free, free))
        first, done = first + law.size, done + free.size
    return information


def accuracy_limits(scores: Scores, delta: float) -> tuple[Interval, ...]:
    """Bound the accuracy of each source; from 0 to 1 where the votes do not determine it."""
    model = scores.model
    n_classes = model.balance.size
    right, cast = model.right_and_cast()
    limits = []
    for j, confusion in enumerate(model.confusion):
        inner = confusion[:, :n_classes]
        own = np.diag(inner)
        of_right, of_cast = (np.zeros_like(model.confusion) for _ in range(2))
        of_right[j] = -(model.balance * own)[:, None] * confusion
        of_right[j][range(n_classes), range(n_classes)] += model.balance * own
        of_cast[j] = -(model.balance * inner.sum(axis=1))[:, None] * confusion
        of_cast[j][:, :n_classes] += model.balance[:, None] * inner
        gradient = np.concatenate(
            [
                (of_right - right[j] / cast[j] * of_cast).ravel(),
                model.balance
                * ((own - right[j]) - right[j] / cast[j] * (inner.sum(axis=1) - cast[j])),
            ]
        )
        limits.append(_limits(right[j] / cast[j], gradient / cast[j], scores, delta))
    return tuple(limits)


def balance_limits(scores: Scores, delta: float) -> tuple[Interval, ...]:
    """Bound the share of each class; the share itself where it was given."""
    model = scores.model
    if not model.is_free:
        return tuple(Interval(float(x), float(x), float(x), 1.0, "given") for x in model.balance)
    limits = []
    for k, share in enumerate(model.balance):
        gradient = np.zeros(scores.kept.size)
        gradient[model.confusion.size :] = -share * model.balance
        gradient[model.confusion.size + k] += share
        limits.append(_limits(float(share), gradient, scores, delta))
    return tuple(limits)


def _free(votes: Votes, model: DawidSkene) -> BoolArray:
    """Return which logits are free: one a group is the reference, unseen votes stay put."""
    confusion = model.confusion
    mass = votes.weights @ model.posterior(votes)
    if model.informs:
        cast = np.full(votes.n_sources, 1.0)
    else:
        cast = votes.weights @ votes.voted / votes.n_rows
    expected = confusion * mass[None, :, None] * cast[:, None, None]
    of_votes = expected >= 0.5
    np.put_along_axis(of_votes, confusion.argmax(axis=2)[:, :, None], False, axis=2)
    of_balance = np.full(model.balance.size, model.is_free)
    of_balance[model.balance.argmax()] = False
    return np.concatenate([of_votes.ravel(), of_balance])


def row_scores(chunk: Votes, model: DawidSkene) -> FloatArray:
    """Return the gradient of the log likelihood by all logits, shape (n_patterns, n_logits)."""
    chances = model.posterior(chunk)
    n_symbols = model.confusion.shape[2]
    symbols = np.where(chunk.patterns == ABSTAIN, chunk.n_classes, chunk.patterns)
    said = (symbols[:, :, None] == np.arange(n_symbols)).astype(np.float64)
    asked = np.ones_like(chunk.voted) if model.informs else chunk.voted
    gap = said[:, :, None, :] - asked[:, :, None, None] * model.confusion
    of_votes = (chances[:, None, :, None] * gap).reshape(len(chances), -1)
    return np.concatenate([of_votes, chances - model.balance], axis=1)


def _inverse(information: FloatArray) -> FloatArray | None:
    """Invert a matrix whose rows may differ a lot in scale; None if it is singular."""
    scale = np.sqrt(np.diag(information))
    if information.size and not scale.min() > 0:
        return None
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if values.size and values[0] < _SINGULAR:
        return None
    return np.asarray((vectors / values) @ vectors.T / np.outer(scale, scale))


def _limits(estimate: float, gradient: FloatArray, scores: Scores, delta: float) -> Interval:
    if scores.covariance is None:
        why = "not determined by the votes" if scores.inverse is None else _FEW_BLOCKS
        return Interval(float(estimate), 0.0, 1.0, 1 - delta, why)
    error = scores.error(gradient)
    share = float(np.clip(estimate, 1e-9, 1 - 1e-9))
    quantile = (
        normal_quantile(1 - delta / 2)
        if scores.df is None
        else student_quantile(1 - delta / 2, scores.df)
    )
    half = quantile * error / (share * (1 - share))
    centre = float(np.log(share / (1 - share)))
    low, high = (1 / (1 + np.exp(-np.clip(x, -700, 700))) for x in (centre - half, centre + half))
    method = _METHOD if scores.df is None else f"{_METHOD}, by block"
    return Interval(float(estimate), float(low), float(high), 1 - delta, method)
