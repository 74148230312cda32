"""Two columns of numbers compared in one go: what moved, how far, and a picture of both.

For the test alone, see `two_sample`.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import PIECE, FloatArray, IntArray, as_sample, scratch
from trimtab.stats.grids import N_CELLS
from trimtab.stats.interval import finite_or_none
from trimtab.stats.kolmogorov import two_sample_tail
from trimtab.stats.pooled import SORTED_ROWS, Opened, Pooled
from trimtab.stats.transport import mean_distance
from trimtab.stats.two_sample import TwoSampleResult, largest_gap_of_sorted

# what lies outside these quantiles of both samples together is drawn in the last bins
_DRAWN = (0.002, 0.998)
# sums of squares below have lost digits
_TINY = 2.0**-950


@dataclass(frozen=True, slots=True)
class NumbersComparison:
    """Two samples of numbers, tested and measured.

    Parameters
    ----------
    ks : TwoSampleResult
        Exact Kolmogorov-Smirnov test.
    moved : float
        Wasserstein distance in standard deviations of the reference; infinite if a constant
        reference moved, NaN if a value is infinite or a side has none.
    moved_error : float
        `moved` is at most this far from the exact distance; 0 for some ten thousand rows.
    mean_reference, mean_current, median_reference, median_current : float
        Exact up to rounding.
    deviation_reference : float
        Standard deviation of the reference, the unit of `moved`.
    edges : tuple of float, length n_bins + 1
        Bins for a picture, at most 24; the first and the last also hold what lies beyond.
    shares_reference, shares_current : tuple of float, length n_bins
        Share of values in each bin; it may be off by what shares a cell with an edge.
    """

    ks: TwoSampleResult
    moved: float
    moved_error: float
    mean_reference: float
    mean_current: float
    median_reference: float
    median_current: float
    deviation_reference: float
    edges: tuple[float, ...]
    shares_reference: tuple[float, ...]
    shares_current: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON, with None where a number is infinite or NaN."""
        plain = {
            key: finite_or_none(x) if isinstance(x, float) else x
            for key, x in asdict(self).items()
        }
        return plain | {"ks": self.ks.to_dict()}


@dataclass(frozen=True, slots=True)
class _Found:
    """What sorted and counted samples both know, each in its own way."""

    gap: int
    medians: tuple[float, float]
    distance: float
    error: float
    edges: FloatArray
    below: tuple[IntArray, IntArray]


def compare_numbers(
    reference: ArrayLike, current: ArrayLike, *, n_bins: int = 24
) -> NumbersComparison:
    """Test two samples for one distribution and measure how far apart they are.

    The Kolmogorov-Smirnov statistic and the medians are exact. Beyond some ten thousand rows
    nothing is sorted: values are counted in 32,768 cells, and only the cells that may hold the
    answer are opened. The Wasserstein distance is then known up to about the width of a cell,
    stated as `moved_error`. Assumes independent rows. A poor choice for a few named values
    (see `levels`) and for tails, which move neither the statistic nor the median.

    Parameters
    ----------
    reference, current : array_like of float, shape (n,) and (m,)
        Values; NaN is left out.
    n_bins : int, default=24
        At most so many bins for a picture.

    Returns
    -------
    NumbersComparison
        All NaN, and no bins, if a side has no values.

    Raises
    ------
    ValueError
        If an array is not one-dimensional or `n_bins` is below 1.

    See Also
    --------
    trimtab.stats.two_sample.ks_test : The test alone.

    References
    ----------
    .. [1] A. Ramdas, N. Garcia Trillos and M. Cuturi, "On Wasserstein two-sample testing and
       related families of nonparametric tests", Entropy 19 (2017).

    Examples
    --------
    >>> import numpy as np
    >>> found = compare_numbers(np.arange(100), np.arange(100) + 25)
    >>> found.ks.statistic, round(found.moved, 2), found.median_current
    (0.25, 0.87, 74.5)
    """
    if n_bins < 1:
        raise ValueError(f"expected `n_bins` of 1 or more, got {n_bins}")
    a, mean_a = _with_mean(reference, "reference")
    b, mean_b = _with_mean(current, "current")
    n, m = a.size, b.size
    if n == 0 or m == 0:
        nan = math.nan
        nothing = TwoSampleResult(nan, nan, n, m)
        return NumbersComparison(nothing, nan, nan, nan, nan, nan, nan, nan, (), (), ())
    found = _sorted(a, b, n_bins) if n + m <= SORTED_ROWS else _counted(a, b, n_bins)
    with np.errstate(invalid="ignore", over="ignore"):
        deviation = _deviation(a, mean_a)
    shares = [
        tuple(np.diff(below, prepend=0, append=size) / size)
        for below, size in zip(found.below, (n, m), strict=True)
    ]
    return NumbersComparison(
        TwoSampleResult(found.gap / (n * m), two_sample_tail(found.gap, n, m), n, m),
        0.0 if found.gap == 0 else _in_units(found.distance, deviation),
        0.0 if found.gap == 0 or deviation == 0 else found.error / deviation,
        mean_a,
        mean_b,
        *found.medians,
        deviation,
        tuple(found.edges.tolist()),
        tuple(map(float, shares[0])),
        tuple(map(float, shares[1])),
    )


