"""Runs `trimtab effort clean …` as the command line does, on a shop's orders or other tables."""

import typer
from typer.testing import CliRunner, Result

from trimtab.cli.effort_clean import register
from trimtab.cli.output import TrimtabGroup

START = "start", "s.db", "dirty.csv", "--validation", "full.parquet", "--label", "late"

SHOP = """
[project]
name = "shop"
[[tables]]
name = "orders"
source = "dirty.csv"
time = "row_number"
key = ["order"]
[task]
name = "late"
table = "orders"
kind = "binary"
label = "late"
[train]
until = 2026-01-01
"""

app = typer.Typer(cls=TrimtabGroup)
app.callback()(lambda: None)
register(app)


def clean(*words: object) -> Result:
    """Run a command; an error that is none of ours goes on to the test."""
    found = CliRunner().invoke(app, ["clean", *map(str, words)])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def fix(row: object, *, by: str = "ann", **cells: object) -> Result:
    """Say what cells of a row of `s.db` hold."""
    words = [word for name in cells for word in ("--set", f"{name}={cells[name]}")]
    return clean("fix", "s.db", row, *words, "--by", by)


def lay_out(folder, monkeypatch, full, dirty):
    """Go to a folder and write a table there, as it is and with holes."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")  # what is said in one sentence stays in one line
    full.write_parquet("full.parquet")
    dirty.write_csv("dirty.csv")
