"""Small histograms: as SVG on pages, as block characters in a terminal."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup, escape

from trimtab.data.report_words import number, share

if TYPE_CHECKING:
    from trimtab.data.column_profile import ColumnProfile
    from trimtab.data.drift_report import Bins

WIDTH, HEIGHT, N_BINS = 168, 36, 24
_BLOCKS = "▁▂▃▄▅▆▇█"
_TAIL = 0.01


def round_step(least: float) -> float:
    """Return the 1, 2 or 5 times a power of ten from `least` on, for the ticks of an axis.

    Examples
    --------
    >>> round_step(0.3), round_step(20), round_step(21)
    (0.5, 20.0, 50.0)
    """
    power = 10.0 ** math.floor(math.log10(least))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= least))


def spark(shares: Sequence[float], peak: float, width: int = 12) -> str:
    """Return shares as one line of block characters, a blank where nothing is.

    Parameters
    ----------
    shares : sequence of float
        Of each bin. Neighbours are added up where there are more of them than `width`.
    peak : float
        The share that fills a line: the same for two pictures that are to be compared.

    Examples
    --------
    >>> spark([0.0, 0.01, 0.2, 0.4], peak=0.4)
    ' ▁▄█'
    """
    top = len(_BLOCKS)
    heights = [min(top, int(np.ceil(top * x / peak))) if peak else 0 for x in shares[:width]]
    return "".join(_BLOCKS[height - 1] if height else " " for height in heights)


def folded(shares: Sequence[float], width: int) -> list[float]:
    """Return shares in at most `width` bins of as many old ones each, the rest in the last.

    Examples
    --------
    >>> folded([1, 2, 3, 4, 5], 3)
    [3, 7, 5]
    """
    step = -(-len(shares) // width) if shares else 1
    return [sum(shares[start : start + step]) for start in range(0, len(shares), step)]


def spark_pair(bins: "Bins", width: int = 12) -> tuple[str, str]:
    """Return both sides of a finding as block characters on one scale."""
    sides = [folded(side, width) for side in (bins.reference, bins.current)]
    peak = max((x for side in sides for x in side), default=0.0)
    return spark(sides[0], peak, width), spark(sides[1], peak, width)


def bin_names(bins: "Bins") -> list[str]:
    """Return what each bin holds, in words."""
    if bins.labels is not None:
        return list(bins.labels)
    edges = bins.edges or ()
    return [f"{number(a, 3)} to {number(b, 3)}" for a, b in zip(edges, edges[1:], strict=False)]


def pair(bins: "Bins") -> Markup:
    """Return both sides as bars: the reference filled, the current rows as an outline."""
    both = [*bins.reference, *bins.current]
    if not both:
        return Markup("")
    peak, named = max(both) or 1.0, bin_names(bins)
    step = WIDTH / len(bins.reference)
    hover = [
        _hover(i * step, step, f"{name}: {share(old)} before, {share(new)} now")
        for i, (name, old, new) in enumerate(
            zip(named, bins.reference, bins.current, strict=False)
        )
    ]
    ends = f"from {named[0]} to {named[-1]}" if named else ""
    label = f"shares of {len(bins.reference)} bins, reference and current, {ends}"
    outer = (number(bins.edges[0], 3), number(bins.edges[-1], 3)) if bins.edges else None
    return _drawing(
        label,
        f'<path class="ref" d="{_area(bins.reference, peak)}"/>'
        f'<path class="cur" d="{_outline(bins.current, peak)}"/>' + "".join(hover),
        outer,
    )


def single(column: "ColumnProfile") -> Markup:
    """Return what a column holds as bars: of its values, or of its commonest levels."""
    named, shares = shape(column)
    if not shares:
        return Markup("")
    step = WIDTH / len(shares)
    hover = [
        _hover(i * step, step, f"{name}: {share(x)}")
        for i, (name, x) in enumerate(zip(named, shares, strict=True))
    ]
    label = f"shares of {len(shares)} bins, from {named[0]} to {named[-1]}"
    bars = f'<path class="one" d="{_area(shares, max(shares) or 1.0)}"/>'
    ends = (named[0].partition(" to ")[0], named[-1].rpartition(" to ")[2])
    return _drawing(label, bars + "".join(hover), ends if column.histogram is not None else None)


def meter(score: float) -> Markup:
    """Return a score between 0 and 1 as a bar."""
    return Markup(  # noqa: S704 - it holds a number only
        '<svg class="meter" viewBox="0 0 160 8" width="160" height="8" aria-hidden="true">'
        '<rect class="ref" width="160" height="8" rx="4"/>'
        f'<rect class="one" width="{160 * score:.1f}" height="8" rx="4"/></svg>'
    )


def shape(column: "ColumnProfile") -> tuple[list[str], list[float]]:
    """Return names and shares of a column's bins; none where there is nothing to draw.

    Few values are a bar each. Many numbers fall into 24 bins of equal width that leave out the
    outer hundredths: one far value would flatten all others. Of number lists, the norms.
    """
    histogram = column.vector.norm_cells if column.vector is not None else column.histogram
    total = column.count or 1
    few = column.top_complete and column.distinct <= N_BINS
    if column.top and (few or histogram is None):
        levels = column.top[:N_BINS]
        if histogram is not None:
            levels = tuple(sorted(levels, key=lambda level: _order(level[0])))
        return [number(value) for value, _ in levels], [count / total for _, count in levels]
    if histogram is None or not histogram.total:
        return [], []
    lower, upper = histogram.lower, histogram.upper
    counts = histogram.counts.astype(np.float64)
    below = np.concatenate([[0.0], counts.cumsum()]) / counts.sum()
    # a value of the distribution function at each end of each cell, even inside a cell
    points = np.column_stack([lower, upper]).ravel()
    levels_at = np.column_stack([below[:-1], below[1:]]).ravel()
    low, high = np.interp([_TAIL, 1 - _TAIL], levels_at, points)
    if not low < high:
        return [_edge(column, low)], [1.0]
    edges = np.linspace(low, high, N_BINS + 1)
    inner = np.interp(edges, points, levels_at)
    marks = [_edge(column, edge) for edge in edges]
    named = [f"{a} to {b}" for a, b in zip(marks[:-1], marks[1:], strict=True)]
    return named, [float(x) for x in np.diff(inner)]


def _order(value: Any) -> tuple[float, str]:
    """Return what sorts values of one type: times and texts by how they are written."""
    return (float(value) if isinstance(value, bool | int | float) else 0.0, str(value))


def _edge(column: "ColumnProfile", value: float) -> str:
    """Return the end of a bin; those of times are microseconds since 1970."""
    if isinstance(column.min, date):
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=float(value))
        return number(moment if isinstance(column.min, datetime) else moment.date())
    return number(float(value), 3)


def _hover(left: float, width: float, words: str) -> str:
    """Return an unseen bar that says what it stands for when pointed at."""
    return f'<rect x="{left:.0f}" width="{width:.0f}"><title>{escape(words)}</title></rect>'


def _drawing(label: str, inside: str, ends: tuple[str, str] | None = None) -> Markup:
    """Return a picture, with the ends of its axis below it where it has one."""
    below = "<span>{}</span><span>{}</span>".format(*map(escape, ends)) if ends else ""
    # the label and the ends are escaped here, the words inside where they were put in
    return Markup(  # noqa: S704
        f'<svg class="bins" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        f' role="img" aria-label="{escape(label)}">{inside}</svg>'
        + (f'<small class="ends">{below}</small>' if below else "")
    )


def _heights(shares: Sequence[float], peak: float) -> list[float]:
    """Return how far from the top each bar ends; what is there at all is at least a line."""
    room = HEIGHT - 2
    return [HEIGHT - max(room * x / peak, 1.0) if x else float(HEIGHT) for x in shares]


def _area(shares: Sequence[float], peak: float) -> str:
    step, gap = WIDTH / len(shares), 1 if len(shares) > 1 else 0
    return "".join(
        f"M{i * step:.1f} {HEIGHT}V{top:.1f}h{step - gap:.1f}V{HEIGHT}z"
        for i, top in enumerate(_heights(shares, peak))
        if top < HEIGHT
    )


def _outline(shares: Sequence[float], peak: float) -> str:
    step = WIDTH / len(shares)
    line = "".join(f"V{top - 0.5:.1f}h{step:.1f}" for top in _heights(shares, peak))
    return f"M0 {HEIGHT - 0.5}{line}V{HEIGHT - 0.5}"
