"""Each method of `label_model` on checked votes, with what speaks against trusting it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import FloatArray
from trimtab.stats.dawid_skene import fit_dawid_skene, vote_shares
from trimtab.stats.exact_share import binomial_limits
from trimtab.stats.interval import Interval
from trimtab.stats.label_blocks import MIN_BLOCKS
from trimtab.stats.label_warnings import (
    of_certainty,
    of_chance,
    of_coverage,
    of_fit,
    of_pairs,
    of_symmetry,
    of_twins,
)
from trimtab.stats.triplet import fit_triplets, triplet_limits
from trimtab.stats.vote_scores import accuracy_limits, balance_limits, score_votes
from trimtab.stats.vote_tests import PairTest, independence_test
from trimtab.stats.votes import Votes

_NO_PROMISE = "agreement with the majority, no promise"
_NEVER = "never votes"


@dataclass(frozen=True, slots=True)
class Fitted:
    """Chances of each class for each pattern, and limits for sources and classes."""

    chances: FloatArray
    accuracies: tuple[Interval, ...]
    balance: tuple[Interval, ...]
    pairs: tuple[PairTest, ...]
    warnings: tuple[str, ...]


def fitted_majority(votes: Votes, names: Sequence[str], delta: float) -> Fitted:
    """Take shares of votes as they are; accuracies are agreement with the likeliest class."""
    chances = vote_shares(votes)
    best = (chances == chances.max(axis=1, keepdims=True)).astype(np.float64)
    best /= best.sum(axis=1, keepdims=True)
    agreed = np.zeros(votes.n_sources)
    for code in range(votes.n_classes):
        agreed += votes.weights * best[:, code] @ (votes.patterns == code)
    cast = votes.weights @ votes.voted
    unknown = np.full(votes.n_sources, np.nan)
    agreement = np.divide(agreed, cast, out=unknown, where=cast > 0)
    balance = votes.weights @ chances / votes.n_rows
    return Fitted(
        chances,
        tuple(
            Interval(x, 0.0, 1.0, 1 - delta, _NEVER if math.isnan(x) else _NO_PROMISE)
            for x in agreement.tolist()
        ),
        tuple(Interval(float(x), 0.0, 1.0, 1 - delta, _NO_PROMISE) for x in balance),
        (),
        (*of_coverage(votes, names), *of_twins(votes, names)),
    )


def fitted_skene(
    votes: Votes,
    names: Sequence[str],
    balance: FloatArray | None,
    delta: float,
    *,
    informs: bool,
) -> Fitted:
    """Fit Dawid and Skene's model, with limits and the test of independence."""
    model = fit_dawid_skene(votes, balance=balance, informs=informs)
    scores = score_votes(votes, model)
    pairs = independence_test(votes, scores)
    accuracies = _as_if_counted(votes, accuracy_limits(scores, delta), delta)
    chances = model.posterior(votes)
    warnings = [
        *of_coverage(votes, names),
        *of_twins(votes, names),
        *of_certainty(votes, chances, scores),
        *of_fit(votes, model, scores),
        *of_pairs(votes, names, scores, pairs, delta),
        *of_chance(names, accuracies, votes.n_classes),
    ]
    return Fitted(chances, accuracies, balance_limits(scores, delta), pairs, tuple(warnings))


def fitted_triplets(
    votes: Votes, names: Sequence[str], balance: FloatArray | None, delta: float
) -> Fitted:
    """Solve for the accuracies, and ask a fuller model whether that may be trusted."""
    known = None if balance is None else float(balance[1])
    found = fit_triplets(votes, positive_share=known)
    accuracies = triplet_limits(found, delta)
    if votes.n_blocks is not None and votes.n_blocks < MIN_BLOCKS:
        accuracies = tuple(
            Interval(x.estimate, 0.0, 1.0, 1 - delta, f"fewer than {MIN_BLOCKS} blocks")
            for x in accuracies
        )
    fuller = fit_dawid_skene(votes, balance=balance, informs=False)
    scores = score_votes(votes, fuller)
    pairs = independence_test(votes, scores)
    warnings = [
        *of_coverage(votes, names),
        *of_twins(votes, names),
        *of_fit(votes, fuller, scores),
        *of_pairs(votes, names, scores, pairs, delta),
        *of_symmetry(names, scores, delta),
        *(
            f"`{names[j]}` came out better than always right and was cut: it depends on another "
            "source, or rows are few"
            for j in found.cut
        ),
        *of_chance(names, accuracies, votes.n_classes),
    ]
    method = "triplets, no limits" if known is None else "given"
    shares = (1 - found.positive_share, found.positive_share)
    limits = ((0.0, 1.0),) * 2 if known is None else tuple((x, x) for x in shares)
    level = 1 - delta if known is None else 1.0
    classes = tuple(
        Interval(share, low, high, level, method)
        for share, (low, high) in zip(shares, limits, strict=True)
    )
    return Fitted(found.posterior(votes), accuracies, classes, pairs, tuple(warnings))


def _as_if_counted(
    votes: Votes, accuracies: tuple[Interval, ...], delta: float
) -> tuple[Interval, ...]:
    """Return limits no narrower than if the true classes were known, and none without a vote.

    Where sources hardly ever differ the likelihood has no spread, and its limits no width.
    """
    made = []
    for found, cast in zip(accuracies, (votes.weights @ votes.voted).tolist(), strict=True):
        if not cast:
            made.append(Interval(math.nan, 0.0, 1.0, found.level, _NEVER))
            continue
        low, high = binomial_limits(found.estimate * cast, cast, delta)
        low, high = min(found.low, low), max(found.high, high)
        made.append(Interval(found.estimate, low, high, found.level, found.method))
    return tuple(made)
