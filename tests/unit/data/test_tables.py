import multiprocessing
import os
import signal
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from trimtab.core.errors import KeyClashError, NotFoundError, SchemaError, SourceError
from trimtab.data import delta_log, quarantine
from trimtab.data import tables as tables_file
from trimtab.data.checks import validate
from trimtab.data.infer import infer_schema
from trimtab.data.profile import profile
from trimtab.data.quality import quality
from trimtab.data.schema import ColumnSchema, Schema
from trimtab.data.sources import read_source, source_name
from trimtab.data.tables import Tables

AT = datetime(2026, 1, 2, 3, tzinfo=UTC)
LATER = datetime(2026, 1, 3, tzinfo=UTC)


def rows(*numbers: int, **more) -> pl.DataFrame:
    day = [datetime(2013, 1, number, tzinfo=UTC) for number in numbers]
    return pl.DataFrame({"id": list(numbers), "day": day, **more})


@pytest.fixture
def tables(tmp_path) -> Tables:
    return Tables(tmp_path / "tables")


def test_an_ingest_tells_where_rows_came_from(tables, tmp_path):
    file = tmp_path / "orders.csv"
    rows(1, 2).write_csv(file)

    version = tables.ingest("orders", file, time="day", key=["id"], at=AT)

    assert version.name == "orders@0"
    assert (version.rows, version.rejected, version.parent) == (2, 0, None)
    assert version.source == str(file)
    assert version.time_min == datetime(2013, 1, 1, tzinfo=UTC)
    assert version.time_max == datetime(2013, 1, 2, tzinfo=UTC)
    assert version.created_at == AT
    assert tables.get("orders") == tables.get("orders@0") == version
    assert tables.names() == ["orders"]


def test_versions_grow_and_each_can_be_read_back(tables):
    first = tables.ingest("t", rows(3, 1), time="day", at=AT)
    second = tables.ingest("t", rows(2), time="day", at=LATER)

    assert second.parent == first.version == 0
    assert second.rows == 3
    assert second.time_max == first.time_max
    assert tables.read("t@0").collect()["id"].to_list() == [3, 1]
    assert tables.read(second).collect()["id"].to_list() == [3, 1, 2]
    assert [version.name for version in tables.versions("t")] == ["t@0", "t@1"]


def test_rows_are_read_in_the_order_of_their_ingest(tables):
    for number in range(12):
        tables.ingest("t", pl.DataFrame({"x": [10 * number + 1, 10 * number]}), at=AT)

    expected = [x for number in range(12) for x in (10 * number + 1, 10 * number)]
    assert tables.read("t").collect()["x"].to_list() == expected
    assert len(tables.versions("t")) == 12


def test_the_same_content_is_ingested_once(tables, tmp_path):
    first = tables.ingest("t", rows(1, 2), key=["id"], at=AT)
    rows(3).write_csv(tmp_path / "more.csv")
    tables.ingest("t", tmp_path / "more.csv", key=["id"], at=AT)

    again = tables.ingest("t", rows(1, 2), key=["id"], at=LATER)

    assert again == first
    assert tables.get("t").version == 1


def test_a_fingerprint_depends_on_content_and_history_alone(tmp_path):
    made = []
    for folder in ("a", "b"):
        file = tmp_path / f"{folder}.parquet"
        rows(1, 2).write_parquet(file, row_group_size=1 if folder == "a" else 2)
        Tables(tmp_path / folder).ingest("t", file, at=AT)
        made.append(Tables(tmp_path / folder).ingest("t", rows(3), at=LATER))

    assert made[0].fingerprint == made[1].fingerprint
    assert made[0].fingerprint != Tables(tmp_path / "a").get("t@0").fingerprint


def test_keys_that_clash_are_refused_and_nothing_is_lost(tables):
    tables.ingest("t", rows(1, 2), key=["id"], at=AT)

    with pytest.raises(KeyClashError, match=r"new keys only, got 1 keys \(id\).*example 2"):
        tables.ingest(
            "t", rows(2, 3).with_columns(pl.col("day").dt.offset_by("1d")), key=["id"], at=AT
        )
    with pytest.raises(KeyClashError, match=r"each key once, got 2 keys \(id\) twice.*example 7"):
        tables.ingest("t", rows(7, 7, 8, 8, 9), key=["id"], at=AT)

    assert tables.read("t").collect()["id"].to_list() == [1, 2]


def test_without_a_key_rows_may_repeat(tables):
    assert tables.ingest("t", rows(1, 1), at=AT).rows == 2


