"""Starting is quick because heavy packages are imported only where they are used."""

import subprocess
import sys

import pytest

import trimtab

HEAVY = {"mlflow", "sklearn", "lightgbm", "dagster", "optuna", "scipy.stats", "onnx", "polars",
         "pandas", "pyarrow", "deltalake", "ray", "torch"}  # fmt: skip


def modules_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_import_trimtab_loads_nothing_heavy():
    assert not HEAVY & modules_after("import trimtab")


def test_help_loads_nothing_heavy():
    code = (
        "from typer.testing import CliRunner\n"
        "from trimtab.cli.main import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0"
    )

    assert not HEAVY & modules_after(code)


@pytest.mark.parametrize("name", trimtab.__all__)
def test_public_name_is_there_and_documented(name):
    assert getattr(trimtab, name).__doc__
