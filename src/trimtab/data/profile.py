"""What the columns of a table hold, in one pass; profiles of parts add up to one of the whole.

Counts, means and deviations of a merged profile are exact. Its quantiles are interpolated
between stored ones, at most 1/128 of the rows apart; `distinct` is exact while every level is
in `top`, else an estimate, off by 6 % as a rule.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, SourceError
from trimtab.core.records import jsonable
from trimtab.data.column_profile import (
    ColumnProfile,
    column_facts,
    described,
    from_json,
    is_described,
    merged,
)
from trimtab.data.sources import collect, read_source, source_name
from trimtab.data.types import storable

FORMAT = 1


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
    """

    source: str
    rows: int
    columns: dict[str, ColumnProfile]

    def merge(self, other: "Profile") -> "Profile":
        """Return the profile of both sets of rows together.

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
        return Profile(f"{self.source}, {other.source}", self.rows + other.rows, both)

    def __add__(self, other: "Profile") -> "Profile":
        return self.merge(other)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as plain values."""
        columns = {name: jsonable(column.to_dict()) for name, column in self.columns.items()}
        return {"format": FORMAT, "source": self.source, "rows": self.rows, "columns": columns}

    def save(self, path: Path | str) -> None:
        """Write the profile as JSON."""
        Path(path).write_text(json.dumps(self.to_dict()), encoding="utf-8")

    @classmethod
    def load(cls, path: Path | str) -> "Profile":
        """Read a profile that `save` wrote."""
        file = Path(path)
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            if values["format"] != FORMAT:
                raise SourceError(
                    f"{file.name}: expected a profile of format {FORMAT}, got {values['format']}",
                    hint="Make the profile again.",
                )
            columns = {name: from_json(column) for name, column in values["columns"].items()}
            return cls(values["source"], values["rows"], columns)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SourceError(
                f"{file}: expected a saved profile, got {error}", hint="Check the path."
            ) from None


def profile(source: Any, *, query: str | None = None, nulls: Sequence[str] = ()) -> Profile:
    """Describe every column of a table.

    Parameters
    ----------
    source : path-like or data frame
        Anything that `read_source` reads (with `query` and `nulls`).

    Returns
    -------
    Profile
        Its columns carry notes on what so few or such values cannot tell.

    Raises
    ------
    SourceError
        If the source cannot be read or has no rows.

    Examples
    --------
    >>> described = profile(pl.DataFrame({"age": [31, 44, None]}))
    >>> described.rows, described.columns["age"].nulls, described.columns["age"].mean
    (3, 1, 37.5)
    """
    name = source_name(source)
    frame = read_source(source, query=query, nulls=nulls)
    frame = frame.with_columns(storable(frame.collect_schema()))
    columns = frame.collect_schema()
    asks = [pl.len().alias("rows")]
    for index, (column, kind) in enumerate(columns.items()):
        asks += [fact.alias(f"{index}:{what}") for what, fact in column_facts(column, kind)]
    facts = collect(frame.select(asks), name).row(0, named=True)
    if facts["rows"] == 0:
        raise SourceError(
            f"{name}: expected at least one row, got none", hint="Check how it was written."
        )
    made = {}
    for index, (column, kind) in enumerate(columns.items()):
        start = f"{index}:"
        own = {key.removeprefix(start): x for key, x in facts.items() if key.startswith(start)}
        made[column] = described(column, kind, facts["rows"], own)
    return Profile(name, facts["rows"], made)


__all__ = ["ColumnProfile", "Profile", "is_described", "profile"]
