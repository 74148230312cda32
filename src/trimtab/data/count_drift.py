"""Findings from counts alone: missing values and levels, the same for rows and for profiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl

from trimtab.core.errors import TrimtabError
from trimtab.data.drift_report import Bins, Finding
from trimtab.data.drift_tests import SHARE, DriftOutcome, DriftTest
from trimtab.data.effect_words import moved_by, percent
from trimtab.data.known_levels import counted_texts
from trimtab.data.levels import COUNT, VALUE, level_frame
from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.levels import new_levels_test, vanished_levels_test
from trimtab.stats.shares import two_shares_test

# bins of a picture
N_DRAWN = 24
OTHERS = "all others"
# from so many on, sorting names is work for polars
_MANY = 1_000
Unseen = Literal["new", "vanished"]


@dataclass
class Answer:
    """What was found of a column, p-values not yet corrected, and what was left out and why."""

    findings: list[Finding] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def ask(
        self,
        test: DriftTest,
        reference: FloatArray | IntArray,
        current: FloatArray | IntArray,
        seed: int,
    ) -> DriftOutcome | None:
        """Return what a test says; one that fails or has too few rows costs only itself."""
        try:
            made = test(reference, current, seed=seed)
            found = DriftOutcome(
                float(made.statistic), float(made.p_value), float(made.effect_size)
            )
        except TrimtabError:
            raise
        except Exception as error:  # noqa: BLE001 - a test may be a stranger's
            self.left_out.append(f"the test `{test.name}` failed: {type(error).__name__}: {error}")
            return None
        if math.isnan(found.p_value):
            self.left_out.append(f"too few values for the test `{test.name}`")
            return None
        if not 0 <= found.p_value <= 1:
            self.left_out.append(
                f"the test `{test.name}` gave {found.p_value:g}, which is no p-value"
            )
            return None
        return found


def nulls_finding(
    column: str, missing: tuple[int, int], rows: tuple[int, int], infinite: tuple[int, int]
) -> list[Finding]:
    """Test the share of rows without a usable value; nothing to say where all have one.

    Parameters
    ----------
    missing : (int, int)
        Rows of the reference and the current side that are null, NaN or infinite.
    infinite : (int, int)
        How many of them are infinite.
    """
    if sum(missing) == 0:
        return []
    found = two_shares_test(missing[0], rows[0], missing[1], rows[1])
    was, now = missing[0] / rows[0], missing[1] / rows[1]
    text = f"`{column}`: {percent(now)} missing, was {percent(was)}"
    if sum(infinite):
        text += f" (infinite: {infinite[1]:,} rows, were {infinite[0]:,})"
    return [
        Finding(
            column, "nulls", "two shares", found.statistic, found.p_value, None, now - was,
            SHARE, False, text, rows[0], rows[1],
        )
    ]  # fmt: skip


@dataclass(frozen=True)
class LevelTable:
    """How often each level occurs on both sides.

    Attributes
    ----------
    names : polars.Series or list of str, length n_levels
        Each level, as text; a list where they are few.
    old, new : ndarray of int64, shape (n_levels,)
        Rows that have it; the commonest of the reference first.
    """

    names: pl.Series | list[str]
    old: IntArray
    new: IntArray

    def named(self, places: IntArray) -> list[str]:
        """Return the names at some places."""
        if isinstance(self.names, list):
            return [self.names[place] for place in places.tolist()]
        return self.names.gather(places).to_list()

    @classmethod
    def of_values(cls, old: pl.Series, new: pl.Series) -> "LevelTable":
        """Count the levels of two columns; missing values left out."""
        sides = (_counted(old, "old"), _counted(new, "new"))
        both = sides[0].join(sides[1], on="level", how="full", coalesce=True)
        # levels of equal counts are alike to every test
        both = both.with_columns(pl.col("old", "new").fill_null(0).cast(pl.Int64)).sort(
            "old", "new", descending=True
        )
        return cls(both["level"], both["old"].to_numpy(), both["new"].to_numpy())

    def commonest(self, counts: IntArray | FloatArray, n: int) -> IntArray:
        """Return where the n largest counts are, equal ones in order of their levels' names."""
        shown = np.arange(counts.size)
        if counts.size > n:
            shown = np.flatnonzero(counts >= np.partition(counts, -n)[-n])
        names = self.named(shown)
        if shown.size > _MANY:
            order = pl.Series(names).arg_sort().to_numpy()
            order = order[np.argsort(-counts[shown][order], kind="stable")]
            found: IntArray = shown[order[:n]]
            return found
        falling = (-counts[shown]).tolist()
        ranked = sorted(zip(falling, names, shown.tolist(), strict=True))
        return np.array([place for _, _, place in ranked[:n]], np.int64)

    def bins(self) -> Bins:
        """Return the shares of the commonest levels, and of all others together."""
        few = self.old.size <= N_DRAWN
        shown = self.commonest(self.old + self.new, N_DRAWN if few else N_DRAWN - 1)
        shares = [counts[shown] / max(1, counts.sum()) for counts in (self.old, self.new)]
        labels = self.named(shown)
        if not few:
            labels = [*labels, OTHERS]
            shares = [np.append(share, 1 - share.sum()) for share in shares]
        old, new = (tuple(share.tolist()) for share in shares)
        return Bins(tuple(labels), None, old, new)


