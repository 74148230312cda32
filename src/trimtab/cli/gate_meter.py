"""`trimtab gate meter` and `trimtab gate threshold`: how worn a test set is, and where to cut."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from trimtab.cli.gate_ledger import LedgerAt, ProjectAt, Who, ids_of, login, open_ledger
from trimtab.cli.gate_reading import (
    RANGES,
    RELIABILITY,
    STEPS,
    Asked,
    counted_reading,
    gauge,
    read_cuts,
    say_samples,
)
from trimtab.cli.output import EXIT_CODES, AsJson, emit
from trimtab.core.errors import ConfigError, SchemaError, nearest

_OR = " Else that of the ledger, or"

Score = Annotated[str, typer.Option(help="Column of the model's answers.")]
Label = Annotated[str, typer.Option(help="Column of what turned out true.")]


def register(app: typer.Typer) -> None:
    """Add the two commands to the group `gate`."""
    app.command("meter")(meter)
    app.command("threshold")(threshold)


def meter(
    development: Annotated[
        str | None, typer.Argument(help="Mean loss on the development data, or a file.")
    ] = None,
    test: Annotated[
        str | None, typer.Argument(help="Mean loss on the test set (with --rows), or a file.")
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Rows of test set behind a mean loss.")] = None,
    ranges: Annotated[
        str | None,
        typer.Option(help=f"Where one range of the gap ends and the next begins.{_OR} {RANGES}."),
    ] = None,
    reliability: Annotated[
        str | None, typer.Option(help=f"Chance that no reading is wrong.{_OR} 0.9999.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help=f"Readings that share the test set.{_OR} 32.")
    ] = None,
    epsilon: Annotated[
        float | None, typer.Option(help="How far the gap may be off; else what the rows allow.")
    ] = None,
    ledger: LedgerAt = None,
    project: ProjectAt = None,
    commit: Annotated[
        str | None, typer.Option(help="With a ledger: what stands for the model, a commit.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--id", help="With a ledger: column of the ids; `id`.")
    ] = None,
    who: Who = None,
    score: Score = "score",
    label: Label = "label",
    scale: Annotated[
        float | None, typer.Option(help="For numbers: the error that counts as 1.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell in which range the gap between development and test loss lies, and no more.

    Files hold a label and a score a row. Without losses: how many rows --epsilon takes.

    With --ledger or --project the reading is counted: it takes a step of the test set, which is
    known by the ids of its file; the same commit read again costs nothing.
    """
    from trimtab.gates.delta import decimal_share
    from trimtab.gates.meter import meter as read_meter

    if ledger is not None or project is not None:
        if development is None or test is None or _is_number(test) or rows is not None:
            raise typer.BadParameter(
                "expected a file of the test set's rows: a ledger knows it by their ids",
                param_hint="TEST",
            )
        with _losses_named():
            losses = [_loss(place, score, label, scale) for place in (development, test)]
            asked = Asked(ranges, reliability, steps, epsilon, commit, who or login())
            opened, ids = open_ledger(ledger, project), ids_of(test, key or "id")
            counted_reading(opened, ids, losses, asked, as_json=as_json)
        return
    for name, value in {"--commit": commit, "--id": key, "--who": who}.items():
        if value is not None:
            raise typer.BadParameter("it is for a reading that a --ledger counts", param_hint=name)
    delta = float(1 - decimal_share("reliability", reliability or RELIABILITY))
    cuts, steps = read_cuts(ranges or RANGES), steps or STEPS
    if development is None or test is None:
        say_samples(development, len(cuts) + 1, epsilon, delta, steps, as_json=as_json)
        return
    with _losses_named():
        losses = [_loss(place, score, label, scale) for place in (development, test)]
        reading = read_meter(
            *losses, ranges=cuts, delta=delta, steps=steps, epsilon=epsilon, rows=rows
        )
    emit(reading.to_dict(), as_json=as_json, text=gauge(reading))


