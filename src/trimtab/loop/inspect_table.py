"""What a table is good for, looked at once: its rows, its label, the clock of its rows.

What each column is good for is `propose_features.py`; the settings that follow are
`propose_settings.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from trimtab.core.errors import (
    ConfigError,
    KeyClashError,
    NotEnoughDataError,
    SchemaError,
    nearest,
)
from trimtab.core.records import TaskKind
from trimtab.data.intake import stored_form
from trimtab.data.sources import collect, read_source
from trimtab.data.time import time_expression

MIN_ROWS = 50
"""Fewer labelled rows than this leave nothing to train on and nothing to judge by."""
MAX_CLASSES = 50
FEW_CLASSES = 20
"""Whole numbers with more distinct values than this are a quantity, not names of classes."""
RARE_CLASS = 0.005
YES_WORDS = (
    "1", "1.0", "yes", "y", "true", "t", "positive", "pos", "bad", "fraud", "spam", "churn",
    "churned", "late", "default", "high", "won",
)  # fmt: skip

Clock = str | list[str]


@dataclass(frozen=True, slots=True)
class Label:
    """How the label is to be read: what kind of task it makes, and why.

    `positive` is the value that stands for 1 when the labels are not 0 and 1 already.
    """

    kind: TaskKind
    why: str
    distinct: int
    positive: str | float | None = None


def read_rows(sources: Sequence[str]) -> pl.DataFrame:
    """Return all rows of the sources; a column that one of them lacks is null there."""
    name = ", ".join(sources)
    frame = stored_form(collect(read_source(list(sources)), name), name)
    if frame.height < MIN_ROWS:
        raise NotEnoughDataError(
            f"a project needs {MIN_ROWS} rows at least, got {frame.height}",
            hint="Bring more rows.",
            rows=frame.height,
        )
    return frame


def find_column(frame: pl.DataFrame, name: str, role: str) -> str:
    """Return `name` if it is a column, or say which one was perhaps meant."""
    if name in frame.columns:
        return name
    raise SchemaError(
        f"expected a column `{name}` for {role}, found none",
        hint=nearest(name, frame.columns),
        column=name,
    )


def read_clock(frame: pl.DataFrame, text: str | None) -> Clock:
    """Return the time setting that `--time` stands for, checked against the columns."""
    if text is None or text == "row_number":
        return "row_number"
    if text in frame.columns or "," not in text:
        return find_column(frame, text, "--time")
    return [find_column(frame, part.strip(), "--time") for part in text.split(",")]


def read_times(frame: pl.DataFrame, clock: Clock) -> pl.Series:
    """Return the event time of every row.

    Raises
    ------
    SchemaError
        If the clock cannot be read as a time, or leaves rows without one.
    """
    times = frame.select(_time=time_expression(clock, frame.schema)).to_series()
    if times.null_count() == len(times):
        raise SchemaError(
            f"expected times in `{clock_name(clock)}`, got none that can be read as one",
            hint="Give a date, an ISO 8601 text, a year, or `--time year,month,day`.",
        )
    return times


def clock_name(clock: Clock) -> str:
    """Return the clock as people write it."""
    return clock if isinstance(clock, str) else ",".join(clock)


def check_key(frame: pl.DataFrame, key: Sequence[str]) -> None:
    """Refuse a key that two rows share, or that some rows lack."""
    for name in key:
        find_column(frame, name, "--key")
    if not key:
        return
    holes = frame.filter(pl.any_horizontal(pl.col(name).is_null() for name in key)).height
    if holes:
        raise SchemaError(
            f"expected a value of key {', '.join(key)} in every row, got {holes:,} rows without",
            hint="Give `--key` columns that are always filled, or none to number the rows.",
        )
    twice = frame.group_by(key).len().filter(pl.col("len") > 1).sort(key)
    if twice.height:
        first = ", ".join(str(value) for value in twice.row(0)[:-1])
        raise KeyClashError(
            f"expected one row per {', '.join(key)}, got {twice.height:,} keys with several "
            f"rows; the first is {first}",
            hint="Add a column to `--key`, or drop the duplicates.",
            key=list(key),
        )


def inspect_label(column: pl.Series, kind: TaskKind | None) -> Label:
    """Decide what kind of task the label makes, and say why.

    Two values are *binary*. Text, and whole numbers of which there are few and none rare, are
    names of classes: *multiclass*. Other numbers are quantities: *regression*.
    """
    if not (column.dtype.is_numeric() or column.dtype in (pl.String, pl.Boolean)):
        raise SchemaError(
            f"expected numbers, text or true/false in label `{column.name}`, got {column.dtype}",
            hint="Give `--label` a column of one of these types.",
        )
    values = _labelled(column)
    counts = values.value_counts(sort=True)
    distinct = counts.height
    if kind is None:
        kind, why = _kind_of(values, counts)
    else:
        why = "as asked for by --kind"
    _check_kind(values, kind, distinct)
    positive = _positive(values, counts) if kind == "binary" else None
    return Label(kind, why, distinct, positive)


def _labelled(column: pl.Series) -> pl.Series:
    values = column.drop_nulls()
    if column.dtype.is_float():
        values = values.drop_nans()
    if not len(values):
        raise SchemaError(
            f"expected labels in `{column.name}`, got {len(column):,} nulls",
            hint="Give `--label` another column, or `--labels FILE` that holds the labels.",
            column=column.name,
        )
    if len(values) < MIN_ROWS:
        raise NotEnoughDataError(
            f"a project needs {MIN_ROWS} labelled rows at least, got {len(values)}",
            hint="Bring more labelled rows.",
            labelled=len(values),
        )
    if values.n_unique() == 1:
        raise SchemaError(
            f"expected two different labels at least, got only {values[0]!r} in `{column.name}`",
            hint="Give `--label` a column that varies.",
            column=column.name,
        )
    return values


def _kind_of(values: pl.Series, counts: pl.DataFrame) -> tuple[TaskKind, str]:
    distinct = counts.height
    if distinct == 2:
        return "binary", "the label has two values"
    if values.dtype == pl.String:
        return "multiclass", f"the label is text with {distinct} values"
    whole = values.dtype.is_integer() or bool((values == values.round()).all())
    rarest = counts["count"].min()
    assert isinstance(rarest, int)
    if whole and distinct <= FEW_CLASSES and rarest >= RARE_CLASS * len(values):
        return "multiclass", (
            f"the label is a whole number with {distinct} values, none of them rare "
            "(`--kind regression` if they are a quantity)"
        )
    what = "a whole number with rare or many values" if whole else "a number with decimals"
    return "regression", f"the label is {what}"


def _check_kind(values: pl.Series, kind: TaskKind, distinct: int) -> None:
    if kind == "binary" and distinct != 2:
        raise ConfigError(
            f"expected two values in label `{values.name}` for kind `binary`, got {distinct}",
            hint="Use `--kind multiclass` or `--kind regression`.",
        )
    if kind == "multiclass" and distinct > MAX_CLASSES:
        numeric = values.dtype.is_numeric()
        raise ConfigError(
            f"expected {MAX_CLASSES} classes at most in label `{values.name}`, got {distinct:,}",
            hint="Use `--kind regression`." if numeric else "Group rare classes first.",
        )
    if kind == "regression" and not values.dtype.is_numeric():
        raise ConfigError(
            f"expected numbers in label `{values.name}` for kind `regression`, got {values.dtype}",
            hint="Use `--kind multiclass`.",
        )


def _positive(values: pl.Series, counts: pl.DataFrame) -> str | float | None:
    """Return the value that means 1, or None where the labels are 0 and 1 (or true, false)."""
    pair = counts[values.name].to_list()
    if values.dtype == pl.Boolean or set(pair) == {0, 1}:
        return None
    if values.dtype.is_numeric():
        top: float = max(pair)
        return top
    yes = [value for value in pair if value.strip().lower() in YES_WORDS]
    rarer: str = pair[-1]
    return yes[0] if len(yes) == 1 else rarer
