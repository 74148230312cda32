"""Columns too long to sort, against sorting them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.stats.grids import N_CELLS, LinearGrid, LogGrid, fitting_grid
from trimtab.stats.numbers import compare_numbers
from trimtab.stats.pooled import Pooled, largest_gap
from trimtab.stats.transport import normalised_wasserstein
from trimtab.stats.two_sample import ks_test, largest_gap_of_sorted

N = 60_000


def zero_often(rng, n):
    return np.where(rng.random(n) < 0.7, 0.0, rng.exponential(size=n))


SHAPES = {
    "normal": lambda rng, n: rng.normal(size=n),
    "far from zero": lambda rng, n: 1.7e15 + rng.integers(0, 10**12, n).astype(float),
    "skewed": lambda rng, n: rng.lognormal(0, 4, n),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    "zero often": zero_often,
    "counts": lambda rng, n: rng.poisson(3, n).astype(float),
    "whole": lambda rng, n: rng.integers(0, 3000, n).astype(float),
    "rounded": lambda rng, n: rng.normal(size=n).round(1),
    "one value": lambda rng, n: np.full(n, 0.1),
    "a sentinel": lambda rng, n: np.where(rng.random(n) < 0.2, -999.0, rng.normal(size=n)),
    "denormal": lambda rng, n: rng.integers(0, 50, n) * 5e-324,
    "both zeros": lambda rng, n: rng.choice([-0.0, 0.0, 1.0, -1.0], n),
    "infinite": lambda rng, n: np.where(rng.random(n) < 0.01, np.inf, rng.normal(size=n)),
    "nearly the largest": lambda rng, n: rng.uniform(-1, 1, n) * 1.7e308,
    "two narrow peaks": lambda rng, n: rng.normal(size=n) * 1e-6 + rng.choice([0, 1e9], n),
    "sorted": lambda rng, n: np.sort(rng.normal(size=n)),
}


def sorted_gap(a, b):
    return largest_gap_of_sorted(np.sort(a), np.sort(b))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("m", [N, 4_001])
def test_the_largest_gap_is_exact_without_sorting(shape, m):
    rng = np.random.default_rng(len(shape))
    a, b = SHAPES[shape](rng, N), SHAPES[shape](rng, m)

    assert largest_gap(a, b) == sorted_gap(a, b)


@pytest.mark.parametrize("one", ["normal", "zero often", "a sentinel", "one value", "infinite"])
@pytest.mark.parametrize("other", ["skewed", "cauchy", "counts", "rounded", "both zeros"])
def test_the_largest_gap_of_different_shapes_is_exact(one, other):
    rng = np.random.default_rng(1)
    a, b = SHAPES[one](rng, N), SHAPES[other](rng, N)

    assert largest_gap(a, b) == sorted_gap(a, b)
    assert largest_gap(b, a) == sorted_gap(a, b)


@settings(max_examples=150, deadline=None)
@given(
    a=st.lists(st.floats(allow_nan=False) | st.integers(-3, 3), min_size=1, max_size=50),
    b=st.lists(st.floats(allow_nan=False) | st.integers(-3, 3), min_size=1, max_size=50),
)
def test_the_largest_gap_of_any_values_is_exact(a, b):
    x, y = np.array(a, dtype=float), np.array(b, dtype=float)

    assert largest_gap(x, y) == sorted_gap(x, y)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_grid_never_reverses_two_values(shape):
    values = np.sort(SHAPES[shape](np.random.default_rng(0), 5_000))
    seen = np.unique(values[np.isfinite(values)])
    grids = [fitting_grid(seen), LinearGrid(-1.0, 3e4), LogGrid(0.5, 0.25, 44, 0x3FD00, 9_000)]
    for grid in grids:
        cells = grid.cells(values)

        assert (np.diff(cells) >= 0).all()
        assert cells.min() >= 0
        assert cells.max() < N_CELLS


@pytest.mark.parametrize("shape", ["normal", "skewed", "cauchy"])
def test_cells_lie_between_their_edges(shape):
    values = SHAPES[shape](np.random.default_rng(0), 5_000)
    grid = fitting_grid(np.unique(values))
    cells, edges = grid.cells(values), grid.edges()
    inner = (cells > 0) & (cells < N_CELLS - 1)
    room = 1e-9 * (np.abs(values) + 1)

    assert inner.mean() > 0.98
    assert (edges[cells] <= values + room)[inner].all()
    assert (values <= edges[cells + 1] + room)[inner].all()


def test_few_values_are_sorted_where_many_lie_close():
    rng = np.random.default_rng(2)
    for shape in ("skewed", "cauchy", "zero often", "counts"):
        pooled = Pooled.of(SHAPES[shape](rng, 200_000), SHAPES[shape](rng, 200_000))
        opened = pooled.opened(pooled.hiding(pooled.gaps()))

        assert opened.reference.others.size + opened.current.others.size < 40_000


@pytest.mark.parametrize("shape", [s for s in SHAPES if s not in ("infinite", "denormal")])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_numbers_compared_without_sorting_are_those_of_sorted_columns(shape, shift):
    rng = np.random.default_rng(3)
    a, b = SHAPES[shape](rng, N), SHAPES[shape](rng, N + 1) + shift
    found = compare_numbers(a, b)
    with np.errstate(over="ignore", invalid="ignore"):
        exact = normalised_wasserstein(a, b)

    assert found.ks == ks_test(a, b)
    assert found.median_reference == pytest.approx(
        float(np.sort(a)[N // 2 - 1 : N // 2 + 1].sum()) / 2
    )
    assert found.median_current == np.sort(b)[N // 2]
    spread = found.deviation_reference
    if np.isfinite(exact) and spread > 1e-9 * abs(found.mean_reference):
        rounding = 1e-9 * (1 + np.abs(a).max() / spread)
        assert abs(found.moved - exact) <= found.moved_error + rounding
    assert sum(found.shares_reference) == pytest.approx(1)
    assert sum(found.shares_current) == pytest.approx(1)
    assert 1 <= len(found.shares_current) == len(found.edges) - 1 <= 24
