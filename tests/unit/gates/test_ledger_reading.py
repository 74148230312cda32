"""Readings of the meter through the ledger: counted, kept without losses, chained, refused."""

import json
import multiprocessing
import sqlite3
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from trimtab.core.errors import ConfigError, NotEnoughDataError, NotFoundError
from trimtab.core.records import Verdict
from trimtab.core.store import Store
from trimtab.gates.ledger import Ledger, SpentTestSetError
from trimtab.gates.ledger_chain import append_within
from trimtab.gates.meter import meter

AT = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
CUTS = (0.01, 0.05)
ROWS = 20_000


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


def opened(ledger, test_set="5f0c1e", **changed):
    numbers = {
        "reliability": "0.95", "steps": 3, "adaptivity": "full", "who": "ann", "at": AT,
        "reveals": "range", "ranges": CUTS,
    }  # fmt: skip
    return ledger.open(test_set, **{**numbers, **changed})


def read(ledger, commit="a1", gap=0.03125, test_set="5f0c1e", **changed):
    asked = {"development_loss": 0.125, "test_loss": 0.125 + gap, "rows": ROWS, "who": "bob"}
    return ledger.read(test_set, commit=commit, at=AT, **{**asked, **changed})


def look(ledger, test_set="5f0c1e"):
    return ledger.look(
        test_set, champion="v1", challenger="v2", condition="n > 0.8 +/- 0.05", who="bob", at=AT,
        decide=lambda: Verdict("pass", "n > 0.8 +/- 0.05", "", {}, {}, 900, "exact", 1e-6),
    )  # fmt: skip


# --- what is told and kept


def test_a_reading_is_the_meters_with_the_numbers_of_the_opening(ledger):
    opened(ledger)
    result = read(ledger)

    assert result.reading == meter(0.125, 0.15625, rows=ROWS, ranges=CUTS, delta=0.05, steps=3)
    assert (result.step, result.left, result.repeated, result.alarm) == (1, 2, False, None)


def test_it_is_kept_as_it_was_told(ledger):
    opened(ledger, name="meter")
    first, second = read(ledger, "a1"), read(ledger, "a2", gap=-0.11)

    kept = ledger.readings()
    assert [one.reading for one in kept] == [first.reading, second.reading]
    assert [(one.step, one.commit, one.who, one.name) for one in kept] == [
        (1, "a1", "bob", "meter"), (2, "a2", "bob", "meter"),
    ]  # fmt: skip
    assert kept[0].at == AT
    assert json.loads(json.dumps(kept[0].to_dict()))["reading"]["sentence"].startswith("range 2")
    assert ledger.readings("other") == []


def test_two_losses_in_one_range_leave_the_same_ledger(tmp_path):
    """The losses are kept nowhere, not even as a hash that could be guessed."""
    heads = []
    for place, gap in enumerate((0.02, 0.04)):
        store = Store(f"sqlite:///{tmp_path / f'{place}.db'}")
        ledger = Ledger(store)
        opened(ledger)
        read(ledger, gap=gap)
        heads.append(ledger.verify().head)
        assert store.rows("looks") == []
        store.close()

    assert heads[0] == heads[1]


def test_the_same_commit_is_one_reading_whatever_it_reads_by_now(ledger):
    opened(ledger)
    first = read(ledger)
    again = read(ledger, gap=0.5, who="eve")

    assert again.repeated
    assert (again.step, again.reading, again.left) == (1, first.reading, 2)
    assert len(ledger.readings()) == 1


def test_too_few_rows_and_wrong_losses_cost_nothing(ledger):
    opened(ledger)

    with pytest.raises(NotEnoughDataError):
        read(ledger, epsilon=0.001)
    with pytest.raises(ValueError, match="test_loss"):
        read(ledger, rows=None, test_loss=[0.1, np.nan])
    with pytest.raises(ConfigError, match="commit"):
        read(ledger, "")
    assert ledger.readings() == []
    assert read(ledger, epsilon=0.02).reading.epsilon == 0.02


