"""Versions that replace the rows of their parent, and what goes on after them."""

import multiprocessing
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from trimtab.core.errors import KeyClashError, SchemaError, SourceError
from trimtab.core.store import Store
from trimtab.data import delta_log
from trimtab.data import tables as tables_file
from trimtab.data.quality_history import quality_history
from trimtab.data.schema import ColumnSchema, Schema
from trimtab.data.tables import Tables

AT = datetime(2026, 1, 2, 3, tzinfo=UTC)
LATER = datetime(2026, 1, 3, tzinfo=UTC)
RAW = pl.DataFrame({"id": [1, 2, 3], "km": [5, None, 7], "way": ["sea", "see", None]})
MENDED = RAW.with_columns(km=pl.Series([5, 6, 7]), way=pl.Series(["sea", "sea", None]))
MORE = pl.DataFrame({"id": [4], "km": [8], "way": ["air"]})
TOLD = {"name": "cleaned by ann", "lineage": {"session": "s", "by": {"ann": 1}}}


@pytest.fixture
def tables(tmp_path) -> Tables:
    return Tables(tmp_path / "tables")


def mended(tables, *, key=()):
    tables.ingest("t", RAW, key=key, at=AT)
    return tables.mend(tables.get("t@0"), MENDED, key=key, at=LATER, **TOLD)


def test_a_mended_version_replaces_rows_and_older_ones_keep_theirs(tables):
    made = mended(tables)

    assert (made.name, made.parent, made.change, made.rows) == ("t@1", 0, "replace", 3)
    assert (made.source, made.lineage) == (TOLD["name"], TOLD["lineage"])
    assert_frame_equal(tables.read("t").collect(), MENDED)
    assert_frame_equal(tables.read("t@0").collect(), RAW)
    assert [version.change for version in tables.versions("t")] == ["append", "replace"]
    assert tables.get("t") == made
    assert hash(made) == hash(tables.get("t"))


def test_a_fingerprint_tells_mended_rows_from_added_ones(tables, tmp_path):
    made = mended(tables)
    other = Tables(tmp_path / "other")
    other.ingest("t", RAW, at=AT)
    added = other.ingest("t", MENDED, at=AT)

    assert made.fingerprint not in (added.fingerprint, tables.get("t@0").fingerprint)
    assert mended(Tables(tmp_path / "again")).fingerprint == made.fingerprint


def test_the_same_again_gives_the_same_version_also_later(tables):
    made = mended(tables)
    tables.ingest("t", MORE, at=LATER)

    assert mended(tables) == made
    assert len(tables.versions("t")) == 3


@pytest.mark.parametrize("key", [(), ("id",)])
def test_a_source_as_it_was_taken_in_brings_nothing_and_only_its_news_when_it_grows(tables, key):
    made = mended(tables, key=key)
    grown = pl.concat([RAW, MORE])

    assert tables.ingest("t", RAW, key=key, at=LATER) == made
    version = tables.ingest("t", grown, key=key, at=LATER)
    assert (version.name, version.change, version.rows) == ("t@2", "append", 4)
    assert_frame_equal(tables.read("t").collect(), pl.concat([MENDED, MORE]))
    assert tables.ingest("t", grown[::-1] if key else grown, key=key, at=LATER) == version
    assert tables.ingest("t", RAW, key=key, at=LATER) == made


@pytest.mark.parametrize("key", [(), ("id",)])
def test_a_source_that_was_mended_too_goes_on(tables, key):
    mended(tables, key=key)

    version = tables.ingest("t", pl.concat([MENDED, MORE]), key=key, at=LATER)

    assert version.rows == 4
    assert_frame_equal(tables.read("t").collect(), pl.concat([MENDED, MORE]))


def test_a_row_that_the_source_changed_still_clashes(tables):
    mended(tables, key=["id"])
    changed = RAW.with_columns(km=pl.Series([5, None, 70]))

    with pytest.raises(KeyClashError, match="for example 3"):
        tables.ingest("t", changed, key=["id"], at=LATER)


def test_types_may_widen_and_what_comes_later_follows(tables):
    first = tables.ingest("t", RAW, at=AT)
    tables.mend(first, MENDED.with_columns(km=pl.Series([5.0, 6.5, 7.0])), at=AT, **TOLD)

    version = tables.ingest("t", pl.concat([RAW, MORE]), at=LATER)

    assert tables.read(version).collect()["km"].to_list() == [5.0, 6.5, 7.0, 8.0]
    assert tables.read("t@0").collect_schema()["km"] == pl.Int64
    again = tables.mend(
        version, tables.read(version).collect().with_columns(way=pl.lit("x")), at=AT, **TOLD
    )
    grown = pl.concat([RAW, MORE, MORE])
    assert tables.ingest("t", grown, at=LATER).rows == again.rows + 1


