"""The task's rows: its table with others joined to it, and four columns that every room knows.

`_id` names a row, `_time` is when its question is asked, `_label` what turned out true, and
`_label_time` when that became known. Nothing is trained or judged on a label before then.
"""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from trimtab.core.errors import KeyClashError, NotFoundError, SchemaError, nearest
from trimtab.core.project import Project
from trimtab.core.records import DatasetVersion
from trimtab.core.settings import JoinSection, TaskSection
from trimtab.core.workspace import Workspace
from trimtab.data.fingerprint import content_hash
from trimtab.data.tables import Tables
from trimtab.data.time import UTC_TIME, time_expression
from trimtab.models.features import load_expression
from trimtab.models.labels import label_values

ID = "_id"
TIME = "_time"
LABEL = "_label"
LABEL_TIME = "_label_time"
CANONICAL = (ID, TIME, LABEL, LABEL_TIME)


def build_rows(workspace: Workspace, *, at: datetime) -> DatasetVersion:
    """Join the newest versions of the project's tables and store the result as task rows.

    The rows are a dataset version of a table `<task>_rows-<content>`; the same tables and
    settings give the same version again.

    Raises
    ------
    NotFoundError
        If a table has not been ingested.
    KeyClashError
        If the task's key, or the key of a joined table, stands for several rows.
    SchemaError
        If a column is missing, or the label does not fit the task's kind.
    """
    project, tables = workspace.project, Tables(workspace.tables_folder)
    names = [project.task.table, *(join.table for join in project.joins)]
    newest = {name: _newest(tables, name) for name in names}
    rows = assemble_rows(project, {n: tables.read(v).collect() for n, v in newest.items()})
    # Labels arrive and tables are mended, while an ingest only adds rows: those with another
    # content are another table, so that what was trained on stays as it was.
    name = f"{project.task.name}_rows-{content_hash(rows)[:8]}"
    made_of = " + ".join(version.name for version in newest.values())
    return tables.ingest(name, rows, time=TIME, key=(ID,), name=made_of, at=at)


