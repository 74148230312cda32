"""`trimtab init`: a working project from any table."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trimtab.cli.output import AsJson, emit, talk
from trimtab.core.errors import ConfigError, nearest
from trimtab.core.records import TaskKind

if TYPE_CHECKING:
    from trimtab.loop.scaffold import Scaffold

KINDS: dict[str, TaskKind] = {
    "binary": "binary", "multiclass": "multiclass", "regression": "regression"
}  # fmt: skip


def init(
    tables: Annotated[
        list[str],
        typer.Argument(metavar="TABLE...", help="Files of one table, in order of time."),
    ],
    label: Annotated[str, typer.Option(help="Column to predict.")],
    time: Annotated[
        str | None,
        typer.Option(
            help="Column that dates the question, or `year,month,day,hour`; if left "
            "out, the order of the rows is the clock."
        ),
    ] = None,
    label_time: Annotated[
        str | None, typer.Option(help="Column that says when the label became known.")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="Column that names a row; may be repeated.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="File of labels that came later, joined by the key.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="binary, multiclass or regression; if left out, the values decide."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the project; that of the file if left out.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Folder to make; the project's name if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a working project from any table."""
    from trimtab.loop.scaffold import scaffold

    if kind is not None and kind not in KINDS:
        raise ConfigError(f"expected a kind of task, got `{kind}`", hint=nearest(kind, KINDS))
    made = scaffold(
        tables, label=label, time=time, label_time=label_time, key=key or (), labels=labels,
        kind=None if kind is None else KINDS[kind], name=name, into=into,
    )  # fmt: skip
    for warning in made.warnings:
        talk(f"[bold yellow]warning:[/] {_escaped(warning)}")
    emit(made.to_dict(), as_json=as_json, text=_text(made, label))


def _text(made: "Scaffold", label: str) -> str:
    """Say what was made and decided, and what to do next."""
    lines = [
        f"{made.folder}: predicts {label} ({made.kind}) with {made.features} features",
        f"  {made.rows:,} rows, {made.labelled:,} labelled; {made.train_rows:,} before "
        f"{made.until[:16].replace('T', ' ')} train the first model",
        f"  then {made.windows} windows of {made.window}",
        *(f"  {note}" for note in made.notes),
        *(f"  no feature: {text}" for text in made.left_out),
        "",
        f"next: cd {made.folder} && trimtab run",
    ]
    return _escaped("\n".join(lines))


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
