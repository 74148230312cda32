import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.metrics import r2_score as sklearn_r2

from trimtab.stats.losses import (
    brier_loss,
    brier_skill,
    clipped_absolute_error,
    log_loss_rows,
    r2_score,
)

RNG = np.random.default_rng(0)
LABELS = RNG.integers(2, size=200)
FORECASTS = RNG.random(200)
CLASSES = RNG.integers(3, size=200)
TABLE = RNG.dirichlet(np.ones(3), size=200)


def test_mean_brier_loss_is_sklearns_score():
    assert brier_loss(LABELS, FORECASTS).mean() == pytest.approx(
        brier_score_loss(LABELS, FORECASTS)
    )


def test_two_columns_have_the_brier_loss_of_one():
    two = brier_loss(LABELS, np.column_stack([1 - FORECASTS, FORECASTS]))

    assert two == pytest.approx(brier_loss(LABELS, FORECASTS))


def test_brier_loss_of_a_row_is_half_the_squared_distance_from_the_truth():
    truth = np.eye(3)[CLASSES]

    assert brier_loss(CLASSES, TABLE) == pytest.approx(((TABLE - truth) ** 2).sum(axis=1) / 2)


def test_a_sure_and_wrong_forecast_loses_one():
    assert brier_loss([0], [[0.0, 0.0, 1.0]]).tolist() == [1.0]


def test_mean_log_loss_is_sklearns():
    assert log_loss_rows(LABELS, FORECASTS).mean() == pytest.approx(log_loss(LABELS, FORECASTS))
    assert log_loss_rows(CLASSES, TABLE).mean() == pytest.approx(log_loss(CLASSES, TABLE))


def test_the_floor_bounds_the_log_loss():
    assert log_loss_rows([1, 0], [0.0, 1.0], floor=0.01).tolist() == [-np.log(0.01)] * 2


def test_errors_past_the_scale_lose_one():
    lost = clipped_absolute_error([0, 0, 0], [-5, 10, 1e9], scale=10)

    assert lost.tolist() == [0.5, 1.0, 1.0]


def test_a_constant_forecast_of_the_reference_rate_has_no_skill():
    assert brier_skill(LABELS, np.full(200, LABELS.mean())) == pytest.approx(0.0)
    assert brier_skill(LABELS, np.full(200, 0.3), reference_rate=0.3) == pytest.approx(0.0)
    assert brier_skill(CLASSES, np.tile([0.2, 0.3, 0.5], (200, 1)), [0.2, 0.3, 0.5]) == (
        pytest.approx(0.0)
    )


def test_skill_is_the_share_of_reference_loss_removed():
    reference = LABELS.mean() * (1 - LABELS.mean())

    assert brier_skill(LABELS, FORECASTS) == pytest.approx(
        1 - brier_score_loss(LABELS, FORECASTS) / reference
    )


def test_skill_is_undefined_when_only_one_class_occurs():
    assert np.isnan(brier_skill([0, 0, 0], [0.1, 0.2, 0.3]))


def test_r2_is_sklearns_with_and_without_weights():
    truth, predicted, weights = RNG.normal(size=(3, 100))
    weights = weights**2
    predicted = truth + predicted / 2

    assert r2_score(truth, predicted) == pytest.approx(sklearn_r2(truth, predicted))
    assert r2_score(truth, predicted, weights) == pytest.approx(
        sklearn_r2(truth, predicted, sample_weight=weights)
    )


def test_r2_is_measured_from_the_reference_mean_if_one_is_given():
    assert r2_score([10, 12], [5, 5], reference_mean=5.0) == 0.0


def test_r2_is_undefined_without_spread_or_weight():
    assert np.isnan(r2_score([1, 1], [1, 2]))
    assert np.isnan(r2_score([1, 2], [1, 2], [0, 0]))


@pytest.mark.parametrize("forecasts", [[0.5, 1.1], [0.5, np.nan], [0.5]])
def test_forecasts_that_are_no_probabilities_are_refused(forecasts):
    with pytest.raises(ValueError, match="`probabilities`"):
        brier_loss([0, 1], forecasts)


def test_scales_and_floors_out_of_range_are_refused():
    with pytest.raises(ValueError, match="finite `scale` above 0, got 0"):
        clipped_absolute_error([1], [2], scale=0)
    with pytest.raises(ValueError, match="`floor` between 0 and 1"):
        log_loss_rows([1], [0.5], floor=0)
