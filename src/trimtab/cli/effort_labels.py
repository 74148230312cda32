"""`trimtab effort labels` and `label-errors`: labels from votes, and labels that are wrong."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trimtab.cli.output import AsJson, emit, table, talk
from trimtab.core.errors import ConfigError, SchemaError, nearest

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

    from trimtab.stats.label_model import LabelModel

_METHODS = ("majority", "dawid_skene", "triplet")

LabelCost = Annotated[
    float | None, typer.Option(help="What a label costs a person, in minutes or money.")
]
Delta = Annotated[float, typer.Option(help="Chance that a pair of limits misses.")]


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
    out: Annotated[
        Path | None, typer.Option(help="Where to write a probability a class (.parquet, .csv).")
    ] = None,
    doubt: Annotated[float, typer.Option(help="Rows less sure than this are in doubt.")] = 0.9,
    label_cost: LabelCost = None,
    delta: Delta = 0.05,
    as_json: AsJson = False,
) -> None:
    """Combine votes into labels, and estimate how often each source is right, with no truth.

    Exits with 3 where the votes do not determine any accuracy.
    """
    from trimtab.effort.vote_tables import label_model, read_votes

    if method not in _METHODS:
        raise ConfigError(
            f"expected a method of {', '.join(_METHODS)}, got {method!r}",
            hint=nearest(method, _METHODS),
        )
    frame = _read(votes, [by] if by else [])
    names = sources.split(",") if sources else [name for name in frame.columns if name != by]
    ballots = read_votes(frame, sources=names, abstain=_value(abstain))
    try:
        found = label_model(
            ballots,
            method=method,  # type: ignore[arg-type]  # checked above
            abstentions="ignore" if asked else "inform",
            slices=frame[by].to_list() if by else None,
            delta=delta,
        )
    except ValueError as error:
        raise ConfigError(str(error), hint="Run `trimtab effort labels --help`.") from None
    if out is not None:
        _write(found, out)
    doubted = found.in_doubt(doubt).size
    facts = found.to_dict() | {"in_doubt": doubted}
    if label_cost is not None:
        facts["cost"] = found.cost(label_cost, doubt)
    emit(facts, as_json=as_json, text=_source_table(found))
    if not as_json:
        for warning in found.warnings:
            talk(f"warning: {warning}")
        price = "" if label_cost is None else f", {facts['cost']:,.6g} to label by hand"
        talk(f"{doubted:,} of {len(found.probabilities):,} rows in doubt{price}")
    known = any(i.low > 0 or i.high < 1 for i in found.accuracy_intervals)
    if method != "majority" and not known:
        raise typer.Exit(3)


def label_errors(
    data: Annotated[str, typer.Argument(help="Table with labels and probabilities.")],
    label: Annotated[str, typer.Option(help="Column of the given labels.")],
    prefix: Annotated[
        str, typer.Option(help="Columns PREFIX + class hold out-of-fold probabilities.")
    ] = "p_",
    label_cost: LabelCost = None,
    delta: Delta = 0.05,
    show: Annotated[int, typer.Option(min=1, help="Rows to print, the surest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the rows whose label is probably wrong, by confident learning.

    Probabilities have to come from a model that did not see the row.
    """
    import polars as pl

    from trimtab.stats.confident import label_errors as find

    frame = _read(data, [label])
    classes = [name.removeprefix(prefix) for name in frame.columns if name.startswith(prefix)]
    given = frame[label].cast(pl.String)
    unknown = sorted(set(given.drop_nulls()) - set(classes))
    if unknown or given.null_count():
        problem = f"column `{prefix}{unknown[0]}`" if unknown else f"a label in each `{label}`"
        raise SchemaError(
            f"expected a {problem}, found none" if unknown else f"expected {problem}, got nulls",
            hint="Give a column of probabilities for each class, and rows that have a label.",
        )
    codes = given.replace_strict(classes, list(range(len(classes))), return_dtype=pl.Int64)
    try:
        found = find(
            codes.to_numpy(),
            frame.select(f"{prefix}{name}" for name in classes).to_numpy(),
            delta=delta,
        )
    except ValueError as error:
        raise SchemaError(str(error), hint="Give probabilities between 0 and 1.") from None
    facts = found.to_dict() | {"classes": classes}
    if label_cost is not None:
        facts["cost"] = found.cost(label_cost)
    rows = [
        (row, classes[old], classes[new], f"{margin:.3f}")
        for row, old, new, margin in list(
            zip(found.rows, found.given, found.suggested, found.margins, strict=True)
        )[:show]
    ]
    share = found.noise.noise_rate
    title = (
        f"{found.rows.size:,} of {frame.height:,} labels look wrong; "
        f"noise {share.estimate:.1%} ({share.low:.1%} to {share.high:.1%})"
    )
    emit(facts, as_json=as_json, text=table(title, ("row>", label, "suggested", "margin>"), rows))
    if not as_json and label_cost is not None:
        talk(f"{facts['cost']:,.6g} to look at all of them")


def _read(source: str, needed: list[str]) -> "pl.DataFrame":
    from trimtab.data.sources import collect, read_source

    frame = collect(read_source(source), source)
    for name in needed:
        if name not in frame.columns:
            raise SchemaError(
                f"{source}: expected a column `{name}`, found none",
                hint=nearest(name, frame.columns),
            )
    return frame


def _value(text: str) -> Any:
    """Return what an option says as a number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text


def _source_table(found: "LabelModel") -> "Table":
    rows = [
        (
            name,
            f"{limits.estimate:.1%}",
            f"{limits.low:.1%} to {limits.high:.1%}",
            *(f"{share[j]:.1%}" for share in (found.coverage, found.overlap, found.conflict)),
        )
        for j, (name, limits) in enumerate(
            zip(found.sources, found.accuracy_intervals, strict=True)
        )
    ]
    columns = ("source", "accuracy>", "limits>", "coverage>", "overlap>", "conflict>")
    return table(f"Sources, by {found.method}", columns, rows)


def _write(found: "LabelModel", out: Path) -> None:
    import polars as pl

    frame = pl.DataFrame(
        {f"p_{name}": found.probabilities[:, k] for k, name in enumerate(found.classes)}
    )
    if out.suffix == ".csv":
        frame.write_csv(out)
    elif out.suffix == ".parquet":
        frame.write_parquet(out)
    else:
        raise ConfigError(
            f"expected a file .parquet or .csv to write, got {out.name}", hint="Rename --out."
        )
