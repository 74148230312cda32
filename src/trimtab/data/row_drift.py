"""Tests of one column between two sets of rows that count as independent."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from trimtab.core.errors import TrimtabError
from trimtab.data.built_in_tests import KS, SD, SHARE, binned
from trimtab.data.count_drift import (
    Answer,
    Levels,
    distribution_of_levels,
    nulls_finding,
    unseen_levels,
)
from trimtab.data.drift_report import Bins, Finding
from trimtab.data.drift_sides import Family
from trimtab.data.drift_tests import DriftOutcome, DriftTest
from trimtab.data.unit_change import PROBABILITIES, unit_factor
from trimtab.data.vector_profile import as_matrix
from trimtab.stats.arrays import FloatArray
from trimtab.stats.numbers import compare_numbers

# rows for a test of whole rows: its time may grow with their square
MAX_ROWS = 5_000
# a change of unit moves at least this share of what it can move; rows to look for it in
_UNIT_SHARE, _UNIT_ROWS = 0.4, 20_000
# below, it can be none unless nine values of ten are zero
_LEAST_UNIT = 0.02
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
    missing = rows[0] - there[0], rows[1] - there[1]
    answer.findings += nulls_finding(column, missing, rows, (_infinite(old), _infinite(new)))
    if family in UNLIKE:
        answer.left_out.append(UNLIKE[family])
    elif min(there) == 0:
        side = "either side" if max(there) == 0 else "one side"
        answer.left_out.append(f"no value on {side}: only missing values are counted")
    elif family == "numbers":
        _numbers(question, values[0], values[1], answer)
    elif family == "levels":
        levels = Levels.of_values(old, new)
        distribution_of_levels(column, levels, question.tests, question.seed, answer)
        answer.findings += [unseen_levels(column, levels, word) for word in ("new", "vanished")]
    else:
        _vectors(question, old, new, answer)


def finite(series: pl.Series) -> FloatArray:
    """Return the numbers of a column that are neither missing, NaN nor infinite."""
    if not series.dtype.is_numeric():  # a side without any value has a type of its own
        return np.empty(0)
    there = series.drop_nulls() if series.null_count() else series
    values: FloatArray = there.to_numpy()
    if not series.dtype.is_float():
        return values.astype(np.float64)
    values = values.astype(np.float64, copy=False)
    usable = np.isfinite(values)
    return values if usable.all() else values[usable]


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
    if test.unit == SD and math.isinf(found.effect_size):
        moved = "was constant and is not what it was"
    elif test.unit == SD:
        moved = f"moved by {found.effect_size:.2g} sd"
    elif test.unit == SHARE:
        moved = f"{found.effect_size:.1%} of rows lie elsewhere"
    else:
        moved = f"moved by {found.effect_size:.2g} {test.unit}"
    text = f"`{column}` {moved} (median {was:.4g} to {now:.4g})"
    return Finding(
        column, "distribution", test.name, found.statistic, found.p_value, None,
        found.effect_size, test.unit, False, text, sizes[0], sizes[1], error, bins,
    )  # fmt: skip


def _numbers(question: Question, old: FloatArray, new: FloatArray, answer: Answer) -> None:
    facts = compare_numbers(old, new)
    factor = _unit_factor(old, new, facts.ks.statistic)
    if factor is not None:
        answer.findings.append(unit_finding(question.column, factor))
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


def unit_finding(column: str, factor: float) -> Finding:
    """Return the finding that a column is in another unit: that is no drift of its values."""
    return Finding.of_schema(
        column, f"is {factor:.6g} times what it was in every value: is it in another unit?"
    )


def may_be_unit(statistic: float, positive: float, negative: float) -> bool:
    """Return whether a Kolmogorov-Smirnov statistic is one that a change of unit can have.

    It moves values within their sign, so that at most those shares of the reference can move.
    """
    return statistic >= _UNIT_SHARE * max(positive, negative) > 0


def _unit_factor(old: FloatArray, new: FloatArray, statistic: float) -> float | None:
    if statistic < _LEAST_UNIT:
        return None
    positive, negative = np.count_nonzero(old > 0), np.count_nonzero(old < 0)
    if not may_be_unit(statistic, positive / old.size, negative / old.size):
        return None
    few = [values[:: 1 + values.size // _UNIT_ROWS] for values in (old, new)]
    a, b = (np.quantile(side, PROBABILITIES, method="inverted_cdf") for side in few)
    return unit_factor(a, b, few[0].size, few[1].size)


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
    text = f"`{column}` moved by {found.effect_size:.2g} {test.unit}"
    return Finding(
        column, "distribution", test.name, found.statistic, found.p_value, None,
        found.effect_size, test.unit, False, text, len(old), len(new),
    )  # fmt: skip


def _infinite(series: pl.Series) -> int:
    return int(series.is_infinite().sum()) if series.dtype.is_float() else 0
