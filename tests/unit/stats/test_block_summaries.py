import math

import numpy as np
import pytest
from scipy import stats

from trimtab.stats.block_summaries import new_block_interval, summary_shift

PAST = np.random.default_rng(0).normal(100, 5, size=12)


@pytest.mark.parametrize("n_new", [1, 7])
def test_limits_are_students_prediction_interval(n_new):
    found = new_block_interval(PAST, n_new=n_new, delta=0.1)
    half_width = stats.t.ppf(0.95, 11) * PAST.std(ddof=1) * math.sqrt(1 / n_new + 1 / 12)

    assert found.estimate == pytest.approx(PAST.mean())
    assert (found.low, found.high) == pytest.approx(
        (PAST.mean() - half_width, PAST.mean() + half_width)
    )


def test_the_p_value_of_several_new_blocks_is_that_of_a_t_test_with_the_past_spread():
    now = np.array([104.0, 109.0, 108.0])
    found = summary_shift(PAST, now)
    t = (now.mean() - PAST.mean()) / (PAST.std(ddof=1) * math.sqrt(1 / 3 + 1 / 12))

    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(t), 11))
    assert found.effect == pytest.approx((now.mean() - PAST.mean()) / PAST.std(ddof=1))


@pytest.mark.parametrize("value", [80.0, 92.0, 101.0, 108.0, 125.0])
def test_the_p_value_is_at_most_delta_just_where_the_limits_miss(value):
    found = summary_shift(PAST, value, delta=0.05)

    assert (found.p_value <= 0.05) == (not found.expected.contains(value))


def test_an_incident_in_the_past_hides_a_change_unless_it_is_dropped():
    past = np.r_[PAST, 400.0]

    assert summary_shift(past, 130.0).p_value > 0.5
    assert summary_shift(past, 130.0, robust=True).p_value < 0.001
    assert summary_shift(past, 130.0, robust=True).n_reference == 12


def test_nothing_is_dropped_from_fewer_than_ten_blocks():
    past = np.r_[PAST[:8], 400.0]

    assert summary_shift(past, 130.0, robust=True).n_reference == 9


@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_a_past_that_never_varied_is_only_as_telling_as_it_is_long(constant):
    short, long = np.full(10, constant), np.full(30, constant)

    assert not new_block_interval(short, delta=0.05).is_finite
    assert new_block_interval(long, delta=0.05).width == pytest.approx(0.0, abs=1e-12)
    assert summary_shift(long, constant).p_value == 1.0
    assert summary_shift(long, constant + 1).p_value == 1 / 31
    assert summary_shift(long, constant + 1).effect == math.inf


@pytest.mark.parametrize("past", [[], [1.0], [1.0, np.nan]])
def test_fewer_than_two_past_blocks_predict_nothing(past):
    found = summary_shift(past, 5.0)

    assert not found.expected.is_finite
    assert found.p_value == 1.0


def test_a_shift_can_be_written_as_json():
    fields = summary_shift([1.0], 5.0).to_dict()

    assert fields["effect"] is None
    assert fields["expected"]["low"] is None


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="`n_new` of 1 or more, got 0"):
        new_block_interval(PAST, n_new=0)
    with pytest.raises(ValueError, match="`delta` between 0 and 1"):
        new_block_interval(PAST, delta=5)
    with pytest.raises(ValueError, match="`current` without NaN"):
        summary_shift(PAST, np.nan)
