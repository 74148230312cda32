import math

import numpy as np
import pytest
from scipy import stats

from trimtab.stats.bounds import (
    block_interval,
    empirical_bernstein_interval,
    hoeffding_interval,
    hoeffding_samples,
)

# one variable, H = 32 looks, of ease.ml/ci: (1 - delta, epsilon, hidden, full), one-sided
EASEML_CI_ROWS = [
    (0.01, 0.1, 404, 1340),
    (0.01, 0.01, 40355, 133930),
    (0.001, 0.05, 2075, 5818),
    (0.0001, 0.025, 10141, 25113),
    (0.00001, 0.1, 749, 1685),
]


@pytest.mark.parametrize(("delta", "epsilon", "hidden", "full"), EASEML_CI_ROWS)
def test_sample_sizes_are_those_of_ease_ml_ci(delta, epsilon, hidden, full):
    assert hoeffding_samples(epsilon, delta=delta / 32, sided="lower") == hidden
    assert hoeffding_samples(epsilon, delta=delta / 2**32, sided="lower") == full


def test_a_range_of_two_needs_four_times_the_rows():
    one, two = (hoeffding_samples(0.01, delta=0.1, value_range=r) for r in (1, 2))

    assert two == pytest.approx(4 * one, abs=4)


@pytest.mark.parametrize("sided", ["two", "lower", "upper"])
def test_planned_rows_are_just_enough_for_the_half_width(sided):
    n = hoeffding_samples(0.05, delta=0.1, sided=sided)
    values = np.arange(n) % 2
    found = hoeffding_interval(values, delta=0.1, sided=sided)
    half_width = found.estimate - found.low if sided != "upper" else found.high - found.estimate

    assert 0.0495 < half_width <= 0.05


def test_hoeffding_half_width_is_the_formula_scaled_by_the_range():
    values = np.linspace(-3, 5, 400)
    found = hoeffding_interval(values, delta=0.05, low=-3, high=5)

    assert found.estimate == pytest.approx(1.0)
    assert found.width == pytest.approx(2 * 8 * math.sqrt(math.log(2 / 0.05) / 800))
    assert found.level == 0.95


def test_limits_are_cut_to_the_range():
    found = hoeffding_interval([1, 1, 1], delta=0.05)

    assert found.high == 1.0
    assert found.low > 0.0


def test_the_side_without_delta_is_the_end_of_the_range():
    values = [0.4, 0.6] * 500

    assert hoeffding_interval(values, delta=0.05, sided="lower").high == 1.0
    assert hoeffding_interval(values, delta=0.05, sided="upper").low == 0.0


def test_empirical_bernstein_half_width_is_theorem_4_of_maurer_and_pontil():
    values = np.random.default_rng(0).beta(2, 5, size=1000)
    found = empirical_bernstein_interval(values, delta=0.1, sided="upper")
    log_term = math.log(2 / 0.1)
    expected = math.sqrt(2 * values.var(ddof=1) * log_term / 1000) + 7 * log_term / (3 * 999)

    assert found.high - found.estimate == pytest.approx(expected)


def test_empirical_bernstein_beats_hoeffding_when_values_hardly_vary():
    values = np.r_[np.ones(20), np.zeros(4980)]
    bernstein = empirical_bernstein_interval(values, delta=0.05)
    hoeffding = hoeffding_interval(values, delta=0.05)

    assert bernstein.width < hoeffding.width / 2


def test_one_row_gives_empirical_bernstein_nothing_to_go_by():
    found = empirical_bernstein_interval([0.3], delta=0.05)

    assert (found.low, found.high) == (0.0, 1.0)


def test_equal_blocks_give_the_t_interval_over_block_means():
    rng = np.random.default_rng(0)
    means = rng.normal(size=8)
    values = np.repeat(means, 50) + np.tile([-1, 1], 200)
    found = block_interval(values, np.repeat(np.arange(8), 50), delta=0.05)
    low, high = stats.t.interval(0.95, 7, loc=means.mean(), scale=stats.sem(means))

    assert (found.low, found.high) == pytest.approx((low, high))


