"""`trimtab effort clean` for linear models, as people use it."""

import json
from pathlib import Path

import polars as pl
import pytest
from tests.unit.cli.clean_commands import clean
from tests.unit.effort.active_tables import parcels
from tests.unit.effort.cleaning_tables import read_lines, write_lines


@pytest.fixture
def ask(tmp_path, monkeypatch):
    """Run a command in a folder that holds the tables."""
    monkeypatch.chdir(tmp_path)
    full, dirty = parcels(120)
    dirty.write_parquet("dirty.parquet")
    full.write_parquet("full.parquet")
    parcels(80, seed=8)[0].write_parquet("fresh.parquet")

    def call(*words, code=0):
        found = clean(*words)
        assert found.exit_code == code, found.output
        return found

    return call


START = "start", "s.db", "dirty.parquet", "--label", "late", "--model", "logistic"


def told(row, facts, full):
    """Return the options of `fix` for what a row truly holds."""
    words = []
    for name, stands in facts["cells"].items():
        if stands is None or stands != full[name][row]:
            words += ["--set", f"{name}={full[name][row]}"]
    return words or ["--right"]


def test_a_person_can_clean_from_start_to_end_on_the_command_line(ask):
    full, _ = parcels(120)
    begun = ask(*START, "--batch", "40", "--validation", "fresh.parquet", "--label-cost", "2")
    assert "all 120 rows may be dirty" in begun.stderr
    assert "accuracy on 80 validation rows" in begun.stdout
    while isinstance(rows := json.loads(ask("next", "s.db", "--json").stdout), list):
        for facts in rows[:7]:
            ask("fix", "s.db", str(facts["row"]), *told(facts["row"], facts, full))

    status = json.loads(ask("status", "s.db", "--json").stdout)
    assert status["is_done"]
    assert (status["cleaned"], status["steps"], status["cost_so_far"]) == (120, 3, 240)
    ask("finish", "s.db", "--out", "cleaned.parquet")
    assert pl.read_parquet("cleaned.parquet").equals(full)
    assert "no row is left" in ask("export", "s.db", "todo.csv").stdout


def test_next_shows_the_batch_in_brief_and_rows_in_full(ask):
    ask(*START, "--batch", "30")

    brief, full = ask("next", "s.db").stdout, ask("next", "s.db", "-n", "2").stdout

    assert "batch 1: 0 of 30 rows are answered" in brief
    assert brief.count("any ") == 30
    assert "km is empty; any other cell" in brief
    assert full.count("was drawn with a chance of") == 2
    assert "too few rows are cleaned to say how likely it is dirty" in full
    assert "as it stands" in full


def test_a_team_fills_in_a_sheet_and_the_label_says_that_a_row_is_looked_through(ask):
    full, _ = parcels(120)
    ask(*START, "--batch", "30")
    ask("export", "s.db", "todo.csv", "--rows", "99")
    lines = read_lines(Path("todo.csv"))
    assert len(lines) == 30
    assert [name for name in lines[0] if name.startswith("fix:")] == [
        "fix:km", "fix:way", "fix:kg", "fix:late",
    ]  # fmt: skip
    for number, line in enumerate(lines):
        row = int(line["row"])
        for name in ("km", "way", "kg", "late"):
            if line[name] != str(full[name][row]):
                line[f"fix:{name}"] = str(full[name][row])
        if number < 29:
            line["fix:late"] = line["fix:late"] or "ok"
        else:
            line["fix:late"] = ""
    write_lines(Path("done.csv"), lines)

    found = ask("import", "s.db", "done.csv", "--by", "ann")

    assert "29 rows fixed, 1 not yet" in found.stdout
    assert "29 wait for the rest of their batch" in found.stdout
    lines[-1]["fix:late"] = str(full["late"][int(lines[-1]["row"])])
    write_lines(Path("more.csv"), lines)
    again = json.loads(ask("import", "s.db", "more.csv", "--json").stdout)
    assert (again["status"]["steps"], again["status"]["waiting"]) == (1, 0)
    assert "batch 2: 0 of 30" in ask("next", "s.db").stdout


