"""Eight processes at one test set, killed at random: no step is lost, doubled or overdrawn."""

import json
import multiprocessing
import random
import time
from datetime import UTC, datetime

import pytest

from trimtab.core.records import Verdict
from trimtab.core.store import Store
from trimtab.gates.ledger import Ledger, SpentTestSetError

AT = datetime(2026, 1, 2, tzinfo=UTC)
PROCESSES, STEPS, MODELS = 8, 30, 40
CONDITION = "n > 0.8 +/- 0.05"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue("fresh_postgres_url")


def _verdict(model):
    outcome = "pass" if model % 3 == 0 else "fail"
    return Verdict(outcome, CONDITION, f"v{model}", {"n": model / 100}, {}, 900, "exact", 1e-4)


def _ask(url, folder, seed, models):
    """Ask for every model in an order of one's own, once all processes are there."""
    store = Store(url)
    ledger = Ledger(store)
    ledger.open(
        "5f0c1e", reliability="0.99", steps=STEPS, adaptivity="none", who="ann", at=AT,
        to=str(folder / "results.jsonl"),
    )  # fmt: skip
    order = random.Random(seed).sample(range(models), models)
    (folder / f"ready-{seed}").touch()  # files, since a killed process may hold a lock for ever
    while not (folder / "go").exists():
        time.sleep(0.001)
    refused = 0
    for model in order:
        try:
            ledger.look(
                "5f0c1e", champion="v1", challenger=f"v{model}", condition=CONDITION,
                who=f"process {seed}", at=AT, decide=lambda model=model: _verdict(model),
            )  # fmt: skip
        except SpentTestSetError:
            refused += 1
    store.close()
    (folder / f"refused-{seed}").write_text(str(refused))


def _together(url, folder, *, models, kill_at):
    """Run eight processes; kill one each time that so many looks were taken by all."""
    for left in (*folder.glob("ready-*"), *folder.glob("go")):
        left.unlink()
    workers = [
        multiprocessing.get_context("spawn").Process(target=_ask, args=(url, folder, seed, models))
        for seed in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    while len(list(folder.glob("ready-*"))) < PROCESSES:
        assert all(worker.is_alive() for worker in workers)
        time.sleep(0.01)
    (folder / "go").touch()
    store = Store(url)
    for worker, looks in zip(workers, kill_at, strict=False):
        while len(store.rows("looks")) < looks:
            assert any(one.is_alive() for one in workers)
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.01))  # anywhere in a look
        worker.kill()
    store.close()
    for worker in workers:
        worker.join(120)
    assert {worker.exitcode for worker in workers[len(kill_at) :]} <= {0}


def test_eight_processes_killed_at_random_never_share_or_lose_a_step(url, tmp_path):
    draw = random.Random(11)

    killed = sorted(draw.randrange(1, 15) for _ in range(PROCESSES))
    _together(url, tmp_path, models=20, kill_at=killed)
    store = Store(url)
    ledger = Ledger(store)
    midway = ledger.test_set("5f0c1e")
    assert ledger.verify().holds
    assert 0 < midway.taken < STEPS
    store.close()

    _together(url, tmp_path, models=MODELS, kill_at=range(STEPS - 5, STEPS))

    store = Store(url)
    ledger = Ledger(store)
    looks, known = ledger.looks("5f0c1e"), ledger.test_set("5f0c1e")
    assert [look["step"] for look in looks] == list(range(1, STEPS + 1))
    assert len({look["challenger"] for look in looks}) == STEPS
    assert (known.taken, known.left, known.state) == (STEPS, 0, "retired")
    for seed in range(5, PROCESSES):
        assert (tmp_path / f"refused-{seed}").read_text() == str(MODELS - STEPS)
    assert ledger.verify().holds
    assert len(store.rows("alerts")) == 1

    ids = {}  # a result may come twice, but none is missing, and twice is told by its id
    for line in (tmp_path / "results.jsonl").read_text().splitlines():
        message = json.loads(line)
        ids.setdefault(message["step"], set()).add(message["id"])
    assert sorted(ids) == list(range(1, STEPS + 1))
    assert all(len(one) == 1 for one in ids.values())
    store.close()
