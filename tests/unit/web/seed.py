"""Histories for the pages' tests, written through the same doors that the loop writes through."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from trimtab.core.workspace import Workspace
from trimtab.data.time import offset

PROJECT = """
[project]
name = "{name}"

[[tables]]
name = "flights"
source = "flights.parquet"
time = "time_hour"

[task]
name = "late"
table = "flights"
kind = "binary"
label = "is_late"

[train]
until = "2013-04-01"
"""
RUNBOOK = """# Runbook

## Performance

The metric left what training promised.

1. Open the page, look at `{slice}`.
2. Retrain: `trimtab run`.

## Drift

A column moved more than *ordinary* weeks do. See [the guide](https://example.org/drift).
"""
STALE = (0.64, 0.73, 0.70, 0.69, 0.68, 0.66, 0.64, 0.70, 0.72)
GAIN = (0.0, 0.0, 0.031, 0.034, 0.041, 0.044, 0.046, 0.019, 0.026)
OBSERVED = (0.235, 0.205, 0.287, 0.282, 0.205, 0.132, 0.158, 0.157, 0.328)
ROWS = (28_330, 28_796, 28_243, 29_425, 29_327, 27_574, 28_889, 27_268, 28_135)
DRIFTED = ("temp", "dewp", "humid", "pressure", "visib", "wind_speed", "distance", "air_line_name")
REASON = (
    "The challenger is better: mean loss falls by 0.00412 (interval 0.00207 to 0.00617, blocks, "
    "27,574 labelled rows in 30 blocks), all of it above 0."
)


def project(folder: Path, *, name: str = "flights", scope: str = "live") -> Workspace:
    """Make a project folder and open it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trimtab.toml").write_text(PROJECT.format(name=name))
    return Workspace.open(folder, scope=scope)


def runbook(workspace: Workspace) -> None:
    """Write the project's own runbook."""
    file = workspace.project.root / workspace.project.alerts.runbook
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(RUNBOOK)


def year(workspace: Workspace) -> None:
    """Write nine months like those of the flights demo: two promotions, one refusal."""
    for month in range(9):
        window(workspace, month, replayed=True)
    verdict(workspace, 1, "v2", "pass", 0.0041, step=1)
    verdict(workspace, 3, "v3", "pass", 0.0052, step=1)
    verdict(workspace, 7, "v4", "fail", 0.0003, step=1)
    for month in (1, 4, 5, 6, 8):
        alert(workspace, month, "critical" if month == 5 else "warning", "performance")
    alert(workspace, 8, "info", "drift")
    workspace.store.add(
        "reviews", kind="analysis", subject="late v4", status="approved", who="auto-approve",
        note="", at=moment(6),
    )  # fmt: skip


def moment(month: int) -> datetime:
    """Return the start of a month, counted from April 2013."""
    return offset(datetime(2013, 4, 1, tzinfo=UTC), f"{month}mo")


def window(workspace: Workspace, month: int, *, replayed: bool, labelled: bool = True) -> None:
    """Write one closed window, as monitoring and (if `replayed`) a replay see it."""
    turn = month % 9
    start, end, rows = moment(month), moment(month + 1), ROWS[turn]
    known = int(rows * 0.972) if labelled else 0
    served = STALE[turn] + GAIN[turn]
    champion = 1 if turn < 2 else 2 if turn < 4 else 3
    score = 0.16 + 0.6 * (OBSERVED[turn] - 0.13)
    performance = {
        "auc": around(served, 0.011), "brier_skill": around(0.09, 0.01),
        "loss": around(0.14, 0.004),
    }  # fmt: skip
    details = {
        "label": f"{start:%Y-%m}", "kind": "binary", "metric": "auc", "served_version": champion,
        "performance": performance if labelled else {},
        "expected": {"auc": around(0.72, 0.012), "loss": around(0.14, 0.004)},
        "predictions": {
            "mean_score": score, "observed_rate": OBSERVED[turn] if labelled else None
        },
        "volume": {"rows": rows, "expected_low": 26_000, "expected_high": 29_800},
        "drift": drift(turn),
        "violations": [],
    }  # fmt: skip
    workspace.store.add(
        "windows", model=workspace.model_name, start=start, end=end, rows=rows, labelled=known,
        details=details,
    )  # fmt: skip
    if replayed:
        workspace.store.add(
            "replay_windows", start=start, end=end, state="done",
            details=played(turn, start, rows, known, champion),
        )  # fmt: skip


def played(turn: int, start: datetime, rows: int, known: int, champion: int) -> dict[str, object]:
    """Return what a replay says of a window."""
    served = STALE[turn] + GAIN[turn]
    judged = {1: ("pass", "v2"), 3: ("pass", "v3"), 7: ("fail", "v4")}.get(turn, (None, None))
    intervals = {
        "served": around(served, 0.011), "stale": around(STALE[turn], 0.012),
        "always": around(served + 0.006, 0.011), "served_minus_stale": around(GAIN[turn], 0.006),
    }  # fmt: skip
    return {
        "window": f"{start:%Y-%m}", "n": rows, "labelled": known, "metric": "auc",
        "metric_served": served, "metric_stale": STALE[turn], "metric_always": served + 0.006,
        "intervals": intervals, "brier_skill": {"served": 0.09, "stale": 0.06, "always": 0.1},
        "mean_score": 0.16 + 0.6 * (OBSERVED[turn] - 0.13), "observed_rate": OBSERVED[turn],
        "alerts": 1, "verdict": judged[0], "reason": REASON if judged[0] else None,
        "challenger": judged[1], "champion": f"v{champion}", "promoted": judged[0] == "pass",
        "retrained": "triggered by performance: AUC left its range" if turn in (0, 2) else None,
        "labels_used": 27_574,
    }  # fmt: skip


def around(value: float, half: float) -> dict[str, float]:
    """Return an estimate with an interval."""
    return {"estimate": value, "low": value - half, "high": value + half}


def drift(turn: int) -> list[dict[str, object]]:
    """Return a window's drift table, worst first."""
    moved = 2 + (3 * turn) % 5
    return [
        {
            "column": column, "kind": "input", "statistic": 0.41 / (place + 1),
            "p_value": 1e-9 if place < moved else 0.21,
            "adjusted_p": 2e-8 if place < moved else 0.6,
            "effect": 31.2 / (place + 1), "unit": "°F" if place < 2 else "%",
            "drifted": place < moved, "importance": 0.08 / (place + 1),
            "message": f"median of {column} is {31.2 / (place + 1):.1f} above the reference weeks",
        }
        for place, column in enumerate(DRIFTED)
    ]  # fmt: skip


def alert(workspace: Workspace, month: int, severity: str, monitor: str) -> None:
    """Write an alert on a window."""
    served = STALE[month % 9] + GAIN[month % 9]
    workspace.store.add(
        "alerts", id=f"{monitor}-{month}", model=workspace.model_name, monitor=monitor,
        severity=severity, window_start=moment(month), window_end=moment(month + 1),
        message=f"AUC is {served:.3f}, below the {0.708:.3f} that training promised",
        runbook=f"docs/runbook.md#{monitor}", sent=True,
    )  # fmt: skip


def verdict(
    workspace: Workspace, month: int, challenger: str, outcome: str, gain: float, *, step: int
) -> None:
    """Write a look of the gate at a test set, as the ledger does."""
    champion = f"v{int(challenger[1:]) - 1}"
    found = {
        "outcome": outcome, "condition": "gain in mean loss > 0", "reason": REASON,
        "estimates": {"gain": gain, "new_loss": 0.1391, "old_loss": 0.1391 + gain},
        "intervals": {"gain": [gain - 0.002, gain + 0.002]}, "labels_used": 27_574,
        "method": "Student's t over blocks", "delta": 0.0125, "detail": {},
    }  # fmt: skip
    workspace.store.add(
        "looks", test_set=f"{month:024x}", step=step, champion=champion, challenger=challenger,
        condition="gain in mean loss > 0", outcome=outcome, who="trimtab", at=moment(month + 1),
        details={"verdict": found, "delta": 0.0125},
    )  # fmt: skip


def many(workspace: Workspace, count: int) -> None:
    """Write many windows of production, without labels in the last two."""
    for month in range(count):
        window(workspace, month, replayed=False, labelled=month < count - 2)
    for month in np.random.default_rng(0).choice(count, count // 3, replace=False):
        alert(workspace, int(month), "warning", "performance")


def versions(workspace: Workspace) -> None:
    """File four versions in the registry and move them as the year went."""
    from trimtab.models.registry import Registry, RunIdentity

    registry = Registry(workspace)
    for number, month in enumerate((0, 1, 3, 7), 1):
        identity = RunIdentity(
            dataset=f"late_rows@{number}", fingerprint=f"{number:064x}", feature_hash="f3a" * 8,
            commit="d3c1f0a9b8e7", config_hash="9d5f2c3b1a4e6f70", seed=7, trained_from=None,
            trained_until=moment(month), params="{}",
        )  # fmt: skip
        run = registry.log_run(
            identity, files={"analysis.json": json.dumps(analysis()).encode()},
            metrics={"auc": 0.72 + number / 200, "brier_skill": 0.1, "loss": 0.139}, params={},
            facts={"runtime": "onnx", "model_hash": f"{number:x}" * 16},
        )  # fmt: skip
        version = registry.register(run, who="trimtab", why="new data", at=moment(month))
        if number < 4:
            at = moment(month + 1 if number > 1 else 0)
            registry.move(version, "production", who="gate", why=f"passed: {REASON}", at=at)
        else:
            registry.move(version, "archived", who="gate", why="refused", at=moment(8))


def analysis() -> dict[str, object]:
    """Return an analysis as a training files it."""
    scores = (0.05, 0.09, 0.13, 0.17, 0.22, 0.28, 0.36, 0.47, 0.61)
    return {
        "kind": "binary", "classes": [], "headline": "auc", "rows": 80_789, "scored": 60_200,
        "metrics": {
            "auc": around(0.741, 0.009), "loss": around(0.1392, 0.003),
            "brier_skill": {"estimate": 0.102, "low": None, "high": None},
        },
        "slices": [
            {"column": "origin", "value": name, "rows": 20_000 - 1_000 * place, "metrics": {
                "auc": around(0.71 + place / 50, 0.012), "loss": around(0.15 - place / 100, 0.004),
            }}
            for place, name in enumerate(("EWR", "LGA", "JFK"))
        ],
        "calibration": [
            {"mean_score": score, "observed_rate": score * 1.06 - 0.008, "rows": 6_700,
             "low": score * 1.06 - 0.02, "high": score * 1.06 + 0.004}
            for score in scores
        ],
        "calibration_error": 0.0142,
        "importance": [
            {"feature": name, "gain": 0.31 / (place + 1), "permutation": 0.0091 / (place + 1)}
            for place, name in enumerate(("hour", "carrier", "precip", "visib", "distance"))
        ],
        "baselines": {"model": 0.1371, "constant": 0.1523, "linear": 0.1440},
        "notes": ["41 columns, 23 features; the first fold has no out-of-fold score."],
    }  # fmt: skip
