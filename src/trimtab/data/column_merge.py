"""How the descriptions of two parts of a column add up to that of both."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.data.column_notes import merged_notes
from trimtab.data.column_profile import (
    N_LEVELS,
    N_TOP,
    ColumnProfile,
    Order,
    Scalar,
    as_number,
    is_finite,
)
from trimtab.stats.cells import N_CELLS
from trimtab.stats.distinct import (
    N_HASHES,
    HashArray,
    estimated_distinct,
    merged_hashes,
    relative_error,
    shortened,
    smallest_hashes,
)


def merged(a: ColumnProfile, b: ColumnProfile) -> ColumnProfile:
    """Return the profile of the values of `a` and, after them, of `b`."""
    if a.type != b.type:
        raise SchemaError(
            f"expected `{a.name}` to have one type, got {a.type} and {b.type}",
            hint="Profile both sides with the same types.",
        )
    if a.count == 0 or b.count == 0:
        full, empty = (a, b) if b.count == 0 else (b, a)
        return merged_notes(replace(full, nulls=full.nulls + empty.nulls), a, b)
    moments = a.moments.merged(b.moments) if a.moments and b.moments else None
    histogram = None
    if a.histogram is not None and b.histogram is not None:
        histogram = a.histogram.merged(b.histogram).reduced(N_CELLS)
    lows = [x for x in (a.min, b.min) if x is not None]
    highs = [x for x in (a.max, b.max) if x is not None]
    count = a.count + b.count
    made = ColumnProfile(
        name=a.name, type=a.type, count=count, nulls=a.nulls + b.nulls, nan=a.nan + b.nan,
        infinite=a.infinite + b.infinite, zeros=a.zeros + b.zeros,
        negative=a.negative + b.negative,
        min=min(lows, default=None), max=max(highs, default=None),
        lengths=_lengths(a, b), classes=_classes(a, b), increasing=_increasing(a, b),
        moments=moments, histogram=histogram,
        vector=a.vector.merged(b.vector) if a.vector and b.vector else None,
    )  # fmt: skip
    return merged_notes(with_levels(made, *_summed_levels(a, b), hashes=_hashes(a, b)), a, b)


def with_levels(
    column: ColumnProfile,
    levels: Sequence[tuple[Scalar, int]],
    complete: bool,
    error: int,
    *,
    hashes: HashArray | None,
) -> ColumnProfile:
    """Return the column with its commonest levels and the number of different ones.

    `levels` come commonest first; `hashes` may be None if they are complete.
    """
    kept = tuple(levels)
    if complete and len(kept) <= N_LEVELS:
        return replace(column, top=kept, top_complete=True, distinct=len(kept))
    if complete and hashes is None:
        hashes = level_hashes([value for value, _ in kept])
    distinct, distinct_error = float(len(kept)), 0.0
    if not complete:
        if column.increasing == "strictly":
            distinct = column.count
        elif hashes is not None:
            distinct = max(estimated_distinct(hashes), len(kept))
            distinct_error = relative_error() if hashes.size >= N_HASHES else 0.0
    cut = kept[N_TOP][1] if len(kept) > N_TOP else 0
    return replace(
        column, top=kept[:N_TOP], top_error=error + cut, distinct=round(distinct),
        distinct_error=distinct_error, hashes=None if hashes is None else tuple(hashes.tolist()),
    )  # fmt: skip


def level_hashes(values: Sequence[Any]) -> HashArray | None:
    """Return the smallest hashes of different values; None for what has none."""
    if not values or isinstance(values[0], bool):
        return None
    if isinstance(values[0], str):
        return text_hashes(pl.Series(values))
    return smallest_hashes(np.array([as_number(x) for x in values if is_finite(x)]))


def text_hashes(values: pl.Series) -> HashArray:
    """Return the smallest hashes of texts; they are those of one version of polars."""
    return np.unique(shortened(values.hash(0).to_numpy()))[:N_HASHES]


def _hashes(a: ColumnProfile, b: ColumnProfile) -> HashArray | None:
    if a.top_complete and b.top_complete:
        return None
    both = []
    for side in (a, b):
        own = level_hashes([x for x, _ in side.top]) if side.top_complete else None
        if side.hashes is not None:
            own = np.array(side.hashes, np.uint64)
        if own is None:
            return None
        both.append(own)
    return merged_hashes(*both)


def _summed_levels(
    a: ColumnProfile, b: ColumnProfile
) -> tuple[list[tuple[Scalar, int]], bool, int]:
    counts: Counter[Scalar] = Counter(dict(a.top))
    counts.update(dict(b.top))
    levels = sorted(counts.items(), key=lambda level: (-level[1], level[0]))
    return levels, a.top_complete and b.top_complete, a.top_error + b.top_error


def _lengths(a: ColumnProfile, b: ColumnProfile) -> tuple[float, float, float] | None:
    if a.lengths is None or b.lengths is None:
        return a.lengths or b.lengths
    mean = (a.lengths[1] * a.count + b.lengths[1] * b.count) / (a.count + b.count)
    return min(a.lengths[0], b.lengths[0]), mean, max(a.lengths[2], b.lengths[2])


def _classes(a: ColumnProfile, b: ColumnProfile) -> dict[str, float]:
    share = a.count / (a.count + b.count)
    names = dict.fromkeys([*a.classes, *b.classes])
    return {x: share * a.classes.get(x, 0) + (1 - share) * b.classes.get(x, 0) for x in names}


def _increasing(a: ColumnProfile, b: ColumnProfile) -> Order | None:
    if a.increasing is None or b.increasing is None or a.max is None or b.min is None:
        return None
    last, first = as_number(a.max), as_number(b.min)
    if "no" in (a.increasing, b.increasing) or last > first:
        return "no"
    return "strictly" if a.increasing == b.increasing == "strictly" and last < first else "weakly"
