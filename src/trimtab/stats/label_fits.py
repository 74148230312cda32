"""Each method of `label_model` on checked votes, with what speaks against trusting it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import FloatArray
from trimtab.stats.dawid_skene import DawidSkene, fit_dawid_skene, vote_shares
from trimtab.stats.exact_share import binomial_limits
from trimtab.stats.interval import Interval
from trimtab.stats.label_blocks import MIN_BLOCKS
from trimtab.stats.triplet import fit_triplets, triplet_limits
from trimtab.stats.vote_scores import (
    MAX_PARAMETERS,
    Scores,
    accuracy_limits,
    balance_limits,
    score_votes,
)
from trimtab.stats.vote_tests import PairTest, independence_test, symmetry_test
from trimtab.stats.votes import Votes

_NO_PROMISE = "agreement with the majority, no promise"
_MOST_NAMED = 3
# of sources right in six of ten rows and else at random: with 40 up to 1.3 times as many labels
# were wrong as the model said, with 20 up to 4 times, with 2 up to 280 times
_VOTES_A_PARAMETER = 30


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
        tuple(Interval(float(x), 0.0, 1.0, 1 - delta, _NO_PROMISE) for x in agreement),
        tuple(Interval(float(x), 0.0, 1.0, 1 - delta, _NO_PROMISE) for x in balance),
        (),
        tuple(_of_coverage(votes, names)),
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
    warnings = [
        *_of_coverage(votes, names),
        *_of_size(votes),
        *_of_fit(votes, model, scores),
        *_of_pairs(votes, names, scores, pairs, delta),
        *_of_chance(names, accuracies, votes.n_classes),
    ]
    return Fitted(
        model.posterior(votes), accuracies, balance_limits(scores, delta), pairs, tuple(warnings)
    )


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
        *_of_coverage(votes, names),
        *_of_fit(votes, fuller, scores),
        *_of_pairs(votes, names, scores, pairs, delta),
        *_of_symmetry(names, scores, delta),
        *(
            f"`{names[j]}` came out better than always right and was cut: it depends on another "
            "source, or rows are few"
            for j in found.cut
        ),
        *_of_chance(names, accuracies, votes.n_classes),
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
            made.append(Interval(math.nan, 0.0, 1.0, found.level, "never votes"))
            continue
        low, high = binomial_limits(found.estimate * cast, cast, delta)
        low, high = min(found.low, low), max(found.high, high)
        made.append(Interval(found.estimate, low, high, found.level, found.method))
    return tuple(made)


def _of_size(votes: Votes) -> list[str]:
    n_classes = votes.n_classes
    cast = int((votes.weights @ votes.voted).sum())
    n_parameters = votes.n_sources * n_classes * (n_classes - 1) + n_classes - 1
    if cast >= _VOTES_A_PARAMETER * n_parameters:
        return []
    return [
        f"{cast:,} votes for {n_parameters:,} chances that are learnt from them: with fewer than "
        f"{_VOTES_A_PARAMETER} for each, probabilities are too sure and more labels are wrong "
        "than is said; get more votes, or take the majority"
    ]


def _of_coverage(votes: Votes, names: Sequence[str]) -> list[str]:
    ever = (votes.voted.sum(axis=0) > 0).tolist()
    said = [
        f"`{name}` never votes" for name, votes_at in zip(names, ever, strict=True) if not votes_at
    ]
    silent = votes.weights @ (1 - votes.voted.max(axis=1)) / votes.n_rows
    if silent > 0.5:
        said.append(f"no source votes on {silent:.0%} of the rows")
    return said


def _of_fit(votes: Votes, model: DawidSkene, scores: Scores) -> list[str]:
    said = []
    if scores.inverse is None:
        n_free = int(scores.kept.sum())
        many = n_free > MAX_PARAMETERS
        said.append(
            f"no limits: {n_free:,} parameters are more than {MAX_PARAMETERS}"
            if many
            else "the votes do not determine the accuracies: at least three sources have to "
            "vote on the same rows, and differ now and then"
        )
    elif scores.covariance is None:
        said.append(
            f"no limits: {votes.n_blocks} blocks of rows are fewer than {MIN_BLOCKS}; get more "
            "blocks, not more rows of these"
        )
    if not model.converged:
        said.append("the fit did not come to rest: the votes hardly determine it")
    if float(model.accuracies.mean()) < 1 / votes.n_classes:
        said.append("most sources look worse than chance: the classes may be swapped")
    return said


def _of_pairs(
    votes: Votes,
    names: Sequence[str],
    scores: Scores,
    pairs: tuple[PairTest, ...],
    delta: float,
) -> list[str]:
    if not pairs:
        if scores.covariance is None:
            return []
        why = f"{votes.n_sources} sources fit any votes; add a fourth"
        if votes.n_sources > 3:
            why = "there is too little that sources have in common, or too few blocks of rows"
        return [f"independence of the sources could not be tested: {why}"]
    found = [pair for pair in pairs if pair.p_value < delta]
    said = [
        f"`{names[pair.first]}` and `{names[pair.second]}` say the same on {abs(pair.excess):.1%} "
        f"of the rows {'more' if pair.excess > 0 else 'less'} than independent sources would "
        f"(p = {pair.p_value:.2g})"
        for pair in found[:_MOST_NAMED]
    ]
    if found:
        said.append(
            f"sources depend on each other ({len(found)} of {len(pairs)} pairs): accuracies and "
            "probabilities are too sure; drop or merge sources, or take the majority"
        )
    return said


def _of_symmetry(names: Sequence[str], scores: Scores, delta: float) -> list[str]:
    return [
        f"`{names[test.source]}` is right on {test.on_zero:.0%} of class 0 and {test.on_one:.0%} "
        f"of class 1 (p = {test.p_value:.2g}), and triplets assume one accuracy: "
        "use dawid_skene"
        for test in symmetry_test(scores)
        if test.p_value < delta
    ]


def _of_chance(
    names: Sequence[str], accuracies: tuple[Interval, ...], n_classes: int
) -> list[str]:
    return [
        f"`{name}` is no better than chance: right at most {limits.high:.0%} of the time"
        for name, limits in zip(names, accuracies, strict=True)
        if limits.high < 1 / n_classes
    ]
