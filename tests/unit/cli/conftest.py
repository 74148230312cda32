from pathlib import Path

import polars as pl
import pytest


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    """Whatever a library did to the environment before, output is that of a wide file."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def orders(tmp_path) -> Path:
    file = tmp_path / "orders.csv"
    rows = pl.DataFrame(
        {"id": range(200), "size": [1.0, 2.0, 3.0, None] * 50, "city": ["a"] * 200}
    )
    rows.write_csv(file)
    return file
