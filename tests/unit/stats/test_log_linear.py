import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.stats.cells import counted, log_linear
from trimtab.stats.log_linear import LogLinear, aligned

floats = st.floats(allow_nan=False, allow_infinity=False)
samples = st.lists(
    st.one_of(floats, st.floats(-10, 10), st.integers(-50, 50).map(float)), min_size=1, max_size=60
)


@given(samples, st.integers(0, 20))
def test_every_value_is_in_its_cell(values, bits):
    made = counted(np.array(values), bits)

    assert made.total == len(values)
    assert (made.codes[1:] > made.codes[:-1]).all()
    assert (made.upper[:-1] <= made.lower[1:]).all()
    for lower, upper, count in zip(made.lower, made.upper, made.counts, strict=True):
        if lower >= 0:
            inside = sum(lower <= value < upper for value in values)
        else:
            inside = sum(lower < value <= upper and value < 0 for value in values)
        assert inside == count


@given(samples, samples, st.integers(0, 12), st.integers(0, 12))
def test_parts_add_up_in_any_order(a, b, bits_a, bits_b):
    first, second = counted(np.array(a), bits_a), counted(np.array(b), bits_b)

    both = first.merged(second)

    assert both == second.merged(first)
    alone = counted(np.array(a + b), min(bits_a, bits_b))
    bits, floor = min(both.bits, alone.bits), max(both.floor, alone.floor)
    assert both.coarsened(bits).floored(floor) == alone.coarsened(bits).floored(floor)


@given(samples, samples)
def test_aligned_counts_are_distribution_functions_without_error(a, b):
    left, right = counted(np.array(a), 6), counted(np.array(b), 4)

    lower, upper, counts_a, counts_b = aligned(left, right)

    for values, counts in ((a, counts_a), (b, counts_b)):
        assert counts.sum() == len(values)
        for edge, low, below in zip(upper, lower, np.cumsum(counts), strict=True):
            # a negative cell holds its upper edge, unless that is zero
            there = [v <= edge if low < 0 and edge < 0 else v < edge for v in values]
            assert sum(there) == below


def test_weights_are_counts():
    values = np.random.default_rng(0).choice([-2.5, -0.0, 0.0, 1e-300, 3.0, 7.1], 500)
    levels, counts = np.unique(values, return_counts=True)

    made = log_linear(levels, counts=counts, bits=7)

    assert made.floored(2.0**-40) == counted(values, 7).floored(2.0**-40)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
@pytest.mark.parametrize("draw", ["normal", "standard_cauchy", "exponential"])
def test_the_resolution_follows_the_data(draw, scale):
    values = scale * getattr(np.random.default_rng(1), draw)(size=100_000)

    made = log_linear(values)

    assert made.codes.size <= 768
    assert made.counts.max() / made.total < 0.015
    for probability in (0.01, 0.3, 0.5, 0.9, 0.99):
        rank = np.mean(values <= made.quantile(probability))
        assert rank == pytest.approx(probability, abs=0.015)


@pytest.mark.parametrize("n_cells", [20, 40, 300])
@pytest.mark.parametrize("far", [0.0, 3.0, 1e6, -1e6])
def test_only_a_64th_is_ever_joined_near_zero(far, n_cells):
    values = np.random.default_rng(3).normal(far, 1, 20_000)

    made = counted(values, 28 if far else 14).reduced(n_cells)

    assert made.codes.size <= n_cells
    near = np.abs(values) < made.floor
    assert made.total == values.size
    assert near.mean() <= 1 / 64
    assert made.codes.size >= n_cells / 4


def test_narrow_data_far_from_zero_get_fine_cells():
    values = np.random.default_rng(2).normal(1e6, 3, 100_000)

    made = log_linear(values)

    assert made.counts.max() / made.total < 0.01
    assert made.quantile(0.5) == pytest.approx(np.median(values), abs=0.05)


def test_whole_numbers_have_whole_quantiles():
    values = np.random.default_rng(3).poisson(40, 10_001) - 20.0

    made = log_linear(values)

    for probability in (0.0, 0.01, 0.2, 0.5, 0.9, 1.0):
        exact = np.quantile(values, probability, method="closest_observation")
        assert made.quantile(probability, whole=True) == pytest.approx(exact, abs=1)


def test_no_values_make_an_empty_histogram():
    made = log_linear([])

    assert (made.total, made.codes.size) == (0, 0)
    assert made.merged(LogLinear(3, np.array([8]), np.array([2]))).total == 2
