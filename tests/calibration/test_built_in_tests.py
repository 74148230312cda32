"""Each built-in test of a column keeps its level on values of every kind, and sees what moves.

`test_two_sample_promises` holds the statistics to their promises; here are the same tests as a
report asks them: values cut into bins of both sides together, and rows dealt out in two rounds.
The rounds are short, for time: what they promise does not depend on their length.
"""

import numpy as np
import pytest

from trimtab.data import built_in_tests
from trimtab.data.built_in_tests import BUILT_IN
from trimtab.data.drift_tests import find_test
from trimtab.stats.permutation import permutation_distance_test

pytestmark = pytest.mark.calibration

ALPHAS = (0.01, 0.05, 0.2)
OF_VALUES = [test.name for test in BUILT_IN if "numbers" in test.kinds]


def normal(rng, n):
    return rng.normal(size=n)


def heavy(rng, n):
    return rng.standard_cauchy(n)


def tied(rng, n):
    return rng.poisson(2, n).astype(float)


def with_a_spike(rng, n):
    """Return tiny values of which a half, on average, are zero."""
    return np.where(rng.random(n) < 0.5, 0.0, 1e-17 * rng.exponential(size=n))


def with_gaps(rng, n):
    """Return what is left of values of which a third, on average, are missing."""
    values = rng.exponential(size=n)
    return values[rng.random(n) > 1 / 3]


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch):
    monkeypatch.setattr(built_in_tests, "FEW_PERMUTATIONS", 19)
    monkeypatch.setattr(built_in_tests, "PERMUTATIONS", 99)


def asked(test, a, b, seed):
    if "levels" in test.kinds:
        return test(*built_in_tests.binned(a, b)[:2], seed=seed)
    return test(a, b, seed=seed)


def is_not_above(p):
    """Whether p-values alarm no more often than said, at three levels."""
    room = [4 * np.sqrt(alpha * (1 - alpha) / p.size) for alpha in ALPHAS]
    return all(np.mean(p <= alpha) <= alpha + r for alpha, r in zip(ALPHAS, room, strict=True))


@pytest.mark.parametrize("name", OF_VALUES)
@pytest.mark.parametrize("shape", [normal, heavy, tied, with_a_spike, with_gaps])
@pytest.mark.parametrize(("n", "m"), [(6, 9), (120, 70)])
def test_values_of_one_distribution_alarm_no_more_often_than_promised(name, shape, n, m):
    test, rng = find_test(name, BUILT_IN), np.random.default_rng(0)
    p = [asked(test, shape(rng, n), shape(rng, m), seed).p_value for seed in range(300)]

    assert is_not_above(np.array([x for x in p if not np.isnan(x)]))


def test_bins_chosen_for_the_smallest_p_value_are_caught():
    def greedy(a, b, seed):
        tried = [built_in_tests.binned(a, b, n_bins)[:2] for n_bins in (2, 3, 5, 9, 20)]
        found = [permutation_distance_test("psi", *counts, seed=seed) for counts in tried]
        return min(result.p_value for result in found)

    rng = np.random.default_rng(1)
    p = [greedy(normal(rng, 120), normal(rng, 70), seed) for seed in range(200)]

    assert not is_not_above(np.array(p))


@pytest.mark.parametrize("name", OF_VALUES)
@pytest.mark.parametrize("scale", [1.0, 1e-17])
def test_power_rises_with_rows_and_with_the_shift(name, scale):
    test = find_test(name, BUILT_IN)

    def rate(n, shift):
        rng = np.random.default_rng(2)
        pairs = [scale * (rng.normal(size=(2, n)) + [[0.0], [shift]]) for _ in range(40)]
        p = [asked(test, *pair, seed=seed).p_value for seed, pair in enumerate(pairs)]
        return np.mean(np.array(p) <= 0.05)

    by_rows = [rate(n, 0.5) for n in (15, 80, 1000)]
    by_shift = [rate(300, shift) for shift in (0.0, 0.4, 1.5)]

    assert by_rows[0] <= by_rows[1] + 0.05 <= by_rows[2] + 0.1
    assert by_shift[0] <= by_shift[1] + 0.05 <= by_shift[2] + 0.1
    assert min(by_rows[2], by_shift[2]) > 0.95
    assert by_shift[0] <= 0.2
