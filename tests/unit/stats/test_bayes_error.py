import numpy as np
import pytest

from trimtab.stats.bayes_error import cover_hart, cover_hart_ceiling, crossed_minimum
from trimtab.stats.class_noise import clean_error_limits
from trimtab.stats.label_noise import (
    clean_error,
    noise_sweep,
    noisy_error,
    wrong_share_from_repeats,
)


def chances(rng, n_points, n_classes, sharpness):
    """Return the chance of each class at points of a discrete world, and the points' chances."""
    posterior = rng.dirichlet(np.full(n_classes, sharpness), size=n_points)
    return posterior, rng.dirichlet(np.ones(n_points))


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("sharpness", [0.05, 0.5, 5.0])
def test_the_bound_holds_in_worlds_whose_errors_can_be_summed(n_classes, sharpness):
    rng = np.random.default_rng((n_classes, int(sharpness * 100)))
    for _ in range(200):
        posterior, weights = chances(rng, 20, n_classes, sharpness)
        bayes = float(weights @ (1 - posterior.max(axis=1)))
        # with infinitely many rows the nearest lies at the same point
        nearest = float(weights @ (1 - (posterior**2).sum(axis=1)))
        assert cover_hart(nearest, n_classes) <= bayes + 1e-12
        assert bayes <= nearest <= cover_hart_ceiling(bayes, n_classes) + 1e-12


def test_the_bound_is_exact_where_all_points_are_equally_hard():
    posterior = np.array([0.7, 0.1, 0.1, 0.1])
    assert cover_hart(1 - float((posterior**2).sum()), 4) == pytest.approx(0.3)


def test_the_two_forms_of_the_formula_agree():
    for error in np.linspace(0, 0.9, 10):
        root = np.sqrt(max(0.0, 1 - 10 * error / 9))
        assert cover_hart(error, 10) == pytest.approx(error / (1 + root))
        assert cover_hart_ceiling(cover_hart(error, 10), 10) == pytest.approx(error)


def test_an_error_worse_than_a_guess_is_that_of_a_guess():
    assert cover_hart(0.97, 2) == 0.5
    assert clean_error(0.9, 0.6, 2) == 0.5
    # as many wrong labels as a guess makes, and an error below it: both cannot be
    assert clean_error(0.3, 0.6, 2) == 0.0


@pytest.mark.parametrize("n_classes", [2, 5])
def test_even_noise_adds_what_the_formula_says(n_classes):
    rng = np.random.default_rng(n_classes)
    posterior, weights = chances(rng, 50, n_classes, 0.3)
    bayes = float(weights @ (1 - posterior.max(axis=1)))
    wrong = 0.3
    matrix = np.full((n_classes, n_classes), wrong / (n_classes - 1))
    np.fill_diagonal(matrix, 1 - wrong)
    noisy = float(weights @ (1 - (posterior @ matrix).max(axis=1)))
    assert noisy_error(bayes, wrong, n_classes) == pytest.approx(noisy)
    assert clean_error(noisy, wrong, n_classes) == pytest.approx(bayes)
    assert clean_error_limits(noisy, matrix) == pytest.approx((bayes, bayes))


@pytest.mark.parametrize("n_classes", [2, 3, 6])
def test_limits_for_uneven_noise_hold_in_random_worlds(n_classes):
    rng = np.random.default_rng((n_classes, 5))
    widths = []
    for _ in range(400):
        posterior, weights = chances(rng, 15, n_classes, rng.choice([0.05, 0.5, 2.0]))
        noise = rng.dirichlet(np.ones(n_classes), size=n_classes) * rng.uniform(0, 0.6)
        matrix = noise + np.diag(1 - noise.sum(axis=1))
        bayes = float(weights @ (1 - posterior.max(axis=1)))
        noisy = float(weights @ (1 - (posterior @ matrix).max(axis=1)))
        low, high = clean_error_limits(noisy, matrix)
        assert low - 1e-12 <= bayes <= high + 1e-12
        widths.append(high - low)
    assert min(widths) < 0.1


def test_the_minimum_of_many_equal_choices_is_not_optimistic():
    rng = np.random.default_rng(0)
    plain, crossed = [], []
    for _ in range(300):
        losses = rng.random((20, 200)) < 0.3
        plain.append(losses.mean(axis=1).min())
        crossed.append(crossed_minimum(losses))
    assert np.mean(plain) < 0.25
    assert abs(np.mean(crossed) - 0.3) < 0.006


def test_a_choice_that_is_plainly_best_keeps_its_error():
    losses = np.vstack([np.arange(100) % 10 == 0, np.ones(100)])
    assert crossed_minimum(losses) == pytest.approx(0.1)


def test_a_sweep_finds_an_estimate_pessimistic_by_what_it_is():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 10, 20_000)
    near = np.where(rng.random(20_000) < 0.3, rng.integers(0, 10, 20_000), truth)
    sweep = noise_sweep(near, truth, n_classes=10, best_error=0.02)
    start = cover_hart(float((near != truth).mean()), 10)
    # the excess shrinks in proportion to the labels left: half of it on average
    assert sweep.too_high == pytest.approx((start - 0.02) / 2, abs=0.01)
    assert sweep.too_low < 0.005
    assert sweep.to_dict()["estimates"][0] == pytest.approx(start)


def test_estimates_of_the_authors_move_with_noise_as_the_formula_says():
    """Published estimates for CIFAR-10 at labels replaced with probability 0, 0.2 and 0.4."""
    for replaced, published in ((0.2, 0.2209), (0.4, 0.3857)):
        assert noisy_error(0.0518, replaced * 0.9, 10) == pytest.approx(published, abs=0.006)


def test_two_labellers_tell_how_often_each_is_wrong():
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 5, 100_000)
    sides = [
        np.where(rng.random(truth.size) < 0.2, (truth + rng.integers(1, 5, truth.size)) % 5, truth)
        for _ in range(2)
    ]
    assert wrong_share_from_repeats(sides[0], sides[1], 5) == pytest.approx(0.2, abs=0.005)


@pytest.mark.parametrize(
    "call",
    [
        lambda: cover_hart(1.2, 2),
        lambda: cover_hart(0.2, 1),
        lambda: clean_error_limits(0.1, [[0.9, 0.2], [0.1, 0.9]]),
        lambda: clean_error_limits(0.1, [[1.0]] * 2),
        lambda: crossed_minimum([[0.0]]),
        lambda: wrong_share_from_repeats([0, 1], [0], 2),
    ],
)
def test_arguments_that_no_data_could_make_right_are_refused(call):
    with pytest.raises(ValueError, match="expected"):
        call()
