"""How far values must be carried to make one sample the other: effect sizes, not tests."""

import math

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, as_counts, as_sample

_SMALL, _LARGE = 2.0**-400, 2.0**500


def wasserstein(
    reference: ArrayLike, current: ArrayLike, *, positions: ArrayLike | None = None
) -> FloatArray:
    r"""Compute the least mean distance over which rows must be carried between bins.

    :math:`\sum_k |F_k - G_k| (x_{k+1} - x_k)` with the shares F and G of rows up to bin k.
    In the unit of the positions. Movement within a bin is not seen.

    Parameters
    ----------
    reference, current : array_like of int or float, shape (..., n_bins)
        Counts over the same bins, rising.
    positions : array_like of float, shape (n_bins,), optional
        Where the rows of each bin are taken to be; without them bins are one apart.

    Returns
    -------
    float or ndarray of shape (...)
        0 or more; NaN if a side is empty.

    Raises
    ------
    ValueError
        If bins differ, a count is negative, or positions do not rise.

    References
    ----------
    .. [1] A. Ramdas, N. Garcia Trillos and M. Cuturi, "On Wasserstein two-sample testing and
       related families of nonparametric tests", Entropy 19 (2017).

    Examples
    --------
    >>> float(wasserstein([1, 1, 0], [0, 1, 1]))
    1.0
    """
    p, q = as_counts(reference, "reference"), as_counts(current, "current")
    n_bins = p.shape[-1]
    if q.shape[-1] != n_bins:
        raise ValueError(f"expected {n_bins} bins of `current`, got {q.shape[-1]}")
    places = np.arange(n_bins) if positions is None else np.asarray(positions, np.float64)
    steps = np.diff(places)
    if places.shape != (n_bins,) or not (steps > 0).all():
        raise ValueError(f"expected {n_bins} rising `positions`")
    with np.errstate(invalid="ignore", divide="ignore"):
        ends = [np.cumsum(counts, -1) / counts.sum(-1, keepdims=True) for counts in (p, q)]
    total: FloatArray = (np.abs(ends[0] - ends[1])[..., :-1] * steps).sum(axis=-1)
    empty = (p.sum(axis=-1) == 0) | (q.sum(axis=-1) == 0)
    return np.where(empty, np.nan, total)[()]


def normalised_wasserstein(reference: ArrayLike, current: ArrayLike) -> float:
    """Compute how far values moved on average, in standard deviations of the reference.

    The area between the two distribution functions: the least mean distance over which the
    reference values must be carried to become the current ones. A shift of all values by one
    standard deviation gives 1. Outliers move both the distance and the unit, so a heavy tail
    can hide a change in the middle.

    Parameters
    ----------
    reference, current : array_like of float, shape (n,) and (m,)
        Finite values; NaN is left out.

    Returns
    -------
    float
        0 or more; infinite if a constant reference moved, NaN if a side has no values.

    Raises
    ------
    ValueError
        If an array is not one-dimensional or a value is infinite.

    References
    ----------
    .. [1] A. Ramdas, N. Garcia Trillos and M. Cuturi, "On Wasserstein two-sample testing and
       related families of nonparametric tests", Entropy 19 (2017).

    Examples
    --------
    >>> normalised_wasserstein([0, 2, 0, 2], [1, 3, 1, 3])
    1.0
    """
    a, b = _sorted(reference, current)
    if a.size == 0 or b.size == 0:
        return math.nan
    # squares of far larger or smaller values have no float; a power of two keeps all digits
    largest = max(-a[0], a[-1], -b[0], b[-1])
    if not _SMALL < largest < _LARGE:
        shrink = -math.frexp(largest)[1]
        a, b = np.ldexp(a, shrink), np.ldexp(b, shrink)
    distance = mean_distance(a, b)
    # rounding can give equal values a spread
    spread = float(a.std()) if a[0] < a[-1] else 0.0
    if spread == 0:
        return 0.0 if distance == 0 else math.inf
    return distance / spread


def wasserstein_distance(reference: ArrayLike, current: ArrayLike) -> float:
    """Compute how far values moved on average, in their own unit.

    As `normalised_wasserstein`, before it is divided by the deviation of the reference: equal to
    `scipy.stats.wasserstein_distance`, and infinite where the distance has no float.

    Parameters and errors are those of `normalised_wasserstein`; NaN if a side has no values.

    Examples
    --------
    >>> wasserstein_distance([0, 2, 0, 2], [3, 5, 3, 5])
    3.0
    """
    a, b = _sorted(reference, current)
    if a.size == 0 or b.size == 0:
        return math.nan
    with np.errstate(over="ignore"):
        return mean_distance(a, b)


def _sorted(reference: ArrayLike, current: ArrayLike) -> tuple[FloatArray, FloatArray]:
    a, b = np.sort(as_sample(reference, "reference")), np.sort(as_sample(current, "current"))
    if a.size and b.size and not np.isfinite([a[0], a[-1], b[0], b[-1]]).all():
        raise ValueError("expected finite values (or NaN), got infinity")
    return a, b


def mean_distance(a: FloatArray, b: FloatArray) -> float:
    """Integrate |F - G| for two sorted samples of finite values."""
    return float(np.abs(a - b).mean()) if a.size == b.size else _area_between(a, b)


def _area_between(a: FloatArray, b: FloatArray) -> float:
    """Integrate |F - G| for two sorted samples."""
    pooled = np.sort(np.concatenate([a, b]), kind="stable")
    left_ends = pooled[:-1]
    share_a = np.searchsorted(a, left_ends, side="right") / a.size
    share_b = np.searchsorted(b, left_ends, side="right") / b.size
    return float(np.abs(share_a - share_b) @ np.diff(pooled))
