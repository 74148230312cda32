import numpy as np
import pytest
from scipy import stats
from sklearn.calibration import calibration_curve

from trimtab.stats.calibration import (
    expected_calibration_error,
    reliability_bins,
    wilson_interval,
)


def forecasts(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    scores = rng.beta(1, 3, size=n)
    return rng.random(n) < scores, scores


@pytest.mark.parametrize(("successes", "rows"), [(0, 10), (3, 10), (10, 10), (40, 1000)])
def test_wilson_limits_are_scipys(successes, rows):
    found = wilson_interval(successes, rows, level=0.9)
    expected = stats.binomtest(successes, rows).proportion_ci(0.9, method="wilson")

    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.contains(successes / rows)


@pytest.mark.parametrize("rows", [5, 10, 100])
def test_wilson_limits_cover_as_promised_on_average_and_as_documented_at_worst(rows):
    rates = np.linspace(0.0005, 0.9995, 4000)
    covered = np.zeros_like(rates)
    for successes in range(rows + 1):
        found = wilson_interval(successes, rows)
        inside = (found.low <= rates) & (rates <= found.high)
        covered += stats.binom.pmf(successes, rows, rates) * inside

    assert covered.mean() >= 0.95
    assert covered.min() >= 0.83


def test_no_rows_leave_a_rate_open():
    found = wilson_interval(0, 0)

    assert np.isnan(found.estimate)
    assert (found.low, found.high) == (0.0, 1.0)


def test_bins_of_distinct_scores_are_sklearns_quantile_bins():
    labels, scores = forecasts()
    bins = reliability_bins(labels, scores, n_bins=8)
    rate, mean = calibration_curve(labels, scores, n_bins=8, strategy="quantile")

    assert [b.mean_score for b in bins] == pytest.approx(mean, abs=2e-3)
    assert [b.observed_rate for b in bins] == pytest.approx(rate, abs=5e-3)


def test_bins_account_for_every_row():
    labels, scores = forecasts()
    bins = reliability_bins(labels, scores)

    assert sum(b.n_rows for b in bins) == 4000
    assert sum(b.n_rows * b.observed_rate for b in bins) == pytest.approx(labels.sum())
    assert sum(b.n_rows * b.mean_score for b in bins) == pytest.approx(scores.sum())


def test_equal_scores_share_a_bin():
    bins = reliability_bins([0, 1] * 50, [0.3] * 60 + [0.7] * 40)

    assert [b.n_rows for b in bins] == [60, 40]


def test_a_bin_can_be_written_as_json():
    (first,) = reliability_bins([0, 1], [0.5, 0.5])

    assert set(first.to_dict()) == {"mean_score", "observed_rate", "n_rows", "low", "high"}


def test_expected_calibration_error_weighs_gaps_by_rows():
    labels, scores = forecasts()
    bins = reliability_bins(labels, scores, n_bins=12)
    by_hand = sum(b.n_rows * abs(b.mean_score - b.observed_rate) for b in bins) / 4000

    assert expected_calibration_error(labels, scores, n_bins=12) == pytest.approx(by_hand)


def test_overconfidence_raises_the_calibration_error():
    labels, scores = forecasts()
    sharpened = scores**2 / (scores**2 + (1 - scores) ** 2)

    assert expected_calibration_error(labels, scores) < 0.03
    assert expected_calibration_error(labels, sharpened) > 0.08


def test_a_perfect_model_shows_the_documented_error_by_chance():
    labels = np.random.default_rng(0).random((400, 1000)) < 0.1
    scores = np.tile(np.linspace(0.0999, 0.1001, 1000), (400, 1))
    found = [
        expected_calibration_error(a, b, n_bins=10) for a, b in zip(labels, scores, strict=True)
    ]

    assert np.mean(found) == pytest.approx(0.024, abs=0.001)


def test_counts_and_scores_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="expected 0 <= successes <= rows, got 3 of 2"):
        wilson_interval(3, 2)
    with pytest.raises(ValueError, match="in \\[0, 1\\]"):
        reliability_bins([0, 1], [0.5, 1.5])
    with pytest.raises(ValueError, match="one score a row"):
        expected_calibration_error([0, 1], [[0.5, 0.5], [0.5, 0.5]])
