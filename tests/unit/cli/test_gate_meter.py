import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from trimtab.cli import gate_meter
from trimtab.cli.gate_ledger import open_ledger
from trimtab.cli.main import app as main
from trimtab.cli.output import TrimtabGroup
from trimtab.gates.meter import meter_samples
from trimtab.gates.threshold import learn_threshold


@pytest.fixture
def gate():
    """The two commands alone, under the root that turns errors into messages and codes."""
    app = typer.Typer(cls=TrimtabGroup, pretty_exceptions_enable=False)
    gate_meter.register(app)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def scored(tmp_path):
    """Calibrated scores, 20,000 of them, with a day."""
    rng = np.random.default_rng(0)
    score = rng.random(20_000)
    frame = pl.DataFrame(
        {
            "score": score,
            "label": (rng.random(20_000) < score).astype(int),
            "day": np.arange(20_000) // 500,
        }
    )
    frame.write_parquet(tmp_path / "scored.parquet")
    return tmp_path / "scored.parquet"


def test_two_losses_are_read_as_a_range_and_nothing_else_is_told(gate):
    words = ["meter", "0.1", "--rows", 50_000, "--ranges", "0.02,0.05", "--json"]
    told = [json.loads(gate(*words[:2], test, *words[2:]).stdout) for test in ("0.13", "0.145")]

    assert told[0] == told[1]
    assert told[0]["signal"] == 1
    assert told[0]["ranges"] == [[0, 0.02], [0.02, 0.05], [0.05, 1]]


def test_files_are_read_by_their_brier_loss(gate, tmp_path, scored):
    sure = pl.DataFrame({"score": [0.0, 1.0] * 50, "label": [0, 1] * 50})
    sure.write_csv(tmp_path / "development.csv")
    told = json.loads(gate("meter", tmp_path / "development.csv", scored, "--json").stdout)

    assert told["signal"] == 4  # 0 against a mean of p (1 - p), a sixth
    assert told["samples"] == 20_000


def test_the_gauge_fills_the_one_range(gate):
    drawn = gate("meter", "0.1", "0.13", "--rows", 50_000, "--ranges", "0.02,0.05").stdout

    bar = next(line for line in drawn.splitlines() if "█" in line)
    assert [set(cell) for cell in bar.split()] == [{"░"}, {"█"}, {"░"}]
    assert "range 2 of 3" in " ".join(drawn.split())
    assert "0.13" not in drawn


def test_without_losses_the_rows_to_label_are_planned(gate):
    result = gate("meter", "--epsilon", "0.02", "--steps", 8, "--reliability", "0.99", "--json")

    assert json.loads(result.stdout)["samples"] == meter_samples(5, 0.02, 0.01, 8)


def test_too_few_rows_exit_with_3_and_say_how_many_are_missing(gate):
    result = gate("meter", "0.1", "0.13", "--rows", 100, "--epsilon", "0.02")

    assert result.exit_code == 3
    assert "got 100" in result.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["meter"], "two losses or files"),
        (["meter", "0.1", "0.2"], "rows"),
        (["meter", "0.1", "1.2", "--rows", "9"], "test_loss"),
        (["meter", "0.1", "0.2", "--rows", "9", "--ranges", "0.2,0.1"], "rise"),
        (["meter", "0.1", "0.2", "--rows", "9", "--reliability", "1.5"], "reliability"),
        (["meter", "0.1", "nothing.csv"], "nothing.csv"),
        (["threshold", "nothing.csv", "--objective", "rate<=0.1"], "nothing.csv"),
    ],
)
def test_bad_input_exits_with_2_and_names_it(gate, words, said):
    result = gate(*words)

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_threshold_is_that_of_the_function(gate, scored):
    result = gate("threshold", scored, "--objective", "precision>=0.9", "--seed", 4, "--json")
    rows = pl.read_parquet(scored)
    learned = learn_threshold(rows["score"], rows["label"], objective="precision>=0.9", seed=4)

    assert result.exit_code == 0
    assert json.loads(result.stdout) == learned.to_dict()


def test_a_window_sets_the_date_and_blocks_are_counted(gate, scored):
    result = gate(
        "threshold", scored, "--objective", "recall>=0.5", "--block", "day", "--window-days", 30
    )

    assert "Learn it again after 20" in result.stdout
    assert "t over 20 blocks" in result.stdout


def test_the_exit_code_is_that_of_the_outcome(gate, tmp_path):
    rng = np.random.default_rng(1)
    coin = pl.DataFrame({"score": rng.random(5_000), "label": rng.random(5_000) < 0.3})
    coin.write_csv(tmp_path / "coin.csv")
    coin.head(20).write_csv(tmp_path / "few.csv")

    def code(file):
        return gate("threshold", tmp_path / file, "--objective", "precision>=0.9").exit_code

    assert (code("coin.csv"), code("few.csv")) == (1, 3)


def test_a_rate_needs_no_labels_and_other_objectives_say_what_is_missing(gate, tmp_path):
    pl.DataFrame({"score": np.linspace(0, 1, 2_000)}).write_csv(tmp_path / "plain.csv")

    assert gate("threshold", tmp_path / "plain.csv", "--objective", "rate<=0.1").exit_code == 0
    missing = gate("threshold", tmp_path / "plain.csv", "--objective", "recall>=0.1")
    assert missing.exit_code == 2
    assert "expected a column `label`" in missing.stderr
    misspelt = gate("threshold", tmp_path / "plain.csv", "--objective", "rat<=0.1")
    assert misspelt.exit_code == 2
    assert "Did you mean `rate`?" in misspelt.stderr


