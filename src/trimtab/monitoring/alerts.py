"""What is worth a person's attention, once: the policy, and the log of alerts.

==================  ========  =============================================================
monitor             severity  raised when
==================  ========  =============================================================
`performance`       critical  the loss is higher, or the area under the curve lower, than blocks
                              of the reference lead to expect (two tests share alpha)
`bias`              warning   predictions are off the truth on average: the interval over the
                              task's blocks is clear of zero *and* the reference's blocks do
                              not do the same
`prediction drift`  warning   the predictions' distribution moved
`volume`            warning   more or fewer rows than blocks of the reference lead to expect
`nulls`, `levels`   warning   more missing values, or more levels never seen before, in columns
                              that the model leans on
`input drift`       info      columns that together carry a tenth of the model's importance
                              moved; harmless more often than not
==================  ========  =============================================================

All but `volume` also have to be large enough to matter: `monitor.min_effect` (0.1) spreads of
single rows. With a hundred thousand rows a move of one point is certain, and no news; below a
tenth of a spread two groups are by custom called alike [1]_. For a column or a mean prediction
that is its standardised mean difference; for bias, the spread of single errors; for an AUC, the
distance of the classes' scores that it stands for (near 0.9, a fall of 1.3 points). What is
certain and small is listed in the window, without an alert.

In windows where nothing changed, `performance`, `bias` and `volume` each raise a false alert in
at most a share alpha (`monitor.alpha`, 0.01) of them; of the columns called drifted at most a
share alpha is called so wrongly, on average (Benjamini-Hochberg). `tests/calibration` measures
both with days that depend on each other. A column that nobody leans on is listed in the window
and never is an alert by itself.

.. [1] P. C. Austin, "Balance diagnostics for comparing the distribution of baseline covariates
   between treatment groups in propensity-score matched samples", Statistics in Medicine 28
   (2009).
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from trimtab.core.records import Alert, Record, jsonable
from trimtab.core.workspace import Workspace
from trimtab.monitoring.drift import Drift
from trimtab.monitoring.notify import channels_of, deliver
from trimtab.monitoring.windows import WindowReport

IMPORTANT_SHARE = 0.1
SHOWN_COLUMNS = 5

Severity = Literal["info", "warning", "critical"]
SEVERITY: dict[str, Severity] = {
    "performance": "critical",
    "bias": "warning",
    "prediction drift": "warning",
    "volume": "warning",
    "nulls": "warning",
    "levels": "warning",
    "input drift": "info",
}


@dataclass(frozen=True, slots=True)
class Raised(Record):
    """What became of alerts: how many were new, and which channels failed."""

    new: int
    sent: int
    waiting: int
    failures: tuple[str, ...] = ()


def alerts_for(workspace: Workspace, report: WindowReport) -> list[Alert]:
    """Return the alerts that a window calls for, by the policy above; none is raised yet."""
    monitor = workspace.project.monitor
    alpha, least = monitor.alpha, monitor.min_effect
    moved = [drift for drift in report.drift if drift.drifted and drift.size >= least]
    found = [
        *_performance(report, alpha, least),
        *_bias(report, alpha, least),
        *_volume(report, alpha),
        *_prediction(moved),
        *_columns(report, moved),
    ]
    return [
        Alert(
            id=alert_id(workspace.scope, report.model, report.start, name),
            model=report.model,
            monitor=name,
            severity=SEVERITY[name],
            window_start=report.start,
            window_end=report.end,
            message=f"{report.details['label']}: {message}",
            runbook=f"{workspace.project.alerts.runbook}#{name.replace(' ', '-')}",
            evidence=evidence,
        )
        for name, message, evidence in found
    ]


def alert_id(scope: str, model: str, start: datetime, monitor: str) -> str:
    """Return the name of an alert: the same for the same monitor, model and window."""
    parts = [scope, model, start.astimezone(UTC).isoformat(), monitor]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def raise_alerts(workspace: Workspace, alerts: Sequence[Alert]) -> Raised:
    """Log alerts, each once whatever is called how often or killed where, and send them.

    An alert is a row of the store first, then a line of the alerts file, then a message to
    each channel. What a channel did not take is tried again on the next call, for all alerts
    of this scope: an alert is never lost, and may reach a channel twice if the process is
    killed between sending and noting it down (its `id` tells).
    """
    new = 0
    for alert in alerts:
        row = {k: getattr(alert, k) for k in _COLUMNS}
        details = {"evidence": alert.evidence, "delivered": []}
        new += workspace.store.add("alerts", **row, sent=False, details=details)
    waiting = workspace.store.rows("alerts", sent=False, order=("window_start", "id"))
    _write(workspace, waiting)
    channels = channels_of(workspace.project.alerts)
    failures: dict[str, str] = {}
    sent = 0
    for row in waiting:
        done = list(row["details"].get("delivered", []))
        for name, url in channels.items():
            if name in done or name in failures:  # a channel that is down is tried once a call
                continue
            problem = deliver(name, url, _plain(row))
            if problem is None:
                done.append(name)
            else:
                failures[name] = problem
        complete = set(channels) <= set(done)
        sent += complete
        workspace.store.change(
            "alerts", {"sent": complete, "details": {**row["details"], "delivered": done}},
            id=row["id"],
        )  # fmt: skip
    return Raised(new, sent, len(waiting) - sent, tuple(failures.values()))


_COLUMNS = (
    "id", "model", "monitor", "severity", "window_start", "window_end", "message", "runbook",
)  # fmt: skip
Finding = tuple[str, str, dict[str, Any]]


def _performance(report: WindowReport, alpha: float, least: float) -> Iterator[Finding]:
    metric = report.details["metric"]
    tests = {name: report.tests[name] for name in ("loss", metric) if name in report.tests}
    if not tests:
        return
    p_values = {
        name: min(1.0, len(tests) * test.one_sided(above=name == "loss"))
        for name, test in tests.items()
        if test.p_value < 1
    }
    worse = [name for name, p in p_values.items() if p <= alpha and tests[name].size >= least]
    if not worse:
        return
    said = []
    for name in worse:
        test = tests[name]
        limit, bound = ("above", test.high) if name == "loss" else ("below", test.low)
        said.append(
            f"{name} {test.current:.4f}, promised {test.reference:.4f}, {limit} the "
            f"{bound:.4f} where ordinary windows end"
        )
    yield (
        "performance",
        f"the model does worse than promised ({'; '.join(said)}; {report.labelled:,} labels).",
        {name: {**tests[name].to_dict(), "p_value": p_values[name]} for name in worse},
    )


def _bias(report: WindowReport, alpha: float, least: float) -> Iterator[Finding]:
    test, bias = report.tests.get("bias"), report.bias
    if test is None or bias is None or test.p_value > alpha or bias.contains(0):
        return
    if test.size < least:
        return
    predictions = report.details["predictions"]
    direction = "above" if bias.estimate > 0 else "below"
    binary = report.details["kind"] != "regression"
    gap = f"{100 * abs(bias.estimate):.1f} points" if binary else f"{abs(bias.estimate):.4g}"
    yield (
        "bias",
        f"predictions are {gap} {direction} what turned out true on average (interval "
        f"{bias.low:.4g} to {bias.high:.4g}; observed {predictions['observed_rate']:.4g}; "
        f"the reference was off by {test.reference:.4g}).",
        {"bias": bias.to_dict(), "ordinary": test.to_dict()},
    )


def _volume(report: WindowReport, alpha: float) -> Iterator[Finding]:
    test, volume = report.tests.get("volume"), report.details["volume"]
    if test is None or test.p_value > alpha:
        return
    low, high = volume["expected_low"], volume["expected_high"]
    yield (
        "volume",
        f"{report.rows:,} rows came in; {low:,.0f} to {high:,.0f} are ordinary.",
        {"volume": volume, "ordinary": test.to_dict()},
    )


def _prediction(moved: list[Drift]) -> Iterator[Finding]:
    for drift in moved:
        if drift.kind == "prediction":
            yield "prediction drift", drift.message, {"drift": [drift.to_dict()]}


def _columns(report: WindowReport, moved: list[Drift]) -> Iterator[Finding]:
    """Group drifted inputs, nulls and new levels; say nothing of what the model ignores."""
    groups: dict[str, tuple[str, ...]] = {
        "nulls": ("nulls",), "levels": ("levels",), "input drift": ("input", "feature"),
    }  # fmt: skip
    for monitor, kinds in groups.items():
        drifted = [d for d in moved if d.kind in kinds]
        share = _importance(drifted, known=bool(report.importance))
        if not drifted or share < IMPORTANT_SHARE:
            continue
        drifted.sort(key=lambda d: (-(d.importance or 0.0), d.adjusted_p))
        named = {d.column: d for d in reversed(drifted)}  # a feature may be named as its column
        shown = [d for d in drifted if named[d.column] is d][:SHOWN_COLUMNS]
        more = len(named) - len(shown)
        weight = f" that carry {share:.0%} of the model's importance" if report.importance else ""
        yield (
            monitor,
            f"{len(named)} column{'s' if len(named) > 1 else ''}{weight} moved: "
            + " ".join(d.message for d in shown)
            + (f" And {more} more." if more else ""),
            {"importance": share, "drift": [d.to_dict() for d in drifted]},
        )


def _importance(drifted: list[Drift], *, known: bool) -> float:
    """Return the share of importance that hangs on drifted columns; 1 if nobody measured it.

    A column and the feature made of it are one thing: the larger of both sums counts.
    """
    if not known:
        return 1.0
    sums = {"feature": 0.0, "input": 0.0}
    seen: set[tuple[str, str]] = set()
    for drift in drifted:
        side = "feature" if drift.kind == "feature" else "input"
        if (side, drift.column) not in seen:
            seen.add((side, drift.column))
            sums[side] += drift.importance or 0.0
    return min(max(sums.values()), 1.0)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return an alert's row as people and machines receive it."""
    evidence = row["details"].get("evidence", {})
    plain = jsonable({**{k: row[k] for k in _COLUMNS}, "evidence": evidence})
    assert isinstance(plain, dict)
    return plain


def _write(workspace: Workspace, rows: Sequence[dict[str, Any]]) -> None:
    """Append to the alerts file what is not in it; one process at a time."""
    if not rows:
        return
    path = workspace.alerts_path
    path.parent.mkdir(parents=True, exist_ok=True)
    with workspace.store.transaction():  # the store's lock keeps other writers out
        known = _ids(path)
        lines = [json.dumps(_plain(row)) for row in rows if row["id"] not in known]
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())


def _ids(path: Path) -> set[str]:
    """Return the alerts in the file, after cutting off a line that a killed process left."""
    if not path.exists():
        return set()
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        with path.open("r+b") as file:
            file.truncate(whole)
    return {json.loads(line)["id"] for line in content[:whole].splitlines() if line.strip()}
