"""Seconds of the phases of one process. Standard library only: it runs beside every peer."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ANSWER = "TRIMTAB_BENCH_ANSWER"


class Clock:
    """Times phases, and reports them with what the tool found.

    Every tool has the phases `import` and `answer`; the answer starts at the file, unless the
    task is about a table in memory. What else there is (`setup`, `load`) is told, not judged.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Time a block as one phase."""
        start = time.perf_counter()
        yield
        self._seconds[f"{phase}_s"] = time.perf_counter() - start

    def report(self, **facts: Any) -> None:
        """Hand seconds and facts to the process that waits for them."""
        text = json.dumps({**self._seconds, "facts": facts}, default=str)
        Path(os.environ[ANSWER]).write_text(text, encoding="utf-8")
