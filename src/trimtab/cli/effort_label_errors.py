"""`trimtab effort label-errors`: labels that are probably wrong."""

from typing import TYPE_CHECKING, Annotated

import typer

from trimtab.cli.data_options import Html, write_page
from trimtab.cli.effort_costs import CostUnit, LabelCost
from trimtab.cli.output import AsJson, emit, table
from trimtab.core.errors import SchemaError, nearest

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Group

    from trimtab.stats.label_errors import LabelErrors

Delta = Annotated[float, typer.Option(help="Chance that a pair of limits misses.")]


def label_errors(
    data: Annotated[str, typer.Argument(help="Table with labels and probabilities.")],
    label: Annotated[str, typer.Option(help="Column of the given labels.")],
    prefix: Annotated[
        str, typer.Option(help="Columns PREFIX + class hold out-of-fold probabilities.")
    ] = "p_",
    block: Annotated[
        str | None, typer.Option(help="Column whose rows of one value go wrong together.")
    ] = None,
    label_cost: LabelCost = None,
    cost_unit: CostUnit = "minutes",
    delta: Delta = 0.05,
    show: Annotated[int, typer.Option(min=1, help="Rows to print, the surest first.")] = 20,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """List the rows whose label is probably wrong, by confident learning.

    Probabilities have to come from a model that did not see the row. Rows are numbered from 0.
    """
    from trimtab.effort.label_errors import label_errors as find
    from trimtab.effort.label_page import label_errors_page

    frame = read_table(data, [name for name in (label, block) if name])
    classes = [name.removeprefix(prefix) for name in frame.columns if name.startswith(prefix)]
    if len(classes) < 2:
        raise SchemaError(
            f"{data}: expected columns `{prefix}` + class for two classes or more, found "
            f"{len(classes)}",
            hint="Name what their names begin with: --prefix.",
        )
    given = _given(frame[label], classes, prefix)
    chances = frame.select(f"{prefix}{name}" for name in classes).to_numpy()
    keys = frame[block].to_list() if block else None
    try:
        found = find(given, chances, classes=classes, block=keys, delta=delta)
    except ValueError as error:
        raise SchemaError(str(error), hint="Give chances, and --delta, between 0 and 1.") from None
    cost = None if label_cost is None else found.cost(label_cost)
    write_page(
        html,
        lambda: label_errors_page(found, label_cost=label_cost, cost_unit=cost_unit),
    )
    facts = found.to_dict() | {"cost": cost, "cost_unit": cost_unit}
    price = "" if cost is None else f"; {cost:,.12g} {cost_unit} to look at all of them"
    emit(facts, as_json=as_json, text=_text(found, label, show, price))


def read_table(source: str, needed: list[str]) -> "pl.DataFrame":
    """Return a table that has to have certain columns."""
    from trimtab.data.sources import collect, read_source

    frame = collect(read_source(source), source)
    for name in needed:
        if name not in frame.columns:
            raise SchemaError(
                f"{source}: expected a column `{name}`, found none",
                hint=nearest(name, frame.columns),
            )
    return frame


def _given(labels: "pl.Series", classes: list[str], prefix: str) -> list[str]:
    """Return labels as text, each of them a class that has probabilities."""
    import polars as pl

    given = labels.cast(pl.String)
    unknown = sorted(set(given.drop_nulls()) - set(classes))
    if unknown or given.null_count():
        raise SchemaError(
            f"expected a column `{prefix}{unknown[0]}` for label {unknown[0]!r}, found none"
            if unknown
            else f"expected a label in each `{labels.name}`, got {given.null_count():,} nulls",
            hint="Give a column of probabilities for each class, and rows that have a label.",
        )
    return given.to_list()


def _text(found: "LabelErrors", label: str, show: int, price: str) -> "Group":
    """Return the surest rows and what the list rests on."""
    from rich.console import Group

    surest = zip(found.rows, found.given, found.suggested, found.margins, strict=True)
    rows = [
        (row, found.classes[old], found.classes[new], f"{margin:.3f}")
        for row, old, new, margin in list(surest)[:show]
    ]
    wrong = found.n_wrong
    limits = f"{wrong.low:,.0f} to {wrong.high:,.0f}"
    if (wrong.low, wrong.high) == (0, found.n_rows):
        limits = f"no limits: {wrong.method}"
    answer = (
        f"{found.rows.size:,} of {found.n_rows:,} labels look wrong{price}; of all labels "
        f"{found.noise.noise_rate.estimate:.1%} are estimated to be wrong, {wrong.estimate:,.0f} "
        f"rows ({limits})"
    )
    made = table("The surest of them", ("row>", label, "suggested", "margin>"), rows)
    return Group(answer, made, f"rests on: {'; '.join(found.assumptions)}")
