"""What the pages know about a scope: rows of the store and the registry, read and lined up.

The store is read anew for each request; the registry, which is slower, is kept for a few seconds.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from trimtab.core.errors import TrimtabError
from trimtab.core.records import ModelVersion
from trimtab.core.workspace import Workspace
from trimtab.gates.ledger import Ledger
from trimtab.gates.ledger_reading import StoredReading

REGISTRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and, where it was computed, the interval around it."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A closed window: what monitoring saw, and what a replay adds to it."""

    start: datetime
    end: datetime
    label: str
    rows: int
    labelled: int
    metric: str | None
    served: Estimate | None
    stale: Estimate | None
    always: Estimate | None
    expected: Estimate | None
    gain: Estimate | None
    skill: Estimate | None
    mean_score: float | None
    observed_rate: float | None
    volume: tuple[float, float] | None
    tested: int
    drifted: int
    alerts: int
    verdict: str | None
    reason: str | None
    challenger: str | None
    champion: str | None
    promoted: bool
    retrained: str | None
    drift: tuple[dict[str, Any], ...] = ()
    violations: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Models:
    """What the registry holds for one model; `problem` says why it could not be read."""

    champion: ModelVersion | None = None
    versions: tuple[ModelVersion, ...] = ()
    analysis: Mapping[str, Any] = field(default_factory=dict)
    problem: str | None = None


class ScopeFacts:
    """Reader of everything that happened in one scope.

    Parameters
    ----------
    workspace : Workspace
        The project, seen from the scope.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._models: tuple[float, Models] | None = None

    @property
    def scope(self) -> str:
        """Name of the scope."""
        return self.workspace.scope

    @property
    def task(self) -> str:
        """Name of the task, which is the model's name on the pages."""
        return self.workspace.project.task.name

    @cached_property
    def _names(self) -> set[str]:
        return {self.task, self.workspace.model_name}

    def is_called(self, name: str) -> bool:
        """Tell whether `name` means this scope's model, as people or as the registry write it."""
        return name in self._names

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts on the model, newest window first."""
        rows = self.workspace.store.rows("alerts", order=("window_start", "id"))
        return [row for row in reversed(rows) if row["model"] in self._names]

    def moves(self) -> list[dict[str, Any]]:
        """Return who moved which version where and why, newest first."""
        rows = [
            row
            for row in self.workspace.store.rows("stage_moves", order=("at", "version"))
            if row["model"] in self._names
        ]
        # Several moves may be of one moment; the registry numbers them.
        return sorted(rows, key=lambda row: -int((row["details"] or {}).get("step", 0)))

    def looks(self) -> list[dict[str, Any]]:
        """Return the gate's looks at test sets as anyone may see them, newest first."""
        return Ledger(self.workspace.store).looks()[::-1]

    def readings(self) -> list[StoredReading]:
        """Return the readings of the overfitting meter, newest first."""
        return Ledger(self.workspace.store).readings()[::-1]

    def reviews(self) -> list[dict[str, Any]]:
        """Return the human reviews, those that wait for a person first, then newest first."""
        rows = self.workspace.store.rows("reviews", order="at")[::-1]
        return sorted(rows, key=lambda row: not is_pending(row))

    def windows(self) -> list[Window]:
        """Return the closed windows in order of time, each seen from all its sides."""
        store = self.workspace.store
        watched = [
            row for row in store.rows("windows", order="start") if row["model"] in self._names
        ]
        # A window that is still being played has no figures yet.
        played = store.rows("replay_windows", order="start", state="done")
        replayed = {row["start"]: row for row in played}
        alerts: dict[datetime, int] = {}
        for row in self.alerts():
            alerts[row["window_start"]] = alerts.get(row["window_start"], 0) + 1
        seen = {row["start"]: row for row in watched}
        return [
            _window(seen.get(start), replayed.get(start), alerts.get(start, 0))
            for start in sorted({*seen, *replayed})
        ]

    def models(self) -> Models:
        """Return what the registry holds, read at most every few seconds."""
        now = time.monotonic()
        if self._models is None or now - self._models[0] > REGISTRY_SECONDS:
            self._models = (now, self._read_models())
        return self._models[1]

    def _read_models(self) -> Models:
        # Every registered version has a row of its own history, so that a scope without one
        # needs no MLflow, whose import takes seconds.
        if not self.moves():
            return Models()
        try:
            registry = self._registry
            champion = registry.current("production")
            analysis = _analysis(registry, champion)
            return Models(champion, tuple(registry.versions()), analysis)
        except TrimtabError as error:
            return Models(problem=f"{error.problem}. {error.hint}")

    @cached_property
    def _registry(self) -> Any:
        from trimtab.models.registry import Registry

        return Registry(self.workspace)


