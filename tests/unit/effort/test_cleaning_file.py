import sqlite3
from datetime import UTC, datetime

import numpy as np
import pytest

from trimtab.core.errors import SourceError
from trimtab.effort.cleaning import cleaning_order
from trimtab.effort.cleaning_file import (
    add_fixes,
    open_session,
    read_about,
    read_fixes,
    save_session,
    session_fingerprint,
)
from trimtab.effort.cleaning_fix import RowFix


def task(**options):
    rng = np.random.default_rng(0)
    candidates = [rng.random((rng.integers(1, 4), 3)) for _ in range(25)]
    return cleaning_order(
        candidates, rng.integers(0, 3, 25), rng.random((30, 3)),
        query_labels=rng.integers(0, 2, 30), **options,
    )  # fmt: skip


def test_a_session_read_back_is_the_one_that_was_left(tmp_path):
    session = task(k=5, sample=4, seed=3, label_cost=7, cost_unit="EUR", delta=0.1)
    session.fix(2, [0.1, 0.2, 1 / 3])
    save_session(session, tmp_path / "clean.db", about={"table": "orders"})
    for _ in range(3):
        session.fix(session.next()[0].row, 0)
    session.fix(2, [0.5, 0.2, 1 / 3])

    again = open_session(tmp_path / "clean.db")

    assert again.next(5) == session.next(5)
    assert again.status() == session.status()
    assert again.fixed.keys() == session.fixed.keys()
    np.testing.assert_array_equal(again.world(), session.world())
    assert read_about(tmp_path / "clean.db") == {"table": "orders"}


def test_a_fix_that_cannot_be_written_is_not_made(tmp_path):
    session = task()
    save_session(session, tmp_path / "clean.db")
    (tmp_path / "clean.db").write_bytes(b"no database at all, but a long enough text file" * 100)

    with pytest.raises(Exception, match="not a database"):
        session.fix(1, 0)

    assert session.fixed == {}


def test_a_refused_fix_leaves_nothing_in_the_file(tmp_path):
    session = task()
    save_session(session, tmp_path / "clean.db")

    with pytest.raises(ValueError, match="finite features"):
        session.fix(1, [np.nan] * 3)

    assert open_session(tmp_path / "clean.db").fixed == {}


def test_a_file_is_never_written_over(tmp_path):
    save_session(task(), tmp_path / "clean.db")

    with pytest.raises(SourceError, match=r"expected no file at clean\.db"):
        save_session(task(), tmp_path / "clean.db")


@pytest.mark.parametrize("content", [None, b"text", b"SQLite format 3\x00"])
def test_a_file_that_is_no_session_is_named(tmp_path, content):
    file = tmp_path / "clean.db"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SourceError, match=r"expected a cleaning session at clean\.db"):
        open_session(file)


def test_what_was_said_of_a_row_is_kept_with_who_and_when(tmp_path):
    session, at = task(), datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    session.fix(3, 0)
    save_session(session, tmp_path / "clean.db")
    session.fix(1, [1, 2, 3], cells={"age": "41,5", "way": None}, by="ann", at=at, note="é\n=1")

    plain, told = read_fixes(tmp_path / "clean.db")

    assert (plain.row, plain.cells, plain.by, plain.at, plain.note) == (3, None, None, None, None)
    np.testing.assert_array_equal(plain.value, session.fixed[3])
    np.testing.assert_array_equal(told.value, [1, 2, 3])
    assert (told.row, told.cells, told.by) == (1, {"age": "41,5", "way": None}, "ann")
    assert (told.at, told.note) == (at, "é\n=1")


def test_many_fixes_are_written_all_or_none(tmp_path):
    save_session(task(), tmp_path / "clean.db")

    def failing():
        yield RowFix(1, np.zeros(3))
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        add_fixes(tmp_path / "clean.db", failing(), known=[])
    assert read_fixes(tmp_path / "clean.db") == []

    add_fixes(tmp_path / "clean.db", [RowFix(row, np.zeros(3)) for row in (1, 2)], known=[])
    assert [fix.row for fix in read_fixes(tmp_path / "clean.db")] == [1, 2]
    with pytest.raises(SourceError, match="expected 0 fixes in clean.db, got 2"):
        add_fixes(tmp_path / "clean.db", [RowFix(3, np.zeros(3))], known=[])


def test_the_fingerprint_changes_with_every_word(tmp_path):
    found = set()
    for number, by in enumerate([None, "ann", "bob"]):
        session = task()
        save_session(session, tmp_path / f"{number}.db")
        found.add(session_fingerprint(tmp_path / f"{number}.db"))
        session.fix(1, 0, by=by)
        found.add(session_fingerprint(tmp_path / f"{number}.db"))

    assert len(found) == 4


def test_a_session_of_an_older_version_is_refused_and_left_as_it_is(tmp_path):
    file = tmp_path / "old.db"
    database = sqlite3.connect(file)
    with database:
        database.execute("create table given (name text primary key, content blob)")
        database.execute("create table fixes (step integer primary key, row integer, value text)")
    database.close()
    before = file.read_bytes()

    with pytest.raises(SourceError, match=r"format 2 at old\.db, got one of format 0"):
        open_session(file)

    assert file.read_bytes() == before


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    session = task()
    save_session(session, tmp_path / "clean.db")
    other = sqlite3.connect(tmp_path / "clean.db")
    other.execute("drop table fixes")
    other.close()

    with pytest.raises(SourceError, match=r"expected to write to clean\.db, got: no such table"):
        session.fix(1, 0)

    assert session.fixed == {}
