"""Least-squares density difference: how far apart the densities of two samples are."""

import math

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray
from trimtab.stats.kernels import median_distance
from trimtab.stats.multivariate import (
    MultivariateResult,
    as_row_pair,
    in_spreads,
    permutation_p_value,
    relabellings,
)

UNIT = "share of the largest difference"
_N_CENTRES = 200
_STEP = 8_192


def lsdd(
    x: ArrayLike,
    y: ArrayLike,
    *,
    permutations: int = 100,
    seed: int = 0,
    bandwidth: float | None = None,
    regularisation: float = 0.1,
) -> MultivariateResult:
    r"""Test two samples of rows for one distribution by the difference of their densities.

    Estimates :math:`\int (p - q)^2` without estimating either density: the difference is
    modelled as a sum of Gaussian bumps of width s around up to 200 of the pooled rows, and
    fitted by regularised least squares. With :math:`H_{lm} = \exp(-|c_l - c_m|^2 / (4 s^2))`
    and :math:`h_l` the mean bump :math:`\exp(-|a - c_l|^2 / (2 s^2))` over the reference less
    that over the current rows, :math:`\theta = (H + \lambda I)^{-1} h` and the statistic is
    :math:`2 \theta' h - \theta' H \theta`. That is the integral times
    :math:`(\pi s^2)^{d / 2}`, a constant which over- or underflows in many columns. The
    p-value is the share of relabellings of the pooled rows with a statistic as large, the
    labels as they are included: exact for independent rows.

    The effect size is the density difference over :math:`\int p^2 + \int q^2`, what it would
    be if the samples had nothing in common, both estimated in the same way and less the mean
    of the relabellings: 0 for equal densities, 1 for no overlap of what the bumps can tell
    apart.

    Time is linear in the rows. A poor choice for many columns (say, more than 20), where all
    densities seen through wide bumps look alike and the effect size comes out small; for
    differences much finer than the bandwidth; for rows that depend on each other; and for
    columns in different units: scale them first.

    Parameters
    ----------
    x, y : array_like of float, shape (n, d) and (m, d)
        Reference and current rows. A row with a NaN is left out.
    permutations : int, default=100
        Relabellings to draw. The p-value is at least 1 / (1 + permutations).
    seed : int, default=0
        Seed of the relabellings and of the choice of centres.
    bandwidth : float, optional
        The s above, in the unit of the rows. If left out, the median distance between two of
        the pooled rows.
    regularisation : float, default=0.1
        The lambda above, where the diagonal of H is 1: more makes the fit smoother. The level
        of the test does not depend on it, the power does.

    Returns
    -------
    MultivariateResult
        All NaN with fewer than 2 rows on a side.

    Raises
    ------
    ValueError
        If an array is not two-dimensional, the widths differ, a value is infinite, or
        `permutations`, `bandwidth` or `regularisation` is not above 0.

    References
    ----------
    .. [1] M. Sugiyama et al., "Density-difference estimation", Neural Computation 25 (2013).
    .. [2] L. Bu, C. Alippi and D. Zhao, "A pdf-free change detection test based on density
       difference estimation", IEEE Transactions on Neural Networks and Learning Systems 29
       (2018).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(500, 2)), rng.normal(size=(400, 2)) * 2
    >>> result = lsdd(x, y)
    >>> round(result.p_value, 3), round(result.effect_size, 1)
    (0.01, 0.3)
    """
    if bandwidth is not None and not (bandwidth > 0 and math.isfinite(bandwidth)):
        raise ValueError(f"expected a finite `bandwidth` above 0, got {bandwidth}")
    if not regularisation > 0:
        raise ValueError(f"expected `regularisation` above 0, got {regularisation}")
    reference, current = as_row_pair(x, y)
    n, m = len(reference), len(current)
    if n < 2 or m < 2:
        return MultivariateResult.unknown(n, m, UNIT)
    labels = relabellings(n, m, permutations, seed)
    pooled = np.concatenate([reference, current])
    width = median_distance(pooled, seed) if bandwidth is None else bandwidth
    if math.isnan(width):  # all rows are equal
        return MultivariateResult(0.0, 1.0, n, m, 0.0, UNIT, permutations)
    scaled = (pooled - np.median(pooled, axis=0)) / width
    chosen = np.random.default_rng((seed, 1)).permutation(n + m)[:_N_CENTRES]
    centres = scaled[chosen]
    sums, total = np.zeros((len(labels), len(centres))), np.zeros(len(centres))
    for start in range(0, n + m, _STEP):
        part = slice(start, start + _STEP)
        bumps = np.exp(-_squared_distances(scaled[part], centres) / 2)
        sums += labels[:, part].astype(np.float64) @ bumps
        total += bumps.sum(axis=0)
    means, other_means = sums / n, (total - sums) / m
    form = _quadratic_form(centres, regularisation)
    statistics = _applied(form, means - other_means)
    apart = float(_applied(form, means[0]) + _applied(form, other_means[0]))
    noise = float(statistics[1:].mean())  # it is in both estimates alike
    effect = in_spreads(float(statistics[0]) - noise, apart - noise)
    p_value = permutation_p_value(statistics)
    return MultivariateResult(float(statistics[0]), p_value, n, m, effect, UNIT, permutations)


def _quadratic_form(centres: FloatArray, regularisation: float) -> FloatArray:
    """Return Q with 2 theta'h - theta'H theta = h'Qh: A (H + 2 lambda I) A, A inverting."""
    overlaps = np.exp(-_squared_distances(centres, centres) / 4)
    sizes, axes = np.linalg.eigh(overlaps)
    sizes = np.maximum(sizes, 0)
    weights = (sizes + 2 * regularisation) / (sizes + regularisation) ** 2
    form: FloatArray = (axes * weights) @ axes.T
    return form


def _applied(form: FloatArray, means: FloatArray) -> FloatArray:
    values: FloatArray = ((means @ form) * means).sum(axis=-1)
    return values


def _squared_distances(rows: FloatArray, centres: FloatArray) -> FloatArray:
    norms = (rows**2).sum(axis=1)[:, np.newaxis] + (centres**2).sum(axis=1)
    squares: FloatArray = np.maximum(norms - 2 * (rows @ centres.T), 0)
    return squares