def test_a_cell_written_after_the_row_was_signed_is_not_lost_in_silence(ask):
    ask(*START, "--batch", "30")
    ask("export", "s.db", "todo.csv", "--rows", "99")
    line = next(one for one in read_lines(Path("todo.csv")) if one["km"])
    write_lines(Path("done.csv"), [line | {"fix:late": "ok"}])
    write_lines(Path("late.csv"), [line | {"fix:late": "ok", "fix:kg": "77"}])

    ask("import", "s.db", "done.csv", "--by", "ann")
    found = ask("import", "s.db", "late.csv", "--by", "bob", code=1)

    assert f"row {line['row']}, `kg`: '77' by bob" in found.stdout
    assert f"'{line['kg']}' by ann (in the session)" in found.stdout


def test_a_candidate_is_a_class_or_a_repair_by_number(ask):
    ask(*START)
    facts = json.loads(ask("next", "s.db", "--json").stdout)
    row = next(one for one in facts if None not in one["cells"].values())

    found = ask("fix", "s.db", str(row["row"]), "--candidate", "1")

    other = {"yes": "no", "no": "yes"}[row["label"]]
    assert f"row {row['row']}: late {other}" in found.stderr
    assert json.loads(ask("status", "s.db", "--json", code=3).stdout)["changed"] == 1


def test_a_new_level_is_named_and_taken(ask):
    ask(*START)
    row = json.loads(ask("next", "s.db", "--json").stdout)[0]["row"]

    words = "fix", "s.db", str(row), "--set", "way=raod", "--set", "km=3"
    assert f"`way` in row {row} is 'raod', new to the column" in " ".join(
        ask(*words).stderr.split()
    )
    assert "did you mean `road`?" in json.loads(ask(*words, "--json").stdout)["notes"][0]


def test_suspects_that_are_not_there_are_named_with_their_file(ask):
    Path("rules.csv").write_text("row\n7\nx7\n", encoding="utf-8")

    found = ask("start", "t.db", *START[2:], "--suspects", "rules.csv", code=2)

    assert "rules.csv: expected rows from 0 to 119, got 'x7'" in found.stderr


def test_report_has_a_line_for_each_model_on_the_way(ask):
    full, _ = parcels(120)
    ask(*START, "--batch", "30", "--validation", "fresh.parquet")
    for facts in json.loads(ask("next", "s.db", "--json").stdout):
        ask("fix", "s.db", str(facts["row"]), *told(facts["row"], facts, full))

    text = ask("report", "s.db", "--html", "page.html").stdout
    report = json.loads(ask("report", "s.db", "--json").stdout)

    assert [moment["cleaned"] for moment in report["course"]] == [0, 30]
    assert report["course"][0]["gradient"] is None
    assert report["course"][1]["score"]["estimate"] == report["score"]["now"]["estimate"]
    assert set(report["coefficients"]) == {
        "km", "way air", "way road", "way sea", "kg", "the intercept",
    }  # fmt: skip
    assert report["outputs"] == ["yes"]
    assert "a poor choice for" in text
    assert "The model on the way" in Path("page.html").read_text(encoding="utf-8")


def test_small_batches_are_warned_of(ask):
    assert "batches of 5 move the model 0.2 times as far" in ask(*START, "--batch", "5").stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("start", "t.db", "dirty.parquet", "--label", "late"), "a validation table for --model"),
        ((*START[:1], "t.db", *START[2:-1], "logistik"), "Did you mean `logistic`"),
        ((*START[:1], "t.db", *START[2:], "-k", "3"), "--model knn"),
        ((*START[:1], "t.db", *START[2:-1], "knn", "--batch", "9"), "--model logistic"),
        ((*START[:1], "t.db", *START[2:-1], "squared"), "--model squared, got String"),
        ((*START[:1], "t.db", "dirty.parquet", "--label", "km", "--model", "logistic"), "empty"),
        (("fix", "s.db", "3", "--set", "late=perhaps"), "one of the classes no, yes"),
        (("fix", "s.db", "3", "--set", "kg=heavy"), "a number for `kg`"),
        (("fix", "s.db", "3", "--candidate", "7"), "a candidate from 0 to 1"),
        (("fix", "s.db", "3", "--right", "--candidate", "0"), "got both"),
        (("fix", "s.db", "500", "--right"), "got 500"),
    ],
)
def test_wrong_words_are_named_and_change_nothing(ask, words, message):
    ask(*START)

    found = ask(*words, code=2)

    assert message in found.stderr
    assert json.loads(ask("status", "s.db", "--json", code=3).stdout)["cleaned"] == 0
