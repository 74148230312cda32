"""Dagster's own tools can load the pipeline of a project."""

import os
import subprocess
import sys

from tests.loop.shop import write_project


def test_dagster_lists_the_assets_of_the_project(tmp_path):
    folder = write_project(tmp_path / "shop")

    done = subprocess.run(
        [sys.executable, "-m", "dagster", "asset", "list", "-m", "trimtab.loop.definitions"],
        env={**os.environ, "TRIMTAB_PROJECT": str(folder), "DAGSTER_HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert {
        "orders",
        "rows",
        "features",
        "trained_run",
        "model_version",
        "watched_windows",
    } <= set(done.stdout.split())
