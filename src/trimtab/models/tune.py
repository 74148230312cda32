"""Search for parameters: tried on folds in time, cut short when hopeless, ended when saturated.

Optuna is imported by this module alone.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from trimtab.core.progress import Progress, silent
from trimtab.core.records import Record
from trimtab.core.settings import TuneSection
from trimtab.models.estimators import Estimator, Params, Range


@dataclass(frozen=True, slots=True)
class Trial(Record):
    """One try: its parameters, its mean loss over folds, and whether it was cut short."""

    params: dict[str, Any]
    loss: float
    is_pruned: bool


@dataclass(frozen=True, slots=True)
class Study(Record):
    """What a search found.

    `params` are the defaults unless a trial was better by `min_gain`; `stopped` says in words
    why the search ended.
    """

    params: dict[str, Any]
    gain: float
    stopped: str
    trials: tuple[Trial, ...]


FoldLoss = Callable[[Params, int], float]
"""The mean loss of parameters on the fold of a number."""


def search(
    estimator: Estimator,
    loss: FoldLoss,
    *,
    n_folds: int,
    n_rows: int,
    given: Mapping[str, Any],
    settings: TuneSection,
    seed: int,
    progress: Progress = silent,
) -> Study:
    """Search the estimator's space for parameters with a smaller loss than the defaults.

    Trials are proposed by a seeded tree-structured Parzen estimator, beginning with the
    defaults, and pruned when worse than the median of earlier trials after as many folds. The
    same data and seed give the same search.

    Parameters
    ----------
    estimator : Estimator
        What to tune.
    loss : callable
        Takes parameters and the number of a fold; returns the mean loss there.
    n_folds, n_rows : int
        Folds that `loss` knows; rows that a final model will learn from.
    given : mapping
        Parameters fixed by the project file; they are not searched.
    settings : TuneSection
        Trials at most, patience, and the smallest gain that counts.
    seed : int
        Seed of the proposals.
    progress : callable
        Told after each trial.
    """
    import optuna

    optuna.logging.set_verbosity(logging.WARNING)
    space = {k: v for k, v in estimator.space(n_rows).items() if k not in given}
    defaults = estimator.params(given, n_rows)
    study = optuna.create_study(
        direction="minimize",
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=3),
    )
    study.enqueue_trial({name: defaults[name] for name in space})
    trials: list[Trial] = []
    best, idle, stopped = 0, 0, f"all {settings.trials} trials were made"
    for number in range(settings.trials if space else 0):
        asked = study.ask()
        params = {**defaults, **{name: _suggest(asked, name, r) for name, r in space.items()}}
        trials.append(_try(study, asked, params, loss, n_folds))
        progress("Searching parameters", number + 1, settings.trials)
        if _gain(trials, best, number) >= settings.min_gain:
            best, idle = number, 0
        elif number:
            idle += 1
        if idle >= settings.patience:
            stopped = f"the last {idle} trials gained less than {settings.min_gain}"
            progress("Searching parameters", settings.trials, settings.trials)
            break
    chosen = trials[best].params if trials else defaults
    gain = trials[0].loss - trials[best].loss if trials else 0.0
    return Study(chosen, gain, stopped if trials else "nothing to search", tuple(trials))


def _gain(trials: list[Trial], best: int, number: int) -> float:
    """Return how much a complete trial is better than the best before it."""
    return -1.0 if trials[number].is_pruned else trials[best].loss - trials[number].loss


def _suggest(trial: Any, name: str, values: Range) -> float | int:
    if values.whole:
        return int(trial.suggest_int(name, int(values.low), int(values.high), log=values.log))
    return float(trial.suggest_float(name, values.low, values.high, log=values.log))


def _try(study: Any, asked: Any, params: Params, loss: FoldLoss, n_folds: int) -> Trial:
    from optuna.trial import TrialState

    losses: list[float] = []
    for fold in range(n_folds):
        losses.append(loss(params, fold))
        asked.report(float(np.mean(losses)), fold)
        if fold + 1 < n_folds and asked.should_prune():
            study.tell(asked, state=TrialState.PRUNED)
            return Trial(params, float(np.mean(losses)), True)
    study.tell(asked, float(np.mean(losses)))
    return Trial(params, float(np.mean(losses)), False)
