"""The whole loop on a small project: run, replay under three policies, reviews, scopes."""

import json

import pytest
from tests.loop.conftest import here, replayed
from tests.loop.shop import FEATURES, trimtab

from trimtab.core.workspace import Workspace

pytestmark = pytest.mark.service
KEYS = {"window", "n", "labelled", "metric_served", "metric_stale", "metric_always", "alerts",
        "verdict", "promoted"}  # fmt: skip


def test_run_takes_a_fresh_project_to_production(calm):
    assert calm.steps["model_version"]["result"] == "returned v1"
    assert calm.steps["model_version"]["note"] == "production"


def test_run_twice_changes_nothing(calm):
    second = trimtab("run", "-p", str(calm.folder), "--auto-approve", "--json")

    assert json.loads(second.stdout)["steps"] == list(calm.steps.values())


def test_replay_reports_every_window_and_follows_its_policy(calm):
    scheduled, never = calm.windows, replayed(calm.folder, "--policy", "never")

    assert [set(row) >= KEYS for row in scheduled] == [True] * len(scheduled)
    assert sum(row["n"] for row in scheduled) == sum(row["n"] for row in never) > 2_000
    assert all(row["verdict"] is None and not row["promoted"] for row in never)
    assert all(row["metric_served"] == pytest.approx(row["metric_stale"]) for row in never)
    # The label comes to depend on the channel: a model that has seen it must be let through.
    assert any(row["promoted"] and row["verdict"] == "pass" for row in scheduled)
    assert scheduled[-1]["metric_served"] > scheduled[-1]["metric_stale"]


def test_replays_leave_production_alone(calm):
    live = Workspace.open(calm.folder)

    assert live.store.rows("windows") == []
    assert "live" in live.store.scopes()
    assert [name for name in live.store.scopes() if name.startswith("scheduled-all-")]


def test_without_auto_approval_the_loop_waits_for_a_person(shop):
    waiting = here(shop, "run")
    listed = here(shop, "reviews", "--json")
    approved = here(shop, "approve", "returned v1", "--who", "ada")
    done = here(shop, "run", "--json")

    assert waiting.exit_code == 3
    assert "expected a person's review" in waiting.stderr
    assert [row["subject"] for row in json.loads(listed.stdout)] == ["returned v1"]
    assert approved.exit_code == 0
    assert done.exit_code == 0, done.stderr


def test_a_model_that_was_rejected_stays_so(shop):
    assert here(shop, "run").exit_code == 3
    rejected = here(shop, "approve", "returned v1", "--reject", "--note", "too blunt")
    first, second = here(shop, "run"), here(shop, "run")

    assert rejected.exit_code == 0

    assert first.exit_code == second.exit_code == 1
    assert "the analysis of returned v1 was rejected by" in first.stderr
    assert "too blunt" in first.stderr
    assert first.stderr == second.stderr


def test_a_replay_without_auto_approval_waits_for_both_reviews(shop):
    assert here(shop, "run", "--auto-approve").exit_code == 0

    def waiting():
        (scope,) = [s for s in Workspace.open(shop).store.scopes() if s != "live"]
        listed = here(shop, "reviews", "--scope", scope, "--json")
        (review,) = json.loads(listed.stdout)
        return scope, review["kind"], review["subject"]

    analysis = here(shop, "replay")
    scope, kind, subject = waiting()
    assert (analysis.exit_code, kind) == (3, "analysis")
    assert f"trimtab approve '{subject}' --scope {scope}" in analysis.stderr

    assert here(shop, "approve", subject, "--scope", scope).exit_code == 0
    feedback = here(shop, "replay")
    _, kind, subject = waiting()
    assert (feedback.exit_code, kind) == (3, "feedback")
    assert f"the feedback of {subject}, found none yet" in feedback.stderr
    assert f"trimtab approve '{subject}' --scope {scope}" in feedback.stderr

    # A person says no to the first window, and leaves the rest to the machine.
    no = here(shop, "approve", subject, "--scope", scope, "--reject", "--who", "ada")
    assert no.exit_code == 0
    first, second, *_ = replayed(shop)
    assert "no challenger: the feedback of" in first["retrained"]
    assert "rejected by ada" in first["retrained"]
    assert second["challenger"] is None
    assert second["retrained"] == "scheduled at the end of each window"


def test_a_feature_from_the_future_stops_the_run(shop):
    leak = FEATURES.replace('"price": pl.col("price")', '"soon": pl.col("back_at").dt.hour()')
    (shop / "features.py").write_text(leak)

    done = here(shop, "run", "--auto-approve")

    assert done.exit_code == 2
    assert "`soon`" in done.stderr
    assert "`back_at`" in done.stderr
