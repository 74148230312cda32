"""The gate lets a challenger that is no better through no more often than it promises."""

import numpy as np
import pytest

from trimtab.core.settings import GateSection
from trimtab.gates.gain import decide

REPEATS = 600
pytestmark = pytest.mark.calibration


def slack(delta):
    """Three standard errors of a rate measured over the repeats."""
    return 3 * float(np.sqrt(delta * (1 - delta) / REPEATS))


def verdicts(gain, *, days=30, rows=40, day_sd=0.03, delta=0.05, blocks=True, repeats=REPEATS):
    """Verdicts on months whose days share their weather."""
    rng = np.random.default_rng(days + rows)
    day = np.repeat(np.arange(days), rows)
    for _ in range(repeats):
        old = rng.uniform(0.3, 0.5, day.size)
        luck = rng.normal(0, day_sd, days)[day] + rng.normal(0, 0.02, day.size)
        new = np.clip(old - gain - luck, 0, 1)
        yield decide(new, old, blocks=day if blocks else None, settings=GateSection(), delta=delta)


@pytest.mark.parametrize("days", [10, 30])
@pytest.mark.parametrize("delta", [0.05, 0.0125])
def test_a_challenger_no_better_passes_no_more_often_than_delta(days, delta):
    passed = np.mean([v.outcome == "pass" for v in verdicts(0.0, days=days, delta=delta)])

    assert passed <= delta / 2 + slack(delta / 2)  # delta covers both sides of the interval


@pytest.mark.parametrize("gain", [0.0, 0.01])
def test_the_interval_misses_the_true_gain_no_more_often_than_delta(gain):
    intervals = [v.intervals["gain"] for v in verdicts(gain)]

    missed = np.mean([not low <= gain <= high for low, high in intervals])

    assert missed <= 0.05 + slack(0.05)


def test_counting_rows_instead_of_days_would_break_the_promise():
    passed = np.mean(
        [v.outcome == "pass" for v in verdicts(0.0, day_sd=0.1, rows=400, blocks=False,
                                               repeats=100)]
    )  # fmt: skip

    assert passed > 0.05


def test_a_gain_of_twice_the_tolerance_passes_where_the_plan_says_so():
    from trimtab.gates.gain_plan import blocks_needed

    settings, day_sd = GateSection(), 0.02
    days = blocks_needed(day_sd, settings.tolerance, delta=0.05)

    outcomes = [
        v.outcome for v in verdicts(2 * settings.tolerance, days=days, day_sd=day_sd, repeats=200)
    ]

    assert np.mean([outcome == "pass" for outcome in outcomes]) > 0.9


def test_a_much_worse_challenger_never_passes_and_mostly_fails():
    outcomes = [v.outcome for v in verdicts(-0.05, repeats=100)]

    assert "pass" not in outcomes
    assert np.mean([outcome == "fail" for outcome in outcomes]) > 0.9


def test_a_challenger_that_ranks_no_better_passes_no_more_often_than_promised():
    from trimtab.gates.rank import decide_by_rank

    rng = np.random.default_rng(5)
    day, passed = np.repeat(np.arange(30), 40), []
    for _ in range(300):
        mood = rng.normal(0, 0.15, (3, 30))[:, day]  # days on which all, or one model, go wrong
        labels = rng.random(day.size) < 0.3 + 0.1 * np.tanh(mood[0])
        new, old = (
            np.clip(0.3 + 0.1 * labels + own + rng.normal(0, 0.2, day.size), 0, 1)
            for own in mood[1:]
        )
        verdict = decide_by_rank(
            labels, new, old, new_loss=(new - labels) ** 2, old_loss=(old - labels) ** 2,
            blocks=day, settings=GateSection(), delta=0.1,
        )  # fmt: skip
        passed.append(verdict.outcome == "pass")

    assert np.mean(passed) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)
