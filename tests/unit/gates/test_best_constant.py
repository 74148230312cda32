import math

import numpy as np
import pytest

from trimtab.core.errors import ConfigError
from trimtab.gates.decide import gate_decide
from trimtab.gates.plan import gate_plan

SETTINGS = {"reliability": "0.9", "steps": 1, "adaptivity": "none", "method": "hoeffding"}


def decided(condition, labels, new, **more):
    plan = gate_plan(condition, **{**SETTINGS, **more})
    verdict = gate_decide(plan, labels, new, baseline="constant")
    assert verdict.outcome != "not enough data", verdict.reason
    return plan, verdict


@pytest.mark.parametrize("labels", [[1, 0, 0, 1, 0] * 80, list("abacb") * 80])
def test_it_is_the_commonest_class(labels):
    _, verdict = decided("n - baseline > 0.1 +/- 0.4", labels, labels)

    assert verdict.estimates["baseline"] == pytest.approx(
        max(labels.count(label) for label in labels) / len(labels)
    )
    assert verdict.labels_used == len(labels)  # each has its say in the constant


def test_it_is_the_rate_for_probabilities():
    labels = np.array([1, 0, 0, 0] * 100)
    _, verdict = decided(
        "brier(baseline) - brier(n) > 0.1 +/- 0.3", labels, {"score": labels * 1.0}
    )

    assert verdict.estimates["brier(baseline)"] == pytest.approx(0.25 * 0.75)


@pytest.mark.parametrize(("low", "high"), [(0, 50), (0, 3), (1, 4)])
def test_it_is_the_number_with_the_least_clipped_error(low, high):
    rng = np.random.default_rng(0)
    labels = np.concatenate([rng.normal(0, 1, 150), rng.normal(8, 0.3, 250)]).round(2)
    text = f"error(baseline, {low}..{high}) - error(n, {low}..{high}) > 0 +/- {high}"
    _, verdict = decided(text, labels, labels)
    tried = np.linspace(-4, 12, 3_201)
    best = np.clip(np.abs(labels - tried[:, None]), low, high).mean(axis=1).min()

    assert verdict.estimates[f"error(baseline, {low}..{high})"] <= best + 1e-9
    assert verdict.estimates[f"error(baseline, {low}..{high})"] == pytest.approx(best, abs=0.01)


def test_it_is_found_on_the_rows_that_count():
    """By method `exact` the planned ones: a constant that is best on more rows may lose there."""
    plan = gate_plan("n - baseline > 0.1 +/- 0.4", **SETTINGS | {"method": "exact"})
    labels = np.concatenate([np.ones(plan.samples), np.zeros(3 * plan.samples)])
    verdict = gate_decide(plan, labels, labels, baseline="constant")
    gap = labels.copy()
    gap[plan.samples + 5] = math.nan

    assert verdict.estimates["baseline"] == 1
    assert gate_decide(plan, gap, labels, baseline="constant").estimates == verdict.estimates


def test_rows_after_a_missing_label_do_not_count_even_where_it_agrees():
    labels = np.array([1.0, 0.0] * 300)
    labels[1::2] = math.nan  # only those that the constant 1 gets right
    plan = gate_plan("n - baseline > 0.1 +/- 0.4", **SETTINGS)
    verdict = gate_decide(plan, labels, [1, 0] * 300, baseline="constant")
    nothing = gate_decide(plan, [None] * 600, [1, 0] * 300, baseline="constant")

    assert verdict.outcome == nothing.outcome == "not enough data"
    assert verdict.detail["clauses"][0]["lacking_labels"] == plan.samples // 2
    assert nothing.detail["clauses"][0]["lacking_labels"] == plan.samples


def test_fitting_the_constant_never_helps_where_it_is_allowed():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 5, 400)
    new = rng.integers(0, 5, 400)
    text = "n - baseline > 0 +/- 0.4"
    plan, fitted = decided(text, labels, new)
    fixed = [gate_decide(plan, labels, new, baseline=np.full(400, c)) for c in range(5)]

    assert fitted.estimates[text] == min(one.estimates[text] for one in fixed)


@pytest.mark.parametrize(
    ("condition", "more", "why"),
    [
        ("baseline > 0.5 +/- 0.4", {}, "looks better than it is"),
        ("n - baseline < 0.5 +/- 0.4", {}, "looks better than it is"),
        ("n - baseline > 0.5 +/- 0.4", {"mode": "fn_free"}, "the promise of fn_free"),
        ("brier(baseline) < 0.2 +/- 0.4", {}, "looks better than it is"),
        ("n[a=1] - baseline[a=1] > 0 +/- 0.4", {}, r"best for `baseline\[a=1\]`"),
        ("cost(baseline, 0..2) - cost(n, 0..2) > 0 +/- 1", {}, "need not be best"),
        ("recall(n, 1) - recall(baseline, 1) > 0 +/- 0.4", {}, "need not be best"),
        ("n - baseline > 0 +/- 0.4", {"method": "sequential"}, "stops by them"),
        ("n - baseline > 0 +/- 0.4 and n - baseline > 0.1 +/- 0.3", {"method": "exact"},
         "share one constant"),
        ("n - baseline > 0 +/- 0.4 and error(baseline, 0..1) - error(n, 0..1) > 0 +/- 1", {},
         "share one constant"),
    ],
)  # fmt: skip
def test_a_constant_that_would_break_the_promise_is_refused(condition, more, why):
    plan = gate_plan(condition, **{**SETTINGS, **more})
    with pytest.raises(ConfigError, match=why) as caught:
        gate_decide(plan, [1, 0], [1, 0], baseline="constant", rows={"a": [1, 1]})

    assert "--baseline FILE" in caught.value.hint


@pytest.mark.parametrize(
    ("condition", "more"),
    [("baseline < 0.8 +/- 0.4", {}), ("n - baseline < 0.5 +/- 0.4", {"mode": "fn_free"}),
     ("baseline - n < 0.1 +/- 0.4", {})],
)  # fmt: skip
def test_the_directions_in_which_it_is_stricter_are_judged(condition, more):
    decided(condition, [1, 0] * 300, [1, 0] * 300, **more)
