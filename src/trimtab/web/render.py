"""Templates: one environment, escaping on, undefined names refused."""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from trimtab.web import words
from trimtab.web.view import SEVERITY_SIGNS, runbook_anchor

HERE = Path(__file__).parent
STATIC = HERE / "static"


def render(template: str, view: dict[str, Any]) -> str:
    """Return a template filled with a view."""
    return _environment().get_template(template).render(view)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = (
        words.number, words.signed, words.percent, words.p_value, words.day, words.minute,
        words.interval, words.figure, words.metric_name,
    )  # fmt: skip
    environment.filters.update({made.__name__: made for made in filters})
    environment.globals.update(severity_signs=SEVERITY_SIGNS, runbook_anchor=runbook_anchor)
    return environment
