"""A server starts, is killed, starts again, takes up a promotion, and lets go of its port."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.service.parcels import AT, LABELS, Trained, add_shadow, serving, train_project

from trimtab.core.errors import ConfigError, SourceError
from trimtab.models.registry import Registry
from trimtab.serving.client import Client
from trimtab.serving.event_log import EventLog
from trimtab.serving.protocol import UnavailableError
from trimtab.serving.server import free_port, running_server

pytestmark = pytest.mark.service

RAW = ["city", "due", "express", "sent", "stops", "weight"]


@contextmanager
def server_process(parcels: Trained) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run a server process; yield it and its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "trimtab.serving.server", "--project", str(parcels.folder)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield process, json.loads(process.stdout.readline())["url"]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def post_all(client: Client, rows: pl.DataFrame, size: int = 7) -> int:
    """Post rows in small batches, then their labels; return how many were answered before."""
    repeated = 0
    for batch in rows.iter_slices(size):
        answer = client.infer("late", batch.select(RAW), ids=batch["_id"], times=batch["_time"])
        repeated += answer.repeated
    client.labels("late", rows["_id"], rows["_label"], rows["_label_time"])
    return repeated


def post_for_ever(client: Client, rows: pl.DataFrame) -> None:
    while True:
        post_all(client, rows)


def test_log_after_a_kill_and_a_second_try_equals_one_without_the_kill(parcels, trained, tmp_path):
    rows = trained.rows[:280]
    with server_process(parcels) as (process, url), Client(url) as client:
        client.infer("late", rows[:7].select(RAW), ids=rows["_id"][:7], times=rows["_time"][:7])
        threading.Timer(0.25, process.kill).start()
        with pytest.raises(SourceError, match="expected an answer"):
            post_for_ever(client, rows)

    with serving(parcels.workspace) as client:
        repeated = post_all(client, rows)
    killed = EventLog.of(parcels.workspace).read().drop("_arrived")

    whole = parcels.workspace.within("whole")
    log = EventLog(whole.event_log_path, kind="binary")
    _record_unkilled(Registry(parcels.workspace), log, rows)
    assert repeated >= 7
    assert_frame_equal(killed, log.read().drop("_arrived"))


def _record_unkilled(registry: Registry, log: EventLog, rows: pl.DataFrame) -> None:
    """Write what a server that nobody kills would write."""
    from trimtab.serving.predictor import Predictor

    predictor = Predictor(registry)
    for batch in rows.iter_slices(7):
        logged, said = predictor.predict(batch.select("_id", "_time", *RAW))
        log.record(logged, said, AT)
    log.add_labels(rows["_id"], rows["_label"], rows["_label_time"], AT)


def test_promotion_is_taken_up_when_the_model_is_loaded_again(parcels):
    rows = parcels.rows[:5]
    registry = Registry(parcels.workspace)
    with serving(parcels.workspace) as client:
        first = client.infer("late", rows.select(RAW), ids=rows["_id"], times=rows["_time"])
        registry.move(2, "production", who="test", why="better", at=AT)
        unloaded = client.infer("late", rows.select(RAW))
        loaded = client.load("late")
        second = client.infer("late", rows.select(RAW))
        again = client.infer("late", rows.select(RAW), ids=rows["_id"], times=rows["_time"])

    assert (first.version, unloaded.version, second.version) == (1, 1, 2)
    assert loaded == {"name": "late", "champion": 2, "shadow": None}
    assert again.version == 1
    assert again.repeated == 5
    np.testing.assert_array_equal(again.scores, first.scores)
    np.testing.assert_array_equal(second.scores, registry.load(2).predict(rows))


def test_shadow_that_cannot_be_loaded_harms_nobody(parcels, caplog):
    """The shadow's file is damaged: the server leaves it out and the champion answers."""
    state = parcels.workspace.state
    run = Registry(parcels.workspace).get(2).run_id
    (found,) = state.glob(f"mlartifacts/{run}/artifacts/model.onnx")
    found.write_bytes(b"damaged")

    with serving(parcels.workspace) as client:
        answer = client.infer("late", parcels.rows[:3].select(RAW))
        served = client.metadata("late")["versions"]

    assert answer.version == 1
    assert served == ["1"]
    assert "is left out" in caplog.text


def test_shadow_that_needs_another_column_is_logged_as_failed(tmp_path):
    parcels = train_project(tmp_path / "parcels", "binary")
    add_shadow(parcels.folder, 'pl.col("parcel").str.len_chars()')

    with serving(parcels.workspace) as client:
        answer = client.infer("late", parcels.rows[:3].select(RAW), ids=["a", "b", "c"])

    log = EventLog.of(parcels.workspace)
    assert answer.version == 1
    assert log.read()["shadow_score"].to_list() == [None] * 3
    ((message, count),) = log.shadow_errors().items()
    assert "expected a column `parcel` for late v2" in message
    assert count == 1


