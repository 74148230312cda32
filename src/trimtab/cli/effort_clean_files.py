"""`trimtab effort clean export|import`: rows to people and back."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from trimtab.cli.data_options import table_of
from trimtab.cli.effort_clean_show import status_facts, status_text
from trimtab.cli.output import AsJson, emit
from trimtab.core.errors import ConfigError

Session = Annotated[Path, typer.Argument(help="File of the session.")]
Source = Annotated[
    str | None,
    typer.Option(help="The table that is being cleaned, if it is no longer where it was."),
]


def register(clean: typer.Typer) -> None:
    """Add the commands to the group `clean`."""
    clean.command("export")(export_todo)
    clean.command("import")(import_done)


def export_todo(
    session: Session,
    todo: Annotated[Path, typer.Argument(help="CSV file to write.")],
    n: Annotated[int, typer.Option("--rows", "-n", min=1, help="Rows to write.")] = 50,
    skip: Annotated[int, typer.Option(min=0, help="Rows that somebody else was given.")] = 0,
    source: Source = None,
    as_json: AsJson = False,
) -> None:
    """Write the next rows worth cleaning to a CSV file, for people to fill in a spreadsheet."""
    from trimtab.data.report_words import counted
    from trimtab.effort.cleaning_handoff import export_rows

    begun = begun_from(session, source)
    written = export_rows(session, todo, n, skip=skip, source=begun)
    text = "no row is left that is worth cleaning; no file was written"
    if written:
        text = (
            f"{counted(written, 'row')} in {todo}: write the true values into the "
            "columns fix:…, `ok` where a cell is right, then "
            f"`trimtab effort clean import {session} {todo}`"
        )
    emit({"rows": written, "file": str(todo) if written else None}, as_json=as_json, text=text)


def import_done(
    session: Session,
    done: Annotated[Path, typer.Argument(help="CSV file that people filled in.")],
    by: Annotated[
        str | None, typer.Option(help="Who, for lines that name nobody; your login if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take in the rows that are filled in; again and again, if need be.

    Exit code 1 when answers differ, among themselves or from what the session knows.
    """
    from trimtab.effort.cleaning_import import import_rows
    from trimtab.effort.cleaning_open import open_cleaning

    found = import_rows(session, done, by=by or getpass.getuser(), at=datetime.now(UTC))
    made, _ = open_cleaning(session)
    lines = [found.sentence, *(f"warning: {note}" for note in found.notes)]
    lines += [f"  {conflict.sentence}" for conflict in found.conflicts]
    if found.conflicts:
        lines.append(
            "hint: agree, and make the lines say the same; `trimtab effort clean fix --replace` "
            "changes what the session knows"
        )
    shown = {**found.to_dict(), "sentence": found.sentence, "status": status_facts(made)}
    emit(shown, as_json=as_json, text="\n".join([*lines, status_text(made)]))
    raise typer.Exit(1 if found.conflicts else 0)


def begun_from(session: Path, source: str | None, project: Path = Path()) -> Any:
    """Return the table that a session began from, None where the session itself knows best."""
    from trimtab.effort.cleaning_file import read_about

    version = read_about(session).get("version")
    if source is not None:
        return table_of(source, project)
    try:
        return None if version is None else table_of(version, project)
    except ConfigError:  # no project here
        return None
