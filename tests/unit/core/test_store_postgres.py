"""The metadata store keeps its promises on both databases."""

import multiprocessing
import threading
from datetime import UTC, datetime

import pytest

from trimtab.core.store import Store

AT = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return request.getfixturevalue("fresh_postgres_url")


@pytest.fixture
def store(url):
    made = Store(url, scope="live")
    yield made
    made.close()


def test_a_row_comes_back_as_it_was(store):
    details = {"gain": 0.5, "interval": (0.1, 0.9), "at": AT}

    store.add("alerts", id="a", model="m", severity="info", window_start=AT, details=details)
    (row,) = store.rows("alerts", id="a")

    assert row["window_start"] == AT
    assert row["details"] == {"gain": 0.5, "interval": [0.1, 0.9], "at": AT.isoformat()}
    assert row["sent"] is None


def test_a_row_is_added_once(store):
    assert store.add("progress", step="ingest", at=AT)
    assert not store.add("progress", step="ingest", at=AT, details={"other": 1})

    assert [row["details"] for row in store.rows("progress")] == [{}]


def test_a_scope_sees_its_own_rows(url, store):
    other = Store(url, scope="replay")

    assert store.add("progress", step="a", at=AT)
    assert other.add("progress", step="a", at=AT)
    assert other.change("progress", {"details": {"x": 1}}, step="a") == 1

    assert store.rows("progress")[0]["details"] == {}
    assert store.scopes() == ["live", "replay"]
    other.close()


def test_rows_come_in_the_order_asked_for(store):
    for step in (3, 1, 2):
        store.add("looks", test_set="t", step=step)

    assert [row["step"] for row in store.rows("looks", order="step")] == [1, 2, 3]


def test_what_fails_within_a_transaction_leaves_nothing(store):
    def fail() -> None:
        with store.transaction() as connection:
            store.add_within(connection, "progress", step="a", at=AT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert store.rows("progress") == []


def test_a_second_writer_waits_until_the_first_is_done(url, store):
    seen: list[int] = []
    begun = threading.Event()

    def second() -> None:
        other = Store(url)
        begun.set()
        with other.transaction() as connection:
            seen.append(len(other.rows_within(connection, "progress")))
        other.close()

    thread = threading.Thread(target=second)
    with store.transaction() as connection:
        store.add_within(connection, "progress", step="a", at=AT)
        thread.start()
        begun.wait(30)
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(30)

    assert seen == [1]


def _look(url: str, number: int) -> None:
    """Take the next free steps: read, decide, write in one transaction."""
    store = Store(url)
    for _ in range(10):
        with store.transaction() as connection:
            step = len(store.rows_within(connection, "looks", test_set="t"))
            assert store.add_within(connection, "looks", test_set="t", step=step, who=str(number))
        store.add("progress", step="shared", at=AT)
    store.close()


def test_four_processes_never_decide_on_the_same_state(url, store):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_look, args=(url, number)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0] * 4
    assert [row["step"] for row in store.rows("looks", order="step")] == list(range(40))
    assert len(store.rows("progress")) == 1
