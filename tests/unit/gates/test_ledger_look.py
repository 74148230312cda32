"""A look is no larger than its share of delta, and unit cases are told with its bit."""

import math
from datetime import UTC, datetime

import pytest

from trimtab.core.errors import ConfigError
from trimtab.core.records import Verdict
from trimtab.core.store import Store
from trimtab.gates.decide import gate_decide
from trimtab.gates.ledger import Ledger
from trimtab.gates.plan import gate_plan
from trimtab.gates.report import junit_xml, markdown

AT = datetime(2026, 1, 2, tzinfo=UTC)
CONDITION = "n > 0.8 +/- 0.05"


@pytest.fixture
def ledger():
    store = Store("sqlite://")
    yield Ledger(store)
    store.close()


def opened(ledger, adaptivity="full", **changed):
    numbers = {"reliability": "0.95", "steps": 4, "who": "ann", "at": AT}
    return ledger.open("5f0c1e", adaptivity=adaptivity, **{**numbers, **changed})


def look(ledger, verdict):
    return ledger.look(
        "5f0c1e", champion="v1", challenger="v2", condition=CONDITION, who="bob", at=AT,
        decide=lambda: verdict,
    )  # fmt: skip


def verdict(delta, ln_delta=None, outcome="pass"):
    detail = {"used_labels": outcome != "not enough data"}
    detail |= {} if ln_delta is None else {"ln_delta": ln_delta}
    return Verdict(outcome, CONDITION, "", {}, {}, 1_190, "exact", delta, detail)


SETS = {
    "full": ({"adaptivity": "full"}, 0.05 / 2**4),
    "first_change": ({"adaptivity": "first_change"}, 0.05 / 4),
    "none": ({"adaptivity": "none", "to": "results"}, 0.05 / 4),
    "everything": ({"adaptivity": "none", "reveals": "everything"}, 0.05 / 4),
}


@pytest.mark.parametrize("outcome", ["pass", "fail", "not enough data"])
@pytest.mark.parametrize("name", SETS)
def test_a_verdict_for_a_larger_share_of_delta_is_refused(
    ledger, name, outcome, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    numbers, share = SETS[name]
    opened(ledger, **numbers)

    for wrong in (
        verdict(share * 1.001, outcome=outcome),
        verdict(share, math.log(share) + 0.001, outcome=outcome),
        verdict(math.nan, outcome=outcome),
    ):
        with pytest.raises(ConfigError, match="made for a delta of at most") as caught:
            look(ledger, wrong)
        assert 'reliability="0.95", steps=4' in caught.value.hint
    assert ledger.looks() == []

    look(ledger, verdict(share, outcome=outcome))
    assert ledger.test_set("5f0c1e").left == (
        4 if outcome == "not enough data" and name != "everything"
        else 0 if (name, outcome) == ("first_change", "pass") else 3
    )  # fmt: skip


def test_a_share_that_is_0_as_a_float_is_still_compared(ledger):
    steps = 1_200  # 0.05 / 2^1200 is below every float
    opened(ledger, steps=steps)
    share = math.log(0.05) - steps * math.log(2)

    with pytest.raises(ConfigError, match=r"at most 2\.9e-363.* got one made for 5\.8e-363"):
        look(ledger, verdict(0.0, share + math.log(2)))
    assert look(ledger, verdict(0.0, share)).step == 1


@pytest.mark.parametrize("reliability", ["0.95", "0.9999", "0.99999999999999"])
@pytest.mark.parametrize("adaptivity", ["full", "first_change"])
def test_a_plan_with_the_numbers_of_the_set_is_taken(ledger, reliability, adaptivity):
    opened(ledger, adaptivity, reliability=reliability, steps=7)
    plan = gate_plan("n > 0.5 +/- 0.4", reliability=reliability, steps=7, adaptivity=adaptivity)
    truth = [0, 1] * plan.samples

    assert look(ledger, gate_decide(plan, truth, truth)).revealed == "pass"


@pytest.mark.parametrize(("right", "outcome"), [(2, "pass"), (1, "fail")])
def test_reports_of_a_counted_look_show_its_unit_cases(ledger, right, outcome):
    opened(ledger)
    plan = gate_plan("n > 0.5 +/- 0.4 and n passes all of smoke", reliability="0.95", steps=4)
    truth = [0, 1] * plan.samples
    cases = {"smoke": ([1, 1], [1, 1] if right == 2 else [1, 0])}
    told = look(ledger, gate_decide(plan, truth, truth, cases=cases)).verdict

    assert told.outcome == outcome
    assert told.estimates == told.intervals == {}
    assert 'name="n passes all of smoke"' in junit_xml(told, shown="outcome")
    assert f"{right} of 2 right, 2 needed" in markdown(told, shown="outcome")
