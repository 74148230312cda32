import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.stats.certain import certain_predictions
from trimtab.stats.certain_events import batches, list_events
from trimtab.stats.certain_gains import entropy, expected_gains, fractions_if_known
from trimtab.stats.certain_reach import reach
from trimtab.stats.certain_rows import candidate_rows, distances, row_ends


@st.composite
def cases(draw):
    n_rows, n_classes = draw(st.integers(1, 12)), draw(st.integers(2, 5))
    point = st.tuples(st.integers(0, 4), st.integers(0, 4))
    row = st.lists(point, min_size=1, max_size=4)
    candidates = draw(st.lists(row, min_size=n_rows, max_size=n_rows))
    labels = draw(st.lists(st.integers(0, n_classes - 1), min_size=n_rows, max_size=n_rows))
    queries = draw(st.lists(point, min_size=1, max_size=3))
    return candidates, labels, queries, draw(st.integers(1, min(7, n_rows)))


def scan(candidates, labels, queries, k):
    rows = candidate_rows(candidates, labels)
    near = distances(rows.values, np.asarray(queries, dtype=float))
    return list_events(near, rows, k), rows


def one_by_one(candidates, labels, queries, k):
    """Return the gains from the definition: predict anew with each row at each candidate."""

    def bits(changed):
        return entropy(certain_predictions(changed, labels, queries, k=k).T)

    gains = np.zeros((len(queries), len(candidates)))
    for i, row in enumerate(candidates):
        after = [bits([*candidates[:i], [value], *candidates[i + 1 :]]) for value in row]
        gains[:, i] = bits(candidates) - np.mean(after, axis=0)
    return gains


@settings(max_examples=120, deadline=None)
@given(cases())
def test_one_scan_gives_what_cleaning_each_row_at_each_value_gives(case):
    candidates, labels, queries, k = case

    found = expected_gains(*scan(*case), k)

    np.testing.assert_allclose(found, one_by_one(candidates, labels, queries, k), atol=1e-11)
    assert (found >= 0).all()


def test_gains_of_some_queries_are_those_of_all():
    rng = np.random.default_rng(0)
    candidates = [rng.integers(0, 9, (rng.integers(1, 5), 2)) for _ in range(40)]
    labels, queries, some = rng.integers(0, 2, 40), rng.integers(0, 9, (20, 2)), [3, 17, 4]

    found = expected_gains(*scan(candidates, labels, queries[some], 3), 3)

    everyone = expected_gains(*scan(candidates, labels, queries, 3), 3)
    np.testing.assert_allclose(found, everyone[some])


def test_knowing_a_row_leaves_fractions_that_add_up_to_one():
    rng = np.random.default_rng(1)
    candidates = [rng.integers(0, 9, (rng.integers(1, 5), 2)) for _ in range(60)]
    events, rows = scan(candidates, np.arange(60) % 4, rng.integers(0, 9, (5, 2)), 5)

    for batch in batches(events, rows.labels, 1):
        now, known = fractions_if_known(batch, rows, 5)

        np.testing.assert_allclose(now.sum(axis=0), 1)
        np.testing.assert_allclose(known.at.sum(axis=0), 1)
        has_more = known.last & (batch.after.ravel()[known.event] < 1)
        assert has_more.any()
        np.testing.assert_allclose(known.beyond[:, has_more].sum(axis=0), 1)


def test_entropy_is_in_bits():
    assert entropy(np.array([0.5, 0.5])) == pytest.approx(1)
    assert entropy(np.array([0.25] * 4)) == pytest.approx(2)
    assert entropy(np.array([1.0, 0.0])) == 0


@settings(max_examples=300, deadline=None)
@given(cases())
def test_rows_within_reach_are_those_with_an_event(case):
    candidates, labels, queries, k = case
    events, rows = scan(candidates, labels, queries, k)
    near = distances(rows.values, np.asarray(queries, dtype=float))

    found = reach(*row_ends(near, rows), rows.labels, rows.n_classes, k)

    pairs = {*zip(found.query.tolist(), found.row.tolist(), strict=True)}
    assert len(pairs) == found.row.size
    assert pairs == {*zip(events.query.tolist(), events.row.tolist(), strict=True)}


@settings(max_examples=300, deadline=None)
@given(cases())
def test_two_classes_are_reachable_where_their_best_worlds_reach_them(case):
    """The extremes: each class is tried with its rows at their nearest, the others' farthest."""
    candidates, labels, queries, k = case
    labels = [label % 2 for label in labels]
    rows = candidate_rows(candidates, labels)
    near = distances(rows.values, np.asarray(queries, dtype=float))

    found = reach(*row_ends(near, rows), rows.labels, rows.n_classes, k).possible

    for i, query in enumerate(queries):
        for label in range(rows.n_classes):
            near = [
                sorted(row, key=lambda v: sum((a - b) ** 2 for a, b in zip(v, query, strict=True)))
                for row in candidates
            ]
            world = [
                row[0] if own == label else row[-1] for row, own in zip(near, labels, strict=True)
            ]
            answer = certain_predictions([[v] for v in world], labels, [query], k=k)[0].argmax()
            assert found[i, label] == (answer == label)
