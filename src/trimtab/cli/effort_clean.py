"""`trimtab effort clean`: which rows to clean next, why, and when to stop."""

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from trimtab.cli import (
    effort_clean_files,
    effort_clean_finish,
    effort_clean_report,
    effort_clean_start,
)
from trimtab.cli.effort_clean_files import Session
from trimtab.cli.effort_clean_show import batch_text, row_facts, row_text, show_status, tell
from trimtab.cli.output import AsJson, emit, group
from trimtab.core.errors import ConfigError, NotFoundError

if TYPE_CHECKING:
    from trimtab.effort.cleaning_table import CleaningTable

clean = group(
    "What to clean first: the rows that matter most to a model, until the rest no longer do."
)


def register(app: typer.Typer) -> None:
    """Add the commands to the group `effort`."""
    effort_clean_start.register(clean)
    effort_clean_files.register(clean)
    effort_clean_finish.register(clean)
    effort_clean_report.register(clean)
    app.add_typer(clean, name="clean")


@clean.command("next")
def next_rows(
    session: Session,
    n: Annotated[
        int | None,
        typer.Option(
            "--rows", "-n", min=1,
            help="Rows to name, in full; 1 if not given, for a linear model its batch in brief.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show the rows to clean next, why they matter, and what they may hold."""
    from rich.console import Group

    from trimtab.effort.active_session import ActiveSession
    from trimtab.effort.cleaning_open import open_cleaning

    made, about = open_cleaning(session)
    is_brief = n is None and isinstance(made, ActiveSession)
    steps = made.next(None if is_brief else n or 1)
    if not steps:
        show_status(made, as_json=as_json)
        return
    if is_brief:
        parts = batch_text(made, about)
    else:
        parts = [part for step in steps for part in row_text(step, about)]
    emit([row_facts(step, about) for step in steps], as_json=as_json, text=Group(*parts))


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
    right: Annotated[
        bool, typer.Option("--right", help="All cells of the row are right as they stand.")
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who says so; your login if left out.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where another person said otherwise.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a row truly holds; it is written to the session's file at once.

    What another person said of the row is not replaced unless you ask for it.
    """
    from trimtab.effort.cleaning_disputes import CarefulRecorder
    from trimtab.effort.cleaning_fix import cells_in_words
    from trimtab.effort.cleaning_levels import level_notes
    from trimtab.effort.cleaning_open import open_cleaning

    _check_one_way(candidate, cells, right)
    made, about = open_cleaning(session)
    said = _said(about, row, candidate, cells or [])
    value = about.repaired(row, {name: text for name, text in said.items() if text is not None})
    again = row in made.fixed
    if not replace:
        made.remember = CarefulRecorder(session)
    made.fix(row, value, cells=said, by=by or getpass.getuser(), at=datetime.now(UTC))
    if not as_json:
        before = "; what was said of it before is replaced" if again else ""
        tell(f"row {row}: {cells_in_words(said)}{before}")
    show_status(made, as_json=as_json, notes=level_notes(about.columns, {row: said}))


@clean.command()
def status(session: Session, as_json: AsJson = False) -> None:
    """Say how many predictions are certain, and what going on may bring.

    Exit code 0 when all are certain, 3 while rows are left that can change one.
    """
    from trimtab.effort.cleaning_open import open_cleaning

    made, _ = open_cleaning(session)
    show_status(made, as_json=as_json)
    raise typer.Exit(0 if made.status().is_done else 3)


def _check_one_way(candidate: int | None, cells: list[str] | None, right: bool) -> None:
    given = (candidate is not None) + bool(cells) + right
    if given != 1:
        raise ConfigError(
            "expected one of --candidate, --set and --right, got "
            + ("both" if given == 2 else "all" if given else "neither"),
            hint="`trimtab effort clean next` shows the candidates by number.",
        )


def _said(
    about: "CleaningTable", row: int, candidate: int | None, cells: list[str]
) -> dict[str, str | None]:
    """Return what the cells of a row hold, None where one is right as it stands."""
    from trimtab.effort.cleaning_fix import cell_texts

    if row not in about.dirty:
        raise NotFoundError(
            f"expected a row with empty or suspect cells, got {row}",
            hint="`trimtab effort clean next` names the rows to clean; others are taken as right.",
        )
    if candidate is None:
        return {**dict.fromkeys(about.unsure(row)), **_parse(cells)}
    known = about.candidates(row)
    if not 0 <= candidate < len(known):
        raise NotFoundError(
            f"expected a candidate from 0 to {len(known) - 1} of row {row}, got {candidate}",
            hint="Name one of them, or say what the row holds: --set COLUMN=VALUE.",
        )
    return cell_texts(known[candidate], about.dirty[row])


def _parse(cells: list[str]) -> dict[str, str]:
    parts = [cell.partition("=") for cell in cells]
    for cell, (name, sign, _) in zip(cells, parts, strict=True):
        if not name or not sign:
            raise ConfigError(f"expected COLUMN=VALUE, got {cell!r}", hint="Write --set age=41.")
    return {name: value for name, _, value in parts}
