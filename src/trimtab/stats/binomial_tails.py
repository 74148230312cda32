"""Binomial tails beyond a share that is epsilon too high, at the worst true share, as logarithms.

The tail P(Bin(n, p) >= k) at p = k / n - epsilon makes sense for `n` and `k` of any real value,
which `test_set_bounds` searches with.
"""

import math

import numpy as np

from trimtab.stats.arrays import FloatArray

_GOLDEN = (math.sqrt(5) - 1) / 2


def worst_log_tail(n: FloatArray, epsilon: float) -> FloatArray:
    """Return ln max over whole k of the tail, for each number of rows."""
    around = np.floor(peak(n, epsilon) * n) + np.arange(-2.0, 4.0)[:, None]
    k = np.clip(around, np.floor(n * epsilon) + 1, n)  # below: p would not be above 0
    tails: FloatArray = log_tail(n, k, epsilon).max(axis=0)
    return tails


def peak(n: FloatArray, epsilon: float) -> FloatArray:
    """Return the share a = k / n at which the tail is largest, k any real number."""
    low, high = np.full(n.shape, epsilon), np.ones(n.shape)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = (log_tail(n, a * n, epsilon) for a in (left, right))
    for _ in range(32):  # golden sections: the peak is flat, 1e-7 of the range is near enough
        down = at_left >= at_right
        high, low = np.where(down, right, high), np.where(down, low, left)
        fresh = np.where(down, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
        at_fresh = log_tail(n, fresh * n, epsilon)
        left, right = np.where(down, fresh, right), np.where(down, left, fresh)
        at_left, at_right = (
            np.where(down, at_fresh, at_right),
            np.where(down, at_left, at_fresh),
        )
    return (low + high) / 2


def log_tail(n: FloatArray, k: FloatArray, epsilon: float) -> FloatArray:
    r"""Return ln P(Bin(n, p) >= k) at p = k / n - epsilon > 0, for k of any real value.

    It is :math:`\ln I_p(k, n - k + 1)`, where that is large enough to be a float.
    """
    from scipy.special import betainc

    n, k = np.broadcast_arrays(n, k)
    tail = betainc(k, n - k + 1, k / n - epsilon)
    tiny = tail < 1e-250
    total: FloatArray = np.log(np.where(tiny, 1.0, tail))
    if tiny.any():
        total[tiny] = _log_tiny_tail(n[tiny], k[tiny], epsilon)
    return total


def _log_tiny_tail(n: FloatArray, k: FloatArray, epsilon: float) -> FloatArray:
    """Return the same as the logarithm of the point and of what lies beyond it.

    The point, P(Bin = k), is in Loader's form, in which nothing large cancels; the rest is a
    continued fraction.
    """
    a, rest = k / n, n - k
    p = a - epsilon
    with np.errstate(divide="ignore", invalid="ignore"):
        right = np.where(rest > 0, (1 - a) * np.log1p(epsilon / (1 - a)), 0.0)
        divergence = -a * np.log1p(-epsilon / a) - right
    point = _gamma_excess(n) - _gamma_excess(k) - _gamma_excess(rest) - n * divergence
    total: FloatArray = point + np.log(_beyond(k, rest + 1, p) * (1 - p))
    return total


def _gamma_excess(x: FloatArray) -> FloatArray:
    """Return ln Gamma(x + 1) - x ln x + x, which stays small where both are huge."""
    from scipy.special import gammaln, xlogy

    big = np.maximum(x, 16.0)
    series = 1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * big**2)) / big**2) / big**2
    by_series = 0.5 * np.log(2 * math.pi * big) + series / big
    small = np.minimum(x, 16.0)
    excess: FloatArray = np.where(
        x >= 16, by_series, gammaln(small + 1) - xlogy(small, small) + small
    )
    return excess


def _beyond(a: FloatArray, b: FloatArray, x: FloatArray) -> FloatArray:
    """Return the continued fraction of the incomplete beta function, by Lentz's method."""
    tiny = 1e-300
    c = np.ones(a.shape)
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1), tiny)
    value = d.copy()
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away_from_zero(1 + term * d, tiny)
            c = _away_from_zero(1 + term / c, tiny)
            value = value * (c * d)
        if np.abs(c * d - 1).max() < 1e-11:  # rounding may keep it from ever being smaller
            break
    return value


def _away_from_zero(x: FloatArray, tiny: float) -> FloatArray:
    return np.where(np.abs(x) < tiny, tiny, x)
