import json

import polars as pl
import pytest
import typer
from tests.unit.effort.cleaning_tables import tables
from typer.testing import CliRunner

from trimtab.cli.effort_clean import register
from trimtab.cli.output import TrimtabGroup


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Run a command in a folder that holds the tables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")  # what is said in one sentence stays in one line
    full, dirty = tables()
    full.write_parquet("full.parquet")
    dirty.write_csv("dirty.csv")
    app = typer.Typer(cls=TrimtabGroup)
    app.callback()(lambda: None)
    register(app)

    def call(*words):
        found = CliRunner().invoke(app, ["clean", *words])
        assert found.exception is None or isinstance(found.exception, SystemExit)
        return found

    return call


START = "start", "s.db", "dirty.csv", "--validation", "full.parquet", "--label", "late"


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
