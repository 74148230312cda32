"""A run or replay that is killed at any moment and run again ends as if it had not been."""

import json
import signal
import subprocess
import sys
import time

import pytest
from tests.loop.conftest import here, replayed

pytestmark = pytest.mark.service

# Kept apart from wall time: what a result depends on, not when a row was written.
FIGURES = ("window", "n", "labelled", "metric_served", "metric_stale", "metric_always", "alerts",
           "verdict", "reason", "promoted", "champion", "challenger", "retrained",
           "intervals")  # fmt: skip


def figures(windows):
    return [{key: row[key] for key in FIGURES} for row in windows]


def killed_at(moment, *words):
    """Kill a command at its N-th write or request (see `kill_at`); return whether it was."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.loop.kill_at", str(moment), *words],
        capture_output=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


def killed_after(seconds, *words):
    """Kill a command after some seconds; return whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "trimtab", *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(seconds)
    process.kill()
    return process.wait() == -signal.SIGKILL


def test_run_killed_at_many_points_ends_the_same(calm, shop):
    words = ("run", "-p", str(shop), "--auto-approve")

    # while MLflow's database is made, while a run is filed, and near the end
    cuts = [killed_at(moment, *words) for moment in (60, 180, 150)]
    done = here(shop, "run", "--auto-approve", "--json")

    assert done.exit_code == 0, done.stderr
    assert sum(cuts) >= 2
    steps = {step["step"]: step for step in json.loads(done.stdout)["steps"]}
    for step in ("orders", "rows", "features", "model_version", "watched_windows"):
        assert steps[step] == calm.steps[step]


def test_replay_killed_at_many_points_ends_the_same(calm, shop):
    assert here(shop, "run", "--auto-approve").exit_code == 0
    words = ("replay", "-p", str(shop), "--auto-approve")

    # in traffic, in the training of a challenger, between a verdict and its window's report
    cuts = [killed_at(moment, *words) for moment in (70, 85, 103)]
    cuts.append(killed_after(5, *words))
    windows = replayed(shop)

    assert sum(cuts) >= 3
    assert figures(windows) == figures(calm.windows)
