"""Columns of a new table that may know too much: by their name, and by what they hold.

A look at single columns can neither prove a leak nor rule one out: these are columns for a
person to review. What is all but certain is shut out of the features from the start.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from trimtab.core.records import TaskKind
from trimtab.models.leaks import MAX_AUC, suspect_leaks

CERTAIN_AUC = 0.999
_WORDS = (
    "pred", "preds", "predict", "predicted", "prediction", "predictions", "proba", "probability",
    "score", "yhat", "target", "outcome", "label", "duration", "elapsed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leak:
    """A suspicion about one column; `certain` ones are kept out of the features."""

    column: str
    why: str
    certain: bool


def find_leaks(
    frame: pl.DataFrame, columns: Sequence[str], labels: pl.Series, kind: TaskKind
) -> list[Leak]:
    """Return the columns that may be known only after the question was asked.

    Parameters
    ----------
    frame : polars.DataFrame
        All rows.
    columns : sequence of str
        Columns that features are made of.
    labels : polars.Series
        Labels as the task reads them (0/1, class names or numbers); null where there is none.
    kind : {"binary", "multiclass", "regression"}
        How the labels are read.
    """
    rows = frame.select(columns).with_columns(labels.alias("_label"))
    found = [
        Leak(suspect.column, suspect.reason, _is_certain(suspect.auc, kind))
        for suspect in suspect_leaks(rows, columns, label="_label", kind=kind)
    ]
    known = {leak.column for leak in found}
    for name in columns:
        if name not in known and speaks_of_later(name):
            found.append(Leak(name, "its name speaks of something known only afterwards", False))
    return found


def _is_certain(auc: float | None, kind: TaskKind) -> bool:
    """Whether a suspect is as good as the label itself.

    A column that is missing with the label comes with it, and a perfect one is a copy of it. One
    class of several may well be told apart by one column.
    """
    return auc is None or auc <= MAX_AUC or (kind != "multiclass" and auc > CERTAIN_AUC)


def speaks_of_later(name: str) -> bool:
    """Whether a word of the column's name speaks of a result.

    Examples
    --------
    >>> speaks_of_later("predicted_probability"), speaks_of_later("underscore")
    (True, False)
    """
    spaced = re.sub(r"([a-z])([A-Z])", r"\1 \2", name)
    return any(word in _WORDS for word in re.split(r"[^a-z]+", spaced.lower()))