def _with_mean(values: ArrayLike, name: str) -> tuple[FloatArray, float]:
    """Return the values that are not NaN and their mean, in one pass unless one is NaN."""
    array = np.asarray(values, dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        mean = float(array.mean()) if array.size else math.nan
        if array.ndim == 1 and not math.isnan(mean):
            return array, mean
        array = as_sample(array, name)
        return array, float(array.mean()) if array.size else math.nan


def _sorted(reference: FloatArray, current: FloatArray, n_bins: int) -> _Found:
    a, b = np.sort(reference), np.sort(current)
    both = np.sort(np.concatenate([a, b]), kind="stable")
    low, high = (float(both[int(p * (both.size - 1))]) for p in _DRAWN)
    edges = _edges(low, high, both, n_bins)
    finite = bool(np.isfinite(both[[0, -1]]).all())
    return _Found(
        largest_gap_of_sorted(a, b),
        (_middle(a), _middle(b)),
        mean_distance(a, b) if finite else math.nan,
        0.0,
        edges,
        (np.searchsorted(a, edges[1:-1]), np.searchsorted(b, edges[1:-1])),
    )


def _counted(reference: FloatArray, current: FloatArray, n_bins: int) -> _Found:
    pooled = Pooled.of(reference, current)
    gaps = pooled.gaps()
    wanted = pooled.hiding(gaps)
    wanted[[0, -1]] = True
    sides = pooled.reference, pooled.current
    ranks = [((s.values.size - 1) // 2, s.values.size // 2) for s in sides]
    for side, pair in zip(sides, ranks, strict=True):
        wanted[np.searchsorted(side.ends, pair, side="right")] = True
    opened = pooled.opened(wanted)
    medians = [
        _between(*(opened.at_rank(side, inside, rank) for rank in pair))
        for side, inside, pair in zip(
            sides, (opened.reference, opened.current), ranks, strict=True
        )
    ]
    distance, error = _distance(opened, gaps)
    ends = pooled.reference.ends + pooled.current.ends
    edges = _picture(pooled, ends, n_bins)
    # the inner edges alone: the last cell is open, and so holds whatever lies beyond
    cells = np.searchsorted(pooled.grid.edges()[1:-1], edges[1:-1])
    below = pooled.reference.ends[cells], pooled.current.ends[cells]
    gap = opened.largest_gap(gaps)
    return _Found(gap, (medians[0], medians[1]), distance, error, edges, below)


def _distance(opened: Opened, gaps: IntArray) -> tuple[float, float]:
    """Return the area between both distribution functions, and how far it may be off.

    Between the ends of a cell both are taken as straight; the first and the last cell are open
    and exact.
    """
    pooled = opened.pooled
    n, m = pooled.reference.values.size, pooled.current.values.size
    edges, known = pooled.grid.edges(), opened.frequent
    share = gaps / (n * m)
    left, right, width = share[:-2], share[1:-1], np.diff(edges[1:-1])
    within = (np.abs(left) + np.abs(right)) / 2
    crossed = np.flatnonzero(left * right < 0)
    a, b = left[crossed], right[crossed]
    within[crossed] = (a**2 + b**2) / (2 * (np.abs(a) + np.abs(b)))
    most = np.maximum(pooled.reference.counts / n, pooled.current.counts / m)[1:-1]
    total = float((within * width).sum())
    for cell, inner in ((0, edges[1]), (N_CELLS - 1, edges[-2])):
        points = np.concatenate([opened.reference.others, opened.current.others, known])
        points = points[~np.isnan(points)]
        points = np.sort(points[pooled.grid.cells(points) == cell])
        if points.size == 0:
            continue
        if not np.isfinite(points).all():
            return math.nan, math.nan
        total += _tail_area(opened, points, float(inner), cell, float(share[-2]))
    return total, float((most * width).sum())


def _tail_area(
    opened: Opened, points: FloatArray, inner: float, cell: int, share_before: float
) -> float:
    """Return the area between both functions over an end cell, from its sorted values."""
    n, m = opened.pooled.reference.values.size, opened.pooled.current.values.size
    cells = np.full(points.size, cell, np.uint16)
    apart = np.abs(
        opened.reference.ranks(points, cells, opened.frequent) / n
        - opened.current.ranks(points, cells, opened.frequent) / m
    )
    inside = float(apart[:-1] @ np.diff(points))
    if cell == 0:
        return inside + float(apart[-1]) * max(inner - float(points[-1]), 0.0)
    return inside + abs(share_before) * max(float(points[0]) - inner, 0.0)


def _picture(pooled: Pooled, ends: IntArray, n_bins: int) -> FloatArray:
    """Return bin edges from counts over cells."""
    seen = pooled.frequent[~np.isnan(pooled.frequent)]
    edges = np.where(np.isnan(pooled.frequent), pooled.grid.edges()[:-1], pooled.frequent)
    low, high = (float(edges[np.searchsorted(ends, p * ends[-1])]) for p in _DRAWN)
    return _edges(low, high, seen, n_bins)


def _edges(low: float, high: float, seen: FloatArray, n_bins: int) -> FloatArray:
    """Return edges of bins of one width; whole numbers lie between edges, not on them."""
    finite = seen[np.isfinite(seen)]
    if not -math.inf < low < high < math.inf:
        if finite.size == 0:
            return np.array([-math.inf, math.inf])
        low, high = float(finite.min()), float(finite.max())
    if (finite == np.floor(finite)).all() and high - low < 2**52:
        first, span = math.floor(low), math.ceil(high) - math.floor(low) + 1
        width = math.ceil(span / n_bins)
        return first - 0.5 + width * np.arange(math.ceil(span / width) + 1, dtype=np.float64)
    if low == high:
        return np.array([low, high])
    # not low + part * (high - low), which may overflow
    part = np.arange(n_bins + 1) / n_bins
    found: FloatArray = low * (1 - part) + high * part
    return found


def _middle(ordered: FloatArray) -> float:
    return _between(ordered[(ordered.size - 1) // 2], ordered[ordered.size // 2])


def _between(low: float, high: float) -> float:
    # half of each, because the sum of two large ones may overflow
    return float(low if low == high else low / 2 + high / 2)


def _deviation(values: FloatArray, mean: float) -> float:
    total = 0.0
    for i in range(0, values.size, PIECE):
        part = values[i : i + PIECE]
        apart = np.subtract(part, mean, out=scratch(0, part.size))
        total += float(np.multiply(apart, apart, out=apart).sum())
    if (math.isinf(total) or 0 < total < _TINY) and math.isfinite(mean):
        return _far_deviation(values, mean)
    found = math.sqrt(total / values.size) if total >= 0 else math.nan
    # the mean of equal values can be a rounding away from them
    is_constant = found <= 1e-9 * abs(mean) and float(values.min()) == float(values.max())
    return 0.0 if is_constant else found


def _far_deviation(values: FloatArray, mean: float) -> float:
    """Return the deviation of values whose squares have no float, or not all digits of one.

    A power of two keeps all digits.
    """
    low, high = float(values.min()), float(values.max())
    if math.isinf(low) or math.isinf(high):
        return math.inf
    shrink = math.frexp(max(-low, high))[1]
    return math.ldexp(_deviation(np.ldexp(values, -shrink), math.ldexp(mean, -shrink)), shrink)


def _in_units(distance: float, deviation: float) -> float:
    if deviation == 0:
        return 0.0 if distance == 0 else math.inf
    return distance / deviation
