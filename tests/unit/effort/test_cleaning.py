from dataclasses import replace

import numpy as np
import pytest

import trimtab as tt
from trimtab.core.errors import NotFoundError
from trimtab.effort.cleaning import cleaning_order
from trimtab.effort.cleaning_scores import CleaningScores
from trimtab.stats import certain_ends
from trimtab.stats.certain import certain_predictions
from trimtab.stats.certain_gains import entropy
from trimtab.stats.certain_rows import candidate_rows


def small_task(seed, n_rows=14, n_queries=12, n_classes=2):
    rng = np.random.default_rng(seed)
    candidates = [rng.integers(0, 9, (rng.integers(1, 4), 2)).astype(float) for _ in range(n_rows)]
    labels = np.append(rng.integers(0, n_classes, n_rows - 1), n_classes - 1)
    return candidates, labels, rng.integers(0, 9, (n_queries, 2)).astype(float)


def best_by_definition(candidates, labels, queries, k):
    """Return each row's mean gain over the open queries, predicting anew every time."""
    now = certain_predictions(candidates, labels, queries, k=k)
    still = queries[now.max(axis=1) < 1]

    def mean_bits(changed):
        return entropy(certain_predictions(changed, labels, still, k=k).T).mean()

    gains = np.zeros(len(candidates))
    for i, row in enumerate(candidates):
        after = [mean_bits([*candidates[:i], value[None], *candidates[i + 1 :]]) for value in row]
        gains[i] = mean_bits(candidates) - np.mean(after)
    return gains


@pytest.mark.parametrize(("seed", "k", "n_classes"), [(0, 1, 2), (1, 3, 2), (2, 3, 4), (3, 5, 3)])
def test_every_step_is_the_best_row_by_definition_until_all_is_certain(seed, k, n_classes):
    candidates, labels, queries = small_task(seed, n_classes=n_classes)
    session = cleaning_order(candidates, labels, queries, k=k)
    rng = np.random.default_rng(seed)

    while step := session.next():
        gains = best_by_definition(candidates, labels, queries, k)
        assert step[0].gain == pytest.approx(gains[step[0].row], abs=1e-11)
        assert step[0].gain == pytest.approx(gains.max(), abs=1e-11)
        row = step[0].row
        picked = int(rng.integers(len(candidates[row])))
        session.fix(row, picked)
        candidates[row] = candidates[row][picked][None]

    assert (certain_predictions(candidates, labels, queries, k=k).max(axis=1) == 1).all()
    assert session.status().is_done


def test_when_done_every_world_of_the_rows_left_predicts_alike():
    candidates, labels, queries = small_task(5, n_rows=30)
    truth = [len(row) - 1 for row in candidates]
    session = cleaning_order(candidates, labels, queries)

    run = session.run(truth)

    assert len(run.rows) < sum(len(row) > 1 for row in candidates)
    true_rows = [row[-1:] for row in candidates]
    true_answers = certain_predictions(true_rows, labels, queries).argmax(axis=1)
    answers = certain_predictions(session.world()[:, None], labels, queries).argmax(axis=1)
    np.testing.assert_array_equal(answers, true_answers)
    assert run.certain[-1] == run.n_queries == len(queries)


def test_a_value_that_was_no_candidate_is_taken_and_may_open_what_was_certain():
    candidates = [[[0.0]], [[8.0], [9.0]], [[20.0]]]
    session = cleaning_order(candidates, [0, 1, 1], [[2.0]], k=1)
    assert session.status().is_done

    session.fix(1, [1.5])

    np.testing.assert_array_equal(session.fractions(), [[0, 1]])
    np.testing.assert_array_equal(session.world(), [[0], [1.5], [20]])


@pytest.mark.parametrize("seed", range(8))
def test_fixes_and_corrections_lead_where_a_fresh_start_leads(seed):
    candidates, labels, queries = small_task(seed, n_rows=20, n_classes=3)
    rng = np.random.default_rng(seed)
    session = cleaning_order(candidates, labels, queries)
    for _ in range(15):
        row = int(rng.integers(20))
        is_candidate = rng.random() < 0.5
        value = int(rng.integers(len(candidates[row]))) if is_candidate else rng.integers(0, 9, 2)
        session.fix(row, value)
        now = [
            session.fixed[i][None] if i in session.fixed else part
            for i, part in enumerate(candidates)
        ]
        if rng.random() < 0.5:
            session.next()

    fresh = cleaning_order(now, labels, queries)

    np.testing.assert_array_equal(session.fractions(), fresh.fractions())
    np.testing.assert_allclose(
        [(s.row, s.gain, s.matters_to) for s in session.next(9)],
        [(s.row, s.gain, s.matters_to) for s in fresh.next(9)],
        rtol=1e-12,
    )


@pytest.mark.parametrize("seed", range(6))
def test_distances_that_are_not_kept_give_the_same_order(monkeypatch, seed):
    candidates, labels, queries = small_task(seed, n_rows=30, n_queries=40, n_classes=3)
    rng = np.random.default_rng(seed)
    outside = {int(row): rng.integers(0, 9, 2).astype(float) for row in rng.choice(30, 5)}

    def course():
        session = cleaning_order(candidates, labels, queries)
        seen = []
        for row, value in outside.items():
            session.fix(row, value)
        while step := session.next(4):
            seen.append(step)
            session.fix(step[0].row, 0)
        return seen, session.fractions().tolist()

    kept = course()
    monkeypatch.setattr(certain_ends, "_MOST_KEPT", 0)

    assert course() == kept


