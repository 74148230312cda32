import itertools
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.stats import certain_events, certain_rows
from trimtab.stats.certain import certain_predictions


def predicted(world, labels, query, k):
    """Return the class that the definition gives, in whole numbers."""
    order = sorted(
        (sum((a - b) ** 2 for a, b in zip(row, query, strict=True)), i)
        for i, row in enumerate(world)
    )
    votes = [0] * (max(labels) + 1)
    for _, row in order[:k]:
        votes[labels[row]] += 1
    return votes.index(max(votes))


def by_enumeration(candidates, labels, queries, k):
    """Return how many worlds predict each class for each query."""
    counts = np.zeros((len(queries), max(labels) + 1))
    for world in itertools.product(*candidates):
        for i, query in enumerate(queries):
            counts[i, predicted(world, labels, query, k)] += 1
    return counts


@st.composite
def small_cases(draw):
    """Whole coordinates in a small box, so that most distances tie."""
    n_features, n_classes = draw(st.integers(1, 2)), draw(st.integers(2, 5))
    point = st.tuples(*[st.integers(0, 3)] * n_features)
    rows = draw(st.lists(st.lists(point, min_size=1, max_size=4), min_size=1, max_size=7))
    while prod(len(row) for row in rows) > 300:
        rows = rows[:-1]
    labels = draw(st.lists(st.integers(0, n_classes - 1), min_size=len(rows), max_size=len(rows)))
    queries = draw(st.lists(point, min_size=1, max_size=3))
    return rows, labels, queries, draw(st.integers(1, min(5, len(rows))))


@settings(max_examples=2000, deadline=None)
@given(small_cases())
def test_fractions_are_those_of_all_worlds_enumerated(case):
    candidates, labels, queries, k = case
    counts = by_enumeration(candidates, labels, queries, k)
    total = prod(len(row) for row in candidates)

    found = certain_predictions(candidates, labels, queries, k=k)

    np.testing.assert_allclose(found, counts / total, atol=1e-13)
    np.testing.assert_array_equal(found == 1, counts == total)
    np.testing.assert_array_equal(found == 0, counts == 0)


@pytest.mark.parametrize("k", [6, 7, 9])
def test_many_neighbours_and_five_classes_agree_with_enumeration(k):
    rng = np.random.default_rng(k)
    candidates = [rng.integers(0, 4, (rng.integers(1, 4), 2)).tolist() for _ in range(9)]
    labels = [0, 1, 2, 3, 4, 0, 1, 2, 3]
    queries = rng.integers(0, 4, (2, 2)).tolist()
    total = prod(len(row) for row in candidates)

    found = certain_predictions(candidates, labels, queries, k=k)

    want = by_enumeration(candidates, labels, queries, k) / total
    np.testing.assert_allclose(found, want, atol=1e-13)


def test_a_world_each_makes_it_the_plain_classifier():
    rng = np.random.default_rng(0)
    values, queries = rng.normal(size=(300, 4)), rng.normal(size=(50, 4))
    labels = rng.integers(0, 3, 300)

    found = certain_predictions(values[:, None], labels, queries, k=5)

    distance = np.linalg.norm(values[None] - queries[:, None], axis=2)
    near = labels[np.argsort(distance, axis=1)[:, :5]]
    votes = (near[..., None] == np.arange(3)).sum(axis=1)
    np.testing.assert_array_equal(found.argmax(axis=1), votes.argmax(axis=1))
    assert (found.max(axis=1) == 1).all()


def test_hundreds_of_uncertain_rows_agree_with_random_worlds():
    rng = np.random.default_rng(3)
    candidates, labels = list(rng.normal(size=(200, 6, 3))), rng.integers(0, 3, 200)
    query, n_worlds = rng.normal(size=(1, 3)), 20_000
    distance = ((np.array(candidates) - query) ** 2).sum(axis=2)
    picked = distance[np.arange(200), rng.integers(0, 6, (n_worlds, 200))]
    votes = (labels[np.argsort(picked, axis=1)[:, :3]][..., None] == np.arange(3)).sum(axis=1)
    shares = np.bincount(votes.argmax(axis=1), minlength=3) / n_worlds

    found = certain_predictions(candidates, labels, query, k=3)[0]

    assert found.sum() == pytest.approx(1, abs=1e-12)
    assert np.abs(found - shares).max() < 4 * np.sqrt(0.25 / n_worlds)


