"""An environment of its own for each peer, from its requirement file.

They are made in the build folder, unless `TRIMTAB_BENCH_PEERS` names a folder that has them.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).with_name("peers")
WITH_PIP = {"alibi"}  # its requirement file says why
PYTHON = "3.11"


def interpreter(peer: str | None, build: Path) -> Path:
    """Return the Python of a peer's environment; ours for None."""
    if peer is None:
        return Path(sys.executable)
    given = os.environ.get("TRIMTAB_BENCH_PEERS")
    folder = (Path(given) if given else build / "peers") / peer
    python = folder / "bin/python"
    if not given and not (folder / "ready").exists():
        _make(peer, folder, python)
    return python


def _make(peer: str, folder: Path, python: Path) -> None:
    uv = os.environ.get("UV") or shutil.which("uv") or "uv"
    print(f"making the environment of {peer}", flush=True)
    _run(uv, "venv", "--quiet", "--clear", "--seed", "--python", PYTHON, folder)
    if peer in WITH_PIP:
        _run(python, "-m", "pip", "install", "--quiet", "-r", PEERS / f"{peer}.txt")
    else:
        _run(
            uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python,
            "-r", PEERS / f"{peer}.txt",
        )  # fmt: skip
    (folder / "ready").touch()


def _run(*words: str | Path) -> None:
    subprocess.run([str(word) for word in words], check=True)  # noqa: S603 - our own words
