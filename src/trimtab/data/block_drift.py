"""Tests of columns against reference blocks of the same kind: days against days."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.core.errors import ConfigError, NotEnoughDataError, SchemaError
from trimtab.data.count_drift import Levels
from trimtab.data.drift_report import Bins, Finding, Kind
from trimtab.data.drift_sides import Rows
from trimtab.data.row_drift import finite
from trimtab.data.sources import collect
from trimtab.data.time import TimeSpec, time_columns, time_expression
from trimtab.stats.bins import bin_counts
from trimtab.stats.blocks import BlockShift, block_shifts
from trimtab.stats.numbers import compare_numbers

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
N_LEVELS = 50
N_CUTS = 20
MIN_BLOCKS = 2
BLOCKS = {"hour": "1h", "day": "1d", "week": "1w", "month": "1mo"}


@dataclass(frozen=True)
class Asked:
    """One question: counts of the reference blocks and of the new rows.

    `unit` is what a total variation of 1 between them stands for, None for a share of rows.
    """

    column: str
    kind: Kind
    past: Floats
    now: Floats
    unit: float | None = None


def only_time(reference: Rows) -> str:
    """Return the one column that can date the rows.

    Raises
    ------
    SchemaError
        If there is none, or several.
    """
    found = [name for name, column in reference.columns.items() if column.family == "time"]
    if len(found) == 1:
        return found[0]
    raise SchemaError(
        f"expected one column of times to cut {reference.name} into blocks by, "
        f"got {', '.join(found) or 'none'}",
        hint="Name what dates a row with `time`.",
    )


def compared_by_block(
    reference: Rows,
    current: Rows,
    columns: Sequence[str],
    *,
    time: TimeSpec,
    block: str,
    alpha: float,
) -> tuple[list[Finding], int]:
    """Return the findings on all columns, and among how many reference blocks.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than two reference blocks.
    """
    needed = list(dict.fromkeys([*columns, *time_columns(time, reference.frame.collect_schema())]))
    old = collect(reference.frame.select(needed), reference.name)
    new = collect(current.frame.select(columns), current.name)
    starts = _full_blocks(old, time, block)
    kept, count = old.filter(starts.is_not_null()), starts.n_unique() - starts.has_nulls()
    if count < MIN_BLOCKS:
        raise NotEnoughDataError(
            f"expected at least {MIN_BLOCKS} reference blocks of {block}, got {count}",
            hint="Give a longer reference or a shorter `block`.",
        )
    return block_findings(kept, starts.drop_nulls(), new, columns, alpha=alpha), count


def _full_blocks(rows: pl.DataFrame, time: TimeSpec, block: str) -> pl.Series:
    """Return the block of each row; null in a first or last block that is not half full."""
    value = time_expression(time, rows.schema)
    try:
        starts = rows.select(value.dt.truncate(block).alias("block")).to_series()
    except pl.exceptions.PolarsError:
        raise ConfigError(
            f"expected a length of time as `block`, got `{block}`",
            hint=f"Use {', '.join(BLOCKS)}, or a duration such as 6h, 1d or 2w.",
        ) from None
    sizes = starts.drop_nulls().value_counts().sort("block")
    half = sizes["count"].median()
    assert isinstance(half, float) or half is None
    ends = sizes[[0, -1]] if sizes.height > 2 else sizes.clear()
    thin = ends.filter(pl.col("count") < (half or 0) / 2)["block"]
    return starts.set(starts.is_in(thin.implode()), None)


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
    promise `alpha` whatever the columns are, and cannot be small with few blocks. Numbers are
    compared by how far values lie apart, levels by how many rows have another one.

    Parameters
    ----------
    blocks : polars.Series
        The block that each row of `old` lies in.
    """
    index = blocks.rank("dense").cast(pl.Int64).to_numpy() - 1
    asked: list[Asked] = []
    for name in columns:
        asked += _asked(old[name], index, new[name])
    if not asked:
        return []
    shifts = block_shifts([each.past for each in asked], [each.now for each in asked])
    found = [_finding(each, shift, alpha) for each, shift in zip(asked, shifts, strict=True)]
    return [_with_rows(finding, old[finding.column], new[finding.column]) for finding in found]


