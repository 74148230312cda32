"""`trimtab data drift`: what moved, by how much, and whether it matters."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from trimtab.cli.data_options import (
    All,
    Html,
    Nulls,
    Time,
    plain_table,
    spec,
    table_of,
    write_page,
)
from trimtab.cli.output import AsJson, emit, talk

if TYPE_CHECKING:
    from trimtab.data.drift_report import DriftReport, Finding

# widths of the terminal from which on pictures, and tests with their p-values, have room
_FOR_PICTURES, _FOR_TESTS = 90, 120


def drift(
    reference: Annotated[
        str, typer.Argument(help="The table, or saved profile, to compare with.")
    ],
    current: Annotated[str, typer.Argument(help="The table, or saved profile, to ask about.")],
    test: Annotated[
        list[str] | None,
        typer.Option(help="A test, or COLUMN=TEST; repeatable. By type of column unless given."),
    ] = None,
    correction: Annotated[
        Literal["bh", "by", "holm", "bonferroni", "none"],
        typer.Option(help="Of p-values, for the number of columns."),
    ] = "bh",
    block: Annotated[
        str | None, typer.Option(help="Compare with reference blocks: day, week, 6h …")
    ] = None,
    time: Time = None,
    alpha: Annotated[float, typer.Option(min=0.0001, max=0.5, help="False alarm rate.")] = 0.05,
    min_effect: Annotated[
        float, typer.Option(min=0.0, help="Least effect that counts as drift.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Of tests that draw at random.")] = 0,
    null: Nulls = None,
    show_all: All = False,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Say what moved between two tables; exit code 1 if anything did, 3 if none can tell."""
    from trimtab.data.drift import drift as compare
    from trimtab.data.report import drift_page

    report = compare(
        table_of(reference), table_of(current), tests=_tests(test), correction=correction,
        block=block, time=spec(time), alpha=alpha, min_effect=min_effect, nulls=null or (),
        seed=seed,
    )  # fmt: skip
    write_page(html, lambda: drift_page(report))
    emit(report.to_dict(), as_json=as_json, text=DriftTable(report, show_all=show_all))
    if report.drifted:
        raise typer.Exit(1)
    if not report.conclusive or not report.columns:
        talk(f"not enough data: {report.method if report.columns else 'nothing to compare'}")
        raise typer.Exit(3)


def _tests(words: list[str] | None) -> str | list[str] | dict[str, str | list[str]] | None:
    """Return the tests asked for: names, or names by column."""
    if not words:
        return None
    named = [word.rpartition("=") for word in words]
    if not any(column for column, _, _ in named):
        return words[0] if len(words) == 1 else words
    if not all(column for column, _, _ in named):
        raise typer.BadParameter(
            "expected all of them as TEST or all as COLUMN=TEST, got both", param_hint="--test"
        )
    by_column: dict[str, str | list[str]] = {}
    for column, _, name in named:
        before = by_column.get(column, [])
        by_column[column] = [*before, name] if before else [name]
    return by_column


@dataclass(frozen=True)
class DriftTable:
    """A drift report as a table, as wide as the terminal."""

    report: "DriftReport"
    show_all: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the headline, what moved, and one line on what did not."""
        from trimtab.data.report_words import by_column, headline

        report = self.report
        moved = by_column([found for found in report.findings if found.drifted])
        every = [*report.columns.values(), *report.joint]
        still = [found for found in every if not found.drifted]
        yield Text(headline(report), style="bold red" if moved else "bold green")
        yield Text(_sides(report), style="dim")
        shown = [*moved, *still] if self.show_all else moved
        if shown:
            yield ""
            yield _table(shown, options.max_width)
        yield ""
        yield from _others(report, [] if self.show_all else still)


def _sides(report: "DriftReport") -> str:
    from trimtab.data.report_words import counted

    old, new = (counted(n, "row") for n in (report.reference_rows, report.current_rows))
    return f"{report.reference} ({old}) → {report.current} ({new})"


def _table(findings: "list[Finding]", width: int) -> Table:
    from trimtab.data.report_pictures import spark_pair
    from trimtab.data.report_words import cut, effect, p_value, said, weight

    pictures, tests = width >= _FOR_PICTURES, width >= _FOR_TESTS
    made = plain_table()
    made.add_column("column", no_wrap=True)
    made.add_column("moved by", justify="right", no_wrap=True)
    made.add_column("", no_wrap=True)
    if pictures:
        made.add_column("before", no_wrap=True, style="dim")
        made.add_column("now", no_wrap=True, style="blue")
    made.add_column("what", overflow="fold", ratio=1)
    if tests:
        made.add_column("test", no_wrap=True)
        made.add_column("p", justify="right", no_wrap=True)
    last = ""
    for found in findings:
        name = "" if found.column == last else cut(found.column, max(16, width // 5))
        last = found.column
        cells = [escape(name), effect(found), _mark(weight(found))]
        if pictures:
            cells += spark_pair(found.bins) if found.bins else ("", "")
        cells.append(escape(said(found)))
        if tests:
            cells += [escape(found.test), p_value(found.adjusted_p)]
        made.add_row(*cells, style="" if found.drifted else "dim")
    return made


def _mark(size: str) -> str:
    return f"[bold]{size}[/]" if size in ("medium", "large") else size


def _others(report: "DriftReport", still: "list[Finding]") -> RenderResult:
    from trimtab.data.report_words import counted, grouped, names

    if still:
        listed = names((found.column for found in still), most=4)
        who = counted(len(still), "other" if report.drifted else "column")
        yield Text(f"{who} did not move: {listed} (--all shows them)")
    for columns, why in grouped(report.skipped.items()):
        yield Text(f"not compared: {columns}: {why}")
    yield Text(report.method, style="dim")
