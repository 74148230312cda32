import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from trimtab.stats.gradient_sampling import (
    draw_rows,
    error_spread,
    sampling_chances,
    unbiased_mean,
)

SIZES = st.lists(st.floats(0, 1e6), min_size=1, max_size=30)


@given(SIZES, st.data())
def test_chances_add_up_to_n_and_keep_the_floor(sizes, data):
    n = data.draw(st.integers(1, len(sizes)))
    floor = data.draw(st.sampled_from([0.01, 0.1, 0.5, 1.0]))

    chances = sampling_chances(sizes, n, floor=floor)

    assert chances.sum() == pytest.approx(n)
    assert (chances <= 1).all()
    assert (chances >= min(floor * n / len(sizes), 1) * (1 - 1e-9)).all()


def test_chances_below_one_are_in_proportion_to_sizes():
    chances = sampling_chances([100, 50, 1, 2, 3, 4], 3, floor=0)

    np.testing.assert_allclose(chances, [1, 1, 0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(sampling_chances([0, 0, 0, 0], 2), 0.5)


@given(SIZES, st.data())
def test_as_many_different_rows_are_drawn_as_asked_for(sizes, data):
    n = data.draw(st.integers(1, len(sizes)))
    rows = draw_rows(sampling_chances(sizes, n), np.random.default_rng(len(sizes)))

    assert len(set(rows.tolist())) == n


def test_each_row_is_drawn_as_often_as_its_chance_says():
    chances = sampling_chances(np.arange(1, 13) ** 2, 4, floor=0.1)
    rng = np.random.default_rng(0)
    counts = np.zeros(12)
    for _ in range(20_000):
        counts[draw_rows(chances, rng)] += 1

    deviation = np.sqrt(np.maximum(chances * (1 - chances), 1e-12) / 20_000)
    assert (np.abs(counts / 20_000 - chances) <= 4.5 * deviation + 1e-9).all()


@pytest.mark.parametrize("floor", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("guessed", [False, True])
def test_the_mean_is_unbiased_by_enumeration_for_any_chances(floor, guessed):
    rng = np.random.default_rng(3)
    values, guesses = rng.normal(size=(7, 2, 3)), rng.normal(size=(7, 2, 3)) * guessed
    chances = sampling_chances(rng.random(7), 1, floor=floor)

    each = [
        unbiased_mean((values - guesses)[[i]], chances[[i]], 7, guesses.mean(axis=0))
        for i in range(7)
    ]

    expected = sum(chance * mean for chance, mean in zip(chances, each, strict=True))
    np.testing.assert_allclose(expected, values.mean(axis=0), atol=1e-12)


def test_without_the_weights_the_mean_is_biased():
    values = np.array([1.0, 10.0])
    chances = sampling_chances(values, 1, floor=0)

    unweighted = sum(chances[i] * values[i] for i in range(2))

    assert unweighted - values.mean() > 3


def test_several_rows_drawn_together_give_an_unbiased_mean_too():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(9, 2)) + 1
    chances = sampling_chances(rng.random(9) ** 3, 4, floor=0.1)
    drawn = []
    for _ in range(20_000):
        rows = draw_rows(chances, rng)
        drawn.append(unbiased_mean(values[rows], chances[rows], 9))

    spread = np.std(drawn, axis=0) / np.sqrt(len(drawn))
    assert (np.abs(np.mean(drawn, axis=0) - values.mean(axis=0)) < 4.5 * spread).all()


@pytest.mark.parametrize("seed", range(20))
def test_chances_in_proportion_to_sizes_vary_no_more_than_even_ones_by_enumeration(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(8, 3)) * rng.random(8)[:, None] ** 2

    def variance(floor):
        chances = sampling_chances(np.linalg.norm(values, axis=1), 1, floor=floor)
        each = np.array([unbiased_mean(values[[i]], chances[[i]], 8) for i in range(8)])
        return (chances * ((each - values.mean(axis=0)) ** 2).sum(axis=1)).sum()

    assert variance(0.0) <= variance(0.1) <= variance(1.0)


def test_drawing_everything_is_exact():
    values = np.random.default_rng(5).normal(size=(6, 2))
    chances = sampling_chances(np.ones(6), 6)

    assert draw_rows(chances, np.random.default_rng(0)).tolist() == list(range(6))
    np.testing.assert_allclose(unbiased_mean(values, chances, 6), values.mean(axis=0))
    assert error_spread(values, chances, 6, delta=0.05)[0] == 0


def test_the_limit_for_numbers_drawn_evenly_is_students():
    values = np.random.default_rng(6).normal(size=12)
    chances = np.full(12, 12 / 4_000)

    limit = math.prod(error_spread(values[:, None], chances, 4_000, delta=0.05))

    expected = student(11).ppf(0.975) * values.std(ddof=1) / np.sqrt(12)
    assert limit == pytest.approx(expected)


def test_few_rows_give_no_limit():
    assert error_spread(np.ones((4, 1)), np.full(4, 0.5), 8, delta=0.05)[1] == np.inf


@pytest.mark.parametrize(
    ("sizes", "n", "floor"),
    [([1, -1], 1, 0.1), ([1, np.inf], 1, 0.1), ([1, 1], 3, 0.1), ([1, 1], 1, 1.5)],
)
def test_wrong_arguments_are_refused(sizes, n, floor):
    with pytest.raises(ValueError, match="expected"):
        sampling_chances(sizes, n, floor=floor)


def test_systematic_draws_reach_every_pair_that_fits():
    chances = sampling_chances(np.ones(4), 2, floor=1)
    rng = np.random.default_rng(7)

    pairs = {tuple(draw_rows(chances, rng)) for _ in range(300)}

    assert pairs == set(itertools.combinations(range(4), 2))
