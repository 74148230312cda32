"""Limits of learned thresholds and readings of a meter err no more often than promised."""

import numpy as np
import pytest

from trimtab.gates.meter import meter, meter_samples
from trimtab.gates.threshold import learn_threshold

REPEATS = 1_500
DELTA = 0.1
pytestmark = pytest.mark.calibration


def slack(delta, repeats=REPEATS):
    """Three standard errors of a rate measured over the repeats."""
    return 3 * float(np.sqrt(delta * (1 - delta) / repeats))


def rows_of(rng, n):
    """A weak model: scores say little, so that noise offers a choice of false peaks."""
    scores = rng.random(n)
    return scores, rng.random(n) < chance(scores)


def chance(score):
    """The true chance of a positive: from 0.4 to 0.6."""
    return 0.4 + 0.2 * score


def truth_at(value, kind):
    """What a threshold truly attains, by integrals of `chance` over the scores."""
    t = min(max(value, 0.0), 1.0)
    caught = 0.4 * (1 - t) + 0.1 * (1 - t**2)
    if kind == "precision":
        return caught / (1 - t) if t < 1 else 0.6
    if kind == "recall":
        return caught / 0.5
    if kind == "rate":
        return 1 - t
    return (1 - t) - caught + 0.5 - caught  # false alarms and misses, at 1 each


def is_met(objective, truth):
    if objective.startswith("cost"):
        return True
    bound = float(objective.split("=")[1])
    return truth <= bound if objective.startswith("rate") else truth >= bound


@pytest.mark.parametrize(
    "objective", ["precision>=0.55", "recall>=0.5", "rate<=0.2", "cost:fp=1,fn=1"]
)
@pytest.mark.parametrize("n", [100, 800])
def test_limits_miss_the_truth_no_more_often_than_delta(objective, n):
    rng = np.random.default_rng(n)
    missed = broken = 0
    for _ in range(REPEATS):
        learned = learn_threshold(*rows_of(rng, n), objective=objective, delta=DELTA)
        if learned.value is None:
            continue
        truth = truth_at(learned.value, objective.split(">")[0].split("<")[0].split(":")[0])
        missed += not learned.interval[0] <= truth <= learned.interval[1]
        broken += learned.outcome == "pass" and not is_met(objective, truth)

    assert missed / REPEATS <= DELTA + slack(DELTA)
    assert broken / REPEATS <= DELTA / 2 + slack(DELTA / 2)


def test_limits_on_the_rows_that_chose_would_miss_far_more_often(monkeypatch):
    """The broken version: both halves are the same rows. It must not pass the test above."""
    monkeypatch.setattr("trimtab.gates.threshold.halves", lambda rows, seed: (rows, rows))
    rng = np.random.default_rng(1)
    missed = 0
    for _ in range(REPEATS):
        learned = learn_threshold(*rows_of(rng, 400), objective="precision>=0.62", delta=DELTA)
        if learned.value is None:
            continue
        truth = truth_at(learned.value, "precision")  # never above 0.6
        missed += not learned.interval[0] <= truth <= learned.interval[1]

    assert missed / REPEATS > DELTA + slack(DELTA)


def test_a_threshold_that_breaks_its_bound_rarely_passes_although_it_is_the_best_of_many():
    """No threshold reaches a precision of 0.62: each pass is false."""
    rng = np.random.default_rng(2)
    passed = sum(
        learn_threshold(*rows_of(rng, 400), objective="precision>=0.62", delta=DELTA).outcome
        == "pass"
        for _ in range(REPEATS)
    )

    assert passed / REPEATS <= DELTA / 2 + slack(DELTA / 2)


def test_days_that_share_their_weather_are_covered_when_they_are_the_blocks():
    rng = np.random.default_rng(3)
    missed = {"rows": 0, "days": 0}
    repeats, days = 400, np.repeat(np.arange(40), 50)
    for _ in range(repeats):
        scores = rng.random(days.size)
        luck = rng.uniform(-0.25, 0.25, 40)[days]
        labels = rng.random(days.size) < chance(scores) + luck
        for name, blocks in {"rows": None, "days": days}.items():
            learned = learn_threshold(
                scores, labels, objective="precision>=0.52", delta=DELTA, blocks=blocks
            )
            truth = truth_at(learned.value, "precision")
            missed[name] += not learned.interval[0] <= truth <= learned.interval[1]

    assert missed["days"] / repeats <= DELTA + slack(DELTA, repeats)
    assert missed["rows"] / repeats > DELTA + slack(DELTA, repeats)


STEPS, EPSILON = 32, 0.1
CUTS, DEVELOPMENT_LOSS = (0.25, 0.36), 0.25  # every model truly has a loss of 0.5: a gap of 0.25


def readings_of_a_hill_climber(rng, n, steps_planned):
    """Random models are turned to their worse side by the signal; then all of them vote.

    The signal says whether a model errs on more than half of the test rows. Against the rows of
    the test set the vote is far worse than chance; on new rows no model is better or worse.
    """
    worse = np.zeros(n)
    for step in range(STEPS):
        last = step == STEPS - 1
        errs = worse > 0 if last else rng.random(n) < 0.5
        reading = meter(
            DEVELOPMENT_LOSS, errs.astype(float), ranges=CUTS, delta=DELTA, steps=steps_planned
        )
        worse += (2.0 * errs - 1) * (1 if reading.signal else -1)
        yield reading


def rate_of_wrong_histories(n, steps_planned, repeats=400):
    rng = np.random.default_rng(n)
    wrong = 0
    for _ in range(repeats):
        gaps = [reading.gap for reading in readings_of_a_hill_climber(rng, n, steps_planned)]
        wrong += any(not low <= 0.25 <= high for low, high in gaps)
    return wrong / repeats


def test_a_developer_who_tunes_against_the_meter_is_not_misled():
    n = meter_samples(len(CUTS) + 1, EPSILON, DELTA, STEPS)

    assert rate_of_wrong_histories(n, STEPS) <= DELTA


def test_a_meter_that_forgot_what_it_told_would_mislead():
    """The broken version: rows for a single reading, asked 32 times."""
    n = meter_samples(len(CUTS) + 1, EPSILON, DELTA, steps=1)

    assert rate_of_wrong_histories(n, 1) > DELTA + slack(DELTA, 400)
