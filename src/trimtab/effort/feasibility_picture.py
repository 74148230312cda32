"""The picture of a feasibility study: estimates of the Bayes error by number of rows."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from trimtab.data.report_pictures import round_step

if TYPE_CHECKING:
    from trimtab.effort.feasibility_result import Feasibility

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _ABOVE, _BELOW = 760, 380, 70, 60, 16, 52
# Okabe and Ito's set, which colour-blind readers can tell apart; dashes where it is used up
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c8c8c")
_DASHES = ("none", "7 3", "2 3")


def curves_picture(found: "Feasibility") -> Markup:
    """Return the estimate of each representation by size, with the target, as SVG.

    Sizes are on a logarithmic scale. The shaded band is the interval of the Bayes error, the
    dashed line the error that the target allows. Under 40 rows there is nothing to draw.
    """
    if not found.curves:
        return Markup("")
    axes = _Axes(found)
    low, high = found.interval
    wrong = 1 - found.target_accuracy
    left, right = _LEFT, _WIDTH - _RIGHT
    parts = [
        Markup(
            '<rect x="{}" y="{:.1f}" width="{}" height="{:.1f}" fill="var(--cur)" opacity=".13"/>'
        ).format(left, axes.y(high), right - left, max(1.0, axes.y(low) - axes.y(high))),
        *axes.drawn(),
    ]
    for number, curve in enumerate(found.curves):
        points = [
            (axes.x(size), axes.y(error))
            for size, error in zip(curve.sizes, curve.estimates, strict=True)
        ]
        width = 3 if curve.best else 1.5
        parts.append(_line(points, number, width, f"{curve.name}: {_last(curve.estimates)}"))
    parts.append(
        Markup(
            '<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="var(--bad)" stroke-width="1.5" '
            'stroke-dasharray="6 4"/>'
            '<text x="{}" y="{:.1f}" fill="var(--bad)">target</text>'
            '<text x="{}" y="{:.1f}" fill="var(--bad)">{:.3f}</text>'
        ).format(
            left, right, axes.y(wrong), axes.y(wrong),
            right + 5, axes.y(wrong) - 1, right + 5, axes.y(wrong) + 13, wrong,
        )
    )  # fmt: skip
    return Markup(
        '<svg class="meter" viewBox="0 0 {} {}" width="{}" font-size="12" fill="var(--ink)" '
        'role="img" aria-label="Estimates of the Bayes error against the number of rows, for each '
        'representation; the target allows an error of {:.3f}">{}</svg>'
    ).format(_WIDTH, _HEIGHT, _WIDTH, wrong, Markup("").join(parts))


def stroke(number: int) -> Markup:
    """Return the colour and dashes of a curve by its number, as attributes of a line."""
    rounds, place = divmod(number, len(_COLOURS))
    return Markup('stroke="{}" stroke-dasharray="{}"').format(
        _COLOURS[place], _DASHES[rounds % len(_DASHES)]
    )


def swatch(number: int) -> Markup:
    """Return a short line as a curve is drawn, for a legend."""
    return Markup(
        '<svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">'
        '<line x1="0" x2="28" y1="5" y2="5" stroke-width="3" {}/></svg>'
    ).format(stroke(number))


class _Axes:
    """Where sizes and errors are in the picture, with ticks at round numbers."""

    def __init__(self, found: "Feasibility") -> None:
        sizes = [size for curve in found.curves for size in curve.sizes]
        seen = [estimate for curve in found.curves for estimate in curve.estimates]
        self._first, self._last = math.log(min(sizes)), math.log(max(sizes))
        top = 1.05 * max(0.02, 1 - found.target_accuracy, *seen)
        self._step = round_step(0.999 * top / 5)
        self._top = self._step * math.ceil(top / self._step)

    def x(self, size: float) -> float:
        span = max(1e-9, self._last - self._first)
        return _LEFT + (math.log(size) - self._first) / span * (_WIDTH - _LEFT - _RIGHT)

    def y(self, error: float) -> float:
        height = _HEIGHT - _ABOVE - _BELOW
        return _ABOVE + height * (1 - min(error, self._top) / self._top)

    def drawn(self) -> list[Markup]:
        """Return grid, numbers and names of both axes."""
        right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BELOW
        parts = []
        for tick in range(round(self._top / self._step) + 1):
            error = tick * self._step
            parts.append(
                Markup(
                    '<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="var(--line)"/>'
                    '<text x="{}" y="{:.1f}" text-anchor="end">{:g}</text>'
                ).format(
                    _LEFT, right, self.y(error), self.y(error),
                    _LEFT - 8, self.y(error) + 4, round(error, 6),
                )
            )  # fmt: skip
        for size in self._sizes():
            parts.append(
                Markup(
                    '<line x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}" stroke="var(--soft)"/>'
                    '<text x="{:.1f}" y="{}" text-anchor="middle">{:,}</text>'
                ).format(
                    self.x(size), self.x(size), bottom, bottom + 4, self.x(size), bottom + 18, size
                )
            )
        middle = (_ABOVE + bottom) / 2
        parts.append(
            Markup(
                '<text x="{}" y="{}" text-anchor="middle" fill="var(--soft)">'
                "rows looked at (logarithmic scale)</text>"
                '<text transform="translate(14 {}) rotate(-90)" text-anchor="middle" '
                'fill="var(--soft)">estimated Bayes error (share of rows)</text>'
            ).format((_LEFT + right) / 2, _HEIGHT - 10, middle)
        )
        return parts

    def _sizes(self) -> list[int]:
        """Return round numbers of rows, far enough from each other to be read."""
        low, high = math.exp(self._first) * 0.999, math.exp(self._last) * 1.001
        found = [
            digit * 10**power
            for power in range(8)
            for digit in (1, 2, 5)
            if low <= digit * 10**power <= high
        ]
        return found or [round(math.exp(self._last))]


def _line(points: Sequence[tuple[float, float]], number: int, width: float, name: str) -> Markup:
    look, colour = stroke(number), _COLOURS[number % len(_COLOURS)]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    return Markup(
        '<polyline points="{}" fill="none" stroke-width="{}" {}><title>{}</title></polyline>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="none" stroke="{}"/>'
    ).format(path, width, look, name, points[-1][0], points[-1][1], colour)


def _last(estimates: Sequence[float]) -> str:
    return f"{estimates[-1]:.3f}"
