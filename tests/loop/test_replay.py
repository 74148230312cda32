"""The whole loop on a small project: run, replay under three policies, reviews, scopes."""

import json

import pytest
from tests.loop.shop import FEATURES, trimtab

from trimtab.core.workspace import Workspace

pytestmark = pytest.mark.service
KEYS = {"window", "n", "labelled", "metric_served", "metric_stale", "metric_always", "alerts",
        "verdict", "promoted"}  # fmt: skip


def replayed(folder, *words):
    file = folder / "replay.json"
    done = trimtab("replay", "-p", str(folder), "--auto-approve", "--json", str(file), *words)
    assert done.returncode == 0, done.stderr
    return json.loads(file.read_text())


def test_run_takes_a_fresh_project_to_production(shop):
    done = trimtab("run", "-p", str(shop), "--auto-approve", "--json")

    assert done.returncode == 0, done.stderr
    steps = {step["step"]: step for step in json.loads(done.stdout)["steps"]}
    assert steps["model_version"]["result"] == "returned v1"
    assert steps["model_version"]["note"] == "production"


def test_run_twice_changes_nothing(shop):
    first = trimtab("run", "-p", str(shop), "--auto-approve", "--json")
    second = trimtab("run", "-p", str(shop), "--auto-approve", "--json")

    assert json.loads(first.stdout) == json.loads(second.stdout)


def test_replay_reports_every_window_and_follows_its_policy(shop):
    trimtab("run", "-p", str(shop), "--auto-approve")
    scheduled = replayed(shop)
    never = replayed(shop, "--policy", "never")

    assert [set(row) >= KEYS for row in scheduled] == [True] * len(scheduled)
    assert sum(row["n"] for row in scheduled) == sum(row["n"] for row in never) > 2_000
    assert all(row["verdict"] is None and not row["promoted"] for row in never)
    assert all(row["metric_served"] == pytest.approx(row["metric_stale"]) for row in never)
    # The label comes to depend on the channel: a model that has seen it must be let through.
    assert any(row["promoted"] and row["verdict"] == "pass" for row in scheduled)
    assert scheduled[-1]["metric_served"] > scheduled[-1]["metric_stale"]


def test_replays_leave_production_alone(shop):
    trimtab("run", "-p", str(shop), "--auto-approve")
    replayed(shop, "--policy", "never")
    live = Workspace.open(shop)

    assert live.store.rows("windows") == []
    assert len([name for name in live.store.scopes() if name != "live"]) == 1


def test_without_auto_approval_the_loop_waits_for_a_person(shop):
    waiting = trimtab("run", "-p", str(shop))
    listed = trimtab("reviews", "-p", str(shop), "--json")
    approved = trimtab("approve", "returned v1", "-p", str(shop), "--who", "ada")
    done = trimtab("run", "-p", str(shop), "--json")

    assert waiting.returncode == 3
    assert "expected a person's review" in waiting.stderr
    assert [row["subject"] for row in json.loads(listed.stdout)] == ["returned v1"]
    assert approved.returncode == 0
    assert done.returncode == 0, done.stderr


def test_a_feature_from_the_future_stops_the_run(shop):
    leak = FEATURES.replace('"price": pl.col("price")', '"soon": pl.col("back_at").dt.hour()')
    (shop / "features.py").write_text(leak)

    done = trimtab("run", "-p", str(shop), "--auto-approve")

    assert done.returncode == 2
    assert "`soon`" in done.stderr
    assert "`back_at`" in done.stderr
