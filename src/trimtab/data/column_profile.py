"""What one column holds: what is asked of it, what is kept, and how two kept ones add up."""

import math
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.data.types import TYPES, type_name

QUANTILES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
N_TOP = 64
N_HASHES = 256
_ROWS = "__rows"
_TAILS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005)
# where the quantiles are stored that others are interpolated from
GRID = np.unique(np.concatenate([np.linspace(0, 1, 129), _TAILS, 1 - np.array(_TAILS), QUANTILES]))
Scalar = bool | int | float | str | date | datetime


@dataclass(frozen=True)
class ColumnProfile:
    """What one column holds.

    Attributes
    ----------
    name, type : str
        Name, and type as schema files write it.
    count, nulls : int
        Values that are there, and that are missing.
    nan, infinite, zeros, negative : int
        Of the values of a numeric column; `mean` to `quantiles` leave NaN and infinite ones out.
    mean, std : float or None
        Of a numeric or boolean column; `std` needs two values.
    min, max : scalar or None
        Smallest and largest value.
    quantiles : dict of float to float
        Of a numeric column.
    distinct : int
        How many different values there are.
    top : tuple of (scalar, int)
        The commonest values with their counts, at most 64.
    lengths : tuple of float or None
        Least, mean and greatest number of characters of text.
    notes : tuple of str
        What is odd, and what could not be told.
    """

    name: str
    type: str
    count: int
    nulls: int
    nan: int = 0
    infinite: int = 0
    zeros: int = 0
    negative: int = 0
    mean: float | None = None
    std: float | None = None
    min: Scalar | None = None
    max: Scalar | None = None
    distinct: int = 0
    top: tuple[tuple[Scalar, int], ...] = ()
    lengths: tuple[float, float, float] | None = None
    grid: tuple[float, ...] = ()
    hashes: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def quantiles(self) -> dict[float, float]:
        """Quantiles of a numeric column, by probability."""
        return {p: self.quantile(p) for p in QUANTILES} if self.grid else {}

    @property
    def null_share(self) -> float:
        """Share of rows without a value."""
        return self.nulls / (self.nulls + self.count) if self.nulls + self.count else 0.0

    @property
    def usable(self) -> int:
        """Values that are neither missing, NaN nor infinite."""
        return self.count - self.nan - self.infinite

    def quantile(self, probability: float) -> float:
        """Return a quantile of a numeric column."""
        return float(np.interp(probability, GRID, self.grid))

    def to_dict(self) -> dict[str, Any]:
        """Return all fields."""
        return {**asdict(self), "quantiles": {str(p): x for p, x in self.quantiles.items()}}


def is_described(kind: pl.DataType) -> bool:
    """Return whether more than missing values is told of a type."""
    return not (kind.is_nested() or kind == pl.Binary)


def column_facts(name: str, kind: pl.DataType) -> list[tuple[str, pl.Expr]]:
    """Return what is asked of a column, by name."""
    value = pl.col(name)
    facts = [("nulls", value.null_count())]
    if not is_described(kind):
        return facts
    there = value.drop_nulls()
    # counts come in no order: only inside the list are they one thing to sort
    levels = there.value_counts(name=_ROWS).implode()
    facts.append(("distinct", levels.list.len().first()))
    facts.append(("hashes", there.unique().hash(0).sort().head(N_HASHES).implode()))
    if not kind.is_temporal():
        level = pl.element().struct
        order = [level.field(_ROWS), level.field(name)]
        top = pl.element().sort_by(order, descending=[True, False]).head(N_TOP)
        facts.append(("top", levels.list.eval(top)))
    if kind == pl.String:
        length = value.str.len_chars()
        facts += [("short", length.min()), ("typical", length.mean()), ("long", length.max())]
        number = there.str.strip_chars().cast(pl.Float64, strict=False)
        facts.append(("numbers", number.count()))
    if kind.is_numeric():
        finite = value.filter(value.is_finite()) if kind.is_float() else there
        if kind.is_float():
            facts.append(("nan", value.is_nan().sum()))
            facts.append(("infinite", value.is_infinite().sum()))
        steps = (pl.lit(pl.Series(GRID)) * (finite.len() - 1)).round().cast(pl.Int64)
        facts += [
            ("zeros", (value == 0).sum()), ("negative", (value < 0).sum()),
            ("grid", pl.when(finite.len() > 0)
             .then(finite.sort().gather(steps.clip(0), null_on_oob=True).implode())),
        ]  # fmt: skip
    elif kind == pl.Boolean:
        finite = there.cast(pl.Float64)
    else:
        return [*facts, ("min", value.min()), ("max", value.max())]
    return [
        *facts, ("mean", finite.mean()), ("std", finite.std()),
        ("min", finite.min()), ("max", finite.max()),
    ]  # fmt: skip


def described(name: str, kind: pl.DataType, rows: int, facts: dict[str, Any]) -> ColumnProfile:
    """Return the profile of a column from what was asked of it."""
    nulls = facts["nulls"]
    lengths = None
    if facts.get("typical") is not None:
        lengths = (float(facts["short"]), facts["typical"], float(facts["long"]))
    top = tuple((level[name], level[_ROWS]) for level in facts.get("top") or ())
    return ColumnProfile(
        name=name, type=type_name(kind), count=rows - nulls, nulls=nulls,
        nan=facts.get("nan") or 0, infinite=facts.get("infinite") or 0,
        zeros=facts.get("zeros") or 0, negative=facts.get("negative") or 0,
        mean=facts.get("mean"), std=facts.get("std"),
        min=facts.get("min"), max=facts.get("max"),
        distinct=facts.get("distinct", 0), top=top, lengths=lengths,
        grid=tuple(float(x) for x in facts.get("grid") or ()),
        hashes=tuple(facts.get("hashes") or ()),
        notes=tuple(_notes(kind, rows, facts)),
    )  # fmt: skip


