"""Counted faults put together into the four figures of `quality`; how is told there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from trimtab.core.records import Violation
from trimtab.data.quality_faults import Counts, Fault
from trimtab.data.quality_gaps import Gaps
from trimtab.data.quality_markers import Column
from trimtab.data.quality_report import Dimension, DimensionName, Part
from trimtab.data.quality_rules import LABELS, VALUES

_WHOLE_TABLE = ("time zone", "foreign key")
# violations that some figure counts in its own way
COUNTED_BY_NAME = (*_WHOLE_TABLE, "nulls", "missing column", "rows", "age", "covers")


@dataclass(frozen=True)
class Findings:
    """Everything that was found, as the figures need it.

    Attributes
    ----------
    names : sequence of str
        The columns that should be there.
    columns : dict of str to Column
        Those that are.
    min_rows : int
        How many rows there should be at least.
    """

    names: Sequence[str]
    columns: dict[str, Column]
    faults: Sequence[Fault]
    counts: Counts
    examples: dict[str, tuple[dict[str, Any], ...]]
    violations: Sequence[Violation]
    gaps: Gaps | None
    min_rows: int

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self.counts.rows

    def met(self, dimension: DimensionName) -> list[Fault]:
        """Return the faults of a dimension that were met."""
        own = (fault for fault in self.faults if fault.dimension == dimension)
        return [fault for fault in own if self.counts.of(fault)]

    def values(self, name: str) -> int:
        """Return how many values a column has."""
        return self.rows - self.counts.united("completeness", name)

    def part(self, fault: Fault, of: int, unit: Any, gain: float) -> Part:
        """Return a fault that was met as a part of a figure."""
        count = self.counts.of(fault)
        return Part(
            fault.dimension, fault.name, fault.column, count, of, unit, _share(count, of),
            gain, fault.message(count, of), fault.act, self.examples[fault.id],
        )  # fmt: skip


def accuracy(found: Findings) -> Dimension:
    """Return the share of values, and of labels, that are in no doubt; the lower of the two."""
    counts = found.counts
    values = sum(found.values(name) for name in found.columns)
    doubted = sum(counts.united("accuracy", f"{VALUES}:{name}") for name in found.columns)
    if not values:
        return Dimension("accuracy", None, "no value is there that could be doubted", (), 0)
    sound, agreed = _share(doubted, values), 1.0
    meaning = f"{values - doubted:,} of {values:,} values are in no doubt"
    labels = [fault for fault in found.faults if fault.group == LABELS and counts.held(fault)]
    if labels:
        held, against = counts.held(labels[0]), counts.of(labels[0])
        agreed = _share(against, held)
        meaning += f", {held - against:,} of {held:,} labels are contradicted by no other row"
    score = min(sound, agreed)
    parts = []
    for fault in found.met("accuracy"):
        if fault.group == LABELS:
            parts.append(found.part(fault, counts.held(fault), "rows", sound - score))
        else:
            gain = min(sound + counts.alone(fault) / values, agreed) - score
            of = min(counts.held(fault), found.values(str(fault.column)))
            parts.append(found.part(fault, of, "cells", gain))
    return Dimension("accuracy", score, meaning, _in_order(parts), counts.rows_of("accuracy"))


def completeness(found: Findings) -> Dimension:
    """Return the share of the cells that should be there and hold a value."""
    rows, counts, wide = found.rows, found.counts, len(found.names)
    if not wide:
        return Dimension("completeness", None, "the schema names no column", (), 0)
    lost = found.gaps.rows if found.gaps else 0
    short = max(0, found.min_rows - rows - lost)
    absent = [name for name in found.names if name not in found.columns]
    cells = (rows + lost + short) * wide
    held = sum(found.values(name) for name in found.columns)
    parts = [
        found.part(fault, rows, "cells", counts.of(fault) / cells)
        for fault in found.met("completeness")
    ]
    for name in absent:
        text = f"`{name}`: expected a column, found none"
        act = f"Bring `{name}` back at its source, or take it out of the schema."
        parts.append(Part("completeness", "missing column", name, rows, rows, "cells", 0.0,
                          rows / cells, text, act))  # fmt: skip
    if found.gaps and lost:
        parts.append(_gap_part(found.gaps, rows, lost * wide / cells))
    if short:
        text = f"{rows:,} rows, where at least {found.min_rows:,} should be"
        parts.append(Part("completeness", "rows", None, short, rows + lost + short, "rows",
                          _share(short, rows + lost + short), short * wide / cells, text,
                          "Load the rows that are missing."))  # fmt: skip
    meaning = f"{held:,} of {cells:,} cells hold a value"
    if lost + short:
        meaning += f" ({lost + short:,} of the rows that should be there are missing)"
    behind = rows if absent else counts.rows_of("completeness")
    return Dimension("completeness", held / cells, meaning, _in_order(parts), behind)


def consistency(found: Findings) -> Dimension:
    """Return the share of the rows that break no rule."""
    rows, counts = found.rows, found.counts
    seen = {(fault.column, fault.name) for fault in found.faults}
    others = []
    for violation in found.violations:
        if violation.check in _WHOLE_TABLE and (violation.column, violation.check) not in seen:
            # a column in another time zone is wrong in every row
            broken = violation.count or rows
            others.append(
                Part("consistency", violation.check, violation.column, broken, rows, "rows",
                     _share(broken, rows), 0.0, violation.message,
                     "Correct these rows, or the table they refer to.", violation.examples)
            )  # fmt: skip
    # Which rows those are is not known here, so they are taken to be other rows.
    outside = sum(part.faults for part in others)
    broken = min(rows, counts.rows_of("consistency") + outside)
    parts = [
        found.part(fault, counts.held(fault), "rows", _less(counts.alone(fault), found, outside))
        for fault in found.met("consistency")
    ]
    parts += [replace(part, gain=_less(part.faults, found, outside)) for part in others]
    meaning = f"{rows - broken:,} of {rows:,} rows break no rule"
    return Dimension("consistency", 1 - broken / rows, meaning, _in_order(parts), broken)


def timeliness(found: Findings, measured: Iterable[Part], reason: str) -> Dimension:
    """Return the lowest of what the clocks of the task say; `reason`, if none of them does."""
    parts = [
        found.part(fault, found.counts.held(fault), "rows", 0.0)
        if found.counts.of(fault)
        else Part("timeliness", fault.name, None, 0, found.counts.held(fault), "rows", 1.0, 0.0,
                  fault.message(0, found.counts.held(fault)))
        for fault in found.faults if fault.dimension == "timeliness" and found.counts.held(fault)
    ]  # fmt: skip
    parts += measured
    scores = [part.score for part in parts if part.score is not None]
    if not scores:
        return Dimension("timeliness", None, reason, tuple(parts), 0)
    lowest = min(scores)
    told = []
    for part in parts:
        others = [other.score for other in parts if other is not part and other.score is not None]
        gain = min([*others, 1.0]) - lowest if part.score is not None else 0.0
        told.append(replace(part, gain=gain))
    weakest = min(parts, key=lambda part: 2.0 if part.score is None else part.score)
    return Dimension("timeliness", lowest, weakest.message, _in_order(told),
                     found.counts.rows_of("timeliness"))  # fmt: skip


def _less(mended: int, found: Findings, outside: int) -> float:
    """Return by how much fewer rows are broken, as a share, once so many are mended."""
    broken = found.counts.rows_of("consistency") + outside
    return (min(found.rows, broken) - min(found.rows, broken - mended)) / found.rows


def _gap_part(gaps: Gaps, rows: int, gain: float) -> Part:
    first = gaps.stretches[0]
    text = (
        f"{gaps.units:,} {gaps.unit}s without rows where others have them, about "
        f"{gaps.rows:,} rows; the longest from {first['from']:%Y-%m-%d %H:%M} until "
        f"{first['until']:%Y-%m-%d %H:%M}"
    )
    return Part("completeness", "gap", None, gaps.rows, rows + gaps.rows, "rows",
                _share(gaps.rows, rows + gaps.rows), gain, text,
                "Load the rows of these stretches again.", gaps.stretches)  # fmt: skip


def _share(faults: int, of: int) -> float:
    return 1 - faults / of if of else 1.0


def _in_order(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(sorted(parts, key=lambda part: (-part.gain, part.name, part.column or "")))
