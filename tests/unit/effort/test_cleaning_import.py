from datetime import UTC, datetime

import polars as pl
import pytest
from tests.unit.effort.cleaning_tables import fill, orders, read_lines, write_lines

from trimtab.core.errors import SchemaError, SourceError
from trimtab.effort.cleaning_file import add_fixes, read_fixes
from trimtab.effort.cleaning_handoff import export_rows
from trimtab.effort.cleaning_import import import_rows
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_table import start_cleaning

AT = datetime(2026, 1, 2, tzinfo=UTC)
FULL, DIRTY = orders()


@pytest.fixture
def session(tmp_path):
    start_cleaning(DIRTY, FULL, "late", tmp_path / "s.db", ignore=["order"])
    return tmp_path / "s.db"


@pytest.fixture
def todo(session, tmp_path):
    export_rows(session, tmp_path / "todo.csv", 6, source=DIRTY)
    return read_lines(tmp_path / "todo.csv")


def told(session):
    return {fix.row: dict(fix.cells) for fix in read_fixes(session)}


def test_filled_rows_are_fixed_and_others_wait(session, todo, tmp_path):
    done = fill(todo[:4], FULL, by="ann", note="from the paper form") + todo[4:]
    write_lines(tmp_path / "done.csv", done)

    found = import_rows(session, tmp_path / "done.csv", by="boss", at=AT)

    rows = [int(line["row"]) for line in todo]
    assert (list(found.fixed), list(found.not_yet), found.begun) == (rows[:4], rows[4:], 0)
    for fix in read_fixes(session):
        unsure = [name for name in ("distance", "way") if DIRTY[name][fix.row] is None]
        assert fix.cells == {name: str(FULL[name][fix.row]) for name in unsure}
        assert (fix.by, fix.at, fix.note) == ("ann", AT, "from the paper form")
    by_hand, table = open_cleaning(session)
    for row in rows[:4]:
        cells = {name: str(FULL[name][row]) for name in ("distance", "way")}
        assert (by_hand.fixed[row] == table.repaired(row, cells)).all()


def test_the_same_file_twice_changes_nothing(session, todo, tmp_path):
    write_lines(tmp_path / "done.csv", fill(todo, FULL))
    import_rows(session, tmp_path / "done.csv", by="ann", at=AT)
    before = session.read_bytes()

    found = import_rows(session, tmp_path / "done.csv", by="bob", at=datetime.now(UTC))

    assert session.read_bytes() == before
    assert (found.fixed, found.conflicts, len(found.known)) == ((), (), 6)


@pytest.mark.parametrize(
    "habit",
    [
        {"encoding": "utf-8-sig"},
        {"encoding": "utf-16", "delimiter": "\t"},
        {"encoding": "cp1252", "delimiter": ";"},
        {"columns": ["note", "fix:way", "row", "fix:distance"], "delimiter": ";"},
    ],
)
def test_habits_of_spreadsheets_change_nothing(session, todo, tmp_path, habit):
    done = fill(todo, FULL)
    for line in done:
        if line["fix:distance"]:
            # a German one
            line["fix:distance"] += ",0" if habit.get("delimiter") == ";" else ".0"
    write_lines(tmp_path / "done.csv", done[::-1], **habit)

    assert len(import_rows(session, tmp_path / "done.csv").fixed) == 6

    for fix in read_fixes(session):
        if DIRTY["distance"][fix.row] is None:
            assert float(fix.cells["distance"]) == FULL["distance"][fix.row]


def test_two_people_who_differ_are_named_and_nothing_of_the_row_is_taken(session, todo, tmp_path):
    ann, bob = fill(todo, FULL, by="ann"), fill(todo, FULL, by="bob")
    both = next(line for line in bob if line["fix:distance"])
    both["fix:distance"] = "99999"
    write_lines(tmp_path / "done.csv", ann + bob)

    found = import_rows(session, tmp_path / "done.csv")

    row = int(both["row"])
    (conflict,) = found.conflicts
    assert (conflict.row, conflict.column) == (row, "distance")
    assert [value for value, _ in conflict.said] == [str(FULL["distance"][row]), "99999"]
    assert conflict.said[0][1].startswith("ann (line ")
    assert conflict.said[1][1].startswith("bob (line ")
    assert row not in told(session)
    assert len(found.fixed) == 5
    assert {fix.by for fix in read_fixes(session)} == {"ann, bob"}


def test_an_answer_that_differs_from_the_sessions_is_a_conflict(session, todo, tmp_path):
    write_lines(tmp_path / "ann.csv", fill(todo, FULL, by="ann"))
    import_rows(session, tmp_path / "ann.csv")
    before = told(session)
    late = fill(todo, FULL, by="bob")
    other = next(line for line in late if line["fix:way"])
    other["fix:way"] = "rail"
    write_lines(tmp_path / "bob.csv", late)

    found = import_rows(session, tmp_path / "bob.csv")

    assert [c.said[1][1] for c in found.conflicts] == ["ann (in the session)"]
    assert found.fixed == ()
    assert told(session) == before


def test_answers_of_two_people_to_one_row_are_put_together(session, tmp_path):
    export_rows(session, tmp_path / "all.csv", source=DIRTY)
    todo = read_lines(tmp_path / "all.csv")
    two = next(line for line in fill(todo, FULL) if line["fix:way"] and line["fix:distance"])
    ann, bob = {**two, "fix:way": "", "by": "ann"}, {**two, "fix:distance": "", "by": "bob"}
    write_lines(tmp_path / "ann.csv", [ann])
    write_lines(tmp_path / "both.csv", [ann, bob])

    alone = import_rows(session, tmp_path / "ann.csv")
    assert (alone.fixed, alone.begun) == ((), 1)
    together = import_rows(session, tmp_path / "both.csv")

    assert together.fixed == (int(two["row"]),)
    assert read_fixes(session)[0].by == "ann, bob"


