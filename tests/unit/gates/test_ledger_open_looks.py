"""A look that used labels and is not decided yet is paid for, and goes on under its step."""

import json
import multiprocessing
import os
import signal
import sqlite3
from datetime import UTC, datetime

import pytest

from trimtab.core.errors import ConfigError
from trimtab.core.records import Verdict
from trimtab.core.store import Store
from trimtab.gates import ledger_chain, ledger_look
from trimtab.gates.ledger import Ledger, SpentTestSetError
from trimtab.gates.report import junit_xml, markdown

AT = datetime(2026, 1, 2, tzinfo=UTC)
LATER = datetime(2026, 1, 9, tzinfo=UTC)
CONDITION = "n > 0.8 +/- 0.05"
OPEN = "not enough data"


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, tmp_path):
    if request.param == "sqlite":
        made = Store(f"sqlite:///{tmp_path / 'store.db'}")
    else:
        made = Store(request.getfixturevalue("fresh_postgres_url"))
    yield made
    made.close()


def opened(store, adaptivity="full", steps=3, **more):
    ledger = Ledger(store)
    ledger.open(
        "5f0c1e", reliability="0.99", steps=steps, adaptivity=adaptivity, who="ann", at=AT, **more
    )
    return ledger


def verdict(outcome, n=0.912, **detail):
    clause = {"clause": CONDITION, "lacking_labels": 321, "decided": False}
    return Verdict(
        outcome, CONDITION, f"n is {n}", {"n": n}, {"n": (0.86, 0.96)}, 654, "sequential", 1e-6,
        {"used_labels": True, "clauses": [clause], "samples": 900} | detail,
    )  # fmt: skip


def ask(ledger, challenger="v2", outcome=OPEN, at=AT, inputs="", **detail):
    return ledger.look(
        "5f0c1e", champion="v1", challenger=challenger, condition=CONDITION, who="bob", at=at,
        decide=lambda: verdict(outcome, **detail), inputs=inputs,
    )  # fmt: skip


def kinds(store):
    return [row["kind"] for row in store.rows("ledger_entries", order="number")]


def test_an_undecided_look_spends_its_step_once_and_tells_only_that_it_is_open(store):
    ledger = opened(store)
    first, again = ask(ledger), ask(ledger, outcome=OPEN, at=LATER)

    assert (first.step, first.left, first.revealed, first.is_open) == (1, 2, "nothing", True)
    assert first.verdict.reason == "look 1 is open: more labels are needed"
    assert (again.step, again.left, again.repeated) == (1, 2, True)
    assert again.verdict == first.verdict
    for secret in ("0.912", "0.86", "321", "654"):
        assert secret not in json.dumps(first.to_dict())
    assert kinds(store) == ["opened", "look"]
    (row,) = ledger.looks()
    assert (row["outcome"], row["details"]) == (OPEN, {"revealed": "nothing"})
    assert ledger.test_set("5f0c1e").open_looks == (1,)
    assert ledger.verify().holds


def test_a_verdict_that_does_not_say_where_it_came_from_is_paid_for(store):
    ledger = opened(store)
    found = Verdict(OPEN, CONDITION, "", {}, {}, 0, "sequential", 1e-6)
    look = {"champion": "v1", "challenger": "v2", "condition": CONDITION, "who": "b", "at": AT}

    assert ledger.look("5f0c1e", **look, decide=lambda: found).left == 2


def test_counts_alone_cost_nothing_before_and_after_a_look_is_open(store):
    ledger = opened(store)

    assert ask(ledger, used_labels=False).step is None
    assert ask(ledger).step == 1
    assert ask(ledger, used_labels=False).is_open
    assert kinds(store) == ["opened", "look"]


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_it_is_decided_under_its_step_and_then_stays(store, outcome):
    ledger = opened(store)
    ask(ledger), ask(ledger, "v3", "fail")
    told = ask(ledger, outcome=outcome, at=LATER, n=0.7)
    other = "pass" if outcome == "fail" else "fail"

    assert (told.step, told.revealed, told.left, told.is_open) == (1, outcome, 1, False)
    assert told.verdict.estimates == {}
    assert ask(ledger, outcome=other).revealed == outcome
    assert kinds(store) == ["opened", "look", "look", "decided"]
    assert [row["outcome"] for row in ledger.looks()] == [outcome, "fail"]
    (row,) = store.rows("looks", step=1)
    assert row["details"]["verdict"]["estimates"] == {"n": 0.7}
    assert ledger.test_set("5f0c1e").open_looks == ()
    assert ledger.verify().holds


