import numpy as np
import pytest

from trimtab.stats.learning_curve import NearestCurve, fit_curve, nearest_curve
from trimtab.stats.neighbours import NearestNeighbours


def power_law(limit, rise, exponent, *, sd=1e-5, slowest=0.1):
    sizes = np.array([125, 250, 500, 1_000, 2_000, 4_000])
    errors = limit + rise * (sizes / 4_000) ** -exponent
    return NearestCurve(sizes, errors, np.eye(6) * sd**2, slowest)


@pytest.mark.parametrize(("exponent", "rise"), [(0.2, 0.05), (0.5, 0.05), (1.0, 0.008)])
def test_a_power_law_is_found_again(exponent, rise):
    fit = fit_curve(power_law(0.12, rise, exponent, sd=1e-3))
    assert fit.asymptote.contains(0.12)
    assert fit.asymptote.estimate == pytest.approx(0.12, abs=0.01)
    later = fit.limits[0] + fit.rises[0] * 16 ** -fit.exponents[0]
    assert later == pytest.approx(0.12 + rise * 16**-exponent, abs=0.005)


def test_rows_for_a_level_are_those_of_the_law():
    fit = fit_curve(power_law(0.1, 0.08, 0.5, sd=0.002))
    best, fewest, most = fit.rows_for(0.14)
    assert fewest <= 16_000 <= most
    assert best == pytest.approx(16_000, rel=0.2)
    assert fit.rows_for(0.02) == (np.inf, np.inf, np.inf)


def test_more_dimensions_leave_more_possible():
    low = [
        fit_curve(power_law(0.2, 0.005, 0.5, sd=0.005, slowest=slowest)).asymptote.low
        for slowest in (0.5, 0.1, 0.02)
    ]
    assert low[0] > low[1] > low[2]


def test_noise_leaves_more_possible():
    widths = [fit_curve(power_law(0.2, 0.05, 0.5, sd=sd)).asymptote.width for sd in (1e-4, 0.01)]
    assert widths[0] < widths[1]


def test_two_sizes_say_nothing_of_the_limit():
    fit = fit_curve(NearestCurve(np.array([10, 20]), np.array([0.3, 0.2]), np.eye(2), 0.5))
    assert (fit.asymptote.low, fit.asymptote.high) == (0.0, 1.0)


def test_the_covariance_is_that_of_errors_over_many_draws():
    rng = np.random.default_rng(0)
    sizes, errors, covariances = [50, 100, 200, 400], [], []
    for _ in range(400):
        rows, queries = rng.normal(size=(400, 2)), rng.normal(size=(300, 2))
        labels = (rng.random(400) < 0.3 + 0.4 * (rows[:, 0] > 0)).astype(int)
        truth = (rng.random(300) < 0.3 + 0.4 * (queries[:, 0] > 0)).astype(int)
        near = NearestNeighbours(queries)
        nearest, distances, before = [], [], 0
        for size in sizes:
            near.add(rows[before:size])
            before = size
            nearest.append(near.indices)
            distances.append(near.distances)
        curve = nearest_curve(sizes, nearest, distances, labels, truth)
        errors.append(curve.errors)
        covariances.append(curve.covariance)
    seen, said = np.cov(np.array(errors).T), np.mean(covariances, axis=0)
    assert np.diag(said) == pytest.approx(np.diag(seen), rel=0.25)
    # queries alone would say less: with 50 rows for 300 queries half of the variance is the rows'
    assert seen[0, 0] > 1.5 * 0.5**2 / 300


def test_the_slowest_fall_is_that_of_the_distances():
    rng = np.random.default_rng(1)
    sizes = [1_000, 2_000, 4_000, 8_000]
    rows, queries = rng.random((8_000, 3)), rng.random((500, 3))
    near, before, nearest, distances = NearestNeighbours(queries), 0, [], []
    for size in sizes:
        near.add(rows[before:size])
        before = size
        nearest.append(near.indices)
        distances.append(near.distances)
    labels, truth = np.zeros(8_000, dtype=int), np.zeros(500, dtype=int)
    curve = nearest_curve(sizes, nearest, distances, labels, truth)
    assert 1 / curve.slowest == pytest.approx(3, abs=0.4)
