import numpy as np
import pytest

from trimtab.core.settings import GateSection
from trimtab.gates.gain import condition, decide

DAYS, ROWS = 30, 100


def month(gain, *, day_sd=0.01, days=DAYS, seed=0):
    """Losses of a champion and of a challenger better by `gain`, and the day of each row."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), ROWS)
    old = rng.uniform(0.2, 0.6, day.size)
    luck = rng.normal(0, day_sd, days)
    new = old - gain - (luck - luck.mean())[day]  # the mean gain is exact
    return np.clip(new, 0, 1), old, day


def test_a_clearly_better_challenger_passes():
    new, old, day = month(0.05)

    verdict = decide(new, old, blocks=day, settings=GateSection(), delta=0.0125)

    assert verdict.outcome == "pass"
    assert verdict.intervals["gain"][0] > 0
    assert verdict.estimates["gain"] == pytest.approx(float((old - new).mean()))
    assert verdict.labels_used == DAYS * ROWS


def test_a_clearly_worse_challenger_fails():
    new, old, day = month(-0.05)

    verdict = decide(new, old, blocks=day, settings=GateSection(), delta=0.0125)

    assert verdict.outcome == "fail"
    assert "not better" in verdict.reason


def test_no_gain_on_a_test_set_that_could_show_one_fails():
    new, old, day = month(0.0, day_sd=0.002)

    verdict = decide(new, old, blocks=day, settings=GateSection(), delta=0.0125)

    assert verdict.detail["half_width"] <= 0.005
    assert verdict.outcome == "fail"


def test_no_gain_on_a_test_set_that_is_too_small_is_not_enough_data():
    new, old, day = month(0.0, day_sd=0.05)

    verdict = decide(new, old, blocks=day, settings=GateSection(), delta=0.0125)

    assert verdict.outcome == "not enough data"
    assert verdict.detail["needed_blocks"] > DAYS
    assert f"{verdict.detail['needed_blocks']:,} blocks" in verdict.reason


def test_the_gain_has_to_be_above_min_gain():
    new, old, day = month(0.05, day_sd=0.001)
    strict = GateSection(min_gain=0.06)

    verdict = decide(new, old, blocks=day, settings=strict, delta=0.0125)

    assert verdict.outcome == "fail"


def test_days_are_counted_and_not_rows():
    new, old, day = month(0.004, day_sd=0.05)

    by_day = decide(new, old, blocks=day, settings=GateSection(), delta=0.05)
    by_row = decide(new, old, settings=GateSection(), delta=0.05)

    assert by_day.detail["half_width"] > by_row.detail["half_width"]
    assert by_day.method == "t over 30 blocks"
    assert by_row.method == "empirical bernstein"


def test_few_days_take_the_wider_of_two_intervals():
    new, old, day = month(0.05, days=6, day_sd=0.03)

    verdict = decide(new, old, blocks=day, settings=GateSection(), delta=0.05)
    days_alone = decide(new, old, blocks=day, settings=GateSection(method="blocks"), delta=0.05)

    assert "wider of" in verdict.method
    assert verdict.detail["half_width"] >= days_alone.detail["half_width"]


@pytest.mark.parametrize("days", [1, 2, 4])
def test_a_handful_of_days_is_never_enough(days):
    new, old, day = month(0.1, days=days, day_sd=0)

    verdict = decide(new, old, blocks=day, settings=GateSection(), delta=0.05)

    assert verdict.outcome == "not enough data"
    assert verdict.intervals["gain"] == (-1.0, 1.0)


@pytest.mark.parametrize(("method", "name"), [("hoeffding", "hoeffding"),
                                              ("bernstein", "empirical bernstein")])  # fmt: skip
def test_row_bounds_on_request(method, name):
    new, old, day = month(0.15)

    verdict = decide(new, old, blocks=day, settings=GateSection(method=method), delta=0.05)

    assert verdict.method == name
    assert verdict.outcome == "pass"


def test_no_rows_is_not_enough_data():
    verdict = decide([], [], settings=GateSection(), delta=0.05)

    assert verdict.outcome == "not enough data"
    assert verdict.detail["needed_rows"] > 0
    assert verdict.to_dict()["estimates"]["gain"] is None


@pytest.mark.parametrize("tolerance", [1e-6, 0.5])
def test_any_tolerance_gives_a_verdict(tolerance):
    new, old, day = month(0.0, day_sd=0.05)

    verdict = decide(new, old, blocks=day, settings=GateSection(tolerance=tolerance), delta=0.05)

    assert verdict.outcome == ("fail" if tolerance == 0.5 else "not enough data")


@pytest.mark.parametrize("wrong", [1.2, -0.1, np.nan])
def test_losses_outside_the_unit_interval_are_refused(wrong):
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        decide([wrong, 0.2], [0.2, 0.2], settings=GateSection(), delta=0.05)


def test_losses_of_different_rows_are_refused():
    with pytest.raises(ValueError, match="same rows"):
        decide([0.1], [0.1, 0.2], settings=GateSection(), delta=0.05)


def test_blocks_method_asks_for_blocks():
    with pytest.raises(ValueError, match="needs `blocks`"):
        decide([0.1], [0.1], settings=GateSection(method="blocks"), delta=0.05)


def test_the_condition_names_every_number_of_the_gate():
    assert condition(GateSection(min_gain=0.01)) != condition(GateSection(min_gain=0.02))
    assert condition(GateSection(tolerance=0.01)) != condition(GateSection(tolerance=0.02))
