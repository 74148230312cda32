"""`trimtab`: the root of all commands."""

from typing import Annotated

import typer

from trimtab.cli import data
from trimtab.cli.output import TrimtabGroup

app = typer.Typer(
    cls=TrimtabGroup,
    help="MLOps driven by data quality: every answer carries its guarantee.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(data.app, name="data")


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
    """Exit codes: 0 yes, 1 no, 2 usage or bad input, 3 not enough data."""
