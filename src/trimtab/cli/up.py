"""`trimtab up` and `trimtab serve`: the pages and the inference API, in the foreground."""

from pathlib import Path
from typing import Annotated

import typer

from trimtab.cli.output import ProjectPath, talk
from trimtab.core.settings import ServeSection

Port = Annotated[int | None, typer.Option(help="Port; the project file's if left out.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.")]


def up(project: ProjectPath = Path(), host: Host = None, port: Port = None) -> None:
    """Serve the pages together with the inference API."""
    from trimtab.core.workspace import Workspace
    from trimtab.serving.server import serve as start

    workspace = Workspace.open(project)
    host, port = _address(workspace.project.serve, host, port)
    talk(f"pages: http://{host}:{port}/   inference: http://{host}:{port}/v2   stop: Ctrl-C")
    start(workspace, host=host, port=port, extra_app="trimtab.web.app:from_environment")


def serve(project: ProjectPath = Path(), host: Host = None, port: Port = None) -> None:
    """Serve the inference API alone (Open Inference Protocol v2)."""
    from trimtab.core.workspace import Workspace
    from trimtab.serving.server import serve as start

    workspace = Workspace.open(project)
    host, port = _address(workspace.project.serve, host, port)
    talk(f"inference: http://{host}:{port}/v2   stop: Ctrl-C")
    start(workspace, host=host, port=port)


def _address(settings: ServeSection, host: str | None, port: int | None) -> tuple[str, int]:
    return host or settings.host, settings.port if port is None else port
