"""Tests of what label models rest on: independent sources, one accuracy for both classes.

Both compare what the rows show with a fitted model, allowing for what the fit took away.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.dawid_skene import DawidSkene
from trimtab.stats.laws import normal_cdf, student_tail
from trimtab.stats.multiplicity import holm
from trimtab.stats.vote_blocks import BlockSums, chunks, spreads_of_sums
from trimtab.stats.vote_scores import Scores, row_scores
from trimtab.stats.votes import ABSTAIN, Votes

_LOST = 5  # parameters of a pair: two sources of two classes, and the balance


@dataclass(frozen=True, slots=True)
class PairTest:
    """Whether two sources agree as often as the model says, given what they know of the class.

    `excess` is the share of rows on which they agree beyond that; `p_value` is adjusted for the
    number of pairs.
    """

    first: int
    second: int
    excess: float
    z: float
    p_value: float

    def to_dict(self) -> dict[str, float]:
        """Return the fields for JSON."""
        return {
            "first": self.first,
            "second": self.second,
            "excess": self.excess,
            "z": self.z,
            "p_value": self.p_value,
        }


@dataclass(frozen=True, slots=True)
class ClassTest:
    """Whether a source is as accurate on class 0 as on class 1, with its accuracy on each."""

    source: int
    on_zero: float
    on_one: float
    p_value: float


def independence_test(votes: Votes, scores: Scores) -> tuple[PairTest, ...]:
    """Test for each pair of sources whether they agree as often as the model says.

    Under the model, sources that are independent given the class, the adjusted p-values fall
    below alpha for any pair at all in at most a share alpha of data sets, if each pair has some
    hundred common rows; at alpha .05, up to .08 were seen with 50. A poor choice for slight
    dependence on few rows: of five sources one of which copies another on a fifth of the rows,
    it finds a third of the cases at 1,000 rows and nine in ten at 3,000. The pairs found are
    those that the model explains worst: it may have taken what two dependent sources share for
    the class, and then others stand out. Rows of one block may depend on each other; at alpha
    .05, up to .11 were seen with 60 blocks.

    Parameters
    ----------
    votes : Votes
        The votes that the model was fitted on.
    scores : Scores
        What `score_votes` returned for it.

    Returns
    -------
    tuple of PairTest
        The least likely first. Empty where nothing can be tested: three sources without
        abstentions fit any votes of two classes, fewer determine nothing, and there have to be
        more blocks than the model has parameters.

    References
    ----------
    .. [1] W. K. Newey, "Maximum likelihood specification testing and conditional moment tests",
       Econometrica 53 (1985).
    """
    if scores.covariance is None or scores.inverse is None:
        return ()
    pairs = np.array(list(combinations(range(votes.n_sources), 2)))
    expected = _expected_agreement(scores.model)[pairs[:, 0], pairs[:, 1]]
    sums, squares = np.zeros(len(pairs)), np.zeros(len(pairs))
    crossed = np.zeros((len(pairs), scores.total.size))
    blocks = BlockSums(votes, len(pairs))
    for chunk, weights in chunks(votes):
        excess = _agreement(chunk, pairs, expected, informs=scores.model.informs)
        rows = row_scores(chunk, scores.model)[:, scores.kept]
        sums += weights @ excess
        squares += weights @ excess**2
        crossed += (excess * weights[:, None]).T @ rows
        blocks.add(excess)
    # what the fit itself takes away from the excess, and from its spread
    explained = crossed @ scores.inverse
    variance = squares - (explained * crossed).sum(axis=1)
    testable = variance > 1e-6 * np.maximum(squares, 1e-12)
    if blocks.sums is not None and scores.by_block is not None:
        n_blocks, n_fitted = scores.by_block.shape
        if n_blocks <= n_fitted + _LOST:
            return ()
        variance = spreads_of_sums(blocks.sums - scores.by_block @ explained.T, n_fitted)
    z = (sums - explained @ scores.total)[testable] / np.sqrt(variance[testable])
    # where sources hardly ever differ the variance is tiny, and a tenth of a row no evidence
    z[np.abs(sums[testable]) < 1] = 0.0
    # few common rows have heavier tails than the normal law
    voted = votes.voted * np.sqrt(votes.weights)[:, None]
    common = (voted.T @ voted)[pairs[:, 0], pairs[:, 1]][testable]
    if scores.by_block is not None:
        common = np.minimum(common, n_blocks - n_fitted)
    df = np.maximum(common - _LOST, 1).astype(int)
    adjusted = holm([2 * student_tail(abs(x), d) for x, d in zip(z, df, strict=True)])
    found = [
        PairTest(int(i), int(j), float(sums[testable][k] / votes.n_rows), float(z[k]), float(p))
        for k, ((i, j), p) in enumerate(zip(pairs[testable], adjusted, strict=True))
    ]
    return tuple(sorted(found, key=lambda pair: -abs(pair.z)))


def symmetry_test(scores: Scores) -> tuple[ClassTest, ...]:
    """Test for each source of two classes whether it is as accurate on one as on the other.

    By Wald's statistic on the logits of the two accuracies, p-values adjusted for the number of
    sources; a poor choice below some hundred rows.

    Parameters
    ----------
    scores : Scores
        Of a model of two classes whose abstentions do not inform.

    Returns
    -------
    tuple of ClassTest
        One a source, in their order; empty where the votes do not determine the model.
    """
    model = scores.model
    if scores.covariance is None:
        return ()
    right = model.confusion[:, [0, 1], [0, 1]]
    held = np.clip(right, 1e-9, 1 - 1e-9)
    gaps = np.log(held[:, 0] / (1 - held[:, 0])) - np.log(held[:, 1] / (1 - held[:, 1]))
    p_values = np.ones(len(right))
    for j, gap in enumerate(gaps):
        gradient = np.zeros(scores.kept.size)
        of_source = gradient[: model.confusion.size].reshape(model.confusion.shape)[j]
        of_source[:] = [[1, -1], [1, -1]]
        error = scores.error(gradient)
        p_values[j] = 2 * _upper_tail(abs(gap) / error, scores.df) if error > 0 else 1.0
    adjusted = holm(p_values)
    return tuple(
        ClassTest(j, float(a), float(b), float(p))
        for j, ((a, b), p) in enumerate(zip(right, adjusted, strict=True))
    )


def _upper_tail(z: float, df: int | None) -> float:
    return normal_cdf(-z) if df is None else student_tail(z, df)


def _expected_agreement(model: DawidSkene) -> FloatArray:
    """Return the chance that two sources say the same, shape (n_sources, n_sources)."""
    flat = np.sqrt(model.balance)[None, :, None] * model.confusion
    columns = flat.reshape(len(flat), -1)
    return np.asarray(columns @ columns.T)


def _agreement(
    chunk: Votes, pairs: IntArray, expected: FloatArray, *, informs: bool
) -> FloatArray:
    first, second = chunk.patterns[:, pairs[:, 0]], chunk.patterns[:, pairs[:, 1]]
    excess: FloatArray = (first == second) - expected
    if informs:
        return excess
    return np.where((first != ABSTAIN) & (second != ABSTAIN), excess, 0.0)
