"""Who drops looks that do not go well, and asks about another model, gains nothing by it."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from trimtab.core.records import Verdict
from trimtab.core.store import Store
from trimtab.gates.decide import gate_decide
from trimtab.gates.ledger import Ledger, SpentTestSetError
from trimtab.gates.plan import gate_plan

pytestmark = pytest.mark.calibration

AT = datetime(2026, 1, 2, tzinfo=UTC)
PROMISE, STEPS = 0.2, 4
BUDGET = {"reliability": "0.8", "steps": STEPS, "adaptivity": "first_change"}
ROWS, EARLY, MODELS, HISTORIES = 400, 200, 60, 60
SLACK = 3 * math.sqrt(PROMISE * (1 - PROMISE) / HISTORIES)


def sequential_gate(right):
    """Wald's likelihood ratio of 0.6 against 0.5 right: it may be looked at all the time.

    A model that is right on half of the rows passes, ever, with probability below a step's
    share of delta (Ville); what has not passed on all rows fails.
    """
    wealth = np.cumsum(np.where(right, math.log(1.2), math.log(0.8)))
    outcome = "not enough data" if right.size < ROWS else "fail"
    if (wealth >= -math.log(PROMISE / STEPS)).any():
        outcome = "pass"
    return Verdict(
        outcome, "n > 0.5", "", {}, {}, right.size, "sequential", PROMISE / STEPS,
        {"used_labels": True},
    )  # fmt: skip


def charged(verdict):
    return verdict


def free_of_charge(verdict):
    """The verdict as if it came from counts of labels: for that the ledger charges nothing."""
    return replace(verdict, detail={"used_labels": verdict.outcome != "not enough data"})


def ask(ledger, model, right, charge):
    return ledger.look(
        "5f0c1e", champion="none", challenger=f"v{model}", condition="n > 0.5", who="bob", at=AT,
        decide=lambda: charge(sequential_gate(right)),
    )  # fmt: skip


def has_false_pass(rng, ledger, charge):
    """Try models on the first labels and drop what stays open; then label all, and go on.

    All models are right on half of the rows, so that a pass of any of them is false.
    """
    ledger.open("5f0c1e", who="ann", at=AT, **BUDGET)
    dropped = {}
    for model in range(MODELS):
        right = rng.random(ROWS) < 0.5
        try:
            found = ask(ledger, model, right[:EARLY], charge)
        except SpentTestSetError:
            break
        if found.revealed == "pass":
            return True
        if found.is_open:
            dropped[model] = right
    return any(ask(ledger, *one, charge).revealed == "pass" for one in dropped.items())


def rate_of_false_passes(charge):
    rng, passed = np.random.default_rng(17), []
    for _ in range(HISTORIES):
        store = Store("sqlite://")
        ledger = Ledger(store)
        passed.append(has_false_pass(rng, ledger, charge))
        known = ledger.test_set("5f0c1e")
        assert known.taken <= STEPS
        assert not known.open_looks
        assert ledger.verify().holds
        store.close()
    return float(np.mean(passed))


def test_dropping_open_looks_buys_no_more_chances_than_were_promised():
    assert rate_of_false_passes(charged) <= PROMISE + SLACK


def test_open_looks_that_cost_nothing_would_break_the_promise():
    assert rate_of_false_passes(free_of_charge) > PROMISE + SLACK


def test_the_sequential_gate_is_asked_about_no_more_models_than_there_are_steps():
    rng, store = np.random.default_rng(5), Store("sqlite://")
    ledger = Ledger(store)
    ledger.open("5f0c1e", who="ann", at=AT, **BUDGET)
    plan = gate_plan("n > 0.5 +/- 0.02", method="sequential", **BUDGET)
    truth, asked = rng.integers(0, 2, EARLY), 0
    for model in range(MODELS):
        answers = rng.integers(0, 2, EARLY)
        try:
            ledger.look(
                "5f0c1e", champion="none", challenger=f"v{model}", condition=str(plan.condition),
                who="bob", at=AT, decide=lambda a=answers: gate_decide(plan, truth, a),
            )  # fmt: skip
        except SpentTestSetError:
            continue
        asked += 1
    store.close()

    assert asked == STEPS
