import polars as pl
import pytest
from tests.unit.effort.cleaning_tables import tables

from trimtab.effort.cleaning_levels import level_notes
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_table import start_cleaning

TOWNS = [f"town {i}" for i in range(150)]


@pytest.fixture
def columns(tmp_path):
    """Columns of a session with 150 towns, read back from its file."""
    full, dirty = tables(150)
    full, dirty = (rows.with_columns(town=pl.Series(TOWNS)) for rows in (full, dirty))
    points = full.with_columns(way=pl.lit("river"))
    start_cleaning(dirty, points, "late", tmp_path / "s.db")
    return open_cleaning(tmp_path / "s.db")[1].columns


@pytest.mark.parametrize(
    "cells",
    [
        {"way": "sea"},
        {"way": "river"},  # of the validation rows
        {"way": None},
        {"distance": "99999"},
    ],
)
def test_a_level_that_a_row_has_is_not_new(columns, cells):
    assert level_notes(columns, {3: cells}) == ()


def test_a_level_is_known_however_many_there_are(columns):
    assert level_notes(columns, {row: {"town": town} for row, town in enumerate(TOWNS)}) == ()
    assert "`town` in row 5 is 'village'" in level_notes(columns, {5: {"town": "village"}})[0]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("seaa", "sea"), ("SEA", "sea"), (" sea", "sea"), ("raod", "road"), ("canal", None)],
)
def test_a_new_level_is_named_with_the_one_that_is_spelt_alike(columns, text, meant):
    (note,) = level_notes(columns, {3: {"way": text, "distance": "7"}})

    assert note.startswith(f"`way` in row 3 is {text!r}, new to the column")
    assert ("did you mean" in note) == (meant is not None)
    assert meant is None or f"`{meant}`?" in note


def test_one_note_counts_the_rows_that_say_the_same(columns):
    said = {row: {"way": "canal"} for row in (4, 7, 9)} | {8: {"way": "lake"}, 1: {"way": "sea"}}

    first, second = level_notes(columns, said)

    assert "row 4 is 'canal' (2 more rows), new" in first
    assert "row 8 is 'lake', new" in second
