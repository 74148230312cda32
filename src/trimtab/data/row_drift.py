"""Tests of one column between two sets of rows that count as independent."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from trimtab.core.errors import TrimtabError
from trimtab.data.built_in_tests import KS, binned
from trimtab.data.column_facts import ColumnFacts
from trimtab.data.count_drift import (
    Answer,
    LevelTable,
    distribution_of_levels,
    nulls_finding,
    unseen_levels,
)
from trimtab.data.drift_report import Bins, Finding
from trimtab.data.drift_sides import Family
from trimtab.data.drift_tests import SHARE, DriftOutcome, DriftTest
from trimtab.data.effect_words import brief, moved_by
from trimtab.data.scale_change import other_unit
from trimtab.data.vector_profile import as_matrix
from trimtab.stats.arrays import FloatArray
from trimtab.stats.numbers import compare_numbers

# rows for a test of whole rows: its time may grow with their square
MAX_ROWS = 5_000
# a change of unit moves at least this share of what it can move; rows to look for it in
_UNIT_SHARE, _UNIT_ROWS = 0.4, 20_000
# below, it can be none unless nine values of ten are zero
_LEAST_UNIT = 0.02
# below, samples that lie wholly apart have a p-value above 0.1: twice one in so many orderings
_LEAST_ORDERINGS = 20
UNLIKE = {
    "time": "times move on by themselves: only missing ones are counted",
    "other": "a type that is not compared: only missing values are counted",
}


@dataclass(frozen=True)
class Question:
    """What is asked of one column."""

    column: str
    family: Family
    tests: tuple[DriftTest, ...]
    seed: int


def compared(question: Question, old: pl.Series, new: pl.Series) -> Answer:
    """Compare one column; whatever goes wrong is told in the answer and ends no other's."""
    answer = Answer()
    try:
        _compare(question, old, new, answer)
    except TrimtabError:
        raise
    except Exception as error:  # noqa: BLE001 - one bad column never loses the others
        answer.left_out.append(f"it could not be compared: {type(error).__name__}: {error}")
    return answer


def _compare(question: Question, old: pl.Series, new: pl.Series, answer: Answer) -> None:
    column, family = question.column, question.family
    rows = old.len(), new.len()
    there = old.count(), new.count()
    values: list[FloatArray] = []
    if family == "numbers":
        values = [finite(old), finite(new)]
        there = values[0].size, values[1].size
    elif family == "vector":
        there = _whole_vectors(old), _whole_vectors(new)
    missing = rows[0] - there[0], rows[1] - there[1]
    if max(there) == 0:
        answer.left_out.append("no value on either side")
        return
    infinite = _infinite(old, there[0]), _infinite(new, there[1])
    answer.findings += nulls_finding(column, missing, rows, infinite)
    if family in UNLIKE:
        answer.left_out.append(UNLIKE[family])
    elif min(there) == 0:
        return  # the finding on missing values says so
    elif too_few(*there):
        answer.left_out.append(not_enough(*there))
    elif family == "numbers":
        _numbers(question, values[0], values[1], answer)
    elif family == "levels":
        levels = LevelTable.of_values(old, new)
        distribution_of_levels(column, levels, question.tests, question.seed, answer)
        answer.findings += [unseen_levels(column, levels, word) for word in ("new", "vanished")]
    else:
        _vectors(question, old, new, answer)


def too_few(n: int, m: int) -> bool:
    """Return whether no test could tell anything, however far apart so many values lie."""
    return min(n, m) < 3 and math.comb(n + m, min(n, m)) < _LEAST_ORDERINGS


def not_enough(n: int, m: int) -> str:
    """Say that there are too few values."""
    return f"not enough data: {n:,} value{'' if n == 1 else 's'} in the reference and {m:,} now"


def finite(series: pl.Series) -> FloatArray:
    """Return the numbers of a column that are neither missing, NaN nor infinite."""
    if not series.dtype.is_numeric():  # a side without any value has a type of its own
        return np.empty(0)
    there = series.drop_nulls() if series.null_count() else series
    values: FloatArray = there.to_numpy()
    if not series.dtype.is_float():
        return values.astype(np.float64)
    values = values.astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(values.sum()):  # then each value is
            return values
    return values[np.isfinite(values)]


def numbers_finding(
    column: str,
    test: DriftTest,
    found: DriftOutcome,
    sizes: tuple[int, int],
    medians: tuple[float, float],
    bins: Bins | None,
    error: float = 0.0,
) -> Finding:
    """Return what a test of a numeric column found, in words too."""
    was, now = medians
    if test.unit == SHARE:
        moved = f"{found.effect_size:.1%} of rows lie elsewhere"
    else:
        moved = moved_by(found.effect_size, test.unit)
    text = f"`{column}` {moved} (median {brief(was)} to {brief(now)})"
    return Finding(
        column, "distribution", test.name, found.statistic, found.p_value, None,
        found.effect_size, test.unit, False, text, sizes[0], sizes[1], error, bins,
    )  # fmt: skip