def assemble_rows(project: Project, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the task's rows from the contents of its tables, ordered by time and id."""
    task = project.task
    section = project.table(task.table)
    rows = tables[task.table]
    assert section.time is not None  # the project file says so
    time = pl.col(TIME) if TIME in rows.columns else time_expression(section.time, rows.schema)
    rows = rows.with_columns(time.alias(TIME), _id_expression(section.key, rows).alias(ID))
    _refuse_twins(rows, [ID], what=f"table `{task.table}`, key {section.key or 'row number'}")
    for join in project.joins:
        rows = _join(rows, tables[join.table], join)
    for name in task.after:  # a word that names no column would guard against nothing
        _require(name, rows, "`task.after`")
    for name in task.slices:
        _require(name, rows, "`task.slices`")
    rows = _with_label(project, rows)
    raw = [name for name in rows.columns if not name.startswith("_")]
    return rows.select(*CANONICAL, *raw).sort(TIME, ID)


def known_rows(
    workspace: Workspace,
    version: DatasetVersion | str,
    *,
    start: datetime | None = None,
    until: datetime,
) -> pl.DataFrame:
    """Return the rows that could be learnt from at `until`: asked before it, label known by it.

    Parameters
    ----------
    workspace : Workspace
        The project.
    version : DatasetVersion or str
        Version of the task's rows.
    start : datetime, optional
        Leave out rows asked before this moment.
    until : datetime
        The moment at which the question "what do we know?" is put.
    """
    known = pl.col(LABEL).is_not_null() & (pl.col(LABEL_TIME) <= until) & (pl.col(TIME) < until)
    if start is not None:
        known &= pl.col(TIME) >= start
    return _read(workspace, version).filter(known).collect().sort(TIME, ID)


def rows_between(
    workspace: Workspace, version: DatasetVersion | str, start: datetime, end: datetime
) -> pl.DataFrame:
    """Return the rows asked in [start, end), whether their label is known or not."""
    asked = (pl.col(TIME) >= start) & (pl.col(TIME) < end)
    return _read(workspace, version).filter(asked).collect().sort(TIME, ID)


def _read(workspace: Workspace, version: DatasetVersion | str) -> pl.LazyFrame:
    rows = Tables(workspace.tables_folder).read(version)
    # a column without any value is stored as text
    return rows.with_columns(pl.col(LABEL_TIME).cast(UTC_TIME, strict=False))


def _newest(tables: Tables, name: str) -> DatasetVersion:
    if name not in tables.names():
        raise NotFoundError(
            f"table `{name}` has no version yet",
            hint="Run `trimtab run`, which ingests the tables of the project.",
            table=name,
        )
    return tables.versions(name)[-1]


def _id_expression(key: list[str], rows: pl.DataFrame) -> pl.Expr:
    if not key:
        return pl.int_range(pl.len()).cast(pl.String)
    for name in key:
        _require(name, rows, "the key")
    parts = [pl.col(name).cast(pl.String).fill_null("") for name in key]
    return pl.concat_str(parts, separator="|")


def _join(rows: pl.DataFrame, right: pl.DataFrame, join: JoinSection) -> pl.DataFrame:
    """Join a table from the left; columns whose name is taken get a suffix."""
    for name in join.on:
        _require(name, rows, f"the join with `{join.table}`")
        _require(name, right, f"the join, in `{join.table}`")
        if rows.schema[name] != right.schema[name]:
            raise SchemaError(
                f"join with `{join.table}`: expected one type of `{name}` in both tables, got "
                f"{rows.schema[name]} and {right.schema[name]}",
                hint=f"Give `{name}` the same type in both sources, for example by `query`.",
                column=name,
            )
    right = right.drop_nulls(join.on)
    _refuse_twins(right, join.on, what=f"table `{join.table}`, joined on {join.on}")
    right = right.drop([name for name in right.columns if name.startswith("_")])
    return rows.join(
        right, on=join.on, how="left", suffix=join.suffix or f"_{join.table}",
        maintain_order="left",
    )  # fmt: skip


def _refuse_twins(rows: pl.DataFrame, key: list[str], *, what: str) -> None:
    twins = rows.lazy().group_by(key).len().filter(pl.col("len") > 1).sort(key).collect()
    if twins.height:
        *first, count = twins.row(0)
        raise KeyClashError(
            f"{what}: expected one row per key, got {count} rows for {first} "
            f"({twins.height:,} such keys)",
            hint="Name more columns as key, or remove the repeated rows.",
            keys=twins.height,
        )


def _with_label(project: Project, rows: pl.DataFrame) -> pl.DataFrame:
    task = project.task
    label = load_expression(project, task.label, columns=rows.columns)
    for name in label.meta.root_names():
        _require(name, rows, "the label")
    values = label_values(rows.select(label.alias(LABEL)).to_series(), task.kind)
    rows = rows.with_columns(values.alias(LABEL))
    later = pl.col(TIME).dt.offset_by(task.label_delay)
    rows = rows.with_columns(_label_time(project, task, rows).alias(LABEL_TIME))
    known = pl.coalesce(pl.col(LABEL_TIME), later)
    return rows.with_columns(
        pl.when(pl.col(LABEL).is_not_null()).then(known).cast(UTC_TIME).alias(LABEL_TIME)
    )


def _label_time(project: Project, task: TaskSection, rows: pl.DataFrame) -> pl.Series:
    """Return when the label becomes known, null where only the delay can tell."""
    if task.label_time is None:
        return pl.Series([None] * rows.height, dtype=UTC_TIME)
    expression = load_expression(project, task.label_time, columns=rows.columns)
    for name in expression.meta.root_names():
        _require(name, rows, "the label's time")
    stated = rows.select(expression.alias("label_time"))
    times = stated.select(time_expression("label_time", stated.schema)).to_series()
    given = stated.to_series().drop_nulls()
    if given.len() and times.null_count() == times.len():
        raise SchemaError(
            f"expected `task.label_time` to give times, got {given.dtype} such as {given[0]!r}",
            hint="Name a column of dates or ISO 8601 text, or leave it out and set "
            "`task.label_delay`.",
        )
    return times


def _require(name: str, rows: pl.DataFrame, role: str) -> None:
    if name not in rows.columns:
        raise SchemaError(
            f"expected a column `{name}` for {role}, found none",
            hint=nearest(name, rows.columns),
            column=name,
        )
