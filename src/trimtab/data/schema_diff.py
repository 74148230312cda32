"""What changed between two schemas or two tables, each change under its own name.

A column that is new, gone, renamed, of another type, time zone or unit is no drift: whoever
writes the data changed how, and a person has to say what is to become of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from trimtab.core.records import Record
from trimtab.data.column_profile import ColumnProfile
from trimtab.data.infer import time_zones
from trimtab.data.profile import Profile, is_profile, profile
from trimtab.data.reference_checks import distance_between
from trimtab.data.scale_change import scale_change
from trimtab.data.schema import Schema
from trimtab.data.schema_column import zone_words
from trimtab.data.schema_demands import changed_demands
from trimtab.data.sources import source_name
from trimtab.data.unit_change import same_rows_factor, times_told, unit_change

ChangeKind = Literal["new", "gone", "renamed", "retyped", "re-united", "changed"]
_ORDER: tuple[ChangeKind, ...] = ("gone", "retyped", "re-united", "renamed", "new", "changed")
_Pair = tuple[str, str, float | None]
_TELLING = 5  # different values, below which two columns are alike by chance
_FEWEST = 50
_MOST_PAIRS = 400  # of columns that may be in another unit too: each takes milliseconds


@dataclass(frozen=True, slots=True)
class SchemaChange(Record):
    """One change.

    Attributes
    ----------
    kind : {"new", "gone", "renamed", "retyped", "re-united", "changed"}
        What happened; *changed* is another demand of the schema.
    column : str or None
        The column, under its new name where it has one; None for the table as a whole.
    was : str or None
        The name it had, if that was another.
    factor : float or None
        The constant that all values were multiplied by, of a *re-united* column.
    offset : float
        What was then added to them: scales of temperature have another zero.
    """

    kind: ChangeKind
    column: str | None
    message: str
    was: str | None = None
    factor: float | None = None
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class SchemaDiff(Record):
    """All changes, those that break most first.

    Attributes
    ----------
    old, new : str
        What was compared: a schema's file, or the source of a table.
    old_version, new_version : str or None
        Versions of the schemas; None where it was a table.
    changes : tuple of SchemaChange
        Empty if there are none.
    """

    old: str
    new: str
    old_version: str | None
    new_version: str | None
    changes: tuple[SchemaChange, ...]

    def _repr_html_(self) -> str:
        from trimtab.data.report import schema_diff_fragment

        return schema_diff_fragment(self)


@dataclass(frozen=True, slots=True)
class _Side:
    """Types by column and zones of times, and what else is known: schema, profile, or both."""

    name: str
    types: dict[str, str]
    zones: dict[str, str]
    schema: Schema | None
    profile: Profile | None

    def about(self, name: str) -> ColumnProfile | None:
        return self.profile.columns.get(name) if self.profile else None


def schema_diff(
    old: Any, new: Any, *, old_profile: Profile | None = None, new_profile: Profile | None = None
) -> SchemaDiff:
    """Compare two schemas, two tables, or a schema with a table.

    Renamed and re-united columns are told by what the columns hold: that takes a profile on
    both sides. A column counts as renamed if it is gone, and one new column, and no other,
    holds the same; in another unit, only where at most 20 came and 20 went. Bounds are compared
    between schemas only: those of tables always differ.

    Parameters
    ----------
    old, new : Schema, Profile, path-like or data frame
        A schema or its file (`.toml`), a saved profile, or anything that `profile` describes.
    old_profile, new_profile : Profile, optional
        What the tables behind two schemas hold.

    Returns
    -------
    SchemaDiff
        Empty `changes` if there are none.

    Raises
    ------
    SchemaError
        If a schema file is wrong.
    SourceError
        If a table cannot be read or has no rows.

    Examples
    --------
    >>> import polars as pl
    >>> old = pl.DataFrame({"age": [x % 97 for x in range(300)], "id": range(300)})
    >>> new = old.select(pl.col("age") * 12, pl.col("id").alias("number"))
    >>> for change in schema_diff(old, new).changes:
    ...     print(change.kind, change.message)
    re-united `age`: all values 12 times what they were
    renamed `id` is now `number`: it holds the same values
    """
    before, after = _side(old, old_profile), _side(new, new_profile)
    changes = [*_structural(before, after)]
    if before.schema is not None and after.schema is not None:
        changes += [
            SchemaChange("changed", column, text)
            for column, text in changed_demands(before.schema, after.schema)
        ]
    changes.sort(key=lambda change: _ORDER.index(change.kind))
    old_version, new_version = (
        side.schema.version if side.schema else None for side in (before, after)
    )
    return SchemaDiff(before.name, after.name, old_version, new_version, tuple(changes))


def _side(source: Any, about: Profile | None) -> _Side:
    name = f"schema {source.version}" if isinstance(source, Schema) else source_name(source)
    if isinstance(source, (str, Path)) and Path(source).suffix.lower() == ".toml":
        source = Schema.load(source)
    if isinstance(source, Schema):
        kinds = {name: column.type for name, column in source.columns.items()}
        zones = {n: c.time_zone for n, c in source.columns.items() if c.time_zone is not None}
        return _Side(name, kinds, zones, source, about)
    if isinstance(source, (str, Path)) and is_profile(source):
        source = Profile.load(source)
    made = source if isinstance(source, Profile) else profile(source)
    name = made.source
    kinds = {name: column.type for name, column in made.columns.items()}
    return _Side(name, kinds, time_zones(source, made), None, made)


def _structural(before: _Side, after: _Side) -> Iterator[SchemaChange]:
    gone = [name for name in before.types if name not in after.types]
    new = [name for name in after.types if name not in before.types]
    for old_name, new_name, factor in _renamed(before, after, gone, new):
        gone.remove(old_name)
        new.remove(new_name)
        if factor is None:
            text = f"`{old_name}` is now `{new_name}`: it holds the same values"
            yield SchemaChange("renamed", new_name, text, was=old_name)
        else:
            times = _times(before.about(old_name), after.about(new_name), factor)
            text = f"`{old_name}` is now `{new_name}`: all values {times} times what they were"
            yield SchemaChange("re-united", new_name, text, was=old_name, factor=factor)
    for name in gone:
        yield SchemaChange("gone", name, f"`{name}` ({before.types[name]}) is gone")
    for name in new:
        yield SchemaChange("new", name, f"`{name}` ({after.types[name]}) is new")
    yield from _changed(before, after)


def _changed(before: _Side, after: _Side) -> Iterator[SchemaChange]:
    for name, kind in before.types.items():
        if name not in after.types:
            continue
        if after.types[name] != kind:
            text = f"`{name}`: {kind} became {after.types[name]}"
            yield SchemaChange("retyped", name, text)
        zones = before.zones.get(name), after.zones.get(name)
        if None not in zones and zones[0] != zones[1]:
            was, now = (zone_words(str(zone)) for zone in zones)
            yield SchemaChange("retyped", name, f"`{name}`: times {was} became times {now}")
        old_column, new_column = before.about(name), after.about(name)
        factor = unit_change(old_column, new_column) if old_column and new_column else None
        if factor is not None:
            times = _times(old_column, new_column, factor)
            text = f"`{name}`: all values {times} times what they were"
            yield SchemaChange("re-united", name, text, factor=factor)
        elif old_column and new_column and (scale := scale_change(old_column, new_column)):
            yield SchemaChange("re-united", name, f"`{name}`: {scale.words}",
                               factor=scale.factor, offset=scale.offset)  # fmt: skip


def _times(old: ColumnProfile | None, new: ColumnProfile | None, factor: float) -> str:
    assert old is not None
    assert new is not None
    return times_told(old, new, factor)


def _renamed(before: _Side, after: _Side, gone: list[str], new: list[str]) -> list[_Pair]:
    """Return pairs that hold the same, perhaps in another unit, and match no one else."""
    same: list[_Pair] = []
    alike: list[_Pair] = []
    in_reach = len(gone) * len(new) <= _MOST_PAIRS
    for old_name in gone:
        for new_name in new:
            old_column, new_column = before.about(old_name), after.about(new_name)
            if old_column is None or new_column is None:
                continue
            if holds_the_same(old_column, new_column):
                sure = _same_values(old_column, new_column)
                (same if sure else alike).append((old_name, new_name, None))
            elif in_reach and (factor := unit_change(old_column, new_column)) is not None:
                if same_rows_factor(old_column, new_column) is not None:
                    same.append((old_name, new_name, factor))
                elif _as_many_values(old_column, new_column):
                    alike.append((old_name, new_name, factor))
    # the very same values go before values that are only distributed alike
    sure_pairs = _alone(same)
    named = {name for pair in sure_pairs for name in pair[:2]}
    return sure_pairs + _alone([pair for pair in alike if not named & set(pair[:2])])


def _alone(pairs: list[_Pair]) -> list[_Pair]:
    """Return the pairs of which neither name is in another one."""
    old_names, new_names = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return [
        pair for pair in pairs
        if old_names.count(pair[0]) == 1 and new_names.count(pair[1]) == 1
    ]  # fmt: skip


def _as_many_values(old: ColumnProfile, new: ColumnProfile) -> bool:
    """Return whether a constant may be all between two columns: it makes no values of few."""
    fewer, more = sorted((old, new), key=lambda column: column.distinct)
    return more.distinct <= 2 * fewer.distinct or 2 * fewer.distinct > fewer.count


def holds_the_same(old: ColumnProfile, new: ColumnProfile) -> bool:
    """Return whether two columns hold the same values, or samples of the same.

    Columns of fewer than five different values, or fifty values, are alike too easily; they
    count only if every level has the very same count.
    """
    if old.type != new.type or not old.count or not new.count:
        return False
    if _same_values(old, new):
        return True
    if min(old.distinct, new.distinct) < _TELLING or min(old.count, new.count) < _FEWEST:
        return False
    noise = 1.36 * np.sqrt(1 / old.count + 1 / new.count)
    if abs(old.null_share - new.null_share) > noise:
        return False
    # Text that hardly repeats has no levels to compare; only the values themselves would tell.
    if old.histogram is None and not (old.top_complete and new.top_complete):
        return False
    if old.histogram is None:
        # half a sum over levels: each adds its own noise
        noise = min(noise + 0.5 * np.sqrt(old.distinct * (1 / old.count + 1 / new.count)), 0.2)
    distance = distance_between(old, new)
    return distance is not None and distance <= noise


def _same_values(old: ColumnProfile, new: ColumnProfile) -> bool:
    """Return whether each value is there as often on both sides, as far as profiles know."""
    if (old.count, old.nulls) != (new.count, new.nulls) or old.distinct <= 1:
        return False
    if old.top_complete and new.top_complete:
        return dict(old.top) == dict(new.top)
    return _same_hashes(old, new)


def _same_hashes(old: ColumnProfile, new: ColumnProfile) -> bool:
    if old.hashes is None or new.hashes is None or not len(old.hashes):
        return False
    return bool(np.array_equal(old.hashes, new.hashes))