def is_pending(review: Mapping[str, Any]) -> bool:
    """Tell whether a review still waits for a person."""
    return bool(review["status"] == "pending")


def _analysis(registry: Any, champion: ModelVersion | None) -> Mapping[str, Any]:
    if champion is None:
        return {}
    try:
        found: Mapping[str, Any] = registry.analysis(champion.version)
        return found
    except TrimtabError:
        return {}  # a version filed without an analysis is still worth a page


def _window(
    watched: Mapping[str, Any] | None, replayed: Mapping[str, Any] | None, alerts: int
) -> Window:
    """Line up the two rows that may exist of one window; the replay's figures come first."""
    row = watched or replayed
    assert row is not None
    seen = (watched or {}).get("details") or {}
    played = (replayed or {}).get("details") or {}
    metric = played.get("metric") or seen.get("metric")
    drift = tuple(seen.get("drift") or ())
    predictions, volume = seen.get("predictions") or {}, seen.get("volume") or {}
    performance = seen.get("performance") or {}
    return Window(
        start=row["start"],
        end=row["end"],
        label=seen.get("label") or played.get("window") or f"{row['start']:%Y-%m-%d}",
        rows=_first(played.get("n"), (watched or {}).get("rows"), 0),
        labelled=_first(played.get("labelled"), (watched or {}).get("labelled"), 0),
        metric=metric,
        served=_arm(played, "served") or _estimate(performance.get(metric)),
        stale=_arm(played, "stale"),
        always=_arm(played, "always"),
        expected=_estimate((seen.get("expected") or {}).get(metric)),
        gain=_estimate((played.get("intervals") or {}).get("served_minus_stale")),
        skill=_skill(played) or _estimate(performance.get("brier_skill")),
        mean_score=_first(played.get("mean_score"), predictions.get("mean_score")),
        observed_rate=_first(played.get("observed_rate"), predictions.get("observed_rate")),
        volume=_span(volume.get("expected_low"), volume.get("expected_high")),
        tested=len(drift),
        drifted=sum(bool(item.get("drifted")) for item in drift),
        alerts=max(alerts, _first(played.get("alerts"), 0)),
        verdict=played.get("verdict"),
        reason=played.get("reason"),
        challenger=_version(played.get("challenger")),
        champion=_version(_first(played.get("champion"), seen.get("served_version"))),
        promoted=bool(played.get("promoted")),
        retrained=played.get("retrained"),
        drift=drift,
        violations=tuple(seen.get("violations") or ()),
    )


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _version(value: Any) -> str | None:
    """Write a version as people do; monitoring keeps its number, a replay its name."""
    return None if value is None else f"v{value}" if isinstance(value, int) else str(value)


def _estimate(found: Mapping[str, Any] | None) -> Estimate | None:
    if not found or found.get("estimate") is None:
        return None
    return Estimate(found["estimate"], found.get("low"), found.get("high"))


def _arm(played: Mapping[str, Any], arm: str) -> Estimate | None:
    """Return the figure of one arm of a replay, with its interval where there is one."""
    whole = _estimate((played.get("intervals") or {}).get(arm))
    value = played.get(f"metric_{arm}")
    return whole or (None if value is None else Estimate(value))


def _skill(played: Mapping[str, Any]) -> Estimate | None:
    value = (played.get("brier_skill") or {}).get("served")
    return None if value is None else Estimate(value)


def _span(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
