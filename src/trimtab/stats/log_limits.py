"""Limits for a mean whose promise may be too small for a float: delta is given as a logarithm.

Each of the two limits has a promise of its own. For independent rows and a number of rows that
was fixed beforehand. With a delta that is a float see `bounds` and `exact_share`.
"""

import math
from collections.abc import Callable


def chernoff_limits(mean: float, rows: int, *, ln_delta: float) -> tuple[float, float]:
    r"""Bound the mean of values in [0, 1] by the relative entropy of what was seen.

    The limits are the means :math:`m` at which :math:`n\, KL(\bar x, m) = -\ln \delta`, with
    :math:`KL(a, m) = a \ln(a / m) + (1 - a) \ln((1 - a) / (1 - m))`. They are within
    Hoeffding's, and far within them near 0 and 1. For a share of rows exact tails
    (`exact_share.exact_share_interval`) are a little narrower; a poor choice for values that vary
    less than zeros and ones with their mean do.

    Parameters
    ----------
    mean : float
        Mean of the rows, in [0, 1].
    rows : int
        Number of independent rows, at least 1.
    ln_delta : float
        Logarithm of the chance that one of the limits, either of them, misses; below 0.

    Returns
    -------
    tuple of float
        The lower and the upper limit, in [0, 1].

    Raises
    ------
    ValueError
        If an argument is outside what is said above.

    References
    ----------
    .. [1] W. Hoeffding, "Probability inequalities for sums of bounded random variables",
       Journal of the American Statistical Association 58 (1963), theorem 1.

    Examples
    --------
    >>> low, high = chernoff_limits(0.9, 1000, ln_delta=-32.0)
    >>> round(low, 4), round(high, 4)
    (0.8077, 0.959)
    """
    _check(rows, 1, ln_delta)
    if not 0 <= mean <= 1:
        raise ValueError(f"expected `mean` from 0 to 1, got {mean}")
    bar = -ln_delta / rows
    return (
        _last_inside(lambda m: _entropy(mean, m) <= bar, mean, 0.0),
        _last_inside(lambda m: _entropy(mean, m) <= bar, mean, 1.0),
    )


def bernstein_limits(
    mean: float, variance: float, rows: int, *, width: float, ln_delta: float
) -> tuple[float, float]:
    r"""Bound the mean of bounded values by their sample variance, whatever the true one is.

    The half-width is :math:`\sqrt{2 V \ln(2 / \delta) / n} + 7 w \ln(2 / \delta) / (3 (n - 1))`
    for values in a range of width :math:`w`. A poor choice for few rows, or for values that vary
    as much as their range allows.

    Parameters
    ----------
    mean, variance : float
        Of the rows; the variance with n - 1 in its divisor.
    rows : int
        Number of independent rows, at least 2.
    width : float
        Length of the range that every value is known to lie in beforehand; above 0.
    ln_delta : float
        Logarithm of the chance that one of the limits, either of them, misses; below 0.

    Returns
    -------
    tuple of float
        The lower and the upper limit, not cut to the range.

    Raises
    ------
    ValueError
        If an argument is outside what is said above.

    References
    ----------
    .. [1] A. Maurer and M. Pontil, "Empirical Bernstein bounds and sample variance
       penalization", Proceedings of COLT (2009), theorem 4.

    Examples
    --------
    >>> low, high = bernstein_limits(0.03, 0.1, 30_000, width=2, ln_delta=-12.0)
    >>> round(low, 4), round(high, 4)
    (0.0188, 0.0412)
    """
    _check(rows, 2, ln_delta)
    if not (variance >= 0 and width > 0):
        raise ValueError(
            f"expected a `variance` of 0 or more and `width` above 0, got {variance} and {width}"
        )
    log = math.log(2) - ln_delta
    half = math.sqrt(2 * variance * log / rows) + 7 * width * log / (3 * (rows - 1))
    return mean - half, mean + half


def _check(rows: int, least: int, ln_delta: float) -> None:
    if rows < least:
        raise ValueError(f"expected `rows` of at least {least}, got {rows}")
    if not -math.inf < ln_delta < 0:
        raise ValueError(f"expected a finite `ln_delta` below 0, got {ln_delta}")


def _entropy(mean: float, other: float) -> float:
    """Return KL(mean, other), infinite where `other` rules the mean out."""
    total = 0.0
    for seen, said in ((mean, other), (1 - mean, 1 - other)):
        if seen > 0:
            total += seen * math.log(seen / said) if said > 0 else math.inf
    return total


def _last_inside(inside: Callable[[float], bool], start: float, end: float) -> float:
    """Return where `inside` ends on the way to `end`, by halving; the outer side of it."""
    if inside(end):
        return end
    for _ in range(80):
        middle = (start + end) / 2
        start, end = (middle, end) if inside(middle) else (start, middle)
    return end
