"""What the charts of a page show, as plain values for `static/charts.js`; no drawing here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trimtab.web.facts import Estimate, Window
from trimtab.web.words import metric_name, metric_sense

Chart = dict[str, Any]


def timeline(
    windows: Sequence[Window], moves: Sequence[Mapping[str, Any]], *, kind: str
) -> list[Chart]:
    """Return the charts that share the windows as their time axis.

    Parameters
    ----------
    windows : sequence of Window
        In order of time.
    moves : sequence of mapping
        Rows of `stage_moves`: in a scope without a replay they say when a version began to serve.
    kind : str
        Kind of the task: what a mean score means depends on it.
    """
    if not windows:
        return []
    marks = _marks(windows, moves)
    charts = [
        _performance(windows, marks),
        _scores(windows, marks, kind),
        _volume(windows, marks),
        _watch(windows, marks),
    ]
    return [chart for chart in charts if chart["series"]]


def calibration(analysis: Mapping[str, Any]) -> Chart | None:
    """Return the chart of what was predicted against what happened, if the analysis has one."""
    bins = [item for item in analysis.get("calibration") or () if item["rows"]]
    if not bins:
        return None
    share = analysis.get("kind") != "regression"
    ends = {end: [item.get(end) for item in bins] for end in ("low", "high")}
    return {
        "id": "calibration",
        "kind": "xy",
        "title": "Calibration",
        "note": "on the dashed line, what was predicted is what happened",
        "y": {
            "label": "Observed share" if share else "Mean label",
            "format": "percent" if share else "figure",
        },
        "x": {
            "label": "Mean score of the group" if share else "Mean prediction of the group",
            "values": [item["mean_score"] for item in bins],
        },
        "series": [
            _series(
                "observed", "served", [item["observed_rate"] for item in bins], "line",
                counts=[item["rows"] for item in bins], **ends,
            )
        ],
        "diagonal": True,
        "marks": [],
    }  # fmt: skip


def _performance(windows: Sequence[Window], marks: list[dict[str, Any]]) -> Chart:
    metric = next((window.metric for window in reversed(windows) if window.metric), None)
    name, sense = metric_name(metric), metric_sense(metric)
    series = [
        _arm("always retrained", "always", windows, lambda window: window.always),
        _arm("never retrained", "stale", windows, lambda window: window.stale),
        _arm("served", "served", windows, lambda window: window.served),
    ]
    if not any(window.stale for window in windows):
        series.insert(
            0, _arm("expected from training", "expected", windows, lambda window: window.expected)
        )
    return {
        **_on_windows("performance", f"{name} per window", windows, marks),
        "note": f"{sense}; band: interval of what was served" if sense else "",
        "y": {"label": name, "format": "figure"},
        "series": [one for one in series if _has_values(one)],
    }


def _scores(windows: Sequence[Window], marks: list[dict[str, Any]], kind: str) -> Chart:
    share = kind == "binary"
    series = [
        _series("observed", "observed", [window.observed_rate for window in windows], "line"),
        _series("predicted", "served", [window.mean_score for window in windows], "line"),
    ]
    title = "Predicted and observed share" if share else "Predicted and observed mean"
    return {
        **_on_windows("scores", title, windows, marks),
        "note": "a gap between the two is bias",
        "y": {
            "label": "Share of rows" if share else "Mean",
            "format": "percent" if share else "figure",
        },
        "series": [one for one in series if _has_values(one)],
    }


def _volume(windows: Sequence[Window], marks: list[dict[str, Any]]) -> Chart:
    low = [window.volume[0] if window.volume else None for window in windows]
    high = [window.volume[1] if window.volume else None for window in windows]
    usual = _series("usual volume", "expected", low, "span", low=low, high=high)
    return {
        **_on_windows("volume", "Rows per window", windows, marks),
        "note": "asked, and of those the ones whose label is known",
        "y": {"label": "Rows", "format": "count", "zero": True},
        "series": [
            _series("asked", "muted", [window.rows for window in windows], "bar"),
            _series("labelled", "served", [window.labelled for window in windows], "bar"),
            *([usual] if _has_values(usual) else []),
        ],
    }


def _watch(windows: Sequence[Window], marks: list[dict[str, Any]]) -> Chart:
    tested = max(window.tested for window in windows)
    drifted = [window.drifted if window.tested else None for window in windows]
    series = [
        _series("columns that drifted", "muted", drifted, "bar"),
        _series("alerts sent", "alert", [window.alerts for window in windows], "points"),
    ]
    return {
        **_on_windows("watch", "Drift and alerts", windows, marks),
        "note": f"of {tested} columns and features tested" if tested else "",
        "y": {"label": "Count", "format": "count", "zero": True},
        "series": [one for one in series if _has_values(one)],
    }


def _on_windows(
    name: str, title: str, windows: Sequence[Window], marks: list[dict[str, Any]]
) -> Chart:
    spans = [(window.start.timestamp(), window.end.timestamp()) for window in windows]
    return {
        "id": name,
        "kind": "windows",
        "title": title,
        "x": {
            "label": "Window, by event time (UTC)",
            "values": [(start + end) / 2 for start, end in spans],
            "from": spans[0][0],
            "to": spans[-1][1],
            "names": [window.label for window in windows],
        },
        "marks": marks,
    }


def _marks(windows: Sequence[Window], moves: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what became of challengers: at the end of the window that they were judged on."""
    judged = [window for window in windows if window.verdict or window.promoted]
    if judged:
        return [_mark(window) for window in judged]
    return [
        {
            "x": move["at"].timestamp(),
            "kind": "promoted",
            "text": f"v{move['version']} moved to production",
            "window": None,
        }
        for move in moves
        if move["stage"] == "production"
    ]


def _mark(window: Window) -> dict[str, Any]:
    who = window.challenger or "challenger"
    kind, text = (
        ("promoted", f"{who} promoted")
        if window.promoted
        else ("undecided", f"{who}: not enough data")
        if window.verdict == "not enough data"
        else ("refused", f"{who} refused")
        if window.verdict == "fail"
        else ("undecided", f"{who} passed, not promoted")
    )
    return {"x": window.end.timestamp(), "kind": kind, "text": text, "window": window.label}


def _arm(
    name: str,
    role: str,
    windows: Sequence[Window],
    pick: Callable[[Window], Estimate | None],
) -> dict[str, Any]:
    found = [pick(window) for window in windows]
    return _series(
        name,
        role,
        [one.value if one else None for one in found],
        "line",
        low=[one.low if one else None for one in found],
        high=[one.high if one else None for one in found],
    )


def _series(
    name: str, role: str, values: Sequence[Any], shape: str, **more: Sequence[Any]
) -> dict[str, Any]:
    return {"name": name, "role": role, "values": list(values), "shape": shape, **more}


def _has_values(series: Mapping[str, Any]) -> bool:
    return any(value is not None for value in series["values"])
