"""The pages on a loopback port, as `trimtab up` serves them, and a browser to look with."""

import importlib.util
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

HERE = Path(__file__).parent


def load(path: Path) -> ModuleType:
    """Import a file that stands beside the tests."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def shots() -> ModuleType:
    """Chromium, or a skip that says how to have it."""
    module = load(HERE / "shots.py")
    if module.chromium() is None:
        pytest.skip(module.NO_CHROMIUM)
    return module


@pytest.fixture(scope="session")
def seed() -> ModuleType:
    """Histories to fill a store with."""
    return load(HERE.parent / "unit" / "web" / "seed.py")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, seed: ModuleType, shots: ModuleType) -> Path:
    """Return a project with a replay of nine months and a hundred windows of production."""
    workspace = seed.project(tmp_path_factory.mktemp("pages") / "flights")
    demo = workspace.within("triggered-all-1a2b3c4d")
    seed.year(demo)
    seed.versions(demo)
    seed.runbook(demo)
    seed.many(workspace, 100)
    for made in (demo, workspace):
        made.store.close()
    return workspace.project.root


@pytest.fixture(scope="session")
def site(project: Path) -> Iterator[str]:
    """Return the address of the pages."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = (
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--workers", "1",
        "--host", "127.0.0.1", "--port", str(port), "--no-log", "trimtab.web.app:from_environment",
    )  # fmt: skip
    server = subprocess.Popen(command, env={**os.environ, "TRIMTAB_PROJECT": str(project)})
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_up(address, server)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_until_up(address: str, server: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Return once the server answers; fail if it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/healthz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the pages did not come up at {address}")


@pytest.fixture(scope="session")
def chrome(shots: ModuleType) -> Iterator[object]:
    """Return a browser that all tests share."""
    with shots.browser() as driver:
        yield driver
