"""`trimtab up` and `trimtab serve`: the pages and the inference API, in the foreground."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trimtab.cli.output import ProjectPath, talk

if TYPE_CHECKING:
    from trimtab.core.workspace import Workspace

Port = Annotated[int | None, typer.Option(help="Port; the project file's if left out.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]


def up(project: ProjectPath = Path(), host: Host = None, port: Port = None) -> None:
    """Serve the pages together with the inference API."""
    from trimtab.core.workspace import Workspace

    workspace = Workspace.open(project)
    serve_until_stopped(workspace, host, port, pages=True, path="/")


def serve(project: ProjectPath = Path(), host: Host = None, port: Port = None) -> None:
    """Serve the inference API alone (Open Inference Protocol v2)."""
    from trimtab.core.workspace import Workspace

    serve_until_stopped(Workspace.open(project), host, port, pages=False, path="/v2")


def serve_until_stopped(
    workspace: "Workspace", host: str | None, port: int | None, *, pages: bool, path: str
) -> None:
    """Serve in the foreground, saying where once it listens; the process ends with the server."""
    from trimtab.serving.server import leave
    from trimtab.serving.server import serve as start

    settings = workspace.project.serve
    start(
        workspace,
        host=host or settings.host,
        port=settings.port if port is None else port,
        # The two faces do not import each other; they meet here, by name and at run time.
        extra_app="trimtab.web.app:from_environment" if pages else None,
        on_start=lambda url: talk(f"look at {url}{path}   inference: {url}/v2   stop: Ctrl-C"),
    )
    leave()
