"""The report of a feasibility study as one HTML page that loads nothing."""

import math
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup, escape

from trimtab.data.report_frame import page
from trimtab.effort.feasibility_arms import RepresentationCurve
from trimtab.effort.feasibility_needs import Need
from trimtab.effort.feasibility_result import Feasibility

_WIDTH, _HEIGHT, _LEFT, _ABOVE, _BELOW = 720, 330, 48, 12, 36
# Okabe and Ito's set, which colour-blind readers can tell apart
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#777777")


def feasibility_page(found: Feasibility) -> str:
    """Return a page on whether a target can be reached, with the curves behind it.

    Parameters
    ----------
    found : Feasibility
        What `feasibility` returned.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    title = f"Accuracy {found.target_accuracy:g}: {found.verdict}"
    parts = [
        Markup("<h1>{}</h1><p class=lead>{}</p>").format(title, found.reason),
        _facts(found),
        Markup("<h2>Estimate against samples</h2>{}").format(curves_picture(found)),
        _classifiers(found),
        _list("Where it may be wrong", found.warnings),
        _list("What it rests on", found.assumptions),
    ]
    return page(
        "feasibility.html",
        title,
        folder=Path(__file__).parent / "templates",
        content=Markup("").join(parts),
    )


def curves_picture(found: Feasibility) -> Markup:
    """Return the estimate of each representation by size, with the target, as SVG.

    Sizes are on a scale of doublings. The shaded band is the interval of the Bayes error, the
    dashed line the error that the target allows.
    """
    if not found.curves:
        return Markup('<p class="note">Too few rows for a curve.</p>')
    wrong = 1 - found.target_accuracy
    seen = [estimate for curve in found.curves for estimate in curve.estimates]
    top = max(0.01, 1.08 * max([wrong, min(found.interval[1], max(seen)), *seen]))
    sizes = [size for curve in found.curves for size in curve.sizes]
    first, last = math.log2(min(sizes)), math.log2(max(sizes))
    span = max(1e-9, last - first)

    def x(size: float) -> float:
        return _LEFT + (math.log2(size) - first) / span * (_WIDTH - _LEFT - 150)

    def y(error: float) -> float:
        return _ABOVE + (_HEIGHT - _ABOVE - _BELOW) * (1 - min(error, top) / top)

    low, high = found.interval
    right = _WIDTH - 150
    drawn = [
        Markup(
            '<rect x="{}" y="{:.1f}" width="{}" height="{:.1f}" fill="#0072b2" opacity=".12"/>'
            '<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" stroke="currentColor" '
            'stroke-dasharray="6 4"/><text x="{}" y="{:.1f}">target</text>'
        ).format(
            _LEFT, y(high), right - _LEFT, y(low) - y(high),
            _LEFT, right, y(wrong), y(wrong), right + 6, y(wrong) + 4,
        )
    ]  # fmt: skip
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        drawn.append(
            Markup('<text x="4" y="{:.1f}">{:.3f}</text>').format(y(share * top) + 4, share * top)
        )
    for size in sorted({min(sizes), max(sizes)}):
        drawn.append(
            Markup('<text x="{:.1f}" y="{}">{:,} rows</text>').format(
                min(x(size), right - 60), _HEIGHT - 10, size
            )
        )
    for number, curve in enumerate(found.curves):
        drawn.append(_line(curve, number, [(x(s), y(e)) for s, e in _points(curve)]))
    return Markup(
        '<svg class="meter" viewBox="0 0 {} {}" width="{}" font-size="12" '
        'fill="currentColor" role="img" aria-label="Estimates of the Bayes error by number '
        'of rows">{}</svg>'
        '<p class="note">Shaded: where the Bayes error is, with confidence {:g}. '
        "Representations that fell behind were not followed to the end.</p>"
    ).format(_WIDTH, _HEIGHT, _WIDTH, Markup("").join(drawn), found.level)


def _points(curve: RepresentationCurve) -> list[tuple[int, float]]:
    return list(zip(curve.sizes, curve.estimates, strict=True))


def _line(curve: RepresentationCurve, number: int, points: list[tuple[float, float]]) -> Markup:
    colour = _COLOURS[number % len(_COLOURS)]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
    return Markup(
        '<polyline points="{}" fill="none" stroke="{}" stroke-width="{}"/>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>'
        '<text x="{}" y="{}" fill="{}">{}</text>'
    ).format(
        path, colour, 2.5 if curve.best else 1.25, points[-1][0], points[-1][1], colour,
        _WIDTH - 100, 16 + 16 * number, colour, curve.name[:16] + (" ★" if curve.best else ""),
    )  # fmt: skip


def _facts(found: Feasibility) -> Markup:
    if not found.curves:
        return Markup("")
    given = "as given" if found.label_noise_given else "estimated"
    low, high = found.interval
    rows = [
        ("Bayes error", f"{found.bayes_error:.3f} (from {low:.3f} to {high:.3f})"),
        ("if no label were wrong", f"{found.error_without_noise:.3f}"),
        ("labels wrong", f"{found.label_noise:.1%} ({given})"),
        ("wrong labels to put right", _need(found.clean, found.cleaning_cost)),
        ("labelled rows to add", _need(found.add, found.adding_cost)),
        ("rows, of them held back", f"{found.n_rows:,}, {found.n_test:,}"),
    ]
    cells = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td>{}</td></tr>').format(*row) for row in rows
    )
    return Markup('<table class="small">{}</table>').format(cells)


def _classifiers(found: Feasibility) -> Markup:
    if not found.classifiers:
        return Markup("")
    cells = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td>{:.3f}</td><td>{:.3f}</td></tr>').format(
            one.name, one.error, one.high
        )
        for one in sorted(found.classifiers, key=lambda one: one.error)
    )
    return Markup(
        '<h2>Classifiers tried</h2><table class="small"><tr><th></th><th>error</th>'
        "<th>at most</th></tr>{}</table>"
    ).format(cells)


def _list(title: str, texts: Sequence[str]) -> Markup:
    if not texts:
        return Markup("")
    items = Markup("").join(Markup("<li>{}</li>").format(text) for text in texts)
    return Markup("<h2>{}</h2><ul>{}</ul>").format(title, items)


def _need(need: Need, cost: float | None) -> Markup:
    best, fewest, most = (
        "no number is enough" if n is None else f"{n:,}"
        for n in (need.best, need.fewest, need.most)
    )
    text = best if best == fewest == most else f"{best} (fewest: {fewest}; most: {most})"
    return escape(text if cost is None else f"{text}; at your price {cost:,.0f}")
