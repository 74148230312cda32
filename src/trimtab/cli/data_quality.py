"""`trimtab data quality`: four figures, and what to mend first."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from trimtab.cli.data_options import (
    Html,
    Key,
    Nulls,
    Query,
    Source,
    Time,
    duration,
    plain_table,
    spec,
    table_of,
    write_page,
)
from trimtab.cli.output import AsJson, ProjectPath, emit

if TYPE_CHECKING:
    from trimtab.data.quality_report import QualityReport

_METER = 10


def quality(
    source: Source,
    schema: Annotated[
        Path | None, typer.Option(help="The schema file; drafted from the table unless given.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="The column of labels.")] = None,
    time: Time = None,
    key: Key = None,
    now: Annotated[
        datetime | None, typer.Option(help="The moment that age is seen from; now unless given.")
    ] = None,
    max_age: Annotated[
        str | None, typer.Option(help="How old the newest row may be: 6h, 1d …", callback=duration)
    ] = None,
    max_row_age: Annotated[
        str | None, typer.Option(help="How old any row may be.", callback=duration)
    ] = None,
    arrived: Annotated[
        str | None, typer.Option(help="Column with the time a row arrived.", metavar="COLUMN")
    ] = None,
    max_delay: Annotated[
        str | None,
        typer.Option(help="How long after its event a row may arrive.", callback=duration),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="Column whose levels each have their own rhythm in time; repeatable.",
            metavar="COLUMN",
        ),
    ] = None,
    environment: Annotated[
        Literal["training", "serving"], typer.Option(help="Where the rows are to be used.")
    ] = "training",
    history: Annotated[
        bool, typer.Option("--history", help="Of every version of a project's table TABLE.")
    ] = False,
    project: ProjectPath = Path(),
    query: Query = None,
    null: Nulls = None,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Score accuracy, completeness, consistency and timeliness, and say what to mend first."""
    asked: dict[str, Any] = {
        "label": label, "time": spec(time), "key": key, "by": by, "max_age": max_age,
        "max_row_age": max_row_age, "arrived": arrived, "max_delay": max_delay,
    }  # fmt: skip
    if max_delay is not None and arrived is None:
        raise typer.BadParameter(
            "expected --arrived beside it, got none", param_hint="--max-delay"
        )
    if history:
        if html is not None or query or null or now or environment != "training":
            raise typer.BadParameter(
                "it takes none of --html, --now, --query, --null and --environment",
                param_hint="--history",
            )
        reports = _reports(project, source, schema=schema, **asked)
        text = _history(source, reports)
        emit([report.to_dict() for report in reports], as_json=as_json, text=text)
        return
    from trimtab.data.quality import quality as score
    from trimtab.data.report import quality_page

    report = score(
        table_of(source), schema, now=now or datetime.now(UTC), environment=environment,
        query=query, nulls=null or (), **asked,
    )  # fmt: skip
    write_page(html, lambda: quality_page(report))
    emit(report.to_dict(), as_json=as_json, text=_figures(report))


def _reports(
    project: Path, table: str, *, schema: Path | None, **asked: Any
) -> "tuple[QualityReport, ...]":
    """Return the reports on a table's versions, held against the project's schema of it."""
    from trimtab.core.workspace import Workspace
    from trimtab.data.quality_history import quality_history
    from trimtab.data.tables import Tables

    workspace = Workspace.open(project)
    section = workspace.project.table(table)
    own = workspace.project.root / (section.schema_file or f"schema/{table}.toml")
    tables = Tables(workspace.tables_folder)
    against = schema or (own if own.exists() else None)
    return quality_history(tables, table, against, store=workspace.store, **asked)


def _history(table: str, reports: "Sequence[QualityReport]") -> RenderableType:
    from trimtab.data.report_words import counted, figure

    drawn = plain_table()
    drawn.add_column("version", no_wrap=True)
    drawn.add_column("rows", justify="right", no_wrap=True)
    for name in reports[0].scores if reports else ():
        drawn.add_column(name, justify="right", no_wrap=True)
    for report in reports:
        figures = ("–" if x is None else figure(x) for x in report.scores.values())
        drawn.add_row(escape(report.table), f"{report.rows:,}", *figures)
    title = f"{table}: {counted(len(reports), 'version')}, oldest first"
    return Group(Text(title, style="bold"), "", drawn)


def _figures(report: "QualityReport") -> RenderableType:
    from trimtab.data.report_words import counted, figure, number

    against = "a schema drafted from it" if report.drafted else f"schema {report.schema_version}"
    title = f"{report.table}: {counted(report.rows, 'row')}, held against {against}"
    figures = plain_table()
    for name in ("", "figure", "", "in words"):
        figures.add_column(name, no_wrap=name != "in words", overflow="fold")
    for dimension in report.dimensions:
        score = dimension.score
        written = "–" if score is None else figure(score)
        figures.add_row(dimension.name, written, _meter(score), escape(dimension.meaning))
    shown: list[RenderableType] = [Text(title, style="bold"), "", figures]
    worst = report.worst()
    if worst:
        parts = plain_table()
        parts.add_column("mend first", overflow="fold", ratio=3)
        parts.add_column("at fault", justify="right", no_wrap=True)
        parts.add_column("gain", justify="right", no_wrap=True)
        parts.add_column("how", overflow="fold", ratio=2)
        for part in worst:
            faults = "–" if part.unit == "age" else f"{number(part.faults)} {part.unit}"
            gain = f"+{part.gain:.3f}"
            parts.add_row(escape(part.message), faults, gain, escape(part.act))
        shown += ["", parts]
    return Group(*shown, *(Text(note) for note in report.notes))


def _meter(score: float | None) -> str:
    """Return a bar as long as the score."""
    if score is None:
        return ""
    full = round(_METER * score)
    return f"[blue]{'━' * full}[/][dim]{'━' * (_METER - full)}[/]"
