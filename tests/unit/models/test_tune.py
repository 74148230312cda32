import math
from typing import Any

import pytest

from trimtab.core.settings import TuneSection
from trimtab.models.estimators import Params, find_estimator
from trimtab.models.tune import Study, search

LIGHTGBM = find_estimator("lightgbm", "binary")


def run(loss: Any, *, given: Params | None = None, **settings: Any) -> Study:
    return search(
        LIGHTGBM, loss, n_folds=3, n_rows=5000, given=given or {},
        settings=TuneSection(**settings), seed=3,
    )  # fmt: skip


def bowl(params: Params, fold: int) -> float:
    """Least at a learning rate of 0.1; the folds differ a little."""
    return 0.2 + 0.1 * math.log(params["learning_rate"] / 0.1) ** 2 + 0.001 * fold


def test_it_begins_with_the_defaults_and_finds_better() -> None:
    study = run(bowl, trials=20, patience=20)
    assert study.trials[0].params == LIGHTGBM.params({}, 5000)
    assert abs(math.log(study.params["learning_rate"] / 0.1)) < 0.3
    assert study.gain == pytest.approx(study.trials[0].loss - bowl(study.params, 1), abs=1e-9)
    assert study.stopped == "all 20 trials were made"


def test_a_flat_loss_stops_when_the_gain_saturates_and_keeps_the_defaults() -> None:
    study = run(lambda params, fold: 0.2, trials=40, patience=4)
    assert len(study.trials) == 5
    assert study.stopped == "the last 4 trials gained less than 0.0005"
    assert study.params == LIGHTGBM.params({}, 5000)
    assert study.gain == 0.0


def test_a_gain_below_min_gain_does_not_count() -> None:
    study = run(bowl, trials=15, patience=20, min_gain=10.0)
    assert study.params == LIGHTGBM.params({}, 5000)


def test_hopeless_trials_are_cut_short() -> None:
    calls = 0

    def costly(params: Params, fold: int) -> float:
        nonlocal calls
        calls += 1
        return bowl(params, fold)

    study = run(costly, trials=20, patience=20)
    pruned = [trial for trial in study.trials if trial.is_pruned]
    assert pruned
    assert calls < 3 * 20
    assert min(study.trials, key=lambda trial: trial.loss) not in pruned


def test_the_same_seed_gives_the_same_search() -> None:
    assert run(bowl, trials=12) == run(bowl, trials=12)


def test_given_parameters_are_not_searched() -> None:
    study = run(bowl, trials=6, given={"num_leaves": 5})
    assert {trial.params["num_leaves"] for trial in study.trials} == {5}


def test_no_trials_give_the_defaults() -> None:
    study = run(bowl, trials=0)
    assert (study.params, study.trials) == (LIGHTGBM.params({}, 5000), ())
