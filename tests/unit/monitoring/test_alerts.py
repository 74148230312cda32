import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from trimtab.core.records import Alert
from trimtab.monitoring.alerts import alert_id, raise_alerts


def an_alert(made, monitor="bias", model="late"):
    return Alert(
        id=alert_id("live", model, made.APRIL, monitor), model=model, monitor=monitor,
        severity="warning", window_start=made.APRIL, window_end=made.MAY,
        message="predictions are 11.3 points below what turned out true",
        runbook="docs/runbook.md#bias", evidence={"bias": {"estimate": -0.113}},
    )  # fmt: skip


def lines(workspace):
    return [json.loads(line) for line in workspace.alerts_path.read_text().splitlines()]


class Receiver:
    """A real webhook on localhost that keeps what it is sent."""

    def __init__(self):
        self.status, self.got, self.arrived = 200, [], threading.Event()
        self.answer = threading.Event()
        self.answer.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.got.append((self.headers["Idempotency-Key"], body))
                receiver.arrived.set()
                receiver.answer.wait(30)
                try:
                    self.send_response(receiver.status)
                    self.end_headers()
                except OSError:  # the caller was killed meanwhile
                    return

            def log_message(self, *parts):
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def close(self):
        self.answer.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def test_an_alert_is_logged_once_whatever_is_called_how_often(made, tmp_path):
    workspace = made.workspace_in(tmp_path)

    first = raise_alerts(workspace, [an_alert(made)])
    again = raise_alerts(workspace, [an_alert(made)])

    assert (first.new, first.sent, again.new) == (1, 1, 0)
    assert [line["monitor"] for line in lines(workspace)] == ["bias"]
    assert lines(workspace)[0]["evidence"] == {"bias": {"estimate": -0.113}}
    assert lines(workspace)[0]["window_start"] == "2024-04-01T00:00:00+00:00"
    workspace.store.close()


def test_ids_differ_by_scope_model_window_and_monitor(made):
    ids = {
        alert_id(scope, model, start, monitor)
        for scope in ("live", "replay")
        for model in ("late", "early")
        for start in (made.APRIL, made.MAY)
        for monitor in ("bias", "volume")
    }

    assert len(ids) == 16


@pytest.mark.service
def test_a_webhook_is_told_once(made, tmp_path, receiver):
    workspace = made.workspace_in(tmp_path, alerts={"webhook": receiver.url})

    raise_alerts(workspace, [an_alert(made)])
    raise_alerts(workspace, [an_alert(made)])

    assert len(receiver.got) == 1
    key, body = receiver.got[0]
    assert key == body["id"] == an_alert(made).id
    assert body["message"].startswith("predictions are 11.3 points")
    workspace.store.close()


@pytest.mark.service
def test_a_failing_webhook_loses_nothing_and_is_tried_again(made, tmp_path, receiver):
    receiver.status = 503
    workspace = made.workspace_in(tmp_path, alerts={"webhook": receiver.url})

    failed = raise_alerts(workspace, [an_alert(made), an_alert(made, "volume")])

    assert (failed.new, failed.sent, failed.waiting) == (2, 0, 2)
    assert "503" in failed.failures[0]
    assert len(receiver.got) == 1  # a channel that is down is tried once a call
    assert len(lines(workspace)) == 2
    receiver.status = 200
    assert raise_alerts(workspace, []).sent == 2
    assert all(row["sent"] for row in workspace.store.rows("alerts"))
    assert len(lines(workspace)) == 2
    workspace.store.close()


def test_a_webhook_that_is_not_there_is_a_failure_and_no_error(made, tmp_path):
    workspace = made.workspace_in(tmp_path, alerts={"webhook": "http://127.0.0.1:9/x?key=secret"})

    result = raise_alerts(workspace, [an_alert(made)])

    assert result.waiting == 1
    assert "secret" not in result.failures[0]
    workspace.store.close()


@pytest.mark.service
def test_apprise_reaches_a_channel(made, tmp_path, receiver):
    url = receiver.url.replace("http://", "json://")
    workspace = made.workspace_in(tmp_path, alerts={"channels": [url, "nonsense://x"]})

    result = raise_alerts(workspace, [an_alert(made)])

    assert len(receiver.got) == 1
    assert "[warning] late: bias" in json.dumps(receiver.got[0][1])
    assert result.waiting == 1
    assert "channel 2" in result.failures[0]
    raise_alerts(workspace, [])
    assert len(receiver.got) == 1  # the channel that took it is not told again
    workspace.store.close()


def test_a_line_that_a_killed_process_left_half_written_is_mended(made, tmp_path):
    workspace = made.workspace_in(tmp_path)
    raise_alerts(workspace, [an_alert(made)])
    with workspace.alerts_path.open("a") as file:
        file.write('{"id": "half')

    raise_alerts(workspace, [an_alert(made, "volume")])

    assert [line["monitor"] for line in lines(workspace)] == ["bias", "volume"]
    workspace.store.close()


CHILD = """
import sys
from datetime import UTC, datetime
from trimtab.core.project import Project
from trimtab.core.records import Alert
from trimtab.core.workspace import Workspace
from trimtab.monitoring.alerts import raise_alerts

folder, url = sys.argv[1:]
start, end = datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)
project = Project.model_validate({
    "root": folder, "project": {"name": "made"}, "alerts": {"webhook": url},
    "tables": [{"name": "t", "source": "t.csv", "time": "time"}],
    "task": {"name": "late", "table": "t", "kind": "binary", "label": "late"},
    "train": {"until": "2024-04-01"},
})
alert = Alert("a1", "late", "bias", "warning", start, end, "biased", "docs/runbook.md#bias")
raise_alerts(Workspace(project), [alert])
"""


@pytest.mark.service
def test_killed_while_sending_the_alert_is_sent_later_and_logged_once(made, tmp_path, receiver):
    receiver.answer.clear()  # takes the message and never answers
    words = [sys.executable, "-c", CHILD, str(tmp_path), receiver.url]
    with subprocess.Popen(words) as child:
        assert receiver.arrived.wait(60)
        os.kill(child.pid, signal.SIGKILL)
    receiver.answer.set()
    workspace = made.workspace_in(tmp_path, alerts={"webhook": receiver.url})
    assert [row["sent"] for row in workspace.store.rows("alerts")] == [False]

    result = raise_alerts(workspace, [])

    assert result.sent == 1
    assert [line["id"] for line in lines(workspace)] == ["a1"]
    assert [key for key, _ in receiver.got] == ["a1", "a1"]  # the key tells that it is one
    workspace.store.close()


def test_every_monitor_has_its_place_in_the_runbook():
    from pathlib import Path

    from trimtab.gates.ledger_alarm import MONITOR
    from trimtab.monitoring.alerts import SEVERITY

    runbook = Path(__file__).parents[3] / "docs" / "runbook.md"
    headings = {
        line.removeprefix("## ").strip()
        for line in runbook.read_text().splitlines()
        if line.startswith("## ")
    }

    assert headings == {*SEVERITY, MONITOR}  # the ledger raises the last one
