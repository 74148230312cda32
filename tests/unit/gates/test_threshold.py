import json
import math
from datetime import UTC, date, datetime

import numpy as np
import pytest

from trimtab.core.errors import ConfigError
from trimtab.gates.objective import read_objective
from trimtab.gates.threshold import learn_threshold
from trimtab.gates.threshold_choice import choose


def calibrated(n, seed=0):
    """Scores that are the chance of a positive: above t, precision is (1 + t) / 2."""
    rng = np.random.default_rng(seed)
    scores = rng.random(n)
    return scores, rng.random(n) < scores


def test_precision_is_met_by_the_second_half_and_in_truth():
    learned = learn_threshold(*calibrated(40_000), objective="precision>=0.9")

    assert learned.outcome == "pass"
    assert learned.interval[0] >= 0.9
    assert 0.8 < learned.value < 0.88  # 0.8 in truth, and a margin
    assert learned.estimate == pytest.approx((1 + learned.value) / 2, abs=0.02)


def test_recall_takes_the_highest_threshold_and_rate_the_lowest():
    scores, labels = calibrated(40_000)
    recall = learn_threshold(scores, labels, objective="recall>=0.75")
    rate = learn_threshold(scores, labels, objective="rate<=0.2")

    assert recall.outcome == rate.outcome == "pass"
    assert 0.45 < recall.value <= 0.5  # recall above t is 1 - t**2
    assert 0.8 <= rate.value < 0.82
    assert recall.detail["recall"] == recall.estimate
    assert rate.detail["rate"] == rate.estimate


def test_a_cost_is_least_where_a_miss_and_a_false_alarm_balance():
    learned = learn_threshold(*calibrated(100_000), objective={(0, 1): 1, (1, 0): 3})
    truth = 0.25  # flag where 3 p >= 1 - p
    least = 3 * truth**2 / 2 + (1 - truth) ** 2 / 2  # misses below it, false alarms above

    assert learned.outcome == "pass"
    assert learned.value == pytest.approx(truth, abs=0.04)
    assert learned.interval[0] < least < learned.interval[1]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("text", ["precision>=0.7", "recall>=0.6", "rate<=0.3", "cost:fp=1,fn=4"])
def test_the_choice_is_that_of_trying_every_threshold(text, seed):
    """By brute force over all thresholds, with scipy's binomial tails, scores with many ties."""
    from scipy.stats import binom, norm

    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 20, 400) / 20
    positive = rng.random(400) < scores
    wanted, delta = read_objective(text), 0.1
    level = norm.sf(norm.isf(delta / 2) + norm.isf(0.2) * math.sqrt(2))
    met, costs = [], []
    for value in np.unique(scores)[::-1]:
        flagged = scores >= value
        hits = int((flagged & positive).sum())
        costs.append((int((flagged & ~positive).sum()) + 4 * (int(positive.sum()) - hits), -value))
        tail = {
            "precision": lambda f=flagged, h=hits: binom.sf(h - 1, f.sum(), 0.7),
            "recall": lambda h=hits: binom.sf(h - 1, positive.sum(), 0.6),
            "rate": lambda f=flagged: binom.cdf(f.sum(), 400, 0.3),
            "cost": lambda: 1.0,
        }[wanted.kind]()
        if tail <= level:
            met.append(value)
    best = {"recall": max, "cost": lambda _: -min(costs)[1]}.get(wanted.kind, min)(met or [0])

    assert choose(scores, positive, wanted, delta).value == best


def test_rows_of_one_score_are_flagged_together_or_not_at_all():
    scores = np.repeat([0.2, 0.5, 0.9], [500, 400, 100])
    learned = learn_threshold(scores, None, objective="rate<=0.3")

    assert learned.value == 0.9
    assert learned.estimate == pytest.approx(0.1, abs=0.03)


def test_nothing_is_flagged_where_even_the_highest_tie_is_too_many():
    learned = learn_threshold(np.ones(1_000), None, objective="rate<=0.05")

    assert learned.value > 1
    assert (learned.outcome, learned.estimate) == ("pass", 0.0)


def test_an_objective_out_of_reach_fails_and_says_so():
    rng = np.random.default_rng(0)
    labels = rng.random(20_000) < 0.3
    for scores in (rng.random(20_000), rng.integers(0, 4, 20_000)):
        learned = learn_threshold(scores, labels, objective="precision>=0.9")

        assert learned.outcome == "fail"
        assert learned.estimate == pytest.approx(0.3, abs=0.05)
        assert "is not met" in learned.sentence


@pytest.mark.parametrize("objective", ["precision>=0.9", "recall>=0.9", "cost:fp=1,fn=9"])
@pytest.mark.parametrize("n", [0, 1, 2, 40])
def test_too_few_rows_are_an_answer(objective, n):
    scores = np.linspace(0, 1, n)
    learned = learn_threshold(scores, np.zeros(n), objective=objective)

    assert learned.outcome == "not enough data"
    assert learned.value is None
    assert "too few rows" in learned.sentence
    assert json.loads(json.dumps(learned.to_dict()))["estimate"] is None


