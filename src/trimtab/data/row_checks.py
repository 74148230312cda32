"""The checks that a single row can fail; and rows made to fit a schema's types.

What the values of one column may be is in `column_checks`; here are types, keys, times and the
rules between columns, and which of all these can be asked of a table.
"""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from trimtab.core.records import Violation
from trimtab.data.column_checks import RowCheck, column_checks, commonest
from trimtab.data.conditions import columns_read, condition
from trimtab.data.report_words import cut
from trimtab.data.schema import ColumnSchema, Environment, Rule, Schema
from trimtab.data.schema_column import NAIVE, zone_of, zone_words
from trimtab.data.time import time_columns, time_expression
from trimtab.data.types import TYPES, converted, storable, type_name

RAW = "__raw:"  # prefix under which a value is kept as it was before its type was changed
_LONGEST_TYPE = 60
_OFFSET = r"(?i)(Z|[+-]\d{2}:?\d{2})\s*$"


def fitted(
    frame: pl.LazyFrame, schema: Schema, environment: Environment, table: str
) -> tuple[pl.LazyFrame, list[Violation]]:
    """Return rows in the schema's types, and what is wrong with the set of columns.

    A value that cannot be read as its type is null in the rows returned, and stands beside it
    under the prefix `RAW`.
    """
    found = _wrong_zones(frame.collect_schema(), schema, environment, table)
    frame = frame.with_columns(storable(frame.collect_schema()))
    columns = frame.collect_schema()
    expected = {n: c for n, c in schema.columns.items() if environment in c.environments}
    for name, column in expected.items():
        if name not in columns and column.required:
            text = f"`{name}`: expected a column of type {column.type}, found none"
            found.append(Violation(table, name, "missing column", "stop", 0, 0, text))
    for name in columns.names():
        if name not in schema.columns:
            text = f"`{name}`: a column that the schema does not know ({columns[name]})"
            found.append(Violation(table, name, "unknown column", "warn", 0, 0, text))
    changed = []
    for name, column in expected.items():
        if name in columns and type_name(columns[name]) != column.type:
            changed.append(pl.col(name).alias(RAW + name))
            changed.append(converted(pl.col(name), columns[name], TYPES[column.type]).alias(name))
    return frame.with_columns(changed), found


def _wrong_zones(
    columns: pl.Schema, schema: Schema, environment: Environment, table: str
) -> list[Violation]:
    """Return the columns whose times come in another zone than the schema says."""
    found = []
    for name, column in schema.columns.items():
        zone, wanted = zone_of(columns.get(name)), column.time_zone
        if wanted is None or zone is None or environment not in column.environments:
            continue
        if zone != wanted:
            text = (
                f"`{name}`: expected times in the zone {wanted}, got {zone}"
                if NAIVE not in (zone, wanted)
                else f"`{name}`: expected times {zone_words(wanted)}, got times "
                f"{zone_words(zone)}; naive times are read as UTC"
            )
            found.append(Violation(table, name, "time zone", column.severity, 0, 0, text))
    return found


def row_checks(
    schema: Schema, columns: pl.Schema, environment: Environment, *, raw: pl.Schema
) -> list[RowCheck]:
    """Return the checks of all columns that are there (see `fitted`)."""
    checks: list[RowCheck] = []
    for name, column in schema.columns.items():
        if name in columns and environment in column.environments:
            checks += _type_checks(name, column, columns, raw)
            checks += _only_when(column, column_checks(name, column, columns[name]), columns)
    key = schema.key
    if key and all(name in columns for name in key):
        checks.append(_key_check(key))
    if schema.time is not None and all(n in columns for n in time_columns(schema.time, columns)):
        names = time_columns(schema.time, columns)
        undated = time_expression(schema.time, columns).is_null()
        text = "{count} of {rows} have no event time that can be read"
        shown = {name: pl.col(RAW + name if RAW + name in columns else name) for name in names}
        checks.append(RowCheck(None, "time", "stop", undated, shown, text))
    for rule in schema.rules:
        if can_be_asked(rule.conditions, columns):
            checks.append(_rule_check(rule))
    return checks


