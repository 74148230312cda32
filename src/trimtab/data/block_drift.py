"""Tests of columns against reference blocks of the same kind: days against days."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.data.row_drift import Finding, Kind, level_counts
from trimtab.stats.bins import bin_counts, bin_edges
from trimtab.stats.blocks import BlockShift, block_shifts

Counts = npt.NDArray[np.int64]
N_LEVELS = 50


def block_findings(
    old: pl.DataFrame,
    blocks: pl.Series,
    new: pl.DataFrame,
    columns: Sequence[str],
    *,
    alpha: float,
) -> list[Finding]:
    """Return a finding on each column's values, and on what is missing where anything is.

    P-values are ranks among the reference blocks, corrected for all columns at once: they
    promise `alpha` whatever the columns are, and cannot be small with few blocks.

    Parameters
    ----------
    blocks : polars.Series
        The block that each row of `old` lies in.
    """
    starts = blocks.unique().sort()
    index = blocks.rank("dense").cast(pl.Int64).to_numpy() - 1
    asked: list[tuple[str, Kind, Counts, Counts]] = []
    for name in columns:
        past, now = _histograms(old[name], index, starts.len(), new[name])
        values, new_values = past[:, :-1], now[:-1]
        if (values.sum(axis=1) > 0).all() and new_values.sum():
            if old[name].dtype.is_numeric():
                values, new_values = _cumulated(values), _cumulated(new_values[None])[0]
            asked.append((name, "distribution", values, new_values))
        if past[:, -1].sum() + now[-1]:
            asked.append((name, "nulls", _present(past), _present(now[None])[0]))
    if not asked:
        return []
    shifts = block_shifts([past for *_, past, _ in asked], [now for *_, now in asked])
    return [
        _finding(name, kind, shift, alpha)
        for (name, kind, *_), shift in zip(asked, shifts, strict=True)
    ]


def is_conclusive(n_blocks: int, alpha: float) -> bool:
    """Return whether so many reference blocks can show drift at level alpha by ranks alone."""
    return (n_blocks + 1) * alpha >= 1


def _histograms(
    old: pl.Series, index: npt.NDArray[np.int64], n_blocks: int, new: pl.Series
) -> tuple[Counts, Counts]:
    """Return counts per block and bin, and of the new rows; the last bin is what is missing."""
    if old.dtype.is_numeric():
        codes, now, n_bins = _number_bins(old, new)
    else:
        codes, now, n_bins = _level_bins(old, new)
    flat = np.bincount(index * n_bins + codes, minlength=n_blocks * n_bins)
    return flat.reshape(n_blocks, n_bins), now


def _number_bins(old: pl.Series, new: pl.Series) -> tuple[Counts, Counts, int]:
    past = old.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    edges = bin_edges(past, 10)
    codes = np.searchsorted(edges, past, side="left")
    n_bins = edges.size + 2
    codes[np.isnan(past)] = n_bins - 1
    now = bin_counts(new.cast(pl.Float64).fill_null(float("nan")).to_numpy(), edges)
    return codes.astype(np.int64), now, n_bins


def _level_bins(old: pl.Series, new: pl.Series) -> tuple[Counts, Counts, int]:
    """Bin by the commonest levels of the reference; all others share a bin."""
    levels = level_counts(old, new).filter(pl.col("old") > 0)["level"].head(N_LEVELS)
    numbers = pl.DataFrame({"level": levels, "code": range(levels.len())})
    n_bins = levels.len() + 2

    def coded(series: pl.Series) -> Counts:
        text = pl.DataFrame({"level": series.cast(pl.String)})
        joined = text.join(numbers, on="level", how="left", maintain_order="left")
        other = pl.when(pl.col("level").is_null()).then(n_bins - 1).otherwise(n_bins - 2)
        codes = joined.select(pl.col("code").fill_null(other)).to_series()
        return codes.cast(pl.Int64).to_numpy()

    return coded(old), np.bincount(coded(new), minlength=n_bins), n_bins


def _cumulated(counts: Counts) -> Counts:
    """Return, for each cut between bins, the counts below and above it.

    Total variation of these is the mean gap between two distribution functions: unlike that of
    the bins themselves, it knows that one bin is nearer than another.
    """
    if counts.shape[1] < 2:
        return counts
    below = counts.cumsum(axis=1)
    return np.hstack([below[:, :-1], below[:, -1:] - below[:, :-1]])


def _present(counts: Counts) -> Counts:
    """Return counts of values that are there and that are missing."""
    return np.column_stack([counts[:, :-1].sum(axis=1), counts[:, -1]])


def _finding(name: str, kind: Kind, shift: BlockShift, alpha: float) -> Finding:
    what = "share missing" if kind == "nulls" else "values"
    text = (
        f"`{name}`: {what} {shift.effect:.2g} times as far from the rest as a block usually is "
        f"(gap {shift.statistic:.1%}, usually {shift.typical:.1%})"
    )
    return Finding(
        name, kind, "block ranks", shift.statistic, shift.p_value, shift.family_p_value,
        shift.effect, "ordinary block distances", shift.family_p_value <= alpha, text,
    )  # fmt: skip
