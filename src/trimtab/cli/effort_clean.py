"""`trimtab effort clean`: which row to clean next, why, and when to stop."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trimtab.cli.output import AsJson, emit, group
from trimtab.core.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from trimtab.effort.cleaning_session import CleaningSession

clean = group("What to clean first: the row that settles most predictions, until none is open.")
Session = Annotated[Path, typer.Argument(help="File of the session.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the group `effort`."""
    app.add_typer(clean, name="clean")


@clean.command()
def start(
    session: Session,
    train: Annotated[str, typer.Argument(help="Table with empty cells to clean.")],
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
    label_cost: Annotated[float, typer.Option(min=0, help="What cleaning a row costs.")] = 1.0,
    cost_unit: Annotated[str, typer.Option(help="Unit of --label-cost.")] = "minutes",
    as_json: AsJson = False,
) -> None:
    """Begin a session: repair empty cells in several ways, and see which predictions differ."""
    from trimtab.effort.cleaning_table import start_cleaning

    made, _ = start_cleaning(
        train, validation, label, session,
        k=neighbours, sample=sample, label_cost=label_cost, cost_unit=cost_unit,
    )  # fmt: skip
    _show_status(made, as_json=as_json)


@clean.command("next")
def next_rows(
    session: Session,
    n: Annotated[int, typer.Option("--rows", "-n", min=1, help="Rows to name.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Show the rows to clean next, why they matter, and what they may hold."""
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
            "candidates": about.candidates(step.row),
        }
        for step in steps
    ]
    lines = []
    for step, shown in zip(steps, result, strict=True):
        known = ", ".join(f"{c} {v}" for c, v in shown["cells"].items() if v is not None)
        lines += [step.sentence, f"  {about.label} {shown['label']}, {known}"]
        lines += [
            f"  candidate {number}: " + ", ".join(f"{c} {v}" for c, v in cells.items())
            for number, cells in enumerate(shown["candidates"])
        ]
    emit(result, as_json=as_json, text="\n".join(lines))


@clean.command()
def fix(
    session: Session,
    row: Annotated[int, typer.Argument(help="Number of the row, the first is 0.")],
    candidate: Annotated[int | None, typer.Option(help="Number of the candidate it is.")] = None,
    cells: Annotated[
        list[str] | None, typer.Option("--set", help="COLUMN=VALUE, for each empty cell.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a row truly holds; it is written to the session's file at once."""
    from trimtab.effort.cleaning_table import open_cleaning

    if (candidate is None) == (not cells):
        raise ConfigError(
            "expected either --candidate or --set, got " + ("neither" if not cells else "both"),
            hint="`trimtab effort clean next` shows the candidates by number.",
        )
    made, about = open_cleaning(session)
    if row not in about.dirty:
        raise NotFoundError(
            f"expected a row with empty cells, got {row}",
            hint="`trimtab effort clean next` names the rows to clean.",
        )
    if candidate is not None:
        made.fix(row, candidate)
    else:
        made.fix(row, about.repaired(row, _parse(cells or [])))
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


def _parse(cells: list[str]) -> dict[str, str]:
    parts = [cell.partition("=") for cell in cells]
    for cell, (name, sign, _) in zip(cells, parts, strict=True):
        if not name or not sign:
            raise ConfigError(f"expected COLUMN=VALUE, got {cell!r}", hint="Write --set age=41.")
    return {name: value for name, _, value in parts}
