"""`trimtab data …`: on plain files, with no project, or on a project's tables."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from trimtab.cli.output import AsJson, ProjectPath, emit, group, print_line, table, talk

if TYPE_CHECKING:
    from trimtab.core.records import DatasetVersion
    from trimtab.data.checks import ValidationReport
    from trimtab.data.column_profile import ColumnProfile
    from trimtab.data.drift import DriftReport

app = group("Describe, check and compare tables; ingest them and read their versions.")

Source = Annotated[
    str, typer.Argument(help="A file, glob, database URL or package:NAME/FILE.", metavar="TABLE")
]
Nulls = Annotated[
    list[str] | None, typer.Option("--null", help="A text that stands for 'missing'.")
]
Query = Annotated[str | None, typer.Option(help="SQL query, for a database URL.")]
Time = Annotated[
    list[str] | None, typer.Option(help="Column that dates a row; repeat for year, month …")
]
Key = Annotated[list[str] | None, typer.Option(help="Column that names a row; repeatable.")]


def _spec(columns: list[str] | None) -> str | list[str] | None:
    """Return one column as a name, several as a list."""
    if not columns:
        return None
    return columns[0] if len(columns) == 1 else columns


@app.command()
def profile(
    source: Source, query: Query = None, null: Nulls = None, as_json: AsJson = False
) -> None:
    """Describe every column of a table."""
    from trimtab.data.profile import profile as describe

    made = describe(source, query=query, nulls=null or ())
    shown = table(
        f"{made.source}: {made.rows:,} rows, {len(made.columns)} columns",
        ["column", "type", "missing>", "distinct>", "mean>", "min>", "median>", "max>", "notes"],
        [_profile_row(column, made.rows) for column in made.columns.values()],
    )
    emit(made.to_dict(), as_json=as_json, text=shown)


def _profile_row(column: "ColumnProfile", rows: int) -> list[str]:
    middle = _short(column.quantiles.get(0.5))
    if column.type == "String" and column.top:
        middle = str(column.top[0][0])
    missing = f"{column.nulls / rows:.1%}" if column.nulls else ""
    return [
        column.name, column.type, missing, f"{column.distinct:,}", _short(column.mean),
        _short(column.min), middle, _short(column.max), "; ".join(column.notes),
    ]  # fmt: skip


def _short(value: Any) -> str:
    """Return a value in at most some 20 characters."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    text = str(value)
    return text if len(text) <= 20 else text[:19] + "…"


@app.command()
def schema(
    source: Source,
    query: Query = None,
    null: Nulls = None,
    time: Time = None,
    key: Key = None,
    covers: Annotated[
        str | None, typer.Option(help="The table whose newest row this one has to reach.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draft a schema from a table, as TOML to review: `trimtab data schema T > schema.toml`."""
    from trimtab.data.schema import infer_schema

    made = infer_schema(
        source, query=query, nulls=null or (), time=_spec(time), key=key or (), covers=covers
    )
    if as_json:
        emit(made.model_dump(mode="json"), as_json=True, text="")
    else:
        print_line(made.to_toml().rstrip("\n"))


@app.command()
def validate(
    source: Source,
    schema: Annotated[Path, typer.Option(help="The schema file.")],
    environment: Annotated[
        Literal["training", "serving"], typer.Option(help="Where the rows are to be used.")
    ] = "training",
    query: Query = None,
    null: Nulls = None,
    as_json: AsJson = False,
) -> None:
    """Hold a table against a schema; exit code 1 if a *stop* check fails."""
    from trimtab.data.checks import validate as check

    report = check(
        source, schema, environment=environment, now=datetime.now(UTC), query=query,
        nulls=null or (),
    )  # fmt: skip
    emit(report.to_dict(), as_json=as_json, text=_violations(report))
    if not report.ok:
        raise typer.Exit(1)


def _violations(report: "ValidationReport") -> Any:
    title = f"{report.table}: {report.rows:,} rows, {report.checks} checks"
    if not report.violations:
        return f"{title}: all hold"
    rows = [
        (found.severity, found.check, found.message, _example(found.examples))
        for found in report.violations
    ]
    return table(title, ["severity", "check", "what", "for example"], rows)


def _example(examples: tuple[dict[str, Any], ...]) -> str:
    if not examples:
        return ""
    return ", ".join(f"{name}={_short(value)}" for name, value in examples[0].items())


@app.command()
def drift(
    reference: Annotated[str, typer.Argument(help="The table to compare with.")],
    current: Annotated[str, typer.Argument(help="The table to ask about.")],
    block: Annotated[
        str | None, typer.Option(help="Compare with reference blocks: 1d, 1w …; needs --time.")
    ] = None,
    time: Time = None,
    alpha: Annotated[float, typer.Option(min=0.0001, max=0.5, help="False alarm rate.")] = 0.05,
    null: Nulls = None,
    as_json: AsJson = False,
) -> None:
    """Say what moved between two tables; exit code 1 if anything did, 3 if none can tell."""
    from trimtab.data.drift import drift as compare

    if block and not time:
        raise typer.BadParameter("--block needs --time", param_hint="--block")
    report = compare(
        reference, current, block=block, time=_spec(time), alpha=alpha, nulls=null or ()
    )
    emit(report.to_dict(), as_json=as_json, text=_findings(report))
    if report.drifted:
        raise typer.Exit(1)
    if not report.conclusive:
        talk(f"not enough data: {report.method}")
        raise typer.Exit(3)


def _findings(report: "DriftReport") -> Any:
    title = (
        f"{len(report.drifted)} of {len(report.columns)} columns moved "
        f"({report.reference_rows:,} and {report.current_rows:,} rows; {report.method})"
    )
    rows = [
        ("moved" if found.drifted else "", found.kind, found.message,
         "" if found.adjusted_p is None else f"{found.adjusted_p:.2g}")
        for found in report.findings
        if found.drifted or found.kind == "distribution"
    ]  # fmt: skip
    return table(title, ["", "kind", "what", "adjusted p>"], rows)


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
    emit([version.to_dict() for version in made], as_json=as_json, text=_versions(made))


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
    emit([version.to_dict() for version in found], as_json=as_json, text=_versions(found))


def _versions(found: "list[DatasetVersion]") -> Any:
    rows = [
        (
            each.name, f"{each.rows:,}", f"{each.rejected:,}", _short(each.time_min),
            _short(each.time_max), each.fingerprint[:12], each.source,
        )
        for each in found
    ]  # fmt: skip
    columns = ["version", "rows>", "rejected>", "from", "until", "fingerprint", "source"]
    return table("dataset versions", columns, rows)


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
    shown = table(name, rows.columns, [[_short(cell) for cell in row] for row in rows.rows()])
    emit(rows.to_dicts(), as_json=as_json, text=shown)
