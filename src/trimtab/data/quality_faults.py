"""Ways to be at fault, as expressions: how often each is met, alone or with others, and where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import polars as pl

from trimtab.data.column_checks import EXAMPLES, told_of
from trimtab.data.quality_report import DimensionName
from trimtab.data.sources import collect


@dataclass(frozen=True)
class Fault:
    """One way in which a cell or a row can be at fault.

    Attributes
    ----------
    group : str
        What faults are united in: a cell (its column), or a row (""). A cell or row with two
        faults of one group counts once.
    fails : polars.Expr
        True on the rows that are at fault, and never null.
    text, act : str
        The finding (`{count}`, `{rows}`, `{share}` are filled in), and what would mend it.
    shown : dict of str to polars.Expr
        What is told of a row at fault, besides its key.
    held : polars.Expr or None
        How many rows could be at fault, where that is not all.
    """

    dimension: DimensionName
    group: str
    name: str
    column: str | None
    fails: pl.Expr
    text: str
    act: str
    shown: Mapping[str, pl.Expr] = field(default_factory=dict)
    held: pl.Expr | None = None

    @property
    def id(self) -> str:
        """Name of the fault within its table."""
        return f"{self.dimension}:{self.name}:{self.column or ''}"

    def message(self, count: int, of: int) -> str:
        """Return the finding as a sentence."""
        return told_of(self.text, count, of)


@dataclass(frozen=True)
class Counts:
    """How often each fault was met; all counts are exact."""

    facts: Mapping[str, Any]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.facts["rows"])

    def of(self, fault: Fault) -> int:
        """Return how many cells or rows have the fault."""
        return int(self.facts[fault.id])

    def held(self, fault: Fault) -> int:
        """Return how many rows could have the fault."""
        return int(self.facts.get(f"{fault.id}:held", self.rows))

    def alone(self, fault: Fault) -> int:
        """Return how many have no other fault of its group."""
        return int(self.facts.get(f"{fault.id}:alone", self.facts[fault.id]))

    def united(self, dimension: DimensionName, group: str) -> int:
        """Return how many cells (rows) of a group have a fault."""
        return int(self.facts.get(f"{dimension}|{group}", 0))

    def rows_of(self, dimension: DimensionName) -> int:
        """Return how many rows have a fault of a dimension."""
        return int(self.facts.get(f"{dimension}|*", 0))


def quoted(name: object) -> str:
    """Return a name between backticks, fit to stand in the text of a fault."""
    return f"`{name}`".replace("{", "{{").replace("}", "}}")


def count(
    frame: pl.LazyFrame, faults: Sequence[Fault], extra: Iterable[pl.Expr], table: str
) -> Counts:
    """Count all faults, and whatever else is asked for, in one pass."""
    asks = [pl.len().alias("rows"), *extra]
    for (dimension, group), members in _grouped(faults):
        together = pl.sum_horizontal(fault.fails.cast(pl.Int32) for fault in members)
        asks.append((together > 0).sum().alias(f"{dimension}|{group}"))
        for fault in members:
            asks.append(fault.fails.sum().alias(fault.id))
            if fault.held is not None:
                asks.append(fault.held.alias(f"{fault.id}:held"))
            if len(members) > 1:
                asks.append((fault.fails & (together == 1)).sum().alias(f"{fault.id}:alone"))
    for dimension in {fault.dimension for fault in faults}:
        own = [fault.fails for fault in faults if fault.dimension == dimension]
        asks.append(pl.any_horizontal(own).sum().alias(f"{dimension}|*"))
    return Counts(collect(frame.select(asks), table).row(0, named=True))


def examples(
    frame: pl.LazyFrame, faults: Sequence[Fault], key: Mapping[str, pl.Expr], table: str
) -> dict[str, tuple[dict[str, Any], ...]]:
    """Fetch the first rows behind each fault, named by the expressions in `key`, in one pass."""
    if not faults:
        return {}
    asks = []
    for fault in faults:
        shown = [value.alias(name) for name, value in {**key, **fault.shown}.items()]
        rows = pl.struct(shown).filter(fault.fails).head(EXAMPLES)
        asks.append(rows.implode().alias(fault.id))
    row = collect(frame.select(asks), table).row(0, named=True)
    return {name: tuple(found) for name, found in row.items()}


def _grouped(
    faults: Sequence[Fault],
) -> Iterable[tuple[tuple[DimensionName, str], list[Fault]]]:
    def place(fault: Fault) -> tuple[DimensionName, str]:
        return fault.dimension, fault.group

    for key, members in groupby(sorted(faults, key=place), key=place):
        yield key, list(members)
