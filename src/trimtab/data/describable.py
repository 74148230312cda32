"""Rows as profiles and comparisons take them: a column of no stored type costs no other one.

Whole numbers beyond 64 bits with a sign (hashes as UInt64), Python objects, and what a data
frame holds of mixed types cannot be stored, and ingest refuses them. Here only their missing
values are counted, and the reason stands beside that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.data.sources import collect, mixed_columns, read_source, source_name
from trimtab.data.types import storable

_LARGEST = 2**63 - 1
_THERE = pl.lit(b"")


@dataclass(frozen=True, slots=True)
class OddColumn:
    """A column that no table can store: its type in words, and what to do about it."""

    type: str
    note: str


def describable(
    source: Any, *, query: str | None = None, nulls: Sequence[str] = ()
) -> tuple[pl.LazyFrame, dict[str, OddColumn]]:
    """Return rows in stored types, and the columns that have none.

    Those are there as bytes that are empty, or missing where the value is.

    Parameters
    ----------
    source : path-like or data frame
        Anything that `read_source` reads (with `query` and `nulls`).

    Returns
    -------
    frame : polars.LazyFrame
        All columns, in their order.
    odd : dict of str to OddColumn
        By name.

    Examples
    --------
    >>> rows = pl.DataFrame({"id": [2**64 - 1, None], "size": [1, 2]}, schema_overrides={
    ...     "id": pl.UInt64})
    >>> frame, odd = describable(rows)
    >>> frame.collect_schema().names(), odd["id"].type
    (['id', 'size'], 'UInt64')
    """
    source, mixed, order = _without_mixed(source)
    frame = read_source(source, query=query, nulls=nulls)
    kinds = frame.collect_schema()
    odd = {name: OddColumn("mixed", _note("values of several types")) for name in mixed}
    made = [pl.when(pl.lit(there)).then(_THERE).alias(name) for name, there in mixed.items()]
    for name in [*_too_large(frame, kinds, source_name(source)), *_unstorable(kinds)]:
        word = str(kinds[name])
        held = f"whole numbers above {_LARGEST:,}" if word == "UInt64" else f"{word} values"
        odd[name] = OddColumn(word, _note(held))
        made.append(pl.when(pl.col(name).is_not_null()).then(_THERE).alias(name))
    stored = storable(pl.Schema({n: kind for n, kind in kinds.items() if n not in odd}))
    return frame.with_columns(stored + made).select(order or kinds.names()), odd


def readable(source: Any) -> Any:
    """Return a pandas table without its columns of mixed types; any other source as it is."""
    return _without_mixed(source)[0]


def _note(held: str) -> str:
    return (
        f"{held}: only missing values are counted; cast it to text if it names things, and to "
        "numbers if it counts them"
    )


def _too_large(frame: pl.LazyFrame, kinds: pl.Schema, name: str) -> list[str]:
    """Return the columns of unsigned numbers that do not fit a signed type of 64 bits."""
    unsigned = [column for column, kind in kinds.items() if kind == pl.UInt64]
    if not unsigned:
        return []
    largest = collect(frame.select(pl.col(unsigned).max()), name).row(0, named=True)
    return [column for column, most in largest.items() if most is not None and most > _LARGEST]


def _unstorable(kinds: pl.Schema) -> list[str]:
    found = []
    for name, kind in kinds.items():
        try:
            storable(pl.Schema({name: kind}))
        except SchemaError:
            found.append(name)
    return found


def _without_mixed(source: Any) -> tuple[Any, dict[str, pl.Series], list[str]]:
    """Return a pandas table without columns of mixed types, where those hold a value, the order.

    Any other source comes back as it is.
    """
    if not type(source).__module__.startswith("pandas") or not hasattr(source, "columns"):
        return source, {}, []
    try:
        read_source(source)
    except SchemaError:
        names = list(map(str, source.columns))
        mixed = mixed_columns(source)
        kept = [place for place, name in enumerate(names) if name not in mixed]
        if not mixed or not kept or len(set(names)) < len(names):
            raise
        there = {
            name: pl.Series(source.iloc[:, names.index(name)].notna().to_numpy()) for name in mixed
        }
        return source.iloc[:, kept], there, names
    return source, {}, []
