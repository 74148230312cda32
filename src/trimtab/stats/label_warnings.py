"""What speaks against an answer of `label_model`, in words: the warnings that it comes with."""

from collections.abc import Sequence

from trimtab.stats.arrays import FloatArray
from trimtab.stats.dawid_skene import DawidSkene
from trimtab.stats.interval import Interval
from trimtab.stats.label_blocks import MIN_BLOCKS
from trimtab.stats.vote_scores import MAX_PARAMETERS, Scores, divergence
from trimtab.stats.vote_tests import PairTest, symmetry_test
from trimtab.stats.votes import ABSTAIN, Votes

_MOST_NAMED = 3
# two sources that are right in 95 of 100 votes never differ on as many rows in 1 case of 100
_ROWS_ALIKE = 50
# nats of expected divergence for each label expected to be wrong. In 2,000 simulated data sets (2
# to 6 classes, 3 to 8 sources, 100 to 3,000 rows) with less, half had up to 1.1 times as many
# wrong labels as expected, nine in ten up to 1.6 times; with more, half had 1.7 times or more
_MOST_NATS = 0.5
# where that is not known. Of sources right in six of ten rows and else at random, with 40 up to
# 1.3 times as many labels were wrong as expected, with 20 up to 4 times, with 2 up to 280 times
_VOTES_A_PARAMETER = 30


def of_certainty(votes: Votes, chances: FloatArray, scores: Scores) -> list[str]:
    """Warn where little is known of the sources: probabilities take estimates for the truth.

    What is not known is read off the fit, so that a fit that is far off and sure of it goes
    unnoticed: of five sources that vote on seven rows of ten and are right in six of ten
    votes, one in four at 1,000 rows.
    """
    wrong = float(votes.weights @ (1 - chances.max(axis=1)))
    off = divergence(votes, scores)
    if off is None:
        return _of_size(votes)
    if off <= _MOST_NATS * (wrong + 1):  # a label more, as nobody minds a part of one
        return []
    return [
        f"probabilities are too sure, and more labels may be wrong than the {wrong:,.0f} that are "
        "expected: how often each source is right is known too little, as rows are few, sources "
        "weak or a class rare; get more rows or better sources, or take the majority"
    ]


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


def of_coverage(votes: Votes, names: Sequence[str]) -> list[str]:
    """Warn of sources that never vote, and of rows that nobody votes on."""
    ever = (votes.voted.sum(axis=0) > 0).tolist()
    said = [
        f"`{name}` never votes" for name, votes_at in zip(names, ever, strict=True) if not votes_at
    ]
    silent = votes.weights @ (1 - votes.voted.max(axis=1)) / votes.n_rows
    if silent > 0.5:
        said.append(f"no source votes on {silent:.0%} of the rows")
    return said


def of_twins(votes: Votes, names: Sequence[str]) -> list[str]:
    """Warn of sources that never differ: copies of one look as if they were never wrong.

    No test can tell: the model explains them as well by sources that are always right.
    """
    groups: list[list[int]] = []
    for source in range(votes.n_sources):
        group = next((group for group in groups if _are_twins(votes, group[0], source)), None)
        if group is None:
            groups.append([source])
        else:
            group.append(source)
    return [
        f"{', '.join(f'`{names[j]}`' for j in group)} never differ: if they are copies, or made "
        f"from one another, they are one source that counts as {len(group)}, accuracies are wrong "
        "and probabilities too sure; keep one of them, unless they were made apart"
        for group in groups
        if len(group) > 1
    ]


def _are_twins(votes: Votes, first: int, second: int) -> bool:
    one, other = votes.patterns[:, first], votes.patterns[:, second]
    common = (one != ABSTAIN) & (other != ABSTAIN)
    if votes.weights[common].sum() < _ROWS_ALIKE or (one[common] != other[common]).any():
        return False
    # sources that look for one class only cannot differ, unless by where they vote
    return bool((one == other).all()) or len(set(one[common].tolist())) > 1


def of_fit(votes: Votes, model: DawidSkene, scores: Scores) -> list[str]:
    """Warn where votes do not determine the model, or determine it the wrong way round."""
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


def of_pairs(
    votes: Votes,
    names: Sequence[str],
    scores: Scores,
    pairs: tuple[PairTest, ...],
    delta: float,
) -> list[str]:
    """Warn of sources that depend on each other, or that could not be tested for it."""
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


def of_symmetry(names: Sequence[str], scores: Scores, delta: float) -> list[str]:
    """Warn of sources that are better on one class than on the other."""
    return [
        f"`{names[test.source]}` is right on {test.on_zero:.0%} of class 0 and {test.on_one:.0%} "
        f"of class 1 (p = {test.p_value:.2g}), and triplets assume one accuracy: "
        "use dawid_skene"
        for test in symmetry_test(scores)
        if test.p_value < delta
    ]


def of_chance(names: Sequence[str], accuracies: tuple[Interval, ...], n_classes: int) -> list[str]:
    """Warn of sources that are surely no better than chance."""
    return [
        f"`{name}` is no better than chance: right at most {limits.high:.0%} of the time"
        for name, limits in zip(names, accuracies, strict=True)
        if limits.high < 1 / n_classes
    ]