def test_times_are_those_of_the_mended_rows_or_stay(tables):
    days = [datetime(2013, 1, day, tzinfo=UTC) for day in (1, 2)]
    first = tables.ingest("t", pl.DataFrame({"day": days}), time="day", at=AT)
    kept = tables.mend(first, pl.DataFrame({"day": days[:1] * 2}), at=AT, **TOLD)
    made = tables.mend(kept, pl.DataFrame({"day": days[1:] * 2}), time="day", at=AT, **TOLD)

    assert (kept.time_min, kept.time_max) == tuple(days)
    assert (made.time_min, made.time_max) == (days[1], days[1])


def test_a_table_that_moved_on_is_refused_and_named(tables):
    first = tables.ingest("t", RAW, at=AT)
    tables.ingest("t", MORE, name="more.csv", at=AT)

    with pytest.raises(SourceError, match=r"t@0 to be the newest version, got t@1 from more.csv"):
        tables.mend(first, MENDED, at=LATER, **TOLD)

    assert tables.get("t").rows == 4


@pytest.mark.parametrize(
    ("rows", "options", "problem"),
    [
        (MENDED[:2], {}, "the 3 rows and the columns of t@0"),
        (MENDED.drop("way"), {}, "got 3 rows of id, km"),
        (MENDED.with_columns(id=1), {"key": ["id"]}, "each key once"),
        (MENDED.with_columns(id=pl.Series([1, None, 3])), {"key": ["id"]}, "1 to set aside"),
        (
            MENDED.with_columns(km=pl.Series([5.0, 6.5, 7.0])),
            {"schema": Schema(columns={"km": ColumnSchema(type="Int64")})},
            "1 to set aside; the first: `km`: expected Int64, got 6.5",
        ),
    ],
)
def test_rows_that_are_no_mended_ones_are_refused(tables, rows, options, problem):
    first = tables.ingest("t", RAW, at=AT)

    with pytest.raises((SchemaError, KeyClashError), match=problem):
        tables.mend(first, rows, at=AT, **options, **TOLD)

    assert len(tables.versions("t")) == 1


def test_rows_set_aside_stay_with_the_ingest_that_brought_them(tables):
    tables.ingest("t", RAW, key=["id"], at=AT)
    tables.mend(tables.get("t"), MENDED, key=["id"], at=AT, **TOLD)
    odd = MORE.with_columns(id=pl.lit("x")).vstack(MORE.with_columns(id=pl.lit("4")))

    version = tables.ingest("t", odd, key=["id"], at=AT)

    assert (version.name, version.rejected, version.rows) == ("t@2", 1, 4)
    assert tables.quarantine("t").collect()["_version"].to_list() == [2]


def test_quality_is_that_of_each_version(tables, tmp_path):
    mended(tables)

    history = quality_history(tables, "t", store=Store(f"sqlite:///{tmp_path}/s.db"))

    raw, clean = (report.completeness.score for report in history)
    assert clean > raw


def _mend_and_die(folder: Path, place: str) -> None:
    """Kill this process where the mended rows are written."""
    write, delta_write = delta_log.write_rows, delta_log.write_deltalake

    def files_without_commit(delta, rows, **options):
        # what a process leaves that dies after its data files and before its commit
        loose = Path(delta.table_uri.removeprefix("file://")) / "_version=1"
        loose.mkdir()
        rows.drop("_version").write_parquet(loose / "part-00000-loose.parquet")
        os.kill(os.getpid(), signal.SIGKILL)

    def deadly(*args, **options):
        if place == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = write(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)
        return result

    tables_file.write_rows = deadly
    delta_log.write_deltalake = files_without_commit if place == "between" else delta_write
    tables = Tables(folder)
    tables.mend(tables.get("t"), MENDED, at=AT, **TOLD)


@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_killed_at_any_moment_the_old_or_the_new_version_is_there_and_a_rerun_ends_it(
    tmp_path, place
):
    tables, whole = Tables(tmp_path / "killed"), Tables(tmp_path / "whole")
    first = tables.ingest("t", RAW, at=AT)
    whole.ingest("t", RAW, at=AT)
    worker = multiprocessing.get_context("spawn").Process(
        target=_mend_and_die, args=(tmp_path / "killed", place)
    )
    worker.start()
    worker.join()

    there = tables.read("t").collect()
    assert worker.exitcode == -signal.SIGKILL
    assert_frame_equal(there, MENDED if place == "after" else RAW)
    made = tables.mend(first, MENDED, at=AT, **TOLD)
    assert made == whole.mend(whole.get("t"), MENDED, at=AT, **TOLD)
    assert_frame_equal(tables.read("t").collect(), MENDED)
    assert_frame_equal(tables.read("t@0").collect(), RAW)
    assert len(tables.versions("t")) == 2


