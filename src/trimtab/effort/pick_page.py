"""The answer of `pick_model` as a page in one file that loads nothing."""

import base64
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

from trimtab.data import report as data_report
from trimtab.effort.pick_rows import ModelChoice

_OWN = Path(__file__).parent / "templates"
_SHARED = Path(data_report.__file__).parent / "templates"
_WIDTH, _HEIGHT = 640, 200


def pick_page(choice: ModelChoice) -> str:
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
    >>> page = pick_page(pick_model(said))
    >>> "new is best" in page, "src=" in page
    (True, False)
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([_OWN, _SHARED]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = f"\n{(_SHARED / 'report.css').read_text(encoding='utf-8')}\n"
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("page.html").render(
        body="pick.html",
        title=f"Best model: {choice.best}",
        choice=choice,
        picture=_curve(choice),
        style=style,
        script="",
        policy=(
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        ),
    )


def _curve(choice: ModelChoice) -> Markup:
    """Return confidence against labels used, as steps, with the line that was asked for."""
    most = max(choice.rows_apart, 1)
    goal = _HEIGHT * choice.delta
    steps = "".join(
        f"H{_WIDTH * used / most:.1f}V{_HEIGHT * (1 - sure):.1f}" for used, _, sure in choice.curve
    )
    return Markup(  # noqa: S704 - it holds numbers only
        f'<svg viewBox="-4 -4 {_WIDTH + 8} {_HEIGHT + 8}" width="{_WIDTH}" role="img"'
        f' aria-label="confidence from 0 to 1 against labels from 0 to {choice.rows_apart}">'
        f'<path d="M0 0V{_HEIGHT}H{_WIDTH}" fill="none" stroke="var(--soft)"/>'
        f'<path d="M0 {goal:.1f}H{_WIDTH}" stroke="var(--good)" stroke-dasharray="4 4"/>'
        f'<path d="M0 {_HEIGHT}{steps}" fill="none" stroke="var(--cur)" stroke-width="2"/></svg>'
        f"<small>{len(choice.curve):,} of {choice.rows_apart:,} labels</small>"
    )
