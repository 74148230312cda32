"""Laws of the Kolmogorov-Smirnov statistic, of one sample and of two; no data here.

`scipy.stats` has these laws too, but takes most of a second to import and, for large samples
that differ, as long again for each value.
"""

import math

import numpy as np

from trimtab.stats.arrays import FloatArray

# past this n d**2 (p < 2e-13) the leading term of the limit law, an upper bound, is the answer
_FAR = 15.0
# above this n d**2 both one-sided events at once are too rare to count
_ONE_SIDED = 2.2
# up to this many rows all orderings are counted
_MAX_EXACT_ROWS = 10_000
# below this many rows the expansion is too rough, and in its lower tail below the second
_MIN_SERIES_ROWS, _MIN_LOW_ROWS = 140, 30_000
# below this the one-sided law is summed term by term
_MIN_INTEGRAL_ROWS = 1_000
# counts are kept below two to this power, with room to grow between two corrections
_TOP_EXPONENT, _RESCALE_EVERY = 700, 16


def two_sample_tail(gap: int, n: int, m: int) -> float:
    r"""Return the chance of a two-sample Kolmogorov-Smirnov statistic this large.

    Exact (all orderings of n + m different values counted) up to 10,000 rows a side; beyond,
    the law of one sample of n m / (n + m) rows. Where p is below 2e-13, the bound
    :math:`2 \exp(-2 d^2 n m / (n + m))`. Assumes values without ties; with ties the chance
    is smaller than what is returned.

    Parameters
    ----------
    gap : int
        The statistic times n m, a whole number.
    n, m : int
        Rows of either sample, at least 1.

    Returns
    -------
    float
        Two-sided p-value.

    References
    ----------
    .. [1] J. L. Hodges, "The significance probability of the Smirnov two-sample test", Arkiv
       foer Matematik 3 (1958).

    Examples
    --------
    >>> round(two_sample_tail(25 * 100, 100, 100), 4)
    0.0037
    """
    if gap == 0:
        return 1.0
    distance, rows = gap / (n * m), n * m / (n + m)
    if distance**2 * rows > _FAR:
        return 2 * math.exp(-2 * distance**2 * rows)
    if max(n, m) > _MAX_EXACT_ROWS:
        return kolmogorov_tail(distance, round(rows))
    if n == m:
        return _share_outside_equal(gap // n, n)
    return _share_outside(gap, max(n, m), min(n, m))


def kolmogorov_tail(distance: float, n: int) -> float:
    r"""Return the chance of a one-sample Kolmogorov-Smirnov distance this large.

    To 1e-12 of `scipy.stats.kstwo`: the expansion of Pelz and Good [1]_, and from
    :math:`n d^2 = 2.2` on twice the one-sided law, which is 2e-8 too large at most [2]_.

    Parameters
    ----------
    distance : float
        Largest gap between a sample's distribution function and the true one, in [0, 1].
    n : int
        Rows of the sample.

    Returns
    -------
    float
        Two-sided p-value.

    References
    ----------
    .. [1] W. Pelz and I. J. Good, "Approximating the lower tail-areas of the Kolmogorov-Smirnov
       one-sample statistic", Journal of the Royal Statistical Society B 38 (1976).
    .. [2] R. Simard and P. L'Ecuyer, "Computing the two-sided Kolmogorov-Smirnov
       distribution", Journal of Statistical Software 39 (2011).

    Examples
    --------
    >>> round(kolmogorov_tail(0.0136, 10_000), 4)
    0.049
    """
    if n <= _MIN_SERIES_ROWS or (n < _MIN_LOW_ROWS and n * distance**1.5 < 1.5):
        from scipy.stats import kstwo

        return float(kstwo.sf(distance, n))
    if n * distance**2 < _ONE_SIDED:
        return min(1.0, 1 - _pelz_good(math.sqrt(n) * distance, n))
    return 2 * smirnov_tail(distance, n)


def smirnov_tail(distance: float, n: int) -> float:
    r"""Return the chance of a one-sided Kolmogorov-Smirnov distance this large.

    A sum of n (1 - d) terms. For many rows it is an integral to all digits, because the terms
    vary slowly and vanish at both ends; its variable is the logit of the row, in which the
    integrand falls off doubly exponentially, so that some hundred points are enough.

    Parameters
    ----------
    distance : float
        Largest gap on one side, in (0, 1).
    n : int
        Rows of the sample.

    Returns
    -------
    float
        One-sided p-value.

    Examples
    --------
    >>> round(smirnov_tail(0.0136, 10_000), 4)
    0.0245
    """
    if n < _MIN_INTEGRAL_ROWS:
        from scipy.special import smirnov

        return float(smirnov(n, distance))
    steps = np.arange(-120, 121) * 0.05
    share = (1 - distance) / (1 + np.exp(-steps))
    row, left = n * share, n * (1 - share)
    shift = n * distance
    # C(n, j) (j/n)^j (1 - j/n)^(n - j) by Stirling's series: logarithms of factorials would
    # lose the digits that matter
    exponent = (
        row * np.log1p(shift / row)
        + left * np.log1p(-shift / left)
        + _stirling(np.array([float(n)]))
        - _stirling(row)
        - _stirling(left)
    )
    terms = np.sqrt(n / (2 * np.pi * row * left)) * shift / (shift + row) * np.exp(exponent)
    return float((terms * n * share * (1 - share / (1 - distance))).sum() * 0.05)


def _stirling(x: FloatArray) -> FloatArray:
    """Return log x! less its leading terms (x log x - x + log(2 pi x) / 2)."""
    return 1 / (12 * x) - 1 / (360 * x**3) + 1 / (1260 * x**5) - 1 / (1680 * x**7)


# squares of odd multiples of pi / 2 and of multiples of pi, as far as they count up to z = 4
_ODD = (np.arange(1, 40, 2) * (np.pi / 2)) ** 2
_ODD_POWERS = _ODD ** np.arange(4)[:, None]
_WHOLE = (np.arange(1, 20) * np.pi) ** 2
_WHOLE_POWERS = _WHOLE ** np.arange(1, 3)[:, None]


def _pelz_good(z: float, n: int) -> float:
    """Return the chance that sqrt(n) d is at most z."""
    if z < 0.05:
        return 0.0
    # sums over the terms first: what remains is arithmetic on single numbers
    odd_0, odd_1, odd_2, odd_3 = (_ODD_POWERS @ np.exp(-_ODD / (2 * z**2))).tolist()
    whole_1, whole_2 = (_WHOLE_POWERS @ np.exp(-_WHOLE / (2 * z**2))).tolist()
    first = odd_0 / z
    second = (odd_1 - z**2 * odd_0) / (6 * z**4)
    third = (
        (6 * z**6 + 2 * z**4) * odd_0 + (2 * z**4 - 5 * z**2) * odd_1 + (1 - 2 * z**2) * odd_2
    ) / (72 * z**7) - whole_1 / (36 * z**3)  # fmt: skip
    fourth = (
        -(30 * z**6 + 90 * z**8) * odd_0 + (135 * z**4 - 96 * z**6) * odd_1
        + (212 * z**4 - 60 * z**2) * odd_2 + (5 - 30 * z**2) * odd_3
    ) / (6480 * z**10) + (3 * z**2 * whole_1 - whole_2) / (216 * z**6)  # fmt: skip
    total = first + second / math.sqrt(n) + third / n + fourth / n**1.5
    return float(math.sqrt(2 * math.pi) * total)


def _share_outside_equal(height: int, n: int) -> float:
    """Return the share of orderings of n and n rows whose gap reaches `height` / n.

    By reflection it is 2 (b_1 - b_2 + b_3 - ...) with b_k = C(2n, n - k height) / C(2n, n).
    """
    share = 0.0
    for k in range(n // height, 0, -1):
        # b_k / b_{k - 1}, as a product of factors below one
        low, high = n - k * height, n + (k - 1) * height
        factors = np.arange(low + 1, low + height + 1) / np.arange(high + 1, high + height + 1)
        share = float(np.prod(factors)) * (1 - share)
    return min(1.0, 2 * share)


def _share_outside(gap: int, n_columns: int, n_rows: int) -> float:
    """Return the share of orderings whose gap reaches `gap`; quicker with fewer rows.

    An ordering is a lattice path from (0, 0) to (n_rows, n_columns), and its gap at (i, j) is
    |i n_columns - j n_rows|. Counted are the paths that have left the band of small gaps:
    all C(i + j, i) of them at a cell outside, and at a cell inside those of the cell before
    in either direction. So a row is the running sum of the row before, led by its last cell
    outside; only the band is kept, as floats over a power of two.
    """
    steps = np.arange(n_rows + 1) * n_columns
    lows = np.maximum((steps - gap) // n_rows + 1, 0).tolist()
    highs = np.minimum((steps + gap - 1) // n_rows + 1, n_columns + 1).tolist()
    paths = np.zeros(n_columns + 2)
    scale, low, high = 0, 0, highs[0]
    before, beyond = 0.0, 1.0  # all paths to the cells next to the band, below and above
    for i in range(1, n_rows + 1):
        while high < highs[i]:
            paths[high] = beyond
            high += 1
            beyond *= (i - 1 + high) / high
        beyond *= (i + high) / i
        before *= (i + low - 1) / i
        while low < lows[i]:
            low += 1
            before = before * (i + low - 1) / (low - 1) if low > 1 else math.ldexp(1.0, -scale)
        if low >= high:
            return 1.0
        if low:
            paths[low - 1] = before
        band = paths[max(low - 1, 0) : high]
        np.add.accumulate(band, out=band)
        if i % _RESCALE_EVERY == 0:
            shift = _TOP_EXPONENT - math.frexp(max(float(band[-1]), beyond))[1]
            np.ldexp(band, shift, out=band)
            before, beyond = math.ldexp(before, shift), math.ldexp(beyond, shift)
            scale -= shift
    total = math.comb(n_rows + n_columns, n_columns)
    digits = max(total.bit_length() - 64, 0)
    share = float(paths[n_columns]) / float(total >> digits)
    return min(1.0, math.ldexp(share, scale - digits))
