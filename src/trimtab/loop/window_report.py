"""One window of a replay in figures: what was served against the stale and the fresh model."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from trimtab.core.workspace import Workspace
from trimtab.loop.baselines import Array, Baselines
from trimtab.loop.cycle import Turn
from trimtab.models.rows import ID, LABEL, TIME
from trimtab.models.scoring import HEADLINE, headline, headline_difference, known_classes, skill
from trimtab.stats.interval import Interval

if TYPE_CHECKING:
    from trimtab.models.registry import Registry


def turn_facts(turn: Turn) -> dict[str, Any]:
    """Return what was decided when the window closed."""
    verdict = turn.verdict
    return {
        "alerts": len(turn.alerts),
        "verdict": verdict.outcome if verdict else None,
        "reason": verdict.reason if verdict else turn.retrained,
        "champion": f"v{turn.champion}",
        "challenger": f"v{turn.challenger}" if turn.challenger is not None else None,
        "promoted": turn.promoted,
        "retrained": turn.retrained,
        "labels_used": verdict.labels_used if verdict else 0,
    }


SIDES = ("served", "stale", "always")


@dataclass(frozen=True, slots=True)
class Answers:
    """What three models answered to the same labelled rows.

    `sides` maps served, stale and always to scores and the classes their columns stand for.
    """

    rows: int
    labels: Array
    times: pl.Series
    sides: dict[str, tuple[Array, list[str]]]

    @classmethod
    def of(
        cls, registry: "Registry", baselines: Baselines, events: pl.DataFrame,
        window: pl.DataFrame, start: datetime,
    ) -> "Answers":  # fmt: skip
        """Read what was served from the log, and score the two baselines on the same rows.

        Parameters
        ----------
        events : polars.DataFrame
            A window's rows of the event log, with the labels known by now.
        window : polars.DataFrame
            The same rows of the task's table.
        start : datetime
            Where the window begins: the always-retrained model has seen all that was known then.
        """
        both = events.filter(pl.col(LABEL).is_not_null()).join(
            window.with_row_index("_row").select(ID, "_row"),
            on=ID, how="left", maintain_order="left",
        )  # fmt: skip
        place = both["_row"].to_numpy()
        fresh, fresh_classes = baselines.always(window, start)
        stale_classes = list(baselines.first.classes)
        served = np.asarray(both["champion_score"].to_list(), float)
        return cls(
            rows=events.height,
            labels=both[LABEL].to_numpy(),
            times=both[TIME],
            sides={
                "served": (served, _served_classes(registry, both, stale_classes)),
                "stale": (baselines.stale(window)[place], stale_classes),
                "always": (fresh[place], fresh_classes or stale_classes),
            },
        )


def performance_facts(
    workspace: Workspace, baselines: Baselines, answers: Answers
) -> dict[str, Any]:
    """Return the headline metric and skill of what was served, stale and always-retrained."""
    task, labels = workspace.project.task, answers.labels
    return {
        "n": answers.rows,
        "labelled": len(labels),
        "metric": HEADLINE[task.kind],
        **_metrics(workspace, labels, answers.times, answers.sides, baselines),
        "mean_score": _mean_score(answers.sides["served"][0]) if labels.size else None,
        "observed_rate": _rate(task.kind, labels),
    }


def overall_facts(windows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of all windows together: means, weighted by labelled rows.

    Metrics are averaged over windows rather than computed on all rows at once: that would ask
    two models that served in different months to agree on the level of their scores. Windows
    are taken as independent, so the half-widths of their intervals add up in squares.
    """
    known = [row for row in windows if row["metric_served"] is not None]
    if not known:
        return {}
    weights = np.array([row["labelled"] for row in known], dtype=float)
    weights /= weights.sum()
    intervals = {name: _averaged([row["intervals"][name] for row in known], weights)
                 for name in known[0]["intervals"]}  # fmt: skip
    return {
        "n": sum(row["n"] for row in windows),
        "labelled": sum(row["labelled"] for row in windows),
        "metric": known[0]["metric"],
        **{f"metric_{side}": (intervals[side] or {}).get("estimate")
           for side in SIDES},
        "intervals": intervals,
        "brier_skill": {side: _mean([row["brier_skill"][side] for row in known], weights)
                        for side in SIDES},
    }  # fmt: skip


def _mean(values: Sequence[float | None], weights: Array) -> float | None:
    known = [value for value in values if value is not None]
    return float(weights @ np.array(known)) if len(known) == len(values) else None


def _averaged(
    parts: Sequence[dict[str, float | None] | None], weights: Array
) -> dict[str, float | None] | None:
    """Return the weighted mean of intervals; without limits if one of them has none."""
    known = [part for part in parts if part and part["estimate"] is not None]
    if len(known) < len(parts):
        return None
    estimates, lows, highs = (
        np.array([part[key] for part in known], dtype=float) for key in ("estimate", "low", "high")
    )
    mean = float(weights @ estimates)
    half = float(np.sqrt(((weights * (highs - lows) / 2) ** 2).sum()))
    if not np.isfinite(half):
        return {"estimate": mean, "low": None, "high": None}
    return {"estimate": mean, "low": mean - half, "high": mean + half}


def _metrics(
    workspace: Workspace,
    labels: Array,
    times: pl.Series,
    sides: dict[str, tuple[Array, list[str]]],
    baselines: Baselines,
) -> dict[str, Any]:
    """Return metrics, their intervals and paired differences, on rows that all sides know."""
    task, seed = workspace.project.task, workspace.project.project.seed
    known = np.ones(len(labels), dtype=bool)
    for _, classes in sides.values():
        known &= known_classes(task.kind, labels, classes)
    labels, times = labels[known], times.filter(pl.Series(known))
    intervals: dict[str, Interval | None] = {}
    skills: dict[str, float | None] = {}
    for side, (scores, classes) in sides.items():
        intervals[side] = headline(
            task, labels, scores[known], times=times, classes=classes, seed=seed
        )
        rate = baselines.training_rate(classes)
        skills[side] = skill(task, labels, scores[known], classes, rate)
    stale = sides["stale"]
    for side in ("served", "always"):
        scores, classes = sides[side]
        same = classes == stale[1] or task.kind != "multiclass"
        intervals[f"{side}_minus_stale"] = headline_difference(
            task, labels, scores[known], stale[0][known], times=times, classes=classes, seed=seed
        ) if same else None  # fmt: skip
    out: dict[str, Any] = {f"metric_{side}": _estimate(intervals[side]) for side in SIDES}
    out["intervals"] = {name: _plain(interval) for name, interval in intervals.items()}
    out["brier_skill"] = skills
    return out


def _served_classes(registry: "Registry", rows: pl.DataFrame, default: list[str]) -> list[str]:
    versions = rows["champion_version"].drop_nulls().unique().to_list()
    return list(registry.load(versions[0]).classes) if len(versions) == 1 else default


def _estimate(interval: Interval | None) -> float | None:
    return None if interval is None else interval.estimate


def _plain(interval: Interval | None) -> dict[str, float] | None:
    if interval is None:
        return None
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def _mean_score(scores: Array) -> float | None:
    return float(scores.mean()) if scores.ndim == 1 else None


def _rate(kind: str, labels: Array) -> float | None:
    if kind == "multiclass" or labels.size == 0:
        return None
    return float(np.mean(labels.astype(float)))
