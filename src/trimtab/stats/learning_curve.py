"""The error of the nearest neighbour at more rows than there are: a power law with its doubt.

What errors at several sizes are, and how they vary together, is measured from the neighbours
themselves; what they come to at infinitely many rows, or at which size they pass a level, is
extrapolation: it holds as far as the power law does.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray, check_fraction, check_same_rows
from trimtab.stats.interval import Interval
from trimtab.stats.laws import normal_quantile

_FASTEST, _SLOWEST = 2.0, 0.01
_N_EXPONENTS, _N_LIMITS = 60, 1_001
# errors are not trusted to be a power law closer than this
_MISFIT = 0.001


@dataclass(frozen=True, slots=True)
class NearestCurve:
    """Errors of the nearest neighbour at several sizes, and how they vary together.

    Parameters
    ----------
    sizes : ndarray of int, shape (n_sizes,)
        Rows, rising.
    errors : ndarray of float, shape (n_sizes,)
        Share of queries whose nearest row has another label.
    covariance : ndarray of float, shape (n_sizes, n_sizes)
        Of the errors, over other queries and other labels of the rows.
    slowest : float
        Least exponent at which the error may fall: one over the dimension that the data have
        for their nearest neighbours.
    """

    sizes: IntArray
    errors: FloatArray
    covariance: FloatArray
    slowest: float


def nearest_curve(
    sizes: ArrayLike,
    nearest: ArrayLike,
    distances: ArrayLike,
    row_labels: ArrayLike,
    query_labels: ArrayLike,
    *,
    blocks: tuple[ArrayLike, ArrayLike] | None = None,
) -> NearestCurve:
    r"""Measure a curve of nearest-neighbour errors from the neighbours at each size.

    Errors at several sizes share their queries, and queries share rows, so that they are far
    from independent. The covariance counts both: sums over queries plus sums over rows, less
    what is in both [1]_. Distances to the nearest of n rows shrink as :math:`n^{-1/d}`; where the
    chances of the classes change no faster than in proportion to distance, the error falls at
    least that fast, and that is the slowest fall allowed later.

    Parameters
    ----------
    sizes : array_like of int, shape (n_sizes,)
        Rows among which neighbours were looked for, rising: the first rows each time.
    nearest : array_like of int, shape (n_sizes, n_queries)
        Nearest row of each query at each size.
    distances : array_like of float, shape (n_sizes, n_queries)
        How far it is.
    row_labels, query_labels : array_like of int
        Labels of rows, shape (n_rows,), and of queries, shape (n_queries,).
    blocks : pair of array_like of int, optional
        Block of each row, shape (n_rows,), and of each query, shape (n_queries,), 0 or more:
        rows of one block are not independent, nor are queries.

    Returns
    -------
    NearestCurve
        Errors with their covariance.

    References
    ----------
    .. [1] A. C. Cameron, J. B. Gelbach and D. L. Miller, "Robust inference with multiway
       clustering", Journal of Business and Economic Statistics 29 (2011).

    Examples
    --------
    >>> curve = nearest_curve([1, 2], [[0, 0], [0, 1]], [[1.0, 3.0], [1.0, 1.0]], [0, 1], [0, 1])
    >>> curve.errors.tolist(), round(curve.slowest, 2)
    ([0.5, 0.0], 1.0)
    """
    near = np.asarray(nearest, dtype=np.int64)
    labels, truth = np.asarray(row_labels), np.asarray(query_labels)
    check_same_rows(near.shape[1], truth.size, "query_labels")
    wrong = (labels[near] != truth).astype(np.float64)
    errors = wrong.mean(axis=1)
    off = wrong - errors[:, np.newaxis]
    by_query, sources = off, near
    if blocks is not None:
        codes, of_queries = (np.asarray(side, dtype=np.int64) for side in blocks)
        by_query = np.array([np.bincount(of_queries, weights=x) for x in off])
        sources = codes[near]
    n_sources = int(sources.max()) + 1
    by_row = np.array(
        [np.bincount(r, weights=x, minlength=n_sources) for r, x in zip(sources, off, strict=True)]
    )
    covariance = by_query @ by_query.T + by_row @ by_row.T
    for i, one in enumerate(sources):
        for j, other in enumerate(sources):
            covariance[i, j] -= (off[i] * off[j])[one == other].sum()
    values, vectors = np.linalg.eigh(covariance / truth.size**2)
    covariance = (vectors * np.maximum(values, 0)) @ vectors.T
    return NearestCurve(
        np.asarray(sizes, dtype=np.int64), errors, covariance, _slowest(sizes, distances)
    )


@dataclass(frozen=True, slots=True)
class CurveFit:
    """All power laws that a curve leaves possible: limit + rise (n / last)^-exponent.

    Parameters
    ----------
    asymptote : Interval
        Error at infinitely many rows.
    last : int
        Size at which `rise` is measured: the largest seen.
    limits, rises, exponents : ndarray of float, shape (n_possible,)
        The laws, best fit first.
    """

    asymptote: Interval
    last: int
    limits: FloatArray
    rises: FloatArray
    exponents: FloatArray

    def rows_for(self, error: float) -> tuple[float, float, float]:
        """Return the rows at which the error comes down to a level: best, fewest and most.

        Infinite where a law stays above the level.
        """
        room = error - self.limits
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            steps = np.log(np.maximum(self.rises, 0) / np.where(room > 0, room, 1))
            rows = np.where(room > 0, self.last * np.exp(steps / self.exponents), np.inf)
        return float(rows[0]), float(rows.min()), float(rows.max())


def fit_curve(curve: NearestCurve, *, delta: float = 0.05) -> CurveFit:
    r"""Fit :math:`a + b n^{-\alpha}` to a curve, with all of it that the curve leaves possible.

    By generalised least squares for every exponent from the slowest that the data's dimension
    allows up to 2, with a and b at least 0. Possible is what fits worse than the best by less
    than the normal quantile squared (the profile of the likelihood); where even the best fits
    badly all variances are scaled up to make it fit.

    Assumes that the error falls by one power law from the smallest size on. It says too much
    where the error stands still first and falls later: many rows of many columns, where the
    nearest row is as far as any. There `slowest` is small, and the interval wide.

    Parameters
    ----------
    curve : NearestCurve
        Errors at three sizes or more.
    delta : float, default=0.05
        Chance that the limits of the asymptote miss it, half on each side, in (0, 1).

    Returns
    -------
    CurveFit
        Limits from 0 to the last error where there are fewer than three sizes.

    Raises
    ------
    ValueError
        If `delta` is outside (0, 1).

    Examples
    --------
    >>> n = np.array([100, 200, 400, 800])
    >>> curve = NearestCurve(n, 0.2 + n**-0.5, np.eye(4) * 1e-8, 0.2)
    >>> fit = fit_curve(curve)
    >>> round(fit.asymptote.estimate, 2), fit.asymptote.width < 0.05
    (0.2, True)
    """
    check_fraction(delta, "delta")
    z = normal_quantile(1 - delta / 2)
    level, last = 1 - delta, int(curve.sizes[-1])
    if curve.sizes.size < 3:
        error = float(curve.errors[-1])
        interval = Interval(error, 0.0, 1.0, level, "too few sizes for a power law")
        return CurveFit(interval, last, np.array([error]), np.zeros(1), np.ones(1))
    exponents = np.geomspace(curve.slowest, _FASTEST, _N_EXPONENTS)
    top = min(1.0, float(curve.errors.max()) + 0.05)
    limits = np.linspace(0, top, _N_LIMITS)[:, np.newaxis]
    misfit, rises = _misfits(curve, limits, exponents)
    best = float(misfit.min())
    spare = curve.sizes.size - 2
    scale = max(1.0, best / spare)
    possible = misfit <= best + scale * z**2
    rows, columns = np.nonzero(possible)
    order = np.argsort(misfit[rows, columns], kind="stable")
    rows, columns = rows[order], columns[order]
    a, b = limits[rows, 0], rises[rows, columns]
    interval = Interval(
        float(a[0]), float(a.min()), float(a.max()), level, "power law, profile likelihood"
    )
    return CurveFit(interval, last, a, b, exponents[columns])


def _misfits(
    curve: NearestCurve, limits: FloatArray, exponents: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the misfit and the best rise, at least 0, of each limit and exponent."""
    spread = np.trace(curve.covariance) / curve.sizes.size
    noise = (1e-3 * spread + _MISFIT**2) * np.eye(curve.sizes.size)
    weight = np.linalg.inv(curve.covariance + noise)
    falls = (curve.sizes / curve.sizes[-1])[np.newaxis, :] ** -exponents[:, np.newaxis]
    e, one = curve.errors, np.ones(curve.sizes.size)
    with_rest = falls @ weight @ e - limits * (falls @ weight @ one)
    square = np.einsum("ij,jk,ik->i", falls, weight, falls)
    rises = np.maximum(0, with_rest / square)
    rest = e @ weight @ e - 2 * limits * (one @ weight @ e) + limits**2 * (one @ weight @ one)
    return rest - rises * (2 * with_rest - rises * square), rises


def _slowest(sizes: ArrayLike, distances: ArrayLike) -> float:
    """Return how fast the mean distance falls, as an exponent, over the larger sizes."""
    n = np.asarray(sizes, dtype=np.float64)
    far = np.asarray(distances, dtype=np.float64).mean(axis=1)
    n, far = n[-4:], far[-4:]
    if n.size < 2 or far[-1] <= 0:
        return 1.0
    fall = -np.polyfit(np.log(n), np.log(far), 1)[0]
    return float(min(1.0, max(_SLOWEST, fall))) if math.isfinite(fall) else _SLOWEST
