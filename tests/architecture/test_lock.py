"""The lock pins every package by hash, and names no index."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()


def test_lock_names_no_address():
    assert "://" not in LOCK
    assert "--index-url" not in LOCK


def test_every_package_is_pinned_by_hash():
    packages = re.split(r"\n(?=[a-z0-9])", LOCK[LOCK.index("\n", LOCK.rindex("#    uv")) :])
    pinned = [block for block in packages if "==" in block.splitlines()[0]]

    assert len(pinned) > 100
    assert all("--hash=sha256:" in block for block in pinned)
