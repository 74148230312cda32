"""What `trimtab gate` reads: labels, predictions, unit cases and costs, from files or versions."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trimtab.core.errors import ConfigError, KeyClashError, SchemaError, nearest

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of files are called."""

    key: str = "id"
    label: str = "label"
    prediction: str = "prediction"
    score: str = "score"


def read_columns(source: str, columns: dict[str, str], *, optional: Sequence[str] = ()) -> Any:
    """Read columns of a file under the names they have here; `optional` ones may be missing.

    Raises
    ------
    SchemaError
        If a column is missing.
    KeyClashError
        If an id is missing or stands for two rows.
    """
    import polars as pl

    from trimtab.data.sources import collect, read_source

    frame = read_source(source)
    have = frame.collect_schema().names()
    for to, name in columns.items():
        if name not in have and to not in optional:
            raise SchemaError(
                f"expected a column `{name}` in {source}, found none",
                hint=nearest(name, have),
                column=name,
            )
    found = {to: pl.col(name) for to, name in columns.items() if name in have}
    read = collect(frame.select(**found), source)
    refuse_twins(read["id"], columns["id"], source)
    return read


def read_rows(source: str, columns: Columns) -> "pl.DataFrame":
    """Read all columns of a file of labels or cases, with `id` and `label` beside them.

    A file without a column of labels has none yet: `label` is null then.
    """
    import polars as pl

    from trimtab.data.sources import collect, read_source

    rows = collect(read_source(source), source)
    if columns.key not in rows.columns:
        raise SchemaError(
            f"expected a column `{columns.key}` in {source}, found none",
            hint=f"{nearest(columns.key, rows.columns)} --id names the column that joins the "
            "files.",
            column=columns.key,
        )
    refuse_twins(rows[columns.key], columns.key, source)
    label = pl.col(columns.label) if columns.label in rows.columns else pl.lit(None)
    return rows.with_columns(pl.col(columns.key).alias("_id"), label.alias("_label"))


def refuse_twins(ids: "pl.Series", name: str, source: str) -> None:
    """Refuse ids that are missing or stand for two rows."""
    twins = len(ids) - ids.n_unique()
    if twins or ids.null_count():
        raise KeyClashError(
            f"expected one row per `{name}` in {source}, got {twins:,} repeated and "
            f"{ids.null_count():,} missing",
            hint="Remove repeated rows, or join by another column with --id.",
        )


def joined(rows: "pl.DataFrame", answers: "pl.DataFrame", columns: Columns, source: str) -> Any:
    """Return the answers to `rows`, in their order; every row must have one."""
    if answers.schema["id"] != rows.schema["_id"]:
        raise SchemaError(
            f"expected `{columns.key}` of one type in all files, got {rows.schema['_id']} in the "
            f"labels and {answers.schema['id']} in {source}",
            hint=f"Write `{columns.key}` with one type in all of them.",
        )
    marked = answers.with_columns(_there=True)
    found = rows.select(id="_id").join(marked, on="id", how="left", maintain_order="left")
    missing = found["_there"].null_count()
    if missing:
        raise SchemaError(
            f"expected a prediction for each row of the labels, got none for {missing:,} of "
            f"{rows.height:,} in {source}",
            hint="All models have to answer the same rows: predict the missing ones.",
            missing=missing,
        )
    return found.drop("id", "_there")


def answers_to(
    rows: "pl.DataFrame", source: str, columns: Columns, *, project: Path | None
) -> "pl.DataFrame":
    """Return `prediction` and `score` of a model for rows, from a file or a registered version.

    `v5` with a project is version 5 of its model, unless there is a file of that name. It
    predicts the rows given, which need the columns that it was trained on; of two classes it
    answers 1 from a score of one half on.
    """
    if is_version(source):
        if project is None:
            raise ConfigError(
                f"expected a project that has version {source}, got no --project",
                hint=f"Give --project FOLDER, or a file of predictions for {source}.",
            )
        return _predicted(rows, int(source[1:]), project)
    wanted = {"id": columns.key, "prediction": columns.prediction, "score": columns.score}
    answers = read_columns(source, wanted, optional=("prediction", "score"))
    if answers.width == 1:
        raise SchemaError(
            f"expected a column `{columns.prediction}` or `{columns.score}` in {source}, found "
            "neither",
            hint="Name the column with --prediction (a class or number) or --score (a "
            "probability).",
        )
    found: pl.DataFrame = joined(rows, answers, columns, source)
    return found


def read_costs(source: str) -> dict[tuple[Any, Any], float]:
    """Read a cost matrix: a table with columns `truth`, `predicted` and `cost`."""
    from trimtab.data.sources import collect, read_source

    table = collect(read_source(source), source)
    for name in ("truth", "predicted", "cost"):
        if name not in table.columns:
            raise SchemaError(
                f"expected a column `{name}` in {source}, found none",
                hint=f"{nearest(name, table.columns)} A cost matrix has a row for each pair: "
                "truth, predicted, cost.",
            )
    if not table["cost"].dtype.is_numeric() or table["cost"].null_count():
        raise SchemaError(f"expected a number in each `cost` of {source}", hint="Mend the file.")
    return {(t, p): float(c) for t, p, c in table.select("truth", "predicted", "cost").rows()}


def named_files(pairs: Sequence[str]) -> dict[str, str]:
    """Return files by name from `NAME=FILE` options."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, file = pair.partition("=")
        if not (name and equals and file) or name in found:
            raise ConfigError(
                f"expected unit cases as NAME=FILE, each name once, got {pair!r}",
                hint="For example --cases smoke=smoke.csv.",
            )
        found[name] = file
    return found


def digest(frame: "pl.DataFrame") -> str:
    """Return a name for the content of a frame, the same wherever it is read."""
    return hashlib.sha256(frame.write_csv().encode()).hexdigest()[:24]


def is_version(source: str) -> bool:
    """Return whether a source is a version such as v5, and no file of that name is there."""
    return source[:1] in ("v", "V") and source[1:].isdecimal() and not Path(source).exists()


def _predicted(rows: "pl.DataFrame", version: int, project: Path) -> "pl.DataFrame":
    import numpy as np
    import polars as pl

    from trimtab.core.workspace import Workspace
    from trimtab.models.registry import Registry

    model = Registry(Workspace.open(project)).load(version)
    scores = np.asarray(model.predict(rows.drop("_id", "_label")), dtype=np.float64)
    if model.kind == "multiclass":
        return pl.DataFrame({"prediction": np.asarray(model.classes)[scores.argmax(axis=1)]})
    if model.kind == "regression":
        return pl.DataFrame({"prediction": scores})
    return pl.DataFrame({"prediction": (scores >= 0.5).astype(np.int64), "score": scores})
