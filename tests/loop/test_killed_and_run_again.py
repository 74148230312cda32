"""A run or replay that is killed at any moment and run again ends as if it had not been."""

import json
import signal
import subprocess
import sys
import time

import pytest
from tests.loop.shop import trimtab, write_project

pytestmark = pytest.mark.service

# Kept apart from wall time: what a result depends on, not when a row was written.
FIGURES = ("window", "n", "labelled", "metric_served", "metric_stale", "metric_always", "alerts",
           "verdict", "promoted", "champion", "challenger", "intervals")  # fmt: skip


def figures(path):
    return [{key: row[key] for key in FIGURES} for row in json.loads(path.read_text())]


def killed(words, seconds):
    """Start a command, kill it with SIGKILL after `seconds`; return whether it was cut off."""
    process = subprocess.Popen(
        [sys.executable, "-m", "trimtab", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return the figures, and the time taken, of a run and replay that nobody killed."""
    folder = write_project(tmp_path_factory.mktemp("calm") / "shop")
    started = time.monotonic()
    ran = trimtab("run", "--project", str(folder), "--auto-approve", "--json")
    run_seconds = time.monotonic() - started
    assert ran.returncode == 0, ran.stderr
    started = time.monotonic()
    played = trimtab(
        "replay", "-p", str(folder), "--auto-approve", "--json", str(folder / "r.json")
    )
    assert played.returncode == 0, played.stderr
    replay_seconds = time.monotonic() - started
    return figures(folder / "r.json"), json.loads(ran.stdout), run_seconds, replay_seconds


def test_replay_killed_at_many_points_ends_the_same(undisturbed, tmp_path):
    expected, _, _, seconds = undisturbed
    folder = write_project(tmp_path / "shop")
    words = ["replay", "--project", str(folder), "--auto-approve"]
    assert trimtab("run", "-p", str(folder), "--auto-approve").returncode == 0

    cuts = [killed(words, seconds * share) for share in (0.25, 0.4, 0.5, 0.6, 0.7)]
    done = trimtab(*words, "--json", str(folder / "r.json"))

    assert done.returncode == 0, done.stderr
    assert any(cuts)
    assert figures(folder / "r.json") == expected


def test_run_killed_at_many_points_ends_the_same(undisturbed, tmp_path):
    _, expected, seconds, _ = undisturbed
    folder = write_project(tmp_path / "shop")
    words = ["run", "--project", str(folder), "--auto-approve"]

    cuts = [killed(words, seconds * share) for share in (0.3, 0.45, 0.6, 0.75)]
    done = trimtab(*words, "--json")

    assert done.returncode == 0, done.stderr
    assert any(cuts)
    made = {step["step"]: step["note"] for step in json.loads(done.stdout)["steps"]}
    assert made == {step["step"]: step["note"] for step in expected["steps"]}
