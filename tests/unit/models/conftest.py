"""A small shop whose orders come back or not, as a project on disk."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trimtab.core.records import DatasetVersion
from trimtab.core.workspace import Workspace
from trimtab.data.tables import Tables
from trimtab.models.rows import build_rows

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2024, 6, 1, tzinfo=UTC)

FEATURES = """
import polars as pl


def features():
    return {
        "price": pl.col("price"),
        "shop": pl.col("shop"),
        "items": pl.col("items").cast(pl.Float64),
        "weekday": pl.col("placed").dt.weekday(),
        "is_gift": pl.col("gift"),
        "empty": pl.col("empty"),
        "constant": pl.col("constant"),
    }
"""

SETTINGS = """
[project]
name = "shop"

[[tables]]
name = "orders"
source = "orders.parquet"
time = "placed"
key = ["order"]

[task]
name = "back"
table = "orders"
kind = "{kind}"
label = "{label}"
label_time = "known"
after = ["known"]
slices = ["shop", "price"]
loss_scale = 3.0

[train]
until = 2024-03-01
estimator = "{estimator}"

[tune]
trials = {trials}
patience = {patience}
min_gain = {min_gain}
folds = 2
"""

LABELS = {"binary": "returned", "multiclass": "grade", "regression": "cost"}


def orders(n_rows: int = 900, *, seed: int = 5) -> pl.DataFrame:
    """Orders of 90 days: dear ones, and those of shop b, come back more often."""
    rng = np.random.default_rng(seed)
    price = np.round(rng.gamma(3.0, 10.0, n_rows), 2)
    shop = rng.choice(["a", "b", "c"], n_rows)
    signal = (price - 30) / 12 + np.where(shop == "b", 1.5, 0.0)
    placed = [START + timedelta(days=90 * i / n_rows) for i in range(n_rows)]
    missing = rng.random(n_rows) < 0.1
    return pl.DataFrame({
        "order": np.arange(n_rows),
        "placed": placed,
        "known": [time + timedelta(days=3) for time in placed],
        "price": pl.Series(np.where(missing, np.nan, price)).fill_nan(None),
        "shop": [None if rng.random() < 0.05 else str(name) for name in shop],
        "items": rng.integers(1, 6, n_rows),
        "gift": [None if rng.random() < 0.1 else bool(rng.random() < 0.3) for _ in price],
        "empty": pl.Series([None] * n_rows, dtype=pl.Float64),
        "constant": [1] * n_rows,
        "returned": rng.random(n_rows) < 1 / (1 + np.exp(-signal)),
        "grade": np.where(signal < -0.5, "good", np.where(signal < 1, "fair", "poor")),
        "cost": signal + rng.normal(0, 0.3, n_rows),
    })  # fmt: skip


@pytest.fixture(scope="session")
def orders_table() -> pl.DataFrame:
    return orders()


@pytest.fixture(scope="session")
def empty_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as MLflow leaves it after its first use, which takes seconds."""
    from trimtab.models.registry import _open_mlflow

    file = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    _open_mlflow(f"sqlite:///{file}")
    return file


Shop = Callable[..., Workspace]


@pytest.fixture(scope="session")
def make_shop(orders_table: pl.DataFrame, empty_mlflow: Path) -> Shop:
    """Return a function that writes a project and opens it."""

    def make(
        folder: Path,
        kind: str = "binary",
        *,
        estimator: str = "lightgbm",
        label: str | None = None,
        features: str = FEATURES,
        table: pl.DataFrame = orders_table,
        trials: int = 0,
        patience: int = 8,
        min_gain: float = 0.0005,
    ) -> Workspace:
        folder.mkdir(parents=True, exist_ok=True)
        table.write_parquet(folder / "orders.parquet")
        settings = SETTINGS.format(
            kind=kind, label=label or LABELS[kind], estimator=estimator, trials=trials,
            patience=patience, min_gain=min_gain,
        )  # fmt: skip
        (folder / "trimtab.toml").write_text(settings)
        (folder / "features.py").write_text(features)
        workspace = Workspace.open(folder)
        (workspace.state / "mlflow.db").write_bytes(empty_mlflow.read_bytes())
        return workspace

    return make


@pytest.fixture(scope="session")
def build() -> Callable[[Workspace], DatasetVersion]:
    """Return a function that ingests a shop's orders and builds its task rows."""

    def ingest(workspace: Workspace) -> DatasetVersion:
        tables = Tables(workspace.tables_folder)
        source = workspace.project.root / "orders.parquet"
        tables.ingest("orders", source, time="placed", key=("order",), at=NOW)
        return build_rows(workspace, at=NOW)

    return ingest
