"""What cleaning is compared with, against scikit-learn's neighbours and scipy's tests."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.neighbors import KNeighborsClassifier

from trimtab.effort.cleaning import cleaning_order
from trimtab.effort.cleaning_baselines import cleaning_baselines


def make_session(seed=0, *, n_rows=60, n_queries=200, labels=True):
    """The first repair of every second row looks like the other class, the second is true."""
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 2, n_rows)
    true = rng.normal(size=(n_rows, 2)) + 3 * classes[:, None]
    candidates = [
        np.array([3 - row, row, row + 3]) if i % 2 else row[None] for i, row in enumerate(true)
    ]
    wanted = rng.integers(0, 2, n_queries)
    queries = rng.normal(size=(n_queries, 2)) + 3 * wanted[:, None]
    return cleaning_order(
        candidates, classes, queries, k=3, query_labels=wanted if labels else None
    )


def right(session, rows):
    model = KNeighborsClassifier(3).fit(rows, session.rows.labels)
    return model.predict(session.queries) == session.query_labels


def filled(session, number):
    return np.array(
        [session.candidates(i)[min(number, len(session.candidates(i)) - 1)] for i in range(60)]
    )


def test_each_candidate_is_judged_as_scikit_learn_does():
    session = make_session()
    ways = cleaning_baselines(session).ways

    default = right(session, filled(session, 0))
    for number in range(3):
        found = right(session, filled(session, number))
        assert ways[number].accuracy.estimate == found.mean()
        assert ways[number].gained == (found & ~default).sum()
        assert ways[number].lost == (default & ~found).sum()
    assert ways[0].p_value is None
    assert len(ways) == 4


def test_p_values_are_those_of_the_sign_test_after_holm():
    session = make_session(1)
    ways = cleaning_baselines(session).ways[1:]

    plain = [binomtest(w.gained, w.gained + w.lost).pvalue if w.gained + w.lost else 1.0
             for w in ways]  # fmt: skip
    order = np.argsort(plain)
    adjusted = np.minimum(np.maximum.accumulate(np.sort(plain) * [3, 2, 1]), 1)
    assert [ways[i].p_value for i in order] == pytest.approx(list(adjusted))


def test_the_best_candidate_is_judged_on_points_that_did_not_choose_it():
    session = make_session(2)
    best = cleaning_baselines(session, seed=4).ways[-1]

    # what the order of halves is made of is no promise; that there are two halves is
    half = np.random.default_rng([4, 1]).permutation(200) % 2 == 0
    every = np.array([right(session, filled(session, i)) for i in range(3)])
    chosen = every[:, half].sum(axis=1).argmax()
    assert best.n_points == 100
    assert best.accuracy.estimate == every[chosen][~half].mean()


def test_rows_cleaned_are_compared_and_called_better():
    session = make_session(3)
    for row in range(1, 60, 2):
        session.fix(row, 1)

    found = cleaning_baselines(session)

    cleaned = found.ways[-1]
    assert cleaned.name == "30 rows cleaned, the default elsewhere"
    assert cleaned.accuracy.estimate == right(session, session.world()).mean()
    assert "better, more than chance" in cleaned.verdict
    assert not cleaned.is_noise
    assert cleaned.verdict.endswith("after Holm)")


def test_one_row_is_not_called_rows():
    session = make_session(3)
    session.fix(session.next()[0].row, 1)

    found = cleaning_baselines(session)

    assert found.ways[-1].name == "1 row cleaned, the default elsewhere"
    assert found.random_order.sentence.startswith("Picking 1 row at random makes")


def test_a_difference_of_nothing_and_of_noise_are_called_so():
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 40)
    rows = [np.array([[x], [x + rng.normal()]]) for x in rng.normal(size=40) + classes]
    wanted = rng.integers(0, 2, 60)
    session = cleaning_order(
        rows, classes, rng.normal(size=(60, 1)) + wanted[:, None], query_labels=wanted
    )
    noise = cleaning_baselines(session).ways[1]
    assert noise.gained
    assert "the difference is noise" in noise.verdict

    alike = cleaning_order([[[0.0], [0.1]], [[9.0]]], [0, 1], [[1.0]], k=1, query_labels=[0])
    assert cleaning_baselines(alike).ways[1].verdict == "no difference"


def test_random_order_makes_fewer_predictions_certain():
    session = make_session(5)
    for _ in range(6):
        session.fix(session.next()[0].row, 1)

    order = cleaning_baselines(session).random_order

    assert order.rows == 6
    assert order.certain.estimate < order.certain_now == session.status().certain_share
    assert ("not paid" in order.sentence) == order.certain.contains(order.certain_now)


def test_all_rows_cleaned_leave_no_difference_of_order():
    session = make_session(6)
    for row in range(1, 60, 2):
        session.fix(row, 1)

    order = cleaning_baselines(session).random_order

    # picked at random, 30 of 30 rows are all of them, and their values are known
    assert order.certain.low == order.certain.high == 1.0
    assert order.accuracy.low == order.accuracy.high == right(session, session.world()).mean()
    assert "its order has not paid yet" in order.sentence


def test_without_labels_only_the_order_is_compared():
    session = make_session(7, labels=False)
    assert cleaning_baselines(session).ways == ()
    assert cleaning_baselines(session).random_order is None
    session.fix(1, 1)
    assert cleaning_baselines(session).random_order.accuracy is None


def test_too_few_worlds_are_refused():
    with pytest.raises(ValueError, match="3 or more"):
        cleaning_baselines(make_session(), n_worlds=2)
