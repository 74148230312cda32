from datetime import UTC, datetime

import pytest

from trimtab.core.records import Alert
from trimtab.core.settings import RetrainSection
from trimtab.loop.retraining import retrain_reason, training_start

OCTOBER = datetime(2013, 10, 1, tzinfo=UTC)


def alert(monitor: str) -> Alert:
    return Alert("a1", "late", monitor, "critical", OCTOBER, OCTOBER, "loss rose", "runbook")


def test_never_means_never():
    assert retrain_reason(RetrainSection(policy="never"), [alert("performance")], 9.0) is None


def test_scheduled_needs_no_alert():
    assert retrain_reason(RetrainSection(policy="scheduled"), [], 0.0)


@pytest.mark.parametrize(
    ("monitor", "fires"),
    [("performance", True), ("bias", True), ("input drift", False), ("volume", False)],
)
def test_triggered_follows_what_says_that_the_model_has_moved(monitor, fires):
    reason = retrain_reason(RetrainSection(policy="triggered"), [alert(monitor)], 0.0)

    assert (reason is not None) == fires


def test_triggered_retrains_when_there_is_much_that_the_champion_has_not_seen():
    settings = RetrainSection(policy="triggered", growth=0.2)

    assert "21% of what" in retrain_reason(settings, [], 0.21)
    assert retrain_reason(settings, [], 0.19) is None


@pytest.mark.parametrize(
    ("window", "start"),
    [
        ("all", None),
        ("last 3 months", datetime(2013, 7, 1, tzinfo=UTC)),
        ("last 1 week", datetime(2013, 9, 24, tzinfo=UTC)),
        ("last 2 years", datetime(2011, 10, 1, tzinfo=UTC)),
        ("since drift", datetime(2013, 8, 1, tzinfo=UTC)),
    ],
)
def test_training_window_begins_where_its_name_says(window, start):
    assert training_start(window, OCTOBER, datetime(2013, 8, 1, tzinfo=UTC)) == start


def test_since_drift_takes_all_of_history_while_nothing_drifts():
    assert training_start("since drift", OCTOBER, None) is None
