"""`trimtab run`, `replay`, `approve` and `reviews`: the loop, from the terminal."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from trimtab.cli.output import AsJson, ProjectPath, emit, progress_bars, table, talk
from trimtab.core.records import jsonable

AutoApprove = Annotated[
    bool,
    typer.Option("--auto-approve", help="Take both human reviews as given; recorded as such."),
]
Scope = Annotated[str, typer.Option(help="`live`, or the name of a replay.")]


def run(
    project: ProjectPath = Path(),
    auto_approve: AutoApprove = False,
    as_json: AsJson = False,
) -> None:
    """Take the project from its sources to a deployed, watched model."""
    from trimtab.core.workspace import Workspace
    from trimtab.loop.pipeline import run_pipeline

    workspace = Workspace.open(project)
    with progress_bars() as progress:
        result = run_pipeline(
            workspace, at=datetime.now(UTC), auto_approve=auto_approve, progress=progress
        )
    emit(result.to_dict(), as_json=as_json, text=run_table(result.steps))


def replay(
    project: ProjectPath = Path(),
    policy: Annotated[
        str | None, typer.Option(help="never, scheduled or triggered; else the project's.")
    ] = None,
    window: Annotated[
        str | None, typer.Option(help="Rows to retrain on: all, 'last 3 months', 'since drift'.")
    ] = None,
    auto_approve: AutoApprove = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write one JSON object per window to FILE.")
    ] = None,
) -> None:
    """Play history through the real server as production traffic, with labels arriving late."""
    from trimtab.core.workspace import Workspace
    from trimtab.loop.replay import replay as play

    workspace = Workspace.open(project)
    with progress_bars() as progress:
        result = play(
            workspace, policy=policy, window=window, auto_approve=auto_approve,
            at=datetime.now(UTC), progress=progress,
        )  # fmt: skip
    emit({}, as_json=False, text=replay_table(result.windows, result.overall, result.policy))
    if json_file is not None:
        json_file.write_text(json.dumps(jsonable(list(result.windows)), indent=1))
        talk(f"wrote {json_file}")
    talk(f"the page: run `trimtab up` and open scope {result.scope}")


def approve(
    subject: Annotated[str, typer.Argument(help="What was reviewed, as `trimtab reviews` says.")],
    project: ProjectPath = Path(),
    scope: Scope = "live",
    reject: Annotated[bool, typer.Option("--reject", help="Say no instead.")] = False,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    who: Annotated[str, typer.Option(envvar="USER", help="Who decides.")] = "someone",
    as_json: AsJson = False,
) -> None:
    """Answer a review that the loop is waiting for."""
    from trimtab.core.workspace import Workspace
    from trimtab.loop.review import decide_review

    row = decide_review(
        Workspace.open(project, scope=scope), subject,
        approve=not reject, who=who, note=note, at=datetime.now(UTC),
    )  # fmt: skip
    emit(row, as_json=as_json, text=f"{row['kind']} of {subject}: {row['status']} by {who}")


def reviews(project: ProjectPath = Path(), scope: Scope = "live", as_json: AsJson = False) -> None:
    """List the reviews that wait for a person."""
    from trimtab.core.workspace import Workspace
    from trimtab.loop.review import pending_reviews

    rows = pending_reviews(Workspace.open(project, scope=scope))
    cells = [(row["kind"], row["subject"], row["details"].get("why", "")) for row in rows]
    text = table("Waiting for a person", ["review", "subject", "why"], cells)
    emit(rows, as_json=as_json, text=text if rows else "No review is waiting.")


def replay_table(windows: Any, overall: dict[str, Any], policy: str) -> Any:
    """Return the table of a replay that a person reads: a row a window, and all together."""
    metric = windows[0]["metric"] if windows else "metric"
    rows = [(row["window"], *_figures(row), row["alerts"], row["verdict"] or "",
             "yes" if row["promoted"] else "") for row in windows]  # fmt: skip
    if overall:
        alerts = sum(row["alerts"] for row in windows)
        promoted = sum(row["promoted"] for row in windows)
        rows.append(("all", *_figures(overall), alerts, "", str(promoted)))
    columns = [
        "window", "labelled>", f"{metric} served>", "stale>", "always>", "served - stale>",
        "Brier skill: served, stale, always>", "alerts>", "verdict", "promoted",
    ]  # fmt: skip
    return table(f"Replay, policy {policy}: {metric} with 95 % intervals", columns, rows)


def _figures(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{row['labelled']:,}", _interval(row, "served"),
        _figure(row["metric_stale"]), _figure(row["metric_always"]),
        _interval(row, "served_minus_stale", sign=True), _skills(row["brier_skill"]),
    )  # fmt: skip


def _skills(skills: dict[str, float | None]) -> str:
    """Return the Brier skill of what was served, stale and always; numbers have none."""
    found = [skills.get(side) for side in ("served", "stale", "always")]
    return "  ".join("-" if skill is None else f"{skill:.3f}" for skill in found)


def _interval(row: dict[str, Any], name: str, *, sign: bool = False) -> str:
    found = row["intervals"].get(name)
    if not found or found["estimate"] is None:
        return "-"
    form = "+.3f" if sign else ".3f"
    if found["low"] is None or found["high"] is None:
        return f"{found['estimate']:{form}}"
    return f"{found['estimate']:{form}} [{found['low']:{form}}, {found['high']:{form}}]"


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def run_table(steps: Sequence[dict[str, Any]]) -> RenderableType:
    """Return what a run made, step by step, with what the checks found below."""
    rows = [(step["step"], step["result"], step["note"]) for step in steps]
    found = [(step["result"], text) for step in steps for text in step["violations"]]
    made = table("Pipeline", ["step", "result", "note"], rows)
    if not found:
        return made
    return Group(made, table("What the checks found", ["dataset version", "violation"], found))
