"""The pages on effort and gates: their code runs, and their commands give what they show."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from trimtab.cli.main import app
from trimtab.gates.condition_text import parse

DOCS = Path(__file__).parents[2] / "docs"
GATES = (DOCS / "gates.md").read_text()
HEAD = re.compile("head [0-9a-f]+")  # it holds the time of the look


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def lines(text):
    return [HEAD.sub("head", line).rstrip() for line in text.strip().splitlines()]


@pytest.mark.parametrize("name", ["effort.md", "gates.md"])
def test_code_runs_and_commands_give_what_is_shown(name, tmp_path, monkeypatch):
    page = (DOCS / name).read_text()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    data, *later = blocks(page, "python")
    subprocess.run([sys.executable, "-c", data], check=True, cwd=tmp_path)

    commands = re.split(
        r"^\$ trimtab ", "\n".join(blocks(page, "console")).replace("\\\n", ""), flags=re.MULTILINE
    )[1:]
    for shown in commands:
        command, _, output = shown.partition("\n")
        result = CliRunner().invoke(app, shlex.split(command))
        assert result.exit_code == 0, result.output
        if output.strip():
            assert lines(result.stdout) == lines(output)
    for code in later:
        subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)

    assert len(commands) >= 5


@pytest.mark.parametrize(
    "text",
    [
        text
        for row in re.findall(r"^\| (`.*?) \|", GATES.split("## The language")[1], re.MULTILINE)
        for text in re.findall("`(.*?)`", row)
        if "+/-" in text or "passes" in text
    ],
)
def test_every_condition_on_the_page_can_be_read(text):
    condition = parse(text)

    assert condition.clauses or condition.cases