def _numbers(question: Question, old: FloatArray, new: FloatArray, answer: Answer) -> None:
    facts = compare_numbers(old, new)
    unit = _other_unit(old, new, facts.ks.statistic)
    if unit is not None:
        answer.findings.append(Finding.of_schema(question.column, unit))
        return
    bins = Bins(None, facts.edges, facts.shares_reference, facts.shares_current)
    for test in question.tests:
        found: DriftOutcome | None
        if test.name == KS:
            # the comparison has it already
            found = DriftOutcome(facts.ks.statistic, facts.ks.p_value, facts.moved)
        elif "levels" in test.kinds:
            found = answer.ask(test, *binned(old, new)[:2], question.seed)
        else:
            found = answer.ask(test, old, new, question.seed)
        if found is not None:
            medians = facts.median_reference, facts.median_current
            sizes = facts.ks.n_reference, facts.ks.n_current
            answer.findings.append(
                numbers_finding(question.column, test, found, sizes, medians, bins)
            )


def may_be_unit(statistic: float, positive: float, negative: float) -> bool:
    """Return whether a Kolmogorov-Smirnov statistic is one that a change of unit can have.

    It moves values within their sign, so that at most those shares of the reference can move.
    """
    return statistic >= _UNIT_SHARE * max(positive, negative) > 0


def _are_rescaled(old: FloatArray, new: FloatArray) -> bool:
    """Return whether these may be the same rows, all multiplied by one constant."""
    if old.size != new.size:
        return False
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        factor = new.sum() / old.sum()
        ends = old.min() * factor, old.max() * factor
        return bool(np.allclose(sorted(ends), (new.min(), new.max()), rtol=1e-9, atol=0))


def _other_unit(old: FloatArray, new: FloatArray, statistic: float) -> str | None:
    if statistic < _LEAST_UNIT:
        return None
    positive, negative = np.count_nonzero(old > 0), np.count_nonzero(old < 0)
    far = may_be_unit(statistic, positive / old.size, negative / old.size)
    if not far and not _are_rescaled(old, new):
        return None
    sides = []
    for values in (old, new):
        facts = ColumnFacts("", pl.Float64())
        facts.add(pl.Series(values[:: 1 + values.size // _UNIT_ROWS]))
        sides.append(facts.profile())
    return other_unit(sides[0], sides[1], far=far)


def _vectors(question: Question, old: pl.Series, new: pl.Series, answer: Answer) -> None:
    rng = np.random.default_rng(question.seed)
    sides, sizes = [], []
    for series in (old, new):
        there = series.drop_nulls()
        if there.len() > MAX_ROWS:
            there = there.gather(np.sort(rng.choice(there.len(), MAX_ROWS, replace=False)))
        rows, (low, high) = as_matrix(there)
        if rows is None:
            answer.left_out.append(f"lists of {low} to {high} numbers, expected one length")
            return
        sides.append(rows)
        sizes.append(high)
    if sizes[0] != sizes[1]:
        answer.left_out.append(f"lists of {sizes[0]} numbers in the reference and {sizes[1]} now")
        return
    for test in question.tests:
        found = answer.ask(test, sides[0], sides[1], question.seed)
        if found is not None:
            answer.findings.append(rows_finding(question.column, test, found, sides[0], sides[1]))


def rows_finding(
    column: str, test: DriftTest, found: DriftOutcome, old: FloatArray, new: FloatArray
) -> Finding:
    """Return what a test of whole rows found, in words too."""
    text = f"`{column}` {moved_by(found.effect_size, test.unit)}"
    return Finding(
        column, "distribution", test.name, found.statistic, found.p_value, None,
        found.effect_size, test.unit, False, text, len(old), len(new),
    )  # fmt: skip


def _whole_vectors(series: pl.Series) -> int:
    """Return how many lists there are in which no number is missing, NaN or infinite."""
    lists = series.drop_nulls()
    if lists.len() == 0 or not isinstance(lists.dtype, pl.List | pl.Array):
        return 0
    if isinstance(lists.dtype, pl.Array):
        lists = lists.arr.to_list()
    flat = lists.explode()
    if flat.null_count() == 0 and flat.is_finite().all():
        return lists.len()
    usable = pl.element().is_finite().fill_null(value=False).all()
    return int(lists.list.eval(usable).list.first().sum())


def _infinite(series: pl.Series, there: int) -> int:
    if not series.dtype.is_float() or there == series.count():
        return 0
    return int(series.is_infinite().sum())
