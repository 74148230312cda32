"""Labels in a file of their own: which rows they find, by keys of every type."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from trimtab.core.errors import ConfigError, KeyClashError, SchemaError
from trimtab.loop.join_labels import join_labels

NUMBERS = pl.DataFrame({"id": [7, 8, 9], "x": [0.5, 1.5, 2.5]})
TEXTS = NUMBERS.with_columns(id=pl.Series(["007", "008", "A09"]))


def joined(
    folder: Path, table: pl.DataFrame, labels: str | pl.DataFrame, key: tuple[str, ...] = ("id",)
) -> pl.DataFrame:
    """Return the table with labels from a CSV file, or from a Parquet file."""
    file = folder / ("labels.csv" if isinstance(labels, str) else "labels.parquet")
    if isinstance(labels, str):
        file.write_text(labels)
    else:
        labels.write_parquet(file)
    return join_labels(table, str(file), label="late", label_time=None, key=key)[0]


def test_names_that_look_like_numbers_find_the_texts_of_the_table(tmp_path: Path) -> None:
    rows = joined(tmp_path, TEXTS, "id,late\n008,1\n007,0\n")

    assert rows["late"].to_list() == [0, 1, None]


def test_without_a_key_shared_columns_are_read_as_the_table_has_them(tmp_path: Path) -> None:
    rows = joined(tmp_path, TEXTS.drop("x"), "id,late\n008,1\n007,0\n", key=())

    assert rows["late"].to_list() == [0, 1, None]


def test_a_key_of_another_type_is_read_as_the_type_of_the_table(tmp_path: Path) -> None:
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
    dated = pl.DataFrame({"at": days})
    floats = pl.DataFrame({"id": [7.0, 9.0], "late": [1, 0]})

    by_float = joined(tmp_path, NUMBERS, floats)
    by_text = joined(tmp_path, NUMBERS, pl.DataFrame({"id": ["8"], "late": [1]}))
    by_day = joined(tmp_path, dated, "at,late\n2026-01-02,1\n", key=("at",))

    assert by_float["late"].to_list() == [1, None, 0]
    assert by_text["late"].to_list() == [None, 1, None]
    assert by_day["late"].to_list() == [None, 1, None]


@pytest.mark.parametrize(
    ("table", "labels", "told"),
    [
        (NUMBERS, "id,late\n007,1\nA09,0\n", "to be Int64 as in the table, got String.*'A09'"),
        (NUMBERS, pl.DataFrame({"id": [7.5], "late": [1]}), "got Float64, for example '7.5'"),
        (TEXTS, pl.DataFrame({"id": [7], "late": [1]}), "to be String.*got Int64.*'7'"),
        (
            NUMBERS.rename({"id": "day"}).with_columns(
                id=pl.lit(datetime(2026, 1, 1, tzinfo=UTC))
            ),
            "id,late\n01/01/2026,1\n",
            "to be Datetime.*'01/01/2026'",
        ),
    ],
)
def test_a_key_that_cannot_be_of_the_type_of_the_table_is_refused(
    tmp_path: Path, table: pl.DataFrame, labels: str | pl.DataFrame, told: str
) -> None:
    with pytest.raises(SchemaError, match=told):
        joined(tmp_path, table, labels)


def test_labels_of_which_none_has_its_row_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"got none of 2: '7' is the first .*, '007' that of"):
        joined(tmp_path, TEXTS, "id,late\n7,0\n8,1\n")


def test_a_label_that_the_table_has_stands_and_one_of_another_type_is_refused(
    tmp_path: Path,
) -> None:
    holes = NUMBERS.with_columns(late=pl.Series([1, None, None]))

    filled = joined(tmp_path, holes, "id,late\n7,0\n8,0\n")

    assert filled["late"].to_list() == [1, 0, None]
    with pytest.raises(SchemaError, match="`late` in labels.csv to be Int64.*'no'"):
        joined(tmp_path, holes, "id,late\n7,no\n8,yes\n")


def test_no_key_and_a_key_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a column that labels.csv shares"):
        joined(tmp_path, NUMBERS, "no,late\n7,0\n", key=())
    with pytest.raises(KeyClashError, match="one row per id"):
        joined(tmp_path, NUMBERS, "id,late\n7,0\n7,1\n")
