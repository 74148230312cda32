"""How long an answer takes: a real server in a process of its own, asked over HTTP.

Trains a LightGBM model of 20 columns on generated rows, serves it with the durable event log, and
prints a JSON line for each size of request and number of clients::

    python benchmarks/serving.py [--requests 1000]

Each client is a thread of this process, so that beyond a few of them the client is what is
measured. Times are of the whole round trip: encoding, HTTP, features, model, commit, decoding.
"""

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from trimtab.core.workspace import Workspace
from trimtab.data.tables import Tables
from trimtab.models.registry import Registry
from trimtab.models.rows import build_rows
from trimtab.models.train import train
from trimtab.serving.client import Client
from trimtab.serving.server import running_server

START = datetime(2024, 1, 1, tzinfo=UTC)
COLUMNS = [f"x{i}" for i in range(16)] + [f"c{i}" for i in range(4)]
SETTINGS = """
[project]
name = "speed"
[[tables]]
name = "rows"
source = "rows.parquet"
time = "time"
[task]
name = "speed"
table = "rows"
kind = "binary"
label = "y"
label_delay = "1h"
[train]
until = 2024-02-01
[tune]
trials = 0
[serve]
durable = {durable}
"""
FEATURES = f"""
import polars as pl


def features():
    return {{name: pl.col(name) for name in {COLUMNS}}}
"""


def rows(n: int = 20_000) -> pl.DataFrame:
    """Return 16 numbers, 4 texts, and a label that depends on some of them."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(n, 16))
    table = {f"x{i}": numbers[:, i] for i in range(16)}
    table |= {f"c{i}": rng.choice(list("abcdefgh"), n) for i in range(4)}
    late = numbers[:, 0] + numbers[:, 1] * (table["c0"] == "a") + rng.normal(size=n) > 0
    times = [START + timedelta(minutes=2 * i) for i in range(n)]
    return pl.DataFrame({"time": times, "y": late, **table})


def made_project(folder: Path, *, durable: bool) -> Workspace:
    """Write a project and put a model into production."""
    rows().write_parquet(folder / "rows.parquet")
    (folder / "trimtab.toml").write_text(SETTINGS.format(durable=str(durable).lower()))
    (folder / "features.py").write_text(FEATURES)
    workspace = Workspace.open(folder)
    tables = Tables(workspace.tables_folder)
    tables.ingest("rows", folder / "rows.parquet", time="time", at=START)
    until = workspace.project.training_end
    run_id = train(workspace, build_rows(workspace, at=START), until=until, params={})
    registry = Registry(workspace)
    made = registry.register(run_id, who="benchmark", why="measured", at=until)
    registry.move(made, "production", who="benchmark", why="measured", at=until)
    return workspace


def measured(url: str, sent: pl.DataFrame, *, clients: int, requests: int) -> dict[str, float]:
    """Return latencies in milliseconds and throughput."""

    def work(_: int) -> list[float]:
        with Client(url) as client:
            ask: Callable[[], object] = lambda: client.infer("speed", sent)  # noqa: E731
            for _ in range(20):
                ask()
            return [_seconds(ask) for _ in range(requests // clients)]

    begin = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        seconds = np.array([s for part in pool.map(work, range(clients)) for s in part])
    wall = time.perf_counter() - begin
    done = len(seconds) + 20 * clients
    p50, p99 = (round(1e3 * float(np.quantile(seconds, q)), 2) for q in (0.5, 0.99))
    return {
        "p50_ms": p50, "p99_ms": p99, "requests_per_s": round(done / wall),
        "rows_per_s": round(done * sent.height / wall),
    }  # fmt: skip


def _seconds(ask: Callable[[], object]) -> float:
    begin = time.perf_counter()
    ask()
    return time.perf_counter() - begin


def main() -> None:
    """Measure, and print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000)
    requests = parser.parse_args().requests
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    about = {"machine": machine, "granian": version("granian"), "polars": version("polars")}
    sent = rows(1_000).select(COLUMNS)
    for durable in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            workspace = made_project(Path(folder), durable=durable)
            with running_server(workspace) as client:
                for n_rows in (1, 32):
                    for clients in (1, 8):
                        found = measured(
                            client.url, sent[:n_rows], clients=clients, requests=requests
                        )
                        case = {"rows": n_rows, "clients": clients, "durable": durable}
                        print(json.dumps({**case, **found, **about}), flush=True)


if __name__ == "__main__":
    main()
