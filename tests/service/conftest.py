import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.service.parcels import Trained, train_project

from trimtab.serving.client import Client
from trimtab.serving.server import running_server


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return a binary project with a champion and a shadow; copy it before you change it."""
    return train_project(tmp_path_factory.mktemp("binary") / "parcels", "binary", shadow=True)


@pytest.fixture
def parcels(trained: Trained, tmp_path: Path) -> Trained:
    """Return a copy of the trained project, with an event log of its own."""
    folder = tmp_path / "parcels"
    shutil.copytree(trained.folder, folder)
    return Trained(folder, trained.rows)


@pytest.fixture(scope="module")
def server(
    trained: Trained, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, Trained]]:
    """Yield a client of a running server, and the project it serves; shared by a module."""
    folder = tmp_path_factory.mktemp("served") / "parcels"
    shutil.copytree(trained.folder, folder)
    copy = Trained(folder, trained.rows)
    with running_server(copy.workspace) as client:
        yield client, copy
