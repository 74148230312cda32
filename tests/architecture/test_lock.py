"""The lock pins every package by hash, and names no index."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()


def test_lock_names_no_address():
    assert "://" not in LOCK
    assert "--index-url" not in LOCK


def test_every_package_is_pinned_by_hash():
    blocks = re.split(r"\n(?=[a-z0-9])", "\n" + LOCK)[1:]

    assert len(blocks) > 100
    assert all("==" in block.splitlines()[0] for block in blocks)
    assert all("--hash=sha256:" in block for block in blocks)
