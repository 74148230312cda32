import numpy as np
import pytest

from trimtab.core.errors import SourceError
from trimtab.effort.cleaning import cleaning_order
from trimtab.effort.cleaning_file import open_session, read_about, save_session


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