# --- the budget


def test_past_the_budget_it_is_refused_and_the_set_retired_with_its_alarm(store, ledger):
    opened(ledger, steps=2)
    read(ledger, "a1")
    last = read(ledger, "a2")

    assert "all 2 readings were taken; 2 of 2 readings" in last.alarm
    with pytest.raises(SpentTestSetError, match="expected a reading left .* 2 taken of 2"):
        read(ledger, "a3")
    assert read(ledger, "a2").repeated  # asked again, it is told again
    assert ledger.test_set("5f0c1e").state == "retired"
    kinds = [row["kind"] for row in store.rows("ledger_entries", order="number")]
    assert kinds == ["opened", "reading", "reading", "retired", "alarm"]
    (alert,) = store.rows("alerts")
    assert alert["message"] == last.alarm
    assert ledger.verify().holds


def test_a_person_may_retire_it(ledger):
    opened(ledger)
    read(ledger)

    assert "1 of 3 readings" in ledger.retire("5f0c1e", who="ann", at=AT, why="labels were wrong")
    with pytest.raises(SpentTestSetError, match="labels were wrong"):
        read(ledger, "a2")


@pytest.mark.parametrize(
    "other",
    [{"ranges": (0.01, 0.06)}, {"ranges": (0.01,)}, {"steps": 4}, {"reliability": "0.9"},
     {"reveals": "bit", "ranges": ()}],
)  # fmt: skip
def test_other_ranges_or_numbers_are_refused(ledger, other):
    first = opened(ledger)

    with pytest.raises(ConfigError, match=r"3 steps, adaptivity full, readings .* 0\.01, 0\.05\)"):
        opened(ledger, **other)
    assert opened(ledger, ranges=np.array(CUTS), at=AT + timedelta(days=1)) == first


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ranges": ()}, "rise between 0 and 1"),
        ({"ranges": (0.1, 0.05)}, "rise between 0 and 1"),
        ({"ranges": (0.1, 1.0)}, "rise between 0 and 1"),
        ({"reveals": "bit"}, "no ranges for looks"),
        ({"adaptivity": "none", "to": "f"}, "adaptivity full for readings"),
        ({"adaptivity": "first_change"}, "adaptivity full for readings"),
        ({"reveals": "ranges"}, "Did you mean `range`"),
    ],
)
def test_an_opening_that_means_nothing_is_refused(ledger, wrong, said):
    with pytest.raises(ConfigError) as caught:
        opened(ledger, **wrong)

    assert said in str(caught.value)
    assert ledger.test_sets() == []


def test_a_set_is_for_looks_or_for_readings(ledger):
    opened(ledger)
    opened(ledger, "aaaaaa", reveals="bit", ranges=())

    with pytest.raises(ConfigError, match="opened for looks, got `5f0c1e`"):
        look(ledger)
    with pytest.raises(ConfigError, match="opened for readings, got `aaaaaa`"):
        read(ledger, test_set="aaaaaa")
    assert look(ledger, "aaaaaa").left == 2
    with pytest.raises(NotFoundError):
        read(ledger, test_set="cccccc")
    assert ledger.verify().holds


def test_both_databases_keep_the_same_chain(tmp_path, fresh_postgres_url):
    heads = []
    for url in (f"sqlite:///{tmp_path / 'one.db'}", fresh_postgres_url):
        store = Store(url)
        opened(Ledger(store), ranges=(0.1, 0.3, 1 / 3))
        read(Ledger(store), gap=0.2)
        assert Ledger(store).verify().holds
        heads.append(Ledger(store).verify().head)
        store.close()

    assert heads[0] == heads[1]


# --- tampering


@pytest.fixture
def file(tmp_path):
    """A ledger with a set for readings, two of three taken: entries 1 to 3."""
    path = tmp_path / "store.db"
    store = Store(f"sqlite:///{path}")
    opened(Ledger(store))
    read(Ledger(store), "a1")
    read(Ledger(store), "a2", gap=0.2)
    store.close()
    return path


