"""Which cells hold a value: nulls, NaN, and values that only stand for "missing".

Each cell is judged by itself, so that spoiling one never makes another look better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from trimtab.data.column_profile import ColumnProfile, Scalar
from trimtab.data.profile import Profile
from trimtab.data.quality_faults import Fault, quoted
from trimtab.data.row_checks import RAW
from trimtab.data.schema import ColumnSchema, Schema
from trimtab.data.sources import collect

# texts that say that nothing is known, as they are after blanks are cut off, in lower case
WORDS = frozenset({
    "", "-", "--", "?", "??", ".", "na", "n/a", "#n/a", "n.a.", "nan", "null", "none", "nil",
    "missing", "unknown", "unk", "undefined", "not available", "empty", "blank", "(blank)", "tbd",
})  # fmt: skip
NINES = tuple(10**digits - 1 for digits in range(3, 8))
DATES = (date(1, 1, 1), date(1900, 1, 1), date(9999, 12, 31))
_FIRST_DAY = date(1970, 1, 1)
_MAX_LEVELS = 1_000
_COUNT = "__count"


@dataclass(frozen=True)
class Column:
    """One column of the table: which rows have a value in it.

    Attributes
    ----------
    value : polars.Expr
        The values as they came, before any change of type.
    null, marker : polars.Expr
        True where there is nothing, or something that stands for it; never both, never null.
    words : tuple
        The markers that were found.
    spellings : dict of str to tuple of str
        Levels that differ from another one in blanks and case alone, under the one to keep.
    """

    name: str
    nulls: int
    value: pl.Expr
    null: pl.Expr
    marker: pl.Expr
    words: tuple[Scalar, ...]
    spellings: dict[str, tuple[str, ...]]

    @property
    def missing(self) -> pl.Expr:
        """True where there is no value."""
        return self.null | self.marker


def look(
    frame: pl.LazyFrame,
    schema: Schema,
    names: Sequence[str],
    markers: Mapping[str, Sequence[Scalar]],
    table: str,
) -> dict[str, Column]:
    """Look through columns once for what stands for "missing", and for double spellings.

    Parameters
    ----------
    frame : polars.LazyFrame
        Rows as `row_checks.fitted` returns them.
    names : sequence of str
        The columns of the schema that are there.
    markers : mapping of str to sequence of scalar
        What stands for "missing" in some columns, in place of the usual markers.
    """
    kinds = frame.collect_schema()
    asks = []
    for index, name in enumerate(names):
        raw = _raw(name, kinds)
        asks.append(_null(raw, kinds).sum().alias(f"{index}:nulls"))
        if _has_levels(schema.columns[name], kinds[raw]):
            asks.append(pl.col(raw).drop_nulls().value_counts(name=_COUNT).implode()
                        .alias(f"{index}:levels"))  # fmt: skip
        if kinds[name].is_numeric() or kinds[name].is_temporal():
            value = pl.col(name)
            if kinds[name].is_temporal():
                # as days since 1970: Python has no word for times beyond the year 9999
                value = value.cast(pl.Date).to_physical()
            asks += [value.min().alias(f"{index}:min"), value.max().alias(f"{index}:max")]
    facts = collect(frame.select(asks), table).row(0, named=True) if asks else {}
    found = {}
    for index, name in enumerate(names):
        own = {key: facts.get(f"{index}:{key}") for key in ("nulls", "levels", "min", "max")}
        levels = {level[_raw(name, kinds)]: level[_COUNT] for level in own["levels"] or ()}
        words = _words(schema.columns[name], kinds[name], levels, own, markers.get(name))
        found[name] = _column(
            name, kinds, int(own["nulls"] or 0), levels, words, schema.columns[name]
        )
    return found


def missing_faults(columns: Mapping[str, Column]) -> list[Fault]:
    """Return nulls and markers as faults of completeness, as far as there are any."""
    faults = []
    for name, column in columns.items():
        if column.nulls:
            faults.append(
                Fault("completeness", name, "nulls", name, column.null,
                      f"{quoted(name)}: {{count}} of {{rows}} values missing ({{share}})",
                      f"Fill `{name}` at its source, or leave the column out.")
            )  # fmt: skip
        if column.words:
            told = ", ".join(f"`{word}`" for word in column.words[:3])
            shown = ", ".join(quoted(word) for word in column.words[:3])
            faults.append(
                Fault("completeness", name, "marker", name, column.marker,
                      f"{quoted(name)}: {{count}} of {{rows}} values only stand for a missing one "
                      f"({shown})",
                      f"Read {told} in `{name}` as null, and fill it at its source.",
                      {name: column.value})
            )  # fmt: skip
    return faults


def _raw(name: str, kinds: pl.Schema) -> str:
    """Return the column that holds the values as they came."""
    return RAW + name if RAW + name in kinds else name


def _null(raw: str, kinds: pl.Schema) -> pl.Expr:
    null = pl.col(raw).is_null()
    return null | pl.col(raw).is_nan().fill_null(value=False) if kinds[raw].is_float() else null


def _has_levels(column: ColumnSchema, kind: pl.DataType) -> bool:
    return kind == pl.String and not column.unique


def _words(
    column: ColumnSchema,
    kind: pl.DataType,
    levels: Mapping[str, int],
    own: Mapping[str, Any],
    given: Sequence[Scalar] | None,
) -> tuple[Scalar, ...]:
    """Return what stands for "missing" in a column, as it is written there."""
    if given is not None:
        return tuple(given)
    texts = tuple(sorted(text for text in levels if text.strip().lower() in WORDS))
    low, high = own["min"], own["max"]
    if low is None:
        return texts
    if kind.is_temporal():
        return (*texts, *(day for day in DATES if low <= (day - _FIRST_DAY).days <= high))
    top = column.max if isinstance(column.max, (int, float)) else None
    # -999 is hardly ever measured; 999 may be, unless the schema says that it is too much
    numbers = [-nines for nines in NINES if low <= -nines]
    numbers += [nines for nines in NINES if top is not None and top < nines <= high]
    return (*texts, *numbers)


def _column(
    name: str,
    kinds: pl.Schema,
    nulls: int,
    levels: Mapping[str, int],
    words: tuple[Scalar, ...],
    column: ColumnSchema,
) -> Column:
    raw, value = pl.col(_raw(name, kinds)), pl.col(name)
    null = _null(_raw(name, kinds), kinds)
    marker = pl.lit(value=False)
    texts = [word for word in words if isinstance(word, str)]
    days = [word for word in words if isinstance(word, date)]
    numbers = [word for word in words if isinstance(word, (int, float))]
    if texts and kinds[_raw(name, kinds)] == pl.String:
        marker = marker | raw.is_in(texts)
    if days and kinds[name] in (pl.Date, pl.Datetime):
        marker = marker | value.cast(pl.Date).is_in(days)
    if numbers and kinds[name].is_numeric():
        marker = marker | _is_one_of(value, numbers)
    marker = marker.fill_null(value=False) & ~null
    known = {text: count for text, count in levels.items() if text not in texts}
    return Column(name, nulls, raw, null, marker, words, _spellings(known, column))


def _is_one_of(value: pl.Expr, numbers: Sequence[float]) -> pl.Expr:
    # not is_in: it would need the numbers to fit the column's type
    return pl.any_horizontal(value == number for number in numbers)


def _spellings(levels: Mapping[str, int], column: ColumnSchema) -> dict[str, tuple[str, ...]]:
    """Return the levels that are written in several ways, under the one to keep.

    To keep is the one that the schema names, if it names just one, else the commonest.
    """
    rows = sum(levels.values())
    if not levels or len(levels) > _MAX_LEVELS or rows < 2 * len(levels):
        return {}
    ways: dict[str, list[str]] = {}
    for text in levels:
        ways.setdefault(" ".join(text.split()).casefold(), []).append(text)
    kept = {}
    for texts in ways.values():
        if len(texts) > 1:
            named = [text for text in texts if text in (column.values or ())]
            texts.sort(key=lambda text: (-levels[text], text))
            best = named[0] if len(named) == 1 else texts[0]
            kept[best] = tuple(text for text in texts if text != best)
    return kept


def drafted_markers(about: Profile) -> dict[str, tuple[Scalar, ...]]:
    """Return numbers that stand for "missing", as far as a table by itself shows them.

    A number that many rows share, that is -1, -9, or made of three nines or more, and that is
    alone below zero, or farther from the next number than all others are apart.
    """
    found: dict[str, tuple[Scalar, ...]] = {}
    for name, column in about.columns.items():
        marker = _apart(column)
        if marker is not None:
            found[name] = (marker,)
    return found


def _apart(column: ColumnProfile) -> Scalar | None:
    counts = {value: count for value, count in column.top if not isinstance(value, (bool, str))}
    low, high, n = column.min, column.max, column.usable
    if not isinstance(low, (int, float)) or not isinstance(high, (int, float)):
        return None
    enough = max(5, 0.001 * n)
    if column.distinct < 10:
        return None  # levels, -1 among them, may be codes
    if low in (-1, -9, -99) and counts.get(low, 0) == column.negative >= enough:
        return low
    if high in NINES and counts.get(high, 0) >= enough:
        next_one = column.quantile(max(0.0, 1 - (counts[high] + 1) / n))
        if high - next_one > next_one - low and next_one < high:
            return high
    return None
