"""Maximum mean discrepancy: whether two samples of whole rows are from one distribution.

With a Gaussian kernel of fixed width. One learned from the data is in `trimtab.stats.deep_kernel`.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.kernels import (
    gaussian_kernel,
    median_distance,
    relabelled_mmd,
    witness_effect,
)
from trimtab.stats.multivariate import (
    MultivariateResult,
    as_row_pair,
    permutation_p_value,
    relabellings,
)

UNIT = "standard deviations"


def mmd(
    x: ArrayLike,
    y: ArrayLike,
    *,
    permutations: int = 100,
    seed: int = 0,
    bandwidth: float | None = None,
) -> MultivariateResult:
    r"""Test two samples of rows for one distribution by their maximum mean discrepancy.

    The statistic is the unbiased estimate of :math:`MMD^2`: the mean kernel of two rows of one
    sample less that of two rows of different samples, with
    :math:`k(a, b) = \exp(-|a - b|^2 / (2 s^2))`. It may fall below 0. The p-value is the share
    of relabellings of the pooled rows with a statistic as large, the labels as they are
    included: exact for independent rows, whatever their distribution and number.

    The effect size compares the samples along the one feature that the kernel finds to differ
    most, the witness function: the difference of its means over its standard deviation
    within the samples. 0.2 is small and 0.8 large, as for Cohen's d. For a shift of all
    columns together it is near the length of the shift in standard deviations.

    Sees any difference, given enough rows, and is at its best for smooth shifts of many
    columns at once. A poor choice for differences much finer than the bandwidth (see
    `trimtab.stats.deep_kernel_mmd`), for rows that depend on each other, and for columns in
    different units, among which the largest one rules: scale them first. Time grows with the
    square of the number of rows (10,000 rows in all take some tenths of a second, 100,000 a
    hundred times that), memory only with the number of rows times `permutations`.

    Parameters
    ----------
    x, y : array_like of float, shape (n, d) and (m, d)
        Reference and current rows. A row with a NaN is left out, so test the share of missing
        values apart.
    permutations : int, default=100
        Relabellings to draw. The p-value is at least 1 / (1 + permutations).
    seed : int, default=0
        Seed of the relabellings and of the rows that the bandwidth is taken from.
    bandwidth : float, optional
        The s above, in the unit of the rows. If left out, the median distance between two of
        the pooled rows. One that was chosen by looking at the difference between these very
        samples makes the p-value wrong.

    Returns
    -------
    MultivariateResult
        All NaN with fewer than 2 rows on a side.

    Raises
    ------
    ValueError
        If an array is not two-dimensional, the widths differ, a value is infinite, or
        `permutations` or `bandwidth` is not above 0.

    See Also
    --------
    trimtab.stats.lsdd : Time linear in rows; better at changes of spread.
    trimtab.stats.mean_embedding_test : Sees means alone, in linear time.

    References
    ----------
    .. [1] A. Gretton, K. M. Borgwardt, M. J. Rasch, B. Schoelkopf and A. Smola, "A kernel
       two-sample test", Journal of Machine Learning Research 13 (2012).
    .. [2] B. Phipson and G. K. Smyth, "Permutation p-values should never be zero",
       Statistical Applications in Genetics and Molecular Biology 9 (2010).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(300, 5)), rng.normal(size=(200, 5)) + 0.5
    >>> result = mmd(x, y)
    >>> round(result.p_value, 3), round(result.effect_size, 1)
    (0.01, 1.0)
    """
    if bandwidth is not None and not (bandwidth > 0 and math.isfinite(bandwidth)):
        raise ValueError(f"expected a finite `bandwidth` above 0, got {bandwidth}")
    reference, current = as_row_pair(x, y)
    n, m = len(reference), len(current)
    if n < 2 or m < 2:
        return MultivariateResult.unknown(n, m, UNIT)
    labels = relabellings(n, m, permutations, seed)
    pooled = np.concatenate([reference, current])
    width = median_distance(pooled, seed) if bandwidth is None else bandwidth
    if math.isnan(width):  # all rows are equal
        return MultivariateResult(0.0, 1.0, n, m, 0.0, UNIT, permutations)
    statistics, witness = relabelled_mmd(gaussian_kernel(pooled, width), labels)
    effect = witness_effect(witness, labels[0])
    p_value = permutation_p_value(statistics)
    return MultivariateResult(float(statistics[0]), p_value, n, m, effect, UNIT, permutations)
