import multiprocessing
from datetime import UTC, datetime

import numpy as np
import pytest

from trimtab.core.errors import ConfigError, StoppedError
from trimtab.core.records import Verdict
from trimtab.core.settings import GateSection
from trimtab.core.store import Store
from trimtab.gates.gain import decide
from trimtab.gates.gain_look import look_at_gain
from trimtab.gates.ledger import Ledger, SpentTestSetError

AT = datetime(2013, 5, 1, tzinfo=UTC)


def verdict_for(delta, *, gain=0.1):
    old = np.linspace(0.3, 0.6, 4_000)
    return decide(old - gain, old, settings=GateSection(), delta=delta)


def look(ledger, challenger, *, steps=2, test_set="rows@3", decide=verdict_for, delta=0.05):
    return look_at_gain(
        ledger, test_set, champion="v1", challenger=challenger, condition="gain > 0", steps=steps,
        delta=delta, who="tester", at=AT, decide=decide,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    yield store
    store.close()


def test_each_look_gets_its_share_of_delta(store):
    verdict = look(Ledger(store), "v2", steps=4)

    assert verdict.delta == pytest.approx(0.0125)


def test_the_same_look_returns_the_stored_verdict_and_costs_nothing(store):
    ledger = Ledger(store)
    first = look(ledger, "v2")

    def never(delta):
        raise AssertionError("the stored verdict should have been used")

    again = look(ledger, "v2", decide=never)

    assert again == first
    assert len(ledger.looks("rows@3")) == 1


def test_a_verdict_without_rows_comes_back_too(store):
    def nothing(delta):
        return decide([], [], settings=GateSection(), delta=delta)

    first, again = (look(Ledger(store), "v2", decide=nothing) for _ in range(2))

    assert first.outcome == again.outcome == "not enough data"
    assert again.intervals["gain"] == (-1.0, 1.0)


def test_past_the_agreed_steps_a_fresh_test_set_is_asked_for(store):
    ledger = Ledger(store)
    look(ledger, "v2")
    look(ledger, "v3")

    with pytest.raises(SpentTestSetError, match="2 taken of 2") as caught:
        look(ledger, "v4")

    assert isinstance(caught.value, StoppedError)
    assert caught.value.exit_code == 1
    assert "fresh test set" in caught.value.hint
    assert len(ledger.looks("rows@3")) == 2


def test_more_steps_later_do_not_buy_more_than_delta(store):
    ledger = Ledger(store)
    first = look(ledger, "v2", steps=2)

    with pytest.raises(ConfigError, match="2 steps"):
        look(ledger, "v3", steps=4)

    assert look(ledger, "v2", steps=4) == first  # a look that was taken is only told again
    assert len(ledger.looks("rows@3")) == 1


def test_not_enough_data_costs_its_step_since_it_depends_on_values(store):
    def nothing(delta):
        return decide([], [], settings=GateSection(), delta=delta)

    ledger = Ledger(store)
    look(ledger, "v2", decide=nothing, steps=1)

    with pytest.raises(SpentTestSetError):
        look(ledger, "v3", steps=1)


def test_the_set_is_opened_by_the_loop_itself(store):
    look(Ledger(store), "v2", steps=4)

    (known,) = Ledger(store).test_sets()
    assert (known.reliability, known.steps, known.adaptivity) == ("0.95", 4, "none")
    assert (known.taken, known.left) == (1, 3)
    assert Ledger(store).verify().holds


def test_a_hidden_look_is_not_told_by_asking_as_the_loop_does(store, tmp_path):
    ledger = Ledger(store)
    ledger.open(
        "rows@3", reliability="0.95", steps=2, adaptivity="none", who="ann", at=AT,
        to=str(tmp_path / "results"),
    )  # fmt: skip
    ledger.look(
        "rows@3", champion="v1", challenger="v2", condition="gain > 0", who="bob", at=AT,
        decide=lambda: verdict_for(0.01),
    )  # fmt: skip

    with pytest.raises(ValueError, match="'nothing'"):
        look(ledger, "v2")


def test_another_test_set_and_another_scope_have_their_own_looks(store, tmp_path):
    ledger = Ledger(store)
    look(ledger, "v2", steps=1)

    assert look(ledger, "v3", steps=1, test_set="rows@4").outcome == "pass"
    replay = Store(f"sqlite:///{tmp_path / 'store.db'}", scope="replay-1")
    assert look(Ledger(replay), "v3", steps=1).outcome == "pass"
    replay.close()


def test_looks_survive_a_restart(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = Store(url)
    look(Ledger(store), "v2", steps=1)
    store.close()

    reopened = Store(url)
    with pytest.raises(SpentTestSetError):
        look(Ledger(reopened), "v3", steps=1)
    reopened.close()


def _one_process(url, challenger, barrier, answers):
    store = Store(url)

    def together(delta):
        barrier.wait(timeout=60)  # everyone has read the ledger and decides at the same time
        return verdict_for(delta)

    try:
        answers.put(look(Ledger(store), challenger, steps=2, decide=together).outcome)
    except SpentTestSetError:
        answers.put("refused")
    finally:
        store.close()


def test_four_processes_never_share_a_step(tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}"
    Store(url).close()
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(4), context.Queue()
    workers = [
        context.Process(target=_one_process, args=(url, f"v{n}", barrier, answers))
        for n in range(4)
    ]
    for worker in workers:
        worker.start()
    outcomes = sorted(answers.get(timeout=120) for _ in workers)
    for worker in workers:
        worker.join(timeout=60)

    assert outcomes == ["pass", "pass", "refused", "refused"]
    store = Store(url)
    assert [row["step"] for row in Ledger(store).looks("rows@3")] == [1, 2]
    store.close()


def test_wrong_arguments_are_refused(store):
    with pytest.raises(ValueError, match="steps"):
        look(Ledger(store), "v2", steps=0)


def test_a_verdict_with_infinite_limits_comes_back_as_it_was(store):
    def unbounded(delta):
        return Verdict(
            outcome="not enough data", condition="gain > 0", reason="one day", estimates={},
            intervals={"gain": (-np.inf, np.inf)}, labels_used=3, method="t", delta=delta,
        )  # fmt: skip

    first, again = (look(Ledger(store), "v2", decide=unbounded) for _ in range(2))

    assert again == first
