"""Every example runs, and the README shows it word for word."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.name)
def test_example_runs_in_an_empty_folder(example, tmp_path):
    done = subprocess.run(
        [sys.executable, str(example)], cwd=tmp_path, capture_output=True, text=True,
        timeout=400, check=False, env={**os.environ, "PYTHONWARNINGS": "default"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "model_version  late v1  production" in done.stdout


def test_readme_shows_the_loop_as_it_is():
    code = (ROOT / "examples/loop.py").read_text().split('"""\n\n', 1)[1]

    assert code in (ROOT / "README.md").read_text()
