"""What the tests of the pages share: a project with a history, and a client without a network."""

import asyncio
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from starlette.applications import Starlette

from trimtab.core.workspace import Workspace
from trimtab.web.app import create_app


def load(path: Path) -> ModuleType:
    """Import a file that stands beside the tests."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Client:
    """Asks an application as a browser would, in this process."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    def get(self, path: str) -> httpx.Response:
        """Return the answer to one request."""
        return asyncio.run(self._get(path))

    async def _get(self, path: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://pages") as client:
            return await client.get(path)

    def close(self) -> None:
        """Shut the application down as a server does."""

        async def run() -> None:
            async with self.app.router.lifespan_context(self.app):
                pass

        asyncio.run(run())


@pytest.fixture(scope="session")
def seed() -> ModuleType:
    """Histories to fill a store with."""
    return load(Path(__file__).parent / "seed.py")


@pytest.fixture
def workspace(tmp_path: Path, seed: ModuleType) -> Iterator[Workspace]:
    """Return an empty project."""
    made = seed.project(tmp_path / "flights")
    yield made
    made.store.close()


@pytest.fixture
def replayed(workspace: Workspace, seed: ModuleType) -> Iterator[Workspace]:
    """Return the project seen from a replay of nine months."""
    made = workspace.within("triggered-all-1a2b3c4d")
    seed.year(made)
    seed.runbook(made)
    yield made
    made.store.close()


@pytest.fixture
def client(workspace: Workspace) -> Iterator[Client]:
    """Return a client of the project's pages."""
    made = Client(create_app(workspace))
    yield made
    made.close()
