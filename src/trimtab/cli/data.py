"""`trimtab data …`: on plain files, with no project, or on a project's tables."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape

from trimtab.cli import data_drift, data_profile, data_quality, data_schema
from trimtab.cli.data_options import plain_table
from trimtab.cli.output import AsJson, ProjectPath, emit, group, table

if TYPE_CHECKING:
    from trimtab.core.records import DatasetVersion

# width of the terminal from which on hours, and fingerprints, have room
_FOR_HOURS = 110

app = group("Describe, check and compare tables; ingest them and read their versions.")
app.command()(data_profile.profile)
app.command()(data_drift.drift)
app.add_typer(data_schema.app, name="schema")
app.command()(data_schema.validate)
app.command()(data_quality.quality)


@app.command()
def ingest(
    names: Annotated[
        list[str] | None, typer.Argument(help="Tables of the project; all unless named.")
    ] = None,
    project: ProjectPath = Path(),
    as_json: AsJson = False,
) -> None:
    """Append the project's sources to its tables; what is there already stays as it is."""
    from trimtab.core.workspace import Workspace
    from trimtab.data.tables import Tables

    workspace = Workspace.open(project)
    settings = workspace.project
    tables = Tables(workspace.tables_folder)
    made = []
    for name in names or [section.name for section in settings.tables]:
        section = settings.table(name)
        file = settings.root / (section.schema_file or f"schema/{name}.toml")
        made.append(
            tables.ingest(
                name, settings.source(name), query=section.query, nulls=section.nulls,
                time=section.time, key=section.key,
                schema=file if section.schema_file or file.exists() else None,
                at=datetime.now(UTC),
            )
        )  # fmt: skip
    emit([version.to_dict() for version in made], as_json=as_json, text=_VersionTable(made))


@app.command()
def versions(
    name: Annotated[str | None, typer.Argument(help="A table; all unless named.")] = None,
    project: ProjectPath = Path(),
    as_json: AsJson = False,
) -> None:
    """List the dataset versions of a table, oldest first."""
    from trimtab.core.workspace import Workspace
    from trimtab.data.tables import Tables

    tables = Tables(Workspace.open(project).tables_folder)
    names = [name] if name else tables.names()
    found = [version for each in names for version in tables.versions(each)]
    emit([version.to_dict() for version in found], as_json=as_json, text=_VersionTable(found))


def _cell(value: Any) -> str:
    """Return a value in at most 20 characters; nothing for none."""
    from trimtab.data.report_words import cut, number

    return "" if value is None else cut(number(value), 20)


@dataclass(frozen=True)
class _VersionTable:
    """Dataset versions, a line each, as wide as the terminal."""

    versions: "list[DatasetVersion]"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what each version did, when its rows are from, and whose doing it was."""
        whole = options.max_width >= _FOR_HOURS
        room = 16 if whole else 10
        drawn = plain_table()
        for name in ("version", "change"):
            drawn.add_column(name, no_wrap=True)
        for name in ("rows", "rejected"):
            drawn.add_column(name, justify="right", no_wrap=True)
        for name in ("from", "until", *(("fingerprint",) if whole else ())):
            drawn.add_column(name, no_wrap=True)
        drawn.add_column("source", overflow="fold")
        for each in self.versions:
            times = (_cell(moment)[:room] for moment in (each.time_min, each.time_max))
            marks = (each.fingerprint[:12],) if whole else ()
            drawn.add_row(
                escape(each.name), _change(each), f"{each.rows:,}", f"{each.rejected:,}",
                *times, *marks, escape(each.source),
            )  # fmt: skip
        yield drawn


def _change(version: "DatasetVersion") -> str:
    """Return what a version did with the rows of the one before."""
    if version.parent is None:
        return "first"
    return f"{'mends' if version.change == 'replace' else 'adds to'} @{version.parent}"


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A table, or a version such as flights@3.")],
    where: Annotated[
        str | None, typer.Option(help="An SQL condition, for example 'distance > 100'.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many rows.")] = 10,
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="Show rows that were set aside, and why.")
    ] = False,
    project: ProjectPath = Path(),
    as_json: AsJson = False,
) -> None:
    """Show rows of a dataset version."""
    import polars as pl

    from trimtab.core.errors import SchemaError
    from trimtab.core.workspace import Workspace
    from trimtab.data.tables import Tables

    tables = Tables(Workspace.open(project).tables_folder)
    frame = tables.quarantine(name) if quarantine else tables.read(name)
    try:
        kept = frame.filter(pl.sql_expr(where)) if where else frame
        rows = kept.head(limit).collect()
    except pl.exceptions.PolarsError as error:
        raise SchemaError(
            f"expected an SQL condition on the columns of `{name}`, got {where!r}: "
            f"{str(error).splitlines()[0]}",
            hint=f"Columns: {', '.join(frame.collect_schema().names())}.",
        ) from None
    shown = table(name, rows.columns, [[_cell(cell) for cell in row] for row in rows.rows()])
    emit(rows.to_dicts(), as_json=as_json, text=shown)
