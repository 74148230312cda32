"""One tool in one process: its seconds, processor time and peak memory, and the machine's facts.

This module and those that it imports are standard library only. A child's peak memory starts at
that of the process that forked it, so that the one that measures has to stay small.
"""

import json
import os
import platform
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks.data.clock import ANSWER

ROOT = Path(__file__).parents[2]
TIMEOUT = 1800.0
_QUIET = {
    "DO_NOT_TRACK": "1", "WHYLOGS_NO_ANALYTICS": "True", "GX_ANALYTICS_ENABLED": "false",
    "PYTHONWARNINGS": "ignore", "PYTHONNOUSERSITE": "1", "TF_CPP_MIN_LOG_LEVEL": "3",
}  # fmt: skip


def run(python: Path, command: tuple[str, ...]) -> dict[str, Any]:
    """Run a module of this folder, and return what it took and what it reported."""
    module, *words = command
    line = [str(python), "-m", f"benchmarks.data.{module}", *words]
    with tempfile.TemporaryDirectory() as folder:
        answer, log = Path(folder, "answer.json"), Path(folder, "log.txt")
        around = {**os.environ, **_QUIET, ANSWER: str(answer)}
        around.pop("PYTHONPATH", None)
        start = time.perf_counter()
        with log.open("w") as sink:
            child = subprocess.Popen(  # noqa: S603 - an interpreter and module of ours
                line, stdout=sink, stderr=subprocess.STDOUT, cwd=ROOT, env=around
            )
            timer = threading.Timer(TIMEOUT, child.kill)
            timer.start()
            _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        told = {
            "wall_s": wall,
            "cpu_s": used.ru_utime + used.ru_stime,
            "rss_mb": used.ru_maxrss * 1024 / 1e6,
        }
        if child.returncode == 0:
            return {**told, **json.loads(answer.read_text())}
        lines = log.read_text(errors="replace").strip().splitlines()
        return {**told, "failed": _without_paths(lines[-1] if lines else f"{child.returncode}")}


def _without_paths(text: str) -> str:
    """Leave out where things are on this machine: results are published."""
    words = text[:200].split()
    return " ".join(Path(word).name if "/" in word else word for word in words)


def machine() -> dict[str, Any]:
    """Return cores, processor, memory, system, Python, and how busy it is now."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": models[0] if models else platform.machine(),
        "memory_gb": round(memory / 1e9, 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }
