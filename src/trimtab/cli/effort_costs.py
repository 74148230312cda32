"""Options of the commands that price human work: what a label costs, and in which unit."""

import math
from typing import Annotated

import typer


def finite_cost(cost: float | None) -> float | None:
    """Refuse an infinite cost; others are checked by the option itself."""
    if cost is not None and not math.isfinite(cost):
        raise typer.BadParameter(f"expected a finite number, got {cost}")
    return cost


LabelCost = Annotated[
    float | None,
    typer.Option(min=0, callback=finite_cost, help="What one label by a person costs."),
]
CostUnit = Annotated[str, typer.Option(help="Unit of --label-cost.")]