def test_flights_weather_key_is_unique(tables, weather):
    version = tables.ingest(
        "weather", weather, time="time_hour", key=["origin", "time_hour"], at=AT
    )

    assert version.rows == 26_115
    assert version.time_max == datetime(2013, 12, 30, 23, tzinfo=UTC)


def test_rows_that_cannot_be_kept_are_set_aside_with_the_reason(tables, tmp_path):
    tables.ingest("t", rows(1, size=[1.5]), time="day", key=["id"], at=AT)
    bad = tmp_path / "bad.csv"
    bad.write_text(
        "id,day,size\n2,2013-01-02,2\nthree,2013-01-03,3\n4,soon,4\n,2013-01-05,5\n"
        "6,2013-01-06,big\n7,2013-01-07,\n"
    )

    version = tables.ingest("t", bad, time="day", key=["id"], at=AT)
    aside = tables.quarantine("t").collect()

    assert (version.rows, version.rejected) == (3, 4)
    assert tables.read("t").collect()["id"].to_list() == [1, 2, 7]
    assert aside["id"].to_list() == ["three", "4", None, "6"]
    assert aside["_version"].to_list() == [1] * 4
    reasons = aside["_reason"].to_list()
    assert "`id`: expected Int64, got three" in reasons[0]
    assert "no event time" in reasons[1]
    assert "`id`: a key cannot be missing" in reasons[2]
    assert "`size`: expected Float64, got big" in reasons[3]
    assert tables.names() == ["t"]


def test_a_schema_says_which_rows_are_set_aside(tables):
    schema = Schema(columns={
        "id": ColumnSchema(type="Int64", max=5, reject=True),
        "day": ColumnSchema(type="Datetime"),
    })  # fmt: skip

    version = tables.ingest("t", rows(1, 9), schema=schema, at=AT)

    assert (version.rows, version.rejected) == (1, 1)
    assert version.schema_version == schema.version
    assert "fails the check `max`" in tables.quarantine("t").collect()["_reason"][0]


def test_a_schema_gives_types_to_a_new_table(tables, tmp_path):
    (tmp_path / "a.csv").write_text("id,day\n1,2013-01-01\n")
    schema = Schema(columns={
        "id": ColumnSchema(type="Float64"), "day": ColumnSchema(type="Datetime")
    })  # fmt: skip
    schema.save(tmp_path / "t.toml")

    tables.ingest("t", tmp_path / "a.csv", schema=tmp_path / "t.toml", at=AT)

    assert tables.read("t").collect_schema() == {
        "id": pl.Float64, "day": pl.Datetime("us", "UTC")
    }  # fmt: skip


def test_the_quarantine_of_a_table_without_one_is_empty(tables):
    tables.ingest("t", rows(1), at=AT)

    assert tables.quarantine("t").collect().height == 0


@pytest.mark.parametrize(
    ("source", "error", "problem"),
    [
        (rows(), SourceError, "expected at least one row"),
        (rows(5).drop("day"), SchemaError, "expected a column `day`, found none"),
        (rows(5, more=[1]), SchemaError, "got also `more`"),
        (rows(5).with_columns(id=pl.lit("x")), SchemaError, "`id` to be Int64, got String"),
        (rows(5).with_columns(id=pl.lit(None)), SourceError, "at least one row to keep"),
    ],
)
def test_what_does_not_fit_the_table_is_refused(tables, source, error, problem):
    tables.ingest("t", rows(1), key=["id"], at=AT)

    with pytest.raises(error, match=problem):
        tables.ingest("t", source, key=["id"], at=AT)

    assert tables.read("t").collect().height == 1


def test_a_key_or_time_that_is_no_column_names_the_nearest(tables):
    with pytest.raises(SchemaError, match="Did you mean `id`"):
        tables.ingest("t", rows(1), key=["idd"], at=AT)
    with pytest.raises(SchemaError, match="Did you mean `day`"):
        tables.ingest("t", rows(1), time="dya", at=AT)

    assert tables.names() == []


def test_one_row_and_odd_types_and_names_are_stored(tables):
    odd = pl.DataFrame(
        {
            "emp.var.rate": pl.Series([1], dtype=pl.UInt32),
            "a b, c": pl.Series(["x"], dtype=pl.Categorical),
            "naive": [datetime(2013, 1, 1)],  # noqa: DTZ001 - naive on purpose
            "none": [None],
            "list": [[1.0, 2.0]],
        }
    )

    tables.ingest("odd", odd, at=AT)
    back = tables.read("odd").collect()

    assert back.row(0) == (1, "x", datetime(2013, 1, 1, tzinfo=UTC), None, [1.0, 2.0])


