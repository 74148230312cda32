"""Under `none` the third party gets the verdict, at least once, and the developer nothing."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from trimtab.core.records import Verdict
from trimtab.core.store import Store
from trimtab.gates import ledger_delivery
from trimtab.gates.ledger import Ledger, SpentTestSetError

AT = datetime(2026, 1, 2, tzinfo=UTC)
CONDITION = "n > 0.8 +/- 0.05"


@pytest.fixture
def store(tmp_path):
    made = Store(f"sqlite:///{tmp_path / 'store.db'}")
    yield made
    made.close()


@pytest.fixture
def hook():
    """A third party on this machine: `status` is what it answers, `got` what it was sent."""

    class Hook(BaseHTTPRequestHandler):
        got: list[tuple[str, dict]] = []
        status = 204

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            Hook.got.append((self.headers["Idempotency-Key"], json.loads(body)))
            self.send_response(Hook.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    Hook.url = f"http://ann:s3cret@127.0.0.1:{server.server_port}/hooks/t0ken"
    yield Hook
    server.shutdown()
    server.server_close()
    thread.join(10)


def opened(store, to, steps=4):
    ledger = Ledger(store)
    ledger.open(
        "5f0c1e", reliability="0.99", steps=steps, adaptivity="none", who="ann", at=AT, to=to
    )
    return ledger


def look(ledger, challenger="v2", outcome="pass"):
    return ledger.look(
        "5f0c1e", champion="v1", challenger=challenger, condition=CONDITION, who="bob", at=AT,
        decide=lambda: Verdict(
            outcome, CONDITION, "n is 0.912", {"n": 0.912}, {"n": (0.86, 0.96)}, 900, "exact", 1e-3
        ),
    )  # fmt: skip


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_the_file_gets_the_verdict_and_the_developer_nothing(store, tmp_path):
    file = tmp_path / "results.jsonl"
    ledger = opened(store, str(file))
    passed, failed = look(ledger, "v2", "pass"), look(ledger, "v3", "fail")

    assert [line["outcome"] for line in lines(file)] == ["pass", "fail"]
    assert lines(file)[0]["verdict"]["estimates"] == {"n": 0.912}
    assert (lines(file)[0]["step"], lines(file)[0]["challenger"]) == (1, "v2")
    told = [{**one.to_dict(), "step": None, "left": None} for one in (passed, failed)]
    assert told[0] == told[1]  # nothing tells a pass from a fail
    assert passed.verdict is None
    assert [row["outcome"] for row in ledger.looks()] == [None, None]
    assert "0.912" not in json.dumps(ledger.looks(), default=str)


def test_the_same_look_is_delivered_once(store, tmp_path):
    file = tmp_path / "results.jsonl"
    ledger = opened(store, str(file))
    look(ledger)
    again = look(ledger)

    assert again.repeated
    assert again.revealed == "nothing"
    assert len(lines(file)) == 1


def test_delivery_is_an_entry_of_the_chain_without_the_address_secret(store, hook):
    ledger = opened(store, hook.url)
    look(ledger)

    entry = store.rows("ledger_entries", order="number")[-1]
    assert entry["kind"] == "delivered"
    assert "s3cret" not in str(entry["details"])
    assert "t0ken" not in str(entry["details"])
    assert ledger.verify().holds


def test_a_webhook_gets_it_with_an_idempotency_key(store, hook):
    look(opened(store, hook.url))

    ((key, message),) = hook.got
    assert key == message["id"]
    assert message["outcome"] == "pass"


def test_what_was_not_taken_is_delivered_by_the_next_call(store, hook):
    ledger = opened(store, hook.url)
    hook.status = 500
    first = look(ledger, "v2", "fail")

    assert first.undelivered == (f"{ledger_delivery.place_of(hook.url)} did not take a result: "
                                 "status 500",)  # fmt: skip
    assert "s3cret" not in str(first.undelivered)

    hook.status = 200
    hook.got.clear()
    second = look(ledger, "v3", "pass")

    assert second.undelivered == ()
    assert [message["step"] for _, message in hook.got] == [1, 2]


def test_a_refused_look_delivers_what_waits(store, hook):
    ledger = opened(store, hook.url, steps=1)
    hook.status = 503
    look(ledger)
    hook.status = 200
    hook.got.clear()

    with pytest.raises(SpentTestSetError):
        look(ledger, "v3")

    assert len(hook.got) == 1


def test_an_address_that_is_down_is_tried_once_a_call(store, hook):
    ledger = opened(store, hook.url)
    hook.status = 500
    look(ledger, "v2")
    hook.got.clear()
    result = look(ledger, "v3")

    assert len(hook.got) == 1
    assert len(result.undelivered) == 1


def test_killed_between_sending_and_noting_it_comes_again_with_the_same_id(
    store, tmp_path, monkeypatch
):
    file = tmp_path / "results.jsonl"
    ledger = opened(store, str(file))

    def killed(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ledger_delivery, "_note", killed)
        with pytest.raises(KeyboardInterrupt):
            look(ledger)
    look(ledger)

    assert len(lines(file)) == 2
    assert len({line["id"] for line in lines(file)}) == 1
    assert ledger.verify().holds


def test_half_a_line_of_a_killed_process_does_not_spoil_the_next(store, tmp_path):
    file = tmp_path / "results.jsonl"
    file.write_text('{"id": "ab')
    look(opened(store, str(file)))

    assert json.loads(file.read_text().splitlines()[1])["outcome"] == "pass"


def test_a_server_that_is_not_there_does_not_undo_the_look(store):
    ledger = opened(store, "http://127.0.0.1:9/")
    result = look(ledger)

    assert "ConnectError" in result.undelivered[0]
    assert ledger.test_set("5f0c1e").taken == 1


def test_when_it_is_used_up_the_hidden_results_are_released(store, tmp_path):
    ledger = opened(store, str(tmp_path / "results.jsonl"), steps=1)
    result = look(ledger)

    assert result.alarm is not None
    assert result.verdict is None
    assert ledger.looks()[0]["outcome"] == "pass"