def test_unequal_blocks_estimate_the_mean_over_rows():
    values = np.r_[np.zeros(300), np.ones(100), np.full(200, 0.5), np.ones(50), np.zeros(50)]
    blocks = np.repeat(list("abcde"), [300, 100, 200, 50, 50])

    assert block_interval(values, blocks, delta=0.05).estimate == pytest.approx(values.mean())


def test_limits_are_where_the_t_statistic_of_block_totals_reaches_its_quantile():
    rng = np.random.default_rng(1)
    sizes = rng.integers(50, 150, size=12)
    blocks = np.repeat(np.arange(12), sizes)
    values = rng.normal(size=12)[blocks] + rng.normal(size=blocks.size)
    found = block_interval(values, blocks, delta=0.05)
    statistics = [
        stats.ttest_1samp(np.bincount(blocks, weights=values - mu), 0).statistic
        for mu in (found.low, found.high)
    ]

    assert statistics == pytest.approx([stats.t.ppf(0.975, 11), -stats.t.ppf(0.975, 11)])


def test_one_sided_limit_spends_all_of_delta_on_its_side():
    rng = np.random.default_rng(2)
    values, blocks = rng.normal(size=200), np.repeat(np.arange(10), 20)
    two, lower = (
        block_interval(values, blocks, delta=d, sided=s)
        for d, s in ((0.04, "two"), (0.02, "lower"))
    )

    assert lower.low == pytest.approx(two.low)
    assert lower.high == math.inf


@pytest.mark.parametrize("n_blocks", [1, 4])
def test_fewer_than_five_blocks_say_nothing(n_blocks):
    values = np.random.default_rng(0).random(400)
    found = block_interval(values, np.arange(400) % n_blocks, delta=0.05)

    assert (found.low, found.high) == (-math.inf, math.inf)
    assert found.estimate == pytest.approx(values.mean())


def test_one_dominating_block_says_nothing():
    blocks = np.repeat(np.arange(6), [10_000, 5, 5, 5, 5, 5])
    values = np.random.default_rng(0).random(blocks.size)

    assert not block_interval(values, blocks, delta=0.05).is_finite


def test_delta_past_the_safe_level_gives_the_limits_of_the_safe_level():
    rng = np.random.default_rng(3)
    values, blocks = rng.normal(size=200), np.repeat(np.arange(10), 20)
    asked, safe = (block_interval(values, blocks, delta=d) for d in (0.3, 0.0832))

    assert (asked.low, asked.high) == (safe.low, safe.high)


@pytest.mark.parametrize("interval", [hoeffding_interval, empirical_bernstein_interval])
def test_values_outside_the_stated_range_are_refused(interval):
    with pytest.raises(ValueError, match=r"expected values in \[0.0, 1.0\], got \[0.5, 1.5\]"):
        interval([0.5, 1.5], delta=0.05)


@pytest.mark.parametrize("delta", [0, 1, -0.1, float("nan")])
def test_delta_outside_zero_to_one_is_refused(delta):
    with pytest.raises(ValueError, match="expected `delta` between 0 and 1"):
        hoeffding_interval([0.5], delta=delta)


def test_an_unknown_side_is_refused():
    with pytest.raises(ValueError, match="expected `sided` as"):
        block_interval([0.5], [1], delta=0.05, sided="left")


@pytest.mark.parametrize("values", [[], [0.1, float("nan")], [[0.1]]])
def test_no_rows_missing_values_and_tables_are_refused(values):
    with pytest.raises(ValueError, match="expected `values`"):
        hoeffding_interval(values, delta=0.05)


def test_impossible_plans_and_ranges_are_refused():
    with pytest.raises(ValueError, match="above 0"):
        hoeffding_samples(0, delta=0.05)
    with pytest.raises(ValueError, match="expected `low` < `high`"):
        hoeffding_interval([0.5], delta=0.05, low=1, high=0)
