"""`trimtab effort clean finish`: the cleaned table as a file, or as a dataset version."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trimtab.cli.data_options import writing
from trimtab.cli.effort_clean_files import Session, Source, begun_from
from trimtab.cli.output import AsJson, ProjectPath, emit
from trimtab.core.errors import ConfigError

if TYPE_CHECKING:
    from trimtab.core.project import Project
    from trimtab.core.records import DatasetVersion
    from trimtab.effort.cleaning_finish import CleanedTable, CleaningRecord


def register(clean: typer.Typer) -> None:
    """Add the command to the group `clean`."""
    clean.command()(finish)


def finish(
    session: Session,
    out: Annotated[
        Path | None, typer.Option(help="File for the cleaned table, .parquet or .csv.")
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            help="Table of the project: a new one such as orders_clean, or the one whose version "
            "was cleaned."
        ),
    ] = None,
    project: ProjectPath = Path(),
    repair: Annotated[
        bool, typer.Option("--repair", help="Fill what nobody fixed by the likeliest candidate.")
    ] = False,
    source: Source = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole table with the fixed cells in place; all other cells are as they were.

    Into the table that was cleaned goes a version that replaces its newest one: rows that came
    since stay, and cells that others cleaned otherwise meanwhile are named, with nothing written.
    """
    from trimtab.effort.cleaning_finish import finish_cleaning

    if out is None and into is None:
        raise ConfigError(
            "expected --out or --into, got neither", hint="Write --out cleaned.parquet."
        )
    if out is not None and out.suffix.lower() not in (".parquet", ".csv"):
        raise ConfigError(
            f"expected a file that ends in .parquet or .csv, got {out.name}",
            hint="Write --out cleaned.parquet.",
        )
    done = finish_cleaning(session, begun_from(session, source, project), repair=repair)
    lines = [f"{done.rows.height:,} rows from {done.record.sentence}", *done.notes]
    shown: dict[str, Any] = {
        **done.record.to_dict(), "sentence": done.record.sentence, "notes": list(done.notes)
    }  # fmt: skip
    if out is not None:
        _write(done, out)
        lines.append(f"written to {out}")
        shown["file"] = str(out)
    if into is not None:
        version = _ingest(done, into, project)
        lines.append(_told(version, done.record))
        shown["version"] = version.to_dict()
    emit(shown, as_json=as_json, text="\n".join(lines))


def _write(done: "CleanedTable", out: Path) -> None:
    """Write a whole file or none; never over the table that was cleaned."""
    record = done.record
    if Path(record.source).exists() and out.resolve() == Path(record.source).resolve():
        raise ConfigError(
            f"expected another file than {out.name}, which is the table that was cleaned",
            hint="Write --out cleaned.parquet.",
        )
    part = out.with_name(f".{out.name}.part")
    with writing(out, "--out"):
        if out.suffix.lower() == ".csv":
            done.rows.write_csv(part)
        else:
            done.rows.write_parquet(part, metadata={"trimtab": json.dumps(record.to_dict())})
        part.replace(out)


def _ingest(done: "CleanedTable", name: str, folder: Path) -> "DatasetVersion":
    from trimtab.core.workspace import Workspace
    from trimtab.data.tables import Tables
    from trimtab.effort.cleaning_version import ingest_cleaned

    workspace = Workspace.open(folder)
    project, begun = workspace.project, _section(workspace.project, done.record)
    is_begun = name == (done.record.source_version or "").partition("@")[0]
    if not is_begun and name in {section.name for section in project.tables}:
        raise ConfigError(
            f"expected a table of its own for cleaned rows, got `{name}`, which the project fills",
            hint=f"Write --into {name}_clean; to clean `{name}` itself, begin the session from a "
            f"version of it: {name}@0.",
        )
    options: dict[str, Any] = {}
    if begun is not None:  # what dates and names a row is as it was
        section = project.table(begun)
        file = project.root / (section.schema_file or f"schema/{begun}.toml")
        options = {"time": section.time, "key": section.key}
        if is_begun and file.exists():
            options["schema"] = file
    tables = Tables(workspace.tables_folder)
    try:
        return ingest_cleaned(tables, name, done, at=datetime.now(UTC), **options)
    except ValueError as error:
        raise ConfigError(str(error), hint="Write --into orders_clean.") from None


def _section(project: "Project", record: "CleaningRecord") -> str | None:
    """Return the project's table that was cleaned, by its version or by its source."""
    begun = Path(record.source).resolve()
    for section in project.tables:
        is_source = project.source(section.name) in (record.source, str(begun))
        if (record.source_version or "").partition("@")[0] == section.name or is_source:
            return section.name
    return None


def _told(version: "DatasetVersion", record: "CleaningRecord") -> str:
    """Return what became of the cleaned rows."""
    if version.lineage != record.to_dict():
        return f"{version.name} holds all of this already"
    if version.change == "append":
        return f"ingested as {version.name}"
    before = f"{version.table}@{version.parent}"
    since = "" if record.source_version in (None, before) else (
        f"; what came after {record.source_version} stays as it came"
    )  # fmt: skip
    return f"{version.name} replaces {before}{since}"
