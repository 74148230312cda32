"""The report of a cleaning session as one HTML page that loads nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path

from markupsafe import Markup

from trimtab.data.report_frame import page
from trimtab.data.report_pictures import round_step
from trimtab.effort.cleaning_report import CleaningReport
from trimtab.stats.interval import Interval

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _ABOVE, _BELOW = 680, 250, 56, 16, 12, 40
_TICKS = 4
Points = Sequence[tuple[float, float]]
Place = Callable[[float, float], str]


def cleaning_page(report: CleaningReport) -> str:
    """Return a page on what is certain, what going on may bring, and what to clean next.

    Parameters
    ----------
    report : CleaningReport
        What `cleaning_report` returned.

    Returns
    -------
    str
        HTML that needs no other file.

    Examples
    --------
    >>> from trimtab.effort.cleaning import cleaning_order
    >>> from trimtab.effort.cleaning_report import cleaning_report
    >>> session = cleaning_order([[[0.0]], [[1.0], [4.5]], [[9.0]]], [0, 1, 1], [[2.0]], k=1)
    >>> shown = cleaning_page(cleaning_report(session))
    >>> "0 of 1 predictions" in shown, "src=" in shown
    (True, False)
    """
    status = report.status
    return page(
        "cleaning.html",
        f"{status.certain:,} of {status.n_queries:,} predictions are certain",
        folder=Path(__file__).parent / "templates",
        report=report,
        status=status,
        forecast=report.forecast,
        baselines=report.baselines,
        certain=_picture(report, "certain"),
        accuracy=_picture(report, "accuracy") if report.has_labels else None,
    )


def _picture(report: CleaningReport, kind: str) -> Markup:
    """Return one of two courses as SVG: seen so far as a line, expected as a line in a band."""
    now, n = report.status.cleaned, report.status.n_queries
    bands = report.forecast.certain if kind == "certain" else report.forecast.accuracy
    seen = [
        (float(at.rows), (at.certain if kind == "certain" else at.right) / n)
        for at in report.history
    ]
    rows = [float(now + more) for more in report.forecast.rows]
    values = [value for _, value in seen] + [
        end for band in bands for end in (band.low, band.high)
    ]
    least, most = (0.0, 1.0) if kind == "certain" else _room(values)
    last = max(rows[-1], 1.0)

    def at(row: float, value: float) -> str:
        x = _LEFT + row / last * (_WIDTH - _LEFT - _RIGHT)
        y = _ABOVE + (1 - (value - least) / (most - least)) * (_HEIGHT - _ABOVE - _BELOW)
        return f"{x:.1f},{y:.1f}"

    drawn = [*_axes(least, most, last), *_now(now, last), _band(rows, bands, at)]
    drawn += [_line(seen, at, dashes=""), _line(_means(rows, bands), at, dashes="5 4")]
    what = "share of predictions that are certain" if kind == "certain" else "accuracy"
    return Markup(
        '<svg class="meter" viewBox="0 0 {w} {h}" width="{w}" font-size="12" fill="currentColor" '
        'role="img" aria-label="{what} against rows cleaned, from {a:.3f} now to {b:.3f}">'
        '{drawn}<text x="{x}" y="{y}" text-anchor="middle">rows cleaned</text></svg>'
    ).format(
        w=_WIDTH, h=_HEIGHT, what=what, a=bands[0].estimate, b=bands[-1].estimate,
        drawn=Markup("").join(drawn), x=(_WIDTH + _LEFT) // 2, y=_HEIGHT - 4,
    )  # fmt: skip


def _room(values: Sequence[float]) -> tuple[float, float]:
    """Return limits of an axis that holds the values, at twentieths, and shows a difference."""
    least, most = (int(min(values) * 20)) / 20, (int(max(values) * 20 - 1e-9) + 1) / 20
    return max(least, 0.0), max(most, least + 0.05)


def _axes(least: float, most: float, last: float) -> list[Markup]:
    right, low = _WIDTH - _RIGHT, _HEIGHT - _BELOW
    drawn = []
    for tick in range(_TICKS + 1):
        share = tick / _TICKS
        y = low - share * (low - _ABOVE)
        drawn.append(
            Markup(
                '<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="var(--line)"/>'
                '<text x="{}" y="{:.1f}" text-anchor="end">{:.1%}</text>'
            ).format(_LEFT, right, y, y, _LEFT - 6, y + 4, least + share * (most - least))
        )
    step = _step(last)
    for row in range(0, int(last) + 1, step):
        x = _LEFT + row / last * (right - _LEFT)
        end = "end" if row + step / 4 > last else "middle"
        drawn.append(
            Markup('<text x="{:.1f}" y="{}" text-anchor="{}">{:,}</text>').format(
                x, low + 18, end, row
            )
        )
    return drawn


def _step(last: float) -> int:
    """Return a round number of rows between two ticks, about a quarter of the axis."""
    return int(round_step(max(last / _TICKS, 1.0)))


def _now(now: int, last: float) -> list[Markup]:
    """Return a line where the session stands, unless it stands at the edge."""
    if not now:
        return []
    x = _LEFT + now / last * (_WIDTH - _LEFT - _RIGHT)
    side, gap = ("end", -4) if now > last / 2 else ("start", 4)
    return [
        Markup(
            '<line x1="{x:.1f}" x2="{x:.1f}" y1="{a}" y2="{b}" stroke="var(--soft)" '
            'stroke-dasharray="2 3"/><text x="{t:.1f}" y="{y}" text-anchor="{side}" '
            'fill="var(--soft)">now: {now:,}</text>'
        ).format(
            x=x,
            a=_ABOVE,
            b=_HEIGHT - _BELOW,
            t=x + gap,
            y=_HEIGHT - _BELOW - 6,
            side=side,
            now=now,
        )
    ]


def _band(rows: Sequence[float], bands: Sequence[Interval], at: Place) -> Markup:
    corners = [at(x, band.high) for x, band in zip(rows, bands, strict=True)]
    corners += [at(x, band.low) for x, band in zip(rows, bands, strict=True)][::-1]
    return Markup('<polygon points="{}" fill="var(--cur)" opacity=".18"/>').format(
        " ".join(corners)
    )


def _means(rows: Sequence[float], bands: Sequence[Interval]) -> Points:
    return [(x, band.estimate) for x, band in zip(rows, bands, strict=True)]


def _line(points: Points, at: Place, *, dashes: str) -> Markup:
    x, y = at(*points[-1]).split(",")
    return Markup(
        '<polyline points="{}" fill="none" stroke="var(--cur)" stroke-width="2" '
        'stroke-dasharray="{}"/><circle cx="{}" cy="{}" r="3" fill="var(--cur)"/>'
    ).format(" ".join(at(*point) for point in points), dashes, x, y)
