import numpy as np
import pytest
from scipy.spatial.distance import cdist

from trimtab.stats.neighbours import NearestError, NearestNeighbours


@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("columns", [1, 3, 40])
def test_neighbours_are_those_of_a_full_matrix_of_distances(k, columns):
    rng = np.random.default_rng((k, columns))
    rows, queries = rng.normal(size=(5_000, columns)), rng.normal(size=(1_100, columns)) + 50
    near = NearestNeighbours(queries - 50, k=k)
    for start in range(0, 5_000, 1_777):
        near.add(rows[start : start + 1_777])
    distances = cdist(queries - 50, rows)
    expected = np.argsort(distances, axis=1, kind="stable")[:, :k]
    assert near.n_rows == 5_000
    assert np.array_equal(near.indices, expected)
    assert np.allclose(near.distances, np.take_along_axis(distances, expected, axis=1))


def test_far_from_the_origin_neighbours_stay_exact():
    rng = np.random.default_rng(1)
    rows, queries = rng.normal(size=(800, 5)) + 1e6, rng.normal(size=(90, 5)) + 1e6
    near = NearestNeighbours(queries)
    near.add(rows)
    assert np.array_equal(near.indices[:, 0], cdist(queries, rows).argmin(axis=1))


def test_of_equal_rows_in_two_batches_the_first_is_kept():
    near = NearestNeighbours([[1.0, 1.0]], k=2)
    near.add([[9.0, 9.0], [1.0, 2.0]])
    near.add([[1.0, 0.0], [1.0, 2.0], [1.0, 1.0]])
    assert near.indices.tolist() == [[4, 1]]


def test_fewer_rows_than_neighbours():
    near = NearestNeighbours([[0.0]], k=3)
    near.add([[2.0], [1.0]])
    assert near.indices.tolist() == [[1, 0, -1]]
    assert near.distances.tolist() == [[1.0, 2.0, np.inf]]


def test_a_label_put_right_changes_the_error_as_a_new_count_would():
    rng = np.random.default_rng(2)
    rows, queries = rng.normal(size=(300, 4)), rng.normal(size=(200, 4))
    labels, truth = rng.integers(0, 3, 300), rng.integers(0, 3, 200)
    live = NearestError(queries, truth)
    live.add(rows[:100], labels[:100])
    live.add(rows[100:], labels[100:])
    nearest = cdist(queries, rows).argmin(axis=1)
    assert live.error == (labels[nearest] != truth).mean()
    for row in rng.integers(0, 300, 50):
        labels[row] = (labels[row] + 1) % 3
        live.relabel_row(int(row), int(labels[row]))
        assert live.error == (labels[nearest] != truth).mean()
    truth = truth.copy()
    truth[7] = 2
    live.relabel_query(7, 2)
    assert live.error == (labels[nearest] != truth).mean()


def test_before_the_first_batch_nothing_is_known():
    assert NearestError([[0.0]], [1]).error == 1.0


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


def test_no_neighbour_is_refused():
    with pytest.raises(ValueError, match="`k` of 1"):
        NearestNeighbours([[0.0]], k=0)
