import json
import re

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.unit.cli.clean_commands import SHOP, START, clean, lay_out
from tests.unit.effort.cleaning_tables import fill, orders, read_lines, write_lines

from trimtab.effort.cleaning_file import read_fixes

FULL, DIRTY = orders()


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in a folder that holds the tables and a session."""
    lay_out(tmp_path, monkeypatch, FULL, DIRTY)
    assert clean(*START, "--ignore", "order").exit_code == 0
    return clean


def test_rows_go_to_people_and_come_back_clean(run, tmp_path):
    lots = 0
    while (found := json.loads(run("export", "s.db", f"{lots}.csv", "-n", 9, "--json").stdout))[
        "rows"
    ]:
        assert found["rows"] <= 9
        done = fill(read_lines(tmp_path / f"{lots}.csv"), FULL, by="ann")
        write_lines(tmp_path / "done.csv", done)
        answer = run("import", "s.db", "done.csv", "--json")
        assert answer.exit_code == 0
        told = json.loads(answer.stdout)
        assert len(told["fixed"]) == found["rows"]
        lots += 1

    assert lots > 1
    assert not (tmp_path / f"{lots}.csv").exists()
    assert told["status"]["certain"] == told["status"]["n_queries"]
    made = json.loads(run("finish", "s.db", "--out", "clean.parquet", "--json").stdout)
    assert made["by"] == {"ann": made["rows_cleaned"]}
    cleaned = pl.read_parquet("clean.parquet")
    assert json.loads(pl.read_parquet_metadata("clean.parquet")["trimtab"])["by"] == made["by"]
    fixed = [fix.row for fix in read_fixes("s.db")]
    assert_frame_equal(cleaned[fixed], FULL[fixed])
    assert cleaned.schema == FULL.schema


def test_who_and_when_are_kept(run, tmp_path):
    run("export", "s.db", "todo.csv", "-n", 2)
    write_lines(tmp_path / "done.csv", fill(read_lines(tmp_path / "todo.csv"), FULL))

    run("import", "s.db", "done.csv", "--by", "cleo")

    assert {fix.by for fix in read_fixes("s.db")} == {"cleo"}
    assert all(fix.at.tzinfo is not None for fix in read_fixes("s.db"))


def test_a_conflict_is_listed_and_ends_with_code_1(run, tmp_path):
    run("export", "s.db", "todo.csv", "-n", 3)
    lines = fill(read_lines(tmp_path / "todo.csv"), FULL, by="ann")
    one = next(line for line in lines if line["fix:distance"])
    write_lines(tmp_path / "done.csv", [*lines, {**one, "fix:distance": "77777", "by": "bob"}])

    found = run("import", "s.db", "done.csv")

    assert found.exit_code == 1
    assert re.search(rf"row {one['row']}, `distance`: '.*' by ann \(line \d\), '77777' by bob",
                     found.stdout)  # fmt: skip
    assert "hint: agree" in found.stdout
    assert "2 rows fixed" in found.stdout


def test_a_new_level_is_named_in_the_summary_and_taken(run, tmp_path):
    run("export", "s.db", "todo.csv", "-n", 9)
    lines = fill(read_lines(tmp_path / "todo.csv"), FULL)
    empty = [line for line in lines if line["fix:way"]]
    for line in empty[:2]:
        line["fix:way"] = "SEA"
    write_lines(tmp_path / "done.csv", lines)

    found = json.loads(run("import", "s.db", "done.csv", "--json").stdout)

    (note,) = found["notes"]
    row = next(line["row"] for line in lines if line["fix:way"] == "SEA")
    assert f"`way` in row {row} is 'SEA' (1 more row), new to the column" in note
    assert "did you mean `sea`?" in note
    assert len(found["fixed"]) == 9
    run("start", "t.db", "dirty.csv", *START[3:], "--ignore", "order")
    assert f"warning: {note}" in run("import", "t.db", "done.csv").stdout.splitlines()


def test_a_csv_table_holds_the_repairs_that_were_asked_for(run):
    assert run("finish", "s.db", "--out", "clean.csv", "--repair").exit_code == 0

    cleaned = pl.read_csv("clean.csv")
    assert cleaned["distance"].null_count() == cleaned["way"].null_count() == 0
    assert cleaned["_repaired"].null_count() == FULL.height - len(
        DIRTY.filter(pl.any_horizontal(pl.col("distance", "way").is_null()))
    )


def test_the_table_becomes_a_version_of_a_project(run, tmp_path):
    (tmp_path / "trimtab.toml").write_text(SHOP)

    first = run("finish", "s.db", "--into", "orders_clean", "--json")
    again = run("finish", "s.db", "--into", "orders_clean", "--json")
    wrong = run("finish", "s.db", "--into", "orders clean")
    assert wrong.exit_code == 2
    assert "got 'orders clean'" in wrong.stderr
    assert "Write --into orders_clean" in run("finish", "s.db", "--into", "orders").stderr

    version = json.loads(first.stdout)["version"]
    assert (version["table"], version["rows"]) == ("orders_clean", DIRTY.height)
    assert version["source"].startswith("dirty.csv (content ")
    assert json.loads(again.stdout)["version"] == version


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("finish", "s.db"), "expected --out or --into, got neither"),
        (("finish", "s.db", "--out", "clean.xlsx"), "ends in .parquet or .csv, got clean.xlsx"),
        (("finish", "s.db", "--out", "dirty.csv"), "which is the table that was cleaned"),
        (("finish", "s.db", "--out", "c.csv", "--source", "full.parquet"), "other content"),
        (("finish", "s.db", "--into", "orders_clean"), "expected a `trimtab.toml`"),
        (("export", "s.db", "dirty.csv"), "expected no file at dirty.csv"),
        (("import", "s.db", "gone.csv"), "expected a file at gone.csv"),
        (("import", "s.db", "dirty.csv"), "dirty.csv, line 1: expected a column `row`"),
    ],
)
def test_wrong_words_are_named_and_change_nothing(run, tmp_path, words, message):
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    found = run(*words)

    assert found.exit_code == 2
    assert message in found.stderr
    assert "hint:" in found.stderr
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
