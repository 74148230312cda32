"""One training, step by step: search, out-of-fold scores, final fit, analysis, compilation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.progress import Progress
from trimtab.core.project import Project
from trimtab.models.analyse import Analysis, LastFold, analyse
from trimtab.models.compile import Compiled, compile_model
from trimtab.models.estimators import Params, find_estimator
from trimtab.models.fit import Labels, fit
from trimtab.models.fitted import FittedModel, Scores
from trimtab.models.folds import Fold, time_folds
from trimtab.models.rows import LABEL, LABEL_TIME, TIME
from trimtab.models.scoring import known_classes, row_losses, task_blocks
from trimtab.models.tune import Study, search

N_FOLDS = 4
_LINEAR_ROWS = 10_000
_TUNED_ON = 0.5
"""Every fold of a search learns from at least this share of the rows.

Parameters that do best on a quarter of them are not those of a model of all: with half a year of
past, a search learns to distrust the month.
"""


@dataclass(frozen=True, slots=True)
class Trained:
    """All that one training made."""

    model: FittedModel
    scores: Scores
    study: Study | None
    analysis: Analysis
    compiled: Compiled


class Training:
    """A training on rows and their features, both in time order.

    Parameters
    ----------
    project : Project
        Task, estimator, search and seed.
    rows, table : polars.DataFrame
        Rows with their label, and their features.
    progress : callable
        Told how far it is.
    """

    def __init__(
        self, project: Project, rows: pl.DataFrame, table: pl.DataFrame, progress: Progress
    ) -> None:
        self.task, self.tuning, self.seed = project.task, project.tune, project.project.seed
        self.estimator, self.given = project.train.estimator, dict(project.train.params)
        self.compiles = project.serve.compile
        self.rows, self.table, self.progress = rows, table, progress
        self.labels = rows[LABEL].to_numpy()
        self.classes = (
            tuple(sorted({str(label) for label in self.labels}))
            if self.task.kind == "multiclass"
            else ()
        )

    def run(self, params: Params | None) -> Trained:
        """Train with `params`, or with those that a search finds."""
        study = self._tune() if params is None else None
        chosen = dict(study.params if study is not None else params or {})
        folds = self._folds(self.rows, N_FOLDS)
        models, scores = [], np.full(self._shape(), np.nan)
        for number, fold in enumerate(folds):
            models.append(self._fit(fold.train, chosen))
            scores[fold.valid] = self._scores(models[-1], fold.valid)
            self.progress("Training", number + 1, len(folds) + 2)
        model = self._fit(np.arange(len(self.labels)), chosen)
        self.progress("Training", len(folds) + 1, len(folds) + 2)
        analysis = self._analyse(folds, models[-1], scores)
        last = self.table[folds[-1].valid]
        compiled = (
            compile_model(model, last)
            if self.compiles
            else Compiled(None, None, "`serve.compile` is off")
        )
        self.progress("Training", len(folds) + 2, len(folds) + 2)
        return Trained(model, scores, study, analysis, compiled)

    def _tune(self) -> Study:
        """Search on an even subsample in time, so that a search costs the same on any table."""
        chosen = find_estimator(self.estimator, self.task.kind)
        step = -(-len(self.labels) // self.tuning.max_rows)
        rows, table, labels = self.rows[::step], self.table[::step], self.labels[::step]
        folds = self._folds(rows, self.tuning.folds, _TUNED_ON) if self.tuning.trials else []

        def loss(params: Params, number: int) -> float:
            fold = folds[number]
            model = self._fit_on(table[fold.train], labels[fold.train], params)
            known = known_classes(self.task.kind, labels[fold.valid], model.classes)
            valid = fold.valid[known]
            if not len(valid):
                return 1.0
            return self._mean_loss(model, table[valid], labels[valid])

        return search(
            chosen, loss, n_folds=len(folds), n_rows=len(self.labels), given=self.given,
            settings=self.tuning, seed=self.seed, progress=self.progress,
        )  # fmt: skip

    def _mean_loss(self, model: FittedModel, features: pl.DataFrame, labels: Labels) -> float:
        """Return the mean loss: Brier, or squared error as a share of the labels' variance."""
        scores = model.predict(features)
        if self.task.kind == "regression":
            variance = float(np.var(self.labels)) or 1.0
            return float(np.mean((scores - labels) ** 2)) / variance
        return float(row_losses(self.task, labels, scores, model.classes).mean())

    def _folds(self, rows: pl.DataFrame, n_folds: int, first: float | None = None) -> list[Fold]:
        return time_folds(
            rows[TIME], rows[LABEL_TIME], rows[LABEL].to_numpy(), n_folds=n_folds,
            blocks=task_blocks(self.task, rows[TIME]), first=first,
        )  # fmt: skip

    def _fit(self, places: Any, params: Params) -> FittedModel:
        return self._fit_on(self.table[places], self.labels[places], params)

    def _fit_on(self, features: pl.DataFrame, labels: Labels, params: Params) -> FittedModel:
        return fit(
            features, labels, kind=self.task.kind, estimator=self.estimator, params=params,
            seed=self.seed,
        )  # fmt: skip

    def _shape(self) -> tuple[int, ...]:
        size = len(self.labels)
        return (size, len(self.classes)) if self.task.kind == "multiclass" else (size,)

    def _scores(self, model: FittedModel, places: Any) -> Scores:
        """Return scores with a column for every class, also those the fold had not seen."""
        found = model.predict(self.table[places])
        if self.task.kind != "multiclass":
            return found
        wide = np.zeros((len(found), len(self.classes)))
        wide[:, [self.classes.index(name) for name in model.classes]] = found
        return wide

    def _analyse(self, folds: list[Fold], model: FittedModel, scores: Scores) -> Analysis:
        newest = folds[-1]
        linear = "linear" if self.task.kind == "regression" else "logistic"
        step = -(-len(newest.train) // _LINEAR_ROWS)
        past = newest.train[::step]
        simple = None
        if self.estimator != linear and len(np.unique(self.labels[past])) > 1:
            simple = fit(
                self.table[past], self.labels[past], kind=self.task.kind, estimator=linear,
                params={}, seed=self.seed,
            )  # fmt: skip
        last = LastFold(model, self.table[newest.valid], self.labels[newest.valid], simple)
        notes = []
        if len(folds) < N_FOLDS:
            notes.append(f"{len(folds)} folds in time could be made, not {N_FOLDS}")
        if step > 1 and simple is not None:
            notes.append(f"the linear baseline learnt from every {step}th row")
        return analyse(
            self.task, self.rows, scores, self.classes, last, seed=self.seed, notes=tuple(notes)
        )
