"""Rows held against a schema: all checks of a table in one pass, one more for examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import SourceError
from trimtab.core.records import Record, Violation
from trimtab.data.row_checks import RowCheck, fitted, row_checks
from trimtab.data.schema import Environment, Schema
from trimtab.data.sources import collect, read_source, source_name
from trimtab.data.table_checks import table_violations
from trimtab.data.time import time_columns, time_expression

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class ValidationReport(Record):
    """What became of holding rows against a schema.

    Attributes
    ----------
    violations : tuple of Violation
        *Stop* before *warn*, then by how many rows fail; counts are exact, examples capped.
    checks : int
        How many checks were made.
    """

    table: str
    schema_version: str
    rows: int
    checks: int
    violations: tuple[Violation, ...]

    @property
    def ok(self) -> bool:
        """Whether no *stop* check failed."""
        return all(violation.severity != "stop" for violation in self.violations)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, and `ok`, as plain values."""
        return {"ok": self.ok, **Record.to_dict(self)}


def validate(
    source: Any,
    schema: Schema | Path | str,
    *,
    environment: Environment = "training",
    now: datetime | None = None,
    others: Mapping[str, pl.Series] | None = None,
    table: str | None = None,
    query: str | None = None,
    nulls: Sequence[str] = (),
) -> ValidationReport:
    """Hold rows against a schema.

    Parameters
    ----------
    source : path-like or data frame
        Anything that `read_source` reads (with `query` and `nulls`).
    schema : Schema or path-like
        The schema, or its file.
    environment : {"training", "serving"}
        Columns that the schema does not expect there are not asked for.
    now : datetime, optional
        The moment that `max_age` is seen from; without it, that check is not made.
    others : mapping of str to polars.Series, optional
        Event times of other tables, for `covers`; without them, that check is not made.
    table : str, optional
        Name of the table in the report; the source's name unless given.

    Raises
    ------
    SourceError
        If the source cannot be read or has no rows.
    SchemaError
        If the schema cannot be read.

    Examples
    --------
    >>> from trimtab.data.schema import ColumnSchema, Schema
    >>> schema = Schema(columns={"age": ColumnSchema(type="Int64", max=120)})
    >>> report = validate(pl.DataFrame({"age": [31, 190]}), schema)
    >>> report.ok, report.violations[0].message
    (True, '`age`: 1 of 2 values above 120 (largest 190)')
    """
    wanted = schema if isinstance(schema, Schema) else Schema.load(schema)
    name = table or source_name(source)
    read = read_source(source, query=query, nulls=nulls)
    frame, structure = fitted(read, wanted, environment, name)
    checks = row_checks(wanted, frame.collect_schema(), environment, raw=read.collect_schema())
    facts = _facts(frame, checks, wanted, name)
    rows: int = facts["rows"]
    if rows == 0:
        raise SourceError(
            f"{name}: expected at least one row, got none", hint="Check how it was written."
        )
    failed = [check for check in checks if facts[check.id] > check.allowed * rows]
    examples = _examples(frame, failed, wanted, name)
    found = [*structure, *table_violations(wanted, facts, name, now=now, others=others or {})]
    for check in failed:
        found.append(
            Violation(
                table=name, column=check.column, check=check.check, severity=check.severity,
                count=facts[check.id], rows=rows, examples=examples[check.id],
                message=check.message(facts[check.id], rows, facts.get(f"{check.id}:worst")),
            )
        )  # fmt: skip
    found.sort(key=lambda violation: (violation.severity != "stop", -violation.count))
    count = len(checks) + len(wanted.columns) + 1
    return ValidationReport(name, wanted.version, rows, count, tuple(found))


def _facts(
    frame: pl.LazyFrame, checks: list[RowCheck], schema: Schema, name: str
) -> dict[str, Any]:
    """Compute every number that the checks need, in one pass."""
    asks = [pl.len().alias("rows")]
    for check in checks:
        asks.append(check.fails.sum().alias(check.id))
        if check.worst is not None:
            asks.append(check.worst.alias(f"{check.id}:worst"))
    columns = frame.collect_schema()
    if schema.time is not None and all(n in columns for n in time_columns(schema.time, columns)):
        time = time_expression(schema.time, columns)
        asks += [time.min().alias("time_min"), time.max().alias("time_max")]
    return collect(frame.select(asks), name).row(0, named=True)


def _examples(
    frame: pl.LazyFrame, failed: list[RowCheck], schema: Schema, name: str
) -> dict[str, tuple[dict[str, Any], ...]]:
    """Fetch the first rows behind each failed check, by key, or by row number without one."""
    columns = frame.collect_schema().names()
    key = [column for column in schema.key if column in columns]
    asks = []
    for check in failed:
        shown: list[pl.Expr] = [pl.col(column) for column in key]
        if not key:
            shown = [pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row")]
        if check.column is not None and check.column not in key:
            shown.append(check.shown.alias(check.column))
        rows = pl.struct(shown).filter(check.fails).head(EXAMPLES)
        asks.append(rows.implode().alias(check.id))
    if not asks:
        return {}
    row = collect(frame.select(asks), name).row(0, named=True)
    return {check.id: tuple(row[check.id]) for check in failed}
