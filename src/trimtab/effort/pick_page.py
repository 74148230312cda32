"""The answer of `pick_model` as a page in one file that loads nothing, or a part of one."""

from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from trimtab.data.report_frame import fragment, page

if TYPE_CHECKING:
    from trimtab.effort.pick_answer import Pick
    from trimtab.effort.pick_choice import ModelChoice

_TEMPLATES = Path(__file__).parent / "templates"
_WIDTH, _HEIGHT = 640, 200


def pick_page(choice: "ModelChoice") -> str:
    """Return a page on which model is best, how sure that is, and what to label next.

    Parameters
    ----------
    choice : ModelChoice
        What `pick_model` returned.

    Returns
    -------
    str
        HTML that needs no other file.

    Examples
    --------
    >>> import polars as pl
    >>> from trimtab.effort.pick_rows import pick_model
    >>> said = pl.DataFrame({"id": range(9), "old": [0] * 9, "new": [1] * 9, "label": [1] * 9})
    >>> shown = pick_page(pick_model(said))
    >>> "new is the best" in shown, "src=" in shown
    (True, False)
    """
    return page(
        "pick.html",
        f"Best model: {choice.best}",
        folder=_TEMPLATES,
        choice=choice,
        picture=_curve(choice),
    )


def choice_fragment(choice: "ModelChoice") -> str:
    """Return what the page shows as a piece of HTML, for notebooks."""
    return fragment("pick.html", folder=_TEMPLATES, choice=choice, picture=_curve(choice))


def pick_fragment(found: "Pick") -> str:
    """Return the answer of a `ModelPicker` as a piece of HTML, for notebooks."""
    return fragment("pick_answer.html", folder=_TEMPLATES, found=found)


def _curve(choice: "ModelChoice") -> Markup:
    """Return confidence against labels used, as steps, with the line that was asked for."""
    most = max(choice.rows_apart, 1)
    goal = _HEIGHT * choice.delta
    steps = "".join(
        f"H{_WIDTH * used / most:.1f}V{_HEIGHT * (1 - sure):.1f}" for used, _, sure in choice.curve
    )
    marks = "".join(
        f'<text x="-8" y="{_HEIGHT * (1 - sure) + 4:.0f}" text-anchor="end">{sure:g}</text>'
        for sure in (0, 0.5, 1)
    ) + "".join(
        f'<text x="{x}" y="{_HEIGHT + 18}" text-anchor="{anchor}">{labels:,}</text>'
        for x, anchor, labels in ((0, "middle", 0), (_WIDTH, "end", choice.rows_apart))
    )
    return Markup(  # noqa: S704 - it holds numbers only
        f'<svg class="meter" viewBox="-56 -8 {_WIDTH + 64} {_HEIGHT + 48}" '
        f'width="{_WIDTH + 64}" font-size="12" fill="currentColor" role="img"'
        f' aria-label="confidence from 0 to 1 against labels from 0 to {choice.rows_apart}">'
        f'<path d="M0 0V{_HEIGHT}H{_WIDTH}" fill="none" stroke="var(--soft)"/>{marks}'
        f'<text x="{_WIDTH / 2:.0f}" y="{_HEIGHT + 34}" text-anchor="middle">labels used</text>'
        f'<text x="{-_HEIGHT / 2:.0f}" y="-42" text-anchor="middle" transform="rotate(-90)">'
        "confidence</text>"
        f'<path d="M0 {goal:.1f}H{_WIDTH}" stroke="var(--good)" stroke-dasharray="4 4"/>'
        f'<path d="M0 {_HEIGHT}{steps}" fill="none" stroke="var(--cur)" stroke-width="2"/></svg>'
    )