def test_a_row_fixed_by_candidate_is_known_with_its_cells(session, todo, tmp_path):
    made, table = open_cleaning(session)
    row = int(todo[0]["row"])
    made.fix(row, 1)
    for name, value in table.candidates(row)[1].items():
        todo[0][f"fix:{name}"] = str(value)
    write_lines(tmp_path / "done.csv", todo[:1])
    assert import_rows(session, tmp_path / "done.csv").known == (row,)

    made.fix(row, made.candidates(row)[1] + 0.25)
    found = import_rows(session, tmp_path / "done.csv")
    assert "other features" in found.conflicts[0].sentence


def test_ok_means_right_as_it_stands_unless_it_is_a_value(tmp_path):
    rows = pl.DataFrame(
        {"state": ["ok", "bad", "ok", "bad"], "n": [1, 2, 3, 900], "way": ["a", "b", "a", "b"],
         "y": [0, 1, 0, 1]}
    )  # fmt: skip
    suspects = pl.DataFrame({"row": [3, 3, 3], "column": ["state", "n", "way"]})
    start_cleaning(rows, rows, "y", tmp_path / "s.db", k=1, suspects=suspects)
    line = {"row": "3", "fix:state": "ok", "fix:n": "OK", "fix:way": "'ok"}
    write_lines(tmp_path / "done.csv", [line])

    import_rows(tmp_path / "s.db", tmp_path / "done.csv")

    assert told(tmp_path / "s.db") == {3: {"state": "ok", "n": None, "way": "ok"}}


def test_blanks_around_a_known_text_are_not_a_new_text(tmp_path):
    rows = pl.DataFrame({"c": ["Rome", None, None, "Oslo ", None], "y": [0, 1, 0, 1, 1]})
    start_cleaning(rows, rows, "y", tmp_path / "s.db", k=1)
    texts = {1: " Rome\xa0", 2: "Oslo ", 4: "Oslo"}
    write_lines(
        tmp_path / "done.csv", [{"row": str(row), "fix:c": text} for row, text in texts.items()]
    )
    import_rows(tmp_path / "s.db", tmp_path / "done.csv")

    # what the column holds with blanks is meant so
    known = {1: {"c": "Rome"}, 2: {"c": "Oslo "}, 4: {"c": "Oslo"}}
    assert told(tmp_path / "s.db") == known


def test_true_and_false_come_as_spreadsheets_write_them(tmp_path):
    rows = pl.DataFrame({"b": [True, None, False, True], "y": [0, 1, 0, 1]})
    start_cleaning(rows, rows, "y", tmp_path / "s.db", k=1)
    write_lines(tmp_path / "done.csv", [{"row": "1", "fix:b": "FALSE"}])
    import_rows(tmp_path / "s.db", tmp_path / "done.csv")
    assert told(tmp_path / "s.db") == {1: {"b": "false"}}

    write_lines(tmp_path / "done.csv", [{"row": "1", "fix:b": "perhaps"}])
    with pytest.raises(SchemaError, match="expected true or false for `b`, got 'perhaps'"):
        import_rows(tmp_path / "s.db", tmp_path / "done.csv")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"row": "2"}, r"done\.csv, line 3, column `row`: expected the number of a row .* '2'"),
        ({"row": "1e3"}, r"line 3, column `row`.*'1e3'"),
        ({"row": ""}, r"line 3, column `row`.*''"),
        (
            {"fix:distance": "far"},
            r"line 3, column `fix:distance`: expected a number for .* 'far'",
        ),
        (
            {"fix:distance": "nan"},
            r"line 3, column `fix:distance`: expected a number for .* 'nan'",
        ),
        (
            {"fix:distance": "3,5"},
            r"line 3, column `fix:distance`: expected a number for .* '3,5'",
        ),
        ({"fix:distance": "ok"}, r"expected a value for a cell that is empty, got 'ok'"),
    ],
)
def test_one_wrong_line_is_named_and_no_line_is_taken(session, todo, tmp_path, change, message):
    empty = [x for x in fill(todo, FULL) if x["fix:distance"]]
    write_lines(tmp_path / "done.csv", [empty[0], empty[1] | change])
    before = session.read_bytes()

    with pytest.raises(SchemaError, match=message) as error:
        import_rows(session, tmp_path / "done.csv")

    assert error.value.hint
    assert session.read_bytes() == before


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("row,fix:distanze", "Did you mean `distance`"),
        ("row,fix:late", "got `fix:late`"),
        ("row,distance", "a column `fix:NAME`"),
    ],
)
def test_wrong_columns_are_named(session, tmp_path, header, message):
    (tmp_path / "done.csv").write_text(f"{header}\n0,1\n")

    with pytest.raises(SchemaError, match=message):
        import_rows(session, tmp_path / "done.csv")


def test_what_others_added_meanwhile_is_not_written_over(session, todo, tmp_path):
    known = read_fixes(session)
    write_lines(tmp_path / "done.csv", fill(todo, FULL))
    import_rows(session, tmp_path / "done.csv")

    with pytest.raises(SourceError, match="somebody else works on this session"):
        add_fixes(session, read_fixes(session)[:1], known=known)

    assert len(read_fixes(session)) == 6
