"""One page in one file: opens from disk, loads nothing, can be sent by mail."""

import base64
import hashlib
from pathlib import Path

from markupsafe import Markup

from trimtab.core.errors import NotFoundError
from trimtab.core.workspace import Workspace
from trimtab.web.facts import ScopeFacts
from trimtab.web.render import STATIC, render
from trimtab.web.runbook import find_runbook, to_html
from trimtab.web.view import model_view

STYLES = ("vendor/uplot/uPlot.min.css", "style.css")
SCRIPTS = ("vendor/uplot/uPlot.iife.min.js", "charts.js")


def render_static(workspace: Workspace, scope: str, path: Path | str) -> Path:
    """Write the page of a scope's model as one self-contained HTML file.

    Parameters
    ----------
    workspace : Workspace
        The project, from any scope.
    scope : str
        The scope whose model is shown.
    path : path-like
        File to write; its folder is made if needed.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    NotFoundError
        If nothing was ever done in that scope.
    """
    known = workspace.store.scopes()
    if scope not in known:
        raise NotFoundError(
            f"no scope is called `{scope}`",
            hint=f"Use one of: {', '.join(known)}." if known else "Run `trimtab run` first.",
        )
    seen = workspace if scope == workspace.scope else workspace.within(scope)
    try:
        text = _text(seen)
    finally:
        if seen is not workspace:
            seen.store.close()
    out = Path(path)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    return out


def _text(workspace: Workspace) -> str:
    """Return the page of the workspace's scope, with all it needs inside."""
    styles, scripts = _joined(STYLES), _joined(SCRIPTS)
    runbook = find_runbook(workspace.project)
    view = {
        **model_view(ScopeFacts(workspace)),
        "inline": True,
        "styles": styles,
        "scripts": scripts,
        "policy": _policy(styles, scripts),
        "runbook": _apart(to_html(runbook.read_text(encoding="utf-8"))) if runbook else None,
    }
    return render("model.html", view)


def _apart(runbook: Markup) -> Markup:
    """Return the runbook with anchors of its own: the page has a section `drift` as well."""
    # Quotes in the text itself are escaped, so these can only be attributes.
    named = str(runbook).replace('id="', 'id="runbook-').replace('href="#', 'href="#runbook-')
    return Markup(named)  # noqa: S704 - it was safe before


def _joined(names: tuple[str, ...]) -> str:
    """Return files as the text of one element; the newlines keep its hash what it is."""
    return "\n" + "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names) + "\n"


def _policy(styles: str, scripts: str) -> str:
    """Return a policy that lets this file's own style and script run, and nothing else."""

    def allowed(text: str) -> str:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        return f"'sha256-{digest}'"

    return (
        f"default-src 'none'; style-src {allowed(styles)}; script-src {allowed(scripts)}; "
        "base-uri 'none'; form-action 'none'"
    )
