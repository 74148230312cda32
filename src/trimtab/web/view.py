"""What the templates show, one dict per page, shaped from the facts of a scope."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from trimtab.core.project import Project
from trimtab.core.records import ModelVersion
from trimtab.web import charts
from trimtab.web.facts import Estimate, Models, ScopeFacts, Window, is_pending
from trimtab.web.words import metric_name, metric_sense

SEVERITY_SIGNS = {"critical": "■", "warning": "▲", "info": "●"}


def home_view(project: Project, scopes: Sequence[ScopeFacts]) -> dict[str, Any]:
    """Return what the list of scopes shows."""
    return {
        "title": project.project.name,
        "project": project,
        "models": [_card(facts) for facts in scopes],
    }


def model_view(facts: ScopeFacts) -> dict[str, Any]:
    """Return what the page of a scope's model shows."""
    windows, models, moves = facts.windows(), facts.models(), facts.moves()
    project = facts.workspace.project
    looks = [_look(row, models.versions) for row in facts.looks()]
    drawn = charts.timeline(windows, moves, kind=project.task.kind)
    calibration = charts.calibration(models.analysis)
    alerts = facts.alerts()
    return {
        "title": f"{facts.task} · {facts.scope}",
        "project": project,
        "scope": facts.scope,
        "task": facts.task,
        "model": _card(facts, windows=windows, models=models, alerts=alerts),
        "champion": models.champion,
        "versions": sorted(models.versions, key=lambda version: -version.version),
        "version_metrics": _metric_names(models.versions),
        "registry_problem": models.problem,
        "windows": windows[::-1],
        "has_replay": any(window.stale or window.always for window in windows),
        "metric": metric_name(_metric(windows)),
        "alerts": alerts,
        "moves": moves,
        "looks": looks,
        "gains": _axis(looks),
        "reviews": facts.reviews(),
        "waiting": [review for review in facts.reviews() if is_pending(review)],
        "drift_window": next((window for window in reversed(windows) if window.drift), None),
        "analysis": _analysis(models.analysis),
        "timeline": drawn,
        "charts": [*drawn, *([calibration] if calibration else [])],
        "calibration": calibration,
    }


def runbook_anchor(place: str) -> str | None:
    """Return the anchor in the runbook that an alert names; None if it is a web address.

    Examples
    --------
    >>> runbook_anchor("docs/runbook.md#prediction-drift"), runbook_anchor("docs/runbook.md")
    ('prediction-drift', '')
    """
    if place.startswith(("https://", "http://")):
        return None
    return quote(place.partition("#")[2], safe="-_.")


def _card(
    facts: ScopeFacts,
    *,
    windows: Sequence[Window] | None = None,
    models: Models | None = None,
    alerts: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return a model in a few figures: who serves, how well, what has happened."""
    windows = facts.windows() if windows is None else windows
    models = facts.models() if models is None else models
    alerts = facts.alerts() if alerts is None else alerts
    measured = [window for window in windows if window.served is not None]
    last = measured[-1] if measured else None
    return {
        "scope": facts.scope,
        "task": facts.task,
        "kind": facts.workspace.project.task.kind,
        "champion": models.champion,
        "served_version": windows[-1].champion if windows else None,
        "last": last,
        "last_metric": metric_name(last.metric) if last else None,
        "sense": metric_sense(last.metric) if last else "",
        "against_stale": _difference(last),
        "last_window": windows[-1] if windows else None,
        "windows": len(windows),
        "alerts": len(alerts),
        "alerts_last": windows[-1].alerts if windows else 0,
        "promotions": sum(window.promoted for window in windows),
        "refusals": sum(window.verdict == "fail" for window in windows),
        "waiting": sum(is_pending(review) for review in facts.reviews()),
        "spark": _spark([window.served.value for window in measured if window.served]),
    }


def _difference(window: Window | None) -> Estimate | None:
    if window is None or window.served is None or window.stale is None:
        return None
    return window.gain or Estimate(window.served.value - window.stale.value)


def _metric(windows: Sequence[Window]) -> str | None:
    return next((window.metric for window in reversed(windows) if window.metric), None)


def _spark(values: Sequence[float], width: float = 120, height: float = 28) -> str:
    """Return the points of a small line, as SVG writes them."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    step, span = (width - 6) / (len(values) - 1), (high - low) or 1
    return " ".join(
        f"{3 + index * step:.1f},{height - 4 - (value - low) / span * (height - 8):.1f}"
        for index, value in enumerate(values)
    )


def _look(row: Mapping[str, Any], versions: Sequence[ModelVersion]) -> dict[str, Any]:
    """Return a look of the gate's ledger with the evidence of its verdict."""
    details = row["details"] or {}
    verdict = details.get("verdict") or {}
    intervals = verdict.get("intervals") or {}
    evidence = {
        name: Estimate(value, *(intervals.get(name) or (None, None)))
        for name, value in (verdict.get("estimates") or {}).items()
        if value is not None
    }
    return {
        **row,
        "challenger": _named(row["challenger"], versions),
        "champion": _named(row["champion"], versions),
        "reason": verdict.get("reason", ""),
        "method": verdict.get("method"),
        "delta": verdict.get("delta"),
        "labels_used": verdict.get("labels_used"),
        "evidence": evidence,
    }


def _named(name: str, versions: Sequence[ModelVersion]) -> str:
    """Return a model as people call it: the ledger keeps it by a name that never changes."""
    for version in versions:
        if name in {version.model_hash, version.run_id, version.label}:
            return version.label
    return name


def _axis(looks: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the common scale on which the evidence of all looks is drawn, zero in the middle."""
    ends = [
        abs(end)
        for look in looks
        for estimate in look["evidence"].values()
        if estimate.low is not None
        for end in (estimate.value, estimate.low, estimate.high)
        if end is not None
    ]
    reach = max(ends, default=0.0)
    return {"reach": reach} if reach else None


def _metric_names(versions: Sequence[ModelVersion]) -> list[str]:
    """Return the metrics shown per version: those that most versions have, at most four."""
    counts: dict[str, int] = {}
    for version in versions:
        for name in version.metrics:
            counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], list(counts).index(name)))[:4]


def _analysis(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a model's analysis (see `models.analyse`) as rows of tables."""
    if not found:
        return None
    slices = [
        {
            "name": f"{item['column']} = {item['value']}",
            "rows": item["rows"],
            "metrics": _estimates(item["metrics"]),
        }
        for item in found.get("slices") or ()
    ]
    importance = found.get("importance") or ()
    greatest = max((item["permutation"] or 0 for item in importance), default=0) or 1
    return {
        "metrics": [
            {"name": metric_name(name), "sense": metric_sense(name), "estimate": estimate}
            for name, estimate in _estimates(found.get("metrics") or {}).items()
        ],
        "baselines": found.get("baselines") or {},
        "calibration_error": found.get("calibration_error"),
        "scored": found.get("scored"),
        "rows": found.get("rows"),
        "slices": slices,
        "slice_metrics": list(slices[0]["metrics"]) if slices else [],
        "importance": [
            {**item, "share": (item["permutation"] or 0) / greatest} for item in importance
        ],
        "notes": found.get("notes") or (),
    }


def _estimates(figures: Mapping[str, Mapping[str, Any]]) -> dict[str, Estimate]:
    """Return the figures that could be computed."""
    return {
        name: Estimate(value["estimate"], value.get("low"), value.get("high"))
        for name, value in figures.items()
        if value.get("estimate") is not None
    }
