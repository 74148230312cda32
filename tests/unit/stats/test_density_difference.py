import numpy as np
import pytest
from scipy.spatial.distance import cdist

from trimtab.stats import lsdd
from trimtab.stats.multivariate import relabellings


def test_statistic_and_p_value_are_those_of_the_formula():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(70, 3)), rng.normal(0.3, size=(50, 3))
    pooled = np.vstack([x, y])  # fewer rows than centres: every row is one
    overlaps = np.exp(-(cdist(pooled, pooled) ** 2) / (4 * 1.3**2))
    bumps = np.exp(-(cdist(pooled, pooled) ** 2) / (2 * 1.3**2))

    def by_formula(labels):
        h = bumps[labels].mean(axis=0) - bumps[~labels].mean(axis=0)
        theta = np.linalg.solve(overlaps + 0.05 * np.eye(120), h)
        return 2 * theta @ h - theta @ overlaps @ theta

    expected = np.array([by_formula(row) for row in relabellings(70, 50, 99, seed=2)])
    found = lsdd(x, y, permutations=99, seed=2, bandwidth=1.3, regularisation=0.05)

    assert found.statistic == pytest.approx(expected[0], rel=1e-9)
    assert found.p_value == pytest.approx((expected >= expected[0]).mean())


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
def test_on_normal_rows_it_is_the_integral_in_closed_form(shift):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(40_000, 1)), rng.normal(shift, size=(40_000, 1))
    found = lsdd(x, y, bandwidth=0.5, regularisation=1e-3, permutations=20)
    integral = (1 - np.exp(-(shift**2) / 4)) / np.sqrt(np.pi)

    assert found.statistic / np.sqrt(np.pi * 0.5**2) == pytest.approx(integral, rel=0.1)
    assert found.effect_size == pytest.approx(1 - np.exp(-(shift**2) / 4), rel=0.1)


def test_samples_that_share_nothing_are_at_the_end_of_the_scale():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(500, 2)), rng.normal(50, size=(300, 2))

    assert lsdd(x, y, bandwidth=1.0).effect_size == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("d", [300, 2_000])
def test_hundreds_of_columns_neither_overflow_nor_underflow(d):
    rng = np.random.default_rng(3)
    found = lsdd(rng.normal(size=(60, d)), rng.normal(0.2, size=(60, d)))

    assert 1e-6 < found.statistic < 10
    assert found.p_value == pytest.approx(1 / 101)


def test_settings_out_of_range_are_refused():
    rows = np.zeros((3, 1))

    with pytest.raises(ValueError, match="expected a finite `bandwidth` above 0, got 0"):
        lsdd(rows, rows, bandwidth=0)
    with pytest.raises(ValueError, match="expected `regularisation` above 0, got 0"):
        lsdd(rows, rows, regularisation=0)
