import importlib.util

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from trimtab.stats import neighbours, score_blocks
from trimtab.stats.neighbours import NearestNeighbours
from trimtab.stats.score_blocks import gpu_blocks, torch_blocks


@pytest.mark.parametrize("columns", [1, 3, 40])
def test_neighbours_are_those_of_a_full_matrix_of_distances(columns):
    rng = np.random.default_rng(columns)
    rows, queries = rng.normal(size=(5_000, columns)), rng.normal(size=(1_100, columns)) + 50
    near = NearestNeighbours(queries - 50)
    for start in range(0, 5_000, 1_777):
        near.add(rows[start : start + 1_777])
    distances = cdist(queries - 50, rows)
    assert near.n_rows == 5_000
    assert np.array_equal(near.indices, distances.argmin(axis=1))
    assert np.allclose(near.distances, distances.min(axis=1))


def test_far_from_the_origin_neighbours_stay_exact():
    rng = np.random.default_rng(1)
    rows, queries = rng.normal(size=(800, 5)) + 1e6, rng.normal(size=(90, 5)) + 1e6
    near = NearestNeighbours(queries)
    near.add(rows)
    assert np.array_equal(near.indices, cdist(queries, rows).argmin(axis=1))


def test_of_equal_rows_in_two_batches_the_first_is_kept():
    near = NearestNeighbours([[1.0, 1.0], [8.0, 9.0]])
    near.add([[9.0, 9.0], [1.0, 2.0]])
    near.add([[1.0, 0.0], [7.0, 9.0], [1.0, 2.0]])
    assert near.indices.tolist() == [1, 0]


def test_of_two_rows_as_near_as_each_other_the_first_is_kept():
    # in one batch, and not equal: rounding leaves both in doubt
    near = NearestNeighbours([[0.0, 0.0], [1.0, 1.0]])
    near.add([[3.0, 4.0], [4.0, 3.0], [-5.0, 0.0]])
    assert near.indices.tolist() == [0, 0]
    assert near.distances.tolist() == [5.0, np.hypot(2, 3)]


def test_without_a_row_there_is_no_neighbour():
    near = NearestNeighbours([[0.0]])
    assert near.indices.tolist() == [-1]
    assert near.distances.tolist() == [np.inf]


def test_of_many_equal_rows_the_first_is_named():
    rng = np.random.default_rng(2)
    rows, queries = rng.integers(0, 3, (3_000, 3)) / 1.0, rng.integers(0, 4, (300, 3)) / 1.0
    near = NearestNeighbours(queries)
    near.add(rows[:1_000])
    near.add(rows[1_000:])
    assert np.array_equal(near.indices, cdist(queries, rows).argmin(axis=1))


@pytest.mark.parametrize("kind", ["normal", "few values", "far out"])
def test_by_torch_the_answer_is_the_same(kind, monkeypatch):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(len(kind))
    rows, queries = rng.normal(size=(9_000, 6)), rng.normal(size=(5_000, 6))
    if kind == "few values":
        rows, queries = rows.round(1), queries.round(1)
    elif kind == "far out":
        rows, queries = rows + 1e4, queries + 1e4
    by_numpy = NearestNeighbours(queries)
    by_numpy.add(rows)
    # a GPU where there is one, or else the same code on the processor
    device = "cuda" if torch.cuda.is_available() else "cpu"
    monkeypatch.setattr(neighbours, "gpu_blocks", lambda left: torch_blocks(left, device))
    # the caller's choice of precision neither harms nor is lost
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    by_torch = NearestNeighbours(queries)
    by_torch.add(rows)
    kept = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(before)
    assert kept == "medium"
    assert np.array_equal(by_torch.indices, by_numpy.indices)
    assert np.array_equal(by_torch.distances, by_numpy.distances)


def test_without_a_gpu_numpy_does_it():
    torch = importlib.util.find_spec("torch") and pytest.importorskip("torch")
    if torch and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert gpu_blocks(np.zeros((2, 2), dtype=np.float32)) is None


def test_where_others_fill_the_gpu_numpy_does_it(monkeypatch):
    class Full:
        queries, rows = 4, 4

        def __init__(self, left, device):
            pass

        def load(self, right):
            return right

        def scores(self, some, right):
            raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(score_blocks, "_has_gpu", lambda: True)
    monkeypatch.setattr(score_blocks, "torch_blocks", Full)
    assert gpu_blocks(np.zeros((2, 2), dtype=np.float32)) is None


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([[1.0, 2.0]], "1 columns, got 2"),
        ([1.0], "rows and columns"),
        ([[np.nan]], "finite numbers"),
        ([[1e30]], "finite numbers"),
    ],
)
def test_rows_that_do_not_fit_are_refused(rows, words):
    with pytest.raises(ValueError, match=words):
        NearestNeighbours([[0.0]]).add(rows)


def test_rows_of_no_columns_are_all_alike():
    near = NearestNeighbours(np.zeros((2, 0)))
    near.add(np.zeros((3, 0)))

    assert near.indices.tolist() == [0, 0]
    assert near.distances.tolist() == [0.0, 0.0]
