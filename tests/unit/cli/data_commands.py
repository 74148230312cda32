"""Runs `trimtab data …` as the command line does."""

import typer
from typer.testing import CliRunner, Result

from trimtab.cli import data
from trimtab.cli.output import TrimtabGroup

app = typer.Typer(cls=TrimtabGroup)
app.add_typer(data.app, name="data")


@app.callback()
def root() -> None:
    """Stand for the root command."""


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["data", *map(str, words)])
