import json
from pathlib import Path

import pytest
from tests.unit.cli.data_commands import run


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


@pytest.mark.parametrize(("columns", "marked"), [("70", False), ("140", True)])
def test_the_source_of_a_version_is_never_cut_off(project, monkeypatch, columns, marked):
    monkeypatch.setenv("COLUMNS", columns)
    made = json.loads(run("ingest", "-p", project, "--json").stdout)[0]
    listed = run("versions", "-p", project).stdout.splitlines()
    place = listed[0].index("source")

    assert "".join(line[place:].strip() for line in listed[2:]) == made["source"]
    assert any(made["fingerprint"][:12] in line for line in listed) == marked


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


def test_quality_over_the_versions_of_a_table(project):
    run("ingest", "-p", project)
    (project / "orders.csv").write_text("id,size,city\n500,,a\n501,,a\n")
    run("ingest", "-p", project)

    shown = run("quality", "orders", "--history", "-p", project)
    plain = run("quality", "orders", "--history", "-p", project, "--json")

    assert shown.exit_code == plain.exit_code == 0
    assert "orders@0" in shown.stdout
    assert [report["rows"] for report in json.loads(plain.stdout)] == [200, 202]
