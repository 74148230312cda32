"""Limits that may be looked at all the time, and the gate that stops by them, keep delta."""

import math
from decimal import Decimal

import numpy as np
import pytest
from benchmarks.gates.labels_saved import clause_on_gain, saving
from scipy.stats import beta, binom

from trimtab.gates.sequential import Group, decide_sequentially, sequential_cap
from trimtab.stats.sequential import confidence_sequence

pytestmark = pytest.mark.calibration


def slack(delta, repeats):
    """Three standard errors of a rate measured over the repeats."""
    return 3 * float(np.sqrt(delta * (1 - delta) / repeats))


def gains(rng, size, gain, disagreement):
    """Row by row, what a new model has over an old one: -1, 0 or 1."""
    better = (disagreement + gain) / 2
    chances = [disagreement - better, 1 - disagreement, better]
    return rng.choice([-1.0, 0.0, 1.0], p=chances, size=size)


DRAWS = {
    "rare": (0.01, lambda rng, n: (rng.random(n) < 0.01).astype(float)),
    "even": (0.5, lambda rng, n: (rng.random(n) < 0.5).astype(float)),
    "common": (0.99, lambda rng, n: (rng.random(n) < 0.99).astype(float)),
    "uniform": (0.5, lambda rng, n: rng.random(n)),
    "skewed": (0.1, lambda rng, n: rng.beta(0.2, 1.8, size=n)),
    "paired": (0.52, lambda rng, n: (gains(rng, n, 0.04, 0.1) + 1) / 2),
}


def misses_of_sequence(values, mean, delta):
    """Whether a limit of a confidence sequence ever misses the mean."""
    found = confidence_sequence(values, delta=delta)
    return found.lower[-1] > mean or found.upper[-1] < mean


def misses_of_one_look(values, mean, delta):
    """The same of Clopper and Pearson's limits, made for one look, taken at every row."""
    rows, ones = np.arange(1, values.size + 1), np.cumsum(values)
    low = beta.ppf(delta / 2, np.maximum(ones, 0.5), rows - ones + 1)
    high = beta.isf(delta / 2, ones + 1, np.maximum(rows - ones, 0.5))
    return bool((np.where(ones > 0, low, 0) > mean).any() | (
        np.where(ones < rows, high, 1) < mean).any())  # fmt: skip


def rate_of_misses(misses, name, *, delta, repeats, rows=400):
    mean, draw = DRAWS[name]
    rng = np.random.default_rng(len(name) + repeats)
    return np.mean([misses(draw(rng, rows), mean, delta) for _ in range(repeats)])


@pytest.mark.parametrize("name", DRAWS)
def test_limits_ever_miss_the_mean_no_more_often_than_delta(name):
    rate = rate_of_misses(misses_of_sequence, name, delta=0.2, repeats=300)

    assert rate <= 0.2 + slack(0.2, 300)


def test_limits_made_for_one_look_miss_far_more_often():
    rate = rate_of_misses(misses_of_one_look, "even", delta=0.2, repeats=300)

    assert rate > 0.2 + 2 * slack(0.2, 300)


DELTA, REPEATS = 0.05, 600


def sequential_rule(values, low, threshold, tolerance, fixed):
    """True, False: the gate's answer, asked as soon as it can answer."""
    return decide_sequentially(
        (Group(values, values != 0, low, 1.0),),
        sense=">",
        threshold=Decimal(str(threshold)),
        tolerance=Decimal(str(tolerance)),
        mode="fp_free",
        ln_delta=math.log(DELTA),
        fixed=fixed,
    ).value


def one_look_rule(values, low, threshold, tolerance, fixed):
    """True as soon as an exact binomial test for one look, done after each 10 rows, says so."""
    rows = np.arange(10, fixed + 1, 10)
    successes = np.cumsum(values)[rows - 1]
    return bool((binom.sf(successes - 1, rows, threshold) <= DELTA).any())


def rate_of_true(rule, draw, *, low, threshold, tolerance, fixed, repeats=REPEATS):
    rng = np.random.default_rng(fixed)
    rows = sequential_cap(fixed)
    found = [rule(draw(rng, rows), low, threshold, tolerance, fixed) for _ in range(repeats)]
    assert all(value is not None for value in found)
    return np.mean(found)


def fair(rng, size):
    """Rows of a model that is right on half of them."""
    return (rng.random(size) < 0.5) * 1.0


# `n > 0.5 +/- 0.1` and `n - o > 0 +/- 0.1`, with the rows of Hoeffding's one-sided test
ACCURACY = {"low": 0.0, "threshold": 0.5, "tolerance": 0.1, "fixed": 150}
GAIN = {"low": -1.0, "threshold": 0.0, "tolerance": 0.1, "fixed": 600}


def test_a_model_that_is_no_better_than_asked_passes_no_more_often_than_delta():
    passed = rate_of_true(sequential_rule, fair, **ACCURACY)

    assert passed <= DELTA + slack(DELTA, REPEATS)


def test_looking_all_the_time_with_a_test_for_one_look_breaks_the_promise():
    passed = rate_of_true(one_look_rule, fair, **ACCURACY)

    assert passed > DELTA + 2 * slack(DELTA, REPEATS)


@pytest.mark.parametrize("disagreement", [0.1, 0.9])
def test_two_models_alike_pass_a_condition_on_gain_no_more_often_than_delta(disagreement):
    passed = rate_of_true(sequential_rule, lambda r, n: gains(r, n, 0, disagreement), **GAIN)

    assert passed <= DELTA + slack(DELTA, REPEATS)


@pytest.mark.parametrize("disagreement", [0.3, 0.9])
def test_a_model_better_by_twice_the_tolerance_fails_no_more_often_than_delta(disagreement):
    passed = rate_of_true(sequential_rule, lambda r, n: gains(r, n, 0.2, disagreement), **GAIN)

    assert 1 - passed <= DELTA + slack(DELTA, REPEATS)


def test_the_look_at_the_end_counts_too():
    """All of delta for the limits and the end of the fixed test besides is more than delta."""

    def greedy(values, low, threshold, tolerance, fixed):
        limits = confidence_sequence(values[:fixed], delta=DELTA, sided="lower")
        stopped = limits.lower[-1] > threshold
        return bool(stopped or values[:fixed].mean() > threshold + tolerance)

    # the exact test at 68 rows: its size is nearly delta, as Hoeffding's is not
    exact = ACCURACY | {"fixed": 68}

    assert binom.sf(40, 68, 0.5) == pytest.approx(DELTA, abs=0.01)
    assert rate_of_true(greedy, fair, **exact, repeats=2000) > DELTA + slack(DELTA, 2000)
    assert rate_of_true(sequential_rule, fair, **exact) <= DELTA + slack(DELTA, REPEATS)


@pytest.mark.parametrize("adaptivity", ["none", "full"])
@pytest.mark.parametrize(
    ("condition", "known", "disagreement"),
    [("n - o > 0.02 +/- 0.01", "0.1", 0.1),
     (r"d < 0.1 +/- 0.01 /\ n - o > 0.02 +/- 0.01", None, 0.08)],
)  # fmt: skip
def test_on_the_papers_conditions_half_of_the_labels_do(
    condition, known, disagreement, adaptivity
):
    plan = clause_on_gain(condition, adaptivity, known)

    better = saving(plan, 0.04, disagreement, repeats=30)
    between = saving(plan, 0.03, disagreement, repeats=10)

    assert better.passed == 1
    assert better.mean_ratio <= 0.5
    assert max(better.most_ratio, between.most_ratio) <= 1.1
