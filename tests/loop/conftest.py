from pathlib import Path

import pytest
from tests.loop.shop import write_project


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return the folder of a fresh project."""
    return write_project(tmp_path / "shop")
