import json
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner, Result

from trimtab.cli import data
from trimtab.cli.output import TrimtabGroup

app = typer.Typer(cls=TrimtabGroup)
app.add_typer(data.app, name="data")


@app.callback()
def root() -> None:
    """Stand for the root command."""


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["data", *map(str, words)])


@pytest.fixture
def orders(tmp_path) -> Path:
    file = tmp_path / "orders.csv"
    rows = pl.DataFrame(
        {"id": range(200), "size": [1.0, 2.0, 3.0, None] * 50, "city": ["a"] * 200}
    )
    rows.write_csv(file)
    return file


def test_profile_for_people_and_for_programs(orders):
    shown, plain = run("profile", orders), run("profile", orders, "--json")

    assert shown.exit_code == plain.exit_code == 0
    assert "200 rows, 3 columns" in " ".join(shown.stdout.split())
    assert "25.0%" in shown.stdout
    assert json.loads(plain.stdout)["columns"]["size"]["nulls"] == 50


def test_a_drafted_schema_is_a_file_that_validate_reads(orders, tmp_path):
    drafted = run("schema", orders, "--key", "id")
    (tmp_path / "s.toml").write_text(drafted.stdout)

    held = run("validate", orders, "--schema", tmp_path / "s.toml", "--json")

    assert held.exit_code == 0
    report = json.loads(held.stdout)
    assert report["ok"]
    assert [(v["column"], v["check"], v["count"]) for v in report["violations"]] == [
        ("size", "nulls", 50)
    ]


def test_a_stop_violation_is_exit_code_1(orders, tmp_path):
    text = run("schema", orders).stdout.replace(
        "[columns.size]", '[columns.size]\nseverity="stop"'
    )
    (tmp_path / "s.toml").write_text(text)

    result = run("validate", orders, "--schema", tmp_path / "s.toml")

    assert result.exit_code == 1
    assert "50 of 200 values missing (25.0%)" in result.stdout


def test_drift_is_exit_code_1_and_none_is_0(orders, tmp_path):
    pl.read_csv(orders).with_columns(pl.col("size") + 9).write_csv(tmp_path / "new.csv")

    same, moved = (
        run("drift", orders, orders),
        run("drift", orders, tmp_path / "new.csv", "--json"),
    )

    assert same.exit_code == 0
    assert "0 of 3 columns moved" in same.stdout
    assert moved.exit_code == 1
    assert json.loads(moved.stdout)["drifted"] == ["size"]


def test_drift_that_could_not_be_told_is_exit_code_3(tmp_path):
    days = [f"2013-01-{day:02}" for day in range(1, 8) for _ in range(20)]
    pl.DataFrame({"day": days, "x": range(140)}).write_csv(tmp_path / "a.csv")

    result = run("drift", *[tmp_path / "a.csv"] * 2, "--block", "1d", "--time", "day")

    assert result.exit_code == 3
    assert "needs 19 blocks" in result.stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["profile", "no.csv"], "expected a file at no.csv"),
        (["validate", "ORDERS", "--schema", "no.toml"], "expected a schema file"),
        (["validate", "ORDERS"], "Missing option"),
        (["drift", "ORDERS", "ORDERS", "--block", "1d"], "--block needs --time"),
        (["schema", "EMPTY"], "got an empty file"),
        (["versions"], "expected a `trimtab.toml`"),
    ],
)
def test_bad_input_is_exit_code_2_with_a_message(orders, tmp_path, monkeypatch, words, problem):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.csv").write_text("")
    places = {"ORDERS": str(orders), "EMPTY": str(tmp_path / "empty.csv")}

    result = run(*[places.get(word, word) for word in words])

    assert result.exit_code == 2
    assert problem in result.stderr


def test_an_error_is_json_too(orders):
    result = run("profile", "no.csv", "--json")

    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["type"] == "trimtab:SourceError"


def test_one_row_is_described_and_an_empty_table_is_refused(tmp_path):
    (tmp_path / "one.csv").write_text("a\n1\n")
    (tmp_path / "none.csv").write_text("a\n")

    assert "one row" in run("profile", tmp_path / "one.csv").stdout
    for command in ("profile", "schema"):
        result = run(command, tmp_path / "none.csv")
        assert result.exit_code == 2
        assert "expected at least one row, got none" in result.stderr


@pytest.fixture
def project(tmp_path, orders) -> Path:
    (tmp_path / "trimtab.toml").write_text(
        f"""
        [project]
        name = "shop"
        [[tables]]
        name = "orders"
        source = "{orders}"
        time = "row_number"
        key = ["id"]
        [task]
        name = "big"
        table = "orders"
        kind = "binary"
        label = "size > 2"
        [train]
        until = 2026-01-01
        """
    )
    return tmp_path


def test_a_projects_tables_are_ingested_once_and_shown(project):
    first = run("ingest", "-p", project, "--json")
    again = run("ingest", "orders", "-p", project, "--json")
    listed = run("versions", "-p", project)
    rows = run("show", "orders@0", "-p", project, "--where", "id > 197", "--json")

    assert json.loads(first.stdout) == json.loads(again.stdout)
    assert json.loads(first.stdout)[0]["rows"] == 200
    assert "orders@0" in listed.stdout
    assert [row["id"] for row in json.loads(rows.stdout)] == [198, 199]


def test_rows_that_were_set_aside_are_shown_with_the_reason(project):
    run("ingest", "-p", project)
    (project / "orders.csv").write_text("id,size,city\n500,1.5,a\n501,big,a\n")

    made = run("ingest", "-p", project, "--json")
    aside = run("show", "orders", "--quarantine", "-p", project)

    assert json.loads(made.stdout)[0]["rejected"] == 1
    assert "expected Float64" in run("show", "orders", "--quarantine", "-p", project,
                                     "--json").stdout  # fmt: skip
    assert aside.exit_code == 0


def test_a_wrong_condition_names_the_columns(project):
    run("ingest", "-p", project)

    result = run("show", "orders", "-p", project, "--where", "sizze > 1")

    assert result.exit_code == 2
    assert "Columns: id, size, city" in " ".join(result.stderr.split())


def test_a_key_that_clashes_is_exit_code_2_and_names_it(project):
    run("ingest", "-p", project)
    (project / "orders.csv").write_text("id,size,city\n5,1.5,a\n")

    result = run("ingest", "-p", project)

    assert result.exit_code == 2
    assert "got 1 keys (id) that the table has already, for example 5" in " ".join(
        result.stderr.split()
    )
