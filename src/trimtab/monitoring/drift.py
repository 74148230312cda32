"""Which columns moved further than they ordinarily do, and by how much in their own unit.

Every column is held against the reference's own blocks, never against a fixed threshold: two
ordinary weeks of January can have a PSI of 3. P-values are corrected for all columns of a
window together (Benjamini-Hochberg), so that of the columns called drifted at most a share
alpha, on average, are not. Whether anyone should be told is the business of `alerts`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl

from trimtab.core.records import Record
from trimtab.monitoring.columns import Folded, Levels, Numeric, follow
from trimtab.monitoring.ordinary import FEWEST_BLOCKS, Ordinary, compare_with_ordinary
from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.distances import psi
from trimtab.stats.multiplicity import benjamini_hochberg

DriftKind = Literal["input", "feature", "prediction", "label", "nulls", "levels"]


@dataclass(frozen=True, slots=True)
class Drift(Record):
    """How far a column moved in a window, and whether further than it ordinarily does.

    `statistic` is the PSI of window and reference (for nulls and levels: the share in the
    window), `effect` the move in `unit`, `size` the move in spreads of single rows (the
    standardised mean difference), `importance` the share of the model's importance that hangs
    on the column (None if nobody measured it).
    """

    column: str
    kind: DriftKind
    statistic: float
    p_value: float
    adjusted_p: float
    effect: float
    size: float
    unit: str
    drifted: bool
    importance: float | None
    message: str


class FollowedColumn:
    """A column of the reference, learnt and folded into its blocks."""

    def __init__(
        self, name: str, kind: DriftKind, how: Numeric | Levels, folded: Folded, unit: str
    ) -> None:
        self.name, self.kind, self.how, self.folded, self.unit = name, kind, how, folded, unit

    @classmethod
    def learn(
        cls, name: str, kind: DriftKind, values: pl.Series, codes: IntArray, *, unit: str = ""
    ) -> "FollowedColumn | None":
        """Return the column as the reference knows it; None if it cannot be followed."""
        how = follow(values)
        if how is None:
            return None
        n_blocks = int(codes.max()) + 1 if codes.size else 0
        if isinstance(how, Levels):
            folded = how.fold(values, codes, n_blocks, learning=True)
        else:
            folded = how.fold(values, codes, n_blocks)
        return cls(name, kind, how, folded, unit)

    def compare(self, values: pl.Series, codes: IntArray, *, alpha: float) -> list[Drift]:
        """Return how values, nulls and new levels of a window stand; p not yet corrected."""
        n_blocks = int(codes.max()) + 1 if codes.size else 0
        now = self.how.fold(values, codes, n_blocks)
        found = []
        if now.rows.sum() and self.folded.rows.sum():
            found.append(self._moved(now, alpha))
        if self.kind in ("input", "feature"):
            found.append(self._share("nulls", self.folded.nulls, now.nulls, now, alpha))
            if isinstance(self.how, Levels):
                found.append(self._share("levels", self.folded.fresh, now.fresh, now, alpha))
        return found

    def _moved(self, now: Folded, alpha: float) -> Drift:
        past = self.folded
        tests = [
            compare_with_ordinary(
                past.means[i],
                now.means[i],
                alpha=alpha,
                reference_mean=float(past.sums[i].sum() / past.rows.sum()),
                current_mean=float(now.sums[i].sum() / now.rows.sum()),
                noise_sd=_noise_sd(past, now, i),
                row_sd=_row_sd(past, now, i),
            )
            for i in range(len(self.how.measures))
        ]
        first = int(np.argmin([test.p_value for test in tests]))
        strongest = tests[first]
        if isinstance(self.how, Levels):
            # of the levels that moved, people want to hear of the one that moved most
            level = _widest(tests, alpha=alpha, at_least=strongest.p_value)
            shown, unit = tests[level], "share points"
            message = self._level_message(self.how.measures[level], shown)
        else:
            shown, unit = tests[0], self.unit or f"unit of {self.name}"
            message = self._number_message(tests, first)
        return Drift(
            column=self.name,
            kind=self.kind,
            statistic=float(psi(past.counts.sum(axis=0), now.counts.sum(axis=0))),
            p_value=min(1.0, strongest.p_value * len(tests)),
            adjusted_p=math.nan,
            effect=100 * shown.effect if unit == "share points" else shown.effect,
            size=max(tests[i].size for i in _significant(tests, alpha, strongest.p_value)),
            unit=unit,
            drifted=False,
            importance=None,
            message=message,
        )

    def _share(
        self,
        kind: Literal["nulls", "levels"],
        past_rows: FloatArray,
        now_rows: FloatArray,
        now: Folded,
        alpha: float,
    ) -> Drift:
        """Compare the share of rows that are null, or whose level is new."""
        past_all, now_all = self.folded.rows + self.folded.nulls, now.rows + now.nulls
        # of a level that is new in the first blocks nobody can say that it is new
        skip = len(past_all) // 2 if kind == "levels" else 0
        past_rows, past_all = past_rows[skip:], past_all[skip:]
        test = compare_with_ordinary(
            past_rows / past_all,
            now_rows / now_all,
            alpha=alpha,
            reference_mean=float(past_rows.sum() / past_all.sum()) if past_all.size else None,
            current_mean=float(now_rows.sum() / now_all.sum()),
            noise_sd=_share_noise(past_rows, past_all, now_rows, now_all),
        )
        what = "missing" if kind == "nulls" else "a level never seen before"
        share = test.current
        if kind == "levels":  # a new level is news once, and unknown to the model ever after
            share = float(now.unknown.sum() / now_all.sum())
        return Drift(
            column=self.name,
            kind=kind,
            statistic=share,
            # fewer nulls or fewer new levels than usual is good news
            p_value=test.one_sided(above=True) if test.p_value < 1 else 1.0,
            adjusted_p=math.nan,
            effect=100 * (share - test.reference),
            size=standardised(share - test.reference, share, test.reference),
            unit="share points",
            drifted=False,
            importance=None,
            message=f"{self._noun} is {what} in {share:.1%} of rows, {test.reference:.1%} "
            f"in the reference{_ordinarily(test, percent=True)}.",
        )

    @property
    def _noun(self) -> str:
        return (
            "the prediction"
            if self.kind == "prediction"
            else ("the label" if self.kind == "label" else f"`{self.name}`")
        )

    def _level_message(self, level: str, test: Ordinary) -> str:
        what = level if level == "any other level" else f"`{level}`"
        return (
            f"{self._noun} is {what} in {test.current:.1%} of rows, {test.reference:.1%} in the "
            f"reference{_ordinarily(test, percent=True)}; {self._typical()}."
        )

    def _number_message(self, tests: list[Ordinary], first: int) -> str:
        test = tests[first]
        unit = f" {self.unit}" if self.unit else ""
        what = "averages" if first == 0 else "lies from the reference's median by"
        return (
            f"{self._noun} {what} {test.current:.4g}{unit}, {test.reference:.4g} in the "
            f"reference{_ordinarily(test)}; {self._typical()}."
        )

    def _typical(self) -> str:
        counts = self.folded.counts[self.folded.rows > 0]
        if len(counts) < 2:
            return "the reference is a single block"
        usual = float(np.median(psi(counts.sum(axis=0) - counts, counts)))
        return f"between the reference's own blocks PSI is {usual:.2f}"


def adjust(found: list[Drift], *, alpha: float, importance: Mapping[str, float]) -> list[Drift]:
    """Return the comparisons of a window, corrected for their number, worst first."""
    if not found:
        return []
    adjusted = benjamini_hochberg([drift.p_value for drift in found])
    done = [
        replace(
            drift,
            adjusted_p=float(p),
            drifted=bool(p <= alpha),
            importance=importance.get(drift.column) if importance else None,
        )
        for drift, p in zip(found, adjusted, strict=True)
    ]
    return sorted(done, key=lambda d: (d.adjusted_p, -(d.importance or 0.0), d.column, d.kind))


def standardised(effect: float, *shares: float) -> float:
    """Return a move between two shares in spreads of single rows.

    Examples
    --------
    >>> round(standardised(0.02, 0.52, 0.50), 2), round(standardised(0.02, 0.02, 0.0), 2)
    (0.04, 0.2)
    """
    spread = math.sqrt(max(sum(share * (1 - share) for share in shares) / len(shares), 0.0))
    return abs(effect) / spread if spread else math.inf


def _significant(tests: list[Ordinary], alpha: float, at_least: float) -> list[int]:
    """Return which tests show a move; always the one with the smallest p-value."""
    limit = max(alpha / len(tests), at_least)
    return [i for i, test in enumerate(tests) if test.p_value <= limit]


def _widest(tests: list[Ordinary], *, alpha: float, at_least: float) -> int:
    """Return which test shows the largest effect among those that are significant."""
    return max(_significant(tests, alpha, at_least), key=lambda i: abs(tests[i].effect))


def _ordinarily(test: Ordinary, *, percent: bool = False) -> str:
    """Say what range was to be expected."""
    if test.reference_blocks < FEWEST_BLOCKS:
        return f" (too few reference blocks, {test.reference_blocks}, to say what is ordinary)"
    if percent:
        return f" (ordinarily {max(test.low, 0):.1%} to {min(test.high, 1):.1%})"
    return f" (ordinarily {test.low:.4g} to {test.high:.4g})"


def _row_sd(past: Folded, now: Folded, i: int) -> float:
    """Return the spread of single rows, that of both sides counting the same."""
    variances = []
    for side in (past, now):
        mean = side.sums[i].sum() / side.rows.sum()
        # of a share, the squares are the sums: a row has the level or has it not
        variances.append(max(side.squares[i].sum() / side.rows.sum() - mean**2, 0.0))
    return math.sqrt(sum(variances) / 2)


def _noise_sd(past: Folded, now: Folded, i: int) -> float:
    """Return what a block's mean would vary by if rows were independent."""
    if past.sums is past.squares:  # shares of a level
        return _share_noise(past.sums[i], past.rows, now.sums[i], now.rows)
    rows = past.rows.sum() + now.rows.sum()
    mean = (past.sums[i].sum() + now.sums[i].sum()) / rows
    square = (past.squares[i].sum() + now.squares[i].sum()) / rows
    return math.sqrt(max(square - mean**2, 0.0) / _block_rows(past.rows, now.rows))


def _share_noise(
    past_rows: FloatArray, past_all: FloatArray, now_rows: FloatArray, now_all: FloatArray
) -> float:
    share = (past_rows.sum() + now_rows.sum() + 0.5) / (past_all.sum() + now_all.sum() + 1)
    return math.sqrt(share * (1 - share) / _block_rows(past_all, now_all))


def _block_rows(past: FloatArray, now: FloatArray) -> float:
    """Return the rows of a usual block, the smaller side deciding."""
    usual = [float(np.median(rows[rows > 0])) for rows in (past, now) if (rows > 0).any()]
    return min(usual, default=1.0)
