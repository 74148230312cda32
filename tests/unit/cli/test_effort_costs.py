import pytest
from typer.testing import CliRunner

from trimtab.cli.main import app


@pytest.mark.parametrize(
    "command",
    [
        ["feasibility", "t.csv", "--label", "y", "--target", "0.8"],
        ["labels", "t.csv"],
        ["label-errors", "t.csv", "--label", "y"],
        ["pick", "t.csv"],
        ["clean", "start", "s.db", "t.csv", "--label", "y"],
    ],
    ids=lambda words: words[0],
)
@pytest.mark.parametrize("cost", ["inf", "nan", "-1"])
def test_a_price_that_is_none_is_refused_before_a_file_is_read(command, cost, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    said = CliRunner().invoke(app, ["effort", *command, f"--label-cost={cost}"])

    assert said.exit_code == 2
    assert "--label-cost" in said.output
    assert "finite number" in said.output or "greater than or equal to 0" in said.output
