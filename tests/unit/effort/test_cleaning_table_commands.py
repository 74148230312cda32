import json

import polars as pl
import pytest
from tests.unit.cli.clean_commands import START, clean, lay_out
from tests.unit.effort.cleaning_tables import tables

from trimtab.effort.cleaning import cleaning_order
from trimtab.effort.cleaning_file import save_session


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Run a command in a folder that holds the tables."""
    lay_out(tmp_path, monkeypatch, *tables())
    return clean


def test_a_person_can_clean_from_start_to_end_on_the_command_line(ask):
    full, _ = tables()
    assert ask(*START, "-k", "1", "--label-cost", "2").exit_code == 0
    assert ask("status", "s.db").exit_code == 3
    for _ in range(60):
        found = json.loads(ask("next", "s.db", "--json").stdout)
        if isinstance(found, dict):
            break
        row, cells = found[0]["row"], found[0]["candidates"][0]
        words = [word for name in cells for word in ("--set", f"{name}={full[name][row]}")]
        assert ask("fix", "s.db", str(row), *words).exit_code == 0

    done = ask("status", "s.db", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["is_done"]
    assert json.loads(done.stdout)["cost_so_far"] == 2 * json.loads(done.stdout)["cleaned"]


def test_next_shows_why_a_row_matters_and_what_it_may_hold(ask):
    ask(*START)

    text = ask("next", "s.db", "-n", "2").stdout

    assert text.count("predictions; cleaning it is expected to settle") == 2
    assert "distance is empty" in text
    assert "neighbours" in text
    assert "late " in text


def test_next_shows_why_a_cell_is_suspect_and_where_candidates_come_from(ask):
    full, _ = tables(200)
    full.write_parquet("full.parquet")
    # a label unlike that of the rows around it, so that it matters where the row truly is
    fifth = pl.int_range(200) == 5
    full.with_columns(
        way=pl.when(fifth).then(pl.lit("roat")).otherwise("way"), late=pl.col("late") ^ fifth
    ).write_csv("dirty.csv")
    pl.DataFrame({"row": [5], "column": ["way"], "value": ["sea"]}).write_csv("yours.csv")
    found = ask(*START, "-k", "1", "--suspects", "auto", "--candidates", "yours.csv")
    assert found.exit_code == 0, found.output
    assert "1 of 200 rows have unsure cells: 0 empty, 1 suspect" in found.stderr

    shown = json.loads(ask("next", "s.db", "--json").stdout)
    assert shown[0]["origins"][0] == {"way": "yours"}
    text = ask("next", "s.db").stdout

    assert "way roat? occurs once, and road" in text
    assert "as it stands" in text


def test_a_candidate_is_fixed_by_its_number(ask):
    ask(*START)
    row = json.loads(ask("next", "s.db", "--json").stdout)[0]["row"]

    assert ask("fix", "s.db", str(row), "--candidate", "1").exit_code == 0
    assert json.loads(ask("status", "s.db", "--json").stdout)["cleaned"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fix", "s.db", "0"), "got neither"),
        (("fix", "s.db", "0", "--candidate", "0", "--set", "way=sea"), "got both"),
        (("fix", "s.db", "2", "--candidate", "0"), "empty or suspect cells, got 2"),
        (("fix", "s.db", "0", "--candidate", "7"), "candidate from 0 to 6"),
        (("fix", "s.db", "0", "--set", "distanze=3"), "got 'distanze'"),
        (("fix", "s.db", "0", "--set", "distance=far"), "a number for `distance`"),
        (("fix", "s.db", "0", "--set", "distance"), "COLUMN=VALUE"),
        (("fix", "s.db", "0", "--set", "way=sea"), "got none for `distance`"),
        (("status", "t.db"), "got no file"),
        (START, "expected no file at s.db"),
    ],
)
def test_wrong_words_are_named_and_change_nothing(ask, words, message):
    ask(*START)

    found = ask(*words)

    assert found.exit_code == 2
    assert message in found.stderr
    assert "hint:" in found.stderr
    assert json.loads(ask("status", "s.db", "--json").stdout)["cleaned"] == 0


def test_names_in_brackets_are_shown_as_they_are(ask):
    for file, rows in zip(("full.parquet", "dirty.parquet"), tables(), strict=True):
        rows.rename({"way": "[bold]way", "distance": "[red]km"}).write_parquet(file)
    ask("start", "s.db", "dirty.parquet", *START[3:])

    assert ask("next", "s.db", "-n", "60").stdout.count("┃ [bold]way") > 1


def test_a_new_level_is_named_and_taken(ask):
    ask(*START)

    found = ask("fix", "s.db", "1", "--set", "way=seaa")
    other = json.loads(ask("fix", "s.db", "7", "--set", "way=canal", "--json").stdout)
    known = json.loads(ask("fix", "s.db", "4", "--set", "way=sea", "--json").stdout)
    picked = json.loads(ask("fix", "s.db", "10", "--candidate", "1", "--json").stdout)

    assert (
        "warning: `way` in row 1 is 'seaa', new to the column, and taken as it is: did you mean "
        "`sea`?" in found.stderr.splitlines()
    )
    assert other["notes"] == ["`way` in row 7 is 'canal', new to the column, and taken as it is"]
    assert known["notes"] == picked["notes"] == []
    assert picked["cleaned"] == 4
    ask("finish", "s.db", "--out", "clean.csv")
    assert pl.read_csv("clean.csv")["way"][[1, 7]].to_list() == ["seaa", "canal"]


def test_what_is_said_is_shown_with_its_brackets(ask):
    ask(*START)

    found = ask("fix", "s.db", "1", "--set", "way=[/b]sea")

    assert found.exit_code == 0
    assert "row 1: way [/b]sea" in found.stderr


def test_true_and_false_are_taken_however_they_are_written_and_nothing_else_is(ask):
    full, dirty = (rows.with_columns(far=tables()[0]["distance"] > 50) for rows in tables())
    full.write_parquet("full.parquet")
    known = pl.int_range(pl.len()) != 1
    dirty.with_columns(pl.when(known).then("far")).write_parquet("dirty.parquet")
    ask("start", "s.db", "dirty.parquet", *START[3:])

    wrong = ask("fix", "s.db", "1", "--set", "way=sea", "--set", "far=yes")
    assert wrong.exit_code == 2
    assert "expected true or false for `far`, got 'yes'" in wrong.stderr
    right = ask("fix", "s.db", "1", "--set", "way=sea", "--set", "far=True", "--json")
    assert json.loads(right.stdout)["notes"] == []
    ask("finish", "s.db", "--out", "clean.parquet")
    assert pl.read_parquet("clean.parquet")["far"][1] is True


def test_a_session_of_arrays_has_no_rows_to_show(ask):
    session = cleaning_order([[[0.0]], [[1.0], [4.5]]], [0, 1], [[2.0]], k=1)
    save_session(session, "arrays.db")

    found = ask("next", "arrays.db")

    assert found.exit_code == 2
    assert "expected a session of a table at arrays.db, got one of arrays alone" in found.stderr
