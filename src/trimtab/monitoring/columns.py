"""A column folded into blocks: sums and counts that drift is read from, and no rows.

What a column is compared by (cut points, levels, where to clip) is learnt once from the
reference; a window is then folded by the same rules. A numeric column is followed by its mean
and its spread, any other by the shares of its commonest levels.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.bins import bin_edges

MOST_LEVELS = 12
OTHER = "any other level"
CLIP_QUANTILE = 0.001


@dataclass(frozen=True, slots=True)
class Folded:
    """A column over blocks: per block the rows, the nulls, and what is summed over rows.

    `sums` and `squares` have a row for each measure (mean and spread, or the levels), `counts`
    a column for each bin. `fresh` are the rows whose level was never seen in an earlier block,
    `unknown` those whose level is not in the reference: a new level is fresh only once.
    """

    rows: FloatArray
    nulls: FloatArray
    sums: FloatArray
    squares: FloatArray
    counts: FloatArray
    fresh: FloatArray
    unknown: FloatArray

    @property
    def means(self) -> FloatArray:
        """Mean of each measure in each block; NaN in a block without a value."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.sums / self.rows


class Numeric:
    """A numeric column: its mean and how far values lie from the reference's median.

    Values are clipped one whole range of the reference beyond its 0.1 % and 99.9 % quantiles, so
    that one faulty reading (a wind of 1,048 mph) cannot move the mean of a week.
    """

    measures = ("mean", "spread")

    def __init__(self, reference: pl.Series) -> None:
        values = _floats(reference)
        values = values[np.isfinite(values)]
        self.edges = bin_edges(values)
        if values.size:
            low, high = np.quantile(values, [CLIP_QUANTILE, 1 - CLIP_QUANTILE])
            self.middle = float(np.median(values))
        else:
            low = high = self.middle = 0.0
        reach = (high - low) or np.inf  # a constant has no range to clip by
        self.low, self.high = low - reach, high + reach

    def fold(self, values: pl.Series, codes: IntArray, n_blocks: int) -> Folded:
        """Return the column's sums and counts for each of `n_blocks` blocks."""
        raw = _floats(values)
        there = ~np.isnan(raw)
        kept, block = np.clip(raw[there], self.low, self.high), codes[there]
        measured = [kept, np.abs(kept - self.middle)]
        n_bins = self.edges.size + 1
        place = block * n_bins + np.searchsorted(self.edges, raw[there], side="left")
        counts = np.bincount(place, minlength=n_blocks * n_bins).reshape(n_blocks, n_bins)
        rows = _count(block, n_blocks)
        return Folded(
            rows=rows,
            nulls=_count(codes[~there], n_blocks),
            sums=np.array([np.bincount(block, x, n_blocks) for x in measured]),
            squares=np.array([np.bincount(block, x * x, n_blocks) for x in measured]),
            counts=counts.astype(np.float64),
            fresh=np.zeros(n_blocks),
            unknown=np.zeros(n_blocks),
        )


class Levels:
    """A column of names: the shares of its commonest levels, and of levels never seen."""

    def __init__(self, reference: pl.Series) -> None:
        found = _texts(reference).drop_nulls().value_counts(sort=True, name="rows")
        found = found.sort("rows", found.columns[0], descending=[True, False])
        self.known = found[found.columns[0]]
        top = self.known.head(MOST_LEVELS).to_list()
        self.measures = (*top, OTHER)

    def fold(
        self, values: pl.Series, codes: IntArray, n_blocks: int, *, learning: bool = False
    ) -> Folded:
        """Return the counts of levels in each block; `learning` on the reference itself."""
        texts = _texts(values)
        there = texts.is_not_null().to_numpy()
        block = codes[there]
        texts = texts.drop_nulls()
        n_levels = len(self.measures)
        top = dict(zip(self.measures[:-1], range(n_levels - 1), strict=True))
        if top:
            level = texts.replace_strict(top, default=n_levels - 1, return_dtype=pl.Int64)
            place = block * n_levels + level.to_numpy()
        else:
            place = block * n_levels + (n_levels - 1)
        counts = np.bincount(place, minlength=n_blocks * n_levels).reshape(n_blocks, n_levels)
        shares = counts.T.astype(np.float64)
        fresh, unknown = self._new(texts, block, n_blocks, learning=learning)
        return Folded(
            rows=_count(block, n_blocks),
            nulls=_count(codes[~there], n_blocks),
            sums=shares,
            squares=shares,
            counts=counts.astype(np.float64),
            fresh=fresh,
            unknown=unknown,
        )

    def _new(
        self, texts: pl.Series, block: IntArray, n_blocks: int, *, learning: bool
    ) -> tuple[FloatArray, FloatArray]:
        """Count rows whose level is new in their block, and rows whose level is not known."""
        frame = pl.DataFrame({"level": texts, "block": block})
        if not learning:
            frame = frame.filter(~pl.col("level").is_in(self.known.implode()))
        first = frame.filter(pl.col("block").min().over("level") == pl.col("block"))
        unknown = first if learning else frame
        return _count(first["block"].to_numpy(), n_blocks), _count(
            unknown["block"].to_numpy(), n_blocks
        )


def follow(reference: pl.Series) -> Numeric | Levels | None:
    """Return how a column is followed; None for times and nested values, which are not.

    The time of a row always moves on: it would drift in every window.
    """
    kind = reference.dtype
    if kind.is_numeric() or kind == pl.Null:
        return Numeric(reference)
    if kind in (pl.String, pl.Categorical, pl.Enum, pl.Boolean):
        return Levels(reference)
    return None


def _floats(values: pl.Series) -> FloatArray:
    """Return floats with NaN for nulls."""
    floats = values.cast(pl.Float64, strict=False)
    return floats.fill_null(float("nan")).to_numpy()


def _texts(values: pl.Series) -> pl.Series:
    return values.cast(pl.String, strict=False).alias("level")


def _count(codes: IntArray, n_blocks: int) -> FloatArray:
    return np.bincount(codes, minlength=n_blocks).astype(np.float64)
