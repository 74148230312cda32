import re
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tests.unit.effort.cleaning_tables import fill, orders, read_lines, write_lines

from trimtab.core.errors import SchemaError, SourceError
from trimtab.data.fingerprint import content_hash
from trimtab.effort.cleaning_finish import cleaned_table, cleaning_record, finish_cleaning
from trimtab.effort.cleaning_handoff import export_rows
from trimtab.effort.cleaning_import import import_rows
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_table import start_cleaning
from trimtab.effort.spreadsheet import read_sheet, write_sheet

AT = datetime(2026, 1, 2, tzinfo=UTC)
FULL, DIRTY = orders()


@pytest.fixture
def session(tmp_path):
    DIRTY.write_parquet(tmp_path / "dirty.parquet")
    start_cleaning(tmp_path / "dirty.parquet", FULL, "late", tmp_path / "s.db", ignore=["order"])
    return tmp_path / "s.db"


def fix_truly(session, rows):
    made, table = open_cleaning(session)
    for row in rows:
        cells = {name: str(FULL[name][row]) for name in table.unsure(row)}
        made.fix(row, table.repaired(row, cells), cells=cells, by="ann", at=AT)


def test_with_every_fix_the_truth_the_cleaned_table_is_the_clean_one(session):
    fix_truly(session, open_cleaning(session)[1].dirty)

    assert_frame_equal(cleaned_table(session), FULL)
    assert_frame_equal(
        cleaned_table(session, repair=True), FULL.with_columns(_repaired=pl.lit(None, pl.String))
    )


def test_cells_that_nobody_fixed_are_as_they_were(session):
    assert_frame_equal(cleaned_table(session), DIRTY)
    fix_truly(session, [0, 4])

    cleaned = cleaned_table(session)

    assert_frame_equal(cleaned[[0, 4]], FULL[[0, 4]])
    others = [row for row in range(DIRTY.height) if row not in (0, 4)]
    assert_frame_equal(cleaned[others], DIRTY[others])


def test_repaired_cells_are_the_likeliest_and_named(session):
    fix_truly(session, [0])

    cleaned = cleaned_table(session, repair=True)

    _, table = open_cleaning(session)
    for row in range(DIRTY.height):
        empty = [name for name in ("distance", "way") if DIRTY[name][row] is None]
        if row == 0 or not empty:
            assert cleaned["_repaired"][row] is None
            continue
        assert set(cleaned["_repaired"][row].split(", ")) == set(empty)
        for name in empty:
            assert cleaned[name][row] == table.candidates(row)[0][name]


def test_what_was_said_last_counts_and_the_source_is_not_written(session, tmp_path):
    before = (tmp_path / "dirty.parquet").read_bytes()
    made, table = open_cleaning(session)
    for way in ("sea", "rail"):
        made.fix(1, table.repaired(1, {"way": way}), cells={"way": way})

    assert cleaned_table(session)["way"][1] == "rail"
    assert (tmp_path / "dirty.parquet").read_bytes() == before


def test_a_suspect_that_is_right_stays_to_the_last_digit(tmp_path):
    large = 2**60 + 1
    rows = pl.DataFrame({"n": [1, 2, large, None], "y": [0, 1, 0, 1]})
    suspects = pl.DataFrame({"row": [2], "column": ["n"]})
    start_cleaning(rows, rows[:2], "y", tmp_path / "s.db", k=1, suspects=suspects)
    write_lines(tmp_path / "done.csv", [{"row": "2", "fix:n": "ok"}, {"row": "3", "fix:n": "5"}])
    import_rows(tmp_path / "s.db", tmp_path / "done.csv")

    assert cleaned_table(tmp_path / "s.db", rows)["n"].to_list() == [1, 2, large, 5]


def test_a_suspect_that_most_likely_is_right_is_no_repair(tmp_path):
    large = 2**60 + 1
    rows = pl.DataFrame({"n": [1, 2, large, None], "y": [0, 1, 0, 1]})
    likeliest = pl.DataFrame({"row": [2], "column": ["n"], "value": [str(large)]})
    session, table = start_cleaning(
        rows, rows[:2], "y", tmp_path / "s.db", k=1, candidates=likeliest
    )

    cleaned = cleaned_table(tmp_path / "s.db", rows, repair=True)
    assert table.candidates(2)[0] == {"n": table.dirty[2]["n"]}
    assert cleaned["_repaired"].to_list() == [None, None, None, "n"]
    assert cleaned["n"][2] == large

    session.fix(2, 0)
    assert cleaned_table(tmp_path / "s.db", rows)["n"].to_list() == [1, 2, large, None]


def test_a_fix_by_candidate_or_features_finds_its_cells_or_says_so(session):
    made, table = open_cleaning(session)
    made.fix(1, 1)
    assert cleaned_table(session)["way"][1] == table.candidates(1)[1]["way"]

    made.fix(4, made.candidates(4)[0] + 0.25)
    with pytest.raises(SchemaError, match="the cells of row 4, got features alone"):
        cleaned_table(session)


@pytest.mark.parametrize("change", ["value", "order", "row", "type", "ignored"])
def test_a_source_that_changed_is_refused(session, tmp_path, change):
    changed = {
        "value": DIRTY.with_columns(distance=pl.col("distance").fill_null(0)),
        "order": DIRTY[::-1],
        "row": DIRTY[:-1],
        "type": DIRTY.with_columns(pl.col("distance").cast(pl.Int32)),
        "ignored": DIRTY.with_columns(order=pl.lit("x")),
    }[change]
    changed.write_parquet(tmp_path / "dirty.parquet")

    with pytest.raises(SourceError, match="as it was when this session began"):
        cleaned_table(session)


