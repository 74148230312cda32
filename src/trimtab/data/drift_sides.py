"""The two sides of a comparison: what columns they have, and their rows, a few columns at a time.

Rows of a Parquet file are never held whole: each worker reads a few columns of both sides,
compares them, and lets them go. Any other source is read once, as a whole.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import polars as pl

from trimtab.core.errors import SourceError
from trimtab.data.describable import describable
from trimtab.data.drift_report import Finding
from trimtab.data.profile import ColumnProfile, Profile
from trimtab.data.sources import collect, is_columnar, source_name
from trimtab.data.types import type_name
from trimtab.data.vector_profile import is_vector

Family = Literal["numbers", "levels", "vector", "time", "other"]
Answer = TypeVar("Answer")
# columns of both sides that a worker holds at a time
GROUP_BYTES = 64_000_000


@dataclass(frozen=True)
class Column:
    """The type of a column, by the name in schema files and by how it can be compared."""

    type: str
    family: Family


@dataclass(frozen=True)
class Rows:
    """One side, as rows."""

    name: str
    rows: int
    columns: dict[str, Column]
    frame: pl.LazyFrame

    def has_values(self, column: str) -> bool:
        """Return whether any row has a value in a column."""
        return bool(self.frame.select(pl.col(column).count() > 0).collect().item())


@dataclass(frozen=True)
class Described:
    """One side, as a profile."""

    name: str
    rows: int
    columns: dict[str, Column]
    profile: Profile

    def has_values(self, column: str) -> bool:
        """Return whether any row has a value in a column."""
        return self.profile.columns[column].count > 0


Side = Rows | Described


def open_rows(source: Any, nulls: Sequence[str] = ()) -> Rows:
    """Return a source as a side; only a Parquet file is not read at once.

    Raises
    ------
    SourceError
        If it cannot be read or has no rows.
    """
    name = source_name(source)
    frame, odd = describable(source, nulls=nulls)
    columns = {
        column: Column(odd[column].type, "other")
        if column in odd
        else Column(type_name(kind), _family(kind))
        for column, kind in frame.collect_schema().items()
    }
    if not is_columnar(source):
        frame = collect(frame, name).lazy()
    rows = int(collect(frame.select(pl.len()), name).item())
    _require_rows(name, rows)
    return Rows(name, rows, columns, frame)


def open_profile(profile: Profile) -> Described:
    """Return a profile as a side."""
    _require_rows(profile.source, profile.rows)
    columns = {name: Column(own.type, _described(own)) for name, own in profile.columns.items()}
    return Described(profile.source, profile.rows, columns, profile)


def structure(
    reference: Side, current: Side, dating: Collection[str]
) -> tuple[list[Finding], dict[str, Family], dict[str, str]]:
    """Return findings on the set of columns, those to compare and as what, and those not."""
    found: list[Finding] = []
    shared: dict[str, Family] = {}
    skipped: dict[str, str] = {}
    for name in dict.fromkeys([*reference.columns, *current.columns]):
        old, new = reference.columns.get(name), current.columns.get(name)
        if new is None:
            found.append(Finding.of_schema(name, "is gone"))
        elif old is None:
            found.append(Finding.of_schema(name, "is new"))
        elif name in dating:
            skipped[name] = "it dates the rows"
        elif old.family == new.family or not current.has_values(name):
            shared[name] = old.family
        elif not reference.has_values(name):
            shared[name] = new.family
        else:
            found.append(Finding.of_schema(name, f"was {old.type} and is {new.type}"))
    return found, shared, skipped


def by_column(
    reference: Rows,
    current: Rows,
    columns: Sequence[str],
    ask: Callable[[pl.Series, pl.Series], Answer],
) -> Iterator[tuple[str, Answer]]:
    """Return what `ask` says of both sides of each column, in order, on all cores."""
    per_column = 8 * (reference.rows + current.rows)
    workers = max(2, pl.thread_pool_size())
    groups = _groups(columns, max(1, GROUP_BYTES // per_column), workers)

    def read(group: Sequence[str]) -> list[tuple[str, Answer]]:
        old = collect(reference.frame.select(group), reference.name)
        new = collect(current.frame.select(group), current.name)
        return [(name, ask(old[name], new[name])) for name in group]

    with ThreadPoolExecutor(workers) as pool:
        for answers in pool.map(read, groups):
            yield from answers


def _groups(columns: Sequence[str], most: int, workers: int) -> list[Sequence[str]]:
    """Cut columns into groups of at most `most`, small ones last: all workers end together."""
    groups, start = [], 0
    while start < len(columns):
        size = max(1, min(most, (len(columns) - start) // (2 * workers)))
        groups.append(columns[start : start + size])
        start += size
    return groups


def _require_rows(name: str, rows: int) -> None:
    if rows == 0:
        raise SourceError(
            f"{name}: expected at least one row, got none", hint="Check how it was written."
        )


def _family(kind: pl.DataType) -> Family:
    if kind.is_numeric():
        return "numbers"
    if kind in (pl.String, pl.Boolean):
        return "levels"
    if is_vector(kind):
        return "vector"
    return "time" if kind.is_temporal() else "other"


def _described(column: ColumnProfile) -> Family:
    if column.vector is not None:
        return "vector"
    if column.type.startswith(("Int", "Float")):
        return "numbers"
    if column.type in ("String", "Boolean"):
        return "levels"
    return "time" if column.type in ("Date", "Datetime") else "other"
