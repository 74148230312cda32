"""Accuracies of two-class voters in closed form, from how often each pair agrees.

The engine only: `label_model` turns what is found here into an answer with limits.
"""

from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import FloatArray
from trimtab.stats.interval import Interval
from trimtab.stats.laws import student_quantile
from trimtab.stats.votes import ABSTAIN, Votes

# with 50, the order of the rows alone was seen to change a pair of limits by 40 %; now by 10 %
_N_GROUPS = 200
# pairs with fewer common rows say too little to divide by
_MIN_COMMON = 20
_MOST = 0.999  # a source is never taken as certain


@dataclass(frozen=True, slots=True)
class Triplet:
    """Advantages a of sources over chance, -1 to 1 (accuracy (1 + a) / 2), and the balance.

    NaN where no two other sources share rows with a source. `cut` marks the sources whose
    estimate was above 1, which no source can be: they depend on each other. `errors` are
    standard errors of the advantages.
    """

    advantages: FloatArray
    errors: FloatArray
    cut: tuple[int, ...]
    positive_share: float
    n_groups: int

    def posterior(self, votes: Votes) -> FloatArray:
        """Return the chance of each class for each pattern, shape (n_patterns, 2)."""
        held = np.clip(np.nan_to_num(self.advantages), -_MOST, _MOST)
        signs = _signs(votes)
        prior = np.log(self.positive_share / (1 - self.positive_share))
        logit = prior + signs @ np.log((1 + held) / (1 - held))
        positive = 1 / (1 + np.exp(-np.clip(logit, -700, 700)))
        return np.column_stack([1 - positive, positive])


def fit_triplets(votes: Votes, *, positive_share: float | None = None) -> Triplet:
    r"""Solve for the accuracies from the mean products of votes, with no iteration.

    With votes of -1 and 1, two sources that are independent given the class have
    :math:`E[L_i L_j] = a_i a_j`, so any two others give :math:`a_i^2 = E_{ij} E_{ik} / E_{jk}`.
    All triplets are averaged, each with the weight :math:`E_{jk}^2`: a pair near chance says
    next to nothing. Then :math:`a_i` is taken from its products with the others, by least
    squares on :math:`E_{ij} = a_i a_j`: the same for three sources, and near chance, where a
    square hides the sign, closer to the normal law. Products are taken over the rows on which
    both vote.

    Assumes, beyond independence, that a source is as accurate on one class as on the other, and
    that abstaining depends neither on the class nor on other votes. Most sources have to be
    better than chance. A poor choice where `label_model` warns of any of these.

    Parameters
    ----------
    votes : Votes
        Votes on two classes.
    positive_share : float, optional
        Known share of class 1, in (0, 1); estimated if left out.

    Returns
    -------
    Triplet
        Standard errors are by the jackknife over 200 groups of rows, or of blocks of rows.

    References
    ----------
    .. [1] D. Fu et al., "Fast and three-rious: speeding up weak supervision with triplet
       methods", International Conference on Machine Learning (2020).

    Examples
    --------
    >>> from trimtab.stats.votes import as_votes
    >>> rows = [[1, 1, 1]] * 70 + [[0, 1, 1]] * 10 + [[1, 0, 1]] * 10 + [[1, 1, 0]] * 10
    >>> fit_triplets(as_votes(rows)).advantages.round(3).tolist()
    [0.775, 0.775, 0.775]
    """
    products, common, n_groups = _moments_by_group(votes)
    together = products.sum(axis=0), common.sum(axis=0)
    directions = _directions(*together)
    raw = _advantages(together[0][None], together[1][None], directions)[0]
    without = _advantages(together[0] - products, together[1] - common, directions)
    spread = ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    errors = np.sqrt((n_groups - 1) / n_groups * spread)
    advantages = np.clip(raw, -1, 1)
    if positive_share is None:
        positive_share = _balance(votes, advantages)
    cut = tuple(int(i) for i in np.flatnonzero(np.abs(raw) > 1))
    return Triplet(advantages, errors, cut, positive_share, n_groups)


