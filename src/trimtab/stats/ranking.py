"""Area under the ROC curve: exact with ties, and fast for many reweightings of one sort.

Limits for it are in `bootstrap`; other metrics of a threshold are plain means of rows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import (
    FloatArray,
    IntArray,
    as_classes,
    as_labels,
    as_probabilities,
    as_values,
    as_weights,
    block_codes,
    check_same_rows,
)
from trimtab.stats.resampling import WeightedMetric

# up to a year of days, counting pairs between blocks beats walking all rows per weighting
_MAX_PAIR_BLOCKS = 400
_CHUNK_ELEMENTS = 1 << 20


def auc(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Compute the chance that a positive outscores a negative, ties counting half.

    It sees the order of scores only: a model can rank perfectly and still be badly calibrated
    (see `calibration`). A poor choice for comparing data sets with different shares of hard
    cases, and where only the top of the ranking is acted on.

    Parameters
    ----------
    labels : array_like of bool or 0/1, shape (n_samples,)
        True class of each row.
    scores : array_like of float, shape (n_samples,)
        Any numbers that rise with the chance of a positive; infinite ones are allowed.
    weights : array_like of float, shape (n_samples,), optional
        Row weights of 0 or more; all 1 if left out.

    Returns
    -------
    float
        In [0, 1], 0.5 for a ranking that knows nothing; NaN if either class is missing or
        weighs nothing.

    Raises
    ------
    ValueError
        If shapes differ, labels are not 0/1, a score is NaN, or a weight is negative.

    References
    ----------
    .. [1] J. A. Hanley and B. J. McNeil, "The meaning and use of the area under a receiver
       operating characteristic (ROC) curve", Radiology 143 (1982).

    Examples
    --------
    >>> auc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    0.875
    """
    ranks = _rank(labels, scores)
    row_weights = as_weights(weights, ranks.n_rows)
    if row_weights is None:
        # whole numbers, so that the answer is exact
        halves = int(ranks.below.sum()) + int(ranks.through.sum())
        n_pairs = ranks.positives.size * ranks.negatives.size
        return halves / (2 * n_pairs) if n_pairs else float("nan")
    return float(_weighted(ranks, row_weights[np.newaxis])[0])


