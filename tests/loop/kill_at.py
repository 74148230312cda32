"""Run a command of the real CLI and die by SIGKILL at its N-th moment that matters.

`python -m tests.loop.kill_at N run -p FOLDER`: a moment is a commit to a database (ours or
MLflow's), a commit to a Delta table, a file moved into its place, or a request to the server.
The N-th is never made. With N = 0 the command runs to its end, and says how many there were.
"""

import os
import signal
import sys
import threading
from pathlib import Path

import httpx
import sqlalchemy as sa

from trimtab.cli.main import app
from trimtab.data import delta_log


class Moments:
    """Counts moments, and dies at the last one allowed.

    Parameters
    ----------
    last : int
        Its number; 0 for none.
    """

    def __init__(self, last):
        self.last, self.seen = last, 0
        self._counting = threading.Lock()

    def count(self, *_):
        with self._counting:
            self.seen += 1
            if self.seen == self.last:
                os.kill(os.getpid(), signal.SIGKILL)

    def before(self, function):
        """Return a function that counts, and then does what it did."""

        def call(*args, **values):
            self.count()
            return function(*args, **values)

        return call


def main(last, words):
    moments = Moments(last)
    sa.event.listen(sa.engine.Engine, "commit", moments.count)
    delta_log.write_deltalake = moments.before(delta_log.write_deltalake)
    Path.replace = moments.before(Path.replace)
    httpx.Client.request = moments.before(httpx.Client.request)
    try:
        app(words)
    finally:
        sys.stderr.write(f"moments: {moments.seen}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
