"""Run a command of the real CLI and die by SIGKILL at its N-th moment that matters.

`python -m tests.loop.kill_at N run -p FOLDER`: a moment is a commit to a database (ours or
MLflow's), a commit to a Delta table, a file moved into its place, or a request to the server.
The N-th is never made. With N = 0 the command runs to its end, and says how many there were.
"""

import itertools
import os
import signal
import sys
from pathlib import Path

import httpx
import sqlalchemy as sa

from trimtab.cli.main import app
from trimtab.data import tables

_last = int(sys.argv[1])
_count = itertools.count(1)
_seen = [0]


def _moment(*_: object) -> None:
    _seen[0] = next(_count)
    if _seen[0] == _last:
        os.kill(os.getpid(), signal.SIGKILL)


def _watched(function):
    def call(*args, **values):
        _moment()
        return function(*args, **values)

    return call


if __name__ == "__main__":
    sa.event.listen(sa.engine.Engine, "commit", _moment)
    tables.write_deltalake = _watched(tables.write_deltalake)
    Path.replace = _watched(Path.replace)
    httpx.Client.request = _watched(httpx.Client.request)
    try:
        app(sys.argv[2:])
    finally:
        sys.stderr.write(f"moments: {_seen[0]}\n")
