"""Limits for a share of rows by exact binomial tails. Two shares compared: see `shares`."""

from trimtab.stats.arrays import check_fraction
from trimtab.stats.interval import Interval


def exact_share_interval(successes: int, rows: int, *, delta: float) -> Interval:
    r"""Bound a share by the exact tails of the binomial law (Clopper and Pearson).

    The limits are the shares at which counts as high, or as low, as the one seen have
    probability :math:`\delta / 2`. The promise holds for every number of independent rows and
    every share, and is kept with some room to spare. A poor choice for rows that depend on each
    other: `bounds.block_interval` counts days instead.

    Parameters
    ----------
    successes : int
        Rows that are right, flagged, or whatever is counted.
    rows : int
        All rows, at least 1.
    delta : float
        Chance that the limits miss the true share, half of it on either side, in (0, 1).

    Returns
    -------
    Interval
        Limits within [0, 1].

    Raises
    ------
    ValueError
        If there are no rows, or `successes` or `delta` is out of its range.

    References
    ----------
    .. [1] C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated
       in the case of the binomial", Biometrika 26 (1934).

    Examples
    --------
    >>> share = exact_share_interval(90, 100, delta=0.05)
    >>> round(share.low, 4), round(share.high, 4)
    (0.8238, 0.951)
    """
    check_fraction(delta, "delta")
    if not 0 <= successes <= rows or rows < 1:
        raise ValueError(f"expected `successes` from 0 to `rows` >= 1, got {successes} of {rows}")
    low, high = binomial_limits(successes, rows, delta)
    return Interval(successes / rows, low, high, 1 - delta, "exact binomial")


def binomial_limits(successes: float, rows: float, delta: float) -> tuple[float, float]:
    """Return the limits of a share of so many rows, which may be no whole number."""
    from scipy.special import betaincinv

    misses = rows - successes
    low = float(betaincinv(successes, misses + 1, delta / 2)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, misses, 1 - delta / 2)) if misses > 0 else 1.0
    return low, high
