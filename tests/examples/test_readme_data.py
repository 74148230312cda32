"""The README's five minutes with two files: its commands give what it shows."""

import re
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from trimtab.cli.main import app

README = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = README.split("## Five minutes with two files")[1].split("\n## ")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def test_every_command_of_the_first_five_minutes_gives_what_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    subprocess.run([sys.executable, "-c", blocks("python")[0]], check=True, cwd=tmp_path)

    commands = re.split(r"^\$ trimtab ", "\n".join(blocks("console")), flags=re.MULTILINE)[1:]
    for shown in commands:
        command, _, output = shown.partition("\n")
        words, _, file = command.partition(" > ")
        result = CliRunner().invoke(app, words.split())
        assert result.exit_code in (0, 1), result.output
        if file:
            Path(file).write_text(result.stdout)
        if output.strip():
            assert lines(result.stdout) == lines(output)

    assert len(commands) >= 5
    assert Path("drift.html").is_file()
