"""Which columns are known only after the question was asked: by the settings, and by the data."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from trimtab.core.project import Project
from trimtab.core.records import Record, TaskKind
from trimtab.models.features import load_expression
from trimtab.stats.arrays import FloatArray
from trimtab.stats.ranking import auc

MAX_AUC = 0.98
"""A single column that ranks labels better than this is too good to be known beforehand."""
_MIN_ROWS, _MAX_ROWS, _MIN_LEVEL_ROWS = 50, 100_000, 20


@dataclass(frozen=True, slots=True)
class Suspect(Record):
    """A column that may be known only afterwards, and what speaks against it."""

    column: str
    reason: str
    auc: float | None


def late_columns(project: Project) -> dict[str, str]:
    """Return the columns no feature may read, each with the reason.

    These are the columns of `task.after`, and those that the label and its time are made of.
    Where such an expression reads columns of `task.after`, these are what makes it late, and
    its other columns may be used; so may the columns of the event time and of the key.
    """
    task, table = project.task, project.table(project.task.table)
    late = dict.fromkeys(task.after, "`task.after` names it")
    time = [table.time] if isinstance(table.time, str) else table.time or []
    for role, text in (("label", task.label), ("label's time", task.label_time)):
        if text is None:
            continue
        read = set(load_expression(project, text).meta.root_names())
        if not read & set(task.after):
            reason = f"the {role} is made of it"
            late |= dict.fromkeys(sorted(read - {*time, *table.key} - late.keys()), reason)
    return late


def suspect_leaks(
    rows: pl.DataFrame, columns: Iterable[str], *, label: str, kind: TaskKind
) -> list[Suspect]:
    """Look in the data for columns that betray the label.

    A column is suspect if it is missing where the label never comes, and hardly elsewhere, or if
    by itself it ranks the labels with an AUC above 0.98. A leak may hide from both: they are
    grounds for a warning, and finding none is no proof.

    Parameters
    ----------
    rows : polars.DataFrame
        Rows old enough for their label to have come.
    columns : iterable of str
        Columns to look at.
    label : str
        Column of the label: 0/1, class names, or numbers; null where it never came.
    kind : {'binary', 'multiclass', 'regression'}
        Kind of the label.

    Returns
    -------
    list of Suspect
        In the order of `columns`.
    """
    found = []
    unlabelled = rows[label].is_null()
    sample = rows.filter(~unlabelled)
    if sample.height > _MAX_ROWS:
        sample = sample.gather_every(sample.height // _MAX_ROWS + 1)
    for name in columns:
        reason = _missing_with(rows[name].is_null(), unlabelled)
        strength = _strength(sample[name], sample[label], kind)
        if reason is None and strength is not None and strength > MAX_AUC:
            reason = f"by itself it ranks the label with an AUC of {strength:.3f}"
        if reason is not None:
            found.append(Suspect(name, reason, strength))
    return found


def _missing_with(missing: pl.Series, unlabelled: pl.Series) -> str | None:
    both = int((missing & unlabelled).sum())
    if both < 10 or both < 0.5 * int(unlabelled.sum()) or both < 0.98 * int(missing.sum()):
        return None
    if both > 0.5 * len(missing):  # mostly empty columns are missing with anything
        return None
    return (
        f"it is missing in {both:,} of the {int(unlabelled.sum()):,} rows whose label never "
        f"comes, and in {int(missing.sum()) - both:,} others"
    )


def _strength(column: pl.Series, label: pl.Series, kind: TaskKind) -> float | None:
    """Return the best AUC by which the column tells a label from the others, in odd rows."""
    if column.len() < _MIN_ROWS:
        return None
    targets = _targets(label, kind)
    best = [_auc_of(column, target) for target in targets]
    known = [value for value in best if value is not None]
    return max(known) if known else None


def _targets(label: pl.Series, kind: TaskKind) -> list[pl.Series]:
    if kind == "binary":
        return [label.cast(pl.Boolean)]
    if kind == "regression":
        return [label > label.median(), label > label.quantile(0.9)]
    common = label.value_counts(sort=True)[label.name].head(5).to_list()
    return [label == name for name in common]


def _auc_of(column: pl.Series, target: pl.Series) -> float | None:
    scores = _scores(column, target)
    if scores is None:
        return None
    odd = np.arange(len(target)) % 2 == 1
    truth, scores = target.to_numpy()[odd], scores[odd]
    if truth.all() or not truth.any():
        return None
    value = auc(truth, scores)
    return max(value, 1 - value)


def _scores(column: pl.Series, target: pl.Series) -> FloatArray | None:
    """Return the column as a score; text by the rate of its level in the even rows."""
    kind = column.dtype
    if kind.is_numeric() or kind == pl.Boolean:
        numbers = column.cast(pl.Float64).fill_nan(None)
        median = numbers.median()
        return None if median is None else numbers.fill_null(median).to_numpy()
    if kind.is_temporal():
        return column.to_physical().cast(pl.Float64).fill_null(strategy="mean").to_numpy()
    if kind not in (pl.String, pl.Categorical, pl.Enum):
        return None
    table = pl.DataFrame({"level": column.cast(pl.String), "hit": target.cast(pl.Float64)})
    rates = (
        table.gather_every(2).group_by("level").agg(rate=pl.col("hit").mean(), n=pl.len())
        .filter(pl.col("n") >= _MIN_LEVEL_ROWS)
    )  # fmt: skip
    joined = table.join(rates, on="level", how="left", nulls_equal=True, maintain_order="left")
    return joined["rate"].fill_null(float(target.to_numpy().mean())).to_numpy()
