"""`trimtab effort feasibility`: whether an accuracy can be reached, before anyone trains."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trimtab.cli.data_options import write_page
from trimtab.cli.effort_costs import CostUnit, LabelCost
from trimtab.cli.output import AsJson, emit

if TYPE_CHECKING:
    from trimtab.effort.feasibility_needs import Need
    from trimtab.effort.feasibility_result import Feasibility

Noise = Annotated[
    str | None,
    typer.Option(
        metavar="SHARE|FILE",
        help="How many labels are wrong, if known: a share such as 0.1, or a table (CSV) of "
        "the chance of each given label for each true class. Its first column has the true "
        "class, and there is a column for each label: `true,no,yes`, then `no,0.95,0.05` and "
        "`yes,0.2,0.8`.",
    ),
]
Embedder = Annotated[
    str | None,
    typer.Option(
        metavar="MODULE:FUNCTION",
        help="For columns of texts: a function from a list of texts to a row of numbers each; "
        "imported from the current folder too. Texts are seen as bags of words without it.",
    ),
]
_CODES = {"realistic": 0, "unrealistic": 1, "not enough data": 3}


def register(app: typer.Typer) -> None:
    """Add the command to the group `effort`."""
    app.command()(feasibility)


def feasibility(
    data: Annotated[str, typer.Argument(help="The table: a file or a glob.")],
    label: Annotated[str, typer.Option(help="The column to predict.")],
    target: Annotated[float, typer.Option(help="Accuracy wanted, such as 0.85.")],
    noise: Noise = None,
    embedder: Embedder = None,
    representation: Annotated[
        list[str] | None,
        typer.Option(help="raw, ranks, pca, projection, leaves or scores; repeatable."),
    ] = None,
    block: Annotated[
        str | None, typer.Option(help="Column whose rows of one value depend on each other.")
    ] = None,
    delta: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="Chance that the interval is wrong.")
    ] = 0.05,
    label_cost: LabelCost = None,
    cost_unit: CostUnit = "minutes",
    max_rows: Annotated[
        int, typer.Option(min=1, help="Rows used, at random from more.")
    ] = 110_000,
    seed: Annotated[int, typer.Option(help="Of what is drawn at random.")] = 0,
    html: Annotated[Path | None, typer.Option(help="Write a report with a plot here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether an accuracy is realistic; exit code 1 if not, 3 if the data cannot tell."""
    from trimtab.cli.embedder import load_embedder
    from trimtab.effort.feasibility import feasibility as study
    from trimtab.effort.feasibility_page import feasibility_page

    if not 0 < target < 1:
        raise typer.BadParameter(f"expected between 0 and 1, got {target}", param_hint="--target")
    found = study(
        data, label, target_accuracy=target, noise=_share_or_file(noise),
        embedder=load_embedder(embedder) if embedder else None, representations=representation,
        block=block, delta=delta, label_cost=label_cost, cost_unit=cost_unit,
        max_rows=max_rows, seed=seed,
    )  # fmt: skip
    write_page(html, lambda: feasibility_page(found))
    emit(found.to_dict(), as_json=as_json, text=_text(found))
    raise typer.Exit(_CODES[found.verdict])


def _share_or_file(noise: str | None) -> float | str | None:
    try:
        share = None if noise is None else float(noise)
    except ValueError:
        return noise
    if share is not None and not 0 <= share < 1:
        raise typer.BadParameter(f"expected from 0 to below 1, got {noise}", param_hint="--noise")
    return share


def _text(found: "Feasibility") -> str:
    from trimtab.effort.feasibility_words import by_class_words, noise_words, sweep_words

    low, high = found.interval
    lines = [f"{found.verdict}: {found.reason}"]
    if found.curves:
        lines += [
            f"Bayes error {found.bayes_error:.3f}, with confidence {found.level:g} from {low:.3f} "
            f"to {high:.3f}; {found.error_without_noise:.3f} if no label were wrong",
            f"labels wrong: {found.label_noise:.1%}; {noise_words(found)}",
            "wrong labels to put right: " + _need(found.clean) + by_class_words(found)
            + _price(found.cleaning_cost, found.cost_unit),
            "labelled rows to add: "
            + _need(found.add) + _price(found.adding_cost, found.cost_unit),
        ]  # fmt: skip
    if found.sweep is not None:
        lines.append(f"check: {sweep_words(found.sweep)}")
    lines += [f"note: {text}" for text in found.warnings]
    lines += [f"assumed: {text}" for text in found.assumptions]
    return "\n".join(lines)


def _need(need: "Need") -> str:
    from trimtab.effort.feasibility_words import count_words

    best, fewest, most = map(count_words, (need.best, need.fewest, need.most))
    return best if best == fewest == most else f"{best} (fewest: {fewest}; most: {most})"


def _price(cost: float | None, unit: str) -> str:
    return "" if cost is None else f", at your price of a label {cost:,.12g} {unit}"
