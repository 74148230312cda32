"""Whether a classifier can tell current rows from reference rows; if so, they differ."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray
from trimtab.stats.laws import normal_cdf
from trimtab.stats.multivariate import (
    MultivariateResult,
    as_row_pair,
    permutation_p_value,
    standardised,
)

UNIT = "share of pairs"
# from so many held-out rows on each side the rank sum is normal enough
_MIN_NORMAL = 20
_DRAWS = 999


def classifier_test(
    x: ArrayLike, y: ArrayLike, *, estimator: Any = None, seed: int = 0
) -> MultivariateResult:
    """Test two samples of rows for one distribution by training a classifier between them.

    A random half of each sample trains it, the other half is scored. The statistic is the area
    under the ROC curve on the held-out half: how often a current row scores above a reference
    row, ties counting half; 0.5 is no better than chance. The p-value is that of the one-sided
    rank-sum test on the held-out scores: the normal law with corrections for ties and
    continuity, or with fewer than 20 held-out rows on a side 999 relabellings of them. Both
    hold whatever the classifier, since it never saw the rows it is judged on. Scores out of
    several folds would depend on each other; hence one split, and half of the rows for each
    part.

    The effect size is how many more pairs of a current and a reference row the classifier
    orders rightly than wrongly, as a share of all pairs: 0 for chance (or worse), 1 if it
    tells every current row from every reference row.

    The default, logistic regression on standardised columns, sees only what moves the mean: a
    shift of columns or of their mixture. Give another `estimator` to see more, such as
    scikit-learn's HistGradientBoostingClassifier for changes of spread and of dependence. A
    poor choice for few rows (fewer than some 50 a side), and for rows that depend on each
    other: twins across the split make any classifier look good.

    Parameters
    ----------
    x, y : array_like of float, shape (n, d) and (m, d)
        Reference and current rows. A row with a NaN is left out.
    estimator : scikit-learn classifier, optional
        One with `predict_proba`; a clone is trained, on columns standardised by the training
        half. Give it a `random_state` for the same answer every time.
    seed : int, default=0
        Seed of the split.

    Returns
    -------
    MultivariateResult
        All NaN with fewer than 4 rows on a side.

    Raises
    ------
    ValueError
        If an array is not two-dimensional, the widths differ or a value is infinite.

    References
    ----------
    .. [1] D. Lopez-Paz and M. Oquab, "Revisiting classifier two-sample tests", ICLR (2017).
    .. [2] I. Kim, A. Ramdas, A. Singh and L. Wasserman, "Classification accuracy as a proxy for
       two-sample testing", The Annals of Statistics 49 (2021).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(400, 5)), rng.normal(size=(300, 5)) + 0.5
    >>> result = classifier_test(x, y)
    >>> result.p_value < 0.001, round(result.effect_size, 1)
    (True, 0.6)
    """
    reference, current = as_row_pair(x, y)
    n, m = len(reference), len(current)
    if n < 4 or m < 4:
        return MultivariateResult.unknown(n, m, UNIT)
    rng = np.random.default_rng(seed)
    reference, current = rng.permutation(reference), rng.permutation(current)
    training = np.concatenate([reference[: n // 2], current[: m // 2]])
    held_out = np.concatenate([reference[n // 2 :], current[m // 2 :]])
    classifier = _classifier(estimator)
    is_current = np.repeat([0, 1], [n // 2, m // 2])
    classifier.fit(standardised(training, training), is_current)
    scores = classifier.predict_proba(standardised(held_out, training))[:, 1]
    auc, p_value, draws = _rank_sum(scores, n - n // 2, rng)
    return MultivariateResult(auc, p_value, n, m, max(0.0, 2 * auc - 1), UNIT, draws)


def _classifier(estimator: Any) -> Any:
    from sklearn.base import clone
    from sklearn.linear_model import LogisticRegression

    return clone(estimator) if estimator is not None else LogisticRegression(max_iter=1_000)


def _rank_sum(scores: FloatArray, n: int, rng: np.random.Generator) -> tuple[float, float, int]:
    """Return AUC, one-sided p-value and relabellings used; the first `n` are reference."""
    _, codes, ties = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(ties) - (ties - 1) / 2)[codes]
    n_rows = len(scores)
    m = n_rows - n
    won = float(ranks[n:].sum()) - m * (m + 1) / 2
    auc = won / (n * m)
    if min(n, m) < _MIN_NORMAL:
        return auc, _relabelled(ranks, n, rng), _DRAWS
    variance = n * m / 12 * (n_rows + 1 - float((ties**3.0 - ties).sum()) / n_rows / (n_rows - 1))
    if variance <= 0:  # all scores are equal
        return auc, 1.0, 0
    return auc, normal_cdf(-(won - n * m / 2 - 0.5) / math.sqrt(variance)), 0


def _relabelled(ranks: FloatArray, n: int, rng: np.random.Generator) -> float:
    """Return the share of relabellings whose current rows rank as high."""
    n_rows = len(ranks)
    few = min(n, n_rows - n)
    sums = [ranks[rng.choice(n_rows, few, replace=False)].sum() for _ in range(_DRAWS)]
    if few == n:  # the reference ranks low where the current rows rank high
        return permutation_p_value(-np.array([ranks[:n].sum(), *sums]))
    return permutation_p_value(np.array([ranks[n:].sum(), *sums]))
