"""A whole report alarms no more often than it says; one that is not corrected is caught."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trimtab.data.built_in_tests import BUILT_IN
from trimtab.data.drift import drift
from trimtab.data.drift_tests import find_test
from trimtab.data.profile import profile

pytestmark = pytest.mark.calibration

ALPHA = 0.05
REPEATS = 120


def allowed(rate, n_repeats):
    """Return `rate` and three standard errors of a rate measured by simulation."""
    return rate + 3 * np.sqrt(rate * (1 - rate) / n_repeats)


def table(rng, n_rows, n_moved=0):
    """Return 30 columns: continuous, heavy-tailed, tied, with missing values, of levels."""
    made = {}
    for i in range(6):
        made[f"normal{i}"] = rng.normal(size=n_rows)
        made[f"cauchy{i}"] = rng.standard_cauchy(size=n_rows)
        made[f"tied{i}"] = rng.poisson(3, size=n_rows)
        holes = rng.random(n_rows) < 0.2
        made[f"holes{i}"] = np.where(holes, np.nan, rng.exponential(size=n_rows))
        made[f"levels{i}"] = rng.choice([*"abcdef"], size=n_rows, p=np.arange(6, 0, -1) / 21)
    for name in list(made)[:n_moved]:
        if name.startswith("levels"):
            made[name] = rng.choice([*"abcdef"], size=n_rows)
        else:
            made[name] = made[name] + 1
    return pl.DataFrame(made)


@pytest.fixture(scope="module")
def quiet():
    """Pairs of tables without drift, of unequal sizes."""
    rng = np.random.default_rng(0)
    return [(table(rng, 150), table(rng, 100)) for _ in range(REPEATS)]


@pytest.mark.parametrize("correction", ["bh", "holm"])
def test_reports_without_drift_alarm_at_most_as_often_as_alpha(quiet, correction):
    """Where nothing moved, any finding is a false one, and both promise alpha."""
    alarms = [bool(drift(*pair, correction=correction).drifted) for pair in quiet]

    assert np.mean(alarms) <= allowed(ALPHA, REPEATS)


def test_an_uncorrected_report_alarms_nearly_always_but_each_finding_keeps_its_rate(quiet):
    reports = [drift(*pair, correction="none") for pair in quiet]
    findings = [finding for report in reports for finding in report.findings]

    assert np.mean([bool(report.drifted) for report in reports]) > 0.5
    for kind in ("distribution", "nulls", "levels"):
        own = [finding.drifted for finding in findings if finding.kind == kind]
        assert np.mean(own) <= allowed(ALPHA, len(own))


def test_of_what_is_found_at_most_a_share_of_alpha_is_wrong():
    rng = np.random.default_rng(1)
    wrong, found = [], []
    for _ in range(60):
        drifted = drift(table(rng, 150), table(rng, 100, n_moved=10)).drifted
        moved = table(rng, 1).columns[:10]
        wrong.append(len(set(drifted) - set(moved)) / max(1, len(drifted)))
        found.append(len(set(drifted) & set(moved)) / 10)

    assert np.mean(wrong) <= ALPHA + 3 * np.std(wrong) / np.sqrt(60)
    assert np.mean(found) > 0.7


def test_profiles_alarm_at_most_as_often_as_alpha():
    rng = np.random.default_rng(2)
    pairs = [(profile(table(rng, 150)), profile(table(rng, 100))) for _ in range(60)]
    alarms = [bool(drift(*pair).drifted) for pair in pairs]

    assert np.mean(alarms) <= allowed(ALPHA, 60)


def days(rng, n_days):
    """Return rows of days that differ from each other by more than rows of a day do."""
    day = np.repeat(np.arange(n_days), 30)
    level = rng.standard_t(3, size=n_days)[day]
    x = level + rng.normal(size=day.size)
    return pl.DataFrame(
        {
            "x": np.where(rng.random(day.size) < 0.1 + 0.1 * np.tanh(level), np.nan, x),
            "tied": rng.poisson(np.exp(rng.normal(size=n_days) / 3)[day]),
            "k": np.where(rng.random(day.size) < 0.5 + 0.3 * np.tanh(level), "a", "b"),
            "day": [datetime(2013, 1, 1, tzinfo=UTC) + timedelta(days=int(d)) for d in day],
        }
    )


def test_an_ordinary_day_among_days_alarms_at_most_as_often_as_alpha():
    rng, alarms, alone = np.random.default_rng(5), [], []
    for _ in range(150):
        rows = days(rng, 20)
        last = pl.col("day") == rows["day"].max()
        pair = rows.filter(~last), rows.filter(last)
        alarms.append(bool(drift(*pair, block="day").drifted))
        alone.append(bool(drift(*pair, time="day").drifted))

    assert np.mean(alarms) <= allowed(ALPHA, 150)
    # what it takes days for: rows taken as independent
    assert np.mean(alone) > 0.5


def test_a_stranger_day_among_more_days_is_found_more_often():
    def power(n_days, shift):
        rng, found = np.random.default_rng(6), []
        for _ in range(40):
            rows = days(rng, n_days + 1)
            last = pl.col("day") == rows["day"].max()
            strange = rows.filter(last).with_columns(pl.col("x") + shift)
            found.append("x" in drift(rows.filter(~last), strange, block="day").drifted)
        return np.mean(found)

    by_shift = [power(25, shift) for shift in (0, 5, 25)]
    by_days = [power(n_days, 8) for n_days in (12, 25, 80)]

    assert by_shift[0] <= 0.15
    assert by_shift[0] < by_shift[1] < by_shift[2]
    assert by_shift[2] > 0.9
    assert by_days[0] == 0.0  # alpha 0.05 needs 19
    assert by_days[1] <= by_days[2] + 0.1


@pytest.mark.parametrize("level", [0.01, 0.05, 0.1, 0.3])
def test_two_rounds_of_permutations_keep_every_level(level):
    """The second round is asked for by the first: not every such rule keeps its level."""
    test, rng = find_test("total_variation", BUILT_IN), np.random.default_rng(3)
    shares = np.arange(1, 7) / 21
    p_values = [
        test(rng.multinomial(80, shares), rng.multinomial(60, shares), seed=seed).p_value
        for seed in range(500)
    ]

    assert np.mean(np.array(p_values) <= level) <= allowed(level, 500)


def test_findings_rise_with_rows_and_with_the_shift():
    def power(n_rows, shift):
        rng = np.random.default_rng(4)
        return np.mean(
            [
                drift(
                    pl.DataFrame({"x": rng.normal(size=n_rows)}),
                    pl.DataFrame({"x": rng.normal(size=n_rows) + shift}),
                ).drifted
                == ["x"]
                for _ in range(60)
            ]
        )

    by_rows = [power(n, 0.3) for n in (20, 80, 320)]
    by_shift = [power(80, shift) for shift in (0.1, 0.4, 0.8)]

    assert by_rows == sorted(by_rows)
    assert by_rows[-1] > 0.8
    assert by_shift == sorted(by_shift)
    assert by_shift[-1] > 0.9
