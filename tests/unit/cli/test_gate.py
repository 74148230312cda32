import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from trimtab.cli.main import app

run = CliRunner().invoke


@pytest.fixture
def files(tmp_path):
    """Predictions of a blind and a seeing model, and 30 days of labels."""
    rng = np.random.default_rng(0)
    n = 3_000
    label = rng.random(n) < 0.3
    ids = pl.Series("id", np.arange(n))
    good = pl.DataFrame({"id": ids, "score": np.clip(0.2 + 0.5 * label, 0, 1)})
    blind = pl.DataFrame({"id": ids, "score": np.full(n, 0.3)})
    labels = pl.DataFrame({"id": ids, "label": label.astype(int), "day": np.arange(n) // 100})
    for name, frame in {"good": good, "blind": blind, "labels": labels}.items():
        frame.sample(fraction=1, shuffle=True, seed=1).write_parquet(tmp_path / f"{name}.parquet")
    return tmp_path


def check(files, new="good", old="blind", *more, labels="labels"):
    words = [f"--{k}={files / v}.parquet" for k, v in {"new": new, "old": old}.items()]
    return run(app, ["gate", "check", *words, f"--labels={files / labels}.parquet", *more])


def test_a_better_challenger_passes_with_code_0(files):
    result = check(files, "good", "blind", "--block", "day", "--json")

    assert result.exit_code == 0
    verdict = json.loads(result.stdout)
    assert verdict["outcome"] == "pass"
    assert verdict["method"] == "t over 30 blocks"
    assert verdict["delta"] == pytest.approx(0.0125)


def test_a_worse_challenger_fails_with_code_1(files):
    result = check(files, "blind", "good", "--block", "day")

    assert result.exit_code == 1
    assert result.stdout.startswith("fail: The challenger is not better")


def test_too_few_rows_end_with_code_3(files):
    pl.read_parquet(files / "labels.parquet").head(40).write_parquet(files / "few.parquet")

    result = check(files, "good", "blind", labels="few")

    assert result.exit_code == 3
    assert "not enough data" in result.stdout


def test_no_labelled_rows_end_with_code_3(files):
    pl.read_parquet(files / "labels.parquet").clear().write_parquet(files / "none.parquet")

    assert check(files, "good", "blind", labels="none").exit_code == 3


def test_ranking_can_be_asked_for(files):
    result = check(files, "good", "blind", "--block", "day", "--metric", "auc", "--json")

    assert result.exit_code == 0
    assert "auc_gain" in json.loads(result.stdout)["intervals"]


def test_numbers_need_a_scale(files):
    rows = pl.read_parquet(files / "labels.parquet").with_columns(pl.col("label") * 40)
    rows.write_parquet(files / "numbers.parquet")

    assert check(files, labels="numbers").exit_code == 2
    assert check(files, "good", "blind", "--scale", "40", labels="numbers").exit_code in (0, 1, 3)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--label", "lable"], "expected a column `lable`"),
        (["--block", "dya"], "Did you mean `day`?"),
        (["--method", "blocks"], "needs --block"),
        (["--delta", "2"], "--delta"),
        (["--method", "magic"], "--method"),
    ],
)
def test_bad_input_is_refused_with_code_2(files, more, said):
    result = check(files, "good", "blind", *more)

    assert result.exit_code == 2
    assert said in result.output.replace("\n", " ").replace("│", "")


def test_a_repeated_id_is_refused(files):
    rows = pl.read_parquet(files / "good.parquet")
    pl.concat([rows, rows.head(2)]).write_parquet(files / "twice.parquet")

    result = check(files, "twice")

    assert result.exit_code == 2
    assert "2 repeated" in result.output


def test_a_row_that_one_model_did_not_answer_is_refused(files):
    pl.read_parquet(files / "good.parquet").head(2_990).write_parquet(files / "part.parquet")

    result = check(files, "part")

    assert result.exit_code == 2
    assert "none for 10 of 3,000" in result.output.replace("\n", " ")


def test_a_look_is_noted_in_the_ledger_of_a_project(files):
    (files / "trimtab.toml").write_text(
        '[project]\nname = "p"\n[[tables]]\nname = "t"\nsource = "t.csv"\ntime = "time"\n'
        '[task]\nname = "late"\ntable = "t"\nkind = "binary"\nlabel = "late"\n'
        "[train]\nuntil = 2013-04-01\n"
    )
    asked = ["--block", "day", "--project", str(files), "--steps", "1"]

    assert check(files, "good", "blind", *asked).exit_code == 0
    assert check(files, "good", "blind", *asked).exit_code == 0  # the same look again
    spent = check(files, "blind", "good", *asked)
    listed = run(app, ["gate", "ledger", "list", "--project", str(files), "--json"])

    assert spent.exit_code == 1
    assert "fresh test set" in spent.output.replace("\n", " ")
    assert [look["outcome"] for look in json.loads(listed.stdout)["looks"]] == ["pass"]


def test_a_plan_says_how_much_it_takes():
    result = run(app, ["gate", "plan", "--tolerance", "0.01", "--block-sd", "0.02", "--json"])

    assert result.exit_code == 0
    assert json.loads(result.stdout)["rows"] == 101_504
    assert json.loads(result.stdout)["blocks"] == 29
    assert run(app, ["gate", "plan", "--block-sd", "-1"]).exit_code == 2


def test_with_a_scale_numbers_may_stand_in_the_column_of_predictions(files):
    for name in ("good", "blind"):
        frame = pl.read_parquet(files / f"{name}.parquet")
        frame.rename({"score": "prediction"}).write_parquet(files / f"{name}-numbers.parquet")
    sides = ("good-numbers", "blind-numbers")

    numbers = check(files, *sides, "--scale", "2", "--json")
    scores = check(files, "good", "blind", "--scale", "2", "--json")
    neither = check(files, *sides)

    assert json.loads(numbers.stdout) == json.loads(scores.stdout)
    assert neither.exit_code == 2
    assert "--condition" in neither.stderr