def test_an_open_look_goes_on_with_the_same_answers_only(store):
    ledger = opened(store)
    ask(ledger, inputs="answers of v2")

    with pytest.raises(ConfigError, match="look 1 at `5f0c1e`.*others under the same names"):
        ask(ledger, outcome="pass", inputs="answers of another v2")

    assert ask(ledger, outcome="fail", inputs="answers of v2").revealed == "fail"
    assert ask(ledger, inputs="answers of another v2").revealed == "fail"  # told, not judged


# --- the end of the budget


def test_a_set_is_retired_when_all_is_taken_and_nothing_is_open(store):
    ledger = opened(store, steps=2)
    ask(ledger, "v2")
    last = ask(ledger, "v3", "fail")

    assert (last.left, last.alarm) == (0, None)
    assert ledger.test_set("5f0c1e").state == "open"
    assert ledger.looks()[1]["details"] == {"revealed": "fail"}  # evidence is still kept
    with pytest.raises(SpentTestSetError, match="2 taken of 2, open: look 1") as caught:
        ask(ledger, "v4", "pass")
    assert "label more" in caught.value.hint

    assert "all 2 looks were taken" in ask(ledger, "v2", "pass").alarm
    assert ledger.test_set("5f0c1e").state == "retired"
    assert kinds(store) == ["opened", "look", "look", "decided", "retired", "alarm"]
    assert ledger.verify().holds


def test_a_person_may_give_an_open_look_up(store):
    ledger = opened(store, steps=1)
    ask(ledger)
    ledger.retire("5f0c1e", who="ann", at=AT, why="given up")

    assert ledger.test_set("5f0c1e").open_looks == ()
    with pytest.raises(SpentTestSetError, match="1 taken of 1 and the set retired .given up"):
        ask(ledger, outcome="pass")
    assert ledger.looks()[0]["details"]["verdict"]["reason"] == "n is 0.912"
    assert ledger.verify().holds


def test_under_first_change_a_pass_that_is_decided_later_retires(store):
    ledger = opened(store, "first_change", steps=5)
    ask(ledger, "v2"), ask(ledger, "v3")

    assert ask(ledger, "v2", "fail").alarm is None
    assert "the first pass" in ask(ledger, "v3", "pass").alarm
    assert ledger.test_set("5f0c1e").state == "retired"


def test_under_first_change_a_pass_ends_looks_that_are_open(store):
    ledger = opened(store, "first_change", steps=5)
    ask(ledger, "v2")

    assert "the first pass" in ask(ledger, "v3", "pass").alarm
    with pytest.raises(SpentTestSetError, match="the first pass"):
        ask(ledger, "v2", "pass")
    assert ledger.verify().holds


def test_where_everything_is_told_it_is_a_verdict_like_others(store):
    ledger = opened(store, "none", reveals="everything")
    first, again = ask(ledger), ask(ledger, outcome="pass")

    assert (first.revealed, first.is_open, first.left) == ("everything", False, 2)
    assert again.verdict == first.verdict
    assert ledger.test_set("5f0c1e").open_looks == ()


def test_the_third_party_gets_a_result_when_there_is_one(store, tmp_path):
    file = tmp_path / "results.jsonl"
    ledger = opened(store, "none", to=str(file))

    assert ask(ledger).is_open
    assert file.read_text() == ""
    told = ask(ledger, outcome="pass")
    ask(ledger, outcome="fail")

    assert (told.verdict, told.revealed, told.step) == (None, "nothing", 1)
    (line,) = map(json.loads, file.read_text().splitlines())
    assert (line["step"], line["outcome"]) == (1, "pass")
    assert kinds(store) == ["opened", "look", "decided", "delivered"]
    assert ledger.verify().holds


# --- several processes, and one that is killed


def test_of_two_that_go_on_with_one_look_the_first_decides_it(store):
    ledger = opened(store)
    ask(ledger)

    def slow():
        ask(ledger, outcome="fail", at=LATER)  # another one, while this one is deciding
        return verdict("pass")

    told = ledger.look(
        "5f0c1e", champion="v1", challenger="v2", condition=CONDITION, who="bob", at=AT,
        decide=slow,
    )  # fmt: skip

    assert (told.revealed, told.repeated) == ("fail", True)
    assert kinds(store).count("decided") == 1