def verified(file, **more):
    store = Store(f"sqlite:///{file}")
    found = Ledger(store).verify(**more)
    store.close()
    return found


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE ledger_entries SET details = replace(details, '\"signal\": 1', '\"signal\": 0') "
         "WHERE number = 2", "entry 2 (reading) was changed"),
        ("UPDATE ledger_entries SET details = replace(details, '0.05', '0.06') WHERE number = 1",
         "entry 1 (opened) was changed"),
        ("UPDATE ledger_entries SET details = replace(details, 'a2', 'a9') WHERE number = 3",
         "entry 3 (reading) was changed"),
        ("UPDATE ledger_entries SET details = replace(details, 'bob', 'eve') WHERE number = 3",
         "entry 3 (reading) was changed"),
        ("UPDATE ledger_entries SET kind = 'look' WHERE number = 3",
         "entry 3 is a look at 5f0c1e that was not due"),
        ("DELETE FROM ledger_entries WHERE number = 2", "after entry 1 comes entry 3"),
        ("INSERT INTO ledger_entries SELECT scope, 4, kind, test_set, at, previous, hash, details "
         "FROM ledger_entries WHERE number = 3", "entry 4 does not follow"),
    ],
)  # fmt: skip
def test_tampering_is_found(file, statement, said):
    assert verified(file).holds
    with sqlite3.connect(file) as connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()

    assert any(said in problem for problem in verified(file).problems), verified(file).problems


def test_a_reading_that_is_cut_off_is_found_by_a_head_that_was_noted(file):
    head = verified(file).head
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM ledger_entries WHERE number = 3")
    connection.close()

    assert verified(file).holds  # what the chain alone cannot tell
    assert "cut off" in verified(file, head=head).problems[0]


@pytest.mark.parametrize(
    ("kind", "step"), [("reading", 4), ("reading", 2), ("look", 3)]
)  # past the budget, a step twice, and a look where readings were paid for
def test_a_step_out_of_turn_with_right_hashes_is_found(file, kind, step):
    store = Store(f"sqlite:///{file}")
    steps = (3, 4) if step == 4 else (step,)
    with store.transaction() as connection:
        for number in steps:
            append_within(
                store, connection, kind, test_set="5f0c1e", at=AT,
                body={"step": number, "commit": f"e{number}", "who": "eve"},
            )  # fmt: skip
    store.close()

    said = f"entry {3 + len(steps)} is a {kind} at 5f0c1e that was not due"
    assert said in verified(file).problems


# --- two processes


def _one_process(url, seed, barrier, refused):
    store = Store(url)
    ledger = Ledger(store)
    barrier.wait(timeout=60)
    count = 0
    for number in np.random.default_rng(seed).permutation(20):
        try:
            read(ledger, f"a{number}")
        except SpentTestSetError:
            count += 1
    refused.put(count)
    store.close()


def test_four_processes_never_share_a_step(store, tmp_path, request):
    postgres = "postgresql" in request.node.name
    url = request.getfixturevalue("fresh_postgres_url") if postgres else None
    url = url or f"sqlite:///{tmp_path / 'store.db'}"
    ledger = Ledger(store)
    opened(ledger, steps=12)
    context = multiprocessing.get_context("spawn")
    barrier, refused = context.Barrier(4), context.Queue()
    workers = [
        context.Process(target=_one_process, args=(url, seed, barrier, refused))
        for seed in range(4)
    ]
    for worker in workers:
        worker.start()
    counts = [refused.get(timeout=120) for _ in workers]
    for worker in workers:
        worker.join(timeout=60)

    kept = ledger.readings()
    assert [one.step for one in kept] == list(range(1, 13))
    assert len({one.commit for one in kept}) == 12
    assert counts == [20 - 12] * 4
    assert len(store.rows("alerts")) == 1
    assert ledger.verify().holds
