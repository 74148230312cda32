"""Counts of reference blocks and of new rows over the same bins: what is asked of a column."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.data.count_drift import LevelTable
from trimtab.data.drift_report import Kind
from trimtab.stats.bins import bin_counts

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
N_LEVELS = 50
N_CUTS = 20


@dataclass(frozen=True)
class Asked:
    """One question: counts of the reference blocks and of the new rows.

    `unit` is what a total variation of 1 between them stands for, None for a share of rows;
    `left_out` what could not be asked of the same column, and why.
    """

    column: str
    kind: Kind
    past: Floats
    now: Floats
    unit: float | None = None
    left_out: str = ""


def questions(old: pl.Series, index: Counts, new: pl.Series) -> list[Asked]:
    """Return what is asked of a column: its values, and what is missing where anything is.

    `index` says which block each row of `old` lies in, from 0.
    """
    numeric = old.dtype.is_numeric()
    cuts = _cuts(old, index, new) if numeric else np.empty(0)
    codes, now, n_bins = _number_bins(old, new, cuts) if numeric else _level_bins(old, new)
    n_blocks = int(index.max()) + 1
    flat = np.bincount(index * n_bins + codes, minlength=n_blocks * n_bins)
    past = flat.reshape(n_blocks, n_bins)
    asked = []
    left_out = ""
    if now[:-1].sum() == 0:
        left_out = "no value now"
    elif (past[:, :-1].sum(axis=1) == 0).any():
        left_out = "values not compared, a reference block has none"
    else:
        unit = None
        past_values, now_values = past[:, :-1].astype(np.float64), now[:-1].astype(np.float64)
        if cuts.size > 1:
            unit = float(cuts[-1] - cuts[0])
            past_values = _by_distance(past_values, cuts)
            now_values = _by_distance(now_values[None], cuts)[0]
        asked.append(Asked(old.name, "distribution", past_values, now_values, unit))
    if past[:, -1].sum() + now[-1]:
        counts = _present(past), _present(now[None])[0]
        asked.append(Asked(old.name, "nulls", *counts, left_out=left_out))
    return asked


def _cuts(old: pl.Series, index: Counts, new: pl.Series) -> Floats:
    """Return where to cut numbers into bins: by rows, and by what is usual in each block.

    The cuts by block (its deciles and median) reach as far as the strangest block, be it an old
    one or the new one, and all blocks have the same part in them.
    """
    values = np.concatenate([_floats(old), _floats(new)])
    of_block = np.concatenate([index, np.full(new.len(), index.max() + 1)])
    finite = np.isfinite(values)
    if not finite.any():
        return np.empty(0)
    usual = (
        pl.DataFrame({"value": values[finite], "block": of_block[finite]})
        .group_by("block")
        .agg(pl.col("value").quantile(p).alias(str(p)) for p in (0.1, 0.5, 0.9))
        .drop("block")
        .to_numpy()
        .ravel()
    )
    levels = np.linspace(0, 1, N_CUTS)
    by_rows = np.quantile(values[finite], levels[1:-1], method="inverted_cdf")
    return np.unique([*by_rows, *np.quantile(usual, levels, method="inverted_cdf")])


def _number_bins(old: pl.Series, new: pl.Series, cuts: Floats) -> tuple[Counts, Counts, int]:
    past, n_bins = _floats(old), cuts.size + 2
    codes = np.searchsorted(cuts, past, side="left")
    codes[np.isnan(past)] = n_bins - 1
    return codes.astype(np.int64), bin_counts(_floats(new), cuts), n_bins


def _present(counts: Counts) -> Floats:
    """Return counts of what is there and of what is missing."""
    return np.column_stack([counts[:, :-1].sum(axis=1), counts[:, -1]]).astype(np.float64)


def _floats(series: pl.Series) -> Floats:
    values: Floats = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.where(np.isfinite(values), values, np.nan)  # infinite ones count as missing


def _by_distance(counts: Floats, cuts: Floats) -> Floats:
    """Return the counts below and above each cut, times the distance to the next.

    Total variation of these is the area between two distribution functions, as a share of the
    range of the cuts: it knows how far one bin is from another.
    """
    below = counts.cumsum(axis=1)[:, : cuts.size - 1]
    above = counts.sum(axis=1, keepdims=True) - below
    return np.hstack([below * np.diff(cuts), above * np.diff(cuts)])


def _level_bins(old: pl.Series, new: pl.Series) -> tuple[Counts, Counts, int]:
    """Bin by the commonest levels of the reference; all others share a bin."""
    counted = LevelTable.of_values(old, new)
    common = counted.commonest(counted.old, N_LEVELS)
    levels = counted.named(common[counted.old[common] > 0])
    numbers = pl.DataFrame(
        {"level": levels, "code": range(len(levels))}, {"level": pl.String, "code": pl.Int64}
    )
    n_bins = len(levels) + 2

    def coded(series: pl.Series) -> Counts:
        text = pl.DataFrame({"level": series.cast(pl.String)})
        joined = text.join(numbers, on="level", how="left", maintain_order="left")
        other = pl.when(pl.col("level").is_null()).then(n_bins - 1).otherwise(n_bins - 2)
        codes = joined.select(pl.col("code").fill_null(other)).to_series()
        return codes.cast(pl.Int64).to_numpy()

    return coded(old), np.bincount(coded(new), minlength=n_bins), n_bins
