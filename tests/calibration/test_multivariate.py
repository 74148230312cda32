"""Tests of whole rows alarm as often as they say, and see more with more rows; broken ones fail.

The p-values of relabelling are multiples of 1 / (1 + permutations), and alpha is one of them, so
the rate is alpha exactly where rows do not tie, and never above.
"""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from trimtab.stats import (
    classifier_test,
    lsdd,
    mean_embedding_test,
    mmd,
    pca_reconstruction_test,
)
from trimtab.stats.domain_classifier import _rank_sum
from trimtab.stats.kernels import gaussian_kernel, relabelled_mmd
from trimtab.stats.multivariate import permutation_p_value, relabellings, standardised
from trimtab.stats.reconstruction import _components, _errors
from trimtab.stats.two_sample import ks_test

pytestmark = pytest.mark.calibration

ALPHA = 0.1
REPEATS = 300


def relabelling(test):
    def with_few_draws(x, y, seed):
        return test(x, y, seed=seed, permutations=19)

    return with_few_draws


TESTS = {
    "mmd": relabelling(mmd),
    "lsdd": relabelling(lsdd),
    "mean_embedding": relabelling(mean_embedding_test),
    "classifier": lambda x, y, seed: classifier_test(x, y, seed=seed),
    "pca": lambda x, y, seed: pca_reconstruction_test(x, y, seed=seed),
}
every_test = pytest.mark.parametrize("name", TESTS)


def tolerance(rate, n_repeats):
    """Return three standard errors of a rate measured by simulation."""
    return 3 * np.sqrt(rate * (1 - rate) / n_repeats)


def rows(rng, kind, n):
    """Return rows of three columns that depend on each other."""
    mixed = rng.normal(size=(n, 1)) + rng.normal(size=(n, 3))
    if kind == "heavy tails":
        return rng.standard_cauchy(size=(n, 1)) + rng.standard_cauchy(size=(n, 3))
    if kind == "ties":
        return np.round(mixed / 2)
    if kind == "gaps":
        # rows that lack a value are others than those that do not
        return np.where(rng.random((n, 3)) < 0.1 + 0.2 * (mixed > 1), np.nan, mixed)
    return mixed


def alarm_rate(test, draw, n_repeats=REPEATS, seed=0):
    rng = np.random.default_rng(seed)
    return np.mean([test(*draw(rng), seed=k).p_value <= ALPHA + 1e-9 for k in range(n_repeats)])


@every_test
@pytest.mark.parametrize("kind", ["normal", "heavy tails", "ties", "gaps"])
@pytest.mark.parametrize(("n", "m"), [(50, 50), (120, 44)])
def test_nothing_changed_alarms_at_most_as_often_as_promised(name, kind, n, m):
    rate = alarm_rate(TESTS[name], lambda rng: (rows(rng, kind, n), rows(rng, kind, m)))

    assert rate <= ALPHA + tolerance(ALPHA, REPEATS)


@every_test
@pytest.mark.parametrize(("n", "m"), [(8, 8), (30, 10)])
def test_few_rows_alarm_at_most_as_often_as_promised(name, n, m):
    rate = alarm_rate(TESTS[name], lambda rng: (rows(rng, "", n), rows(rng, "", m)), 200)

    assert rate <= ALPHA + tolerance(ALPHA, 200)


@pytest.mark.parametrize("name", ["mmd", "lsdd", "mean_embedding", "classifier"])
def test_continuous_rows_alarm_no_less_often_either(name):
    rate = alarm_rate(TESTS[name], lambda rng: (rows(rng, "", 80), rows(rng, "", 80)), 600, seed=1)

    assert rate == pytest.approx(ALPHA, abs=tolerance(ALPHA, 600))


def test_more_columns_than_rows_alarm_at_most_as_often_as_promised():
    def draw(rng):
        return rng.normal(size=(15, 200)), rng.normal(size=(25, 200))

    rates = [alarm_rate(test, draw, 150) for test in TESTS.values()]

    assert max(rates) <= ALPHA + tolerance(ALPHA, 150)


def changed(name, rng, n, size):
    """Return a sample and a changed one: a shift, or for PCA a lost dependence."""
    x, y = rows(rng, "", n), rows(rng, "", n)
    if name == "pca":
        kept = 1 - size
        own = rng.normal(size=(n, 3))
        return x, kept * y + np.sqrt(2 - 2 * kept**2) * own
    return x, y + size


@every_test
def test_power_rises_with_rows_and_with_the_change(name):
    sizes = (0.0, 0.4, 0.9)
    by_rows = [
        alarm_rate(TESTS[name], lambda rng, n=n: changed(name, rng, n, 0.4), 60)
        for n in (20, 80, 320)
    ]
    by_size = [
        alarm_rate(TESTS[name], lambda rng, s=s: changed(name, rng, 80, s), 60) for s in sizes
    ]

    assert by_rows[0] < by_rows[1] < by_rows[2]
    assert by_rows[2] > 0.85
    assert by_size[0] < by_size[1] < by_size[2]
    assert by_size[2] > 0.6


def test_a_bandwidth_chosen_on_the_tested_rows_is_caught():
    def greedy(x, y, seed):
        found = [
            mmd(x, y, seed=seed, permutations=19, bandwidth=width)
            for width in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
        ]
        return min(found, key=lambda result: result.p_value)

    rate = alarm_rate(greedy, lambda rng: (rows(rng, "", 30), rows(rng, "", 30)), 200)

    assert rate > ALPHA + tolerance(ALPHA, 200)


def test_leaving_the_labels_as_they_are_out_of_the_count_is_caught():
    rng = np.random.default_rng(2)
    with_it, without_it = [], []
    for seed in range(800):
        pooled = rng.normal(size=(20, 2))
        labels = relabellings(10, 10, 9, seed)
        statistics, _ = relabelled_mmd(gaussian_kernel(pooled, 1.5), labels)
        with_it.append(permutation_p_value(statistics) <= 0.12)
        without_it.append((statistics[1:] >= statistics[0]).mean() <= 0.12)

    assert np.mean(with_it) <= 0.12
    assert np.mean(without_it) > 0.12 + tolerance(0.12, 800)


def test_a_classifier_judged_on_the_rows_it_learned_from_is_caught():
    rng = np.random.default_rng(4)
    labels, alarms = np.repeat([0, 1], 40), []
    for _ in range(100):
        pooled = rng.normal(size=(80, 5))
        scores = LogisticRegression().fit(pooled, labels).predict_proba(pooled)[:, 1]
        alarms.append(_rank_sum(scores, 40, rng)[1] <= ALPHA)

    assert np.mean(alarms) > 0.4


def test_components_fitted_on_the_rows_they_are_judged_on_are_caught():
    rng = np.random.default_rng(5)
    alarms = []
    for _ in range(100):
        x, y = rng.normal(size=(30, 20)), rng.normal(size=(30, 20))
        axes = _components(standardised(x, x), 0.65)
        before, now = _errors(standardised(x, x), axes), _errors(standardised(y, x), axes)
        alarms.append(ks_test(before, now).p_value <= ALPHA)

    assert np.mean(alarms) > 0.4
