"""`trimtab data schema`, `schema diff` and `validate`: what a table should look like."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text
from typer.core import TyperGroup

from trimtab.cli.data_options import (
    Html,
    Key,
    Nulls,
    Query,
    Source,
    Time,
    plain_table,
    spec,
    table_of,
    write_page,
)
from trimtab.cli.output import AsJson, emit, print_line

if TYPE_CHECKING:
    from trimtab.data.checks import ValidationReport
    from trimtab.data.schema_diff import SchemaDiff


class _Draft(TyperGroup):
    """A group whose command is `draft` where none is named: `schema TABLE`, `schema diff A B`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `draft` before anything that is neither a command nor a call for help."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = ["draft", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Draft, no_args_is_help=True, subcommand_metavar="TABLE | diff OLD NEW",
    help="Draft a schema from a table, as TOML to review: `trimtab data schema TABLE > "
    "schema.toml` (its options: `trimtab data schema draft --help`), or compare two of them.",
)  # fmt: skip


@app.command()
def draft(
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
    """Draft a schema from a table; what `schema TABLE` does."""
    from trimtab.data.infer import infer_schema

    made = infer_schema(
        table_of(source),
        query=query,
        nulls=null or (),
        time=spec(time),
        key=key or (),
        covers=covers,
    )
    if as_json:
        emit(made.model_dump(mode="json"), as_json=True, text="")
    else:
        print_line(made.to_toml().rstrip("\n"))


@app.command()
def diff(
    old: Annotated[str, typer.Argument(help="A schema file or a table.")],
    new: Annotated[str, typer.Argument(help="A schema file or a table.")],
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Say which columns are new, gone, renamed, retyped or in another unit; exit code 1 if any."""
    from trimtab.data.report import schema_diff_page
    from trimtab.data.schema_diff import schema_diff

    found = schema_diff(table_of(old), table_of(new))
    write_page(html, lambda: schema_diff_page(found))
    emit(found.to_dict(), as_json=as_json, text=_changes(found))
    if found.changes:
        raise typer.Exit(1)


def _changes(found: "SchemaDiff") -> RenderableType:
    from trimtab.data.report_words import counted

    if not found.changes:
        return f"{found.old} → {found.new}: no change"
    title = f"{found.old} → {found.new}: {counted(len(found.changes), 'change')}"
    drawn = plain_table()
    for name in ("column", "change", "what"):
        drawn.add_column(name, no_wrap=name != "what", overflow="fold")
    for change in found.changes:
        drawn.add_row(*(escape(x) for x in (change.column or "", change.kind, change.message)))
    return Group(Text(title, style="bold"), "", drawn)


def validate(
    source: Source,
    schema: Annotated[Path, typer.Option(help="The schema file.")],
    environment: Annotated[
        Literal["training", "serving"], typer.Option(help="Where the rows are to be used.")
    ] = "training",
    previous_rows: Annotated[
        int | None, typer.Option(min=1, help="Rows of the table before, for `max_row_change`.")
    ] = None,
    query: Query = None,
    null: Nulls = None,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Hold a table against a schema; exit code 1 if a *stop* check fails."""
    from trimtab.data.checks import validate as check
    from trimtab.data.report import validation_page

    report = check(
        table_of(source), schema, environment=environment, now=datetime.now(UTC),
        previous_rows=previous_rows, query=query, nulls=null or (),
    )  # fmt: skip
    write_page(html, lambda: validation_page(report))
    emit(report.to_dict(), as_json=as_json, text=_violations(report))
    if not report.ok:
        raise typer.Exit(1)


def _violations(report: "ValidationReport") -> RenderableType:
    from trimtab.data.report_words import counted, cut, example, unnamed, verdict

    size = f"{report.table}: {counted(report.rows, 'row')}, {counted(report.checks, 'check')}"
    title = Text(f"{verdict(report)}\n", style="bold green" if report.ok else "bold red")
    title.append(size, style="not bold dim default")
    skipped = [Text(f"not checked: {reason}") for reason in report.skipped]
    if not report.violations:
        return Group(title, *skipped)
    drawn = plain_table()
    drawn.add_column("severity", no_wrap=True)
    drawn.add_column("column", no_wrap=True)
    drawn.add_column("check", no_wrap=True)
    drawn.add_column("rows", justify="right", no_wrap=True)
    drawn.add_column("what", overflow="fold", ratio=2)
    drawn.add_column("for example", overflow="fold", ratio=1)
    for found in report.violations:
        severity = f"[bold red]{found.severity}[/]" if found.severity == "stop" else "warn"
        words = unnamed(found.message, found.column)
        cells = (
            cut(found.column or "", 24),
            found.check,
            f"{found.count:,}" if found.count else "",
            words,
        )
        drawn.add_row(severity, *map(escape, (*cells, example(found))))
    return Group(title, "", drawn, *skipped)
