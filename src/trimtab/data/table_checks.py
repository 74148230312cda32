"""The checks on a table as a whole: how many rows, how fresh, and whether it reaches another's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from trimtab.core.records import Violation
from trimtab.data.schema import Schema
from trimtab.data.time import offset


@dataclass
class Outcome:
    """What checks found, how many were made, and which were not, with the reason."""

    violations: list[Violation] = field(default_factory=list)
    made: int = 0
    skipped: list[str] = field(default_factory=list)


def table_checks(
    schema: Schema,
    facts: Mapping[str, Any],
    table: str,
    *,
    now: datetime | None,
    others: Mapping[str, pl.Series],
    previous_rows: int | None,
) -> Outcome:
    """Check a table whose `rows`, `time_min` and `time_max` are known."""
    rows: int = facts["rows"]
    found = Outcome()

    def told(check: str, count: int, text: str, *examples: dict[str, Any]) -> None:
        found.violations.append(
            Violation(table, None, check, schema.severity, count, rows, text, tuple(examples))
        )

    if schema.min_rows is not None:
        found.made += 1
        if rows < schema.min_rows:
            told("rows", rows, f"expected at least {schema.min_rows:,} rows, got {rows:,}")
    if schema.max_rows is not None:
        found.made += 1
        if rows > schema.max_rows:
            told("rows", rows, f"expected at most {schema.max_rows:,} rows, got {rows:,}")
    if schema.max_row_change is not None:
        if not previous_rows:
            found.skipped.append("row change: no earlier row count to compare with")
        else:
            found.made += 1
            change = rows / previous_rows - 1
            if abs(change) > schema.max_row_change:
                told(
                    "row change", abs(rows - previous_rows),
                    f"{rows:,} rows where there were {previous_rows:,} ({change:+.1%}), expected "
                    f"a change of at most {schema.max_row_change:.1%}",
                )  # fmt: skip
    _check_age(schema, facts, now, found, told)
    _check_reach(schema, facts, others, found, told)
    return found


def _check_age(
    schema: Schema, facts: Mapping[str, Any], now: datetime | None, found: Outcome, told: Any
) -> None:
    newest: datetime | None = facts.get("time_max")
    if schema.max_age is None:
        return
    if now is None or newest is None:
        missing = "moment to see it from (`now`)" if now is None else "row has an event time"
        found.skipped.append(f"age: no {missing}")
        return
    found.made += 1
    if offset(newest, schema.max_age) < now:
        told(
            "age", facts["rows"],
            f"the newest row is of {newest:%Y-%m-%d %H:%M}, older than {schema.max_age} at "
            f"{now:%Y-%m-%d %H:%M}",
        )  # fmt: skip


def _check_reach(
    schema: Schema,
    facts: Mapping[str, Any],
    others: Mapping[str, pl.Series],
    found: Outcome,
    told: Any,
) -> None:
    newest: datetime | None = facts.get("time_max")
    if schema.covers is None:
        return
    if schema.covers not in others or newest is None:
        whose = "row has an event time" if newest is None else f"event times of `{schema.covers}`"
        found.skipped.append(f"covers: no {whose}")
        return
    found.made += 1
    times = others[schema.covers].drop_nulls()
    beyond = times.filter(times > offset(newest, schema.covers_within))
    if beyond.len():
        told(
            "covers", beyond.len(),
            f"ends on {newest:%Y-%m-%d %H:%M}: {beyond.len():,} of {times.len():,} rows of "
            f"`{schema.covers}` are later than that by more than {schema.covers_within}",
            {"ends": newest, f"{schema.covers} ends": beyond.max()},
        )  # fmt: skip
