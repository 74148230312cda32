"""All that a new project will say, decided from the rows; writing it is `write_project.py`."""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.core.records import TaskKind
from trimtab.data.infer import infer_schema
from trimtab.data.schema import Schema
from trimtab.loop.draft import Draft, LabelsTable
from trimtab.loop.find_leaks import find_leaks
from trimtab.loop.inspect_table import (
    Clock,
    Label,
    check_key,
    clock_name,
    find_column,
    inspect_label,
    read_clock,
    read_rows,
    read_times,
)
from trimtab.loop.join_labels import join_labels
from trimtab.loop.propose_features import Column, propose_columns
from trimtab.loop.propose_settings import is_coarse, loss_scale, propose_plan
from trimtab.models.labels import label_values

MAX_SLICES = 3
SMALL = 300
"""With fewer labelled training rows than this, a linear model is the sensible first one."""


def draft_project(
    sources: Sequence[str],
    *,
    label: str,
    time: str | None,
    label_time: str | None,
    key: Sequence[str],
    labels: str | None,
    kind: TaskKind | None,
    name: str,
    home: Path,
) -> Draft:
    """Look at the rows and decide all that the project in folder `home` will say."""
    frame = table = read_rows(sources)
    later = None
    if labels is not None:
        frame, found_labels, key = join_labels(
            table, labels, label=label, label_time=label_time, key=key
        )
        later = LabelsTable(
            name="labels" if name != "labels" else "late_labels",
            source=_address(labels, home),
            key=tuple(key),
            schema=_schema(found_labels, None, key, label, label_time),
            shared=tuple(n for n in (label, label_time) if n is not None and n in table.columns),
        )
    find_column(frame, label, "--label")
    if label_time is not None:
        find_column(frame, label_time, "--label-time")
    dated_by = read_clock(frame, time)
    times = read_times(frame, dated_by)
    check_key(frame, key)
    found = inspect_label(frame[label], kind)
    values = label_values(_as_read(frame[label], found.positive), found.kind)
    coarse = label_time is None and is_coarse(times)
    clock = "row_number" if coarse else dated_by
    asked = read_times(frame, clock)
    plan = propose_plan(asked, values, kind=found.kind, row_clock=clock == "row_number")
    columns = propose_columns(
        frame, times=times, clock=dated_by, label=label, label_time=label_time, key=key,
        seasons=plan.seasons,
    )  # fmt: skip
    columns, warnings = _without_leaks(frame, columns, values, found.kind, dated_by)
    _require_features(columns)
    known = values.filter(asked < plan.until)
    return Draft(
        name=name,
        table=name.replace(".", "_"),
        task=plain_name(label).replace(".", "_"),
        sources=tuple(_address(source, home) for source in sources),
        clock=clock,
        key=tuple(key),
        label_column=label,
        label=found,
        label_time=label_time,
        labels=later,
        plan=plan,
        columns=tuple(columns),
        slices=tuple(c.name for c in columns if c.slices and c.features)[:MAX_SLICES],
        estimator=_estimator(found.kind, plan.train_labelled),
        loss_scale=loss_scale(known) if found.kind == "regression" else None,
        rows=frame.height,
        labelled=values.count(),
        schema=_schema(table, None if clock == "row_number" else clock, key, label, label_time),
        notes=_notes(found, clock, dated_by, times, frame.schema),
        warnings=(*warnings, *_label_warnings(values, known, found.kind)),
    )


def _require_features(columns: list[Column]) -> None:
    if not any(column.features for column in columns):
        raise SchemaError(
            "expected a column that a feature can be made of, got "
            + "; ".join(f"`{c.name}`: {c.why}" for c in columns[:5]),
            hint="Bring a table with columns that differ from row to row and are known in time.",
        )


def _as_read(column: pl.Series, positive: str | float | None) -> pl.Series:
    """Return the label as the task's own expression will give it."""
    return column == positive if isinstance(positive, str) else column


def _without_leaks(
    frame: pl.DataFrame, columns: list[Column], values: pl.Series, kind: TaskKind, clock: Clock
) -> tuple[list[Column], list[str]]:
    """Take what is certainly known too late out of the features; warn of the rest."""
    clocks = [clock] if isinstance(clock, str) else clock
    used = [c.name for c in columns if c.features and c.name not in clocks]
    leaks = {leak.column: leak for leak in find_leaks(frame, used, values, kind)}
    warnings = [
        f"`{leak.column}`: {leak.why}"
        + ("; left out of the features, see task.after" if leak.certain else "; review it")
        for leak in leaks.values()
    ]
    kept = [
        replace(column, features={}, why=leaks[column.name].why, after=True)
        if column.name in leaks and leaks[column.name].certain
        else column
        for column in columns
    ]
    return kept, warnings


def _label_warnings(values: pl.Series, known: pl.Series, kind: TaskKind) -> list[str]:
    if kind == "regression":
        return []
    unseen = sorted(set(values.drop_nulls().to_list()) - set(known.drop_nulls().to_list()))
    if not unseen:
        return []
    named = ", ".join(f"`{value}`" for value in unseen[:5])
    return [f"no training row has the label {named}: the first model cannot answer it"]


def _notes(
    label: Label, clock: Clock, dated_by: Clock, times: pl.Series, schema: pl.Schema
) -> tuple[str, ...]:
    notes = [f"the task is {label.kind}: {label.why}"]
    if label.positive is not None:
        notes.append(f"`{label.positive}` counts as 1, the other label as 0")
    order = "the order of the rows is the clock, one minute each from 2000-01-01 on"
    undated = times.null_count()
    if clock != dated_by:
        notes.append(
            f"`{clock_name(dated_by)}` tells only {times.n_unique()} times apart, too few to "
            f"learn and to watch by; the rows are in its order, so {order}"
        )
    elif clock == "row_number":
        dated = [name for name, kind in schema.items() if kind in (pl.Date, pl.Datetime)]
        perhaps = f" (`{dated[0]}` holds times: perhaps --time {dated[0]})" if dated else ""
        notes.append(f"no --time: {order}{perhaps}")
    elif undated:
        notes.append(
            f"{undated:,} rows have no readable `{clock_name(clock)}`: they are set aside"
        )
    return tuple(notes)


def _estimator(kind: TaskKind, labelled: int) -> str:
    if labelled >= SMALL:
        return "lightgbm"
    return "linear" if kind == "regression" else "logistic"


def _schema(
    table: pl.DataFrame,
    time: Clock | None,
    key: Sequence[str],
    label: str,
    label_time: str | None,
) -> Schema:
    """Infer the schema of the table; the label is not expected of requests."""
    schema = infer_schema(table, time=time, key=key)
    columns = dict(schema.columns)
    for name in {label, label_time or label} & set(columns):
        columns[name] = columns[name].model_copy(
            update={"environments": ["training"], "max_null_share": 1.0}
        )
    return schema.model_copy(update={"columns": columns})


def plain_name(text: str) -> str:
    """Return a name that project, table and task may have."""
    name = re.sub(r"[^A-Za-z0-9-]+", "_", text).strip("_-")
    name = re.sub(r"_{2,}", "_", name)
    return name if name[:1].isalpha() else f"table_{name}".rstrip("_")


def _address(source: str, home: Path) -> str:
    """Return a source as it is found from the project: by a relative path if it lies near."""
    if "://" in source or source.startswith("package:"):
        return source
    path, beside = Path(source).expanduser().absolute(), home.absolute().parent
    near = path.is_relative_to(beside) and beside != beside.parent
    return os.path.relpath(path, home.absolute()) if near else str(path)
