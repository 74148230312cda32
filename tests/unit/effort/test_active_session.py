import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest
from tests.unit.effort.active_tables import answer, parcels, start

import trimtab as tt
from trimtab.core.errors import NotFoundError, SourceError
from trimtab.effort import active_state
from trimtab.effort.active_file import read_models
from trimtab.effort.cleaning_file import open_session, read_fixes
from trimtab.effort.cleaning_finish import cleaned_table
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.stats.convex_losses import ConvexLoss
from trimtab.stats.convex_models import fit_linear


def answer_all(session, table, full, most=1_000):
    """Answer rows in the order of the batches; return which."""
    told = []
    while len(told) < most and (steps := session.next(1)):
        answer(session, table, full, steps[0].row)
        told.append(steps[0].row)
    return told


def features(table, rows):
    return table.features(rows.select(c.name for c in table.columns).to_dicts())


def test_reopened_after_every_row_it_goes_as_one_that_never_stopped_and_as_the_python_class(
    tmp_path,
):
    full, dirty, whole, table = start(tmp_path, seed=5)
    rows = dirty.with_columns(km=pl.col("km").fill_null(0.0))
    values = features(table, rows)
    for row in table.dirty:  # empty cells stand at the likeliest repair
        values[row] = np.append(whole.state.rows[row, :-1], whole.state.targets[row])
    kinds = [", ".join(table.unsure(row)) for row in range(240)]
    plain = tt.ActiveClean(values[:, :-1], values[:, -1], errors=kinds, batch=30, seed=5)
    (tmp_path / "again").mkdir()
    start(tmp_path / "again", seed=5)

    asked = []
    for _ in range(100):
        again, about = open_cleaning(tmp_path / "again" / "s.db")
        row = again.next(1)[0].row
        asked.append(row)
        answer(again, about, full, row)
        true = features(table, full[row])[0]
        plain.fix(row, true[:-1], true[-1])
    told = answer_all(whole, table, full, 100)

    again, _ = open_cleaning(tmp_path / "again" / "s.db")
    assert told == asked
    np.testing.assert_array_equal(again.model.parameters, whole.model.parameters)
    np.testing.assert_array_equal(again.model.parameters, plain.model.parameters)
    assert again.status() == whole.status() == plain.status()
    assert again.next() == whole.next()


def test_what_was_drawn_stays_drawn_whatever_a_library_says_later(tmp_path, monkeypatch):
    full, _, session, table = start(tmp_path)
    answer_all(session, table, full, 65)
    before = session.next()

    monkeypatch.setattr(
        active_state, "dirty_chances", lambda facts, *_, **__: facts[:, 0] * 0 + 0.5
    )
    monkeypatch.setattr(active_state, "draw_rows", None)
    again, _ = open_cleaning(tmp_path / "s.db")

    assert again.next() == before
    np.testing.assert_array_equal(again.model.parameters, session.model.parameters)


KILLED = """
import sys
from tests.unit.effort.active_tables import answer, parcels
from trimtab.effort.cleaning_open import open_cleaning
full, _ = parcels()
session, table = open_cleaning(sys.argv[1])
print("ready", flush=True)
while steps := session.next(1):
    answer(session, table, full, steps[0].row)
"""


