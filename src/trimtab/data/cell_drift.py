"""What counts over the cells of two histograms tell of the values: bounds, distances, pictures.

Cells are those of `stats.log_linear`, rising; `below` are the shares of either side up to the
end of each.
"""

import itertools
import math

import numpy as np

from trimtab.data.built_in_tests import N_BINS
from trimtab.data.column_profile import ColumnProfile
from trimtab.data.count_drift import N_DRAWN
from trimtab.data.drift_report import Bins
from trimtab.stats.arrays import FloatArray, IntArray

# a value of at least one row in so many is told apart from the other values of its cell
_ATOM = 1_000
_PARTS = np.arange(N_DRAWN + 1) / N_DRAWN


def exact_values(old: ColumnProfile, new: ColumnProfile) -> tuple[FloatArray, IntArray, IntArray]:
    """Return all values of either side, rising, and their counts."""
    counts = [
        {float(x): n for x, n in side.top if math.isfinite(float(x))}  # type: ignore[arg-type]
        for side in (old, new)
    ]
    values = sorted({*counts[0], *counts[1]})
    a, b = (np.array([own.get(x, 0) for x in values], np.int64) for own in counts)
    return np.array(values), a, b


def common_values(old: ColumnProfile, new: ColumnProfile) -> dict[float, tuple[float, float]]:
    """Return values that many rows share, with their least shares on both sides."""
    a, b = _common(old), _common(new)
    return {value: (a.get(value, 0.0), b.get(value, 0.0)) for value in {*a, *b}}


def _common(side: ColumnProfile) -> dict[float, float]:
    least = side.usable / _ATOM
    common = itertools.takewhile(lambda level: level[1] >= least, side.top)
    found = {float(value): n / side.usable for value, n in common}  # type: ignore[arg-type]
    found[0.0] = side.zeros / side.usable
    return {value: share for value, share in found.items() if math.isfinite(value)}


def largest_hidden_gap(
    lower: FloatArray,
    below: tuple[FloatArray, FloatArray],
    atoms: dict[float, tuple[float, float]],
) -> float:
    """Return the largest gap that values within cells may make.

    Rows of a cell may lie in any order, but those of one value come all at once.
    """
    rise, fall = (_steps(share) for share in below)
    start = below[0] - rise - (below[1] - fall)
    held = np.zeros((2, lower.size))
    # of several in one cell the commonest, which comes last, stays
    values = np.array(sorted(atoms, key=lambda value: sum(atoms[value])))
    # cells are open on the side away from zero
    after = np.where(
        values >= 0, np.searchsorted(lower, values, "right"), np.searchsorted(lower, values)
    )
    held[:, np.maximum(after - 1, 0)] = np.array([atoms[value] for value in values]).T
    step = held[0] - held[1]
    over = start + (rise - held[0]) + np.maximum(step, 0)
    under = -start + (fall - held[1]) + np.maximum(-step, 0)
    return float(max(over.max(), under.max()))


def _steps(rising: FloatArray) -> FloatArray:
    """Return the first value and the differences of neighbours, quicker than `numpy.diff`."""
    steps = rising.copy()
    steps[1:] -= rising[:-1]
    return steps


def median(lower: FloatArray, upper: FloatArray, below: FloatArray, whole: bool) -> float:
    """Return the median, within its cell by interpolation."""
    cell = int(np.searchsorted(below, 0.5))
    before = float(below[cell - 1]) if cell else 0.0
    into = (0.5 - before) / (float(below[cell]) - before)
    found = float(lower[cell]) + into * float(upper[cell] - lower[cell])
    # cells are closed on the side of zero
    return float(math.trunc(found)) if whole else found


def area_between(lower: FloatArray, upper: FloatArray, gap: FloatArray) -> float:
    """Return the area between both distribution functions, each straight within a cell."""
    size = np.abs(gap)
    before = np.append(0.0, size[:-1])
    within = float(((before + size) / 2 * (upper - lower)).sum())
    return within + float((size[:-1] * (lower[1:] - upper[:-1])).sum())


def grouped(a: IntArray, b: IntArray) -> tuple[IntArray, IntArray]:
    """Return counts over some 20 groups of cells of about equal size of both sides together."""
    pooled = (a + b).cumsum()
    group = ((pooled - 1) * N_BINS // pooled[-1]).astype(np.int64)
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    return np.add.reduceat(a, starts), np.add.reduceat(b, starts)


def picture(
    lower: FloatArray, upper: FloatArray, below: tuple[FloatArray, FloatArray], *, whole: bool
) -> Bins:
    """Return a picture in bins of one width; what lies far out is in the outer ones."""
    both = (below[0] + below[1]) / 2
    first, last = np.searchsorted(both, (0.002, 0.998)).tolist()
    low, high = float(lower[first]), float(upper[min(last, both.size - 1)])
    if whole:
        low = math.floor(low)
        width = max(1, math.ceil((high - low) / N_DRAWN))
        edges = low + width * np.arange(math.ceil((high - low) / width) + 1, dtype=np.float64)
    else:
        edges = low * (1 - _PARTS) + high * _PARTS
    # steps between cells, straight within them
    inner = edges[1:-1]
    cell = np.minimum(np.searchsorted(upper, inner), upper.size - 1)
    size, into = upper[cell] - lower[cell], inner - lower[cell]
    inside = np.minimum(np.maximum(into, 0), size)
    into = np.divide(inside, size, out=(into >= 0).astype(np.float64), where=size > 0)
    shares = []
    for share in below:
        before = np.where(cell > 0, share[cell - 1], 0.0)
        heights = np.append(before + into * (share[cell] - before), 1.0)
        shares.append(tuple(_steps(heights).tolist()))
    return Bins(None, tuple(edges.tolist()), shares[0], shares[1])
