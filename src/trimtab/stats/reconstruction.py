"""Whether current rows still lie where the columns of the reference move together."""

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray
from trimtab.stats.multivariate import (
    MultivariateResult,
    as_row_pair,
    in_spreads,
    standardised,
)
from trimtab.stats.two_sample import ks_test

UNIT = "standard deviations"


def pca_reconstruction_test(
    x: ArrayLike, y: ArrayLike, *, explained: float = 0.65, seed: int = 0
) -> MultivariateResult:
    """Test whether rows fit the principal components of the reference as well as before.

    A random half of the reference gives column means, scales and principal components. The
    rows of the other half and the current ones are projected on the components that explain
    the share `explained` of the variance; what is lost (the length of the residual, columns
    in standard deviations) is a row's reconstruction error. The errors are compared by the
    two-sided Kolmogorov-Smirnov test, whose statistic and p-value are given. The level holds
    whatever the distribution: the components never saw the rows that are compared.

    The effect size is how much the mean error grew, in standard deviations of the errors of
    the reference's other half; its absolute value. Outliers move it more than the p-value.

    Sees a change of how columns depend on each other, which tests of single columns miss, and
    says so in one figure that is cheap for millions of rows. Blind to a shift within the
    components: if columns that move together all move together, the fit is as good as ever.
    A poor choice alone, for columns that do not depend on each other, and for rows that do.

    Parameters
    ----------
    x, y : array_like of float, shape (n, d) and (m, d)
        Reference and current rows, with at least two columns. A row with a NaN is left out.
    explained : float, default=0.65
        Share of the variance that the components explain, in (0, 1).
    seed : int, default=0
        Seed of the split of the reference.

    Returns
    -------
    MultivariateResult
        All NaN with fewer than 4 rows of reference or no current row.

    Raises
    ------
    ValueError
        If an array is not two-dimensional, the widths differ, there is only one column, a
        value is infinite, or `explained` is outside (0, 1).

    References
    ----------
    .. [1] J. E. Jackson and G. S. Mudholkar, "Control procedures for residuals associated with
       principal component analysis", Technometrics 21 (1979).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(600, 1)) + 0.3 * rng.normal(size=(600, 3))
    >>> y = rng.permuted(x, axis=0)  # every column as it was, their dependence gone
    >>> result = pca_reconstruction_test(x, y)
    >>> result.p_value < 0.001, round(result.effect_size)
    (True, 5)
    """
    if not 0 < explained < 1:
        raise ValueError(f"expected `explained` between 0 and 1, got {explained}")
    reference, current = as_row_pair(x, y)
    n, m = len(reference), len(current)
    if reference.shape[1] < 2:
        raise ValueError("expected at least 2 columns, got 1, which has no components")
    if n < 4 or m < 1:
        return MultivariateResult.unknown(n, m, UNIT)
    shuffled = np.random.default_rng(seed).permutation(reference)
    fitted, held_out = shuffled[: n // 2], shuffled[n // 2 :]
    axes = _components(standardised(fitted, fitted), explained)
    errors = _errors(standardised(held_out, fitted), axes)
    errors_now = _errors(standardised(current, fitted), axes)
    test = ks_test(errors, errors_now)
    growth = abs(float(errors_now.mean() - errors.mean()))
    effect = in_spreads(growth, float(errors.std()))
    return MultivariateResult(test.statistic, test.p_value, n, m, effect, UNIT, 0)


def _components(rows: FloatArray, explained: float) -> FloatArray:
    """Return the directions of most variance, shape (d, k): not all, none of equal rows."""
    variances, axes = np.linalg.eigh(rows.T @ rows)
    explained_by = np.cumsum(variances[::-1])
    if explained_by[-1] <= 0:
        return axes[:, :0]
    n_kept = int(np.searchsorted(explained_by, explained * explained_by[-1])) + 1
    n_kept = min(n_kept, rows.shape[1] - 1)
    kept: FloatArray = axes[:, ::-1][:, :n_kept]
    return kept


def _errors(rows: FloatArray, axes: FloatArray) -> FloatArray:
    lost = np.linalg.norm(rows - (rows @ axes) @ axes.T, axis=1)
    # rounding is no error: of rows that fit perfectly it would be all there is to compare
    lengths: FloatArray = np.where(lost > 1e-9 * np.linalg.norm(rows, axis=1), lost, 0.0)
    return lengths
