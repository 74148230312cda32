"""Rows held against a schema: all checks of a table in one pass, one more for what failed.

The first pass asks for each check's proof or count, and reads only the columns that a check
needs. The second reads only the columns of checks that are not settled, and tells how many rows
fail and which. Foreign keys and `max_drift` need a pass over their own columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import polars as pl

from trimtab.core.errors import SourceError
from trimtab.core.records import DatasetVersion, Record, Violation
from trimtab.data.distribution_checks import DistributionCheck, distribution_checks
from trimtab.data.foreign_keys import foreign_key_checks
from trimtab.data.reference_checks import drift_checks, load_references
from trimtab.data.row_checks import RowCheck, can_be_asked, fitted, row_checks, row_names
from trimtab.data.schema import Environment, Schema
from trimtab.data.sources import collect, read_source, source_name
from trimtab.data.table_checks import table_checks
from trimtab.data.text import UNREADABLE, first_line
from trimtab.data.time import time_columns, time_expression

Check = RowCheck | DistributionCheck


@dataclass(frozen=True, slots=True)
class ValidationReport(Record):
    """What became of holding rows against a schema.

    Attributes
    ----------
    violations : tuple of Violation
        *Stop* before *warn*, then by how many rows fail; counts are exact, examples capped.
    checks : int
        How many checks were made.
    skipped : tuple of str
        Checks that could not be made, each with the reason.
    """

    table: str
    schema_version: str
    rows: int
    checks: int
    violations: tuple[Violation, ...]
    skipped: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no *stop* check failed."""
        return all(violation.severity != "stop" for violation in self.violations)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, and `ok`, as plain values."""
        return {"ok": self.ok, **Record.to_dict(self)}

    def _repr_html_(self) -> str:
        from trimtab.data.report import validation_fragment

        return validation_fragment(self)


def validate(
    source: Any,
    schema: Schema | Path | str,
    *,
    environment: Environment = "training",
    now: datetime | None = None,
    others: Mapping[str, pl.Series] | None = None,
    tables: Mapping[str, Any] | None = None,
    previous_rows: int | None = None,
    table: str | None = None,
    query: str | None = None,
    nulls: Sequence[str] = (),
) -> ValidationReport:
    """Hold rows against a schema.

    A check that cannot be made (nothing to compare with, a column that is missing) is named in
    `skipped`, and never loses the others.

    Parameters
    ----------
    source : path-like or data frame
        Anything that `read_source` reads (with `query` and `nulls`). Times of a dataset version
        are UTC, whatever zone the schema says that they come in.
    schema : Schema or path-like
        The schema, or its file.
    environment : {"training", "serving"}
        Columns that the schema does not expect there are not asked for.
    now : datetime, optional
        The moment that `max_age` is seen from; without it, that check is not made.
    others : mapping of str to polars.Series, optional
        Event times of other tables, for `covers`; without them, that check is not made.
    tables : mapping of str to source, optional
        Other tables by name, for the foreign keys that name a `table`.
    previous_rows : int, optional
        How many rows there were last time, for `max_row_change`; without it, the rows of the
        table's reference profile.
    table : str, optional
        Name of the table in the report; the source's name unless given.

    Returns
    -------
    ValidationReport
        Every violation with its exact count and the keys of the first rows behind it.

    Raises
    ------
    SourceError
        If the source cannot be read or has no rows.
    SchemaError
        If the schema cannot be read.
    ValueError
        If there is no such environment.

    Examples
    --------
    >>> from trimtab.data.schema import ColumnSchema, Schema
    >>> schema = Schema(columns={"age": ColumnSchema(type="Int64", max=120)})
    >>> report = validate(pl.DataFrame({"age": [31, 190]}), schema)
    >>> report.ok, report.violations[0].message
    (True, '`age`: 1 of 2 values above 120 (largest 190)')
    """
    if environment not in get_args(Environment):
        raise ValueError(f"`training` or `serving` was expected, got {environment!r}")
    given = schema if isinstance(schema, Schema) else Schema.load(schema)
    wanted = given.of_stored() if isinstance(source, DatasetVersion) else given
    name = table or source_name(source)
    read = read_source(source, query=query, nulls=nulls, text=wanted.texts)
    frame, found = fitted(read, wanted, environment, name)
    columns = frame.collect_schema()
    checks: list[Check] = [
        *row_checks(wanted, columns, environment, raw=read.collect_schema()),
        *distribution_checks(wanted, columns, environment),
    ]
    facts, unasked = _first_pass(frame, checks, _table_asks(wanted, columns), name)
    rows: int = facts["rows"]
    if rows == 0:
        raise SourceError(
            f"{name}: expected at least one row, got none", hint="Check how it was written."
        )
    open_checks = [
        check for check in checks if check.id in facts and not check.is_settled(facts[check.id])
    ]
    shown = row_names(wanted, columns)
    found += [*unasked, *_second_pass(frame, open_checks, shown, name)]
    references = load_references(wanted, environment)
    if previous_rows is None and wanted.reference in references:
        previous_rows = references[wanted.reference].rows
    outcomes = [
        table_checks(wanted, facts, name, now=now, others=others or {},
                     previous_rows=previous_rows),
        foreign_key_checks(frame, wanted, name, rows, tables=tables or {}, shown=shown),
        drift_checks(frame, wanted, environment, name, references),
    ]  # fmt: skip
    found += [violation for outcome in outcomes for violation in outcome.violations]
    found.sort(key=lambda violation: (violation.severity != "stop", -violation.count))
    made = len(wanted.columns) + len(checks) + sum(outcome.made for outcome in outcomes)
    skipped = _not_asked(wanted, columns, environment)
    skipped += [reason for outcome in outcomes for reason in outcome.skipped]
    return ValidationReport(name, given.version, rows, made, tuple(found), tuple(skipped))


def _table_asks(schema: Schema, columns: pl.Schema) -> dict[str, pl.Expr]:
    """Return what the checks on the table as a whole need to know."""
    asks = {"rows": pl.len()}
    if schema.time is not None and all(n in columns for n in time_columns(schema.time, columns)):
        time = time_expression(schema.time, columns)
        asks |= {"time_min": time.min(), "time_max": time.max()}
    return asks


def _first_pass(
    frame: pl.LazyFrame, checks: list[Check], asks: dict[str, pl.Expr], name: str
) -> tuple[dict[str, Any], list[Violation]]:
    """Return what each check answers, and what could not be asked of these rows."""
    asks = {**asks, **{check.id: check.first() for check in checks}}
    try:
        return _answers(frame, asks), []
    except UNREADABLE:
        # Either the file is at fault, or a condition that a person wrote: ask those alone.
        written = {check.id for check in checks if check.written}
        plain = {key: ask for key, ask in asks.items() if key not in written}
        facts = collect(frame.select(**plain), name).row(0, named=True)
    unasked = []
    for check in checks:
        if check.id in written:
            try:
                facts |= _answers(frame, {check.id: check.first()})
            except UNREADABLE as error:
                unasked.append(_unreadable(frame, check, name, error))
    return facts, unasked


def _second_pass(
    frame: pl.LazyFrame, checks: list[Check], shown: dict[str, pl.Expr], name: str
) -> list[Violation]:
    """Return the violations of the checks that the first pass left open."""
    asks = [check.second(shown) for check in checks]
    named = {f"{index}:{key}": ask for index, own in enumerate(asks) for key, ask in own.items()}
    if not named:
        return []
    found: list[Violation] = []
    try:
        facts = _answers(frame, named)
    except UNREADABLE as error:
        if len(checks) == 1:
            return [_unreadable(frame, checks[0], name, error)]
        return [item for check in checks for item in _second_pass(frame, [check], shown, name)]
    for index, check in enumerate(checks):
        own = {key: facts[f"{index}:{key}"] for key in asks[index]}
        violation = check.violation(name, own)
        if violation is not None:
            found.append(violation)
    return found


def _answers(frame: pl.LazyFrame, asks: dict[str, pl.Expr]) -> dict[str, Any]:
    return frame.select(**asks).collect().row(0, named=True)


def _unreadable(frame: pl.LazyFrame, check: Check, table: str, error: BaseException) -> Violation:
    """Say that a condition cannot be asked of these rows, unless it is the file that is broken."""
    collect(frame.select(check.first().meta.root_names()), table)
    told = f"`{check.column}`" if check.column else "rows"
    text = f"{told}: `{check.check}` could not be asked of these rows: {first_line(error)}"
    return Violation(table, check.column, check.check, check.severity, 0, 0, text)


def _not_asked(schema: Schema, columns: pl.Schema, environment: Environment) -> list[str]:
    """Return the checks of rows that need a column which is not there."""
    told = [
        f"{word}: no column `{name}`"
        for word, named in (("key", schema.key), ("time", time_columns(schema.time, columns)))
        for name in named
        if name not in columns
    ]
    told += [
        f"rule `{rule.name}`: a column that it reads is not there"
        for rule in schema.rules
        if not can_be_asked(rule.conditions, columns)
    ]
    for name, column in schema.columns.items():
        expected = name in columns and environment in column.environments
        if expected and column.when and not can_be_asked((column.when,), columns):
            told.append(f"`{name}`: a column that its `when` reads is not there")
    return told