def test_killed_again_and_again_it_ends_where_it_would_have_ended(tmp_path):
    full, _, whole, table = start(tmp_path)
    answer_all(whole, table, full)
    (tmp_path / "killed").mkdir()
    start(tmp_path / "killed")
    file = tmp_path / "killed" / "s.db"

    for wait in (0.05, 0.2, 0.4):
        child = subprocess.Popen([sys.executable, "-c", KILLED, file], stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(wait)
        child.kill()
        child.communicate()
        assert child.returncode in (-signal.SIGKILL, 0)
    session, about = open_cleaning(file)
    answer_all(session, about, full)

    assert len(read_fixes(file)) == 240  # nothing was asked twice
    np.testing.assert_array_equal(session.model.parameters, whole.model.parameters)
    assert [done for done, _ in read_models(file)] == [
        done for done, _ in read_models(tmp_path / "s.db")
    ]


def test_killed_between_the_last_row_of_a_batch_and_the_next_draw_nothing_is_lost(tmp_path):
    full, _, session, table = start(tmp_path)
    answer_all(session, table, full, 29)
    session.keep = None  # the draw is not written: as if killed before

    answer_all(session, table, full, 1)
    again, _ = open_cleaning(tmp_path / "s.db")

    assert again.next() == session.next()
    assert again.status() == session.status()
    np.testing.assert_array_equal(again.model.parameters, session.model.parameters)


def test_two_people_work_on_one_file_in_turn(tmp_path):
    full, _, one, table = start(tmp_path)
    other, _ = open_cleaning(tmp_path / "s.db")
    rows = [step.row for step in one.next()]

    for row in rows[:20]:
        answer(one, table, full, row, by="ann")
    for row in rows[20:]:
        answer(other, table, full, row, by="bob")

    again, _ = open_cleaning(tmp_path / "s.db")
    assert again.status().cleaned == 30
    assert again.status().steps == 1


def test_a_row_said_before_it_is_drawn_moves_the_model_in_its_turn_alone(tmp_path):
    full, _, session, table = start(tmp_path)
    (tmp_path / "plain").mkdir()
    *_, plain, _ = start(tmp_path / "plain")
    early = next(row for row in table.dirty if row not in session.drawn)

    answer(session, table, full, early)
    said = session.status()
    assert (said.cleaned, said.waiting, said.rows_left, said.cost_so_far) == (1, 1, 239, 1)
    for one in (session, plain):
        for _ in range(3):
            for step in one.next():
                answer(one, table, full, step.row)

    np.testing.assert_array_equal(session.model.parameters, plain.model.parameters)
    answer_all(session, table, full)
    assert session.status().is_done
    assert len(read_fixes(tmp_path / "s.db")) == 240


def test_with_all_rows_cleaned_model_and_table_are_the_clean_ones(tmp_path):
    fresh, _ = parcels(200, seed=9)
    full, dirty, session, table = start(tmp_path, validation=fresh)
    before = session.score().now

    answer_all(session, table, full)

    values = features(table, full)
    best = fit_linear(values[:, :-1], values[:, -1], ConvexLoss("logistic"), penalty=0.001)
    np.testing.assert_allclose(session.model.parameters, best.parameters, atol=1e-6)
    assert session.status().is_done
    assert session.next() == []
    *_, target = points = features(table, fresh).T
    right = (best.predict(np.array(points[:-1]).T) == target).mean()
    assert session.score().now.estimate == pytest.approx(right)
    assert session.score().before == before
    assert cleaned_table(tmp_path / "s.db", dirty).equals(full)


def test_a_row_said_anew_replaces_what_was_said_and_steps_stay(tmp_path):
    full, _, session, table = start(tmp_path)
    first = answer_all(session, table, full, 35)[0]
    before = session.model.parameters

    session.fix(
        first, table.repaired(first, {"km": "1", "late": "no"}), cells={"km": "1", "late": "no"}
    )
    np.testing.assert_array_equal(session.model.parameters, before)
    answer_all(session, table, full, 25)

    again, _ = open_cleaning(tmp_path / "s.db")
    np.testing.assert_array_equal(again.model.parameters, session.model.parameters)
    assert again.next() == session.next()


def test_rows_beyond_the_suspects_and_values_that_are_none_are_refused_and_not_written(tmp_path):
    _, _, session, table = start(tmp_path, suspects=pl.DataFrame({"row": [3, 5, 8]}))

    assert sorted(table.dirty) == [3, 5, 8] + [
        r for r in sorted(table.dirty) if r not in (3, 5, 8)
    ]
    with pytest.raises(NotFoundError, match="expected a row that may be dirty, got 4"):
        session.fix(4, table.repaired(3, {}))
    with pytest.raises(ValueError, match="finite features and a target"):
        session.fix(3, np.full(7, np.nan))
    assert read_fixes(tmp_path / "s.db") == []


def test_a_session_of_a_linear_model_is_no_session_of_neighbours(tmp_path):
    start(tmp_path)

    with pytest.raises(SourceError, match="got one of a linear model"):
        open_session(tmp_path / "s.db")