@pytest.mark.parametrize("kept", [True, False])
def test_a_copy_that_knows_more_is_a_fresh_start_for_its_queries(monkeypatch, kept):
    if not kept:
        monkeypatch.setattr(certain_ends, "_MOST_KEPT", 0)
    candidates, labels, queries = small_task(3, n_rows=25, n_queries=30, n_classes=3)
    rows, wanted = candidate_rows(candidates, labels), np.array([1, 4, 7, 8, 20, 29])
    begin = CleaningScores(rows, queries, 3)
    before = begin.fractions()
    known = {3: candidates[3][-1], 9: np.array([4.0, 4.0]), 16: candidates[16][0]}

    found = begin.knowing(known, wanted)

    fresh = CleaningScores(rows.known(known), queries[wanted], 3)
    np.testing.assert_array_equal(found.fractions(), fresh.fractions())
    np.testing.assert_array_equal(found.n_touched(), fresh.n_touched())
    np.testing.assert_allclose(
        found.gains(found.open_queries), fresh.gains(fresh.open_queries), rtol=1e-12
    )
    world = [known.get(i, part[0])[None] for i, part in enumerate(candidates)]
    answers = certain_predictions(world, labels, queries[wanted]).argmax(axis=1)
    np.testing.assert_array_equal(found.default_classes(np.arange(wanted.size)), answers)
    np.testing.assert_array_equal(begin.fractions(), before)


def test_rows_whose_gain_is_below_rounding_are_still_offered():
    # class 1 needs all of 100 rows to take their one far candidate: a chance of 4 ** -100
    candidates = [[[0.0], [0.0], [0.0], [9.0]]] * 100 + [[[5.0]]]
    session = cleaning_order(candidates, [0] * 100 + [1], [[0.0]], k=1)

    step = session.next()[0]

    assert (step.row, step.gain, step.matters_to) == (0, 0.0, 1)
    session.fix(0, 3)
    assert session.next()[0].row == 1
    session.fix(1, 0)
    assert session.next() == []


def test_with_a_sample_the_same_seed_gives_the_same_order():
    candidates, labels, queries = small_task(1, n_rows=60, n_queries=80)
    truth = [0] * 60

    runs = [
        cleaning_order(candidates, labels, queries, sample=5, seed=seed).run(truth).rows
        for seed in (7, 7, 8)
    ]

    assert runs[0] == runs[1] != runs[2]


def test_accuracy_limits_hold_the_truth_at_every_step_and_close_at_the_end():
    candidates, labels, queries = small_task(4, n_rows=40, n_queries=60)
    truth = [len(row) - 1 for row in candidates]
    query_labels = (queries[:, 0] > 4).astype(int)
    true_answers = certain_predictions([row[-1:] for row in candidates], labels, queries)
    right = (true_answers.argmax(axis=1) == query_labels).mean()
    session = cleaning_order(candidates, labels, queries, query_labels=query_labels)

    seen = [session.status()]
    while step := session.next():
        session.fix(step[0].row, truth[step[0].row])
        seen.append(session.status())

    assert all(s.accuracy_low <= right <= s.accuracy_high for s in seen)
    assert all(s.accuracy.low <= s.accuracy_low <= s.accuracy.estimate for s in seen)
    assert seen[0].accuracy_low < seen[0].accuracy_high
    assert seen[-1].accuracy_low == seen[-1].accuracy_high == seen[-1].accuracy_now == right


def test_cost_is_the_price_of_a_row_times_the_rows():
    candidates, labels, queries = small_task(2)
    session = cleaning_order(candidates, labels, queries, label_cost=2.5, cost_unit="EUR")
    row = session.next()[0].row

    session.fix(row, 0)
    status = session.status()

    assert status.cost_so_far == 2.5
    assert status.cost_at_most == 2.5 * status.rows_that_matter
    assert "EUR" in status.sentence
    long = replace(status, cost_at_most=24_500, cost_unit="minutes")
    assert "(at most 24,500 minutes)" in long.sentence
    assert status.to_dict()["cost_unit"] == "EUR"


def test_names_are_offered_by_the_package():
    assert tt.cleaning_order is cleaning_order
    assert tt.certain_predictions is certain_predictions


def test_wrong_rows_and_candidates_are_named():
    session = cleaning_order([[[0.0]], [[1.0], [4.0]]], [0, 1], [[2.0]], k=1)

    with pytest.raises(NotFoundError, match="row from 0 to 1, got 2"):
        session.fix(2, 0)
    with pytest.raises(NotFoundError, match="candidate from 0 to 1 of row 1, got 2"):
        session.fix(1, 2)
    with pytest.raises(ValueError, match="1 finite features"):
        session.fix(1, [np.nan])
    with pytest.raises(ValueError, match="1 finite features"):
        session.fix(1, [1.0, 2.0])
    assert session.fixed == {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 3}, "from 1 to the 2 rows"),
        ({"sample": 0}, "`sample` of 1 or more"),
        ({"label_cost": -1}, "`label_cost` of 0 or more"),
        ({"label_cost": float("inf")}, "`label_cost` of 0 or more"),
        ({"delta": 1}, "`delta` between 0 and 1"),
        ({"query_labels": [0, 1]}, "expected 1 rows of `query_labels`, got 2"),
        ({"query_labels": [2]}, "0 to 1"),
    ],
)
def test_wrong_settings_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        cleaning_order([[[0.0]], [[1.0]]], [0, 1], [[2.0]], **{"k": 1, **options})


def test_no_query_is_refused():
    with pytest.raises(ValueError, match="at least one query"):
        cleaning_order([[[0.0]]], [0], np.zeros((0, 1)), k=1)