def test_row_order_as_a_clock_goes_on_in_the_next_version(tables):
    first = tables.ingest("t", rows(1, 2, 3), time="row_number", at=AT)
    second = tables.ingest("t", rows(4), time="row_number", at=AT)

    assert (second.time_max - first.time_max).total_seconds() == 60
    assert second.time_min == first.time_min


def test_what_is_not_there_is_named(tables):
    tables.ingest("flights", rows(1), at=AT)

    with pytest.raises(NotFoundError, match="Did you mean `flights`"):
        tables.read("flight")
    with pytest.raises(NotFoundError, match="The newest is `flights@0`"):
        tables.get("flights@7")
    with pytest.raises(ValueError, match="a table name"):
        tables.ingest("../flights", rows(1), at=AT)


def _ingest(folder: Path, number: int) -> None:
    mine = pl.DataFrame({"id": range(100 * number, 100 * number + 50)})
    for part in range(5):
        Tables(folder).ingest("t", mine[10 * part : 10 * part + 10], key=["id"], at=AT)


def test_processes_that_ingest_at_once_lose_nothing(tmp_path):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_ingest, args=(tmp_path, n)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    tables = Tables(tmp_path)
    versions = tables.versions("t")

    assert [worker.exitcode for worker in workers] == [0] * 4
    assert tables.read("t").collect()["id"].n_unique() == tables.get("t").rows == 200
    assert [version.parent for version in versions] == [None, *range(19)]
    assert [version.rows for version in versions] == [10 * n for n in range(1, 21)]


def _ingest_and_die(folder: Path, file: Path, place: str) -> None:
    """Kill this process before or after the rows are committed."""
    write = delta_log.write_rows

    def deadly(path, *args, **options):
        if place == f"before {path.name}":
            os.kill(os.getpid(), signal.SIGKILL)
        result = write(path, *args, **options)
        if place == f"after {path.name}":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    tables_file.write_rows = quarantine.write_rows = deadly
    Tables(folder).ingest("t", file, key=["id"], at=AT)


@pytest.mark.parametrize(
    "place", ["before t__quarantine", "after t__quarantine", "before t", "after t"]
)
def test_an_ingest_killed_at_any_moment_and_run_again_is_as_one(tmp_path, place):
    file = tmp_path / "a.csv"
    file.write_text("id,x\n1,1\n2,2\n,3\n")
    context = multiprocessing.get_context("spawn")
    worker = context.Process(target=_ingest_and_die, args=(tmp_path / "killed", file, place))
    worker.start()
    worker.join()
    killed, whole = Tables(tmp_path / "killed"), Tables(tmp_path / "whole")

    made = killed.ingest("t", file, key=["id"], at=AT)
    expected = whole.ingest("t", file, key=["id"], at=AT)

    assert worker.exitcode == -signal.SIGKILL
    assert made == expected
    assert killed.read("t").collect().equals(whole.read("t").collect())
    assert killed.quarantine("t").collect().equals(whole.quarantine("t").collect())
    assert len(killed.versions("t")) == 1


def test_a_source_that_has_grown_adds_only_what_is_new(tables):
    first = pl.DataFrame({"n": [1, 2, None], "x": [0.5, float("nan"), 2.0]})
    grown = pl.concat([first, pl.DataFrame({"n": [4, 1], "x": [1.0, 0.5]})])
    tables.ingest("log", first, at=AT)

    version = tables.ingest("log", grown, at=AT)

    assert version.name == "log@1"
    assert tables.read("log").collect().equals(grown)


def test_rows_with_a_key_may_come_again_wherever_they_stand(tables):
    tables.ingest("orders", pl.DataFrame({"id": [1, 2], "x": ["a", None]}), key=["id"], at=AT)
    again = pl.DataFrame({"id": [3, 2], "x": ["c", None]})

    tables.ingest("orders", again, key=["id"], at=AT)

    assert tables.read("orders").collect()["id"].to_list() == [1, 2, 3]


def test_a_key_that_comes_again_with_another_value_is_refused(tables):
    tables.ingest("orders", pl.DataFrame({"id": [1, 2], "x": ["a", "b"]}), key=["id"], at=AT)

    with pytest.raises(KeyClashError):
        tables.ingest("orders", pl.DataFrame({"id": [2], "x": ["z"]}), key=["id"], at=AT)


def test_a_version_is_a_source_like_any_other(tables):
    rows = pl.DataFrame({"n": [1, 2, 3], "x": [0.5, 1.0, 2.0]})
    made = tables.ingest("log", rows, at=AT)
    tables.ingest("log", pl.DataFrame({"n": [4], "x": [9.0]}), at=AT)

    for version in (made, tables.get("log@0"), tables.versions("log")[0]):
        assert read_source(version).collect().equals(rows)
        assert source_name(version) == "log@0"
    assert profile(made).rows == 3
    assert "reader" not in made.to_dict()
    assert made == replace(made, reader=None)


