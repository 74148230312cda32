"""`trimtab`: the root of all commands."""

from typing import Annotated

import typer

from trimtab.cli import data, demo, effort, gate, init, loop, model, monitor, up
from trimtab.cli.output import TrimtabGroup

app = typer.Typer(
    cls=TrimtabGroup,
    help="MLOps driven by data quality: every answer carries its guarantee.\n\n"
    "Exit codes: 0 yes, 1 no, 2 usage or bad input, 3 not enough data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demo.demo)
app.command()(init.init)
app.command()(loop.run)
app.command()(loop.replay)
app.command()(up.up)
app.command()(up.serve)
app.command()(loop.reviews)
app.command()(loop.approve)
app.add_typer(data.app, name="data")
app.add_typer(effort.app, name="effort")
app.add_typer(model.app, name="model")
app.add_typer(gate.app, name="gate")
app.add_typer(monitor.app, name="monitor")


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(version("trimtab"))
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Parse the options that stand before a command."""
