import math

import numpy as np
import pytest
from scipy import stats

from trimtab.stats.bounds import empirical_bernstein_interval, hoeffding_interval
from trimtab.stats.exact_share import exact_share_interval
from trimtab.stats.log_limits import bernstein_limits, chernoff_limits


@pytest.mark.parametrize("delta", [0.6, 0.05, 1e-6, 1e-14])
@pytest.mark.parametrize("truth", [0.02, 0.5, 0.7, 0.99])
def test_the_exact_chance_that_a_chernoff_limit_misses_is_below_delta(delta, truth):
    rows = 300
    ends = np.array([chernoff_limits(k / rows, rows, ln_delta=math.log(delta))
                     for k in range(rows + 1)])  # fmt: skip
    point = stats.binom.pmf(np.arange(rows + 1), rows, truth)

    assert point[ends[:, 0] > truth].sum() <= delta
    assert point[ends[:, 1] < truth].sum() <= delta


@pytest.mark.parametrize("right", [0, 1, 40, 97, 100])
def test_chernoff_s_limits_lie_between_the_exact_ones_and_hoeffding_s(right):
    delta = 1e-5
    low, high = chernoff_limits(right / 100, 100, ln_delta=math.log(delta))
    exact = exact_share_interval(right, 100, delta=2 * delta)
    wide = hoeffding_interval([1] * right + [0] * (100 - right), delta=2 * delta)

    inside = [wide.low, low, exact.low, right / 100, exact.high, high, wide.high]
    assert (np.diff(inside) >= -1e-9).all()


def test_a_delta_that_is_no_float_still_has_limits():
    rows, ln_delta = 5_000, -1_400.0
    low, high = chernoff_limits(0.9, rows, ln_delta=ln_delta)
    entropy = 0.9 * math.log(0.9 / low) + 0.1 * math.log(0.1 / (1 - low))

    assert entropy * rows == pytest.approx(-ln_delta)
    assert 0 < low < 0.9 < high < 1
    assert chernoff_limits(1.0, rows, ln_delta=ln_delta)[0] == pytest.approx(math.exp(-0.28))
    assert chernoff_limits(0.0, rows, ln_delta=ln_delta)[0] == 0


@pytest.mark.parametrize("ln_delta", [math.log(0.025), -32.0, -500.0])
def test_bernstein_limits_are_those_of_the_interval(ln_delta):
    values = np.random.default_rng(0).choice([-1.0, 0.0, 1.0], 400, p=[0.02, 0.9, 0.08])
    low, high = bernstein_limits(
        float(values.mean()), float(values.var(ddof=1)), 400, width=2, ln_delta=ln_delta
    )
    same = empirical_bernstein_interval(values, delta=2 * math.exp(ln_delta), low=-1)

    assert max(low, -1) == pytest.approx(same.low)
    assert min(high, 1) == pytest.approx(same.high)


@pytest.mark.parametrize("changed", [{"rows": 0}, {"mean": 1.1}, {"mean": math.nan},
                                     {"ln_delta": 0.0}, {"ln_delta": -math.inf}])  # fmt: skip
def test_chernoff_refuses_what_is_no_share(changed):
    with pytest.raises(ValueError, match="expected"):
        chernoff_limits(**({"mean": 0.5, "rows": 10, "ln_delta": -1.0} | changed))


@pytest.mark.parametrize("changed", [{"rows": 1}, {"variance": -1.0}, {"width": 0.0}])
def test_bernstein_refuses_what_is_no_sample(changed):
    usual = {"mean": 0.5, "variance": 0.1, "rows": 10, "width": 1.0, "ln_delta": -1.0}
    with pytest.raises(ValueError, match="expected"):
        bernstein_limits(**(usual | changed))
