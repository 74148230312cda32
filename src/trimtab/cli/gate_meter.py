"""`trimtab gate meter` and `trimtab gate threshold`: how worn a test set is, and where to cut."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table
from rich.text import Text

from trimtab.cli.output import AsJson, emit
from trimtab.core.errors import ConfigError, SchemaError, nearest

if TYPE_CHECKING:
    from trimtab.gates.meter import MeterReading

_EXIT_CODES = {"pass": 0, "fail": 1, "not enough data": 3}
_CELL = 12  # characters of the gauge for each range

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
        str, typer.Option(help="Where one range of the gap ends and the next begins.")
    ] = "0.01,0.02,0.05,0.1",
    reliability: Annotated[str, typer.Option(help="Chance that no reading is wrong.")] = "0.9999",
    steps: Annotated[int, typer.Option(min=1, help="Readings that share the test set.")] = 32,
    epsilon: Annotated[
        float | None, typer.Option(help="How far the gap may be off; else what the rows allow.")
    ] = None,
    score: Score = "score",
    label: Label = "label",
    scale: Annotated[
        float | None, typer.Option(help="For numbers: the error that counts as 1.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell in which range the gap between development and test loss lies, and no more.

    Files hold a label and a score a row. Without losses: how many rows --epsilon takes.
    """
    from trimtab.gates.delta import decimal_share
    from trimtab.gates.meter import meter as read_meter

    delta = float(1 - decimal_share("reliability", reliability))
    cuts = _cuts(ranges)
    if development is None or test is None:
        _say_samples(development, len(cuts) + 1, epsilon, delta, steps, as_json=as_json)
        return
    sides = [_loss(place, score, label, scale) for place in (development, test)]
    try:
        reading = read_meter(
            *sides, ranges=cuts, delta=delta, steps=steps, epsilon=epsilon, rows=rows
        )
    except ValueError as error:
        raise ConfigError(
            str(error), hint="Give files, or two mean losses in [0, 1] with --rows."
        ) from None
    emit(reading.to_dict(), as_json=as_json, text=_gauge(reading))


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
    raise typer.Exit(_EXIT_CODES[learned.outcome])


def _say_samples(
    development: str | None,
    ranges: int,
    epsilon: float | None,
    delta: float,
    steps: int,
    *,
    as_json: bool,
) -> None:
    """Print the size of test set where there is nothing to read yet."""
    from trimtab.gates.meter import meter_samples

    if development is not None or epsilon is None or not epsilon > 0:
        raise typer.BadParameter(
            "expected two losses or files, or only --epsilon above 0 to plan a test set",
            param_hint="DEVELOPMENT TEST",
        )
    samples = meter_samples(ranges, epsilon, delta, steps)
    told = {"samples": samples, "ranges": ranges, "epsilon": epsilon, "steps": steps}
    emit(
        told | {"delta": delta},
        as_json=as_json,
        text=f"{samples:,} labelled rows: {steps} readings in {ranges} ranges, each to within "
        f"{epsilon:g}, wrong with a chance of at most {delta:g}.",
    )


def _cuts(text: str) -> tuple[float, ...]:
    try:
        cuts = tuple(float(part) for part in text.split(","))
    except ValueError:
        cuts = ()
    ends = (0.0, *cuts, 1.0)
    if not cuts or not all(low < high for low, high in zip(ends[:-1], ends[1:], strict=True)):
        raise typer.BadParameter(
            f"expected numbers that rise between 0 and 1, with commas, got {text!r}",
            param_hint="--ranges",
        )
    return cuts


def _loss(place: str, score: str, label: str, scale: float | None) -> Any:
    """Return a mean loss that was given as a number, or the loss of each labelled row."""
    from trimtab.stats.losses import brier_loss, clipped_absolute_error

    try:
        return float(place)
    except ValueError:
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


def _gauge(reading: "MeterReading") -> Group:
    """Draw the ranges side by side, with the one that the gap is in filled."""
    last = len(reading.ranges) - 1
    bar = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    cells = []
    for i, (low, high) in enumerate(reading.ranges):
        bar.add_column(f"from {low:g}" if i == last else f"{low:g} to {high:g}")
        colour = "green" if i == 0 else "red" if i == last else "yellow"
        here = i == reading.signal
        cells.append(Text(("█" if here else "░") * _CELL, style=colour if here else "dim"))
    bar.add_row(*cells)
    return Group("Gap between development and test loss", bar, Text(reading.sentence))
