"""`trimtab effort clean start`: begins a session, of nearest neighbours or of a linear model."""

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from trimtab.cli.data_options import table_of
from trimtab.cli.effort_clean_files import Session
from trimtab.cli.effort_clean_show import show_status
from trimtab.cli.effort_costs import CostUnit, finite_cost
from trimtab.cli.output import AsJson, refuse_given, talk
from trimtab.core.errors import ConfigError, nearest


def register(clean: typer.Typer) -> None:
    """Add the command to the group `clean`."""
    clean.command()(start)


def start(
    session: Session,
    train: Annotated[str, typer.Argument(help="Table with empty or wrong cells to clean.")],
    label: Annotated[str, typer.Option(help="Column to predict.")],
    validation: Annotated[
        str | None,
        typer.Option(
            help="For knn, the table whose predictions shall become certain, labels optional. For "
            "others a clean table to judge the model by, if there is one."
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            help="knn: nearest neighbours, cells are unsure. logistic, hinge (classes), squared "
            "(numbers): a linear model, which learns while rows are cleaned in batches."
        ),
    ] = "knn",
    neighbours: Annotated[
        int | None,
        typer.Option("--neighbours", "-k", min=1, help="knn: neighbours that vote, 3 by default."),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(min=1, help="knn: open points drawn for each choice; all if not given."),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(min=1, help="Linear models: rows cleaned before each step, 50 by default."),
    ] = None,
    suspects: Annotated[
        str | None,
        typer.Option(
            help="Cells that may be wrong: auto (found here), or a table of row (from 0), column. "
            "Linear models take all rows for suspect without it, and a table of row alone."
        ),
    ] = None,
    candidates: Annotated[
        str | None,
        typer.Option(
            help="Table of row, column, value: what cells may hold, tried before our own guesses."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="A column that is no feature, such as the name of a row; repeatable."),
    ] = None,
    label_cost: Annotated[
        float, typer.Option(min=0, callback=finite_cost, help="What cleaning a row costs.")
    ] = 1.0,
    cost_unit: CostUnit = "minutes",
    as_json: AsJson = False,
) -> None:
    """Begin a session: which cells or rows are in doubt, and what they make of the model."""
    options: dict[str, Any] = {
        "suspects": suspects, "candidates": candidates, "ignore": ignore or (),
        "label_cost": label_cost, "cost_unit": cost_unit,
    }  # fmt: skip
    _check_model(model)
    if model == "knn":
        refuse_given({"batch": batch}, "for a linear model alone: --model logistic")
        options |= {"k": neighbours or 3, "sample": sample}
        made, about = _start_neighbours(session, train, label, validation, options)
    else:
        others = {"neighbours": neighbours, "sample": sample}
        refuse_given(others, "for nearest neighbours alone: --model knn")
        options |= {"loss": model} if batch is None else {"loss": model, "batch": batch}
        made, about = _start_linear(session, train, label, validation, options)
    if not as_json:
        talk(about.sentence)
    show_status(made, as_json=as_json, notes=about.notes)


def _check_model(model: str) -> None:
    from trimtab.stats.convex_losses import LossName

    known = ["knn", *get_args(LossName)]
    if model not in known:
        raise ConfigError(f"expected a known --model, got {model!r}", hint=nearest(model, known))


def _start_neighbours(
    session: Path, train: str, label: str, validation: str | None, options: dict[str, Any]
) -> tuple[Any, Any]:
    from trimtab.effort.cleaning_table import start_cleaning

    if validation is None:
        raise ConfigError(
            "expected a validation table for --model knn, got none",
            hint="Add --validation TABLE, or take a linear model: --model logistic.",
        )
    return start_cleaning(table_of(train), table_of(validation), label, session, **options)


def _start_linear(
    session: Path, train: str, label: str, validation: str | None, options: dict[str, Any]
) -> tuple[Any, Any]:
    from trimtab.effort.active_start import start_active_cleaning

    judge = None if validation is None else table_of(validation)
    return start_active_cleaning(table_of(train), label, session, validation=judge, **options)