def test_who_comes_too_late_for_the_last_look_is_told_what_was_decided(store, monkeypatch):
    ledger = opened(store, steps=1)
    ask(ledger)
    look_taken = Ledger.look_taken

    def late(self, *words, **question):
        found = look_taken(self, *words, **question)
        monkeypatch.undo()
        ask(ledger, outcome="fail")
        return found

    monkeypatch.setattr(Ledger, "look_taken", late)

    assert ask(ledger, outcome="pass").revealed == "fail"


def test_of_two_that_ask_first_one_spends_the_step(store):
    ledger = opened(store)

    def slow():
        ask(ledger)
        return verdict(OPEN)

    told = ledger.look(
        "5f0c1e", champion="v1", challenger="v2", condition=CONDITION, who="bob", at=AT,
        decide=slow,
    )  # fmt: skip

    assert (told.step, told.left, told.is_open) == (1, 2, True)
    assert kinds(store) == ["opened", "look"]


def _decide_in_another_process(url, die_at):
    """Decide the open look; with `die_at`, be killed after the entry of that kind is written."""
    write = ledger_chain.append_within

    def append_and_die(store, connection, kind, **more):
        written = write(store, connection, kind, **more)
        if kind == die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return written

    ledger_look.ledger_chain.append_within = append_and_die
    store = Store(url)
    ask(Ledger(store), outcome="pass")
    store.close()


def run(url, *, die_at=(None,)):
    spawn = multiprocessing.get_context("spawn").Process
    workers = [spawn(target=_decide_in_another_process, args=(url, kind)) for kind in die_at]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return [worker.exitcode for worker in workers]


def test_a_process_killed_while_it_decides_leaves_the_look_open(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = Store(url)
    ledger = opened(store, steps=1)
    ask(ledger)

    assert run(url, die_at=("decided", "alarm")) == [-signal.SIGKILL] * 2
    assert ledger.test_set("5f0c1e").open_looks == (1,)
    assert ledger.looks()[0]["outcome"] == OPEN
    assert ledger.verify().holds

    assert run(url, die_at=(None, None, None)) == [0] * 3
    assert kinds(store) == ["opened", "look", "decided", "retired", "alarm"]
    assert ledger.verify().holds
    store.close()


# --- tampering


@pytest.fixture
def file(tmp_path):
    """A ledger with an open look, and one that was open and failed: four entries."""
    path = tmp_path / "store.db"
    store = Store(f"sqlite:///{path}")
    ledger = opened(store, steps=9)
    ask(ledger, "v2"), ask(ledger, "v3"), ask(ledger, "v3", "fail")
    store.close()
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE looks SET outcome = 'pass' WHERE step = 1", "look 1 at test set 5f0c1e was ch"),
        ("UPDATE looks SET outcome = 'pass' WHERE step = 2", "look 2 at test set 5f0c1e was ch"),
        ("DELETE FROM looks WHERE step = 2", "look 2 at test set 5f0c1e was removed"),
        ("DELETE FROM ledger_entries WHERE number = 4", "look 2 at test set 5f0c1e was changed"),
    ],
)
def test_a_change_to_an_open_look_or_to_one_decided_later_is_found(file, change, said):
    with sqlite3.connect(file) as connection:
        assert connection.execute(change).rowcount == 1
    connection.close()
    store = Store(f"sqlite:///{file}")
    problems = Ledger(store).verify().problems
    store.close()

    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize("step", [2, 3])
def test_a_decision_on_a_look_that_is_not_open_is_found(file, step):
    store = Store(f"sqlite:///{file}")
    with store.transaction() as connection:
        rows = store.rows_within(connection, "looks", step=step)
        body = {"step": step, "row": ledger_chain.digest(rows[0]) if rows else ""}
        ledger_chain.append_within(
            store, connection, "decided", test_set="5f0c1e", at=AT, body=body
        )
    problems = Ledger(store).verify().problems
    store.close()

    assert f"entry 5 decides look {step} at 5f0c1e, which is not open" in problems


# --- reports


def test_reports_say_that_the_look_is_open(store):
    cases = [{"clause": "n passes all of smoke", "passes": True, "right": 2, "cases": 2,
              "needed": 2, "wrong": []}]  # fmt: skip
    told = ask(opened(store), cases=cases).verdict

    for text in (junit_xml(told, left=2), markdown(told, left=2)):
        assert "look 1 is open: more labels are needed" in text
        assert "no look was spent" not in text
        assert "321" not in text