def test_a_version_of_no_table_is_refused(tables):
    made = tables.ingest("log", pl.DataFrame({"n": [1]}), at=AT)

    with pytest.raises(SourceError, match=r"a bare record of `log@0`") as caught:
        read_source(replace(made, reader=None))

    assert "Tables(FOLDER).get('log@0')" in caught.value.hint


@pytest.mark.parametrize("zone", [None, "Europe/Zurich"])
def test_a_version_has_its_times_in_utc_whatever_the_schema_says_of_its_source(tables, zone):
    times = pl.Series("t", [datetime(2013, 1, day) for day in (1, 2)])  # noqa: DTZ001
    rows = pl.DataFrame({"t": times.dt.replace_time_zone(zone), "x": [1, 2]})
    schema = infer_schema(rows)
    version = tables.ingest("log", rows, schema=schema, at=AT)

    report = validate(version, schema)

    assert report.violations == ()
    assert report.schema_version == schema.version
    figures = quality(version, schema)
    assert (figures.consistency.score, figures.schema_version) == (1.0, schema.version)


@pytest.mark.parametrize(
    ("values", "kind"), [([20130101], "Date"), ([20130101], "Datetime"), ([AT], "Int64")]
)
def test_what_cannot_mean_the_type_of_the_schema_is_refused(tables, values, kind):
    schema = Schema(columns={"day": ColumnSchema(type=kind)})

    with pytest.raises(SchemaError, match=f"expected `day` to be {kind}"):
        tables.ingest("log", pl.DataFrame({"day": values}), schema=schema, at=AT)


def _log(path, *lines):
    path.write_text("id,at,zip\n" + "".join(f"{line}\n" for line in lines))
    return path


OLD = ("1,2026-01-01T04:05:06Z,A1", "2,2026-01-02T04:05:06Z,002")
NEW = "3,2026-01-03T04:05:06Z,003"


@pytest.mark.parametrize("key", [(), ("id",)])
def test_a_column_of_text_goes_on_taking_the_text_of_a_file(tables, tmp_path, key):
    # as a table that was made when times in a file were text
    first = pl.DataFrame(
        [line.split(",") for line in OLD], schema=["id", "at", "zip"], orient="row"
    )
    tables.ingest("log", first.with_columns(pl.col("id").cast(pl.Int64)), key=key, at=AT)

    same = tables.ingest("log", _log(tmp_path / "a.csv", *OLD), key=key, at=AT)
    grown = tables.ingest("log", _log(tmp_path / "a.csv", *OLD, NEW), key=key, time="at", at=AT)
    portion = tables.ingest("log", _log(tmp_path / "b.csv", "4,2026-01-04,004"), key=key, at=AT)

    assert (same.rows, grown.rows, portion.rows) == (2, 3, 4)
    assert grown.time_max == datetime(2026, 1, 3, 4, 5, 6, tzinfo=UTC)
    assert tables.read("log").collect().rows()[2:] == [
        (3, "2026-01-03T04:05:06Z", "003"), (4, "2026-01-04", "004")
    ]  # fmt: skip


def test_a_schema_that_says_text_gets_the_text_of_a_file(tables, tmp_path):
    schema = Schema(columns={
        "id": ColumnSchema(type="Int64"), "zip": ColumnSchema(type="String", pattern="^00\\d$"),
        "at": ColumnSchema(type="String", pattern="T.*Z$", reject=True),
    })  # fmt: skip
    file = _log(tmp_path / "a.csv", OLD[1], NEW)

    version = tables.ingest("log", file, schema=schema, at=AT)

    assert (version.rows, version.rejected) == (2, 0)
    assert tables.read("log").collect()["zip"].to_list() == ["002", "003"]
    assert validate(file, schema).violations == ()
    assert quality(file, schema).accuracy.score == 1.0


def test_times_of_day_are_not_cut_off_to_fit_a_column_of_days(tables, tmp_path):
    tables.ingest("log", _log(tmp_path / "a.csv", "1,2026-01-01,x"), at=AT)
    odd = _log(tmp_path / "b.csv", "2,2026-01-02 10:30,x", "3,2026-01-03 00:00,x")

    tables.ingest("log", odd, at=AT)

    assert tables.read("log").collect()["at"].to_list() == [date(2026, 1, 1), date(2026, 1, 3)]
    assert (
        "`at`: expected Date, got 2026-01-02 10:30"
        in tables.quarantine("log").collect()["_reason"][0]
    )
