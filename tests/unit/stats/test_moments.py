import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from trimtab.stats.moments import Moments, moments, weighted_moments

LAWS = {
    "normal": lambda random: random.normal(3, 2, 70_001),
    "far from zero": lambda random: random.normal(1e9, 1, 50_000),
    "heavy": lambda random: random.lognormal(0, 2, 50_000),
    "few": lambda random: random.integers(0, 3, 10).astype(float),
}


def close(made, values):
    assert made.n == values.size
    assert made.mean == pytest.approx(values.mean(), rel=1e-12)
    assert made.variance == pytest.approx(values.var(ddof=1), rel=1e-7)
    assert made.skewness == pytest.approx(stats.skew(values), rel=1e-6, abs=1e-6)
    assert made.kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("law", LAWS)
def test_they_are_scipys(law):
    values = LAWS[law](np.random.default_rng(0))

    close(moments(values), values)


@pytest.mark.parametrize("law", LAWS)
def test_parts_add_up(law):
    values = LAWS[law](np.random.default_rng(1))
    cut = values.size // 3

    close(moments(values[:cut]).merged(moments(values[cut:])), values)
    close(moments(values[cut:]).merged(moments(values[:cut])), values)


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=40))
def test_counted_values_have_the_same_moments(values):
    levels, counts = np.unique(np.array(values, float), return_counts=True)

    made, direct = weighted_moments(levels, counts), moments(values)

    assert made.mean == pytest.approx(direct.mean, abs=1e-12)
    for power in ("m2", "m3", "m4"):
        assert getattr(made, power) == pytest.approx(getattr(direct, power), rel=1e-9, abs=1e-9)


def test_too_few_values_have_no_spread():
    assert moments([]) == Moments()
    assert moments([5.0]).variance is None
    assert (moments([5.0, 5.0]).variance, moments([5.0, 5.0]).skewness) == (0, None)
    assert moments([1.0]).merged(moments([])).mean == 1


@pytest.mark.parametrize("n", [5, 5_000, 70_000])
@pytest.mark.parametrize("scale", [1e100, 1e200, 1e307])
def test_what_no_float_can_hold_is_none_and_the_mean_is_there(n, scale):
    values = np.random.default_rng(2).uniform(-1, 1.5, n)

    made = moments(scale * values)
    both = made.merged(moments(scale * values[: n // 2]))
    levels = weighted_moments(scale * values, np.full(n, 3))

    for each, mean in ((made, values.mean()), (levels, values.mean())):
        assert each.mean / scale == pytest.approx(mean, rel=1e-9)
        fits = scale**2 < 1e300 if scale < 1e150 else False
        assert (each.std is not None) == fits
        assert each.kurtosis is None
    assert np.isfinite(both.mean)
