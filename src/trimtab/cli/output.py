"""How commands speak: results to stdout, talk and progress to stderr, errors with a hint."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from typer.core import TyperGroup

from trimtab.core.errors import TrimtabError
from trimtab.core.progress import Progress as Report
from trimtab.core.records import jsonable


def _remember_json(context: typer.Context, value: bool) -> bool:
    context.find_root().meta["json"] = value
    return value


AsJson = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON.", callback=_remember_json)
]
ProjectPath = Annotated[
    Path, typer.Option("--project", "-p", help="Folder of the project, or its trimtab.toml.")
]


class TrimtabGroup(TyperGroup):
    """The root of all commands: turns errors raised on purpose into a message and a code."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; print an error as *problem*, blank line, *hint* on stderr."""
        try:
            return super().invoke(ctx)
        except TrimtabError as error:
            if ctx.meta.get("json"):
                print_line(json.dumps({"error": error.to_dict()}))
            # not wrapped: a path or a name that is cut in two cannot be copied or searched for
            Console(stderr=True, highlight=False, soft_wrap=True).print(
                f"[bold red]error:[/] {escape(error.problem)}\n\n"
                f"[bold]hint:[/] {escape(error.hint)}"
            )
            raise typer.Exit(error.exit_code) from None


# the exit code of each verdict
EXIT_CODES = {"pass": 0, "fail": 1, "not enough data": 3}


def refuse_given(options: Mapping[str, object], reason: str) -> None:
    """Refuse the first option that was given although it means nothing here."""
    for name, value in options.items():
        if value is not None:
            raise typer.BadParameter(reason, param_hint=f"--{name.replace('_', '-')}")


def group(help_text: str) -> typer.Typer:
    """Return an empty group of commands for one room."""
    return typer.Typer(help=help_text, no_args_is_help=True)


def emit(
    result: Mapping[str, Any] | Sequence[Any], *, as_json: bool, text: RenderableType
) -> None:
    """Print a result: `result` as JSON, or `text` (a string or a rich table) for people."""
    if as_json:
        print_line(json.dumps(jsonable(result), ensure_ascii=False))
    elif isinstance(text, str):
        print_line(text)
    else:
        _stdout().print(text)


def print_line(text: str) -> None:
    """Print one raw line to stdout, with no markup and no wrapping."""
    typer.echo(text)


def talk(text: RenderableType) -> None:
    """Say something to the person at the terminal; never part of a result."""
    Console(stderr=True, highlight=False).print(text)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Return a rich table; columns whose name ends in `>` are numbers, set to the right."""
    made = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        right = column.endswith(">")
        made.add_column(column.removesuffix(">"), justify="right" if right else "left")
    for row in rows:
        made.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    return made


@contextmanager
def progress_bars() -> Iterator[Report]:
    """Draw a bar for each named piece of work, on stderr; the bars stay when done.

    Where stderr is no terminal (a log, a CI job) each piece is one line when it ends.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain_lines(console)
        return
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=32),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=console,
    )
    tasks: dict[str, TaskID] = {}

    def report(name: str, done: int, total: int | None) -> None:
        if name not in tasks:
            tasks[name] = bars.add_task(name, total=total)
        bars.update(tasks[name], completed=done, total=total)

    with bars:
        yield report


def _plain_lines(console: Console) -> Report:
    finished: set[str] = set()

    def report(name: str, done: int, total: int | None) -> None:
        if total is not None and done >= total and name not in finished:
            finished.add(name)
            console.print(f"{name}: {done}/{total}", highlight=False)

    return report


def _stdout() -> Console:
    """Return a console that does not squeeze tables where the output is no terminal.

    COLUMNS in the environment sets its width all the same.
    """
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 200
    return console
