"""`trimtab effort clean export|import|finish`: rows to people and back, and the cleaned table."""

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trimtab.cli.data_options import writing
from trimtab.cli.output import AsJson, ProjectPath, emit
from trimtab.core.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from trimtab.core.records import DatasetVersion
    from trimtab.effort.cleaning_finish import CleaningRecord

Session = Annotated[Path, typer.Argument(help="File of the session.")]
Source = Annotated[
    str | None,
    typer.Option(help="The table that is being cleaned, if it is no longer where it was."),
]


def register(clean: typer.Typer) -> None:
    """Add the commands to the group `clean`."""
    clean.command("export")(export_todo)
    clean.command("import")(import_done)
    clean.command()(finish)


def export_todo(
    session: Session,
    todo: Annotated[Path, typer.Argument(help="CSV file to write.")],
    n: Annotated[int, typer.Option("--rows", "-n", min=1, help="Rows to write.")] = 50,
    skip: Annotated[int, typer.Option(min=0, help="Rows that somebody else was given.")] = 0,
    source: Source = None,
    as_json: AsJson = False,
) -> None:
    """Write the next rows worth cleaning to a CSV file, for people to fill in a spreadsheet."""
    from trimtab.effort.cleaning_handoff import export_rows

    written = export_rows(session, todo, n, skip=skip, source=source)
    text = "no row is left that can change a prediction; no file was written"
    if written:
        text = (
            f"{written:,} row{'s' * (written != 1)} in {todo}: write the true values into the "
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
    from trimtab.effort.cleaning_table import open_cleaning

    found = import_rows(session, done, by=by or getpass.getuser(), at=datetime.now(UTC))
    status = open_cleaning(session)[0].status()
    lines = [found.sentence, *(f"  {conflict.sentence}" for conflict in found.conflicts)]
    if found.conflicts:
        lines.append(
            "hint: agree, and make the lines say the same; `trimtab effort clean fix` changes "
            "what the session knows"
        )
    shown = {**found.to_dict(), "sentence": found.sentence, "status": status.to_dict()}
    emit(shown, as_json=as_json, text="\n".join([*lines, status.sentence]))
    raise typer.Exit(1 if found.conflicts else 0)


def finish(
    session: Session,
    out: Annotated[
        Path | None, typer.Option(help="File for the cleaned table, .parquet or .csv.")
    ] = None,
    into: Annotated[
        str | None, typer.Option(help="New table of the project, for example orders_clean.")
    ] = None,
    project: ProjectPath = Path(),
    repair: Annotated[
        bool, typer.Option("--repair", help="Fill what nobody fixed by the likeliest candidate.")
    ] = False,
    source: Source = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole table with the fixed cells in place; all other cells are as they were."""
    from trimtab.effort.cleaning_finish import cleaned_table, cleaning_record

    if out is None and into is None:
        raise ConfigError(
            "expected --out or --into, got neither", hint="Write --out cleaned.parquet."
        )
    if out is not None and out.suffix.lower() not in (".parquet", ".csv"):
        raise ConfigError(
            f"expected a file that ends in .parquet or .csv, got {out.name}",
            hint="Write --out cleaned.parquet.",
        )
    record = cleaning_record(session, source)
    rows = cleaned_table(session, source, repair=repair)
    lines = [f"{rows.height:,} rows from {record.sentence}"]
    shown: dict[str, Any] = {**record.to_dict(), "sentence": record.sentence}
    if out is not None:
        _write(rows, out, record)
        lines.append(f"written to {out}")
        shown["file"] = str(out)
    if into is not None:
        version = _ingest(rows, into, project, record)
        lines.append(f"ingested as {version.name}")
        shown["version"] = version.to_dict()
    emit(shown, as_json=as_json, text="\n".join(lines))


def _write(rows: "pl.DataFrame", out: Path, record: "CleaningRecord") -> None:
    """Write a whole file or none; never over the table that was cleaned."""
    if Path(record.source).exists() and out.resolve() == Path(record.source).resolve():
        raise ConfigError(
            f"expected another file than {out.name}, which is the table that was cleaned",
            hint="Write --out cleaned.parquet.",
        )
    part = out.with_name(f".{out.name}.part")
    with writing(out, "--out"):
        if out.suffix.lower() == ".csv":
            rows.write_csv(part)
        else:
            rows.write_parquet(part, metadata={"trimtab": json.dumps(record.to_dict())})
        part.replace(out)


def _ingest(
    rows: "pl.DataFrame", name: str, project: Path, record: "CleaningRecord"
) -> "DatasetVersion":
    from trimtab.core.workspace import Workspace
    from trimtab.data.tables import Tables
    from trimtab.effort.cleaning_finish import ingest_cleaned

    workspace = Workspace.open(project)
    project_tables = workspace.project.tables
    if name in {section.name for section in project_tables}:
        raise ConfigError(
            f"expected a table of its own for cleaned rows, got `{name}`, which the project fills",
            hint=f"Write --into {name}_clean.",
        )
    # what dates and names a row is as it was
    begun = Path(record.source).resolve()
    sources = {s.name: workspace.project.source(s.name) for s in project_tables}
    section = next(
        (s for s in project_tables if sources[s.name] in (record.source, str(begun))), None
    )
    options = {"time": section.time, "key": section.key} if section else {}
    tables = Tables(workspace.tables_folder)
    try:
        return ingest_cleaned(tables, name, rows, record, at=datetime.now(UTC), **options)
    except ValueError as error:
        raise ConfigError(str(error), hint="Write --into orders_clean.") from None
