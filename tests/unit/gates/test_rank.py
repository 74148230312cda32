import numpy as np
import pytest

from trimtab.core.settings import GateSection
from trimtab.gates.rank import decide_by_rank, rank_condition

DAYS, ROWS = 30, 100


def judge(new, old, labels, *, settings=None, day=None):
    settings = settings or GateSection()
    return decide_by_rank(
        labels, new, old, new_loss=(new - labels) ** 2, old_loss=(old - labels) ** 2,
        blocks=np.arange(labels.size) // ROWS if day is None else day,
        settings=settings, delta=0.0125,
    )  # fmt: skip


@pytest.fixture
def month():
    """Labels with two signals that know equally much of them, and one that knows nothing."""
    rng = np.random.default_rng(0)
    labels = (rng.random(DAYS * ROWS) < 0.3).astype(float)
    first, second, blind = (rng.random(labels.size) for _ in range(3))
    return labels, 0.3 * labels + 0.4 * first, 0.3 * labels + 0.4 * second, 0.7 * blind


def test_a_better_ranking_passes(month):
    labels, good, _, blind = month

    verdict = judge(good, blind, labels)

    assert verdict.outcome == "pass"
    assert verdict.intervals["auc_gain"][0] > 0
    assert "ranks better" in verdict.reason


def test_an_equal_ranking_fails_where_the_set_could_have_told(month):
    labels, good, twin, _ = month

    assert judge(good, twin, labels, settings=GateSection(auc_tolerance=0.1)).outcome == "fail"


def test_an_equal_ranking_on_a_small_set_is_not_enough_data(month):
    labels, good, twin, _ = (part[:600] for part in month)

    assert judge(good, twin, labels, settings=GateSection(auc_tolerance=0.001)).outcome == (
        "not enough data"
    )


def test_a_better_ranking_with_a_much_worse_loss_fails(month):
    labels, good, _, blind = month
    off = np.clip(0.5 + good / 2, 0, 1)  # ranks as well, but far above the rate

    verdict = judge(off, np.full(labels.size, 0.3) + blind / 1000, labels)

    assert verdict.outcome == "fail"
    assert "provably worse" in verdict.reason


@pytest.mark.parametrize("rows", [1, 60])
def test_one_class_or_one_day_is_not_enough_data(month, rows):
    labels, good, twin, _ = (part[:rows] for part in month)

    verdict = judge(good, twin, np.zeros_like(labels) if rows > 1 else labels)

    assert verdict.outcome == "not enough data"
    assert verdict.intervals["auc_gain"] == (-1, 1)


def test_the_condition_names_every_number_of_the_gate():
    base = rank_condition(GateSection())

    for change in ({"min_gain": 0.1}, {"tolerance": 0.1}, {"auc_tolerance": 0.1}):
        assert rank_condition(GateSection(**change)) != base