def _counted(values: pl.Series, name: str) -> pl.DataFrame:
    there = values.drop_nulls() if values.null_count() else values
    counted = counted_texts(there) if values.dtype == pl.String else level_frame(there)
    # cast only now: there are fewer levels than rows
    return counted.select(pl.col(VALUE).cast(pl.String).alias("level"), pl.col(COUNT).alias(name))


def distribution_of_levels(
    column: str, levels: LevelTable, tests: Sequence[DriftTest], seed: int, answer: Answer
) -> None:
    """Add a finding of each test on the shares of the levels."""
    old, new = levels.old, levels.new
    n, m = int(old.sum()), int(new.sum())
    was, now = old / n, new / m
    most = int(levels.commonest(np.abs(now - was), 1)[0])
    name = levels.named(np.array([most]))[0]
    change = f"{name} ({percent(was[most])} to {percent(now[most])})"
    bins = levels.bins()
    for test in tests:
        found = answer.ask(test, old, new, seed)
        if found is None:
            continue
        moved = f"{percent(found.effect_size)} of rows have another level"
        if test.unit != SHARE:
            moved = moved_by(found.effect_size, test.unit)
        answer.findings.append(
            Finding(
                column, "distribution", test.name, found.statistic, found.p_value, None,
                found.effect_size, test.unit, False,
                f"`{column}`: {moved}, most of all {change}", n, m, bins=bins,
            )
        )  # fmt: skip


def unseen_levels(column: str, levels: LevelTable, word: Unseen) -> Finding:
    """Test the levels that only the current side has, or (vanished) only the reference."""
    here, there = (levels.new, levels.old) if word == "new" else (levels.old, levels.new)
    test = new_levels_test if word == "new" else vanished_levels_test
    result = test(levels.old, levels.new)
    unseen = np.where((there == 0) & (here > 0), here, 0)
    count, share = int(np.count_nonzero(unseen)), float(unseen.sum() / here.sum())
    text = f"`{column}`: no {word} level"
    if count:
        names = levels.named(levels.commonest(unseen, min(3, count)))
        noun = "level" if count == 1 else "levels"
        whose = " of the reference" if word == "vanished" else ""
        listed = ", ".join(names)
        text = f"`{column}`: {count:,} {word} {noun} ({listed}), {percent(share)} of rows{whose}"
    return Finding(
        column, "levels", f"{word} levels", result.statistic, result.p_value, None,
        share, SHARE, False, text, int(levels.old.sum()), int(levels.new.sum()),
    )  # fmt: skip
