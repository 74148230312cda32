"""A trained model taken apart: how good, where worst, how honest its probabilities, and why.

Everything is measured on out-of-fold scores: each row is scored by a model that learnt only
from what was known before it. Intervals resample the task's blocks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.records import Record
from trimtab.core.settings import TaskSection
from trimtab.models.fitted import FittedModel, Scores
from trimtab.models.rows import LABEL, TIME
from trimtab.models.scoring import (
    HEADLINE,
    constant_scores,
    encoded,
    headline,
    known_classes,
    row_losses,
    task_blocks,
)
from trimtab.stats.bootstrap import bootstrap_mean
from trimtab.stats.calibration import expected_calibration_error, reliability_bins
from trimtab.stats.interval import Interval
from trimtab.stats.losses import brier_skill

MIN_SLICE_ROWS = 100
_MAX_SLICES = 20
_PERMUTED_ROWS = 5_000
_N_RESAMPLES = 300

Figure = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Analysis(Record):
    """What is known of a trained model before it serves.

    Parameters
    ----------
    rows, scored : int
        Training rows, and how many of them have an out-of-fold score.
    metrics : dict
        For each metric `estimate`, `low` and `high`: the headline metric (`auc`, `auc_ovr` or
        `r2`), `loss` in [0, 1], and `brier_skill`, `accuracy` or `mae` as the kind has it.
    slices : tuple of dict
        `column`, `value`, `rows` and `metrics` of each slice, the greatest loss first.
    calibration : tuple of dict
        Bins of alike scores: `mean_score`, `observed_rate`, `rows`, `low`, `high`. For several
        classes of the top class; for numbers the mean label takes the place of the rate.
    calibration_error : float or None
        Mean gap between score and rate; None for numbers.
    importance : tuple of dict
        `feature`, `gain` (share of the splits' gain, if the estimator has it), `permutation`
        (how much the loss rises when the feature's values change places), greatest first.
    baselines : dict
        Loss on the last fold of the model, of a constant, and of a linear model.
    notes : tuple of str
        What a reader should know about how this was made.
    """

    kind: str
    classes: tuple[str, ...]
    headline: str
    rows: int
    scored: int
    metrics: dict[str, Figure]
    slices: tuple[dict[str, Any], ...]
    calibration: tuple[dict[str, Any], ...]
    calibration_error: float | None
    importance: tuple[dict[str, Any], ...]
    baselines: dict[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LastFold:
    """The newest fold: its model, and the later rows that the model has not seen."""

    model: FittedModel
    features: pl.DataFrame
    labels: np.ndarray[Any, Any]
    linear: FittedModel | None


def analyse(
    task: TaskSection,
    rows: pl.DataFrame,
    scores: Scores,
    classes: tuple[str, ...],
    last: LastFold,
    *,
    seed: int,
    notes: tuple[str, ...] = (),
) -> Analysis:
    """Take a model apart by its out-of-fold scores and its newest fold.

    Parameters
    ----------
    task : TaskSection
        Kind, blocks, slices and scale of the loss.
    rows : polars.DataFrame
        Training rows in time order.
    scores : ndarray
        Out-of-fold scores of these rows, NaN where there is none.
    classes : tuple of str
        Names of the classes, if several.
    last : LastFold
        For importance and baselines.
    seed : int
        Seed of resampling and shuffling.
    notes : tuple of str
        Taken over.
    """
    scored = np.isfinite(scores if scores.ndim == 1 else scores[:, 0])
    tried, found = rows.filter(scored), scores[scored]
    labels = tried[LABEL].to_numpy()
    bins, error = _calibration(task, labels, found, classes)
    return Analysis(
        kind=task.kind,
        classes=classes,
        headline=HEADLINE[task.kind],
        rows=rows.height,
        scored=tried.height,
        metrics=_metrics(task, tried, found, classes, seed),
        slices=_slices(task, tried, found, classes, seed),
        calibration=bins,
        calibration_error=error,
        importance=_importance(task, last, seed),
        baselines=_baselines(task, last),
        notes=notes,
    )


def figure(interval: Interval | None) -> Figure:
    """Return an interval as plain numbers; infinite limits become None on their way to JSON."""
    if interval is None:
        return {"estimate": None, "low": None, "high": None}
    return {"estimate": interval.estimate, "low": interval.low, "high": interval.high}


def _metrics(
    task: TaskSection, rows: pl.DataFrame, scores: Scores, classes: tuple[str, ...], seed: int
) -> dict[str, Figure]:
    labels = rows[LABEL].to_numpy()
    first = headline(task, labels, scores, times=rows[TIME], classes=classes, seed=seed)
    made = {HEADLINE[task.kind]: figure(first), "loss": _mean(
        task, rows, row_losses(task, labels, scores, classes), seed
    )}  # fmt: skip
    if task.kind == "regression":
        made["mae"] = _mean(task, rows, np.abs(labels - scores), seed)
        return made
    codes = encoded(task.kind, labels, classes)
    skill = float(brier_skill(codes, scores))
    made["brier_skill"] = {"estimate": skill, "low": None, "high": None}
    if task.kind == "multiclass":
        made["accuracy"] = _mean(task, rows, (scores.argmax(axis=1) == codes).astype(float), seed)
    return made


def _mean(task: TaskSection, rows: pl.DataFrame, values: Any, seed: int) -> Figure:
    row_blocks = task_blocks(task, rows[TIME])
    return figure(bootstrap_mean(values, row_blocks, n_resamples=_N_RESAMPLES, seed=seed))


def _slices(
    task: TaskSection, rows: pl.DataFrame, scores: Scores, classes: tuple[str, ...], seed: int
) -> tuple[dict[str, Any], ...]:
    """Return the metrics of every slice with enough rows, the greatest loss first."""
    found = []
    for column in task.slices:
        values = _slice_values(rows[column])
        counts = values.value_counts(sort=True).head(_MAX_SLICES)
        for value, count in counts.iter_rows():
            if value is None or count < MIN_SLICE_ROWS:
                continue
            inside = (values == value).fill_null(False).to_numpy()
            part = rows.filter(inside)
            labels = part[LABEL].to_numpy()
            losses = row_losses(task, labels, scores[inside], classes)
            metrics = {
                HEADLINE[task.kind]: figure(headline(
                    task, labels, scores[inside], times=part[TIME], classes=classes, seed=seed
                )),
                "loss": _mean(task, part, losses, seed),
            }  # fmt: skip
            found.append({"column": column, "value": value, "rows": count, "metrics": metrics})
    return tuple(sorted(found, key=lambda s: -float(s["metrics"]["loss"]["estimate"])))


def _slice_values(column: pl.Series) -> pl.Series:
    """Return the slice of each row as text; numbers of many values by their quarter."""
    if not column.dtype.is_numeric() or column.n_unique() <= _MAX_SLICES:
        return column.cast(pl.String)
    values = column.cast(pl.Float64).fill_nan(None)
    known = values.is_not_null().to_numpy()
    edges = np.unique(np.quantile(values.drop_nulls().to_numpy(), [0.25, 0.5, 0.75]))
    inner = [f"{low:g} to {high:g}" for low, high in zip(edges, edges[1:], strict=False)]
    names = np.array([f"to {edges[0]:g}", *inner, f"above {edges[-1]:g}"], dtype=object)
    places = np.searchsorted(edges, values.fill_null(0.0).to_numpy(), side="left")
    named = [name if ok else None for name, ok in zip(names[places], known, strict=True)]
    return pl.Series(column.name, named, dtype=pl.String)


def _calibration(
    task: TaskSection, labels: Any, scores: Scores, classes: tuple[str, ...]
) -> tuple[tuple[dict[str, Any], ...], float | None]:
    if task.kind == "regression":
        return _mean_bins(labels, scores), None
    if task.kind == "multiclass":
        labels = scores.argmax(axis=1) == encoded(task.kind, labels, classes)
        scores = scores.max(axis=1)
    scores = np.clip(scores, 0.0, 1.0)
    bins = []
    for item in reliability_bins(labels, scores):
        made = item.to_dict()
        bins.append({**made, "rows": made.pop("n_rows")})
    return tuple(bins), expected_calibration_error(labels, scores)


def _mean_bins(labels: Any, scores: Scores) -> tuple[dict[str, Any], ...]:
    """Return mean prediction and mean label in ten groups of alike predictions."""
    bins = []
    for part in np.array_split(np.argsort(scores, kind="stable"), 10):
        if len(part) > 1:
            centre, spread = float(labels[part].mean()), float(labels[part].std(ddof=1))
            half = 1.96 * spread / float(np.sqrt(len(part)))
            bins.append({
                "mean_score": float(scores[part].mean()), "observed_rate": centre,
                "rows": len(part), "low": centre - half, "high": centre + half,
            })  # fmt: skip
    return tuple(bins)


def _importance(task: TaskSection, last: LastFold, seed: int) -> tuple[dict[str, Any], ...]:
    """Return each feature's share of gain, and the loss that shuffling it costs."""
    step = max(1, last.features.height // _PERMUTED_ROWS)
    labels, sample = last.labels[::step], last.features.gather_every(step)
    known = known_classes(task.kind, labels, last.model.classes)
    labels, sample = labels[known], sample.filter(known)
    gains = _gains(last.model)
    order = np.random.default_rng(seed).permutation(sample.height)
    plain = _loss(task, last.model, sample, labels)
    found = []
    for name in sample.columns:
        shuffled = sample.with_columns(sample[name].gather(order))
        cost = _loss(task, last.model, shuffled, labels) - plain
        found.append({"feature": name, "gain": gains.get(name), "permutation": cost})
    return tuple(sorted(found, key=lambda item: (-item["permutation"], item["feature"])))


def _gains(model: FittedModel) -> Mapping[str, float]:
    estimator = getattr(model.estimator, "named_steps", {}).get("model", model.estimator)
    if hasattr(estimator, "booster_"):
        gains = np.asarray(estimator.booster_.feature_importance("gain"), dtype=float)
    elif hasattr(estimator, "feature_importances_"):
        gains = np.asarray(estimator.feature_importances_, dtype=float)
    else:
        return {}
    if len(gains) != len(model.encoder.columns):
        return {}
    total = float(gains.sum()) or 1.0
    return dict(zip(model.encoder.columns, (gains / total).tolist(), strict=True))


def _baselines(task: TaskSection, last: LastFold) -> dict[str, float]:
    known = known_classes(task.kind, last.labels, last.model.classes)
    labels, features = last.labels[known], last.features.filter(known)
    if not len(labels):
        return {}
    constant = constant_scores(task.kind, labels, last.model.classes)
    found = {
        "model": _loss(task, last.model, features, labels),
        "constant": float(row_losses(task, labels, constant, last.model.classes).mean()),
    }
    if last.linear is not None:
        found["linear"] = _loss(task, last.linear, features, labels)
    return found


def _loss(task: TaskSection, model: FittedModel, features: pl.DataFrame, labels: Any) -> float:
    if not len(labels):
        return float("nan")
    return float(row_losses(task, labels, model.predict(features), model.classes).mean())
