import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from trimtab.cli.main import app
from trimtab.core.records import Alert
from trimtab.core.workspace import Workspace
from trimtab.monitoring.alerts import raise_alerts

run = CliRunner().invoke
START, END = datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 5, 1, tzinfo=UTC)
PROJECT = """
[project]
name = "p"
[[tables]]
name = "t"
source = "t.csv"
time = "time"
[task]
name = "late"
table = "t"
kind = "binary"
label = "late"
[train]
until = 2013-04-01
"""


@pytest.fixture
def folder(tmp_path):
    """A project with one closed window and one alert."""
    (tmp_path / "trimtab.toml").write_text(PROJECT)
    workspace = Workspace.open(tmp_path)
    auc = {"estimate": 0.64, "low": 0.62, "high": 0.66}
    details = {
        "label": "2013-04", "metric": "auc", "performance": {"auc": auc},
        "expected": {"auc": {**auc, "estimate": 0.7}}, "predictions": {"bias": None},
        "volume": {"rows": 28_000, "expected_low": None, "expected_high": None},
        "drift": [{"column": "temp", "kind": "input", "drifted": True, "message": "warmer"}],
    }  # fmt: skip
    workspace.store.add(
        "windows", model="late", start=START, end=END, rows=28_000, labelled=27_000,
        details=details,
    )  # fmt: skip
    raise_alerts(
        workspace,
        [Alert("a1", "late", "bias", "warning", START, END, "too low", "docs/runbook.md#bias")],
    )
    workspace.store.close()
    return tmp_path


def test_windows_are_listed(folder):
    result = run(app, ["monitor", "windows", "--project", str(folder)])

    assert result.exit_code == 0
    assert "2013-04" in result.stdout
    assert "0.6400 (0.6200 to 0.6600)" in result.stdout


def test_alerts_are_listed(folder):
    result = run(app, ["monitor", "alerts", "--project", str(folder), "--json"])

    assert [alert["id"] for alert in json.loads(result.stdout)] == ["a1"]


def test_a_window_is_shown_in_full(folder):
    result = run(app, ["monitor", "show", "2013-04", "--project", str(folder)])

    assert result.exit_code == 0
    assert "warmer" in result.stdout


def test_an_unknown_window_names_the_nearest(folder):
    result = run(app, ["monitor", "show", "2013-14", "--project", str(folder)])

    assert result.exit_code == 2
    assert "Did you mean `2013-04`?" in result.output.replace("\n", " ")


def test_another_scope_is_empty(folder):
    result = run(
        app, ["monitor", "windows", "--project", str(folder), "--scope", "replay", "--json"]
    )

    assert json.loads(result.stdout) == []
