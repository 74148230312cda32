import polars as pl
import pytest
from tests.unit.effort.cleaning_tables import orders, read_lines

from trimtab.core.errors import SourceError
from trimtab.effort.cleaning_handoff import export_rows
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_table import start_cleaning


@pytest.fixture
def session(tmp_path, monkeypatch):
    """A session on a file, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    full, dirty = orders()
    dirty.write_csv("dirty.csv")
    start_cleaning("dirty.csv", full, "late", tmp_path / "s.db", ignore=["order"])
    return tmp_path / "s.db"


def test_a_line_is_a_row_worth_cleaning_as_it_stands(session, tmp_path):
    made, table = open_cleaning(session)

    assert export_rows(session, tmp_path / "todo.csv", 7) == 7

    lines = read_lines(tmp_path / "todo.csv")
    assert [int(line["row"]) for line in lines] == [step.row for step in made.next(7)]
    assert list(lines[0]) == [
        "row", "late", "order", "distance", "way", "look at", "candidates",
        "fix:distance", "fix:way", "by", "note",
    ]  # fmt: skip
    _, dirty = orders()
    for line in lines:
        row = int(line["row"])
        known = dirty.row(row, named=True)
        assert line["order"] == f"'=A{row}"  # no formula
        assert line["late"] == str(known["late"]).lower()
        assert line["distance"] == ("" if known["distance"] is None else str(known["distance"]))
        assert [part.split(":")[0] for part in line["look at"].split("; ")] == [
            name for name in ("distance", "way") if known[name] is None
        ]
        assert {line["fix:distance"], line["fix:way"], line["by"], line["note"]} == {""}
        for name in table.unsure(row):
            wanted = dict.fromkeys(cells[name] for cells in table.candidates(row))
            shown = line["candidates"].split(f"{name}: ")[1].split("; ")[0].split(" | ")
            assert shown == [f"{value:g}" if name == "distance" else value for value in wanted]


def test_the_next_person_gets_the_rows_after(session, tmp_path):
    export_rows(session, tmp_path / "all.csv", 9)
    export_rows(session, tmp_path / "ann.csv", 5)
    export_rows(session, tmp_path / "bob.csv", 4, skip=5)

    both = read_lines(tmp_path / "ann.csv") + read_lines(tmp_path / "bob.csv")
    assert [line["row"] for line in both] == [x["row"] for x in read_lines(tmp_path / "all.csv")]


def test_a_source_that_is_gone_leaves_what_the_session_knows(session, tmp_path):
    (tmp_path / "dirty.csv").unlink()

    export_rows(session, tmp_path / "todo.csv", 3)

    assert list(read_lines(tmp_path / "todo.csv")[0])[:5] == [
        "row", "late", "distance", "way", "look at",
    ]  # fmt: skip
    with pytest.raises(SourceError, match="--source"):
        export_rows(session, tmp_path / "more.csv", 3, source=tmp_path / "gone.csv")


def test_columns_with_the_hand_offs_names_are_told_apart(tmp_path):
    full, dirty = orders()
    names = {"order": "by", "distance": "row", "way": "fix:row"}
    start_cleaning(
        dirty.rename(names), full.rename(names), "late", tmp_path / "s.db", ignore=["by"]
    )

    export_rows(tmp_path / "s.db", tmp_path / "todo.csv", 3, source=dirty.rename(names))

    assert list(read_lines(tmp_path / "todo.csv")[0]) == [
        "row", "late", "by (table)", "row (table)", "fix:row (table)", "look at", "candidates",
        "fix:row", "fix:fix:row", "by", "note",
    ]  # fmt: skip


def test_with_nothing_left_there_is_no_file(tmp_path):
    full, dirty = orders()
    session, table = start_cleaning(dirty, full, "late", tmp_path / "s.db", ignore=["order"])
    while step := session.next():
        session.fix(step[0].row, 0)

    assert export_rows(tmp_path / "s.db", tmp_path / "todo.csv") == 0
    assert not (tmp_path / "todo.csv").exists()


def test_half_filled_work_is_never_written_over(session, tmp_path):
    export_rows(session, tmp_path / "todo.csv", 3)

    with pytest.raises(SourceError, match=r"expected no file at todo\.csv"):
        export_rows(session, tmp_path / "todo.csv", 3)


def test_numbers_out_of_range_are_refused(session, tmp_path):
    with pytest.raises(ValueError, match="`n` of 1 or more"):
        export_rows(session, tmp_path / "todo.csv", 0)


def test_a_changed_source_is_not_shown_as_the_one_that_was(session, tmp_path):
    pl.read_csv("dirty.csv").with_columns(order=pl.lit("other")).write_csv("dirty.csv")

    export_rows(session, tmp_path / "todo.csv", 3)

    assert "order" not in read_lines(tmp_path / "todo.csv")[0]