def threshold(
    scores: Annotated[str, typer.Argument(help="A file with a score and a label a row.")],
    objective: Annotated[
        str, typer.Option(help="precision>=0.9, recall>=0.8, rate<=0.05 or cost:fp=1,fn=10.")
    ],
    score: Score = "score",
    label: Label = "label",
    block: Annotated[
        str | None, typer.Option(help="Column whose rows depend on each other: a day.")
    ] = None,
    delta: Annotated[float, typer.Option(help="Chance that the interval is wrong.")] = 0.05,
    window_days: Annotated[
        float | None, typer.Option(help="For how many days the threshold may be used.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Which half of the rows chooses.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Learn a decision threshold: exit 0 if its objective is met, 1 if not, 3 if not settled."""
    from trimtab.gates.objective import read_objective
    from trimtab.gates.threshold import learn_threshold

    needs_label = read_objective(objective).kind != "rate"
    table = _columns(scores, score, label if needs_label else None, block)
    try:
        learned = learn_threshold(
            table["score"],
            table.get("label"),
            objective=objective,
            delta=delta,
            blocks=table.get("block"),
            window_days=window_days,
            now=None if window_days is None else datetime.now(UTC),
            seed=seed,
        )
    except ValueError as error:
        raise ConfigError(str(error), hint="See `trimtab gate threshold --help`.") from None
    emit(learned.to_dict(), as_json=as_json, text=learned.sentence)
    raise typer.Exit(EXIT_CODES[learned.outcome])


@contextmanager
def _losses_named() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ConfigError(
            str(error), hint="Give files, or two mean losses in [0, 1] with --rows."
        ) from None


def _is_number(place: str) -> bool:
    try:
        float(place)
    except ValueError:
        return False
    return True


def _loss(place: str, score: str, label: str, scale: float | None) -> Any:
    """Return a mean loss that was given as a number, or the loss of each labelled row."""
    from trimtab.stats.losses import brier_loss, clipped_absolute_error

    if _is_number(place):
        return float(place)
    table = _columns(place, score, label, None, only_labelled=True)
    try:
        if not len(table["label"]):
            return table["label"]  # the meter says that there are too few
        if scale is None:
            return brier_loss(table["label"], table["score"])
        return clipped_absolute_error(table["label"], table["score"], scale=scale)
    except ValueError as error:
        raise SchemaError(
            f"{error} ({place})",
            hint="Give labels of 0 and 1 and probabilities, or numbers with --scale.",
        ) from None


def _columns(
    source: str, score: str, label: str | None, block: str | None, *, only_labelled: bool = False
) -> dict[str, Any]:
    """Read columns of a file as arrays; a label that is missing is NaN, or its row left out."""
    import polars as pl

    from trimtab.data.sources import collect, read_source

    frame = read_source(source)
    schema = frame.collect_schema()
    wanted = {"score": score, "label": label, "block": block}
    names = {to: name for to, name in wanted.items() if name is not None}
    for to, name in names.items():
        if name not in schema:
            raise SchemaError(
                f"expected a column `{name}` in {source}, found none",
                hint=nearest(name, schema.names()),
                column=name,
            )
        if to != "block" and not (schema[name].is_numeric() or schema[name] == pl.Boolean):
            raise SchemaError(
                f"expected numbers in `{name}` of {source}, got {schema[name]}",
                hint=f"Name another column with --{to}.",
                column=name,
            )
    read = collect(frame.select(**{to: pl.col(name) for to, name in names.items()}), source)
    read = read.filter(pl.col("label").is_not_null()) if only_labelled else read
    for to in ("score", "block"):
        if to in names and read[to].null_count():
            raise SchemaError(
                f"expected a value in each `{names[to]}` of {source}, got none in "
                f"{read[to].null_count():,} rows",
                hint="Predict the missing rows, or leave them out of the file.",
                column=names[to],
            )
    numbers = {
        to: read[to].cast(pl.Float64).to_numpy() for to in ("score", "label") if to in names
    }
    return numbers | ({"block": read["block"].to_numpy()} if block is not None else {})
