"""Limits miss the truth no more often than they say; and a broken version is caught."""

import numpy as np
import pytest

from trimtab.stats.block_summaries import new_block_interval
from trimtab.stats.bootstrap import bootstrap_auc, bootstrap_auc_difference, bootstrap_mean
from trimtab.stats.bounds import (
    block_interval,
    empirical_bernstein_interval,
    hoeffding_interval,
)
from trimtab.stats.ranking import auc

pytestmark = pytest.mark.calibration

N_DAYS, ROWS_A_DAY = 20, 60


def miss_rate(intervals, truths):
    return np.mean([not i.contains(t) for i, t in zip(intervals, truths, strict=True)])


def allowed(delta, n_repeats):
    """Return `delta` and three standard errors of a rate measured by simulation."""
    return delta + 3 * np.sqrt(delta * (1 - delta) / n_repeats)


def bounded_samples(kind, n_repeats=1500):
    rng = np.random.default_rng(0)
    size = (n_repeats, 150)
    draws = {
        "coin": (rng.random(size) < 0.5, 0.5),
        "rare": (rng.random(size) < 0.03, 0.03),
        "skewed": (rng.beta(0.2, 2, size=size), 0.2 / 2.2),
    }
    return draws[kind]


@pytest.mark.parametrize("sided", ["two", "lower", "upper"])
@pytest.mark.parametrize("kind", ["coin", "rare", "skewed"])
@pytest.mark.parametrize("interval", [hoeffding_interval, empirical_bernstein_interval])
def test_bounds_for_independent_rows_miss_at_most_delta(interval, kind, sided):
    samples, truth = bounded_samples(kind)
    found = [interval(rows, delta=0.1, sided=sided) for rows in samples]

    assert miss_rate(found, [truth] * 1500) <= allowed(0.1, 1500)


def test_hoeffding_without_its_delta_is_caught():
    samples, truth = bounded_samples("coin")
    found = [hoeffding_interval(rows, delta=0.9) for rows in samples]

    assert miss_rate(found, [truth] * 1500) > allowed(0.1, 1500)


@pytest.mark.parametrize("interval", [hoeffding_interval, empirical_bernstein_interval])
def test_bounds_for_independent_rows_are_caught_on_copied_rows(interval):
    samples, truth = bounded_samples("coin")
    found = [interval(np.repeat(rows[:15], 20), delta=0.1) for rows in samples]

    assert miss_rate(found, [truth] * 1500) > allowed(0.1, 1500)


def dependent_means(kind, seed):
    """Return rows with mean zero and strong day effects, and the day of each row."""
    rng = np.random.default_rng(seed)
    sizes = np.full(10, 60)
    effects = rng.normal(size=10)
    if kind == "sizes":
        sizes = rng.integers(20, 150, size=10)
    elif kind == "variances":
        effects *= np.linspace(0.1, 4, 10)
    day = np.repeat(np.arange(10), sizes)
    return effects[day] + rng.normal(size=day.size), day


@pytest.mark.parametrize("sided", ["two", "lower"])
@pytest.mark.parametrize("kind", ["plain", "sizes", "variances"])
def test_block_limits_miss_at_most_delta_under_strong_day_effects(kind, sided):
    data = [dependent_means(kind, seed) for seed in range(2000)]
    found = [block_interval(rows, day, delta=0.05, sided=sided) for rows, day in data]

    assert miss_rate(found, [0.0] * 2000) <= allowed(0.05, 2000)


def test_block_limits_are_not_wider_than_need_be():
    data = [dependent_means("plain", seed) for seed in range(2000)]
    found = [block_interval(rows, day, delta=0.05) for rows, day in data]

    assert miss_rate(found, [0.0] * 2000) >= 0.05 - 3 * np.sqrt(0.05 * 0.95 / 2000)


@pytest.mark.parametrize("kind", ["plain", "sizes", "variances"])
def test_limits_that_take_rows_as_independent_are_caught(kind):
    data = [dependent_means(kind, seed) for seed in range(200)]
    found = [block_interval(rows, np.arange(rows.size), delta=0.05) for rows, _ in data]

    assert miss_rate(found, [0.0] * 200) > allowed(0.05, 200)


def test_mean_limits_by_resampling_days_miss_at_most_delta():
    data = [dependent_means("sizes", seed) for seed in range(800)]
    found = [bootstrap_mean(rows, day, n_resamples=300) for rows, day in data]

    assert miss_rate(found, [0.0] * 800) <= allowed(0.05, 800)


def classified_days(seed, n_days=N_DAYS):
    """Return labels, scores of two models, and days that move rate, ease and level."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(n_days), ROWS_A_DAY)
    rate = 1 / (1 + np.exp(1 - 0.7 * rng.normal(size=n_days)))
    labels = rng.random(day.size) < rate[day]
    ease = 1 + 0.5 * rng.normal(size=n_days)
    old = labels * ease[day] + 0.3 * rng.normal(size=n_days)[day] + rng.normal(size=day.size)
    new = old + 0.4 * labels + 0.5 * rng.normal(size=n_days)[day] * labels
    return labels, new, old, day


@pytest.fixture(scope="module")
def true_areas():
    labels, new, old, _ = classified_days(123, n_days=20_000)
    return auc(labels, new), auc(labels, old)


@pytest.mark.parametrize("method", ["t", "percentile"])
def test_auc_limits_by_resampling_days_miss_at_most_delta(method, true_areas):
    data = [classified_days(seed) for seed in range(500)]
    found = [
        bootstrap_auc(labels, old, day, n_resamples=400, method=method)
        for labels, _, old, day in data
    ]

    assert miss_rate(found, [true_areas[1]] * 500) <= allowed(0.05, 500)


def test_auc_limits_by_resampling_rows_are_caught(true_areas):
    data = [classified_days(seed) for seed in range(100)]
    found = [bootstrap_auc(labels, old, n_resamples=100) for labels, _, old, _ in data]

    assert miss_rate(found, [true_areas[1]] * 100) > allowed(0.05, 100)


def test_limits_for_the_gain_in_auc_miss_at_most_delta(true_areas):
    data = [classified_days(seed) for seed in range(500)]
    found = [
        bootstrap_auc_difference(labels, new, old, day, n_resamples=300)
        for labels, new, old, day in data
    ]

    assert miss_rate(found, [true_areas[0] - true_areas[1]] * 500) <= allowed(0.05, 500)


@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("n_new", [1, 7])
def test_new_days_fall_outside_their_range_at_most_as_often_as_promised(n_new, robust):
    days = np.random.default_rng(0).normal(5, 2, size=(3000, 20 + n_new))
    found = [new_block_interval(row[:20], n_new=n_new, delta=0.1, robust=robust) for row in days]

    assert miss_rate(found, days[:, 20:].mean(axis=1)) <= allowed(0.1, 3000)


def test_the_range_of_a_week_is_caught_when_used_for_a_day():
    days = np.random.default_rng(0).normal(5, 2, size=(500, 21))
    found = [new_block_interval(row[:20], n_new=7, delta=0.1) for row in days]

    assert miss_rate(found, days[:, 20]) > allowed(0.1, 500)
