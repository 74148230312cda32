"""`trimtab monitor`: what monitoring saw, window by window."""

from pathlib import Path
from typing import Annotated, Any

import typer

from trimtab.cli.output import AsJson, ProjectPath, emit, group, table
from trimtab.core.errors import NotFoundError, nearest

app = group("Windows of production, drift, performance and alerts.")

Scope = Annotated[str, typer.Option(help="`live`, or the name of a replay.")]


@app.command("windows")
def windows(project: ProjectPath = Path(), scope: Scope = "live", as_json: AsJson = False) -> None:
    """List the windows that were closed."""
    rows = _windows(project, scope)
    shown = [
        [
            row["details"].get("label"), f"{row['rows']:,}", f"{row['labelled']:,}",
            _interval(_headline(row["details"], "performance")),
            _interval(_headline(row["details"], "expected")),
            sum(item["drifted"] for item in row["details"].get("drift", [])),
        ]
        for row in rows
    ]  # fmt: skip
    metric = rows[0]["details"].get("metric", "metric") if rows else "metric"
    columns = ["window", "rows>", "labels>", f"{metric}>", "promised>", "drifted columns>"]
    emit(rows, as_json=as_json, text=table(f"Windows ({scope})", columns, shown))


@app.command("alerts")
def alerts(project: ProjectPath = Path(), scope: Scope = "live", as_json: AsJson = False) -> None:
    """List the alerts that were raised."""
    rows = _store(project, scope).rows("alerts", order=("window_start", "monitor"))
    shown = [[row["severity"], row["monitor"], row["message"], row["runbook"]] for row in rows]
    columns = ["severity", "monitor", "what", "runbook"]
    emit(rows, as_json=as_json, text=table(f"Alerts ({scope})", columns, shown))


@app.command("show")
def show(
    window: Annotated[str, typer.Argument(help="The window's label, such as 2013-04.")],
    project: ProjectPath = Path(),
    scope: Scope = "live",
    as_json: AsJson = False,
) -> None:
    """Show one window in full: performance, predictions, volume, and what drifted."""
    rows = {str(row["details"].get("label")): row for row in _windows(project, scope)}
    if window not in rows:
        raise NotFoundError(
            f"expected the label of a closed window, got {window!r}",
            hint=f"{nearest(window, rows)} `trimtab monitor windows` lists them.",
            window=window,
        )
    row = rows[window]
    details = row["details"]
    shown: list[list[object]] = [["rows", f"{row['rows']:,}", _volume(details["volume"])]]
    shown.append(["labels", f"{row['labelled']:,}", ""])
    for name, seen in details["performance"].items():
        shown.append([name, _interval(seen), _interval(details["expected"].get(name))])
    bias = details["predictions"]["bias"]
    shown.append(["bias", _interval(bias), ""])
    for item in details.get("drift", []):
        if item["drifted"]:
            shown.append([f"{item['column']} ({item['kind']})", "drifted", item["message"]])
    columns = ["what", "seen", "promised or ordinary"]
    emit(row, as_json=as_json, text=table(f"{row['model']}, {window}", columns, shown))


def _windows(project: Path, scope: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = _store(project, scope).rows("windows", order="start")
    return rows


def _store(project: Path, scope: str) -> Any:
    from trimtab.core.workspace import Workspace

    return Workspace.open(project, scope=scope).store


def _headline(details: dict[str, Any], part: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = details.get(part, {}).get(details.get("metric"))
    return found


def _volume(volume: dict[str, Any]) -> str:
    if volume["expected_low"] is None or volume["expected_high"] is None:
        return ""
    return f"{volume['expected_low']:,.0f} to {volume['expected_high']:,.0f}"


def _interval(found: dict[str, Any] | None) -> str:
    """Write an interval as people read it."""
    if not found or found.get("estimate") is None:
        return "-"
    if found.get("low") is None or found.get("high") is None:
        return f"{found['estimate']:.4f}"
    return f"{found['estimate']:.4f} ({found['low']:.4f} to {found['high']:.4f})"
