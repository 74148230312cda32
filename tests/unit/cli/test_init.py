"""`trimtab init` at the terminal: what it says, where it says it, and how it exits."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from trimtab.cli.main import app
from trimtab.core.project import load_project


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "day": pl.date_range(pl.date(2020, 1, 1), pl.date(2022, 1, 1), eager=True),
            "id": pl.int_range(1000, 1732, eager=True),
            "heat": rng.normal(20, 5, 732),
            "duration": rng.exponential(60, 732),
        }
    ).with_columns(broke=(pl.col("heat") + rng.normal(0, 3, 732) > 25).cast(pl.Int64))
    frame.write_parquet(tmp_path / "machines.parquet")
    return tmp_path / "machines.parquet"


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["init", *words])
    return result.exit_code, result.stdout, result.stderr


def test_a_project_is_made_and_the_next_command_is_named(table: Path) -> None:
    folder = table.parent / "shop"

    code, out, _ = run(
        str(table), "--time", "day", "--label", "broke", "--key", "id", "--into", str(folder)
    )

    assert code == 0
    assert "predicts broke (binary) with" in out
    assert f"next: cd {folder} && trimtab run" in out
    assert load_project(folder).project.name == "machines"


def test_warnings_go_to_stderr_and_the_result_as_json_to_stdout(table: Path) -> None:
    folder = table.parent / "shop"

    code, out, err = run(
        str(table), "--time", "day", "--label", "broke", "--into", str(folder), "--json"
    )

    result = json.loads(out)
    assert code == 0
    assert result["kind"] == "binary"
    assert result["rows"] == 732
    assert "`duration`" in err
    assert [warning for warning in result["warnings"] if "`duration`" in warning]


def test_several_keys_and_a_name_may_be_given(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(table.parent)

    code, _, _ = run(
        "machines.parquet", "--label", "heat", "--time", "day", "--key", "id", "--key", "day",
        "--kind", "regression", "--name", "heat-watch",
    )  # fmt: skip

    project = load_project(table.parent / "heat-watch")
    assert code == 0
    assert project.table("heat-watch").key == ["id", "day"]
    assert project.task.kind == "regression"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--label", "brok"], 2, "Did you mean `broke`?"),
        (["--label", "broke", "--kind", "binray"], 2, "Did you mean `binary`?"),
        (["--label", "broke", "--time", "dya"], 2, "Did you mean `day`?"),
        (["--time", "day"], 2, "--label"),
    ],
)
def test_bad_input_exits_with_2_and_a_hint(
    table: Path, words: list[str], code: int, said: str
) -> None:
    found, out, err = run(str(table), *words, "--into", str(table.parent / "shop"))

    assert found == code
    assert out == ""
    assert said in err
    assert not (table.parent / "shop").exists()


def test_a_table_of_one_row_exits_with_3(table: Path) -> None:
    pl.read_parquet(table).head(1).write_parquet(table)

    code, _, err = run(str(table), "--label", "broke", "--into", str(table.parent / "shop"))

    assert code == 3
    assert "a project needs 50 rows at least, got 1" in err


def test_a_second_init_changes_nothing_and_exits_with_2(table: Path) -> None:
    words = (str(table), "--time", "day", "--label", "broke", "--into", str(table.parent / "shop"))
    run(*words)
    before = (table.parent / "shop" / "trimtab.toml").read_bytes()

    code, _, err = run(*words)

    assert code == 2
    assert "nothing was changed" in err
    assert (table.parent / "shop" / "trimtab.toml").read_bytes() == before