def test_of_writers_at_once_one_is_first_and_the_other_learns_of_it(tables, monkeypatch):
    first = tables.ingest("t", RAW, at=AT)
    write = tables_file.write_rows

    def overtaken(*args, **options):
        monkeypatch.setattr(tables_file, "write_rows", write)
        Tables(tables.folder).ingest("t", MORE, at=AT)
        return write(*args, **options)

    monkeypatch.setattr(tables_file, "write_rows", overtaken)
    with pytest.raises(SourceError, match="got t@1"):
        tables.mend(first, MENDED, at=AT, **TOLD)
    assert_frame_equal(tables.read("t").collect(), pl.concat([RAW, MORE]))

    def mended_meanwhile(*args, **options):
        monkeypatch.setattr(tables_file, "write_rows", write)
        there = Tables(tables.folder)
        there.mend(there.get("t"), pl.concat([MENDED, MORE]), at=AT, **TOLD)
        return write(*args, **options)

    monkeypatch.setattr(tables_file, "write_rows", mended_meanwhile)
    grown = pl.concat([RAW, MORE, MORE.with_columns(id=pl.lit(5, pl.Int64))])
    version = tables.ingest("t", grown, at=AT)
    assert version.name == "t@3"
    assert tables.read("t").collect()["id"].to_list() == [1, 2, 3, 4, 5]
    assert tables.read("t").collect()["km"].to_list() == [5, 6, 7, 8, 8]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(["grow", "mend", "again"]), min_size=1, max_size=7), st.booleans())
def test_whatever_the_order_of_growing_and_mending_no_row_is_lost_or_doubled(
    tmp_path_factory, moves, keyed
):
    tables, key = Tables(tmp_path_factory.mktemp("t")), ["id"] if keyed else []
    source = pl.DataFrame({"id": [0, 1], "km": [0, 10]})
    expected = [source]
    tables.ingest("t", source, key=key, at=AT)
    for number, move in enumerate(moves):
        if move == "grow":
            new = pl.DataFrame({"id": [source.height], "km": [10 * source.height]})
            source = pl.concat([source, new])
            tables.ingest("t", source, key=key, at=AT)
            expected.append(pl.concat([expected[-1], new]))
        elif move == "mend":
            rows = expected[-1].with_columns(km=pl.col("km") + number % expected[-1].height + 1)
            tables.mend(tables.get("t"), rows, key=key, at=AT, **TOLD)
            expected.append(rows)
        else:
            tables.ingest("t", source, key=key, at=AT)

    assert len(tables.versions("t")) == len(expected)
    for version, rows in zip(tables.versions("t"), expected, strict=True):
        assert_frame_equal(tables.read(version).collect(), rows)
        assert version.rows == rows.height


@pytest.mark.parametrize("key", [(), ("id",)])
def test_text_that_was_mended_into_numbers_is_held_against_a_source_that_is_text_yet(tables, key):
    said = pl.DataFrame({"id": [1, 2, 3], "km": ["5", "six", "7"]})
    more = pl.DataFrame({"id": [4], "km": ["8"]})
    tables.ingest("t", said, key=key, at=AT)
    tables.mend(
        tables.get("t"), said.with_columns(km=pl.Series([5, 6, 7])), key=key, at=AT, **TOLD
    )

    assert tables.ingest("t", said, key=key, at=AT).name == "t@1"
    version = tables.ingest("t", pl.concat([said, more]), key=key, at=AT)

    assert tables.read(version).collect()["km"].to_list() == [5, 6, 7, 8]
    # what is no number is set aside now, as in any source
    assert tables.quarantine("t").collect()["km"].to_list() == ["six"]


def test_numbers_that_were_mended_into_text_are_held_against_a_source_of_numbers(tables, tmp_path):
    (tmp_path / "a.csv").write_text("zip\n01\n02\n")
    first = tables.ingest("t", tmp_path / "a.csv", at=AT)
    tables.mend(first, pl.DataFrame({"zip": ["8001", "8002"]}), at=AT, **TOLD)
    (tmp_path / "a.csv").write_text("zip\n01\n02\n03\n")

    version = tables.ingest("t", tmp_path / "a.csv", at=AT)

    assert tables.read(version).collect()["zip"].to_list() == ["8001", "8002", "3"]


def test_a_version_as_it_was_made_can_be_mended(tables):
    # JSON gives a tuple back as a list
    first = tables.ingest("t", RAW, lineage={"rows": (1, 2)}, at=AT)

    assert tables.mend(first, MENDED, at=AT, **TOLD).name == "t@1"
