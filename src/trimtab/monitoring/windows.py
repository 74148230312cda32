"""Closing a window of production: what came in, what was said, what turned out true.

A window is closed by event time, and may be closed again when more labels have arrived: its
row in the store is then replaced, never by one that knows fewer labels. Whether anybody should
be told is the business of `alerts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.project import Project
from trimtab.core.records import ModelVersion, Record, Violation
from trimtab.core.workspace import Workspace
from trimtab.models.rows import LABEL, TIME
from trimtab.models.scoring import HEADLINE, known_classes, task_blocks
from trimtab.monitoring.drift import Drift, adjust
from trimtab.monitoring.ordinary import Ordinary, compare_with_ordinary
from trimtab.monitoring.performance import Scored, compare, metrics, residuals
from trimtab.monitoring.reference import SCORE, Reference, scored_rows
from trimtab.monitoring.spans import block_codes, volumes
from trimtab.stats.bootstrap import bootstrap_mean
from trimtab.stats.interval import Interval

__all__ = ["Reference", "WindowReport", "close_window", "stored_windows", "window_label"]

SERVED = "champion_score"


@dataclass(frozen=True, slots=True)
class WindowReport(Record):
    """What monitoring saw in one window; `details` is what is stored.

    `tests` holds the comparisons with ordinary blocks that alerts are decided by: `loss`, the
    headline metric, `bias` and `volume`. None of them is there without the data it needs.
    """

    model: str
    start: datetime
    end: datetime
    rows: int
    labelled: int
    details: dict[str, Any]
    drift: tuple[Drift, ...]
    tests: dict[str, Ordinary]
    bias: Interval | None
    importance: dict[str, float]


def close_window(
    workspace: Workspace,
    start: datetime,
    end: datetime,
    *,
    events: pl.DataFrame,
    champion: ModelVersion,
    reference: Reference | pl.DataFrame,
    at: datetime,
    violations: Sequence[Violation] = (),
) -> WindowReport:
    """Compare a window with the champion's reference and store what was found.

    Parameters
    ----------
    workspace : Workspace
        The project.
    start, end : datetime
        The window: events with start <= `_time` < end.
    events : polars.DataFrame
        Rows of the event log, with `champion_version`, `champion_score`, and `_label` where it
        is known by now.
    champion : ModelVersion
        The model that served, whose reference is compared with.
    reference : Reference or polars.DataFrame
        Best built once (`Reference.build`) and kept; a frame is learnt on the spot.
    at : datetime
        When the window is closed.
    violations : sequence of Violation, optional
        What the checks found in the window's rows.
    """
    if isinstance(reference, pl.DataFrame):
        reference = Reference.learn(workspace.project, reference, version=champion.version)
    project = workspace.project
    inside = (pl.col(TIME) >= start) & (pl.col(TIME) < end)
    events = events.filter(inside).sort(TIME)
    scored = scored_rows(project.task, events, SERVED, reference.classes)
    enough = events.height >= project.monitor.min_rows
    drift = _drift(reference, events, alpha=project.monitor.alpha) if enough else []
    tests, bias = _judge(project, reference, scored)
    # where rows are the clock, a window has as many as it is long, and the last one what is left
    if not _rows_are_the_clock(project):
        volume = _volume(reference, events[TIME], start, end, alpha=project.monitor.alpha)
        if volume is not None:
            tests["volume"] = volume
    report = WindowReport(
        model=workspace.model_name,
        start=start,
        end=end,
        rows=events.height,
        labelled=events.height - events[LABEL].null_count(),
        details=_details(project, reference, events, scored, tests, bias, start, end),
        drift=tuple(drift),
        tests=tests,
        bias=bias,
        importance=reference.importance,
    )
    report.details["drift"] = [item.to_dict() for item in drift]
    report.details["violations"] = [violation.to_dict() for violation in violations]
    report.details["closed_at"] = at.astimezone(UTC).isoformat()
    _remember(workspace, report)
    return report


def stored_windows(workspace: Workspace) -> list[dict[str, Any]]:
    """Return the closed windows of this scope's model, in order."""
    return workspace.store.rows("windows", model=workspace.model_name, order="start")


