"""From sources to a deployed, watched model: Dagster assets with checks, run in process.

Every step can be run again: it finds what it made before by what that depends on. `run_pipeline`
is `trimtab run`; `definitions` is for `dagster dev` and for a deployment of your own.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg

from trimtab.core.errors import StoppedError
from trimtab.core.progress import Progress, silent
from trimtab.core.records import Record, Violation
from trimtab.core.workspace import Workspace
from trimtab.loop import steps

Clock = Callable[[], datetime]

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")


@dataclass(frozen=True, slots=True)
class RunResult(Record):
    """What `trimtab run` did, step by step."""

    steps: tuple[dict[str, Any], ...]


def run_pipeline(
    workspace: Workspace, *, at: datetime, auto_approve: bool = False, progress: Progress = silent
) -> RunResult:
    """Run all steps in this process.

    Raises
    ------
    StoppedError
        If a check with severity *stop* found something, or a reviewer said no.
    WaitingError
        If a person's review is needed; approve, and run again.
    """
    assets = assets_of(workspace, clock=lambda: at, auto_approve=auto_approve, progress=progress)
    result = dg.materialize(
        assets,
        instance=_instance(),
        resources={"io_manager": dg.mem_io_manager},
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=True,
    )
    made = []
    for event in result.get_asset_materialization_events():
        metadata = event.materialization.metadata
        found = metadata.get("violations")
        made.append({
            "step": event.asset_key.to_user_string() if event.asset_key else "",
            "result": str(metadata["result"].value), "note": str(metadata["note"].value),
            "violations": found.value if isinstance(found, dg.JsonMetadataValue) else [],
        })  # fmt: skip
    return RunResult(steps=tuple(made))


def definitions(workspace: Workspace, *, clock: Clock, auto_approve: bool) -> dg.Definitions:
    """Return the pipeline as Dagster definitions, for its UI, schedules and executors."""
    return dg.Definitions(
        assets=assets_of(workspace, clock=clock, auto_approve=auto_approve, progress=silent)
    )


def assets_of(
    workspace: Workspace, *, clock: Clock, auto_approve: bool, progress: Progress
) -> list[dg.AssetsDefinition]:
    """Return the assets: a table each, then rows, features, run, model version and windows."""
    names = [table.name for table in workspace.project.tables]
    told = _Steps(progress, len(names) + 5)
    tables = [_table_asset(workspace, name, clock, told) for name in names]

    @dg.asset(
        deps=[dg.AssetKey([name]) for name in names],
        description="The task's rows: tables joined, with ids, times, labels.",
    )
    def rows() -> dg.MaterializeResult[str]:
        version = steps.make_rows(workspace, at=clock())
        note = f"{version.rows:,} rows, {version.time_min:%Y-%m-%d} to {version.time_max:%Y-%m-%d}"
        return told.made(version.name, note)

    @dg.asset(description="Features, checked for leaks: named Polars expressions.")
    def features(rows: str) -> dg.MaterializeResult[str]:
        found = steps.check_features(workspace, rows)
        note = f"{len(found.names)} features of {len(found.columns)} columns"
        return told.made(found.hash[:12], note)

    @dg.asset(description="Tuned, trained, analysed and logged with its five identities.")
    def trained_run(rows: str, features: str) -> dg.MaterializeResult[str]:
        return told.made(*steps.train_first(workspace, rows, progress=progress))

    @dg.asset(description="Registered, reviewed, and moved to the stage it has earned.")
    def model_version(trained_run: str) -> dg.MaterializeResult[str]:
        return told.made(
            *steps.admit_run(workspace, trained_run, at=clock(), auto_approve=auto_approve)
        )

    @dg.asset(description="Production windows that have ended: watched, judged, acted on.")
    def watched_windows(rows: str, model_version: str) -> dg.MaterializeResult[str]:
        return told.made(
            *steps.close_ended_windows(
                workspace, rows, at=clock(), auto_approve=auto_approve, progress=progress
            )
        )

    return [*tables, rows, features, trained_run, model_version, watched_windows]


class _Steps:
    """Counts the steps that are done, for the face that draws the progress."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def step(self) -> None:
        """Tell that one more step is done."""
        self._done += 1
        self._progress("pipeline steps", self._done, self._total)

    def made(self, value: str, note: str) -> dg.MaterializeResult[str]:
        """Return what a step made, for the next step and for the reader."""
        self.step()
        return dg.MaterializeResult(value=value, metadata={"result": value, "note": note})


def _table_asset(
    workspace: Workspace, name: str, clock: Clock, told: _Steps
) -> dg.AssetsDefinition:
    """Return the asset of one table: ingested, and held against its schema."""
    warn = dg.AssetCheckSpec("schema_warn", asset=name)
    stop = dg.AssetCheckSpec("schema_stop", asset=name, blocking=True)

    @dg.asset(name=name, check_specs=[warn, stop], description=f"Table `{name}`, versioned.")
    def table() -> Iterator[dg.MaterializeResult[str]]:
        version, violations = steps.ingest_table(workspace, name, at=clock())
        stops = [found for found in violations if found.severity == "stop"]
        warns = [found for found in violations if found.severity == "warn"]
        told.step()
        note = f"{version.rows:,} rows, {version.rejected:,} rejected, {len(warns)} warnings"
        yield dg.MaterializeResult(
            value=version.name,
            metadata={
                "result": version.name,
                "note": note,
                "violations": dg.MetadataValue.json(
                    [f"{one.severity}: {one.message}" for one in violations]
                    + steps.rejections(workspace, version)
                ),
            },
            check_results=[
                _check("schema_warn", warns, dg.AssetCheckSeverity.WARN),
                _check("schema_stop", stops, dg.AssetCheckSeverity.ERROR),
            ],
        )
        if stops:
            raise StoppedError(
                f"table {version.name} breaks its schema: {stops[0].message}"
                + (f" (and {len(stops) - 1} more)" if len(stops) > 1 else ""),
                hint=f"Mend the source, or review schema/{name}.toml; see all with "
                f"`trimtab data validate {name} --schema schema/{name}.toml`.",
                table=name,
            )

    return table


def _check(
    name: str, found: list[Violation], severity: dg.AssetCheckSeverity
) -> dg.AssetCheckResult:
    messages = {f"violation_{i}": one.message for i, one in enumerate(found, 1)}
    return dg.AssetCheckResult(
        check_name=name, passed=not found, severity=severity, metadata=messages
    )


def _instance() -> dg.DagsterInstance:
    """Return the user's Dagster instance if there is one, else one that leaves no trace."""
    return dg.DagsterInstance.get() if os.environ.get("DAGSTER_HOME") else (
        dg.DagsterInstance.ephemeral()
    )  # fmt: skip