def test_a_score_that_is_missing_or_no_number_is_refused(gate, tmp_path):
    pl.DataFrame({"score": [0.1, None], "label": [0, 1]}).write_csv(tmp_path / "gap.csv")
    pl.DataFrame({"score": ["a", "b"], "label": [0, 1]}).write_csv(tmp_path / "text.csv")
    told = [
        gate("threshold", tmp_path / file, "--objective", "recall>=0.5")
        for file in ("gap.csv", "text.csv")
    ]

    assert [result.exit_code for result in told] == [2, 2]
    assert "in 1 rows" in told[0].stderr
    assert "expected numbers in `score`" in told[1].stderr


# --- through a ledger


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """The rows of a test set with ids, worked in its folder; some have no label yet."""
    rng = np.random.default_rng(2)
    score = rng.random(60_000)
    label = pl.Series((rng.random(60_000) < score).astype(int))
    frame = pl.DataFrame({"key": np.arange(60_000), "score": score, "label": label})
    labelled = pl.when(pl.col("key") < 50_000).then("label").alias("label")  # a random part
    frame.with_columns(labelled).write_parquet(tmp_path / "test.parquet")
    monkeypatch.chdir(tmp_path)
    return ["test.parquet", "--id", "key", "--ledger", "gates.db"]


def test_a_counted_reading_takes_a_step_once_for_a_commit(gate, rows):
    words = ["meter", "0.125", *rows, "--json", "--who", "bob"]
    options = ["--reliability", "0.99", "--steps", 2, "--ranges", "0.02,0.08"]
    first = json.loads(gate(*words, *options, "--commit", "a1").stdout)
    again = json.loads(gate(*words, "--commit", "a1").stdout)
    last = gate(*words, "--commit", "a2")
    past = gate(*words, "--commit", "a3")

    assert (first["step"], first["left"], first["reading"]["signal"]) == (1, 1, 1)
    assert first["reading"]["samples"] == 50_000  # those with a label
    assert first["reading"]["gap"][0] == pytest.approx(
        0.02 - ((2 * np.log(3) + np.log(2 / 0.01)) / (2 * 50_000)) ** 0.5
    )
    assert again == {**first, "repeated": True}
    assert json.loads(last.stdout)["left"] == 0
    assert "take a fresh one" in " ".join(last.stderr.split())
    assert past.exit_code == 1
    assert "2 taken of 2" in past.stderr


def test_the_loss_is_kept_nowhere_and_the_gauge_is_listed(gate, rows):
    gate("meter", "0.0875", *rows, "--commit", "a1", "--who", "bob")
    found = CliRunner().invoke(main, ["gate", "ledger", "list", "--ledger", "gates.db"])
    plain = CliRunner().invoke(
        main, ["gate", "ledger", "list", "--ledger", "gates.db", "--evidence", "--json"]
    )
    kept = json.loads(plain.stdout)["readings"][0]

    assert "░░░█░" in found.stdout
    assert kept["commit"] == "a1"
    assert kept["reading"]["sentence"].startswith("range 4 of 5")
    assert "0.0875" not in plain.stdout
    assert all(b"0.0875" not in file.read_bytes() for file in Path().glob("gates.db*"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--steps", "3"], "what it was opened with"),
        (["--ranges", "0.02,0.05"], "what it was opened with"),
        (["--reliability", "0.9"], "what it was opened with"),
        (["--rows", "9"], "by their ids"),
        (["--project", "."], "one of --ledger and --project"),
        (["--commit", ""], "the commit whose model is read"),
    ],
)
def test_other_numbers_than_it_was_opened_with_are_refused(gate, rows, more, said):
    gate("meter", "0.1", *rows, "--commit", "a1", "--steps", 4)
    result = gate("meter", "0.1", *rows, "--commit", "a2", *more)

    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize("option", ["--commit", "--id", "--who"])
def test_options_of_a_ledger_are_not_ignored_without_one(gate, option):
    assert gate("meter", "0.1", "0.2", "--rows", 900, option, "x").exit_code == 2


def test_without_a_commit_no_set_is_opened(gate, rows):
    assert gate("meter", "0.1", *rows).exit_code == 2
    assert gate("meter", "0.1", "0.2", *rows[1:], "--commit", "a1").exit_code == 2
    assert open_ledger("gates.db", None).test_sets() == []


def test_a_set_opened_by_hand_for_readings_takes_no_looks(gate, rows):
    ledger = ["--ledger", "gates.db", "--json"]
    words = ["gate", "ledger", "open", "test.parquet", "--id", "key", "--steps", "5", *ledger]
    opened = CliRunner().invoke(main, [*words, "--ranges", "0.05,0.1"])
    told = json.loads(opened.stdout)
    read = json.loads(gate("meter", "0.1", *rows, "--commit", "a1", "--json").stdout)

    assert (told["reveals"], told["ranges"]) == ("range", [0.05, 0.1])
    assert (read["reading"]["steps"], len(read["reading"]["ranges"])) == (5, 3)
    assert CliRunner().invoke(main, words).exit_code == 2
    assert CliRunner().invoke(main, [*words, "--ranges", "0.1,0.05"]).exit_code == 2


def test_a_set_opened_for_looks_takes_no_readings(gate, rows):
    words = ["gate", "ledger", "open", "test.parquet", "--id", "key", "--ledger", "gates.db"]
    assert CliRunner().invoke(main, words).exit_code == 0
    result = gate("meter", "0.1", *rows, "--commit", "a1")

    assert result.exit_code == 2
    assert "opened for readings" in result.stderr
