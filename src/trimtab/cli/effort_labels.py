"""`trimtab effort labels`: labels from votes, and how good each source of votes is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trimtab.cli.data_options import Html, write_page
from trimtab.cli.effort_costs import CostUnit, LabelCost
from trimtab.cli.effort_label_errors import Delta, label_errors, read_table
from trimtab.cli.output import AsJson, emit, table, talk
from trimtab.core.errors import ConfigError, SchemaError, nearest

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Group

    from trimtab.effort.vote_tables import VoteTable
    from trimtab.stats.interval import Interval
    from trimtab.stats.label_answer import LabelModel

_MOST_DIFFERENT = 100  # with more, a column holds names or measurements, or is named
_METHODS = ("majority", "dawid_skene", "triplet")


def register(app: typer.Typer) -> None:
    """Add the two commands to the group `effort`."""
    app.command("labels")(labels)
    app.command("label-errors")(label_errors)


def labels(
    votes: Annotated[str, typer.Argument(help="Table of votes: a column a source.")],
    sources: Annotated[
        str | None, typer.Option(help="Columns that vote, joined by commas; else all.")
    ] = None,
    method: Annotated[str, typer.Option(help=f"One of {', '.join(_METHODS)}.")] = "dawid_skene",
    asked: Annotated[
        bool, typer.Option("--asked", help="Sources abstain because they were not asked.")
    ] = False,
    abstain: Annotated[str, typer.Option(help="Value that is no vote, besides null.")] = "-1",
    by: Annotated[str | None, typer.Option(help="Column of slices to judge sources in.")] = None,
    block: Annotated[
        str | None, typer.Option(help="Column whose rows of one value depend on each other.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write a probability a class (.parquet, .csv).")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="With --out: the rows voted on; writes them with label and weight."),
    ] = None,
    doubt: Annotated[
        float, typer.Option(min=0, max=1, help="Rows less sure than this are in doubt.")
    ] = 0.9,
    label_cost: LabelCost = None,
    cost_unit: CostUnit = "minutes",
    delta: Delta = 0.05,
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Combine votes into labels, and estimate how often each source is right, with no truth.

    With --out and --data it writes rows to train on: each row once for each of its classes, and
    the chance of it as its weight. Exits with 3 where the votes do not determine any accuracy.
    """
    from trimtab.effort.label_page import label_page
    from trimtab.effort.label_tables import label_model

    if method not in _METHODS:
        raise ConfigError(
            f"expected a method of {', '.join(_METHODS)}, got {method!r}",
            hint=nearest(method, _METHODS),
        )
    if data is not None and out is None:
        raise ConfigError(
            "expected --out with --data, got none", hint="Say where to write: --out train.parquet"
        )
    frame, ballots = _ballots(votes, sources, [name for name in (by, block) if name], abstain)
    if method == "triplet" and len(ballots.classes) != 2:
        raise ConfigError(
            f"expected votes for two classes with --method triplet, got {len(ballots.classes)}",
            hint="Take --method dawid_skene, or majority.",
        )
    try:
        found = label_model(
            ballots,
            method=method,  # type: ignore[arg-type]  # checked above
            abstentions="ignore" if asked else "inform",
            slices=frame[by].to_list() if by else None,
            block=frame[block].to_list() if block else None,
            delta=delta,
        )
    except ValueError as error:
        raise ConfigError(str(error), hint="Run `trimtab effort labels --help`.") from None
    if out is not None:
        _write(_rows_to_keep(found, data), out)
    write_page(
        html, lambda: label_page(found, doubt=doubt, label_cost=label_cost, cost_unit=cost_unit)
    )
    doubted = found.in_doubt(doubt).size
    cost = None if label_cost is None else found.cost(label_cost, doubt)
    facts = found.to_dict() | {
        "doubt": doubt, "in_doubt": doubted, "cost": cost, "cost_unit": cost_unit,
    }  # fmt: skip
    emit(facts, as_json=as_json, text=_text(found))
    if not as_json:
        price = "" if cost is None else f", {cost:,.12g} {cost_unit} to label by hand"
        _say_doubt(found, doubted, doubt, price)
    known = any(i.low > 0 or i.high < 1 for i in found.accuracy_intervals)
    if method != "majority" and not known:
        raise typer.Exit(3)


