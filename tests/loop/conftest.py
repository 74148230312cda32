"""Projects of the loop's tests: a fresh one, and one that was run and replayed to the end."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.loop.shop import trimtab, write_project
from typer.testing import CliRunner, Result

from trimtab.cli.main import app


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return the folder of a fresh project."""
    return write_project(tmp_path / "shop")


@dataclass(frozen=True)
class Played:
    """A project that nobody disturbed, what `run` said, and what `replay` wrote."""

    folder: Path
    steps: dict[str, dict[str, Any]]
    windows: list[dict[str, Any]]


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Run and replay a project to the end, once for all tests; they only add to it."""
    folder = write_project(tmp_path_factory.mktemp("calm") / "shop")
    return played(folder)


def played(folder: Path) -> Played:
    """Run and replay a project, each by a process of its own."""
    ran = trimtab("run", "-p", str(folder), "--auto-approve", "--json")
    assert ran.returncode == 0, ran.stderr
    steps = {step["step"]: step for step in json.loads(ran.stdout)["steps"]}
    return Played(folder, steps, replayed(folder))


def here(folder: Path, *words: str) -> Result:
    """Run a command of the real CLI in this process, which has everything loaded."""
    return CliRunner().invoke(app, [*words, "-p", str(folder)])


def replayed(folder: Path, *words: str) -> list[dict[str, Any]]:
    """Replay a project and return what it wrote for each window."""
    file = folder / "replay.json"
    done = trimtab("replay", "-p", str(folder), "--auto-approve", "--json", str(file), *words)
    assert done.returncode == 0, done.stderr
    windows: list[dict[str, Any]] = json.loads(file.read_text())
    return windows
