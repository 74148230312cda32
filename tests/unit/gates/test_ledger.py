"""What the ledger tells, refuses and keeps, by adaptivity, on both databases."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import ConfigError, KeyClashError, NotFoundError, SourceError
from trimtab.core.records import Verdict
from trimtab.core.store import Store
from trimtab.gates.ledger import Ledger, SpentTestSetError, fingerprint_of_ids

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONDITION = "n > 0.8 +/- 0.05"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    if request.param == "sqlite":
        made = Store(f"sqlite:///{tmp_path / 'store.db'}")
    else:
        made = Store(request.getfixturevalue("fresh_postgres_url"))
    yield made
    made.close()


@pytest.fixture
def ledger(store):
    return Ledger(store)


def verdict(outcome="pass", method="exact"):
    return Verdict(
        outcome, CONDITION, "n is 0.912, above 0.85", {"n": 0.912}, {"n": (0.862, 0.962)}, 1_190,
        method, 1e-6, {"n > 0.8 +/- 0.05": True, "used_labels": outcome != "not enough data"},
    )  # fmt: skip


def opened(ledger, adaptivity="full", **changed):
    numbers = {"reliability": "0.9999", "steps": 3, "who": "ann", "at": AT, "name": "holdout"}
    return ledger.open("5f0c1e", adaptivity=adaptivity, **{**numbers, **changed})


def look(ledger, challenger="v2", outcome="pass", **changed):
    asked = {"champion": "v1", "condition": CONDITION, "who": "bob", "at": AT}
    return ledger.look(
        "5f0c1e", challenger=challenger, decide=lambda: verdict(outcome), **{**asked, **changed}
    )


# --- opening


def test_a_set_is_opened_once_and_the_same_again_is_the_same(ledger):
    first = opened(ledger)
    again = opened(ledger, reliability="0.99990", who="bob", at=AT + timedelta(days=1))

    assert again == first
    assert (first.left, first.state, first.opened_by) == (3, "open", "ann")
    assert ledger.verify().entries == 1


@pytest.mark.parametrize(
    "other",
    [
        {"reliability": "0.999"},
        {"steps": 4},
        {"adaptivity": "first_change"},
        {"to": "elsewhere.jsonl"},
    ],
)
def test_other_numbers_are_refused(ledger, other):
    opened(ledger)

    with pytest.raises(ConfigError, match=r"reliability 0.9999, 3 steps, adaptivity full"):
        opened(ledger, **other)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reliability": 0.9999}, "decimal text"),
        ({"reliability": "1"}, "between 0 and 1"),
        ({"reliability": "nan"}, "between 0 and 1"),
        ({"reliability": "much"}, "between 0 and 1"),
        ({"steps": 0}, "at least 1 step"),
        ({"adaptivity": "ful"}, "Did you mean `full`"),
    ],
)
def test_a_budget_that_means_nothing_is_refused(ledger, wrong, said):
    with pytest.raises(ConfigError) as caught:
        opened(ledger, **wrong)

    assert said in str(caught.value)
    assert ledger.test_sets() == []


def test_a_name_stands_for_one_open_set(ledger):
    opened(ledger)

    with pytest.raises(ConfigError, match="name"):
        ledger.open(
            "aaaaaa", reliability="0.9", steps=1, adaptivity="full", who="a", at=AT, name="holdout"
        )

    ledger.retire("holdout", who="ann", at=AT)
    second = ledger.open(
        "aaaaaa", reliability="0.9", steps=1, adaptivity="full", who="a", at=AT, name="holdout"
    )
    assert ledger.test_set("holdout") == second


def test_a_set_that_nobody_opened_is_not_found(ledger):
    opened(ledger)

    with pytest.raises(NotFoundError, match="`other`"):
        ledger.look(
            "other", champion="v1", challenger="v2", condition=CONDITION, who="bob", at=AT,
            decide=verdict,
        )  # fmt: skip


def test_a_time_without_a_zone_is_refused(ledger):
    with pytest.raises(ValueError, match="time zone"):
        opened(ledger, at=AT.replace(tzinfo=None))


# --- what is told


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_under_full_one_bit_is_told_and_no_evidence(ledger, outcome):
    opened(ledger)
    result = look(ledger, outcome=outcome)

    assert (result.revealed, result.step, result.left) == (outcome, 1, 2)
    said = json.dumps(result.to_dict())
    for secret in ("0.912", "0.862", "above 0.85"):
        assert secret not in said
    assert result.verdict.outcome == outcome
    assert result.verdict.labels_used == 1_190


def test_how_many_labels_a_sequential_method_used_is_evidence(ledger):
    opened(ledger)
    result = ledger.look(
        "5f0c1e", champion="v1", challenger="v2", condition=CONDITION, who="bob", at=AT,
        decide=lambda: verdict(method="sequential"),
    )  # fmt: skip

    assert result.verdict.labels_used == 0


def test_two_verdicts_of_one_outcome_are_told_alike(ledger):
    opened(ledger)
    near = replace(verdict(), estimates={"n": 0.851}, intervals={"n": (0.801, 0.901)})

    first = look(ledger, "v2").verdict
    second = ledger.look(
        "5f0c1e", champion="v1", challenger="v3", condition=CONDITION, who="bob", at=AT,
        decide=lambda: near,
    ).verdict  # fmt: skip

    assert first == second


def test_the_same_look_is_told_the_same_and_costs_nothing(ledger):
    opened(ledger)
    first = look(ledger, outcome="fail")
    again = look(ledger, outcome="pass", who="eve")  # more labels came: it stays what it was

    assert again.repeated
    assert (again.revealed, again.verdict, again.left) == ("fail", first.verdict, 2)
    assert len(ledger.looks()) == 1


@pytest.mark.parametrize(
    "other", [{"challenger": "v3"}, {"champion": "v0"}, {"condition": "n > 0.7 +/- 0.05"}]
)
def test_another_model_or_condition_is_another_look(ledger, other):
    opened(ledger)
    look(ledger)

    assert look(ledger, **other).step == 2


def test_not_enough_data_by_counts_costs_no_step_and_tells_no_estimate(ledger):
    opened(ledger, steps=1)

    first = look(ledger, outcome="not enough data")

    assert (first.step, first.revealed, first.left) == (None, "nothing", 1)
    assert first.verdict.outcome == "not enough data"
    assert first.verdict.estimates == first.verdict.intervals == {}
    assert ledger.looks() == []
    assert look(ledger, outcome="pass").revealed == "pass"  # with more labels it goes on


def test_of_clauses_that_wait_only_counts_are_told(ledger):
    opened(ledger)
    clause = {"clause": CONDITION, "lacking_labels": 40, "estimate": 0.912, "value": "true"}
    detail = {"clauses": [clause], "samples": 1_190, "used_labels": False}
    found = replace(verdict("not enough data"), detail=detail)
    result = ledger.look(
        "5f0c1e", champion="v1", challenger="v2", condition=CONDITION, who="bob", at=AT,
        decide=lambda: found,
    )  # fmt: skip

    assert result.verdict.detail == {
        "clauses": [{"clause": CONDITION, "lacking_labels": 40}], "samples": 1_190
    }  # fmt: skip


def test_everything_may_be_told_only_where_it_was_paid_for(ledger):
    with pytest.raises(ConfigError, match="one bit a look"):
        opened(ledger, "full", reveals="everything")


def test_hidden_results_need_an_address(ledger):
    with pytest.raises(ConfigError, match="--to"):
        opened(ledger, "none")

    first = opened(ledger, "none", to="results.jsonl")
    assert opened(ledger, "none") == first  # whoever asks later need not know it


# --- the budget


def test_past_the_budget_a_look_is_refused(ledger):
    opened(ledger, steps=2)
    look(ledger, "v2")
    last = look(ledger, "v3")

    assert "all 2 looks were taken" in last.alarm
    with pytest.raises(SpentTestSetError, match="2 taken of 2") as caught:
        look(ledger, "v4")
    assert caught.value.exit_code == 1
    assert look(ledger, "v2").revealed == "pass"  # asked again, it is told again
    assert ledger.verify().holds


def test_first_change_retires_at_the_first_pass(ledger):
    opened(ledger, "first_change", steps=5)

    assert look(ledger, "v2", "fail").alarm is None
    result = look(ledger, "v3", "pass")

    assert "the first pass" in result.alarm
    assert (result.revealed, result.left) == ("pass", 0)
    with pytest.raises(SpentTestSetError, match="the first pass"):
        look(ledger, "v4")


def test_full_goes_on_after_a_pass(ledger):
    opened(ledger)
    look(ledger, "v2", "pass")

    assert look(ledger, "v3", "fail").left == 1


def test_the_alarm_is_an_entry_and_an_alert_that_monitoring_sends(store, ledger):
    opened(ledger, steps=1)
    alarm = look(ledger).alarm

    (alert,) = store.rows("alerts")
    assert (alert["message"], alert["sent"], alert["monitor"]) == (alarm, False, "test set")
    kinds = [row["kind"] for row in store.rows("ledger_entries", order="number")]
    assert kinds == ["opened", "look", "retired", "alarm"]


def test_a_person_may_retire_a_set(ledger):
    opened(ledger)
    look(ledger)

    alarm = ledger.retire("holdout", who="ann", at=AT, why="labels were wrong")

    assert "labels were wrong" in alarm
    assert ledger.retire("5f0c1e", who="bob", at=AT) == alarm
    with pytest.raises(SpentTestSetError, match="labels were wrong"):
        look(ledger, "v3")
    with pytest.raises(NotFoundError, match="Did you mean"):
        ledger.retire("holdoot", who="ann", at=AT)


def test_evidence_is_shown_when_the_set_is_retired(ledger):
    opened(ledger)
    look(ledger)
    (before,) = ledger.looks()
    ledger.retire("holdout", who="ann", at=AT)
    (after,) = ledger.looks()

    assert before["details"] == {"revealed": "pass"}
    assert after["details"]["verdict"]["estimates"] == {"n": 0.912}


def test_names_and_beginnings_find_a_set(ledger):
    known = opened(ledger)

    assert ledger.test_set("holdout") == ledger.test_set("5f0c1e") == known


# --- fingerprints


def test_a_fingerprint_knows_no_order_and_no_type():
    want = fingerprint_of_ids(pl.Series([10, 9, 8]))

    assert fingerprint_of_ids(np.array([8, 9, 10])) == want
    assert fingerprint_of_ids(["10", "8", "9"]) == want
    assert fingerprint_of_ids(["10", "8", "9", "7"]) != want


def test_ids_that_could_be_glued_together_stay_apart():
    names = [['a","b'], ["a", "b"], ["a\nb"], ["ab"], ["a,b"]]

    assert len({fingerprint_of_ids(ids) for ids in names}) == len(names)


@pytest.mark.parametrize("ids", [[1, 1], [1, None]])
def test_an_id_stands_for_one_row(ids):
    with pytest.raises(KeyClashError):
        fingerprint_of_ids(ids)


def test_a_file_that_cannot_be_written_is_told_before_a_look_is_spent(ledger, tmp_path):
    opened(ledger, "none", to=str(tmp_path / "nowhere" / "results.jsonl"))

    with pytest.raises(SourceError, match="appended"):
        look(ledger)

    assert ledger.looks() == []
