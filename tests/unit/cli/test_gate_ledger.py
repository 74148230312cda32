import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from trimtab.cli.gate_ledger import open_ledger
from trimtab.cli.main import app
from trimtab.core.errors import NotFoundError
from trimtab.core.records import Verdict
from trimtab.gates.ledger import fingerprint_of_ids

AT = datetime(2026, 1, 2, tzinfo=UTC)
PROJECT = (
    '[project]\nname = "p"\n[[tables]]\nname = "t"\nsource = "t.csv"\ntime = "time"\n'
    '[task]\nname = "late"\ntable = "t"\nkind = "binary"\nlabel = "late"\n'
    "[train]\nuntil = 2013-04-01\n"
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder with the labels of a test set, worked in."""
    pl.DataFrame({"id": [3, 1, 2], "label": [0, 1, None]}).write_parquet(
        tmp_path / "labels.parquet"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*words, code=0):
    result = CliRunner().invoke(app, ["gate", "ledger", *words])
    assert result.exit_code == code, result.output
    return result


def opened(*more):
    return json.loads(call("open", "labels.parquet", "--json", *more).stdout)


def look(challenger="v2", outcome="pass", ledger=None, test_set=None):
    test_set = test_set or fingerprint_of_ids([1, 2, 3])
    return open_ledger(ledger, None).look(
        test_set, champion="v1", challenger=challenger, condition="n > 0.8 +/- 0.05", who="bob",
        at=AT, decide=lambda: Verdict(
            outcome, "n > 0.8 +/- 0.05", "n is 0.912", {"n": 0.912}, {}, 900, "exact", 1e-14
        ),
    )  # fmt: skip


def test_open_prints_the_fingerprint_and_the_budget(here):
    said = call("open", "labels.parquet", "--reliability", "0.999", "--steps", "8").stdout

    assert said.startswith(fingerprint_of_ids([1, 2, 3]))
    assert "8 of 8 looks left, reliability 0.999, adaptivity full" in said
    assert (here / "gate-ledger.db").exists()


def test_open_again_is_the_same_and_with_other_numbers_an_error(here):
    assert opened() == opened()

    said = call("open", "labels.parquet", "--steps", "9", code=2).output.replace("\n", " ")
    assert "what it was opened with" in said
    assert "hint" in said


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--id", "lable"], "Did you mean `label`"),
        (["--adaptivity", "ful"], "Did you mean `full`"),
        (["--reliability", "1.5"], "between 0 and 1"),
        (["--id", "label"], "1 missing"),
    ],
)
def test_bad_input_is_refused_with_code_2(here, more, said):
    assert said in call("open", "labels.parquet", *more, code=2).output


def test_list_shows_bits_until_the_set_is_retired(here):
    opened("--name", "holdout", "--steps", "3")
    look()
    before = json.loads(call("list", "--evidence", "--json").stdout)
    seen = call("list", "--evidence").stdout
    retired = call("retire", "holdout", "--why", "too old")
    after = json.loads(call("list", "--evidence", "--json").stdout)

    assert before["test_sets"][0]["left"] == 2
    assert before["looks"][0]["outcome"] == "pass"
    assert "0.912" not in json.dumps(before)
    assert "0.912" not in seen
    assert "too old" in retired.stderr
    assert "retired" in retired.stdout
    assert after["looks"][0]["details"]["verdict"]["estimates"] == {"n": 0.912}
    assert "n 0.912" in call("list", "--evidence").stdout
    assert "0.912" not in call("list").stdout


def test_what_is_hidden_is_not_listed(here):
    opened("--adaptivity", "none", "--to", "https://ann:pw@ci.example/hooks/s3cret")
    listed = call("list", "--json").stdout + call("list").stdout

    assert "s3cret" not in listed
    assert "pw" not in listed


def test_a_hidden_outcome_is_not_listed(here):
    opened("--adaptivity", "none", "--to", "results.jsonl")
    look()

    assert "not told" in call("list").stdout
    assert "pass" not in call("list", "--json", "--evidence").stdout
    assert '"outcome": "pass"' in Path("results.jsonl").read_text()


def test_verify_finds_a_changed_row_and_a_cut_off_tail(here):
    opened()
    look()
    honest = call("verify", "--json")
    head = json.loads(honest.stdout)["head"]
    assert head in call("verify").stdout
    assert call("verify", "--head", head).exit_code == 0

    with sqlite3.connect("gate-ledger.db") as connection:
        connection.execute("UPDATE looks SET outcome = 'fail'")
    connection.close()
    assert "look 1 at test set" in call("verify", code=1).stdout

    with sqlite3.connect("gate-ledger.db") as connection:
        connection.execute("DELETE FROM looks")
        connection.execute("DELETE FROM ledger_entries WHERE number > 1")
    connection.close()
    assert call("verify").exit_code == 0
    assert "cut off" in call("verify", "--head", head, code=1).stdout


@pytest.mark.parametrize("words", [("list",), ("verify",), ("retire", "holdout")])
def test_a_ledger_that_is_not_there_is_no_empty_one(here, words):
    said = call(*words, "--ledger", "typo.db", code=2).output

    assert "typo.db" in said
    assert not (here / "typo.db").exists()


def test_a_set_that_is_not_there_cannot_be_retired(here):
    opened("--name", "holdout")

    assert "Did you mean `holdout`" in call("retire", "houldout", code=2).output


def test_the_options_say_which_ledger(here, tmp_path):
    opened("--ledger", "other.db")
    opened("--ledger", f"sqlite:///{tmp_path / 'third.db'}", "--steps", "5")

    assert open_ledger("other.db", None).test_sets()[0].steps == 32
    assert open_ledger("third.db", None).test_sets()[0].steps == 5
    with pytest.raises(NotFoundError):
        open_ledger(None, None, create=False)

    (here / "trimtab.toml").write_text(PROJECT)
    opened("--steps", "6")
    assert not (here / "gate-ledger.db").exists()
    assert open_ledger(None, here).test_sets()[0].steps == 6
    assert call("list", "--ledger", "other.db", "--project", ".", code=2).exit_code == 2
