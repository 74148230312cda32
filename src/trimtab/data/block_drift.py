"""Tests of columns against reference blocks of the same kind: days against days."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.data.row_drift import Finding, Kind, level_counts
from trimtab.stats.bins import bin_counts, bin_edges
from trimtab.stats.blocks import BlockShift, block_shifts
from trimtab.stats.multiplicity import holm

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

    With enough blocks, the family p-values of `block_shifts`, which promise `alpha` without
    any assumption. With fewer than 1 / alpha - 1 these cannot be small enough: then p-values
    extrapolated by a model of the distances, corrected by Holm.

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
        values, missing = slice(0, -1), past[:, -1].sum() + now[-1]
        if past[:, values].sum() and (past[:, values].sum(axis=1) > 0).all() and now[values].sum():
            asked.append((name, "distribution", past[:, values], now[values]))
        if missing:
            asked.append((name, "nulls", _present(past), _present(now[None])[0]))
    if not asked:
        return []
    shifts = block_shifts([past for *_, past, _ in asked], [now for *_, now in asked])
    if is_promised(starts.len(), alpha):
        p_values = [(shift.p_value, shift.family_p_value) for shift in shifts]
    else:
        tails = [shift.tail_p_value for shift in shifts]
        p_values = [(tail, float(p)) for tail, p in zip(tails, holm(tails), strict=True)]
    return [
        _finding(name, kind, shift, p, alpha)
        for (name, kind, *_), shift, p in zip(asked, shifts, p_values, strict=True)
    ]


def is_promised(n_blocks: int, alpha: float) -> bool:
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


def _present(counts: Counts) -> Counts:
    """Return counts of values that are there and that are missing."""
    return np.column_stack([counts[:, :-1].sum(axis=1), counts[:, -1]])


def _finding(
    name: str, kind: Kind, shift: BlockShift, p_values: tuple[float, float], alpha: float
) -> Finding:
    what = "share missing" if kind == "nulls" else "values"
    text = (
        f"`{name}`: {what} {shift.effect:.2g} times as far from the rest as a block usually is "
        f"({shift.statistic:.1%} of rows; usually {shift.typical:.1%})"
    )
    return Finding(
        name, kind, "block total variation", shift.statistic, *p_values, shift.effect,
        "ordinary block distances",        p_values[1] <= alpha, text,
    )  # fmt: skip
