"""Cleaned tables as dataset versions: in the table that was cleaned, and in others."""

from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.unit.effort.cleaning_tables import orders

from trimtab.core.errors import KeyClashError, SchemaError, SourceError
from trimtab.data.fingerprint import content_hash
from trimtab.data.schema import ColumnSchema, Schema
from trimtab.data.tables import Tables
from trimtab.effort.cleaning_finish import finish_cleaning
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_table import start_cleaning
from trimtab.effort.cleaning_version import ingest_cleaned

AT = datetime(2026, 1, 2, tzinfo=UTC)
FULL, DIRTY = orders()
MORE = FULL[:2].with_columns(order=pl.Series(["new1", "new2"]))


@pytest.fixture
def tables(tmp_path) -> Tables:
    made = Tables(tmp_path / "tables")
    made.ingest("orders", DIRTY, key=["order"], at=AT)
    return made


def begin(tables, file, name="orders@0"):
    start_cleaning(tables.get(name), FULL, "late", file, ignore=["order"])
    return file


def say(file, said, *, by="ann"):
    """Fix rows: what they truly hold, but for the ways that are named."""
    made, table = open_cleaning(file)
    for row, way in said.items():
        cells = {name: str(FULL[name][row]) for name in table.unsure(row)}
        cells |= {"way": way} if way else {}
        made.fix(row, table.repaired(row, cells), cells=cells, by=by, at=AT)


def finish(tables, file, name="orders", **options):
    done = finish_cleaning(file, tables.get("orders@0"))
    return ingest_cleaned(tables, name, done, at=AT, **options)


def cleaned(*rows):
    fixed = pl.int_range(DIRTY.height).is_in(list(rows))
    return DIRTY.with_columns(
        pl.when(fixed).then(FULL[name]).otherwise(name).alias(name) for name in ("distance", "way")
    )


def test_the_table_that_was_cleaned_gets_a_version_that_says_how(tables, tmp_path):
    file = begin(tables, tmp_path / "s.db")
    say(file, {0: None, 1: None})
    say(file, {4: None}, by="bob")

    version = finish(tables, file)

    assert (version.name, version.parent, version.change) == ("orders@1", 0, "replace")
    assert version.lineage["source_version"] == "orders@0"
    assert version.lineage["source_fingerprint"] == content_hash(DIRTY)
    assert (version.lineage["rows_cleaned"], version.lineage["by"]) == (3, {"ann": 2, "bob": 1})
    assert version.lineage["first_at"] == version.lineage["last_at"] == AT.isoformat()
    assert version.source.startswith("orders@0 (content ")
    assert "3 rows cleaned by ann, bob" in version.source
    assert_frame_equal(tables.read("orders").collect(), cleaned(0, 1, 4))
    assert_frame_equal(tables.read("orders@0").collect(), DIRTY)
    assert finish(tables, file) == version
    assert len(tables.versions("orders")) == 2


def test_another_tables_first_version_names_what_was_cleaned(tables, tmp_path):
    file = begin(tables, tmp_path / "s.db")
    say(file, {0: None})

    version = finish(tables, file, "orders_clean")

    assert (version.name, version.parent, version.change) == ("orders_clean@0", None, "append")
    assert version.lineage["source_version"] == "orders@0"
    assert finish(tables, file, "orders_clean") == version
    say(file, {1: None})
    again = finish(tables, file, "orders_clean")
    assert (again.name, again.change) == ("orders_clean@1", "replace")
    assert_frame_equal(tables.read(again).collect(), cleaned(0, 1))
    assert tables.versions("orders")[-1].name == "orders@0"


def test_rows_that_came_meanwhile_stay_and_so_does_what_others_cleaned(tables, tmp_path):
    mine, theirs = begin(tables, tmp_path / "mine.db"), begin(tables, tmp_path / "theirs.db")
    say(mine, {0: None, 1: None})
    say(theirs, {1: None, 4: None}, by="bob")
    finish(tables, theirs, key=["order"])
    tables.ingest("orders", pl.concat([DIRTY, MORE]), key=["order"], at=AT)

    version = finish(tables, mine, key=["order"])

    assert (version.name, version.rows) == ("orders@3", DIRTY.height + 2)
    assert_frame_equal(tables.read("orders").collect(), pl.concat([cleaned(0, 1, 4), MORE]))
    assert finish(tables, mine, key=["order"]) == version


