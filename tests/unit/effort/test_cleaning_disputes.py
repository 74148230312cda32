import pytest
from tests.unit.effort.cleaning_tables import orders

from trimtab.core.errors import SourceError
from trimtab.effort.cleaning_disputes import CarefulRecorder
from trimtab.effort.cleaning_file import read_fixes
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_table import start_cleaning

FULL, DIRTY = orders()


@pytest.fixture
def file(tmp_path):
    start_cleaning(DIRTY, FULL, "late", tmp_path / "s.db", ignore=["order"])
    return tmp_path / "s.db"


def opened(file, *, careful=True):
    session, table = open_cleaning(file)
    if careful:
        session.remember = CarefulRecorder(file)

    def fix(row, by, **cells):
        session.fix(row, table.repaired(row, cells), cells=cells, by=by)

    return fix


def said(file):
    return [(fix.row, fix.by, dict(fix.cells)) for fix in read_fixes(file)]


def test_another_persons_word_is_not_written_over_not_even_from_a_session_opened_before(file):
    ann, bob = opened(file), opened(file)
    ann(1, "ann", way="sea")

    with pytest.raises(SourceError, match="expected row 1 as ann fixed it: way sea; got way rail"):
        bob(1, "bob", way="rail")

    assert said(file) == [(1, "ann", {"way": "sea"})]
    assert 1 in open_cleaning(file)[0].fixed


def test_the_same_word_and_ones_own_are_no_dispute(file):
    fix = opened(file)
    fix(0, "ann", distance="5", way="sea")
    fix(0, "bob", distance="5.0", way="sea")
    fix(0, "bob", distance="6", way="sea")
    fix(1, None, way="sea")
    fix(1, None, way="air")

    assert [by for _, by, _ in said(file)] == ["ann", "bob", "bob", None, None]
    with pytest.raises(SourceError, match="as bob fixed it"):
        fix(0, "ann", distance="5", way="sea")


def test_words_that_are_rare_enough_to_look_alike_are_a_dispute(file):
    fix = opened(file)
    fix(1, "ann", way="kite")

    with pytest.raises(SourceError, match="way kite; got way canoe from bob"):
        fix(1, "bob", way="canoe")


def test_without_care_the_last_word_counts_and_both_are_kept(file):
    opened(file)(1, "ann", way="sea")
    opened(file, careful=False)(1, "bob", way="rail")

    assert said(file) == [(1, "ann", {"way": "sea"}), (1, "bob", {"way": "rail"})]


def test_who_adds_at_the_same_moment_is_seen(file, monkeypatch):
    first, second = opened(file), opened(file)
    known = read_fixes(file)
    second(1, "bob", way="rail")
    monkeypatch.setattr("trimtab.effort.cleaning_disputes.read_fixes", lambda _: known)

    with pytest.raises(SourceError, match="somebody else works on this session"):
        first(1, "ann", way="sea")

    assert said(file) == [(1, "bob", {"way": "rail"})]
