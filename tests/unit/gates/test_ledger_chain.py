"""Every kind of tampering by SQL is found, at its place; an honest ledger verifies."""

import hashlib
import json
import sqlite3
from datetime import UTC, datetime

import pytest

from trimtab.core.records import Verdict
from trimtab.core.store import Store
from trimtab.gates.ledger import Ledger
from trimtab.gates.ledger_chain import append_within, digest

AT = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
CONDITION = "n > 0.8 +/- 0.05"


@pytest.fixture
def file(tmp_path):
    """A ledger with two test sets, one used up: nine entries."""
    path = tmp_path / "store.db"
    store = Store(f"sqlite:///{path}")
    ledger = Ledger(store)
    for name, steps in (("aaaaaa", 2), ("bbbbbb", 9)):
        ledger.open(name, reliability="0.99", steps=steps, adaptivity="full", who="ann", at=AT)
    for name, model in (("aaaaaa", 2), ("bbbbbb", 2), ("aaaaaa", 3), ("bbbbbb", 3), ("bbbbbb", 4)):
        look(ledger, name, f"v{model}")
    store.close()
    return path


def look(ledger, test_set, challenger):
    return ledger.look(
        test_set, champion="v1", challenger=challenger, condition=CONDITION, who="bob", at=AT,
        decide=lambda: Verdict(
            "fail", CONDITION, "n is 0.7", {"n": 0.7}, {"n": (0.6, float("inf"))}, 90, "exact",
            1e-6,
        ),
    )  # fmt: skip


def verify(file, **more):
    store = Store(f"sqlite:///{file}")
    found = Ledger(store).verify(**more)
    store.close()
    return found


def sql(file, *statements):
    with sqlite3.connect(file) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, "the tampering changed nothing"
    connection.close()


def test_an_honest_ledger_verifies(file):
    found = verify(file)

    assert (found.holds, found.entries, found.problems) == (True, 9, ())
    assert len(found.head) == 64
    assert verify(file, head=found.head).holds


def test_an_empty_ledger_verifies(tmp_path):
    found = verify(tmp_path / "new.db")

    assert (found.holds, found.entries, found.head) == (True, 0, "")


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (
            ["UPDATE ledger_entries SET details = replace(details, 'v2', 'v9') WHERE number = 4"],
            "entry 4 (look) was changed",
        ),
        (
            ["UPDATE ledger_entries SET at = '2020-01-01T00:00:00.000000+00:00' WHERE number = 2"],
            "entry 2 (opened) was changed",
        ),
        (
            ["UPDATE ledger_entries SET details = replace(details, '\"steps\": 2', "
             "'\"steps\": 20') WHERE number = 1"],
            "entry 1 (opened) was changed",
        ),
        (["DELETE FROM ledger_entries WHERE number = 5"], "after entry 4 comes entry 6"),
        (["DELETE FROM ledger_entries WHERE number = 1"], "after entry 0 comes entry 2"),
        (
            ["DELETE FROM ledger_entries WHERE number = 5",
             "UPDATE ledger_entries SET number = number - 1 WHERE number > 5"],
            "entry 5 does not follow",
        ),
        (
            ["UPDATE ledger_entries SET number = number + 100 WHERE number > 5",
             "UPDATE ledger_entries SET number = number - 99 WHERE number > 100",
             "INSERT INTO ledger_entries SELECT scope, 6, kind, test_set, at, previous, hash, "
             "details FROM ledger_entries WHERE number = 4"],
            "entry 6 does not follow",
        ),
        (
            ["UPDATE ledger_entries SET number = 99 WHERE number = 3",
             "UPDATE ledger_entries SET number = 3 WHERE number = 4",
             "UPDATE ledger_entries SET number = 4 WHERE number = 99"],
            "entry 3 does not follow",
        ),
        (["UPDATE ledger_entries SET hash = previous WHERE number = 8"], "entry 8 (look)"),
        (
            ["UPDATE looks SET outcome = 'pass' WHERE test_set = 'bbbbbb' AND step = 2"],
            "look 2 at test set bbbbbb was changed",
        ),
        (
            ["UPDATE looks SET details = replace(details, '0.7', '0.9') WHERE step = 1"],
            "look 1 at test set aaaaaa was changed",
        ),
        (["UPDATE looks SET who = 'eve' WHERE step = 3"], "look 3 at test set bbbbbb was changed"),
        (["DELETE FROM looks WHERE step = 3"], "look 3 at test set bbbbbb was removed"),
        (
            ["INSERT INTO looks SELECT scope, test_set, 7, champion, challenger, condition, "
             "outcome, who, at, details FROM looks WHERE test_set = 'bbbbbb' AND step = 3"],
            "look 7 at test set bbbbbb has no entry",
        ),
        (
            ["UPDATE looks SET step = 9 WHERE test_set = 'bbbbbb' AND step = 3"],
            "look 9 at test set bbbbbb has no entry",
        ),
    ],
)  # fmt: skip
def test_tampering_is_found(file, statements, said):
    sql(file, *statements)
    found = verify(file)

    assert not found.holds
    assert any(said in problem for problem in found.problems), found.problems


