import json

import pytest
from typer.testing import CliRunner

from trimtab.cli.main import app


def plan(*words):
    return CliRunner().invoke(app, ["gate", "plan", *words])


def test_a_condition_is_planned_as_json():
    result = plan(
        "n - o > 0.02 +/- 0.01", "--reliability", "0.9999", "--steps", "32",
        "--adaptivity", "full", "--method", "hoeffding", "--json",
    )  # fmt: skip

    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["samples"], found["labels"], found["method"]) == (641_684, 641_684, "hoeffding")


def test_a_condition_is_planned_in_words():
    result = plan("n > 0.8 +/- 0.1", "--steps=3", "--adaptivity=none", "--mode=fn_free")

    assert result.exit_code == 0
    assert "A condition that is true fails" in result.stdout
    assert "0.0001/3" in result.stdout


def test_disagreement_known_beforehand_saves_labels():
    words = ["n - o > 0.02 +/- 0.02", "--reliability=0.998", "--steps=7", "--adaptivity=none"]

    found = json.loads(plan(*words, "--disagreement=0.1", "--json").stdout)

    assert (found["samples"], found["labels"]) == (4713, 472)


def test_an_ease_ml_ci_file_is_planned_and_options_win_over_it(tmp_path):
    file = tmp_path / "ci.yml"
    file.write_text(
        "ml:\n- condition : n > 0.8 +/- 0.05\n- reliability: 0.99\n- mode : fn-free\n"
        "- adaptivity : none\n- steps : 4\n"
    )
    same = ["--reliability=0.99", "--mode=fn_free", "--adaptivity=none", "--json"]

    by_file = json.loads(plan("--ci-file", str(file), "--json").stdout)
    other = json.loads(plan("--ci-file", str(file), "--steps=9", "--json").stdout)

    assert by_file == json.loads(plan("n > 0.8 +/- 0.05", "--steps=4", *same).stdout)
    assert other == json.loads(plan("n > 0.8 +/- 0.05", "--steps=9", *same).stdout)


def test_a_wrong_condition_ends_with_code_2_and_a_caret():
    result = plan("n - p > 0.02 +/- 0.01")

    assert result.exit_code == 2
    assert "  n - p > 0.02 +/- 0.01\n      ^\n" in result.stderr


def test_without_a_condition_a_gain_in_mean_loss_is_planned():
    result = plan("--tolerance=0.01", "--steps=4", "--block-sd=0.02", "--json")

    found = json.loads(result.stdout)
    assert (found["rows"], found["blocks"]) == (101_504, 29)
    assert json.loads(plan("--json").stdout)["steps"] == 4


@pytest.mark.parametrize(
    "words",
    [["--method=exact"], ["n > 0.8 +/- 0.1", "--delta=0.1"], ["--tolerance=2"], ["--block-sd=-1"]],
)
def test_options_that_do_not_fit_end_with_code_2(words):
    result = plan(*words)

    assert result.exit_code == 2
    assert words[-1].split("=")[0] in result.stderr
