import numpy as np
import pytest

from trimtab.stats.distinct import (
    estimated_distinct,
    merged_hashes,
    relative_error,
    smallest_hashes,
)

# regular numbers are where a weak hash would show
SETS = {
    "whole": lambda n: np.arange(n) + 1.0,
    "multiples of 0.01": lambda n: np.arange(n) * 0.01,
    "multiples of 0.1, negative": lambda n: -np.arange(n) * 0.1,
    "seconds": lambda n: 1.7e15 + np.arange(n) * 1e6,
    "days": lambda n: 1.7e15 + np.arange(n) * 86_400e6,
    "powers of two apart": lambda n: np.arange(n) * 4096.0,
    "float32": lambda n: np.random.default_rng(5).normal(size=n).astype(np.float32).astype(float),
    "squares": lambda n: np.arange(n, dtype=float) ** 2,
    "normal": lambda n: np.random.default_rng(6).normal(size=n),
}


@pytest.mark.parametrize("n", [20_000, 100_000, 700_000])
@pytest.mark.parametrize("name", SETS)
def test_the_estimate_is_within_four_standard_errors(name, n):
    values = SETS[name](n)
    exact = np.unique(values).size

    assert estimated_distinct(smallest_hashes(values)) == pytest.approx(
        exact, rel=4 * relative_error()
    )


def test_the_relative_error_is_as_stated():
    random = np.random.default_rng(7)
    ratios = [
        estimated_distinct(smallest_hashes(random.normal(size=10_000))) / 10_000
        for _ in range(400)
    ]

    assert np.mean(ratios) == pytest.approx(1, abs=4 * relative_error() / 20)
    assert np.std(ratios) == pytest.approx(relative_error(), rel=0.15)


def test_repeats_and_order_do_not_matter():
    values = np.random.default_rng(8).normal(size=50_000)
    shuffled = np.random.default_rng(9).permutation(np.concatenate([values, values]))
    parts = [smallest_hashes(part) for part in np.array_split(shuffled, 7)]

    whole = smallest_hashes(values)
    known = None
    for part in np.array_split(shuffled, 7):
        known = smallest_hashes(part, known=known)
    together = parts[0]
    for part in parts[1:]:
        together = merged_hashes(together, part)

    assert np.array_equal(whole, known)
    assert np.array_equal(whole, together)


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
def test_large_integers_are_told_apart_and_small_ones_are_floats(kind):
    large = np.arange(2**60, 2**60 + 200).astype(kind)
    assert estimated_distinct(smallest_hashes(large)) == 200
    small = np.arange(200).astype(kind)
    assert np.array_equal(smallest_hashes(small), smallest_hashes(small.astype(np.float64)))
