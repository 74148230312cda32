"""The checks on a column as a whole: mean, median and quantiles within bounds, decided exactly.

A bound on a quantile needs no sorting: the p-quantile (the smallest value that a share of at
least p of the values does not exceed) is below `greatest` exactly if so many values are, and
not below `least` exactly if fewer than that are smaller. So a verdict costs two counts; the
quantile itself is looked up only to tell by how much a bound is missed.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import polars as pl

from trimtab.core.records import Severity, Violation
from trimtab.data.conditions import condition
from trimtab.data.row_checks import can_be_asked
from trimtab.data.schema import ColumnSchema, Environment, Schema


@dataclass(frozen=True, slots=True)
class DistributionCheck:
    """One bound on a column's distribution; NaN and infinite values have no part in it.

    Attributes
    ----------
    proof : polars.Expr
        True if the bound is kept.
    measured : polars.Expr
        The figure that is bounded; null without values.
    beyond : polars.Expr
        How many values lie on the wrong side.
    written : bool
        Whether a person's condition (`when`) is part of it.
    """

    column: str
    check: str
    severity: Severity
    low: float
    high: float
    proof: pl.Expr
    measured: pl.Expr
    beyond: pl.Expr
    there: pl.Expr
    written: bool

    @property
    def id(self) -> str:
        """Name of the check within its table."""
        return f"{self.check}:{self.column}"

    def first(self) -> pl.Expr:
        """Return what the first pass asks: whether the bound is kept."""
        return self.proof

    def is_settled(self, answer: Any) -> bool:
        """Return whether the first pass shows that the bound is kept."""
        return bool(answer)

    def second(self, key: dict[str, pl.Expr]) -> dict[str, pl.Expr]:
        """Return what the second pass asks, by name; no one row is at fault."""
        return {
            "measured": self.measured, "beyond": self.beyond, "there": self.there,
            "kept": self.proof,
        }  # fmt: skip

    def violation(self, table: str, facts: dict[str, Any]) -> Violation | None:
        """Return the finding from what the second pass answered, or None if it is none."""
        measured, kept = facts["measured"], facts["kept"]
        if facts["there"] == 0:
            return None
        if self.check == "mean":
            # Its proof fails on infinite values, which have no part in the mean itself.
            kept = self.low <= measured <= self.high
        if kept:
            return None
        text = (
            f"`{self.column}`: the {self.check} of {facts['there']:,} values is {measured:.6g}, "
            f"expected {_range(self.low, self.high)}"
        )
        return Violation(
            table, self.column, self.check, self.severity,
            facts["beyond"], facts["there"], text,
        )  # fmt: skip


def _range(low: float, high: float) -> str:
    if low == -float("inf"):
        return f"at most {high:g}"
    return f"at least {low:g}" if high == float("inf") else f"{low:g} to {high:g}"


def distribution_checks(
    schema: Schema, columns: pl.Schema, environment: Environment
) -> list[DistributionCheck]:
    """Return the bounds on the distributions of all columns that are there (see `fitted`)."""
    made: list[DistributionCheck] = []
    for name, column in schema.columns.items():
        kind = columns.get(name)
        if kind is None or environment not in column.environments:
            continue
        if column.when is None or can_be_asked((column.when,), columns):
            made += _of_column(name, column, kind)
    return made


def _of_column(name: str, column: ColumnSchema, kind: pl.DataType) -> list[DistributionCheck]:
    value = pl.col(name)
    if column.when is not None:
        value = pl.when(condition(column.when)).then(value)
    if kind == pl.Boolean:
        value = value.cast(pl.Float64)
    made = []
    if column.mean is not None:
        made.append(_mean(name, column, value, kind))
    bounds = {} if column.median is None else {"median": ("0.5", column.median)}
    bounds |= {f"{p} quantile": (p, bound) for p, bound in column.quantiles.items()}
    for check, (p, bound) in bounds.items():
        made.append(_quantile(name, column, value, kind, check, p, bound))
    return made


def _mean(name: str, column: ColumnSchema, value: pl.Expr, kind: pl.DataType) -> DistributionCheck:
    assert column.mean is not None
    low, high = column.mean
    finite = value.filter(value.is_finite()) if kind.is_float() else value.drop_nulls()
    # A mean over all values is finite only if they all are; so it is the mean that is meant.
    whole = value.mean()
    proof = (whole.is_finite() & whole.is_between(low, high)).fill_null(value=True)
    return DistributionCheck(
        name, "mean", column.severity, low, high, proof, finite.mean(), finite.len(),
        finite.len(), column.when is not None,
    )  # fmt: skip


def _quantile(
    name: str,
    column: ColumnSchema,
    value: pl.Expr,
    kind: pl.DataType,
    check: str,
    p: str,
    bound: tuple[float, float],
) -> DistributionCheck:
    low, high = bound
    share = Fraction(p)  # the share as it is written: 0.07 of 100 values are 7, not 8
    usable = value.is_finite() if kind.is_float() else value.is_not_null()
    there = usable.sum()
    needed = there * share.numerator
    below = (usable & (value < low)).sum()
    within = (usable & (value <= high)).sum()
    beneath = (below > 0) & (below * share.denominator >= needed)
    above = within * share.denominator < needed
    return DistributionCheck(
        name, check, column.severity, low, high,
        proof=(beneath | above).not_(),
        measured=value.filter(usable).quantile(float(share), interpolation="equiprobable"),
        beyond=pl.when(above).then(there - within).otherwise(below),
        there=there, written=column.when is not None,
    )  # fmt: skip
