"""`trimtab effort clean`: which row to clean next, why, and when to stop."""

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trimtab.cli import effort_clean_files, effort_clean_report
from trimtab.cli.effort_clean_files import Session
from trimtab.cli.output import AsJson, emit, group, table, talk
from trimtab.core.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from trimtab.effort.cleaning_session import CleaningSession
    from trimtab.effort.cleaning_table import CleaningTable

clean = group("What to clean first: the row that settles most predictions, until none is open.")


def register(app: typer.Typer) -> None:
    """Add the commands to the group `effort`."""
    effort_clean_files.register(clean)
    effort_clean_report.register(clean)
    app.add_typer(clean, name="clean")


@clean.command()
def start(
    session: Session,
    train: Annotated[str, typer.Argument(help="Table with empty or wrong cells to clean.")],
    validation: Annotated[
        str, typer.Option(help="Table whose predictions shall become certain; labels optional.")
    ],
    label: Annotated[str, typer.Option(help="Column of the classes.")],
    neighbours: Annotated[
        int, typer.Option("--neighbours", "-k", min=1, help="Neighbours that vote.")
    ] = 3,
    sample: Annotated[
        int | None,
        typer.Option(min=1, help="Open points drawn for each choice; all if not given."),
    ] = None,
    suspects: Annotated[
        str | None,
        typer.Option(
            help="Cells that may be wrong: auto (found here), or a table of row (from 0), column."
        ),
    ] = None,
    candidates: Annotated[
        str | None,
        typer.Option(
            help="Table of row, column, value: what cells may hold, tried before our own guesses."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="A column that is no feature, such as the name of a row; repeatable."),
    ] = None,
    label_cost: Annotated[float, typer.Option(min=0, help="What cleaning a row costs.")] = 1.0,
    cost_unit: Annotated[str, typer.Option(help="Unit of --label-cost.")] = "minutes",
    as_json: AsJson = False,
) -> None:
    """Begin a session: repair unsure cells in several ways, and see which predictions differ."""
    from trimtab.effort.cleaning_table import start_cleaning

    made, about = start_cleaning(
        train, validation, label, session,
        suspects=suspects, candidates=candidates, ignore=ignore or (),
        k=neighbours, sample=sample, label_cost=label_cost, cost_unit=cost_unit,
    )  # fmt: skip
    if not as_json:
        talk(about.sentence)
        for note in about.notes:
            talk(f"warning: {note}")
    _show_status(made, as_json=as_json)


@clean.command("next")
def next_rows(
    session: Session,
    n: Annotated[int, typer.Option("--rows", "-n", min=1, help="Rows to name.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Show the rows to clean next, why they matter, and what they may hold."""
    from rich.console import Group

    from trimtab.effort.cleaning_table import open_cleaning

    made, about = open_cleaning(session)
    steps = made.next(n)
    if not steps:
        _show_status(made, as_json=as_json)
        return
    result = [
        {
            **step.to_dict(),
            "label": about.classes[step.label],
            "cells": dict(about.dirty[step.row]),
            "why": dict(about.reasons[step.row]),
            "candidates": about.candidates(step.row),
            "origins": about.origins(step.row),
        }
        for step in steps
    ]
    texts = [_row_text(step.sentence, about, step.row, step.label) for step in steps]
    emit(result, as_json=as_json, text=Group(*(part for text in texts for part in text)))


@clean.command()
def fix(
    session: Session,
    row: Annotated[int, typer.Argument(help="Number of the row, the first is 0.")],
    candidate: Annotated[int | None, typer.Option(help="Number of the candidate it is.")] = None,
    cells: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="COLUMN=VALUE, for each empty cell; a suspect that is not named is right.",
        ),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who says so; your login if left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a row truly holds; it is written to the session's file at once."""
    from trimtab.effort.cleaning_fix import cell_texts
    from trimtab.effort.cleaning_table import open_cleaning

    if (candidate is None) == (not cells):
        raise ConfigError(
            "expected either --candidate or --set, got " + ("neither" if not cells else "both"),
            hint="`trimtab effort clean next` shows the candidates by number.",
        )
    made, about = open_cleaning(session)
    if row not in about.dirty:
        raise NotFoundError(
            f"expected a row with empty or suspect cells, got {row}",
            hint="`trimtab effort clean next` names the rows to clean.",
        )
    said: dict[str, Any] = {"by": by or getpass.getuser(), "at": datetime.now(UTC)}
    again = row in made.fixed
    if candidate is None:
        texts = _parse(cells or [])
        said["cells"] = {**dict.fromkeys(about.unsure(row)), **texts}
        made.fix(row, about.repaired(row, texts), **said)
    else:
        # one that does not exist is refused by the session
        for chosen in about.candidates(row)[max(candidate, 0) : candidate + 1]:
            said["cells"] = cell_texts(chosen, about.dirty[row])
        made.fix(row, candidate, **said)
    if not as_json:
        held = [
            f"{name} {'right as it is' if x is None else x}" for name, x in said["cells"].items()
        ]
        talk(f"row {row}: {', '.join(held)}{'; what was said of it before is replaced' * again}")
    _show_status(made, as_json=as_json)


@clean.command()
def status(session: Session, as_json: AsJson = False) -> None:
    """Say how many predictions are certain, and what going on may bring.

    Exit code 0 when all are certain, 3 while rows are left that can change one.
    """
    from trimtab.effort.cleaning_table import open_cleaning

    made, _ = open_cleaning(session)
    _show_status(made, as_json=as_json)
    raise typer.Exit(0 if made.status().is_done else 3)


def _show_status(session: "CleaningSession", *, as_json: bool) -> None:
    found = session.status()
    shown = {**found.to_dict(), "is_done": found.is_done, "sentence": found.sentence}
    emit(shown, as_json=as_json, text=found.sentence)


def _row_text(
    sentence: str, about: "CleaningTable", row: int, label: int
) -> list["RenderableType"]:
    """Return a row for people: why it matters, what is sure, what is not, and the candidates."""
    from rich.markup import escape

    from trimtab.effort.cleaning_columns import shown

    cells, why = about.dirty[row], about.reasons[row]
    sure = [f"{name} {shown(cells[name], most=20)}" for name in cells if name not in why]
    doubts = [
        f"  {name} is empty" if cells[name] is None else f"  {name} {shown(cells[name])}? {reason}"
        for name, reason in why.items()
    ]
    known = ", ".join([f"{about.label} {about.classes[label]}", *sure])
    lines = [sentence, *doubts, f"  {known}"]
    rows = []
    for number, (values, origins) in enumerate(
        zip(about.candidates(row), about.origins(row), strict=True)
    ):
        sources = dict.fromkeys(origins.values())
        rows.append([number, *(shown(value) for value in values.values()), ", ".join(sources)])
    names = [escape(name) for name in why]
    return [escape("\n".join(lines)), table("", ["candidate>", *names, "from"], rows), ""]


def _parse(cells: list[str]) -> dict[str, str]:
    parts = [cell.partition("=") for cell in cells]
    for cell, (name, sign, _) in zip(cells, parts, strict=True):
        if not name or not sign:
            raise ConfigError(f"expected COLUMN=VALUE, got {cell!r}", hint="Write --set age=41.")
    return {name: value for name, _, value in parts}