def window_label(project: Project, start: datetime, end: datetime) -> str:
    """Return what people call the window: its month, its days, or its row numbers."""
    if _rows_are_the_clock(project):
        first = datetime(2000, 1, 1, tzinfo=UTC)
        rows = [int((moment - first).total_seconds() // 60) for moment in (start, end)]
        return f"rows {rows[0]}-{rows[1] - 1}"
    every = project.monitor.window
    if every.endswith(("mo", "q")):
        return f"{start:%Y-%m}"
    if every.endswith("y"):
        return f"{start:%Y}"
    return f"{start:%Y-%m-%d}" if every[-1] in "dw" else f"{start:%Y-%m-%dT%H:%M}"


def _rows_are_the_clock(project: Project) -> bool:
    return project.table(project.task.table).time == "row_number"


def _drift(reference: Reference, events: pl.DataFrame, *, alpha: float) -> list[Drift]:
    """Compare every column that the window has too."""
    codes = block_codes(events[TIME], reference.block)
    features = reference.features.compute(events) if reference.features else pl.DataFrame()
    found: list[Drift] = []
    for column in reference.columns:
        values = _values(column.name, column.kind, events, features, reference.classes)
        if values is None:
            continue
        there = values.is_not_null() if column.kind in ("label", "prediction") else None
        if there is not None:  # a label that has not come is not a null
            values, its_codes = values.filter(there), codes[there.to_numpy()]
        else:
            its_codes = codes
        if len(values):
            found += column.compare(values, its_codes, alpha=alpha)
    return adjust(found, alpha=alpha, importance=reference.importance)


def _values(
    name: str, kind: str, events: pl.DataFrame, features: pl.DataFrame, classes: Sequence[str]
) -> pl.Series | None:
    if kind == "feature":
        return features[name] if name in features.columns else None
    if kind == "label":
        return events[LABEL]
    if kind == "prediction" and name == SCORE:
        return events[SERVED]
    if kind == "prediction":
        best = events[SERVED].list.arg_max()
        names = dict(enumerate(classes))
        return best.replace_strict(names, default=None, return_dtype=pl.String)
    return events[name] if name in events.columns else None


def _judge(
    project: Project, reference: Reference, scored: Scored
) -> tuple[dict[str, Ordinary], Interval | None]:
    """Hold the window's performance against what was promised, where enough labels came."""
    if len(scored) < project.monitor.min_rows:
        return {}, None
    task, classes = project.task, reference.classes
    blocks = task_blocks(task, scored.times)
    misses = residuals(task, scored, classes)
    bias = bootstrap_mean(misses, blocks, n_resamples=300, seed=project.project.seed)
    if reference.promise is None:
        return {}, bias
    codes = block_codes(scored.times, reference.block)
    found = compare(task, reference.promise, scored, codes, classes, alpha=project.monitor.alpha)
    return found, bias


def _volume(
    reference: Reference, times: pl.Series, start: datetime, end: datetime, *, alpha: float
) -> Ordinary | None:
    """Compare the rows per block's length with the reference's; a window counts in whole."""
    if reference.volume.size == 0:
        return None
    per_cell = volumes(times, start, end, reference.cell)
    if per_cell.size == 0:
        return None
    return compare_with_ordinary(
        reference.volume,
        per_cell,
        alpha=alpha,
        current_mean=len(times) / ((end - start) / reference.cell),
        noise_sd=float(np.sqrt(reference.volume.mean())),
    )


def _details(
    project: Project,
    reference: Reference,
    events: pl.DataFrame,
    scored: Scored,
    tests: Mapping[str, Ordinary],
    bias: Interval | None,
    start: datetime,
    end: datetime,
) -> dict[str, Any]:
    """Return what the store and the pages hold of a window."""
    task, promised = project.task, reference.promise
    rate = promised.rate if promised else None
    if rate is None and len(scored):
        from trimtab.monitoring.performance import training_rate

        rate = training_rate(task, scored.labels, reference.classes)
    seen = metrics(task, scored, reference.classes, rate=rate, seed=project.project.seed)
    versions = events["champion_version"].drop_nulls()
    cells = (end - start) / reference.cell
    volume = tests.get("volume")
    return {
        "label": window_label(project, start, end),
        "kind": task.kind,
        "metric": HEADLINE[task.kind],
        "served_version": versions.mode().max() if len(versions) else reference.version,
        "reference_version": reference.version,
        "reference_block": reference.block,
        "performance": {name: interval.to_dict() for name, interval in seen.items()},
        "expected": {
            name: interval.to_dict()
            for name, interval in (promised.expected if promised else {}).items()
        },
        "predictions": {
            **_means(task.kind, events, scored, reference.classes),
            "bias": bias.to_dict() if bias else None,
        },
        "volume": {
            "rows": events.height,
            "expected_low": max(volume.low * cells, 0.0) if volume else None,
            "expected_high": volume.high * cells if volume else None,
        },
        "tests": {name: test.to_dict() for name, test in tests.items()},
    }


def _means(
    kind: str, events: pl.DataFrame, scored: Scored, classes: Sequence[str]
) -> dict[str, float | None]:
    """Return the mean prediction over all rows and the mean of what turned out true."""
    said = events[SERVED].drop_nulls()
    if kind == "multiclass":
        top = said.list.max() if said.dtype == pl.List else said
        known = known_classes("multiclass", scored.labels, classes)
        right = None
        if len(scored) and known.all():
            names = np.asarray(classes)[scored.scores.argmax(axis=1)]
            right = float(np.mean(names == scored.labels))
        return {"mean_score": _mean(top), "observed_rate": right}
    rate = float(np.mean(scored.labels.astype(float))) if len(scored) else None
    return {"mean_score": _mean(said), "observed_rate": rate}


def _mean(values: pl.Series) -> float | None:
    found = values.cast(pl.Float64).mean()
    return float(found) if isinstance(found, float) else None


def _remember(workspace: Workspace, report: WindowReport) -> None:
    """Store the window; one that knows more labels stays."""
    facts = {"rows": report.rows, "labelled": report.labelled, "end": report.end}
    key = {"model": report.model, "start": report.start}
    if workspace.store.add("windows", **key, **facts, details=report.details):
        return
    stored = workspace.store.rows("windows", model=report.model, start=report.start)[0]
    if stored["labelled"] <= report.labelled:
        workspace.store.change("windows", {**facts, "details": report.details}, **key)
