"""The checks on a table as a whole: how many rows, how fresh, and whether it reaches another's."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from trimtab.core.records import Violation
from trimtab.data.schema import Schema
from trimtab.data.time import offset


def table_violations(
    schema: Schema,
    facts: Mapping[str, Any],
    table: str,
    *,
    now: datetime | None,
    others: Mapping[str, pl.Series],
) -> list[Violation]:
    """Return what is wrong with a table whose `rows`, `time_min` and `time_max` are known."""
    rows: int = facts["rows"]
    newest: datetime | None = facts.get("time_max")
    found: list[Violation] = []

    def add(check: str, count: int, text: str, *examples: dict[str, Any]) -> None:
        found.append(
            Violation(table, None, check, schema.severity, count, rows, text, tuple(examples))
        )

    if schema.min_rows is not None and rows < schema.min_rows:
        add("rows", rows, f"expected at least {schema.min_rows:,} rows, got {rows:,}")
    if schema.max_rows is not None and rows > schema.max_rows:
        add("rows", rows, f"expected at most {schema.max_rows:,} rows, got {rows:,}")
    if newest is None:
        return found
    if schema.max_age is not None and now is not None and offset(newest, schema.max_age) < now:
        add("age", rows, f"the newest row is of {newest:%Y-%m-%d %H:%M}, older than "
            f"{schema.max_age} at {now:%Y-%m-%d %H:%M}")  # fmt: skip
    if schema.covers is not None and schema.covers in others:
        times = others[schema.covers].drop_nulls()
        reach = offset(newest, schema.covers_within)
        beyond = times.filter(times > reach)
        if beyond.len():
            add(
                "covers", beyond.len(),
                f"ends on {newest:%Y-%m-%d %H:%M}: {beyond.len():,} of {times.len():,} rows of "
                f"`{schema.covers}` are later than that by more than {schema.covers_within}",
                {"ends": newest, f"{schema.covers} ends": beyond.max()},
            )  # fmt: skip
    return found