def _asked(old: pl.Series, index: Counts, new: pl.Series) -> list[Asked]:
    numeric = old.dtype.is_numeric()
    cuts = _cuts(old, index, new) if numeric else np.empty(0)
    codes, now, n_bins = _number_bins(old, new, cuts) if numeric else _level_bins(old, new)
    n_blocks = int(index.max()) + 1
    flat = np.bincount(index * n_bins + codes, minlength=n_blocks * n_bins)
    past = flat.reshape(n_blocks, n_bins)
    asked = []
    if (past[:, :-1].sum(axis=1) > 0).all() and now[:-1].sum():
        unit = None
        past_values, now_values = past[:, :-1].astype(np.float64), now[:-1].astype(np.float64)
        if cuts.size > 1:
            unit = float(cuts[-1] - cuts[0])
            past_values = _by_distance(past_values, cuts)
            now_values = _by_distance(now_values[None], cuts)[0]
        asked.append(Asked(old.name, "distribution", past_values, now_values, unit))
    if past[:, -1].sum() + now[-1]:
        asked.append(Asked(old.name, "nulls", _present(past), _present(now[None])[0]))
    return asked


def is_conclusive(n_blocks: int, alpha: float) -> bool:
    """Return whether so many reference blocks can show drift at level alpha by ranks alone."""
    return (n_blocks + 1) * alpha >= 1


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
    return values


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
    counted = Levels.of_values(old, new)
    common = counted.commonest(counted.old, N_LEVELS)
    levels = counted.names.gather(common[counted.old[common] > 0])
    numbers = pl.DataFrame({"level": levels, "code": range(levels.len())})
    n_bins = levels.len() + 2

    def coded(series: pl.Series) -> Counts:
        text = pl.DataFrame({"level": series.cast(pl.String)})
        joined = text.join(numbers, on="level", how="left", maintain_order="left")
        other = pl.when(pl.col("level").is_null()).then(n_bins - 1).otherwise(n_bins - 2)
        codes = joined.select(pl.col("code").fill_null(other)).to_series()
        return codes.cast(pl.Int64).to_numpy()

    return coded(old), np.bincount(coded(new), minlength=n_bins), n_bins


def _finding(asked: Asked, shift: BlockShift, alpha: float) -> Finding:
    what = "share missing" if asked.kind == "nulls" else "values"
    if asked.unit is None:
        far, usual = f"{shift.statistic:.1%} of rows", f"{shift.typical:.1%}"
    else:
        far, usual = f"{shift.statistic * asked.unit:.3g}", f"{shift.typical * asked.unit:.3g}"
    text = (
        f"`{asked.column}`: {what} {shift.effect:.2g} times as far from the rest as a block "
        f"usually is ({far}; usually {usual})"
    )
    return Finding(
        asked.column, asked.kind, "block ranks", shift.statistic * (asked.unit or 1.0),
        shift.p_value, shift.family_p_value, shift.effect, "ordinary block distances",
        shift.family_p_value <= alpha, text,
    )  # fmt: skip


def _with_rows(finding: Finding, old: pl.Series, new: pl.Series) -> Finding:
    """Return a finding with the number of rows behind it and, for values, a picture."""
    if finding.kind == "nulls":
        return replace(finding, n_reference=old.len(), n_current=new.len())
    if old.dtype.is_numeric():
        a, b = finite(old), finite(new)
        facts = compare_numbers(a, b)
        bins = Bins(None, facts.edges, facts.shares_reference, facts.shares_current)
        return replace(finding, n_reference=a.size, n_current=b.size, bins=bins)
    bins = Levels.of_values(old, new).bins()
    return replace(finding, n_reference=old.count(), n_current=new.count(), bins=bins)
