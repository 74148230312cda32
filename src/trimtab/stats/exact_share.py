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
    from scipy.special import betaincinv

    check_fraction(delta, "delta")
    if not 0 <= successes <= rows or rows < 1:
        raise ValueError(f"expected `successes` from 0 to `rows` >= 1, got {successes} of {rows}")
    misses = rows - successes
    low = float(betaincinv(successes, misses + 1, delta / 2)) if successes else 0.0
    high = float(betaincinv(successes + 1, misses, 1 - delta / 2)) if misses else 1.0
    return Interval(successes / rows, low, high, 1 - delta, "exact binomial")
