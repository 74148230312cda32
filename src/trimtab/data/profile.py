"""What the columns of a table hold, in one pass; profiles of parts add up to one of the whole.

Counts, moments, ranges and histograms of a merged profile are exactly those of all rows at
once, in whatever order parts are added; only the resolution of histograms may be coarser. Levels
are exact while a column has at most 256 (while one table is read: 65,536); beyond,
`top_error` and `distinct_error` say how far counts may be off.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, SourceError
from trimtab.core.records import jsonable
from trimtab.data.batches import batches
from trimtab.data.column_facts import ColumnFacts
from trimtab.data.column_merge import merged
from trimtab.data.column_profile import ColumnProfile
from trimtab.data.describable import OddColumn, describable
from trimtab.data.groups import Key, grouping, in_order
from trimtab.data.profile_file import FORMAT, is_profile, read, write
from trimtab.data.sources import is_columnar, source_name


@dataclass(frozen=True)
class Profile:
    """What the columns of a table hold.

    Attributes
    ----------
    source : str
        Where the rows came from.
    rows : int
        How many there are.
    columns : dict of str to ColumnProfile
        One description for each column.
    groups : dict of tuple to Profile
        The same for each group of rows: keys are the values of `by`, then the start of the
        window in time. Empty unless asked for.
    """

    source: str
    rows: int
    columns: dict[str, ColumnProfile]
    groups: dict[Key, "Profile"] = field(default_factory=dict)

    def merge(self, other: "Profile") -> "Profile":
        """Return the profile of both sets of rows together, groups with groups.

        Raises
        ------
        SchemaError
            If columns or types differ.
        """
        if set(self.columns) != set(other.columns):
            odd = sorted(set(self.columns) ^ set(other.columns))
            raise SchemaError(
                f"expected profiles of the same columns, got a difference in: {', '.join(odd)}",
                hint="Profile the same columns on both sides.",
            )
        both = {name: merged(own, other.columns[name]) for name, own in self.columns.items()}
        groups = dict(self.groups)
        for key, group in other.groups.items():
            groups[key] = groups[key].merge(group) if key in groups else group
        name = self.source if self.source == other.source else f"{self.source}, {other.source}"
        return Profile(name, self.rows + other.rows, both, groups)

    def __add__(self, other: "Profile") -> "Profile":
        return self.merge(other)

    def to_dict(self) -> dict[str, Any]:
        """Return all that a person reads, as plain values."""
        columns = {name: jsonable(column.to_dict()) for name, column in self.columns.items()}
        made = {"format": FORMAT, "source": self.source, "rows": self.rows, "columns": columns}
        if self.groups:
            made["groups"] = [
                {"key": jsonable(list(key)), **group.to_dict()}
                for key, group in self.groups.items()
            ]
        return made

    def save(self, path: Path | str) -> None:
        """Write the profile as a Parquet file, whole or not at all."""
        parts = [(each.rows, each.columns) for each in (self, *self.groups.values())]
        write(Path(path), self.source, parts, list(self.groups))

    @classmethod
    def load(cls, path: Path | str) -> "Profile":
        """Read a profile that `save` wrote.

        Raises
        ------
        SourceError
            If there is no such file, or it is not a profile of this format.
        """
        source, parts, keys = read(Path(path))
        whole, *rest = [cls(source, rows, columns) for rows, columns in parts]
        return replace(whole, groups=dict(zip(keys, rest, strict=True)))

    def _repr_html_(self) -> str:
        from trimtab.data.report import profile_fragment

        return profile_fragment(self)


def profile(
    source: Any,
    *,
    reference: Profile | Path | str | None = None,
    by: str | Sequence[str] | None = None,
    time: str | tuple[str, str] | None = None,
    query: str | None = None,
    nulls: Sequence[str] = (),
) -> Profile:
    """Describe every column of a table, in one pass and in bounded memory.

    Parameters
    ----------
    source : path-like or data frame
        Anything that `read_source` reads (with `query` and `nulls`).
    reference : Profile or path-like, optional
        A profile, or the file of one, that the rows will be compared with: histograms get its
        cells, so that counts can be compared one by one.
    by : str or sequence of str, optional
        Columns whose values make groups, each described as well. Costs about 50 microseconds
        for each column of each group, so not for thousands of groups.
    time : str or (str, str), optional
        Length of windows in time that make groups, such as `1h`, `1d` or `1w`; with the name
        of the column that dates rows if there are several: `("scheduled", "1h")`.

    Returns
    -------
    Profile
        Its columns carry notes on what so few or such values cannot tell.

    Raises
    ------
    SourceError
        If the source cannot be read or has no rows.
    SchemaError
        If a column to group by is not there, or what dates rows cannot be told.

    Examples
    --------
    >>> described = profile(pl.DataFrame({"age": [31, 44, None]}))
    >>> described.rows, described.columns["age"].nulls, described.columns["age"].mean
    (3, 1, 37.5)
    """
    name = source_name(source)
    frame, odd = describable(source, query=query, nulls=nulls)
    kinds = frame.collect_schema()
    by = [by] if isinstance(by, str) else by or ()
    _refuse_odd(by, odd)
    groups = grouping(kinds, by, time)
    if isinstance(reference, (str, Path)):
        reference = Profile.load(reference)
    like = reference.columns if reference is not None else {}
    whole = _Gathered(kinds, like, odd)
    parts: dict[Key, _Gathered] = {}
    # what rows are grouped by has to be there with every column
    for batch in batches(frame, name, by_column=is_columnar(source) and not groups):
        whole.add(batch)
        for key, part in (groups.split(batch) if groups else {}).items():
            if key not in parts:
                parts[key] = _Gathered(kinds, like, odd)
            parts[key].add(part)
    if whole.rows == 0:
        raise SourceError(
            f"{name}: expected at least one row, got none", hint="Check how it was written."
        )
    made = {key: parts[key].profile(name) for key in sorted(parts, key=in_order)}
    return replace(whole.profile(name), groups=made)


def _refuse_odd(by: Sequence[str], odd: Mapping[str, OddColumn]) -> None:
    for name in by:
        if name in odd:
            raise SchemaError(
                f"expected values to group by in `{name}`, got {odd[name].note.split(':')[0]}",
                hint=f"Cast `{name}` to text.", column=name,
            )  # fmt: skip


class _Gathered:
    """Facts of all columns of some rows."""

    def __init__(
        self, kinds: pl.Schema, like: Mapping[str, ColumnProfile], odd: Mapping[str, OddColumn]
    ) -> None:
        self.odd = odd
        self.columns = {
            name: ColumnFacts(name, kind, like=like.get(name)) for name, kind in kinds.items()
        }

    @property
    def rows(self) -> int:
        return max((facts.rows for facts in self.columns.values()), default=0)

    def add(self, part: pl.DataFrame) -> None:
        for values in part:
            # threads would not help: numpy's short calls spend their time waiting for Python
            self.columns[values.name].add(values)

    def profile(self, source: str) -> Profile:
        columns = {name: facts.profile() for name, facts in self.columns.items()}
        for name, odd in self.odd.items():
            columns[name] = replace(columns[name], type=odd.type, notes=(odd.note,))
        return Profile(source, self.rows, columns)


__all__ = ["ColumnProfile", "Profile", "is_profile", "profile"]
