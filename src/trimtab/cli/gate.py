"""`trimtab gate`: plan a test set, hold two models against each other, see who looked."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from trimtab.cli.output import AsJson, ProjectPath, emit, group, table
from trimtab.core.errors import KeyClashError, SchemaError, nearest

app = group("A challenger earns its place: plan, check, and the ledger of looks.")
ledger = group("Who looked at which test set.")
app.add_typer(ledger, name="ledger")

EXIT_CODES = {"pass": 0, "fail": 1, "not enough data": 3}

Tolerance = Annotated[float, typer.Option(help="Gain in mean loss that matters.")]
Delta = Annotated[float, typer.Option(help="Chance that the gate is ever wrong.")]
Steps = Annotated[int, typer.Option(help="Looks at one test set that share delta.")]


@app.command("plan")
def plan(
    tolerance: Tolerance = 0.005,
    delta: Delta = 0.05,
    steps: Steps = 4,
    block_sd: Annotated[
        float | None, typer.Option(help="Spread of the gain between days, as seen before.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how many labelled rows, or days, a gate needs."""
    from trimtab.gates.gain_plan import plan as make_plan

    settings = _settings(tolerance=tolerance, delta=delta, steps=steps)
    if block_sd is not None and not block_sd >= 0:
        raise typer.BadParameter(f"expected 0 or more, got {block_sd}", param_hint="--block-sd")
    made = make_plan(settings, block_sd=block_sd)
    emit(made.to_dict(), as_json=as_json, text=made.sentence)