def test_few_rows_do_not_settle_a_bound():
    learned = learn_threshold(*calibrated(60), objective="precision>=0.9")

    assert learned.outcome == "not enough data"
    assert "is not settled" in learned.sentence


def test_rows_without_a_label_are_left_out_but_for_a_rate():
    scores, labels = calibrated(5_000)
    partly = np.where(np.arange(5_000) % 2, labels.astype(float), np.nan)

    assert learn_threshold(scores, partly, objective="recall>=0.5").n == 2_500
    assert learn_threshold(scores, partly, objective="rate<=0.5").n == 5_000
    assert learn_threshold(scores, list(map(float, labels)), objective="rate<=0.5").n == 5_000


def test_the_order_of_thresholds_is_all_that_scores_are_used_for():
    scores, labels = calibrated(5_000)
    plain = learn_threshold(scores, labels, objective="recall>=0.8")
    cubed = learn_threshold(scores**3, labels, objective="recall>=0.8")

    assert cubed.value == pytest.approx(plain.value**3)
    assert cubed.interval == plain.interval


def test_the_same_seed_learns_the_same_threshold():
    scores, labels = calibrated(5_000)
    first, again, other = (
        learn_threshold(scores, labels, objective="recall>=0.8", seed=seed) for seed in (1, 1, 2)
    )

    assert first == again
    assert first.value != other.value


def test_blocks_go_to_either_half_as_a_whole_and_are_what_is_counted():
    rng = np.random.default_rng(3)
    days = np.repeat(np.arange(40), 100)
    luck = rng.normal(0, 0.1, 40)[days]
    scores = rng.random(4_000)
    labels = rng.random(4_000) < np.clip(scores + luck, 0, 1)
    by_row = learn_threshold(scores, labels, objective="precision>=0.7")
    by_day = learn_threshold(scores, labels, objective="precision>=0.7", blocks=days)

    assert by_day.detail["rows_choosing"] == by_day.detail["rows_checking"] == 2_000
    assert by_day.method == "t over 20 blocks"
    assert np.ptp(by_day.interval) > np.ptp(by_row.interval)
    few = learn_threshold(scores, labels, objective="precision>=0.7", blocks=days // 10)
    assert (few.outcome, few.interval) == ("not enough data", (0.0, 1.0))


def test_the_date_is_that_of_the_learning_and_the_window():
    data = calibrated(500)
    for now in (date(2026, 2, 20), datetime(2026, 2, 20, 23, tzinfo=UTC)):
        learned = learn_threshold(*data, objective="rate<=0.5", window_days=14, now=now)

        assert learned.relearn_after == date(2026, 3, 6)
        assert learned.to_dict()["relearn_after"] == "2026-03-06"
        assert learned.sentence.endswith("Learn it again after 2026-03-06.")
    assert learn_threshold(*data, objective="rate<=0.5").relearn_after is None


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        ("precisoin>=0.9", "Did you mean `precision`"),
        ("rate>=0.1", "rate<="),
        ("recall>=1.2", "between 0 and 1"),
        ("recall>=1.2.3", "a number"),
        ("accuracy", "an objective"),
        ("cost:", "fn, fp, tn, tp"),
        ("cost:fp", "one cost of `fp`"),
        ("cost:fp=1,fp=2", "one cost of `fp`"),
        ("cost:fp=nan", "finite"),
        ("cost:fp=0,fn=0", "differ"),
        ({(0, 2): 1}, "cells"),
    ],
)
def test_an_objective_that_cannot_be_read_is_explained(objective, said):
    with pytest.raises(ConfigError) as caught:
        learn_threshold(*calibrated(50), objective=objective)

    assert said in str(caught.value)


def test_a_cost_matrix_and_its_text_are_one_objective():
    matrix = {(False, True): 1, (True, False): 10, (1, 1): -2}

    assert read_objective(matrix) == read_objective("cost:fp=1,fn=10,tp=-2")
    assert read_objective(read_objective(matrix).text) == read_objective(matrix)


@pytest.mark.parametrize(
    ("scores", "labels", "more"),
    [
        ([0.1, math.nan], [0, 1], {}),
        ([0.1, 0.2], [0, 2], {}),
        ([0.1, 0.2], [0], {}),
        ([0.1, 0.2], None, {}),
        ([[0.1]], [0], {}),
        ([0.1, 0.2], [0, 1], {"blocks": [1]}),
        ([0.1, 0.2], [0, 1], {"delta": 1}),
        ([0.1, 0.2], [0, 1], {"window_days": 3}),
        ([0.1, 0.2], [0, 1], {"now": date(2026, 1, 1)}),
    ],
)
def test_wrong_arguments_are_refused(scores, labels, more):
    with pytest.raises(ValueError, match="expected"):
        learn_threshold(scores, labels, **{"objective": "recall>=0.5"} | more)