def multiclass_auc(
    labels: ArrayLike, probabilities: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """Average the AUC of each class against all others, each class counting the same.

    Classes that do not occur in `labels` have no AUC and are left out of the average, so the
    figures of two windows are comparable only if the same classes occur in both. With rare
    classes it is noisy: a class of three rows counts as much as one of three thousand.

    Parameters
    ----------
    labels : array_like of int, shape (n_samples,)
        Column of the true class of each row, from 0.
    probabilities : array_like of float, shape (n_samples, n_classes)
        One score in [0, 1] per class; rows need not sum to 1.
    weights : array_like of float, shape (n_samples,), optional
        Row weights of 0 or more; all 1 if left out.

    Returns
    -------
    float
        In [0, 1]; NaN if fewer than two classes occur.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is not a column, or a score is NaN or outside [0, 1].

    References
    ----------
    .. [1] F. Provost and P. Domingos, "Well-trained PETs: improving probability estimation
       trees", CeDER working paper 00-04, New York University (2000). There classes count by
       their frequency; here equally.

    Examples
    --------
    >>> multiclass_auc([0, 1, 2], [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.5, 0.2]])
    1.0
    """
    n_rows = np.asarray(labels).size
    table = as_probabilities(probabilities, n_rows)
    if table.ndim != 2:
        raise ValueError(f"expected one column of scores per class, got shape {table.shape}")
    classes = as_classes(labels, table.shape[1])
    areas = [auc(classes == k, table[:, k], weights) for k in np.unique(classes)]
    return float(np.mean(areas))


def auc_by_block_weights(
    labels: ArrayLike, scores: ArrayLike, blocks: ArrayLike | None = None
) -> WeightedMetric:
    """Prepare the AUC as a function of block weights: sort once, evaluate often.

    The weight of a row is the weight of its block. With up to 400 blocks, the pairs that a
    positive of one block wins over a negative of another are counted once; each weighting is
    then a product with that small matrix, whatever the number of rows. With more blocks,
    each weighting costs one pass over the rows. Both are exact.

    Parameters
    ----------
    labels : array_like of bool or 0/1, shape (n_samples,)
        True class of each row.
    scores : array_like of float, shape (n_samples,)
        Any numbers that rise with the chance of a positive.
    blocks : array_like, shape (n_samples,), optional
        The block of each row; every row its own block if left out.

    Returns
    -------
    callable
        Takes weights of 0 or more, shape (n_weightings, n_blocks), blocks in sorted order of
        their keys; gives AUCs, shape (n_weightings,), NaN where a class weighs nothing.

    Raises
    ------
    ValueError
        If shapes differ, labels are not 0/1, or a score is NaN.

    See Also
    --------
    trimtab.stats.bootstrap.bootstrap_auc : Limits for the AUC, built on this.

    References
    ----------
    .. [1] J. A. Hanley and B. J. McNeil, "The meaning and use of the area under a receiver
       operating characteristic (ROC) curve", Radiology 143 (1982).

    Examples
    --------
    >>> import numpy as np
    >>> evaluate = auc_by_block_weights([0, 1, 0, 1], [0.1, 0.3, 0.4, 0.2], ["a", "a", "b", "b"])
    >>> evaluate(np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]])).tolist()
    [0.5, 1.0, 0.0]
    """
    ranks = _rank(labels, scores)
    codes, n_blocks = block_codes(blocks, ranks.n_rows)
    if n_blocks <= _MAX_PAIR_BLOCKS:
        return _by_pairs(ranks, codes, n_blocks)

    def evaluate(weights: FloatArray) -> FloatArray:
        step = max(1, _CHUNK_ELEMENTS // ranks.n_rows)
        chunks = (weights[i : i + step, codes] for i in range(0, len(weights), step))
        return np.concatenate([_weighted(ranks, chunk) for chunk in chunks])

    return evaluate


@dataclass(frozen=True, slots=True)
class _Ranks:
    """Where each positive stands among the negatives."""

    positives: IntArray  # rows of the positives, lowest score first
    negatives: IntArray  # rows of the negatives, lowest score first
    below: IntArray  # for each positive: negatives with a lower score
    through: IntArray  # for each positive: negatives with a lower or the same score

    @property
    def n_rows(self) -> int:
        return self.positives.size + self.negatives.size


def _rank(labels: ArrayLike, scores: ArrayLike) -> _Ranks:
    truth, marks = as_labels(labels), as_values(scores, "scores")
    check_same_rows(truth.size, marks.size, "scores")
    positives, negatives = np.flatnonzero(truth), np.flatnonzero(~truth)
    # sorted positives make the look-ups below walk through memory in order
    positives = positives[np.argsort(marks[positives])]
    negatives = negatives[np.argsort(marks[negatives])]
    below = np.searchsorted(marks[negatives], marks[positives], side="left")
    through = np.searchsorted(marks[negatives], marks[positives], side="right")
    return _Ranks(positives, negatives, below, through)


def _weighted(ranks: _Ranks, weights: FloatArray) -> FloatArray:
    """Compute one AUC per row of `weights`, shape (n_weightings, n_rows)."""
    passed = np.zeros((len(weights), ranks.negatives.size + 1))
    np.cumsum(weights[:, ranks.negatives], axis=1, out=passed[:, 1:])
    of_positives = weights[:, ranks.positives]
    won = (of_positives * (passed[:, ranks.below] + passed[:, ranks.through])).sum(axis=1) / 2
    return _share(won, of_positives.sum(axis=1) * passed[:, -1])


def _by_pairs(ranks: _Ranks, codes: IntArray, n_blocks: int) -> WeightedMetric:
    positive_codes, negative_codes = codes[ranks.positives], codes[ranks.negatives]
    n_positives = np.bincount(positive_codes, minlength=n_blocks).astype(np.float64)
    n_negatives = np.bincount(negative_codes, minlength=n_blocks).astype(np.float64)
    won = np.zeros((n_blocks, n_blocks))  # positives of block a over negatives of block b
    passed = np.zeros(ranks.negatives.size + 1, dtype=np.int64)
    for block in range(n_blocks):
        np.cumsum(negative_codes == block, out=passed[1:])
        halves = passed[ranks.below] + passed[ranks.through]
        won[:, block] = np.bincount(positive_codes, weights=halves, minlength=n_blocks) / 2

    def evaluate(weights: FloatArray) -> FloatArray:
        n_pairs = (weights @ n_positives) * (weights @ n_negatives)
        return _share(((weights @ won) * weights).sum(axis=1), n_pairs)

    return evaluate


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide, with NaN where there is nothing to divide by."""
    undefined = np.full(part.shape, np.nan)
    shares: FloatArray = np.divide(part, whole, out=undefined, where=whole > 0)
    return shares
