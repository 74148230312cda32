"""`trimtab gate check` without a condition: whether mean loss, or ranking, gets better."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from trimtab.cli.gate_files import (
    Columns,
    answers_to,
    digest,
    is_version,
    joined,
    read_columns,
    read_rows,
)
from trimtab.cli.output import EXIT_CODES, emit
from trimtab.core.errors import SchemaError


@dataclass(frozen=True, slots=True)
class GainQuestion:
    """What is asked of two models, as the options say."""

    new: str
    old: str
    labels: str
    columns: Columns
    block: str | None
    scale: float | None
    settings: Any
    project: Path | None


def check_gain(asked: GainQuestion, *, as_json: bool) -> None:
    """Hold a challenger against the champion, and exit with the code of the verdict."""
    from trimtab.gates.gain import condition, decide
    from trimtab.gates.rank import decide_by_rank, rank_condition

    settings = asked.settings
    if settings.metric == "auc" and asked.scale is not None:
        raise typer.BadParameter(
            "auc is for labels of 0 and 1, not with --scale", param_hint="--metric"
        )
    if settings.method == "blocks" and asked.block is None:
        raise typer.BadParameter("method `blocks` needs --block COLUMN", param_hint="--block")
    rows = _joined(asked)
    new_loss, old_loss = (_losses(rows, side, asked) for side in ("new", "old"))
    days = None if asked.block is None else rows["block"].to_numpy()
    ranked = settings.metric == "auc"

    def verdict_at(share: float) -> Any:
        if not ranked or not rows.height:
            return decide(new_loss, old_loss, blocks=days, settings=settings, delta=share)
        return decide_by_rank(
            rows["label"].to_numpy(), rows["new"].to_numpy(), rows["old"].to_numpy(),
            new_loss=new_loss, old_loss=old_loss, blocks=days, settings=settings, delta=share,
        )  # fmt: skip

    if asked.project is None:
        verdict = verdict_at(settings.delta / settings.steps)
    else:
        words = rank_condition(settings) if ranked else condition(settings)
        verdict = _look(rows, asked, words, verdict_at)
    emit(verdict.to_dict(), as_json=as_json, text=f"{verdict.outcome}: {verdict.reason}")
    raise typer.Exit(EXIT_CODES[verdict.outcome])


def _look(rows: Any, asked: GainQuestion, condition: str, decide: Any) -> Any:
    """Take the verdict as a look that the project's ledger counts."""
    from trimtab.core.workspace import Workspace
    from trimtab.gates.gain_look import look_at_gain
    from trimtab.gates.ledger import Ledger

    assert asked.project is not None
    return look_at_gain(
        Ledger(Workspace.open(asked.project).store),
        digest(rows.select("_id", "label")),
        champion=digest(rows.select("_id", "old")),
        challenger=digest(rows.select("_id", "new")),
        condition=condition,
        steps=asked.settings.steps,
        delta=asked.settings.delta,
        who="trimtab gate check",
        at=datetime.now(UTC),
        decide=decide,
    )


def _joined(asked: GainQuestion) -> Any:
    """Return the labelled rows that both models answered, sorted by id."""
    import polars as pl

    names = asked.columns
    wanted = {"id": names.key, "label": names.label}
    truth = read_columns(
        asked.labels, wanted | ({"block": asked.block} if asked.block else {})
    ).rename({"id": "_id"})
    truth = truth.filter(pl.col("label").is_not_null())
    for side, source in (("new", asked.new), ("old", asked.old)):
        truth = truth.hstack(_answers(truth, side, source, asked))
        missing = truth[side].null_count()
        if missing:
            raise SchemaError(
                f"expected a prediction for each labelled row, got none for {missing:,} of "
                f"{truth.height:,} in {source}",
                hint="Both models have to answer the same rows: predict the missing ones.",
                missing=missing,
            )
    return truth.sort("_id")


def _answers(truth: Any, side: str, source: str, asked: GainQuestion) -> Any:
    """Return what a model answered to the labelled rows, as one column named for its side."""
    import polars as pl

    names = asked.columns
    if not is_version(source):
        said = read_columns(source, {"id": names.key, side: _answers_in(source, asked)})
        return joined(truth, said, names, source)
    rows = read_rows(asked.labels, names)
    found = answers_to(
        rows.filter(pl.col("_label").is_not_null()), source, names, project=asked.project
    )
    return found.select(pl.col("score" if "score" in found.columns else "prediction").alias(side))


def _answers_in(source: str, asked: GainQuestion) -> str:
    """Return the column of a model's answers: scores, or with `scale` predictions if no scores."""
    from trimtab.data.sources import read_source

    names, have = asked.columns, read_source(source).collect_schema().names()
    if names.score in have:
        return names.score
    if asked.scale is not None and names.prediction in have:
        return names.prediction
    raise SchemaError(
        f"expected a column `{names.score}` in {source}, found {', '.join(have)}",
        hint="Name the column of probabilities with --score, give --scale for numbers, or compare "
        "classes with a --condition.",
        column=names.score,
    )


def _losses(rows: Any, side: str, asked: GainQuestion) -> Any:
    """Return the loss of each row: Brier for probabilities, else the error over `scale`."""
    import polars as pl

    from trimtab.stats.losses import brier_loss, clipped_absolute_error

    for column, name in ((side, asked.columns.score), ("label", asked.columns.label)):
        kind = rows.schema[column]
        if not (kind.is_numeric() or kind == pl.Boolean):
            raise SchemaError(
                f"expected numbers in `{name}`, got {kind}",
                hint="Give labels of 0 and 1 and their probabilities, numbers with --scale, or a "
                "--condition for classes.",
                column=name,
            )
    labels, scores = (rows[c].cast(pl.Float64).to_numpy() for c in ("label", side))
    try:
        if asked.scale is not None:
            return clipped_absolute_error(labels, scores, scale=asked.scale)
        return brier_loss(labels, scores) if len(labels) else labels
    except ValueError as error:
        raise SchemaError(
            str(error), hint="Give labels of 0 and 1 and probabilities, or numbers with --scale."
        ) from None