def _ballots(
    source: str, named: str | None, keys: list[str], abstain: str
) -> "tuple[pl.DataFrame, VoteTable]":
    """Return the table, and the votes in the columns named or in all but the keys."""
    from trimtab.effort.vote_tables import read_votes

    names = [name.strip() for name in named.split(",")] if named else []
    frame = read_table(source, [*keys, *names])
    voting = names or _voting(frame, keys)
    return frame, read_votes(frame, sources=voting, abstain=_value(abstain))


def _say_doubt(found: "LabelModel", doubted: int, doubt: float, price: str) -> None:
    """Say what speaks against the labels, and how many rows are in doubt."""
    for warning in found.warnings:
        talk(f"warning: {warning}")
    talk(
        f"{doubted:,} of {len(found.probabilities):,} rows in doubt: likeliest class below "
        f"{100 * doubt:g} %{price}"
    )


def _voting(frame: "pl.DataFrame", keys: list[str]) -> list[str]:
    """Return all columns but the keys; refuse one that looks like names rather than classes."""
    names = [name for name in frame.columns if name not in keys]
    for name in names:
        different = frame[name].n_unique()
        if different > _MOST_DIFFERENT:
            raise SchemaError(
                f"expected a few classes in each column that votes, got {different:,} different "
                f"values in `{name}`",
                hint="Name the columns that vote: --sources A,B,C.",
            )
    return names


def _value(text: str) -> Any:
    """Return what an option says as a number where it is one."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _text(found: "LabelModel") -> "Group":
    """Return sources, slices and assumptions, one below the other."""
    from rich.console import Group

    from trimtab.effort.label_page import limits_words

    rows = [
        (
            name,
            f"{limits.estimate:.1%}" if limits.estimate == limits.estimate else "unknown",
            limits_words(limits),
            *(f"{share[j]:.1%}" for share in (found.coverage, found.overlap, found.conflict)),
        )
        for j, (name, limits) in enumerate(
            zip(found.sources, found.accuracy_intervals, strict=True)
        )
    ]
    columns = ("source", "accuracy>", "limits>", "coverage>", "overlap>", "conflict>")
    level = 100 * found.accuracy_intervals[0].level
    title = f"Sources, by {found.method}; limits hold at {level:g} %"
    if found.method == "majority":
        title = "Sources; accuracy is agreement with the majority"
    parts: list[Any] = [table(title, columns, rows)]
    if found.slices:
        cells = [
            (key, *(_in_short(limits) for limits in sources))
            for key, sources in found.slices.items()
        ]
        heads = ("slice", *(f"{name}>" for name in found.sources))
        parts.append(table("Accuracy by slice", heads, cells))
    shares = zip(found.classes, found.class_balance_intervals, strict=True)
    classes = ", ".join(f"{name} {_in_short(limits)}" for name, limits in shares)
    wrong = f"{found.expected_wrong:,.0f} of {len(found.probabilities):,} labels"
    return Group(
        *parts,
        f"classes: {classes}",
        f"expected to be wrong if each row takes its likeliest class: {wrong}",
        f"rests on: {'; '.join(found.assumptions)}",
    )


def _in_short(limits: "Interval") -> str:
    if limits.estimate != limits.estimate:
        return f"unknown, {limits.method}"
    if (limits.low, limits.high) == (0, 1):
        return f"{limits.estimate:.1%}"
    return f"{limits.estimate:.1%} ({limits.low:.1%} to {limits.high:.1%})"


def _rows_to_keep(found: "LabelModel", data: str | None) -> "pl.DataFrame":
    """Return a probability a class, or the rows to train on."""
    import polars as pl

    from trimtab.effort.label_tables import weighted_rows

    if data is not None:
        return weighted_rows(data, found)
    return pl.DataFrame(
        {f"p_{name}": found.probabilities[:, k] for k, name in enumerate(found.classes)}
    )


def _write(frame: "pl.DataFrame", out: Path) -> None:
    if out.suffix == ".csv":
        frame.write_csv(out)
    elif out.suffix == ".parquet":
        frame.write_parquet(out)
    else:
        raise ConfigError(
            f"expected a file .parquet or .csv to write, got {out.name}", hint="Rename --out."
        )
    what = "each row once for each class" if "weight" in frame.columns else "a probability a class"
    talk(f"wrote {frame.height:,} rows to {out}: {what}")
