"""The quality of a table as four figures: accuracy, completeness, consistency, timeliness.

Faults are gathered by `quality_rules`, `quality_markers`, `quality_gaps` and `quality_age`,
counted by `quality_faults`, and put together in `quality_scores`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, SourceError, nearest
from trimtab.core.records import DatasetVersion, Violation
from trimtab.data.checks import validate
from trimtab.data.column_profile import Scalar
from trimtab.data.infer import infer_schema
from trimtab.data.profile import profile
from trimtab.data.quality_age import (
    Need,
    age_faults,
    age_part,
    covers_part,
    delay_part,
    newest_asks,
    still_part,
)
from trimtab.data.quality_clock import Clock, dated, grouping, why_not
from trimtab.data.quality_faults import count, examples
from trimtab.data.quality_gaps import find_gaps
from trimtab.data.quality_markers import drafted_markers, look, missing_faults
from trimtab.data.quality_report import Part, QualityReport
from trimtab.data.quality_rules import doubted, label_faults, rule_faults, value_faults
from trimtab.data.quality_scores import (
    COUNTED_BY_NAME,
    Findings,
    accuracy,
    completeness,
    consistency,
    timeliness,
)
from trimtab.data.row_checks import fitted, row_checks, row_names
from trimtab.data.schema import Environment, Schema
from trimtab.data.sources import read_source, source_name
from trimtab.data.time import ROW_NUMBER, time_columns


def quality(
    source: Any,
    schema: Schema | Path | str | None = None,
    *,
    now: datetime | None = None,
    label: str | None = None,
    time: str | list[str] | None = None,
    key: Sequence[str] | None = None,
    by: Sequence[str] | None = None,
    markers: Mapping[str, Sequence[Scalar]] | None = None,
    max_age: str | None = None,
    max_row_age: str | None = None,
    arrived: str | None = None,
    max_delay: str | None = None,
    environment: Environment = "training",
    others: Mapping[str, pl.Series] | None = None,
    tables: Mapping[str, Any] | None = None,
    table: str | None = None,
    query: str | None = None,
    nulls: Sequence[str] = (),
) -> QualityReport:
    """Score a table on accuracy, completeness, consistency and timeliness.

    Each figure is a share, so that 0.9 has a meaning in words:

    - **accuracy**: 90 % of the values that are there are in no doubt, and (with `label`) 90 % of
      the labels are contradicted by no other row; the lower of the two shares. A value is
      doubted if it breaks a check of its own: type, range, levels, pattern, length.
    - **completeness**: 90 % of the cells that should be there hold a value. What should be there
      is every column of the schema in every row, and in the rows that are missing: those of
      hours, days, weeks or months without rows where others have them (see
      `trimtab.data.quality_gaps`), and what the table is short of `min_rows`. A null, a NaN and
      a marker (text such as `N/A`, `?` or `unknown`, -999, 9999 above the schema's `max`) are no
      values.
    - **consistency**: 90 % of the rows break no rule: keys, uniqueness, order in time, rules
      between columns and tables, one spelling of each level.
    - **timeliness**: by each clock the task has at least 90 % of what it needs; the lowest of:
      `max_age` divided by the age of the newest row (at most 1), the share of rows that arrived
      within `max_delay`, the share no older than `max_row_age`, the share of columns that still
      move, and the share of the rows of the table it `covers` that it reaches.

    All cells, rows and columns weigh the same; a cell (row) with two faults counts once.

    Parameters
    ----------
    source : path-like, data frame
        Anything that `read_source` reads (with `query` and `nulls`).
    schema : Schema or path-like, optional
        What the table is held against. Without one, it is drafted from the table itself.
    now : datetime, optional
        The moment the age of rows is seen from; naive ones are taken as UTC.
    label : str, optional
        The column of labels.
    time, key : optional
        What dates a row, and what names it, in place of the schema's.
    by : sequence of str, optional
        Columns whose combinations of levels each have a rhythm in time of their own. The key's
        other columns than those of time unless given; at most 100 combinations are told apart.
    markers : mapping of str to sequence of scalar, optional
        What stands for "missing" in a column, in place of the usual markers; `()`: nothing does.
    max_age, max_row_age : duration, optional
        How old the newest row (in place of the schema's `max_age`), and any row, may be.
    arrived, max_delay : str, duration, optional
        The column with the time of arrival, and how long after the event that may be.
    environment, others, tables, table
        See `validate`.

    Returns
    -------
    QualityReport
        The figures, each with its parts and the rows behind them.

    Raises
    ------
    SourceError
        If the source cannot be read or has no rows.
    SchemaError
        If the schema cannot be read, or a column named here is not there.
    ValueError
        If what should be a duration is none, or `max_delay` stands without `arrived`.

    Notes
    -----
    Held against one schema, a table never scores higher after a good value is replaced by null,
    by a marker or by one that breaks a check. Two parts hold rows against each other, and are
    no promise of that kind: contradicting labels agree again once all of them are wrong, and
    what the commonest spelling is depends on the rows. A schema drafted from the table itself
    moves with it: to compare two tables, hold both against the same schema.

    Figures say nothing of values that are wrong and look right.

    Examples
    --------
    >>> from trimtab.data.schema import ColumnSchema, Schema
    >>> columns = {"age": ColumnSchema(type="Int64", max=120), "town": ColumnSchema(type="String")}
    >>> rows = pl.DataFrame({"age": [31, 190, None, 44], "town": ["Bern", "Bern", "?", "Basel"]})
    >>> report = quality(rows, Schema(columns=columns))
    >>> report.completeness.score, report.completeness.meaning
    (0.75, '6 of 8 cells hold a value')
    >>> report.accuracy.score, report.accuracy.parts[0].examples
    (0.8333333333333334, ({'row': 2, 'age': 190},))
    """
    # what is wrong here is told before anything is read
    need = Need(_utc(now), max_age, max_row_age, arrived, max_delay)
    name = table or source_name(source)
    if isinstance(schema, (str, Path)):
        schema = Schema.load(schema)
    text = schema.texts if schema is not None else ()
    read = read_source(source, query=query, nulls=nulls, text=text)
    there = read.collect_schema()
    named = [*time_columns(time, there), *(key or ()), *(by or ()), *(markers or ())]
    _refuse_unknown(there, name, [label, arrived, *named])
    reviewed, given = _standard(read, name, schema, time, key, markers)
    wanted = reviewed.of_stored() if isinstance(source, DatasetVersion) else reviewed
    need = replace(need, max_age=max_age or wanted.max_age)
    checked = validate(read, wanted, environment=environment, now=need.now, others=others,
                       tables=tables, table=name)  # fmt: skip
    frame, _ = fitted(read, wanted, environment, name)
    kinds = frame.collect_schema()
    names = [
        column
        for column, asked in wanted.columns.items()
        if environment in asked.environments and (asked.required or column in kinds)
    ]
    columns = look(frame, wanted, [n for n in names if n in kinds], given, name)
    frame, clock = dated(frame, wanted, columns, arrived)
    checks = row_checks(wanted, kinds, environment, raw=read.collect_schema())
    failed = [violation for violation in checked.violations if violation.count]
    faults = [
        *value_faults(checks, failed, columns),
        *(label_faults(label, wanted, columns, kinds) if label else []),
        *missing_faults(columns),
        *rule_faults(checks, failed, columns),
        *(age_faults(need, *clock, time_columns(wanted.time, kinds)) if clock else []),
    ]
    counts = count(frame, faults, newest_asks(need, *clock) if clock else [], name)
    met = [fault for fault in faults if counts.of(fault)]
    gaps = None
    if clock is not None and wanted.time != ROW_NUMBER:
        gaps = find_gaps(frame, clock[0], grouping(frame, wanted, by, name), name)
    found = Findings(
        names, columns, faults, counts, examples(frame, met, row_names(wanted, kinds), name),
        checked.violations, gaps, wanted.min_rows or 0,
    )  # fmt: skip
    covers = covers_part(checked.violations, (others or {}).get(wanted.covers or ""))
    measured = _measured(need, frame, clock, found, covers, name)
    return QualityReport(
        table=name, rows=counts.rows, schema_version=reviewed.version, drafted=schema is None,
        accuracy=accuracy(found), completeness=completeness(found),
        consistency=consistency(found),
        timeliness=timeliness(found, measured, why_not(wanted, need, clock)),
        notes=(*_notes(checked.violations, found), *checked.skipped),
    )  # fmt: skip


def _standard(
    read: pl.LazyFrame,
    name: str,
    schema: Schema | None,
    time: str | list[str] | None,
    key: Sequence[str] | None,
    markers: Mapping[str, Sequence[Scalar]] | None,
) -> tuple[Schema, dict[str, Sequence[Scalar]]]:
    """Return what the table is held against, and what stands for "missing" in some columns."""
    if schema is None:
        try:
            about = profile(read)
        except SourceError as error:
            # the rows are read once, so the profile knows no more than that they are a frame
            problem = error.problem.replace(source_name(read), name, 1)
            raise SourceError(problem, hint=error.hint) from None
        drafted = infer_schema(about, time=time, key=key or ())
        return drafted, {**drafted_markers(about), **(markers or {})}
    changed = {"time": time, "key": None if key is None else list(key)}
    changed = {name: value for name, value in changed.items() if value is not None}
    return schema.model_copy(update=changed), dict(markers or {})


def _measured(
    need: Need,
    frame: pl.LazyFrame,
    clock: Clock | None,
    found: Findings,
    covers: Part | None,
    name: str,
) -> list[Part]:
    """Return what the clocks say: how old, how late, how far, and what stands still."""
    newest = found.counts.facts.get("newest")
    measured = [age_part(need, newest), delay_part(need, found.counts), covers]
    if clock is not None and newest is not None and need.max_age is not None:
        in_doubt = doubted(found.faults)
        measured.append(
            still_part(frame, clock[0], found.columns, in_doubt, newest, need.max_age, name)
        )
    return [part for part in measured if part is not None]


def _notes(violations: Sequence[Violation], found: Findings) -> list[str]:
    """Return what the schema's checks found that no figure counts."""
    counted = {(fault.column, fault.name) for fault in found.faults}
    return [
        violation.message
        for violation in violations
        if violation.check not in COUNTED_BY_NAME
        and (violation.column, violation.check) not in counted
    ]


def _refuse_unknown(kinds: pl.Schema, table: str, names: Sequence[str | None]) -> None:
    for name in names:
        if name is not None and name not in kinds:
            raise SchemaError(
                f"{table}: expected a column `{name}`, found none", hint=nearest(name, kinds)
            )


def _utc(now: datetime | None) -> datetime | None:
    if now is None:
        return None
    return now.astimezone(UTC) if now.tzinfo else now.replace(tzinfo=UTC)
