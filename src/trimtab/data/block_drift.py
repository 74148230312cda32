"""Tests of columns against reference blocks of the same kind: days against days."""

import math
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from trimtab.core.errors import ConfigError, NotEnoughDataError, SchemaError
from trimtab.data.block_counts import Asked, questions
from trimtab.data.count_drift import LevelTable
from trimtab.data.drift_report import Bins, Finding
from trimtab.data.drift_sides import Rows
from trimtab.data.drift_tests import BLOCKS_APART
from trimtab.data.effect_words import brief
from trimtab.data.row_drift import finite
from trimtab.data.sources import collect
from trimtab.data.time import TimeSpec, time_columns, time_expression
from trimtab.stats.blocks import BlockShift, block_shifts
from trimtab.stats.numbers import compare_numbers

MIN_BLOCKS = 2
BLOCKS = {"hour": "1h", "day": "1d", "week": "1w", "month": "1mo"}


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
) -> tuple[list[Finding], dict[str, str], int]:
    """Return the findings, columns left out and why, and among how many reference blocks.

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
    return *block_findings(kept, starts.drop_nulls(), new, columns, alpha=alpha), count


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
) -> tuple[list[Finding], dict[str, str]]:
    """Return a finding on each column's values, and on what is missing where anything is.

    A column that cannot be compared is left out, and why is told.

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
    left_out = {}
    for name in columns:
        try:
            asked += questions(old[name], index, new[name])
        except Exception as error:  # noqa: BLE001 - one bad column never loses the others
            left_out[name] = f"it could not be compared: {type(error).__name__}: {error}"
    if not asked:
        return [], left_out
    shifts = block_shifts([each.past for each in asked], [each.now for each in asked])
    found = [_finding(each, shift, alpha) for each, shift in zip(asked, shifts, strict=True)]
    return [
        _with_rows(finding, old[finding.column], new[finding.column]) for finding in found
    ], left_out


def is_conclusive(n_blocks: int, alpha: float) -> bool:
    """Return whether so many reference blocks can show drift at level alpha by ranks alone."""
    return (n_blocks + 1) * alpha >= 1


def _finding(asked: Asked, shift: BlockShift, alpha: float) -> Finding:
    what = "share missing" if asked.kind == "nulls" else "values"
    if asked.unit is None:
        far, usual = f"{shift.statistic:.1%} of rows", f"{shift.typical:.1%}"
    else:
        far, usual = (brief(x * asked.unit, 3) for x in (shift.statistic, shift.typical))
    if shift.statistic == 0:
        text = f"`{asked.column}`: {what} as in the rest"
    elif math.isinf(shift.effect):
        text = f"`{asked.column}`: {what} {far} away from the rest, where blocks are all alike"
    else:
        text = (
            f"`{asked.column}`: {what} {brief(shift.effect, 2)} times as far from the rest as a "
            f"block usually is ({far}; usually {usual})"
        )
    if asked.left_out:
        text += f"; {asked.left_out}"
    return Finding(
        asked.column, asked.kind, "block ranks", shift.statistic * (asked.unit or 1.0),
        shift.p_value, shift.family_p_value, shift.effect, BLOCKS_APART,
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
    bins = LevelTable.of_values(old, new).bins()
    return replace(finding, n_reference=old.count(), n_current=new.count(), bins=bins)
