"""ARCHITECTURE.md says what is true: its map, its rules, its doors."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAP = (ROOT / "ARCHITECTURE.md").read_text()
ROOMS = sorted(
    path
    for path in (ROOT / "src/trimtab").iterdir()
    if path.is_dir() and not path.name.startswith("_")
)
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_room_is_on_the_map(room):
    assert f"| `{room.name}/` |" in MAP


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_room_has_a_guide(room):
    assert len((room / "__init__.py").read_text().split('"""')[1].split()) > 10


def test_rules_are_the_contracts_word_for_word():
    said = re.findall(r"^\d\. (.+)$", MAP.split("## The rules")[1].split("##")[0], re.MULTILINE)

    assert said == [contract["name"] for contract in CONTRACTS["contracts"]]


@pytest.mark.parametrize("place", sorted(set(re.findall(r"`([a-z]+/[a-z_]+\.py)`", MAP))))
def test_file_named_on_the_page_exists(place):
    assert (ROOT / "src/trimtab" / place).is_file()


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs/decisions").glob("*.md")), ids=lambda p: p.stem
)
def test_decision_ends_with_the_check_that_keeps_it_true(page):
    assert "**Kept true by.**" in page.read_text().strip().splitlines()[-1]
