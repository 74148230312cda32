"""Ordinary windows alarm no more often than alpha, with days that resemble their neighbours."""

import numpy as np
import pytest

from trimtab.monitoring.ordinary import compare_with_ordinary
from trimtab.stats.contributions import auc_contributions
from trimtab.stats.multiplicity import benjamini_hochberg

pytestmark = pytest.mark.calibration


def weeks(likeness, *, repeats, n_weeks, seed=0):
    """Means of weeks of a series of days, each of which resembles the day before."""
    rng = np.random.default_rng(seed)
    shocks = rng.normal(size=(repeats, n_weeks * 7))
    days = np.empty_like(shocks)
    days[:, 0] = shocks[:, 0] / np.sqrt(1 - likeness**2)
    for day in range(1, days.shape[1]):
        days[:, day] = likeness * days[:, day - 1] + shocks[:, day]
    return days.reshape(repeats, n_weeks, 7).mean(axis=2)


def p_values(series, reference_weeks, alpha=0.01):
    return np.array(
        [
            compare_with_ordinary(
                row[:reference_weeks], row[reference_weeks:], alpha=alpha
            ).p_value
            for row in series
        ]
    )


@pytest.mark.parametrize("likeness", [0.0, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("reference_weeks", [9, 13, 39])
def test_an_ordinary_month_alarms_no_more_often_than_alpha(likeness, reference_weeks):
    series = weeks(likeness, repeats=1_000, n_weeks=reference_weeks + 4)

    found = p_values(series, reference_weeks)

    for alpha in (0.01, 0.05):
        rate = np.mean(found <= alpha)
        assert rate <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / len(found))


def test_taking_weeks_as_independent_would_break_the_promise():
    from trimtab.stats.block_summaries import summary_shift

    series = weeks(0.9, repeats=500, n_weeks=17)

    rate = np.mean([summary_shift(row[:13], row[13:]).p_value <= 0.01 for row in series])

    assert rate > 0.05


def test_columns_called_drifted_in_an_ordinary_window_are_rare():
    columns = 40
    series = weeks(0.7, repeats=200 * columns, n_weeks=17).reshape(200, columns, 17)

    any_alarm = [(benjamini_hochberg(p_values(window, 13)) <= 0.01).any() for window in series]

    # where nothing drifted, any alarm is a false discovery: its rate is the promised one
    assert np.mean(any_alarm) <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / 200)


def test_a_move_of_five_spreads_between_weeks_is_seen():
    series = weeks(0.3, repeats=500, n_weeks=17)
    spread = series[:, :13].std()
    series[:, 13:] += 5 * spread

    assert np.mean(p_values(series, 13) <= 0.01) > 0.7


def test_the_auc_of_an_ordinary_month_alarms_no_more_often_than_alpha():
    """Weeks differ in their level and in how well their rows can be told apart."""
    rng = np.random.default_rng(4)
    n_weeks, size = 17, 120
    week = np.repeat(np.arange(n_weeks), size)
    found = []
    for _ in range(600):
        mood, clear = rng.normal(0, 0.5, n_weeks)[week], rng.gamma(8, 1 / 8, n_weeks)[week]
        score = mood + rng.normal(size=week.size)
        label = rng.random(week.size) < 1 / (1 + np.exp(1 - clear * score))
        past, now = (
            auc_contributions(label[part], score[part]).reshape(-1, size).mean(axis=1)
            for part in (week < 13, week >= 13)
        )
        found.append(compare_with_ordinary(past, now, alpha=0.01).p_value)

    for alpha in (0.01, 0.05):
        rate = np.mean(np.array(found) <= alpha)
        assert rate <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / len(found))
