import math
import time

import numpy as np
import pytest

from trimtab.stats.bootstrap import (
    block_bootstrap,
    block_bootstrap_difference,
    bootstrap_auc,
    bootstrap_auc_difference,
    bootstrap_mean,
)
from trimtab.stats.bounds import block_interval
from trimtab.stats.ranking import auc


@pytest.fixture(scope="module")
def days():
    rng = np.random.default_rng(0)
    day = np.repeat(np.arange(25), 40)
    labels = rng.random(1000) < 0.3
    scores = labels + 0.5 * rng.normal(size=25)[day] + rng.normal(size=1000)
    return day, labels, scores


def test_mean_limits_come_close_to_the_t_interval_over_blocks(days):
    day, _, scores = days
    by_resampling = bootstrap_mean(scores, day, n_resamples=20_000)
    by_formula = block_interval(scores, day, delta=0.05)

    assert by_resampling.low == pytest.approx(by_formula.low, abs=0.02 * by_formula.width)
    assert by_resampling.high == pytest.approx(by_formula.high, abs=0.02 * by_formula.width)


@pytest.mark.parametrize("method", ["t", "percentile"])
def test_fast_paths_give_what_the_general_one_gives(days, method):
    day, labels, scores = days
    settings = {"n_resamples": 200, "seed": 3, "method": method}
    fast_mean = bootstrap_mean(scores, day, **settings)
    slow_mean = block_bootstrap(lambda w: np.average(scores, weights=w), day, **settings)
    fast_auc = bootstrap_auc(labels, scores, day, **settings)
    slow_auc = block_bootstrap(lambda w: auc(labels, scores, w), day, **settings)

    assert (fast_mean.low, fast_mean.high) == pytest.approx((slow_mean.low, slow_mean.high))
    assert (fast_auc.low, fast_auc.high) == pytest.approx((slow_auc.low, slow_auc.high))


def test_row_limits_of_an_auc_come_close_to_delongs():
    rng = np.random.default_rng(1)
    labels = rng.random(2000) < 0.4
    scores = labels + rng.normal(size=2000)
    wins = np.sign(scores[labels][:, None] - scores[~labels]) / 2 + 0.5
    variance = (
        wins.mean(axis=1).var(ddof=1) / labels.sum()
        + wins.mean(axis=0).var(ddof=1) / (~labels).sum()
    )
    found = bootstrap_auc(labels, scores, n_resamples=1000)

    assert found.width == pytest.approx(2 * 1.96 * math.sqrt(variance), rel=0.08)


def test_models_compared_on_the_same_resamples_have_narrower_limits(days):
    day, labels, scores = days
    better = scores + 0.2 * labels
    gain = bootstrap_auc_difference(labels, better, scores, day)
    apart = bootstrap_auc(labels, better, day)

    assert gain.estimate == pytest.approx(auc(labels, better) - auc(labels, scores))
    assert gain.low > 0
    assert gain.width < apart.width / 2


def test_general_difference_agrees_with_the_one_for_auc(days):
    day, labels, scores = days
    other = scores + np.sin(np.arange(1000))
    fast = bootstrap_auc_difference(labels, other, scores, day, n_resamples=150)
    slow = block_bootstrap_difference(
        lambda w: auc(labels, other, w), lambda w: auc(labels, scores, w), day, n_resamples=150
    )

    assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high))


def test_a_metric_of_rows_without_blocks_needs_their_number():
    values = np.random.default_rng(0).normal(size=300)
    by_rows = block_bootstrap(lambda w: np.average(values, weights=w), n_rows=300)
    fast = bootstrap_mean(values)

    assert (by_rows.low, by_rows.high) == pytest.approx((fast.low, fast.high))


def test_seed_decides_the_limits(days):
    day, labels, scores = days
    first, again = (bootstrap_auc(labels, scores, day, seed=7) for _ in range(2))
    other = bootstrap_auc(labels, scores, day, seed=8)

    assert first == again
    assert first != other


def test_fewer_than_five_blocks_say_nothing_about_an_auc(days):
    _, labels, scores = days
    found = bootstrap_auc(labels, scores, np.arange(1000) % 4)

    assert (found.low, found.high) == (0.0, 1.0)


def test_a_metric_undefined_on_the_data_has_no_estimate_and_the_widest_limits():
    found = bootstrap_auc(np.zeros(50), np.arange(50), np.arange(50) % 10)

    assert math.isnan(found.estimate)
    assert (found.low, found.high) == (0.0, 1.0)


def test_a_metric_undefined_on_many_resamples_has_the_widest_limits():
    labels = np.r_[1, np.zeros(59)]
    found = bootstrap_auc(labels, np.arange(60), np.arange(60) % 20)

    assert not math.isnan(found.estimate)
    assert (found.low, found.high) == (0.0, 1.0)


def test_percentile_limits_never_leave_the_range_of_the_metric():
    rng = np.random.default_rng(0)
    labels = rng.random(400) < 0.1
    scores = 3 * labels + rng.normal(size=400)
    found = bootstrap_auc(labels, scores, method="percentile")

    assert found.estimate < found.high <= 1.0


@pytest.mark.parametrize("blocks", [None, np.arange(25_000) % 30])
def test_25_000_rows_and_300_resamples_take_less_than_a_second(blocks):
    rng = np.random.default_rng(0)
    labels = rng.random(25_000) < 0.2
    scores = labels + rng.normal(size=25_000)
    bootstrap_auc(labels[:100], scores[:100], n_resamples=100)  # loads scipy
    started = time.process_time()
    bootstrap_auc(labels, scores, blocks, n_resamples=300)

    assert time.process_time() - started < 1.0


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="expected `method` as 't' or 'percentile', got 'bca'"):
        bootstrap_mean([1, 2], method="bca")
    with pytest.raises(ValueError, match="at least 100 `n_resamples`, got 10"):
        bootstrap_mean([1, 2], n_resamples=10)
    with pytest.raises(ValueError, match="expected `level` between 0 and 1"):
        bootstrap_mean([1, 2], level=95)
    with pytest.raises(ValueError, match="either `blocks` or `n_rows`"):
        block_bootstrap(np.sum)
    with pytest.raises(ValueError, match="expected `blocks` of shape"):
        bootstrap_mean([1, 2], [1, 2, 3])
