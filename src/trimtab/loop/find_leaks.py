"""Columns that know too much: what is suspicious about them is said, what is certain is shut out.

A look at single columns cannot prove a leak, and cannot rule one out: two harmless columns may
give the label away together.
"""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from trimtab.core.records import TaskKind
from trimtab.stats.ranking import auc

SAMPLE = 50_000
CERTAIN = 0.999
NEAR_PERFECT = 0.98
STRONG = 0.80
AHEAD = 0.05
BINS = 64
LEAK_NAME = re.compile(
    r"(^|[^a-z])(pred|predict|predicted|prediction|predictions|proba|probability|score|"
    r"y_hat|yhat|target|outcome|label|duration|elapsed)([^a-z]|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Leak:
    """A suspicion about one column; `certain` ones are kept out of the features."""

    column: str
    why: str
    certain: bool = False


def find_leaks(
    frame: pl.DataFrame, columns: list[str], labels: pl.Series, kind: TaskKind
) -> list[Leak]:
    """Return the columns that may be known only after the question was asked.

    Four signs are looked for: a column that is missing exactly where the label is; one that
    predicts the label all but perfectly on its own; one that is strong, and far ahead of every
    other; and a name such as `prediction` or `outcome`.

    Parameters
    ----------
    frame : polars.DataFrame
        All rows.
    columns : list of str
        Columns that features are made of.
    labels : polars.Series
        The labels; null where there is none (yet).
    kind : {"binary", "multiclass", "regression"}
        How the labels are read. Strength is an AUC; for more than two classes, of the commonest
        against the rest; for numbers, of the upper half against the lower.
    """
    found = [leak for name in columns if (leak := _missing_alike(frame[name], labels))]
    settled = {leak.column for leak in found}
    sample = frame.with_columns(_label=_positive(labels, kind)).drop_nulls("_label")
    if sample.height > SAMPLE:
        sample = sample.sample(SAMPLE, seed=0)
    strengths = {
        name: strength(sample[name], sample["_label"].to_numpy())
        for name in columns
        if name not in settled
    }
    order = sorted(strengths, key=lambda name: -strengths[name])
    for rank, name in enumerate(order):
        value = strengths[name]
        following = strengths[order[1]] if rank == 0 and len(order) > 1 else 1.0
        if value > NEAR_PERFECT:
            why = f"predicts the label all but perfectly on its own (AUC {value:.3f})"
            found.append(Leak(name, why, certain=value > CERTAIN and kind == "binary"))
        elif LEAK_NAME.search(name):
            found.append(Leak(name, "its name speaks of something known only afterwards"))
        elif value > STRONG and value > following + AHEAD:
            why = f"is far stronger than any other column (AUC {value:.2f}, next {following:.2f})"
            found.append(Leak(name, why))
    return found


def _missing_alike(column: pl.Series, labels: pl.Series) -> Leak | None:
    holes = column.is_null()
    if labels.null_count() < 10 or not bool((holes == labels.is_null()).all()):
        return None
    return Leak(column.name, "is missing exactly where the label is missing", certain=True)


def _positive(labels: pl.Series, kind: TaskKind) -> pl.Series:
    """Return the question that strength is measured by, as 0 and 1."""
    if kind == "regression":
        numbers = labels.cast(pl.Float64)
        return (numbers > numbers.median()).cast(pl.Int8)
    values = labels.drop_nulls().value_counts(sort=True)[labels.name]
    chosen = labels == values[0]
    return chosen.cast(pl.Int8)


def strength(column: pl.Series, positive: np.ndarray[tuple[int], np.dtype[np.int8]]) -> float:
    """Return how well a column alone ranks the positives, as an AUC from 0.5 to 1.

    The share of positives is learnt per value (per bin, for numbers) on every other row, and
    judged on the rest, so that a column of many values gains nothing by chance.
    """
    codes = _codes(column)
    learn = np.arange(len(codes)) % 2 == 0
    total = np.bincount(codes[learn], minlength=int(codes.max()) + 1)
    ones = np.bincount(codes[learn], weights=positive[learn], minlength=len(total))
    base = positive[learn].mean()
    shares = (ones + base) / (total + 1)
    truth = positive[~learn]
    if truth.min() == truth.max():
        return 0.5
    return float(auc(truth, shares[codes[~learn]]))


def _codes(column: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return a whole number per value; numbers of many values are binned by their order."""
    if column.dtype.is_numeric() and column.n_unique() > BINS:
        ranks = column.rank("average")
        binned = ((ranks - 1) / len(column) * BINS).floor().cast(pl.Int64)
        return binned.fill_null(BINS).to_numpy()
    return (column.cast(pl.String).rank("dense").cast(pl.Int64).fill_null(0)).to_numpy()