def test_cells_that_others_gave_another_value_are_named_and_nothing_is_written(tables, tmp_path):
    mine, theirs = begin(tables, tmp_path / "mine.db"), begin(tables, tmp_path / "theirs.db")
    say(mine, {1: "rail"})
    say(theirs, {1: "canal"}, by="bob")
    finish(tables, theirs)

    with pytest.raises(
        SourceError,
        match=r"got 1 that orders@1 holds otherwise: row 1, `way`: rail here, canal there",
    ) as caught:
        finish(tables, mine)

    assert "from orders@1" in caught.value.hint
    assert tables.get("orders").name == "orders@1"
    say(mine, {1: "canal", 4: None})
    assert finish(tables, mine).name == "orders@2"


def test_a_session_goes_on_after_it_was_finished_and_may_say_otherwise(tables, tmp_path):
    file = begin(tables, tmp_path / "s.db")
    for way in ("rail", "canal"):
        say(file, {1: way})
        finish(tables, file)

    assert tables.read("orders@1").collect()["way"][1] == "rail"
    assert tables.read("orders@2").collect()["way"][1] == "canal"


def test_nothing_said_makes_no_version(tables, tmp_path):
    file = begin(tables, tmp_path / "s.db")

    assert finish(tables, file).name == "orders@0"


def test_a_fraction_among_whole_numbers_is_kept_and_held_against_a_schema(tables, tmp_path):
    file = begin(tables, tmp_path / "s.db")
    made, table = open_cleaning(file)
    cells = {"distance": "2.5", "way": "sea"}
    made.fix(0, table.repaired(0, cells), cells=cells)
    whole = Schema(columns={"distance": ColumnSchema(type="Int64")})

    with pytest.raises(SchemaError, match="`distance`: expected Int64, got 2.5"):
        finish(tables, file, schema=whole)
    version = finish(tables, file)

    assert tables.read(version).collect()["distance"].to_list()[:2] == [2.5, DIRTY["distance"][1]]
    grown = tables.ingest("orders", pl.concat([DIRTY, MORE]), key=["order"], at=AT)
    assert grown.rows == DIRTY.height + 2


@pytest.mark.parametrize(
    ("name", "repair", "problem"),
    [
        ("strange", False, "expected no table `strange` yet"),
        ("orders", True, "a new table for rows with guesses, got `orders`"),
    ],
)
def test_a_table_of_other_rows_and_guesses_are_refused(tables, tmp_path, name, repair, problem):
    tables.ingest("strange", FULL, name="full.csv", at=AT)
    file = begin(tables, tmp_path / "s.db")
    done = finish_cleaning(file, tables.get("orders@0"), repair=repair)

    with pytest.raises(SourceError, match=problem):
        ingest_cleaned(tables, name, done, at=AT)

    assert [tables.get(each).version for each in tables.names()] == [0, 0]


def test_guesses_are_counted_in_the_origin_of_a_new_table(tables, tmp_path):
    file = begin(tables, tmp_path / "s.db")
    done = finish_cleaning(file, tables.get("orders@0"), repair=True)

    version = ingest_cleaned(tables, "orders_full", done, at=AT)

    n_empty = sum(DIRTY.null_count().row(0))
    assert version.lineage["cells_guessed"] == n_empty
    assert f"{n_empty} cells by guesses" in version.source


def test_a_key_that_a_fix_makes_twice_is_refused(tmp_path):
    tables = Tables(tmp_path / "tables")
    rows = pl.DataFrame({"id": [1, 2, 3], "x": [1.0, None, 3.0], "y": [0, 1, 0]})
    begun = tables.ingest("t", rows, key=["id"], at=AT)
    suspects = pl.DataFrame({"row": [1], "column": ["id"]})
    file = tmp_path / "s.db"
    made, table = start_cleaning(begun, rows[:1], "y", file, k=1, suspects=suspects)
    made.fix(1, table.repaired(1, {"id": "3", "x": "2"}), cells={"id": "3", "x": "2"})

    with pytest.raises(KeyClashError):
        ingest_cleaned(tables, "t", finish_cleaning(file, begun), key=["id"], at=AT)

    assert tables.get("t").version == 0


def test_a_version_has_to_be_given_again_and_the_message_says_how(tables, tmp_path):
    file = begin(tables, tmp_path / "s.db")

    with pytest.raises(SourceError, match="the dataset version orders@0") as caught:
        finish_cleaning(file)

    assert "--project" in caught.value.hint
    tables.ingest("orders", MORE, at=AT)
    with pytest.raises(SourceError, match="other content"):
        finish_cleaning(file, tables.get("orders@1"))
