"""`trimtab effort pick`: which model is best on today's data, and which rows to label for it."""

from typing import TYPE_CHECKING, Annotated

import typer

from trimtab.cli.data_options import Html, write_page
from trimtab.cli.effort_costs import CostUnit, LabelCost
from trimtab.cli.output import AsJson, emit
from trimtab.core.errors import ConfigError

if TYPE_CHECKING:
    from trimtab.effort.pick_choice import ModelChoice

_EXIT_CODES = {"done": 0, "not enough data": 3}


def register(app: typer.Typer) -> None:
    """Add the command to the group `effort`."""
    app.command("pick")(pick)


def pick(
    predictions: Annotated[
        str, typer.Argument(help="Table with ids and one column a model: the class it predicts.")
    ],
    labels: Annotated[
        str | None,
        typer.Option(help="Table with ids and labels, of any rows; else a column of PREDICTIONS."),
    ] = None,
    models: Annotated[
        str | None, typer.Option(help="Columns of models, with commas between; else all others.")
    ] = None,
    key: Annotated[str, typer.Option("--id", help="Column of the ids.")] = "id",
    label: Annotated[str, typer.Option(help="Column of what turned out true.")] = "label",
    tolerance: Annotated[
        float, typer.Option(help="Difference in the share of mistakes that does not matter.")
    ] = 0.0,
    delta: Annotated[float, typer.Option(help="Chance of a wrong answer.")] = 0.05,
    n: Annotated[
        int, typer.Option("--next", "-n", min=1, help="Rows to name for labelling.")
    ] = 20,
    label_cost: LabelCost = None,
    cost_unit: CostUnit = "minutes",
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Name the best of several models on a table's rows, with as few labels as possible.

    Prints the ids of rows to label next; label them, and call it again with --labels. Exit
    code 0 when it is sure, 3 while labels are missing.
    """
    from trimtab.effort.pick_page import pick_page
    from trimtab.effort.pick_rows import pick_model

    if not 0 < delta < 1 or not 0 <= tolerance < 1:
        raise ConfigError(
            f"expected --delta between 0 and 1 and --tolerance from 0 to below 1, got {delta} "
            f"and {tolerance}",
            hint="Leave them out for 0.05 and 0.",
        )
    choice = pick_model(
        predictions,
        labels,
        models=tuple(name.strip() for name in models.split(",")) if models else (),
        key=key,
        label=label,
        tolerance=tolerance,
        delta=delta,
        n=n,
        label_cost=label_cost,
        cost_unit=cost_unit,
    )
    write_page(html, lambda: pick_page(choice))
    emit(choice.to_dict(), as_json=as_json, text=_text(choice))
    raise typer.Exit(_EXIT_CODES[choice.outcome])


def _text(choice: "ModelChoice") -> str:
    """Return the answer in a few lines."""
    lines = [
        f"{choice.outcome}: {choice.sentence}",
        f"labels used: {choice.labels_used:,} of {choice.labels_given:,} given"
        f"{_price(choice.cost, choice)}; models disagree on {choice.rows_apart:,} rows",
        "",
    ]
    width = max(len(standing.model) for standing in choice.standings)
    for standing in choice.standings:
        lines.append(
            f"  {standing.model:<{width}}  {standing.mistakes:>6,} mistakes on "
            f"{standing.labels:>6,} labels  {choice.state_of(standing)}"
        )
    if choice.next_rows:
        named = ", ".join(str(row) for row in choice.next_rows)
        lines += [
            "",
            f"label next (of at most {choice.labels_left:,}"
            f"{_price(choice.cost_left, choice)}): {named}",
        ]
    return "\n".join([*lines, "", f"rests on: {'; '.join(choice.assumptions)}"])


def _price(cost: float | None, choice: "ModelChoice") -> str:
    return "" if cost is None else f", {cost:,.12g} {choice.cost_unit}"
