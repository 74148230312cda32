import math

import pytest

from trimtab.stats.interval import Interval


def test_limits_contain_their_ends_and_nothing_outside():
    interval = Interval(0.5, 0.4, 0.7, 0.95, "hoeffding")

    assert interval.contains(0.4)
    assert interval.contains(0.7)
    assert not interval.contains(0.71)


def test_width_is_infinite_when_the_data_say_nothing():
    interval = Interval(0.5, -math.inf, math.inf, 0.95, "t over 2 blocks")

    assert interval.width == math.inf
    assert not interval.is_finite


def test_infinite_limits_and_undefined_estimates_become_null_in_json():
    fields = Interval(math.nan, 0.25, math.inf, 0.95, "t").to_dict()

    assert fields == {"estimate": None, "low": 0.25, "high": None, "level": 0.95, "method": "t"}


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (math.nan, 1.0), (0.0, math.nan)])
def test_limits_out_of_order_are_refused(low, high):
    with pytest.raises(ValueError, match="expected `low` <= `high`"):
        Interval(0.5, low, high, 0.95, "t")