def _notes(kind: pl.DataType, rows: int, facts: dict[str, Any]) -> list[str]:
    notes = []
    there = rows - facts["nulls"]
    if not is_described(kind):
        notes.append(f"{kind}: only missing values are counted")
    elif there == 0:
        notes.append("no value at all: its type and range cannot be told")
    elif rows == 1:
        notes.append("one row: spread, range and levels cannot be told")
    elif facts["distinct"] == 1:
        notes.append("constant")
    numbers = facts.get("numbers") or 0
    if there > numbers >= 0.9 * there:
        notes.append(f"{numbers:,} of {there:,} texts are numbers, the others are not")
    return notes


def merged(a: ColumnProfile, b: ColumnProfile) -> ColumnProfile:
    """Return the profile of the values of both."""
    if a.type != b.type:
        raise SchemaError(
            f"expected `{a.name}` to have one type, got {a.type} and {b.type}",
            hint="Profile both sides with the same types.",
        )
    mean, std = _moments(a, b)
    counts: Counter[Scalar] = Counter(dict(a.top))
    counts.update(dict(b.top))
    top = sorted(counts.items(), key=lambda level: (-level[1], str(level[0])))
    whole = a.distinct == len(a.top) and b.distinct == len(b.top)
    hashes = tuple(sorted({*a.hashes, *b.hashes})[:N_HASHES])
    lows = [x for x in (a.min, b.min) if x is not None]
    highs = [x for x in (a.max, b.max) if x is not None]
    return ColumnProfile(
        name=a.name, type=a.type, count=a.count + b.count, nulls=a.nulls + b.nulls,
        nan=a.nan + b.nan, infinite=a.infinite + b.infinite, zeros=a.zeros + b.zeros,
        negative=a.negative + b.negative, mean=mean, std=std,
        min=min(lows, default=None),
        max=max(highs, default=None),
        distinct=len(counts) if whole else max(a.distinct, b.distinct, _estimated(hashes)),
        top=tuple(top[:N_TOP]), lengths=_lengths(a, b), grid=_grid(a, b), hashes=hashes,
    )  # fmt: skip


def _moments(a: ColumnProfile, b: ColumnProfile) -> tuple[float | None, float | None]:
    if a.mean is None or b.mean is None:
        only = a if b.mean is None else b
        return only.mean, only.std
    n, gap = a.usable + b.usable, b.mean - a.mean
    squares = (a.std or 0) ** 2 * (a.usable - 1) + (b.std or 0) ** 2 * (b.usable - 1)
    squares += gap**2 * a.usable * b.usable / n
    return a.mean + gap * b.usable / n, math.sqrt(squares / (n - 1))


def _lengths(a: ColumnProfile, b: ColumnProfile) -> tuple[float, float, float] | None:
    if a.lengths is None or b.lengths is None:
        return a.lengths or b.lengths
    mean = (a.lengths[1] * a.count + b.lengths[1] * b.count) / (a.count + b.count)
    return min(a.lengths[0], b.lengths[0]), mean, max(a.lengths[2], b.lengths[2])


def _grid(a: ColumnProfile, b: ColumnProfile) -> tuple[float, ...]:
    """Return the quantiles of the mixture: distribution functions add up, quantiles do not."""
    if not a.grid or not b.grid:
        return a.grid or b.grid
    points = np.unique([*a.grid, *b.grid])
    share = a.usable / (a.usable + b.usable)
    mixed = share * _cdf(a, points) + (1 - share) * _cdf(b, points)
    spots = np.searchsorted(mixed, GRID - 1e-12).clip(0, len(points) - 1)
    return tuple(float(x) for x in points[spots])


def _cdf(column: ColumnProfile, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    last = np.searchsorted(column.grid, points, side="right") - 1
    return np.where(last < 0, 0.0, GRID[last.clip(0)])


def _estimated(hashes: tuple[int, ...]) -> int:
    """Return how many values there are if these are the smallest of their 64-bit hashes."""
    if len(hashes) < N_HASHES:
        return len(hashes)
    return round((N_HASHES - 1) / (hashes[-1] / 2**64))


def from_json(values: dict[str, Any]) -> ColumnProfile:
    """Return a column's profile from what `to_dict` and JSON made of it."""
    kind = TYPES[values["type"]]

    def back(value: Any) -> Any:
        if value is None or not kind.is_temporal():
            return value
        return date.fromisoformat(value) if kind == pl.Date else datetime.fromisoformat(value)

    fields = {key: value for key, value in values.items() if key != "quantiles"}
    fields["min"], fields["max"] = back(fields["min"]), back(fields["max"])
    fields["top"] = tuple((value, count) for value, count in fields["top"])
    for key in ("lengths", "grid", "hashes", "notes"):
        fields[key] = None if fields[key] is None else tuple(fields[key])
    return ColumnProfile(**fields)
