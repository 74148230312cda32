"""Tests of all numeric columns together, on a sample of the rows."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from trimtab.data.count_drift import Answer
from trimtab.data.drift_report import JOINT
from trimtab.data.drift_tests import DriftTest
from trimtab.data.row_drift import MAX_ROWS, not_enough, rows_finding, too_few
from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.multivariate import standardised

# under what name the report tells of what could not be asked
TOGETHER = "all numeric columns together"


class JointRows:
    """The same rows of every numeric column of both sides, taken as columns come by."""

    def __init__(self, reference_rows: int, current_rows: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._picked = [_picked(rows, rng) for rows in (reference_rows, current_rows)]
        self._columns: dict[str, tuple[FloatArray, FloatArray]] = {}
        self._seed = seed

    def take(self, old: pl.Series, new: pl.Series) -> None:
        """Keep the picked rows of a column; columns may come from several threads."""
        a, b = (
            series.gather(rows).cast(pl.Float64).fill_null(float("nan")).to_numpy()
            for series, rows in zip((old, new), self._picked, strict=True)
        )
        self._columns[old.name] = a, b

    def compared(self, columns: Sequence[str], tests: Sequence[DriftTest]) -> Answer:
        """Ask each test of the rows that have all values, columns in like units.

        The unit is the standard deviation of both sides together, so that it does not know
        which side a row is from: a test by relabelling is exact only then. A column without any
        value on a side is left out.
        """
        answer = Answer()
        kept = [name for name in columns if self._has_values(name)]
        if not kept:
            answer.left_out.append("no numeric column has values on both sides")
            return answer
        sides = [np.column_stack([self._columns[name][i] for name in kept]) for i in (0, 1)]
        complete = [rows[np.isfinite(rows).all(axis=1)] for rows in sides]
        if min(map(len, complete)) == 0:
            answer.left_out.append("no row has a value in every numeric column")
            return answer
        if too_few(*map(len, complete)):
            answer.left_out.append(not_enough(*map(len, complete)))
            return answer
        pooled = np.concatenate(complete)
        old, new = (standardised(rows, pooled) for rows in complete)
        dropped = sum(map(len, sides)) - len(pooled)
        for test in tests:
            found = answer.ask(test, old, new, self._seed)
            if found is None:
                continue
            finding = rows_finding(JOINT, test, found, old, new)
            columns_kept = "1 column" if len(kept) == 1 else f"{len(kept):,} columns"
            text = f"{finding.message}, {columns_kept} taken together"
            if dropped:
                text += f"; {dropped:,} rows with a missing value left out"
            answer.findings.append(replace(finding, message=text))
        return answer

    def _has_values(self, name: str) -> bool:
        return all(np.isfinite(values).any() for values in self._columns[name])


def _picked(rows: int, rng: np.random.Generator) -> IntArray:
    if rows <= MAX_ROWS:
        return np.arange(rows)
    return np.sort(rng.choice(rows, MAX_ROWS, replace=False, shuffle=False))