@app.command("check")
def check(
    new: Annotated[str, typer.Option(help="Challenger's predictions: a file with an id.")],
    old: Annotated[str, typer.Option(help="Champion's predictions, with the same ids.")],
    labels: Annotated[str, typer.Option(help="What turned out true, with the same ids.")],
    key: Annotated[str, typer.Option("--id", help="Column that joins the three files.")] = "id",
    score: Annotated[str, typer.Option(help="Column of the predictions.")] = "score",
    label: Annotated[str, typer.Option(help="Column of the label.")] = "label",
    block: Annotated[
        str | None, typer.Option(help="Column of `labels` whose rows depend on each other: a day.")
    ] = None,
    scale: Annotated[
        float | None, typer.Option(help="For numbers: the error that counts as 1.")
    ] = None,
    min_gain: Annotated[float, typer.Option(help="Gain in mean loss that is asked for.")] = 0.0,
    tolerance: Tolerance = 0.005,
    delta: Delta = 0.05,
    steps: Steps = 4,
    method: Annotated[str, typer.Option(help="auto, blocks, bernstein or hoeffding.")] = "auto",
    metric: Annotated[
        str, typer.Option(help="What has to gain: loss, or auc for labels of 0 and 1.")
    ] = "loss",
    project: Annotated[
        Path | None, typer.Option("--project", "-p", help="Note the look in its ledger.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold a challenger against the champion: exit 0 pass, 1 fail, 3 not enough data."""
    from trimtab.gates.gain import condition, decide
    from trimtab.gates.rank import decide_by_rank, rank_condition

    settings = _settings(
        min_gain=min_gain,
        tolerance=tolerance,
        delta=delta,
        steps=steps,
        method=method,
        metric=metric,
    )
    if metric == "auc" and scale is not None:
        raise typer.BadParameter("auc is for labels of 0 and 1, not with --scale")
    if method == "blocks" and block is None:
        raise typer.BadParameter("method `blocks` needs --block COLUMN", param_hint="--block")
    rows = _joined(new, old, labels, key=key, score=score, label=label, block=block)
    new_loss, old_loss = (_losses(rows, side, scale, score, label) for side in ("new", "old"))
    days = None if block is None else rows["block"].to_numpy()

    def verdict_at(share: float) -> Any:
        if metric != "auc" or not rows.height:
            return decide(new_loss, old_loss, blocks=days, settings=settings, delta=share)
        return decide_by_rank(
            rows["label"].to_numpy(), rows["new"].to_numpy(), rows["old"].to_numpy(),
            new_loss=new_loss, old_loss=old_loss, blocks=days, settings=settings, delta=share,
        )  # fmt: skip

    if project is None:
        verdict = verdict_at(delta / steps)
    else:
        from datetime import UTC, datetime

        from trimtab.core.workspace import Workspace
        from trimtab.gates.ledger import Ledger

        verdict = Ledger(Workspace.open(project).store).look(
            _fingerprint(rows, "id", "label"),
            champion=_fingerprint(rows, "id", "old"),
            challenger=_fingerprint(rows, "id", "new"),
            condition=rank_condition(settings) if metric == "auc" else condition(settings),
            steps=steps,
            delta=delta,
            who="trimtab gate check",
            at=datetime.now(UTC),
            decide=verdict_at,
        )
    emit(verdict.to_dict(), as_json=as_json, text=f"{verdict.outcome}: {verdict.reason}")
    raise typer.Exit(EXIT_CODES[verdict.outcome])


@ledger.command("list")
def list_looks(
    project: ProjectPath = Path(),
    scope: Annotated[str, typer.Option(help="`live`, or the name of a replay.")] = "live",
    as_json: AsJson = False,
) -> None:
    """List every look at a test set."""
    from trimtab.core.workspace import Workspace
    from trimtab.gates.ledger import Ledger

    looks = Ledger(Workspace.open(project, scope=scope).store).looks()
    shown = [
        [
            look["test_set"][:12], look["step"], look["champion"], look["challenger"],
            look["outcome"], look["who"], f"{look['at']:%Y-%m-%d %H:%M}",
            look["details"]["verdict"]["reason"],
        ]
        for look in looks
    ]  # fmt: skip
    columns = ["test set", "step>", "champion", "challenger", "verdict", "who", "when", "why"]
    emit(looks, as_json=as_json, text=table(f"Looks ({scope})", columns, shown))


def _settings(**values: Any) -> Any:
    """Return gate settings, or say which option is wrong."""
    from pydantic import ValidationError

    from trimtab.core.settings import GateSection

    try:
        return GateSection(**values)
    except ValidationError as error:
        first = error.errors()[0]
        option = f"--{str(first['loc'][0]).replace('_', '-')}"
        raise typer.BadParameter(
            f"{first['msg'].lower()}, got {first['input']!r}", param_hint=option
        ) from None


def _joined(
    new: str, old: str, labels: str, *, key: str, score: str, label: str, block: str | None
) -> Any:
    """Return the labelled rows that both models answered, sorted by id."""
    import polars as pl

    truth = _read(labels, {"id": key, "label": label, **({"block": block} if block else {})})
    truth = truth.filter(pl.col("label").is_not_null())
    for side, source in (("new", new), ("old", old)):
        said = _read(source, {"id": key, side: score})
        if said.schema["id"] != truth.schema["id"]:
            raise SchemaError(
                f"expected `{key}` of one type in all files, got {truth.schema['id']} in {labels} "
                f"and {said.schema['id']} in {source}",
                hint=f"Write `{key}` with one type in all three files.",
            )
        truth = truth.join(said, on="id", how="left", validate="1:1")
        missing = truth[side].null_count()
        if missing:
            raise SchemaError(
                f"expected a prediction for each labelled row, got none for {missing:,} of "
                f"{truth.height:,} in {source}",
                hint="Both models have to answer the same rows: predict the missing ones.",
                missing=missing,
            )
    return truth.sort("id")


def _read(source: str, columns: dict[str, str]) -> Any:
    """Read the wanted columns of a file under the names they have here; refuse a double id."""
    import polars as pl

    from trimtab.data.sources import read_source

    frame = read_source(source)
    have = frame.collect_schema().names()
    for name in columns.values():
        if name not in have:
            raise SchemaError(
                f"expected a column `{name}` in {source}, found none",
                hint=nearest(name, have),
                column=name,
            )
    read = frame.select(**{to: pl.col(name) for to, name in columns.items()}).collect()
    twins = read.height - read["id"].n_unique()
    if twins or read["id"].null_count():
        raise KeyClashError(
            f"expected one row per `{columns['id']}` in {source}, got {twins:,} repeated and "
            f"{read['id'].null_count():,} missing",
            hint="Remove repeated rows, or join by another column with --id.",
        )
    return read


def _losses(rows: Any, side: str, scale: float | None, score: str, label: str) -> Any:
    """Return the loss of each row: Brier for probabilities, else the error over `scale`."""
    import polars as pl

    from trimtab.stats.losses import brier_loss, clipped_absolute_error

    for column, name in ((side, score), ("label", label)):
        kind = rows.schema[column]
        if not (kind.is_numeric() or kind == pl.Boolean):
            raise SchemaError(
                f"expected numbers in `{name}`, got {kind}",
                hint="Give probabilities of the label being 1, or numbers with --scale.",
                column=name,
            )
    labels, scores = (rows[c].cast(pl.Float64).to_numpy() for c in ("label", side))
    try:
        if scale is not None:
            return clipped_absolute_error(labels, scores, scale=scale)
        return brier_loss(labels, scores) if len(labels) else labels
    except ValueError as error:
        raise SchemaError(
            str(error), hint="Give labels of 0 and 1 and probabilities, or numbers with --scale."
        ) from None


def _fingerprint(rows: Any, *columns: str) -> str:
    """Return a name for the content of some columns, the same wherever they are read."""
    content = rows.select(columns).write_csv().encode()
    return hashlib.sha256(content).hexdigest()[:24]
