"""A small project with every type of column that travels, and a model of each kind of task."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from trimtab.core.records import TaskKind
from trimtab.core.workspace import Workspace
from trimtab.serving.client import Client
from trimtab.serving.server import serve

UNTIL = datetime(2024, 3, 1, tzinfo=UTC)
AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
LABELS = {"binary": "late", "multiclass": "carrier", "regression": "hours"}

SETTINGS = """
[project]
name = "parcels"
[[tables]]
name = "parcels"
source = "parcels.parquet"
time = "sent"
key = ["parcel"]
[task]
name = "{label}"
table = "parcels"
kind = "{kind}"
label = "{label}"
label_delay = "2d"
[train]
until = 2024-03-01
estimator = "{estimator}"
[tune]
trials = 0
"""

FEATURES = """
import polars as pl


def features():
    return {{
        "weight": pl.col("weight"),
        "stops": pl.col("stops"),
        "city": pl.col("city"),
        "express": pl.col("express").cast(pl.Int8),
        "due_in": (pl.col("due") - pl.col("sent").dt.date()).dt.total_days(),
        {more}
    }}
"""


@dataclass(frozen=True)
class Trained:
    """A project with two registered versions: the first in production."""

    folder: Path
    rows: pl.DataFrame

    @property
    def workspace(self) -> Workspace:
        return Workspace.open(self.folder)


def parcels(n: int = 1_500) -> pl.DataFrame:
    """Return parcels sent over three months."""
    rng = np.random.default_rng(3)
    minutes = np.sort(rng.integers(0, 91 * 24 * 60, n))
    sent = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=int(m)) for m in minutes]
    weight = rng.lognormal(1, 0.5, n)
    stops = rng.integers(1, 9, n)
    city = rng.choice(["Oslo", "Łódź", "Porto"], n)
    express = rng.random(n) < 0.3
    hours = 4 * stops + 3 * weight - 10 * express + rng.normal(0, 2, n)
    return pl.DataFrame({
        "parcel": [f"p{i}" for i in range(n)],
        "sent": sent,
        "weight": weight,
        "stops": stops,
        "city": city,
        "express": express,
        "due": [date(2024, 1, 2) + timedelta(days=int(m) // 1440) for m in minutes],
        "late": hours > np.median(hours),
        "hours": hours,
        "carrier": np.where(hours > 35, "slow", np.where(express, "fast", "plain")),
    }).with_columns(
        weight=pl.when(pl.int_range(n) % 20 == 0).then(None).otherwise(pl.col("weight"))
    )  # fmt: skip


def train_project(
    folder: Path, kind: TaskKind, *, estimator: str = "logistic", shadow: bool = False
) -> Trained:
    """Write a project and train it; `shadow` adds a second version, in staging."""
    from trimtab.data.tables import Tables
    from trimtab.models.rows import build_rows, rows_between

    folder.mkdir(parents=True)
    table = parcels()
    table.write_parquet(folder / "parcels.parquet")
    label = LABELS[kind]
    (folder / "trimtab.toml").write_text(
        SETTINGS.format(label=label, kind=kind, estimator=estimator)
    )
    (folder / "features.py").write_text(FEATURES.format(more=""))
    workspace = Workspace.open(folder)
    Tables(workspace.tables_folder).ingest(
        "parcels", folder / "parcels.parquet", time="sent", key=["parcel"], at=AT
    )
    version = build_rows(workspace, at=AT)
    _version(workspace, version, "production")
    if shadow:
        add_shadow(folder)
    end = UNTIL + timedelta(days=40)
    return Trained(folder, rows_between(workspace, version, UNTIL, end))


def add_shadow(folder: Path, feature: str = '(pl.col("weight") > 4).cast(pl.Int8)') -> None:
    """Train another version, with a feature more, and put it in staging."""
    from trimtab.models.rows import build_rows

    (folder / "features.py").write_text(FEATURES.format(more=f'"more": {feature},'))
    workspace = Workspace.open(folder)
    _version(workspace, build_rows(workspace, at=AT), "staging")


def _version(workspace: Workspace, rows: object, stage: str) -> None:
    from trimtab.models.registry import Registry
    from trimtab.models.train import train

    run_id = train(workspace, rows, until=UNTIL, params={})
    registry = Registry(workspace)
    made = registry.register(run_id, who="test", why="trained", at=AT)
    registry.move(made, stage, who="test", why="try it", at=AT)


@contextmanager
def serving(workspace: Workspace, **settings: str) -> Iterator[Client]:
    """Run the real server in a thread of this process, where MLflow is loaded already."""
    urls: queue.Queue[str] = queue.Queue()
    stop = threading.Event()
    thread = threading.Thread(
        target=serve,
        args=(workspace,),
        kwargs={"port": 0, "on_start": urls.put, "stop": stop, **settings},
    )
    thread.start()
    try:
        with Client(urls.get(timeout=60)) as client:
            client.wait_live()
            yield client
    finally:
        stop.set()
        thread.join()
