"""What a dataset version is, from the rows that made it; and read back from its commit."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from trimtab.core.records import DatasetVersion, jsonable
from trimtab.data.fingerprint import chained, content_hash
from trimtab.data.intake import Intake
from trimtab.data.schema import Schema
from trimtab.data.time import ROW_NUMBER, TimeSpec, time_expression

_Range = tuple[datetime | None, datetime | None]


def as_facts(version: DatasetVersion, content: str) -> dict[str, Any]:
    """Return what the commit of a version keeps."""
    return {**jsonable(version.to_dict()), "content": content}


def from_facts(facts: Mapping[str, Any]) -> DatasetVersion:
    """Return the version that a commit made."""
    values = {key: value for key, value in facts.items() if key != "content"}
    for key in ("time_min", "time_max", "created_at"):
        if values[key] is not None:
            values[key] = datetime.fromisoformat(values[key])
    return DatasetVersion(**values)


def appended(
    intake: Intake,
    table: str,
    parent: DatasetVersion | None,
    *,
    source: str,
    query: str | None,
    schema: Schema | None,
    time: TimeSpec | None,
    lineage: Mapping[str, Any] | None,
    at: datetime,
) -> DatasetVersion:
    """Describe the version that adds rows to its parent, or is the first of its table."""
    before = parent.rows if parent else 0
    low, high = _time_range(intake.kept, time, before)
    lows = [t for t in (low, parent.time_min if parent else None) if t is not None]
    highs = [t for t in (high, parent.time_max if parent else None) if t is not None]
    return DatasetVersion(
        table=table,
        version=parent.version + 1 if parent else 0,
        fingerprint=chained(parent.fingerprint if parent else None, content_hash(intake.kept)),
        source=source,
        query=query,
        schema_version=schema.version if schema else None,
        rows=before + intake.kept.height,
        rejected=intake.rejected.height,
        time_min=min(lows, default=None),
        time_max=max(highs, default=None),
        parent=parent.version if parent else None,
        created_at=_utc(at),
        lineage=dict(lineage) if lineage is not None else None,
    )


def replaced(
    rows: pl.DataFrame,
    parent: DatasetVersion,
    *,
    source: str,
    schema: Schema | None,
    time: TimeSpec | None,
    lineage: Mapping[str, Any],
    at: datetime,
) -> DatasetVersion:
    """Describe the version that has `rows` in place of all rows of its parent."""
    whole = (parent.time_min, parent.time_max) if time is None else _time_range(rows, time, 0)
    return DatasetVersion(
        table=parent.table,
        version=parent.version + 1,
        fingerprint=chained(parent.fingerprint, content_hash(rows), change="replace"),
        source=source,
        query=None,
        schema_version=schema.version if schema else None,
        rows=rows.height,
        rejected=0,
        time_min=whole[0],
        time_max=whole[1],
        parent=parent.version,
        created_at=_utc(at),
        change="replace",
        lineage=dict(lineage),
    )


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _time_range(rows: pl.DataFrame, time: TimeSpec | None, before: int) -> _Range:
    if time is None:
        return None, None
    value = time_expression(time, rows.schema)
    low, high = rows.select(value.min().alias("low"), value.max().alias("high")).row(0)
    if time == ROW_NUMBER and ROW_NUMBER not in rows.schema:
        moved = timedelta(minutes=before)
        low, high = low + moved, high + moved
    return low.astimezone(UTC), high.astimezone(UTC)
