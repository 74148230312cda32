import numpy as np
import pytest

from trimtab.stats import mean_embedding, mean_embedding_test
from trimtab.stats.multivariate import relabellings


def by_pairs(rows, labels):
    """Return the unbiased squared distance of means from products of different rows."""
    products = rows @ rows.T
    inside, outside = products[np.ix_(labels, labels)], products[np.ix_(~labels, ~labels)]
    n, m = len(inside), len(outside)
    return (
        (inside.sum() - np.trace(inside)) / (n * (n - 1))
        + (outside.sum() - np.trace(outside)) / (m * (m - 1))
        - 2 * products[np.ix_(labels, ~labels)].mean()
    )


@pytest.mark.parametrize("chunk", [1 << 22, 700])
def test_statistic_and_p_value_are_those_of_brute_force(chunk, monkeypatch):
    monkeypatch.setattr(mean_embedding, "_CHUNK_ELEMENTS", chunk)
    rng = np.random.default_rng(0)
    x, y = rng.normal(5, 3, size=(60, 90)), rng.normal(5.2, 3, size=(25, 90))
    pooled = np.vstack([x, y])
    rows = (pooled - pooled.mean(axis=0)) / pooled.std(axis=0)
    expected = np.array([by_pairs(rows, row) for row in relabellings(60, 25, 99, seed=1)])
    found = mean_embedding_test(x, y, permutations=99, seed=1)

    assert found.statistic == pytest.approx(expected[0], rel=1e-9)
    assert found.p_value == pytest.approx((expected >= expected[0]).mean())


@pytest.mark.parametrize("shift", [0.3, 1.0])
def test_the_effect_of_a_shift_is_its_length_in_standard_deviations(shift):
    rng = np.random.default_rng(1)
    direction = rng.normal(size=10)
    direction *= shift / np.linalg.norm(direction)
    x, y = rng.normal(size=(4_000, 10)), rng.normal(size=(4_000, 10)) + direction

    assert mean_embedding_test(x, y).effect_size == pytest.approx(shift, abs=0.05)


def test_a_change_of_spread_is_not_seen_as_the_page_says():
    rng = np.random.default_rng(2)

    assert mean_embedding_test(
        rng.normal(size=(300, 8)), 2 * rng.normal(size=(300, 8))
    ).p_value > (0.02)


def test_the_unit_of_a_column_does_not_matter():
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(50, 4)), rng.normal(size=(40, 4))
    units = np.array([1e-6, 1.0, 1e3, 1e9])
    plain, scaled = mean_embedding_test(x, y), mean_embedding_test(x * units, y * units)

    assert scaled.statistic == pytest.approx(plain.statistic)
    assert scaled.p_value == plain.p_value
