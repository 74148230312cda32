"""The forecast of a cleaning session, against sessions played by hand and all worlds listed."""

import math
from itertools import product

import numpy as np
import pytest

from trimtab.effort.cleaning import cleaning_order
from trimtab.effort.cleaning_course import Course, draw_world
from trimtab.effort.cleaning_forecast import forecast_cleaning


def make_session(seed=0, *, n_rows=14, n_queries=15, labels=True, **options):
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 2, n_rows)
    centres = rng.normal(size=(n_rows, 2)) + classes[:, None]
    candidates = [c + rng.normal(size=(1 + 2 * (i % 2), 2)) for i, c in enumerate(centres)]
    wanted = rng.integers(0, 2, n_queries)
    queries = rng.normal(size=(n_queries, 2)) + wanted[:, None]
    return cleaning_order(
        candidates, classes, queries, k=3, query_labels=wanted if labels else None, **options
    )


def played(session, world):
    """Clean a session row by row with a world's values; return rows, certain, accuracy."""
    found = [(0, session.status().certain, session.status().accuracy_now)]
    while step := session.next():
        session.fix(step[0].row, world[step[0].row])
        status = session.status()
        found.append((len(found), status.certain, status.accuracy_now))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_course_is_what_the_session_itself_does_in_that_world(seed):
    session = make_session(seed)
    rng = np.random.default_rng(seed)
    world = draw_world(session, rng)

    course = Course.begin(session, cleaned=0).play(world, rng, 100)

    expected = played(make_session(seed), world)
    assert [(at.rows, at.certain) for at in course] == [found[:2] for found in expected]
    assert [at.right / 15 for at in course] == pytest.approx([found[2] for found in expected])


def test_a_course_begins_where_the_session_stands_and_leaves_it_alone():
    session = make_session(1)
    row = session.next()[0].row
    session.fix(row, [0.5, 0.5])
    before = session.status()

    forecast = forecast_cleaning(session)

    assert forecast.certain[0].estimate == before.certain_share
    assert forecast.certain[0].width == 0
    assert forecast.accuracy[0].estimate == pytest.approx(before.accuracy_now)
    assert session.status() == before
    assert row not in draw_world(session, np.random.default_rng(0))


def test_limits_stay_within_what_is_sure_and_certainty_only_grows():
    session = make_session(2)
    forecast, status = forecast_cleaning(session), session.status()

    assert forecast.certain[-1].low == 1.0
    for side in ("estimate", "low", "high"):
        values = [getattr(share, side) for share in forecast.certain]
        assert values == sorted(values)
    for found, new in zip(forecast.accuracy, forecast.new_data, strict=True):
        assert new.low <= found.low <= found.high <= new.high
    end = forecast.accuracy[-1]
    assert status.accuracy_low <= end.low <= end.high <= status.accuracy_high


def test_rows_until_certain_agree_with_all_worlds():
    session = make_session(3, n_rows=7)
    numbers = [range(count) for count in session.rows.counts]
    lengths = set()
    for world in product(*numbers):
        truth = {row: session.candidates(row)[j] for row, j in enumerate(world)}
        course = Course.begin(session, cleaned=0).play(truth, np.random.default_rng(0), 100)
        lengths.add(course[-1].rows)

    done = forecast_cleaning(session, n_worlds=60).until[-1].rows

    assert {done.low, done.high} == {min(lengths), max(lengths)}


def test_worlds_learn_from_rows_cleaned_which_candidate_is_mostly_true():
    rng = np.random.default_rng(0)
    candidates = [np.array([[0.0, i], [1.0, i], [2.0, i]]) for i in range(80)]
    session = cleaning_order(candidates, [0, 1] * 40, [[0.0, 0.0]], k=1)
    for row in range(40):
        session.fix(row, 2 if row % 2 else 0)

    worlds = [draw_world(session, rng) for _ in range(300)]

    for label, mostly in ((0, 0.0), (1, 2.0)):
        values = np.array([w[row][0] for w in worlds for row in range(40 + label, 80, 2)])
        # of 20 rows of the class all had this candidate: (20 + 1) / (20 + 3)
        assert (values == mostly).mean() == pytest.approx(21 / 23, abs=0.02)


def test_batches_take_no_fewer_rows_and_fewer_looks():
    session = make_session(4, n_rows=20, n_queries=20)

    single = forecast_cleaning(session, batch=1, seed=3)
    lots = forecast_cleaning(session, batch=3, seed=3)

    assert len(lots.rows) < len(single.rows)
    assert lots.until[-1].rows.high >= single.until[-1].rows.low
    assert lots.rows[1] == 3


def test_a_limit_on_rows_leaves_the_rest_open():
    session = make_session(5, n_rows=20, n_queries=20)

    forecast = forecast_cleaning(session, rows=1)

    assert forecast.rows == (0, 1)
    assert math.isinf(forecast.until[-1].rows.estimate)
    assert forecast.to_dict()["until"][-1]["rows"]["estimate"] is None
    assert "more rows than were played" in forecast.sentence


def test_without_labels_there_is_no_accuracy():
    forecast = forecast_cleaning(make_session(6, labels=False))

    assert forecast.accuracy == () == forecast.new_data
    assert "Accuracy" not in forecast.sentence
    assert forecast.enough in forecast.rows


def test_nothing_left_to_clean_is_said():
    session = cleaning_order([[[0.0]], [[5.0], [6.0]]], [0, 1], [[0.0]], k=1, query_labels=[0])

    forecast = forecast_cleaning(session)

    assert forecast.rows == (0,)
    assert forecast.sentence == "Going on changes no prediction of the validation points."


def test_candidates_that_are_all_alike_are_not_cleaned():
    same = [[[0.0]], [[1.0], [1.0]], [[9.0]]]
    session = cleaning_order(same, [0, 1, 1], [[2.0]], k=1)

    assert forecast_cleaning(session).certain[0].estimate == 1.0


def test_a_sample_of_points_makes_another_order_and_the_same_end():
    session = make_session(7, n_rows=16, n_queries=20)

    forecast = forecast_cleaning(session, sample=2)

    assert forecast.certain[-1].low == 1.0


def test_the_seed_repeats_a_forecast():
    session = make_session(8, n_rows=10)
    one, again, other = (forecast_cleaning(session, n_worlds=5, seed=i) for i in (1, 1, 2))

    assert one == again != other


@pytest.mark.parametrize(
    ("options", "words"),
    [({"n_worlds": 2}, "3 or more"), ({"rows": 0}, "`rows`"), ({"batch": 0}, "`batch`"),
     ({"sample": 0}, "`sample`")],
)  # fmt: skip
def test_numbers_out_of_range_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        forecast_cleaning(make_session(0), **options)
