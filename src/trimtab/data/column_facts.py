"""What is gathered of a column while its parts go by, and the profile that comes of it."""

from dataclasses import replace
from typing import Protocol

import numpy as np
import polars as pl

from trimtab.data.column_merge import with_levels
from trimtab.data.column_notes import ONLY_MISSING, with_notes
from trimtab.data.column_profile import ColumnProfile, as_time
from trimtab.data.number_facts import NumberFacts
from trimtab.data.text_facts import TextFacts
from trimtab.data.types import type_name
from trimtab.data.vector_profile import VectorProfile, as_matrix, is_vector, ragged, vector_part
from trimtab.stats.moments import weighted_moments

_MICROS_A_DAY = 86_400_000_000


class Facts(Protocol):
    """Gathers one kind of column."""

    def add(self, values: pl.Series) -> None:
        """Take in a part, without nulls."""

    def finish(self, column: ColumnProfile) -> ColumnProfile:
        """Return the column, of which only the counts are known, with all that was gathered."""


class ColumnFacts:
    """Gathers a column, part by part.

    Parameters
    ----------
    name, kind
        The column, of a type that tables store (see `types.storable`).
    like : ColumnProfile, optional
        The reference whose cells are used.
    """

    def __init__(self, name: str, kind: pl.DataType, *, like: ColumnProfile | None = None) -> None:
        self.name, self.kind = name, kind
        self.rows = self.nulls = 0
        self._facts = _facts_of(kind, like)

    def add(self, values: pl.Series) -> None:
        """Take in the values of a part, in row order."""
        nulls = values.null_count()
        self.rows += values.len()
        self.nulls += nulls
        if self._facts is not None and nulls < values.len():
            self._facts.add(values.drop_nulls() if nulls else values)

    def profile(self) -> ColumnProfile:
        """Return what the column holds."""
        there = self.rows - self.nulls
        made = ColumnProfile(self.name, type_name(self.kind), there, self.nulls)
        if self._facts is None:
            return replace(made, notes=(f"{self.kind}: {ONLY_MISSING}",))
        return with_notes(self._facts.finish(made) if there else made)


def _facts_of(kind: pl.DataType, like: ColumnProfile | None) -> Facts | None:
    if like is not None and like.type != type_name(kind):
        like = None
    if kind.is_numeric():
        return _Numbers(like)
    if kind.is_temporal():
        return _Times(like)
    if kind == pl.String:
        return _Texts()
    if kind == pl.Boolean:
        return _Booleans()
    return _Vectors() if is_vector(kind) else None


class _Numbers:
    def __init__(self, like: ColumnProfile | None) -> None:
        self._numbers = NumberFacts(like)

    def add(self, values: pl.Series) -> None:
        self._numbers.add(values.to_numpy())

    def finish(self, column: ColumnProfile) -> ColumnProfile:
        facts = self._numbers
        moments, histogram, levels, complete, error = facts.finish()
        made = replace(
            column, nan=facts.nan, infinite=facts.infinite, zeros=facts.zeros,
            negative=facts.negative, min=facts.low, max=facts.high, moments=moments,
            histogram=histogram, increasing=facts.increasing if facts.n else None,
        )  # fmt: skip
        return with_levels(made, levels, complete, error, hashes=facts.hashes)


class _Times:
    """Times as microseconds since 1970; their moments would mean nothing."""

    def __init__(self, like: ColumnProfile | None) -> None:
        # a time's levels stand in a profile as times, and are no numbers to count again
        self._numbers = NumberFacts(None if like is None else replace(like, top=()))

    def add(self, values: pl.Series) -> None:
        physical = values.to_physical().cast(pl.Int64).to_numpy()
        self._numbers.add(physical * _MICROS_A_DAY if values.dtype == pl.Date else physical)

    def finish(self, column: ColumnProfile) -> ColumnProfile:
        facts = self._numbers
        _, histogram, levels, complete, error = facts.finish()
        times = [(as_time(value, column.type), n) for value, n in levels]
        made = replace(
            column, min=as_time(facts.low, column.type), max=as_time(facts.high, column.type),
            histogram=histogram, increasing=facts.increasing,
        )  # fmt: skip
        return with_levels(made, times, complete, error, hashes=facts.hashes)


class _Texts:
    def __init__(self) -> None:
        self._texts = TextFacts()

    def add(self, values: pl.Series) -> None:
        self._texts.add(values)

    def finish(self, column: ColumnProfile) -> ColumnProfile:
        facts = self._texts
        facts.finish()
        made = replace(
            column, min=facts.low, max=facts.high, lengths=facts.lengths, classes=facts.classes
        )
        if column.count > facts.numbers >= 0.9 * column.count:
            note = f"{facts.numbers:,} of {column.count:,} texts are numbers, the others are not"
            made = replace(made, notes=(note,))
        levels = facts.levels
        return with_levels(
            made, list(levels.frame().iter_rows()), levels.complete, levels.error,
            hashes=facts.hashes,
        )  # fmt: skip


class _Booleans:
    def __init__(self) -> None:
        self._counts = {True: 0, False: 0}

    def add(self, values: pl.Series) -> None:
        true = int(values.sum())
        self._counts[True] += true
        self._counts[False] += values.len() - true

    def finish(self, column: ColumnProfile) -> ColumnProfile:
        levels = [(value, n) for value, n in self._counts.items() if n]
        levels.sort(key=lambda level: -level[1])
        counts = np.array([n for _, n in levels])
        made = replace(
            column, moments=weighted_moments(np.array([float(x) for x, _ in levels]), counts),
            zeros=self._counts[False],
            min=min(x for x, _ in levels), max=max(x for x, _ in levels),
        )  # fmt: skip
        return with_levels(made, levels, True, 0, hashes=None)


class _Vectors:
    def __init__(self) -> None:
        self._made: VectorProfile | None = None
        self._broken = 0

    def add(self, values: pl.Series) -> None:
        rows, lengths = as_matrix(values)
        self._broken += 0 if rows is None else values.len() - len(rows)
        part = ragged(lengths) if rows is None else vector_part(rows)
        self._made = part if self._made is None else self._made.merged(part)

    def finish(self, column: ColumnProfile) -> ColumnProfile:
        assert self._made is not None
        # a list with a missing, NaN or infinite number is no vector
        return replace(column, vector=self._made, nan=self._broken)