def test_a_class_that_wins_in_one_world_of_more_than_floats_can_count_is_not_impossible():
    # class 1 wins only if every one of 500 rows takes the one candidate of four that is far
    near, far = [0.0], [10.0]
    candidates = [[near, near, near, far]] * 500 + [[[5.0]]]
    labels = [0] * 500 + [1]

    found = certain_predictions(candidates, labels, [[0.0]], k=1)[0]

    assert 0 < found[1] < 1e-290
    assert found[0] < 1


def test_a_wide_tie_is_decided_by_row_and_then_by_class():
    candidates = [[[1.0]], [[-1.0]], [[1.0], [2.0]]]

    np.testing.assert_array_equal(
        certain_predictions(candidates, [2, 1, 0], [[0.0]], k=2), [[0, 1, 0]]
    )
    np.testing.assert_array_equal(
        certain_predictions(candidates, [2, 1, 0], [[0.0]], k=1), [[0, 0, 1]]
    )


def test_blocks_and_batches_leave_no_trace(monkeypatch):
    rng = np.random.default_rng(4)
    candidates = [rng.integers(0, 5, (rng.integers(1, 4), 2)) for _ in range(30)]
    labels, queries = rng.integers(0, 3, 30), rng.integers(0, 5, (17, 2))
    whole = certain_predictions(candidates, labels, queries, k=3)

    monkeypatch.setattr(certain_rows, "_NUMBERS_AT_ONCE", 100)
    monkeypatch.setattr(certain_events, "_EVENTS_AT_ONCE", 1)

    np.testing.assert_array_equal(certain_predictions(candidates, labels, queries, k=3), whole)


def test_no_queries_give_no_answers():
    assert certain_predictions([[[1.0]]], [2], np.zeros((0, 1)), k=1).shape == (0, 3)


@pytest.mark.parametrize(
    ("candidates", "labels", "queries", "k", "message"),
    [
        ([], [], [[0.0]], 1, "at least one row"),
        ([[[0.0]], [[1.0, 2.0]]], [0, 1], [[0.0]], 1, "for row 1"),
        ([[[0.0]], np.zeros((0, 1))], [0, 1], [[0.0]], 1, "for row 1"),
        ([[0.0]], [0], [[0.0]], 1, "for row 0"),
        ([[[0.0]], [[np.nan]]], [0, 1], [[0.0]], 1, "finite `candidates`"),
        ([[[0.0]], [[1.0]]], [0], [[0.0]], 1, "expected 2 rows of `labels`, got 1"),
        ([[[0.0]], [[1.0]]], [0, -1], [[0.0]], 1, "column indices"),
        ([[[0.0]], [[1.0]]], [0, 0.5], [[0.0]], 1, "column indices"),
        ([[[0.0]], [[1.0]]], ["a", "b"], [[0.0]], 1, "whole numbers"),
        ([[[0.0]], [[1.0]]], [0, 1], [0.0], 1, r"shape \(n, 1\)"),
        ([[[0.0]], [[1.0]]], [0, 1], [[np.inf]], 1, "finite `queries`"),
        ([[[0.0]], [[1.0]]], [0, 1], [[0.0]], 3, "from 1 to the 2 rows, got 3"),
        ([[[0.0]], [[1.0]]], [0, 1], [[0.0]], 0, "from 1 to the 2 rows, got 0"),
        ([[[0.0]], [[1e200]]], [0, 1], [[0.0]], 1, "too far apart"),
    ],
)
def test_wrong_arguments_are_named(candidates, labels, queries, k, message):
    with pytest.raises(ValueError, match=message):
        certain_predictions(candidates, labels, queries, k=k)
