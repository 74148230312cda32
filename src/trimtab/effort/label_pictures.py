"""Pictures of shares with limits, and of how sure labels are, as SVG."""

import math

import numpy as np
from markupsafe import Markup

from trimtab.stats.arrays import FloatArray
from trimtab.stats.interval import Interval

_WIDE, _HIGH, _SIDE = 200, 20, 6
_BARS, _TALL, _LEFT, _BELOW, _N_BARS = 640, 160, 56, 40, 20


def dot_interval(limits: Interval, *, chance: float | None = None) -> Markup:
    """Return an estimate as a dot on its interval, from 0 to 100 %, with a line at chance.

    Examples
    --------
    >>> "0.6" in dot_interval(Interval(0.6, 0.5, 0.7, 0.95, "exact"))
    False
    >>> dot_interval(Interval(0.6, 0.5, 0.7, 0.95, "exact"))[:4]
    Markup('<svg')
    """

    def x(share: float) -> float:
        return _SIDE + share * (_WIDE - 2 * _SIDE)

    middle = _HIGH / 2
    drawn = [
        f'<path d="M{x(0)} {_HIGH - 1}H{x(1)}M{x(0)} 0V{_HIGH}M{x(1)} 0V{_HIGH}'
        f'M{x(0.5)} {_HIGH - 5}V{_HIGH}" fill="none" stroke="var(--line)"/>'
    ]
    if chance is not None:
        drawn.append(
            f'<path d="M{x(chance):.1f} 0V{_HIGH}" stroke="var(--soft)" stroke-dasharray="3 3"/>'
        )
    low, high = x(limits.low), x(limits.high)
    drawn.append(
        f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 4}V{middle + 4}'
        f'M{high:.1f} {middle - 4}V{middle + 4}" stroke="var(--cur)" stroke-width="1.5"/>'
    )
    said = "unknown"
    if math.isfinite(limits.estimate):
        drawn.append(f'<circle cx="{x(limits.estimate):.1f}" cy="{middle}" r="3" class="one"/>')
        said = f"{limits.estimate:.1%}"
    label = f"{said}, limits {limits.low:.1%} to {limits.high:.1%}"
    return Markup(  # noqa: S704 - it holds numbers only
        f'<svg viewBox="0 0 {_WIDE} {_HIGH}" width="{_WIDE}" height="{_HIGH}" role="img" '
        f'aria-label="{label}"><title>{label}</title>{"".join(drawn)}</svg>'
    )


def certainty_bars(probabilities: FloatArray, doubt: float) -> Markup:
    """Return how many rows have a likeliest class of which probability, with the threshold.

    Parameters
    ----------
    probabilities : ndarray of float, shape (n_samples, n_classes)
        Of each class.
    doubt : float
        Rows less sure than this are drawn in another colour.
    """
    best = probabilities.max(axis=1)
    first: float = 1 / probabilities.shape[1]
    counts, edges = np.histogram(np.clip(best, first, 1.0), bins=_N_BARS, range=(first, 1.0))
    most = max(int(counts.max()), 1)
    floor = _TALL - _BELOW

    def x(share: float) -> float:
        return _LEFT + (share - first) / (1 - first) * (_BARS - _LEFT - 24)

    def y(rows: float) -> float:
        return float(10 + (floor - 10) * (1 - rows / most))

    bars = []
    for low, high, rows in zip(edges[:-1], edges[1:], counts, strict=True):
        fill = "var(--warn)" if high <= doubt + 1e-9 else "var(--cur)"
        bars.append(
            f'<rect x="{x(low) + 0.5:.1f}" y="{y(rows):.1f}" width="{x(high) - x(low) - 1:.1f}" '
            f'height="{floor - y(rows):.1f}" fill="{fill}"><title>{rows:,} rows with '
            f"{low:.1%} to {high:.1%}</title></rect>"
        )
    ticks = "".join(
        f'<text x="{x(share):.1f}" y="{floor + 16}" text-anchor="middle">{share:.0%}</text>'
        for share in np.linspace(first, 1, 6)
    )
    line = ""
    if first < doubt < 1:
        line = (
            f'<path d="M{x(doubt):.1f} 2V{floor}" stroke="currentColor" stroke-dasharray="4 4"/>'
        )
    return Markup(  # noqa: S704 - it holds numbers only
        f'<svg class="meter" viewBox="0 0 {_BARS} {_TALL}" width="{_BARS}" font-size="12" '
        'fill="currentColor" role="img" aria-label="rows by the probability of their likeliest '
        f'class">{"".join(bars)}{line}<path d="M{_LEFT} 10V{floor}H{_BARS - 24}" fill="none" '
        f'stroke="var(--soft)"/><text x="{_LEFT - 6}" y="18" text-anchor="end">{most:,}</text>'
        f'<text x="{_LEFT - 6}" y="{floor}" text-anchor="end">0</text>{ticks}'
        f'<text x="{(_LEFT + _BARS) / 2:.0f}" y="{_TALL - 4}" text-anchor="middle">'
        "probability of the likeliest class</text>"
        f'<text x="{_LEFT - 6}" y="34" text-anchor="end">rows</text></svg>'
    )