def test_a_changed_entry_is_one_problem_at_its_place(file):
    sql(
        file, "UPDATE ledger_entries SET details = replace(details, 'ann', 'eve') WHERE number = 2"
    )

    assert verify(file).problems == ("entry 2 (opened) was changed",)


CUT = (
    "DELETE FROM ledger_entries WHERE number = 9",
    "DELETE FROM looks WHERE test_set = 'bbbbbb' AND step = 3",
)


def test_a_tail_that_is_cut_off_is_found_by_a_head_that_was_noted(file):
    head = verify(file).head
    sql(file, *CUT)

    assert verify(file).holds  # what the chain alone cannot tell
    assert "cut off" in verify(file, head=head).problems[0]


def test_a_head_noted_earlier_is_still_an_entry_later(file):
    head = verify(file).head
    store = Store(f"sqlite:///{file}")
    look(Ledger(store), "bbbbbb", "v7")
    store.close()

    assert verify(file, head=head).holds


def test_a_look_written_with_right_hashes_past_the_budget_is_found(file):
    store = Store(f"sqlite:///{file}")
    row = {
        "scope": "live", "test_set": "aaaaaa", "step": 3, "champion": "v1", "challenger": "v8",
        "condition": CONDITION, "outcome": "pass", "who": "eve", "at": AT, "details": {},
    }  # fmt: skip
    with store.transaction() as connection:
        store.add_within(connection, "looks", **{k: v for k, v in row.items() if k != "scope"})
        append_within(
            store, connection, "look", test_set="aaaaaa", at=AT,
            body={"step": 3, "row": digest(row)},
        )  # fmt: skip
    store.close()

    assert verify(file).problems == ("entry 10 is a look at aaaaaa that was not due",)


def test_each_scope_has_its_own_chain(file):
    live, replay = (Store(f"sqlite:///{file}", scope=scope) for scope in ("live", "replay-1"))
    Ledger(replay).open("aaaaaa", reliability="0.9", steps=1, adaptivity="full", who="a", at=AT)

    assert Ledger(replay).verify().entries == 1
    assert Ledger(live).verify().entries == 9
    live.close()
    replay.close()


def test_entries_of_another_scope_do_not_pass_for_ours(file):
    sql(
        file, "UPDATE ledger_entries SET scope = 'replay-1'", "UPDATE looks SET scope = 'replay-1'"
    )
    store = Store(f"sqlite:///{file}", scope="replay-1")

    assert len([p for p in Ledger(store).verify().problems if "entry" in p]) == 9
    store.close()


def test_chains_of_the_same_history_are_the_same_on_both_databases(tmp_path, fresh_postgres_url):
    heads = []
    for url in (f"sqlite:///{tmp_path / 'one.db'}", fresh_postgres_url):
        store = Store(url)
        ledger = Ledger(store)
        ledger.open("aaaaaa", reliability="0.99", steps=2, adaptivity="full", who="ä\U0001f600",
                    at=AT)  # fmt: skip
        look(ledger, "aaaaaa", "v2")
        found = ledger.verify()
        assert found.holds
        heads.append(found.head)
        store.close()

    assert heads[0] == heads[1]


def test_the_canonical_form_is_sorted_json():
    text = json.dumps({"a": [1.5, None], "b": "x"}, separators=(",", ":"))

    assert (
        digest({"b": "x", "a": (1.5, float("nan"))}) == hashlib.sha256(text.encode()).hexdigest()
    )
