"""The figures of `quality` over the versions of a table, computed once for each version."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trimtab.core.records import DatasetVersion, jsonable
from trimtab.core.store import Store
from trimtab.data.column_profile import Scalar
from trimtab.data.infer import infer_schema
from trimtab.data.profile import profile
from trimtab.data.quality import quality
from trimtab.data.quality_markers import drafted_markers
from trimtab.data.quality_report import QualityReport
from trimtab.data.schema import Schema
from trimtab.data.tables import Tables

_FORMULAS = 1  # raised when figures of today cannot be compared with stored ones


def quality_history(
    tables: Tables,
    table: str,
    schema: Schema | Path | str | None = None,
    *,
    store: Store,
    label: str | None = None,
    time: str | list[str] | None = None,
    key: Sequence[str] | None = None,
    by: Sequence[str] | None = None,
    markers: Mapping[str, Sequence[Scalar]] | None = None,
    max_age: str | None = None,
    max_row_age: str | None = None,
    arrived: str | None = None,
    max_delay: str | None = None,
) -> tuple[QualityReport, ...]:
    """Return the quality of every version of a table, oldest first, held against one schema.

    Each version is seen from the moment it was made, so that timeliness says how old its newest
    row was then. What was computed is kept in the store, under the version, its fingerprint, and
    a hash of the schema and everything else that was asked; asked again, it is read. Files that
    a schema's foreign keys name have no part in that hash.

    Parameters
    ----------
    tables : Tables
        Where the table is.
    table : str
        Its name.
    schema : Schema or path-like, optional
        What all versions are held against. Without one, it is drafted from the first version.
    store : Store
        Where figures are kept, for example `Workspace.store`.
    label, time, key, by, markers, max_age, max_row_age, arrived, max_delay
        See `quality`.

    Returns
    -------
    tuple of QualityReport
        `report.table` is the version's name, such as `flights@3`.

    Raises
    ------
    NotFoundError
        If there is no such table.
    SchemaError
        If the schema cannot be read, or a column named here is not there.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from tempfile import TemporaryDirectory
    >>> import polars as pl
    >>> with TemporaryDirectory() as folder:
    ...     tables, store = Tables(folder), Store(f"sqlite:///{folder}/store.db")
    ...     for day, age in enumerate([31, None]):
    ...         rows = pl.DataFrame({"age": [age, 44 + day]}, schema={"age": pl.Int64})
    ...         _ = tables.ingest("people", rows, at=datetime(2026, 1, 1 + day, tzinfo=UTC))
    ...     reports = quality_history(tables, "people", store=store)
    ...     store.close()
    >>> [(report.table, report.completeness.score) for report in reports]
    [('people@0', 1.0), ('people@1', 0.75)]
    """
    versions = tables.versions(table)
    if isinstance(schema, (Path, str)):
        schema = Schema.load(schema)
    elif schema is None:
        about = profile(versions[0])
        schema = infer_schema(about, time=time, key=key or ())
        markers = {**drafted_markers(about), **(markers or {})}
    asked: dict[str, Any] = {
        "label": label, "time": time, "key": key, "by": by, "markers": markers,
        "max_age": max_age, "max_row_age": max_row_age, "arrived": arrived,
        "max_delay": max_delay,
    }  # fmt: skip
    standard = _standard(schema, asked)
    stored = {
        (row["dataset"], row["fingerprint"]): row["details"]
        for row in store.rows("quality", standard=standard)
    }
    reports = []
    for version in versions:
        name = (version.name, version.fingerprint)
        if name not in stored:
            report = quality(version, schema, now=version.created_at, **asked)
            stored[name] = _kept(store, version, standard, report)
        reports.append(QualityReport.from_dict(stored[name]))
    return tuple(reports)


def _standard(schema: Schema, asked: Mapping[str, object]) -> str:
    """Return a hash of everything that a figure depends on besides the rows."""
    content = json.dumps([_FORMULAS, schema.version, jsonable(dict(asked))], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _kept(
    store: Store, version: DatasetVersion, standard: str, report: QualityReport
) -> dict[str, object]:
    """Write a report to the store, and return it as it is read from there."""
    details = report.to_dict()
    store.add(
        "quality", dataset=version.name, fingerprint=version.fingerprint, standard=standard,
        at=version.created_at, schema_version=report.schema_version, details=details,
        **report.scores,
    )  # fmt: skip
    return details