def test_a_source_that_moved_is_named(session, tmp_path):
    (tmp_path / "dirty.parquet").rename(tmp_path / "moved.parquet")

    with pytest.raises(SourceError, match="found none") as error:
        cleaned_table(session)

    assert "--source" in error.value.hint
    assert_frame_equal(cleaned_table(session, tmp_path / "moved.parquet"), DIRTY)


words = st.text(
    st.sampled_from("=+-@'\"\r\n;,|\\ aé☃0"), min_size=1, max_size=8
) | st.sampled_from(
    ["ok", " OK", "'ok", "''ok ", "007", "1e3", "TRUE", "NA", "null", "fix:way", "=1+2", "-"]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(words.filter(str.strip), min_size=3, max_size=6))
def test_any_text_goes_to_people_and_back_and_stands_in_the_table(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("trip")
    n = len(texts)
    full = pl.DataFrame({"way": texts, "id": texts[::-1], "y": [i % 2 for i in range(n)]})
    dirty = full.with_columns(way=pl.when(pl.int_range(n) > 0).then("way"))
    start_cleaning(dirty, full, "y", folder / "s.db", k=1, ignore=["id"])

    if export_rows(folder / "s.db", folder / "todo.csv", source=dirty):
        (line,) = read_sheet(folder / "todo.csv", "row").rows
        assert line.cells["id"] == texts[-1]
    # an apostrophe more, so that `'ok` does not become `ok`
    typed = "'" + texts[0] if re.fullmatch("'+ok", texts[0].strip(), re.IGNORECASE) else texts[0]
    write_sheet(folder / "done.csv", ["fix:way", "row"], [[typed, "0"]])
    import_rows(folder / "s.db", folder / "done.csv")

    assert_frame_equal(cleaned_table(folder / "s.db", dirty), full)


def test_the_record_says_what_was_done_and_by_whom(session, tmp_path):
    export_rows(session, tmp_path / "todo.csv", 4)
    done = fill(read_lines(tmp_path / "todo.csv"), FULL, by="bob")
    write_lines(tmp_path / "done.csv", done[:3] + [done[3] | {"by": ""}])
    before = cleaning_record(session)
    import_rows(session, tmp_path / "done.csv", at=AT)

    record = cleaning_record(session)

    assert record.by == {"": 1, "bob": 3}
    assert (record.rows_cleaned, record.n_rows) == (4, DIRTY.height)
    assert (record.first_at, record.last_at) == (AT, AT)
    assert record.source_fingerprint == content_hash(DIRTY)
    assert record.session != before.session
    assert "4 rows cleaned by bob (session" in record.sentence


def test_a_fix_said_anew_counts_as_a_whole(session):
    made, table = open_cleaning(session)
    extra = {"way": "sea", "distance": "77"}
    made.fix(1, table.repaired(1, extra), cells=extra)
    made.fix(1, table.repaired(1, {"way": "air"}), cells={"way": "air"})

    done = finish_cleaning(session)

    assert_frame_equal(done.rows[1], DIRTY[1].with_columns(way=pl.lit("air")))
    assert done.said["distance"][1] == ["77", None]
    assert done.said["way"][1] == ["sea", "air"]


def test_types_stay_where_all_fixes_fit_and_the_others_are_named(tmp_path):
    rows = pl.DataFrame({"n": [1, 2, None, None], "m": [None, 5, 6, 7], "y": [0, 1, 0, 1]})
    session, table = start_cleaning(rows, rows[1:2], "y", tmp_path / "s.db", k=1)
    for row, cells in {0: {"m": "4.0"}, 2: {"n": "7"}}.items():
        session.fix(row, table.repaired(row, cells), cells=cells)
    assert finish_cleaning(tmp_path / "s.db", rows).notes == ()
    session.fix(3, table.repaired(3, {"n": "2.5"}), cells={"n": "2.5"})

    done = finish_cleaning(tmp_path / "s.db", rows)

    assert done.rows.schema == {"n": pl.Float64, "m": pl.Int64, "y": pl.Int64}
    assert done.notes == ("`n` is Float64 now: Int64 cannot hold '2.5' (row 3)",)


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum(["", "a", "b"])])
def test_an_empty_text_is_an_empty_cell_as_in_csv(tmp_path, kind):
    ways = pl.Series("way", ["a", "", "b", "b"], dtype=kind)
    rows = pl.DataFrame({"way": ways, "id": ["", "x", "y", "z"], "y": [0, 1, 0, 1]})
    session, table = start_cleaning(rows, rows[:1], "y", tmp_path / "s.db", k=1, ignore=["id"])
    assert table.reasons == {1: {"way": "empty"}}
    assert "" not in table.columns[0].levels
    assert_frame_equal(cleaned_table(tmp_path / "s.db", rows), rows)

    session.fix(1, table.repaired(1, {"way": "a"}), cells={"way": "a"})

    cleaned = cleaned_table(tmp_path / "s.db", rows)
    assert cleaned["way"].to_list() == ["a", "a", "b", "b"]
    assert cleaned["id"][0] == ""


def test_what_a_decimal_column_is_guessed_to_hold_fits_it(tmp_path):
    _, dirty = orders()
    price = (pl.col("distance") * 1.37).cast(pl.Decimal(10, 2))
    rows, file = dirty.select(price.alias("price"), "way", "late"), tmp_path / "s.db"
    session, table = start_cleaning(rows, rows, "late", file, k=1)
    session.fix(0, 0)
    assert {len(str(c["price"]).partition(".")[2]) for c in table.candidates(3)} <= {1, 2}

    cleaned = cleaned_table(file, rows, repair=True)
    assert cleaned.schema["price"] == pl.Decimal(10, 2)
    assert cleaned["price"].null_count() == 0
