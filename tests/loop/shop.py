"""Small projects that behave like real ones: a label that depends on features, and drifts."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

ROWS_PER_DAY = 60
DAYS = 84

SETTINGS = """
[project]
name = "shop"

[[tables]]
name = "orders"
source = "orders.parquet"
time = "placed"
key = ["order"]

[task]
name = "returned"
table = "orders"
kind = "binary"
label = "back"
label_time = "back_at"
after = ["back_at"]
slices = ["channel"]

[train]
until = 2024-02-05
estimator = "logistic"

[tune]
trials = 0

[gate]
auc_tolerance = 0.1

[monitor]
window = "2w"
reference_block = "1w"

[retrain]
policy = "scheduled"
"""

FEATURES = '''
"""Features of an order, known when it is placed."""

import polars as pl


def features():
    return {
        "price": pl.col("price"),
        "items": pl.col("items").cast(pl.Float64),
        "channel": pl.col("channel"),
        "hour": pl.col("placed").dt.hour(),
    }
'''


def orders(days: int = DAYS) -> pl.DataFrame:
    """Return orders whose returns depend on price and channel, on channel more and more."""
    rng = np.random.default_rng(5)
    n = days * ROWS_PER_DAY
    start = datetime(2024, 1, 1, tzinfo=UTC)
    minute = np.sort(rng.integers(0, days * 24 * 60, n))
    price, items = rng.lognormal(3, 0.7, n), rng.integers(1, 6, n)
    channel = rng.choice(["web", "shop", "phone"], n)
    late = minute / (days * 24 * 60)
    logit = -1.5 + 1.8 * (np.log(price) - 3) + 3.5 * late * (channel == "web") - 0.1 * items
    back = rng.random(n) < 1 / (1 + np.exp(-logit))
    placed = [start + timedelta(minutes=int(m)) for m in minute]
    return pl.DataFrame({
        "order": [f"o{i}" for i in range(n)],
        "placed": placed,
        "price": np.where(rng.random(n) < 0.05, np.nan, price),
        "items": items,
        "channel": channel,
        "back": back,
        "back_at": [t + timedelta(hours=int(h)) for t, h in zip(placed, rng.integers(2, 60, n),
                                                                strict=True)],
    }).with_columns(pl.col("price").fill_nan(None))  # fmt: skip


def write_project(folder: Path, *, settings: str = SETTINGS, features: str = FEATURES) -> Path:
    """Write a project into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    orders().write_parquet(folder / "orders.parquet")
    (folder / "trimtab.toml").write_text(settings)
    (folder / "features.py").write_text(features)
    return folder


def trimtab(*words: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """Run a command of the real CLI in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "trimtab", *words],
        capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
