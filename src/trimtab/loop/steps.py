"""The steps of the pipeline as plain functions; `pipeline.py` makes Dagster assets of them."""

from datetime import UTC, datetime, time, timedelta

import polars as pl

from trimtab.core.progress import Progress
from trimtab.core.records import DatasetVersion, Violation
from trimtab.core.workspace import Workspace
from trimtab.data.checks import validate
from trimtab.data.infer import infer_schema
from trimtab.data.schema import Schema
from trimtab.data.sources import read_source
from trimtab.data.tables import Tables
from trimtab.data.time import time_expression, windows
from trimtab.loop.admission import admit
from trimtab.loop.cycle import Cycle
from trimtab.models.features import FeatureSet, load_features
from trimtab.models.leaks import late_columns
from trimtab.models.rows import build_rows


def ingest_table(
    workspace: Workspace, name: str, *, at: datetime
) -> tuple[DatasetVersion, list[Violation]]:
    """Ingest one table and hold it against its schema file; infer the file if there is none."""
    settings = workspace.project.table(name)
    file = workspace.project.root / (settings.schema_file or f"schema/{name}.toml")
    source = workspace.project.source(name)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        infer_schema(
            source, query=settings.query, nulls=settings.nulls, time=settings.time,
            key=settings.key,
        ).save(file)  # fmt: skip
    schema = Schema.load(file)
    tables = Tables(workspace.tables_folder)
    version = tables.ingest(
        name, source, query=settings.query, nulls=settings.nulls, time=settings.time,
        key=settings.key, schema=schema, at=at,
    )  # fmt: skip
    others = _times_of(workspace, schema.covers) if schema.covers else {}
    report = validate(version, schema, others=others)
    return version, list(report.violations)


def rejections(workspace: Workspace, version: DatasetVersion) -> list[str]:
    """Return why rows were set aside when a version was made, each reason with its count."""
    if version.rejected == 0:
        return []
    rows = Tables(workspace.tables_folder).quarantine(version.table)
    counts = rows.filter(pl.col("_version") == version.version).group_by("_reason").len()
    return [
        f"rejected: {count:,} row{'s' if count > 1 else ''}: {reason}"
        for reason, count in counts.sort("len", "_reason", descending=[True, False])
        .collect()
        .iter_rows()
    ]


def _times_of(workspace: Workspace, name: str) -> dict[str, pl.Series]:
    """Return the event times of a table that another has to cover, as its source has them."""
    settings = workspace.project.table(name)
    if settings.time is None:
        return {}
    rows = read_source(workspace.project.source(name), query=settings.query, nulls=settings.nulls)
    times = rows.select(_time=time_expression(settings.time, rows.collect_schema())).collect()
    return {name: times["_time"]}


def make_rows(workspace: Workspace, *, at: datetime) -> DatasetVersion:
    """Join the newest versions of the tables into the task's rows."""
    return build_rows(workspace, at=at)


def check_features(workspace: Workspace, rows: str) -> FeatureSet:
    """Load features.py and refuse what would be known only after the question was asked."""
    features = load_features(workspace.project)
    features.refuse_leaks(late_columns(workspace.project))
    features.refuse_neighbours(Tables(workspace.tables_folder).read(rows).head(200).collect())
    return features


def train_first(workspace: Workspace, rows: str, *, progress: Progress) -> tuple[str, str]:
    """Train on the rows known at `train.until`; return the run and a note on it."""
    from trimtab.models.train import train

    version = Tables(workspace.tables_folder).get(rows)
    until = workspace.project.training_end
    run_id = train(workspace, version, until=until, progress=progress)
    return run_id, f"rows known at {until:%Y-%m-%d}"


def admit_run(
    workspace: Workspace, run_id: str, *, at: datetime, auto_approve: bool
) -> tuple[str, str]:
    """Register a run and move it where it may go."""
    from trimtab.models.registry import Registry

    version = admit(
        workspace, Registry(workspace), run_id, why="trimtab run", at=at,
        auto_approve=auto_approve,
    )  # fmt: skip
    return f"{version.name} v{version.version}", version.stage


def close_ended_windows(
    workspace: Workspace, rows: str, *, at: datetime, auto_approve: bool, progress: Progress
) -> tuple[str, str]:
    """Close the production windows that have ended since the last time."""
    from trimtab.models.registry import Registry
    from trimtab.serving.event_log import EventLog

    registry = Registry(workspace)
    log = EventLog.of(workspace)
    days = log.rows_per_day()["day"]
    if registry.current("production") is None or days.is_empty():
        return "no windows", "no production traffic yet"
    first, last = (datetime.combine(days[i], time(), tzinfo=UTC) for i in (0, -1))
    cycle = Cycle(
        workspace, registry, log, Tables(workspace.tables_folder).get(rows),
        auto_approve=auto_approve, progress=progress,
    )  # fmt: skip
    every = workspace.project.monitor.window
    ended = {row["step"] for row in workspace.store.rows("progress")}
    done = 0
    for start, end in windows(first, last + timedelta(days=1), every):
        step = f"window {start.isoformat()} closed"
        if step in ended or end > at:
            continue
        cycle.close(start, end, at=end)
        workspace.store.add("progress", step=step, at=at)
        done += 1
    return f"{done} windows", "closed now"
