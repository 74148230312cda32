"""The checks that a single row can fail, as expressions; and rows made to fit a schema's types."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from trimtab.core.records import Severity, Violation
from trimtab.data.schema import ColumnSchema, Environment, Schema
from trimtab.data.time import time_columns, time_expression
from trimtab.data.types import TYPES, converted, storable, type_name

RAW = "__raw:"  # prefix under which a value is kept as it was before its type was changed


@dataclass(frozen=True, slots=True)
class RowCheck:
    """One check: `fails` is true on the rows that fail it, and never null."""

    column: str | None
    check: str
    severity: Severity
    fails: pl.Expr
    shown: pl.Expr
    text: str
    allowed: float = 0.0
    worst: pl.Expr | None = None
    reject: bool = False

    @property
    def id(self) -> str:
        """Name of the check within its table."""
        return f"{self.check}:{self.column or ''}"

    def message(self, count: int, rows: int, worst: Any = None) -> str:
        """Return the finding as a sentence."""
        subject = f"`{self.column}`" if self.column else "rows"
        told = self.text.format(count=f"{count:,}", rows=f"{rows:,}", share=_share(count / rows))
        return f"{subject}: {told}" + ("" if worst is None else f" ({worst})")


def _share(part: float) -> str:
    """Return a share in percent that is never 0.0% of something that is there."""
    return "under 0.1%" if 0 < part < 0.0005 else f"{part:.1%}"


def fitted(
    frame: pl.LazyFrame, schema: Schema, environment: Environment, table: str
) -> tuple[pl.LazyFrame, list[Violation]]:
    """Return rows in the schema's types, and what is wrong with the set of columns.

    A value that cannot be read as its type is null in the rows returned, and stands beside it
    under the prefix `RAW`.
    """
    frame = frame.with_columns(storable(frame.collect_schema()))
    columns = frame.collect_schema()
    expected = {n: c for n, c in schema.columns.items() if environment in c.environments}
    found = []
    for name in expected:
        if name not in columns:
            text = f"`{name}`: expected a column of type {expected[name].type}, found none"
            found.append(Violation(table, name, "missing column", "stop", 0, 0, text))
    for name in columns.names():
        if name not in schema.columns:
            text = f"`{name}`: a column that the schema does not know ({columns[name]})"
            found.append(Violation(table, name, "unknown column", "warn", 0, 0, text))
    changed = []
    for name, column in expected.items():
        if name in columns and type_name(columns[name]) != column.type:
            changed.append(pl.col(name).alias(RAW + name))
            changed.append(_as_type(name, columns[name], column).alias(name))
    return frame.with_columns(changed), found


def _as_type(name: str, kind: pl.DataType, column: ColumnSchema) -> pl.Expr:
    if column.type == "Nested":
        return pl.lit(None)
    return converted(pl.col(name), kind, TYPES[column.type])


def row_checks(
    schema: Schema, columns: pl.Schema, environment: Environment, *, raw: pl.Schema
) -> list[RowCheck]:
    """Return the checks of all columns that are there (see `fitted`)."""
    checks: list[RowCheck] = []
    for name, column in schema.columns.items():
        if name in columns and environment in column.environments:
            checks += _type_check(name, column, columns, raw)
            checks += _column_checks(name, column, columns[name])
    key = schema.key
    if key and all(name in columns for name in key):
        twice = pl.struct(key).is_duplicated()
        text = "{count} of {rows} share their key (" + ", ".join(key) + ") with another row"
        checks.append(RowCheck(None, "key", "stop", twice, pl.lit(None), text))
    if schema.time is not None and all(n in columns for n in time_columns(schema.time, columns)):
        undated = time_expression(schema.time, columns).is_null()
        text = "{count} of {rows} have no event time that can be read"
        checks.append(RowCheck(None, "time", "stop", undated, pl.lit(None), text))
    return checks


def _type_check(
    name: str, column: ColumnSchema, columns: pl.Schema, raw: pl.Schema
) -> list[RowCheck]:
    if RAW + name not in columns:
        return []
    old = pl.col(RAW + name)
    text = f"{{count}} of {{rows}} values are not of type {column.type} (found {raw[name]})"
    fails = pl.col(name).is_null() & old.is_not_null()
    return [RowCheck(name, "type", "stop", fails, old, text, reject=True)]


def _column_checks(name: str, column: ColumnSchema, kind: pl.DataType) -> list[RowCheck]:
    value = pl.col(name)
    made: list[RowCheck] = []

    def add(check: str, fails: pl.Expr, text: str, **more: Any) -> None:
        made.append(
            RowCheck(name, check, column.severity, fails.fill_null(value=False), value, text,
                     **{"reject": column.reject, **more})
        )  # fmt: skip

    if column.max_null_share < 1:
        absent = value.is_null() | value.is_nan() if kind.is_float() else value.is_null()
        bound = "none" if column.max_null_share == 0 else f"at most {column.max_null_share:.2%}"
        text = f"{{count}} of {{rows}} values missing ({{share}}); {bound} allowed"
        # Where some may be missing, no one row is at fault for it.
        reject = column.reject and column.max_null_share == 0
        add("nulls", absent, text, allowed=column.max_null_share, reject=reject)
    if kind.is_numeric():
        bounded = value.fill_nan(None) if kind.is_float() else value
        if column.min is not None:
            worst = pl.format("smallest {}", bounded.min())
            text = f"{{count}} of {{rows}} values below {column.min:g}"
            add("min", bounded < column.min, text, worst=worst)
        if column.max is not None:
            worst = pl.format("largest {}", bounded.max())
            text = f"{{count}} of {{rows}} values above {column.max:g}"
            add("max", bounded > column.max, text, worst=worst)
    if column.values is not None:
        text = "{count} of {rows} values are none of the " + f"{len(column.values)} known"
        add("values", ~value.is_in(pl.Series(column.values).implode()), text)
    if column.pattern is not None and kind == pl.String:
        text = "{count} of {rows} values do not match the pattern"
        add("pattern", ~value.str.contains(column.pattern), text)
    if column.unique:
        fails = value.is_duplicated() & value.is_not_null()
        add("unique", fails, "{count} of {rows} values are there more than once")
    return made
