"""Whether the means of many columns moved, as those of an embedding; nothing else."""

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import BoolArray, FloatArray
from trimtab.stats.multivariate import (
    MultivariateResult,
    as_row_pair,
    in_spreads,
    permutation_p_value,
    relabellings,
    spread_within,
    standardised,
)

UNIT = "standard deviations"
# labellings times rows that are turned into floats at a time
_CHUNK_ELEMENTS = 1 << 22


def mean_embedding_test(
    x: ArrayLike, y: ArrayLike, *, permutations: int = 100, seed: int = 0
) -> MultivariateResult:
    r"""Test whether the mean vectors of two samples of rows differ.

    The statistic is the squared distance of the two means, columns in standard deviations of
    the pooled rows, less what noise adds to it: it is 0 on average where the means are equal,
    and may fall below [1]_. No covariance is inverted, so more columns than rows are welcome.
    The p-value is the share of relabellings with a statistic as large, the labels as they are
    included: exact where both samples come from one distribution. Where means are equal and
    spreads are not, it is near its level for samples of like size, and not for very unequal
    ones.

    The effect size is the distance of the means along the line through both, in standard
    deviations of the rows along that line: 0.2 is small, 0.8 large, as for Cohen's d.

    Made for embeddings, whose columns mean nothing alone. Blind to changes that leave the mean
    where it is (another spread, a group split in two): see `trimtab.stats.mmd` for those.
    A poor choice for a shift of one column out of hundreds, which the others' noise drowns:
    test the columns one by one. Outliers weaken it. Time and memory are linear in the rows.

    Parameters
    ----------
    x, y : array_like of float, shape (n, d) and (m, d)
        Reference and current rows. A row with a NaN is left out.
    permutations : int, default=100
        Relabellings to draw. The p-value is at least 1 / (1 + permutations).
    seed : int, default=0
        Seed of the relabellings.

    Returns
    -------
    MultivariateResult
        All NaN with fewer than 2 rows on a side.

    Raises
    ------
    ValueError
        If an array is not two-dimensional, the widths differ, a value is infinite, or
        `permutations` is below 1.

    References
    ----------
    .. [1] S. X. Chen and Y.-L. Qin, "A two-sample test for high-dimensional data with
       applications to gene-set testing", The Annals of Statistics 38 (2010).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(400, 64)), rng.normal(size=(300, 64)) + 0.1
    >>> result = mean_embedding_test(x, y)
    >>> round(result.p_value, 3), round(result.effect_size, 1)
    (0.01, 0.6)
    """
    reference, current = as_row_pair(x, y)
    n, m = len(reference), len(current)
    if n < 2 or m < 2:
        return MultivariateResult.unknown(n, m, UNIT)
    labels = relabellings(n, m, permutations, seed)
    pooled = np.concatenate([reference, current])
    rows = standardised(pooled, pooled)
    statistics = _distances_of_means(rows, labels)
    effect = _along_the_difference(rows[:n], rows[n:], float(statistics[0]))
    p_value = permutation_p_value(statistics)
    return MultivariateResult(float(statistics[0]), p_value, n, m, effect, UNIT, permutations)


def _distances_of_means(rows: FloatArray, labels: BoolArray) -> FloatArray:
    """Return the unbiased squared distance of the two means for every labelling."""
    n_rows = len(rows)
    n = int(labels[0].sum())
    m = n_rows - n
    norms = (rows**2).sum(axis=1)
    with_norms = np.column_stack([rows, norms])
    sums = np.zeros((len(labels), with_norms.shape[1]))
    step = max(1, _CHUNK_ELEMENTS // len(labels))
    for start in range(0, n_rows, step):
        part = slice(start, start + step)
        sums += labels[:, part].astype(np.float64) @ with_norms[part]
    means = sums[:, :-1] / n
    other_means = (rows.sum(axis=0) - sums[:, :-1]) / m
    # the trace of each sample's covariance, over its rows: what noise adds to the distance
    noise = (sums[:, -1] / n - (means**2).sum(axis=1)) / (n - 1)
    other_noise = ((norms.sum() - sums[:, -1]) / m - (other_means**2).sum(axis=1)) / (m - 1)
    distances: FloatArray = ((means - other_means) ** 2).sum(axis=1) - noise - other_noise
    return distances


def _along_the_difference(reference: FloatArray, current: FloatArray, distance: float) -> float:
    """Return the unbiased squared distance over the standard deviation along the difference."""
    direction = reference.mean(axis=0) - current.mean(axis=0)
    return in_spreads(distance, spread_within(reference @ direction, current @ direction))