def test_without_a_model_in_production_the_server_says_so(parcels):
    registry = Registry(parcels.workspace)
    registry.move(1, "archived", who="test", why="off", at=AT)

    with serving(parcels.workspace) as client:
        assert client.is_live()
        assert not client.is_ready()
        with pytest.raises(UnavailableError, match="`late` in production, found none") as caught:
            client.infer("late", parcels.rows[:1].select(RAW))
        with pytest.raises(UnavailableError):
            client.wait_ready(0.1)

    assert "trimtab run" in caught.value.hint


def test_project_that_cannot_be_served_is_told_with_its_reason(parcels):
    workspace = parcels.workspace
    (parcels.folder / "trimtab.toml").write_text("[project]\nname = 3\n")

    with pytest.raises(SourceError, match="expected a server"), running_server(workspace):
        pass


def test_interrupt_ends_the_server_cleanly_and_frees_the_port(parcels):
    with server_process(parcels) as (process, url):
        port = httpx.URL(url).port
        with pytest.raises(ConfigError, match="Address already in use"):
            free_port("127.0.0.1", port)

        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=30) == 0
        assert free_port("127.0.0.1", port) == port


def test_server_dies_with_the_one_who_started_it(parcels, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys\n"
        "from trimtab.core.workspace import Workspace\n"
        "from trimtab.serving.server import running_server\n"
        "with running_server(Workspace.open(sys.argv[1])) as client:\n"
        "    print(client.url, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, str(script), str(parcels.folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    url = parent.stdout.readline().strip()
    with Client(url) as client:
        assert client.is_live()

        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()

        end = time.monotonic() + 20
        while client.is_live() and time.monotonic() < end:
            time.sleep(0.05)
        assert not client.is_live()
    parent.stdin.close()
    parent.stdout.close()


def test_two_servers_share_one_log_and_each_request_is_in_it_once(parcels):
    rows = parcels.rows[:70]
    with server_process(parcels) as (first, url), serving(parcels.workspace) as second:
        with Client(url) as client, ThreadPoolExecutor(2) as pool:
            repeated = list(pool.map(lambda one: post_all(one, rows), [client, second]))
        first.terminate()
        code = first.wait(timeout=30)

    assert code == 0
    assert sum(repeated) == rows.height
    events = EventLog.of(parcels.workspace).read()
    assert events["_id"].to_list() == rows["_id"].to_list()
    assert events["_label"].null_count() == 0


def test_another_application_answers_beside_the_api(parcels, tmp_path, monkeypatch):
    (tmp_path / "greeter.py").write_text(
        "import os\n"
        "from starlette.applications import Starlette\n"
        "from starlette.responses import PlainTextResponse\n"
        "from starlette.routing import Route\n"
        "def make():\n"
        "    words = os.environ['TRIMTAB_SCOPE']\n"
        "    return Starlette(routes=[Route('/', lambda request: PlainTextResponse(words))])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TRIMTAB_PROJECT", "to be set by the server")
    monkeypatch.setenv("TRIMTAB_SCOPE", "likewise")

    with serving(parcels.workspace, extra_app="greeter:make") as client:
        page = httpx.get(client.url, trust_env=False)
        version = client.infer("late", parcels.rows[:1].select(RAW)).version

    assert page.text == "live"
    assert version == 1


@pytest.mark.parametrize(("kind", "shape"), [("multiclass", (20, 3)), ("regression", (20,))])
def test_other_kinds_of_task_are_served_and_logged(tmp_path: Path, kind, shape):
    estimator = "linear" if kind == "regression" else "logistic"
    parcels = train_project(tmp_path / "parcels", kind, estimator=estimator)
    rows = parcels.rows[:20]
    name = LABELS[kind]

    with serving(parcels.workspace) as client:
        answer = client.infer(name, rows.select(RAW), ids=rows["_id"], times=rows["_time"])
        client.labels(name, rows["_id"], rows["_label"], rows["_label_time"])

    model = Registry(parcels.workspace).load(1)
    events = EventLog(parcels.workspace.event_log_path).read()
    assert answer.scores.shape == shape
    np.testing.assert_array_equal(answer.scores, model.predict(rows))
    assert events["_label"].to_list() == rows["_label"].to_list()
    assert events.schema["_label"] == rows.schema["_label"]
    np.testing.assert_array_equal(np.array(events["champion_score"].to_list()), answer.scores)
