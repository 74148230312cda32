"""The frame of every page: one file that loads nothing and allows itself nothing else.

A page may use its own style and script alone, so that no text in the data can do harm.
"""

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).parent / "templates"
Words = tuple[Callable[..., Any], ...]


def page(
    body: str, title: str, *, folder: Path = TEMPLATES, words: Words = (), **values: Any
) -> str:
    """Return a page around a template.

    Parameters
    ----------
    body : str
        Name of the template, in `folder` or among those that all pages share.
    title : str
        What the browser's tab says.
    folder : Path, optional
        Where the templates of a room are.
    words : tuple of callable
        Functions that the template uses as filters, by their names.
    values
        What the template shows.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    style, script = _text("report.css"), _text("report.js")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        _environment(folder, words)
        .get_template("page.html")
        .render(body=body, title=title, style=style, script=script, policy=policy, **values)
    )


def fragment(body: str, *, folder: Path = TEMPLATES, words: Words = (), **values: Any) -> str:
    """Return what a page shows as a piece of HTML, for notebooks."""
    frame = _environment(folder, words).get_template("fragment.html")
    return frame.render(body=body, style=_text("report.css"), **values)


@cache
def _text(name: str) -> str:
    """Return a file as the text of one element; the newlines keep its hash what it is."""
    return f"\n{(TEMPLATES / name).read_text(encoding='utf-8')}\n"


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@cache
def _environment(folder: Path, words: Words) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({made.__name__: made for made in words})
    return environment