def row_names(schema: Schema, columns: pl.Schema) -> dict[str, pl.Expr]:
    """Return what names a row in examples: its key as it came, or its number without one."""
    key = [name for name in schema.key if name in columns]
    if not key:
        return {"row": pl.int_range(1, pl.len() + 1, dtype=pl.Int64)}
    return {name: pl.col(RAW + name if RAW + name in columns else name) for name in key}


def can_be_asked(conditions: tuple[str, ...], columns: pl.Schema) -> bool:
    """Return whether all columns that the conditions read are there."""
    return all(name in columns for text in conditions for name in columns_read(text))


def _key_check(key: list[str]) -> RowCheck:
    text = f"{{count}} of {{rows}} share their key ({_plain(', '.join(key))}) with another row"
    one = pl.col(key[0]) if len(key) == 1 else pl.struct(key)
    return RowCheck(
        None, "key", "stop", one.is_duplicated(), {}, text, proof=one.n_unique() == pl.len()
    )


def _rule_check(rule: Rule) -> RowCheck:
    fails = condition(rule.check).not_()
    held = None
    if rule.when is not None:
        there = condition(rule.when).fill_null(value=False)
        fails, held = fails & there, there.sum()
    shown = {name: pl.col(name) for text in rule.conditions for name in columns_read(text)}
    return RowCheck(
        None, f"rule: {rule.name}", rule.severity, fails.fill_null(value=False), shown,
        f"{{count}} of {{rows}} ({{share}}) break the rule `{_plain(rule.name)}`", held=held,
        written=True,
    )  # fmt: skip


def _only_when(
    column: ColumnSchema, checks: list[RowCheck], columns: pl.Schema
) -> Iterator[RowCheck]:
    """Hold checks to the rows in which the column's `when` is true."""
    if column.when is None:
        yield from checks
    elif can_be_asked((column.when,), columns):
        there = condition(column.when).fill_null(value=False)
        shown = {name: pl.col(name) for name in columns_read(column.when)}
        told = _plain(column.when)
        for check in checks:
            # The proofs stay good: what holds of all rows holds of some of them.
            yield replace(
                check, fails=check.fails & there, held=there.sum(), written=True,
                shown={**shown, **check.shown}, text=f"{check.text}, where {told}",
                worst=None,
            )  # fmt: skip


def _type_checks(
    name: str, column: ColumnSchema, columns: pl.Schema, raw: pl.Schema
) -> list[RowCheck]:
    if RAW + name not in columns:
        return []
    old = pl.col(RAW + name)
    fails = pl.col(name).is_null() & old.is_not_null()
    if raw[name] == pl.Binary and column.type == "String":
        text = "{count} of {rows} values are not text in UTF-8"
        shown = {name: old.bin.encode("hex")}
        return [RowCheck(name, "encoding", "stop", fails, shown, text, reject=True)]
    kind = _plain(cut(str(raw[name]), _LONGEST_TYPE))
    text = f"{{count}} of {{rows}} values are not of type {column.type} (found {kind})"
    worst = commonest(old, fails) if raw[name] == pl.String else None
    made = [RowCheck(name, "type", "stop", fails, {name: old}, text, worst=worst, reject=True)]
    if column.time_zone is not None and raw[name] == pl.String:
        made.append(_offset_check(name, column, old))
    return made


def _plain(words: str) -> str:
    """Return words as a message's text takes them: their braces stand for no value."""
    return words.replace("{", "{{").replace("}", "}}")


def _offset_check(name: str, column: ColumnSchema, text: pl.Expr) -> RowCheck:
    """Return the check that times written as text have an offset from UTC, or have none."""
    has = text.str.contains(_OFFSET) & text.str.contains(":")
    naive = column.time_zone == NAIVE
    fails = (has if naive else ~has) & pl.col(name).is_not_null()
    expected = "none (naive)" if naive else "one"
    told = "carry an offset from UTC" if naive else "carry no offset from UTC"
    return RowCheck(
        name, "time zone", column.severity, fails.fill_null(value=False), {name: text},
        f"times as text: {{count}} of {{rows}} {told}, expected {expected}",
    )  # fmt: skip


__all__ = ["RAW", "RowCheck", "can_be_asked", "fitted", "row_checks", "row_names"]
