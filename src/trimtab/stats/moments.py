"""Mean, variance, skewness and kurtosis of parts that add up to those of the whole."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import PIECE, FloatArray, IntArray, as_sample, scratch

# BLAS starts threads from 10,000 on
_ROW = 4_096


@dataclass(frozen=True, slots=True)
class Moments:
    """Count, mean and sums of powers of the deviations from the mean.

    Parameters
    ----------
    n : int
        Number of values.
    mean : float
        Their mean; 0 if there are none.
    m2, m3, m4 : float
        Sums of the second, third and fourth powers of the deviations.
    """

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0
    m3: float = 0.0
    m4: float = 0.0

    @property
    def variance(self) -> float | None:
        """Unbiased variance (divided by n - 1).

        None for fewer than two values, and where squares of them are too large for a float.
        """
        return self.m2 / (self.n - 1) if self.n > 1 and math.isfinite(self.m2) else None

    @property
    def std(self) -> float | None:
        """Root of the variance."""
        return None if self.variance is None else math.sqrt(self.variance)

    @property
    def skewness(self) -> float | None:
        """Third standardised moment (biased, as `scipy.stats.skew`); None if constant."""
        if not 0 < self.m2 < 1e200 or not math.isfinite(self.m3):
            return None
        return math.sqrt(self.n) * self.m3 / math.pow(self.m2, 1.5)

    @property
    def kurtosis(self) -> float | None:
        """Excess kurtosis (biased, as `scipy.stats.kurtosis`), 0 if normal; None if constant."""
        if not 0 < self.m2 < 1e150 or not math.isfinite(self.m4):
            return None
        return self.n * self.m4 / self.m2**2 - 3

    def merged(self, other: "Moments") -> "Moments":
        """Return the moments of both sets of values together."""
        if self.n == 0 or other.n == 0:
            return other if self.n == 0 else self
        a, b = self.n, other.n
        n, gap = a + b, other.mean - self.mean
        step = gap / n
        m2 = self.m2 + other.m2 + gap * step * a * b
        m3 = self.m3 + other.m3 + gap * (step * step) * a * b * (a - b)
        m3 += 3 * step * (a * other.m2 - b * self.m2)
        m4 = self.m4 + other.m4 + gap * (step * step * step) * a * b * (a * a - a * b + b * b)
        m4 += 6 * (step * step) * (a * a * other.m2 + b * b * self.m2)
        m4 += 4 * step * (a * other.m3 - b * self.m3)
        return Moments(n, self.mean + step * b, m2, m3, m4)


def moments(values: ArrayLike) -> Moments:
    """Compute the moments of values in one pass.

    Powers are summed about a value near the mean, so that a large mean costs no digits. The
    sums of the third and fourth powers of heavy tails are those of a few rows: read skewness and
    kurtosis of such columns as descriptions, not as estimates.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Finite values; NaN is left out.

    Returns
    -------
    Moments
        Mergeable with `Moments.merged`, exactly but for rounding.

    Raises
    ------
    ValueError
        If the array is not one-dimensional.

    References
    ----------
    .. [1] P. Pebay, "Formulas for robust, one-pass parallel computation of covariances and
       arbitrary-order statistical moments", Sandia report SAND2008-6212 (2008).

    Examples
    --------
    >>> made = moments([1.0, 2.0, 3.0, 10.0])
    >>> made.mean, made.variance
    (4.0, 16.666666666666668)
    """
    return moments_of(as_sample(values, "values"))


def weighted_moments(values: FloatArray, counts: IntArray) -> Moments:
    """Compute the moments of finite values that occur so often each."""
    n = int(counts.sum())
    if n == 0:
        return Moments()
    with np.errstate(over="ignore", invalid="ignore"):
        # shares, not counts: a sum of large values may be beyond all floats
        mean = float(counts / n @ values)
        gap = values - mean
        # the mean is rounded: what is left of the first power is taken out of the others
        left = float(counts / n @ gap)
        gap -= left
        square = gap * gap
        weighted = counts * square
        sums = float(weighted.sum()), float(weighted @ gap), float(weighted @ square)
    return Moments(n, mean + left, *sums)


def moments_of(values: FloatArray) -> Moments:
    """Compute the moments of finite values that need no check."""
    n = values.size
    if n == 0:
        return Moments()
    first = second = third = fourth = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        some = values[:: max(1, n // 512)]
        near = float((some / some.size).sum())
        for start in range(0, n, PIECE):
            piece = values[start : start + PIECE]
            gap = np.subtract(piece, near, out=scratch(0, piece.size))
            square = np.multiply(gap, gap, out=scratch(1, piece.size))
            first += float(np.add.reduce(gap))
            second += float(np.add.reduce(square))
            third += _product(gap, square)
            fourth += _product(square, square)
        if not math.isfinite(second):
            # squares are beyond all floats
            return Moments(n, float((values / n).sum()), math.inf, math.nan, math.inf)
    d = first / n
    m2 = max(second - n * d * d, 0.0)
    m3 = third - 3 * d * second + 2 * n * (d * d * d)
    m4 = fourth - 4 * d * third + 6 * d * d * second - 3 * n * (d * d * d * d)
    return Moments(n, near + d, m2, m3, max(m4, 0.0))


def _product(a: FloatArray, b: FloatArray) -> float:
    """Return the inner product, in rows so short that BLAS starts no threads for them."""
    whole = a.size - a.size % _ROW
    found = 0.0 if whole == a.size else float(np.vecdot(a[whole:], b[whole:]))
    if whole:
        rows = np.vecdot(a[:whole].reshape(-1, _ROW), b[:whole].reshape(-1, _ROW))
        found += float(np.add.reduce(rows))
    return found
