"""Whether rows are still from where the reference rows came, column by column.

Three things can move in a column, and each is a finding of its own: the distribution of its
values, the share that is missing, and levels that were never seen before. Without `block` rows
count as independent, and with many of them everything is significant: read the effect. With
`block`, the current rows are held against reference blocks of the same kind (weeks against
weeks), so that what ordinary weeks do to all their rows together does not alarm.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from trimtab.core.errors import NotEnoughDataError, SourceError
from trimtab.core.records import jsonable
from trimtab.data.block_drift import block_findings, is_conclusive
from trimtab.data.row_drift import Finding, adjusted, row_findings
from trimtab.data.sources import collect, read_source, source_name
from trimtab.data.time import TimeSpec, time_columns, time_expression
from trimtab.data.types import storable, type_name

MIN_BLOCKS = 2
_WORDS = {"hour": "1h", "day": "1d", "week": "1w", "month": "1mo"}


@dataclass(frozen=True)
class DriftReport:
    """What moved, and by how much.

    Attributes
    ----------
    columns : dict of str to Finding
        For each column the finding that says most, worst first.
    findings : tuple of Finding
        All of them, worst first.
    skipped : dict of str to str
        Columns that were not compared, and why.
    method : str
        What p-values rest on, and how they were corrected for the number of findings.
    conclusive : bool
        False if there were too few reference blocks for any distance to be drift at this alpha:
        then nothing drifted in distribution that could be told.
    """

    reference: str
    current: str
    reference_rows: int
    current_rows: int
    alpha: float
    block: str | None
    method: str
    conclusive: bool
    columns: dict[str, Finding]
    findings: tuple[Finding, ...]
    skipped: dict[str, str]

    @property
    def drifted(self) -> list[str]:
        """Names of the columns that drifted, worst first."""
        return [name for name, finding in self.columns.items() if finding.drifted]

    def to_dict(self) -> dict[str, Any]:
        """Return all fields, and `drifted`, as plain values."""
        return {
            "reference": self.reference, "current": self.current,
            "reference_rows": self.reference_rows, "current_rows": self.current_rows,
            "alpha": self.alpha, "block": self.block, "method": self.method,
            "conclusive": self.conclusive,
            "drifted": self.drifted, "skipped": self.skipped,
            "findings": [jsonable(finding.to_dict()) for finding in self.findings],
        }  # fmt: skip


def drift(
    reference: Any,
    current: Any,
    *,
    block: str | None = None,
    time: TimeSpec | None = None,
    alpha: float = 0.05,
    nulls: Sequence[str] = (),
) -> DriftReport:
    """Compare two sets of rows, column by column.

    Parameters
    ----------
    reference, current : path-like or data frame
        Anything that `read_source` reads.
    block : str, optional
        Length of a block, for example `1d`, `1w` or `week`; needs `time`. The current rows
        should be about one block: of several, their whole is compared with single blocks, which
        alarms less often than it might. A first or last reference block of less than
        half the median block's rows is left out.
    time : str or list of str, optional
        What dates a row (see `time_expression`); not compared itself.
    alpha : float, default=0.05
        Without `block`, the expected share of wrong findings among all findings (Benjamini and
        Hochberg). With `block`, the chance that any column at all is found to have drifted if
        none has; that takes 1 / alpha - 1 reference blocks.

    Raises
    ------
    NotEnoughDataError
        If there are fewer than two reference blocks.
    SourceError
        If a side cannot be read or has no rows.

    Examples
    --------
    >>> ordinary = pl.DataFrame({"size": range(1_000)})
    >>> report = drift(ordinary, ordinary.select(pl.col("size") + 300))
    >>> report.drifted, report.columns["size"].statistic
    (['size'], 0.3)
    """
    if not 0 < alpha < 1:
        raise ValueError(f"expected `alpha` between 0 and 1, got {alpha}")
    if block is not None and time is None:
        raise ValueError("`block` needs `time`: name what dates a row")
    block = _WORDS.get(block, block) if block else None
    old = _rows(reference, nulls)
    new = _rows(current, nulls)
    dating = set(time_columns(time, old.schema))
    schema_findings, shared, skipped = _structure(old, new, dating)
    if block is None:
        findings = adjusted(row_findings(old, new, shared), alpha)
        method, conclusive = "rows taken as independent; Benjamini-Hochberg", True
    else:
        assert time is not None
        starts = _full_blocks(old, time, block)
        kept, count = old.filter(starts.is_not_null()), starts.n_unique() - starts.has_nulls()
        if count < MIN_BLOCKS:
            raise NotEnoughDataError(
                f"expected at least {MIN_BLOCKS} reference blocks of {block}, got {count}",
                hint="Give a longer reference or a shorter `block`.",
            )
        findings = block_findings(kept, starts.drop_nulls(), new, shared, alpha=alpha)
        conclusive = is_conclusive(count, alpha)
        method = f"ranks among {count} reference blocks of {block}, all columns at once"
        if not conclusive:
            method += f"; alpha {alpha:g} needs {math.ceil(1 / alpha) - 1} blocks to find drift"
    every = sorted([*schema_findings, *findings], key=_rank)
    columns: dict[str, Finding] = {}
    for finding in every:
        columns.setdefault(finding.column, finding)
    return DriftReport(
        source_name(reference), source_name(current), old.height, new.height, alpha, block,
        method, conclusive, columns, tuple(every), skipped,
    )  # fmt: skip


def _rows(source: Any, nulls: Sequence[str]) -> pl.DataFrame:
    name = source_name(source)
    frame = read_source(source, nulls=nulls)
    rows = collect(frame.with_columns(storable(frame.collect_schema())), name)
    if rows.height == 0:
        raise SourceError(
            f"{name}: expected at least one row, got none", hint="Check how it was written."
        )
    return rows


def _structure(
    old: pl.DataFrame, new: pl.DataFrame, dating: set[str]
) -> tuple[list[Finding], list[str], dict[str, str]]:
    """Return findings on the set of columns, the columns to compare, and those that are not."""
    found, shared, skipped = [], [], {}
    for name in dict.fromkeys([*old.columns, *new.columns]):
        if name not in new.columns:
            found.append(Finding.of_schema(name, "is gone"))
        elif name not in old.columns:
            found.append(Finding.of_schema(name, "is new"))
        elif _family(old.schema[name]) != _family(new.schema[name]):
            was, now = type_name(old.schema[name]), type_name(new.schema[name])
            if min(old[name].count(), new[name].count()) == 0:
                shared.append(name)
            else:
                found.append(Finding.of_schema(name, f"was {was} and is {now}"))
        elif name in dating:
            skipped[name] = "it dates the rows"
        elif _family(old.schema[name]) == "other":
            skipped[name] = f"{type_name(old.schema[name])} is not compared"
        else:
            shared.append(name)
    return found, shared, skipped


def _family(kind: pl.DataType) -> str:
    if kind.is_numeric():
        return "number"
    return "level" if kind in (pl.String, pl.Boolean) else "other"


def _full_blocks(rows: pl.DataFrame, time: TimeSpec, block: str) -> pl.Series:
    """Return the block of each row; null in a first or last block that is not half full."""
    value = time_expression(time, rows.schema)
    starts = rows.select(value.dt.truncate(block).alias("block")).to_series()
    sizes = starts.drop_nulls().value_counts().sort("block")
    half = sizes["count"].median()
    assert isinstance(half, float) or half is None
    ends = sizes[[0, -1]] if sizes.height > 2 else sizes.clear()
    thin = ends.filter(pl.col("count") < (half or 0) / 2)["block"]
    return starts.set(starts.is_in(thin.implode()), None)


def _rank(finding: Finding) -> tuple[bool, float, float]:
    """Sort what drifted first, then by how sure it is, then by how much."""
    return (
        not finding.drifted,
        -1.0 if finding.adjusted_p is None else finding.adjusted_p,
        -abs(finding.effect_size or 0.0),
    )