def triplet_limits(found: Triplet, delta: float) -> tuple[Interval, ...]:
    """Bound the accuracy of each source by Student's law, from 0 to 1 where it is unknown."""
    method = "triplets, jackknife over groups of rows"
    limits = []
    for a, error in zip(found.advantages.tolist(), found.errors.tolist(), strict=True):
        if not np.isfinite([a, error]).all():
            limits.append(Interval(float("nan"), 0.0, 1.0, 1 - delta, method))
            continue
        half = student_quantile(1 - delta / 2, found.n_groups - 1) * error
        low, high = max((1 + a - half) / 2, 0.0), min((1 + a + half) / 2, 1.0)
        limits.append(Interval((1 + a) / 2, low, high, 1 - delta, method))
    return tuple(limits)


def _signs(votes: Votes) -> FloatArray:
    return np.where(votes.patterns == ABSTAIN, 0, 2 * votes.patterns - 1).astype(np.float64)


def _moments_by_group(votes: Votes) -> tuple[FloatArray, FloatArray, int]:
    """Return sums of products and counts of common rows, each (n_groups, m, m)."""
    units = np.arange(votes.n_rows) if votes.block_of is None else votes.block_of
    n_groups = int(min(_N_GROUPS, units.max() + 1))
    signs, voted = _signs(votes), votes.voted
    shape = (n_groups, votes.n_sources, votes.n_sources)
    products, common = np.zeros(shape), np.zeros(shape)
    group_of = units % n_groups
    sizes = np.bincount(group_of, minlength=n_groups)
    by_group = votes.pattern_of[np.argsort(group_of, kind="stable")]
    for group, rows in enumerate(np.split(by_group, np.cumsum(sizes)[:-1])):
        weights = np.bincount(rows, minlength=len(signs)).astype(np.float64)
        shown = np.flatnonzero(weights)
        products[group] = (signs[shown] * weights[shown, None]).T @ signs[shown]
        common[group] = (voted[shown] * weights[shown, None]).T @ voted[shown]
    return products, common, n_groups


def _means(products: FloatArray, common: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean products with a zero diagonal, and 1 where a pair has enough common rows."""
    usable = (common >= _MIN_COMMON) & ~np.eye(common.shape[-1], dtype=bool)
    means = np.divide(products, common, out=np.zeros_like(products), where=usable)
    return means, usable.astype(np.float64)


def _advantages(products: FloatArray, common: FloatArray, directions: FloatArray) -> FloatArray:
    """Return advantages from the mean of all triplets' squares, one row a stack entry."""
    means, usable = _means(products, common)
    # the diagonal of a product of three sums over all j and k, those with j = k being 0
    above = np.einsum("gij,gjk,gki->gi", means, means, means, optimize=True)
    below = np.einsum("gij,gjk,gki->gi", usable, means**2, usable, optimize=True)
    squares = _divided(above, below)
    first = directions * np.sqrt(np.clip(np.nan_to_num(squares), 0, 1))
    refined = _divided(
        np.einsum("gij,gj->gi", means, first), np.einsum("gij,gj->gi", usable, first**2)
    )
    return np.where(np.isnan(squares), np.nan, refined)


def _divided(above: FloatArray, below: FloatArray) -> FloatArray:
    unknown = np.full(above.shape, np.nan)
    quotient: FloatArray = np.divide(above, below, out=unknown, where=below > 0)
    return quotient


def _directions(products: FloatArray, common: FloatArray) -> FloatArray:
    """Return 1 for sources that go with the majority, -1 for those that go against it."""
    means, _ = _means(products[None], common[None])
    _, vectors = np.linalg.eigh(means[0])
    leading = vectors[:, -1]
    leading = leading if leading.sum() >= 0 else -leading
    return np.where(leading >= 0, 1.0, -1.0)


def _balance(votes: Votes, advantages: FloatArray) -> float:
    """Estimate the share of class 1 from mean votes: each is its advantage times 2 p - 1."""
    cast = votes.weights @ votes.voted
    summed = votes.weights @ _signs(votes)
    held = np.nan_to_num(advantages)
    below = float((held**2 * cast).sum())
    lean = float((held * summed).sum()) / below if below else 0.0
    return (1 + float(np.clip(lean, -_MOST, _MOST))) / 2
