from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from trimtab.core.errors import KeyClashError, NotFoundError, SchemaError
from trimtab.core.project import Project
from trimtab.data.tables import Tables
from trimtab.models.rows import (
    CANONICAL,
    ID,
    LABEL,
    LABEL_TIME,
    TIME,
    assemble_rows,
    build_rows,
    known_rows,
    rows_between,
)

NOW = datetime(2024, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def project(key: tuple[str, ...] = ("id", "part"), **task: object) -> Project:
    return Project.model_validate({
        "root": ".",
        "project": {"name": "shop"},
        "tables": [
            {"name": "orders", "source": "o", "time": "at", "key": list(key)},
            {"name": "shops", "source": "s"},
        ],
        "joins": task.pop("joins", []),
        "task": {"name": "back", "table": "orders", "kind": "binary", "label": "back", **task},
        "train": {"until": "2024-04-01"},
    })  # fmt: skip


ORDERS = pl.DataFrame({
    "id": [2, 1, 1], "part": ["x", "x", "y"], "at": [FIRST + DAY, FIRST, FIRST],
    "shop": ["a", "b", None], "back": ["yes", "no", None],
    "seen": [FIRST + 5 * DAY, None, FIRST + 9 * DAY], "size": [1, 2, 3],
})  # fmt: skip
SHOPS = pl.DataFrame({"shop": ["a", "b"], "size": [10, 20], "town": ["Rome", "Oslo"]})


def test_rows_have_the_four_columns_and_are_ordered_by_time_and_id() -> None:
    rows = assemble_rows(project(), {"orders": ORDERS})
    assert tuple(rows.columns[:4]) == CANONICAL
    assert rows[ID].to_list() == ["1|x", "1|y", "2|x"]
    assert rows[LABEL].to_list() == [0, None, 1]
    assert rows[TIME].dtype == pl.Datetime("us", "UTC")


def test_a_label_is_known_at_its_time_or_after_the_delay() -> None:
    rows = assemble_rows(project(label_time="seen", label_delay="2d"), {"orders": ORDERS})
    # no time is stated for 1|x, so the delay tells; 1|y has no label, so it is never known
    assert rows[LABEL_TIME].to_list() == [FIRST + 2 * DAY, None, FIRST + 5 * DAY]
    plain = assemble_rows(project(), {"orders": ORDERS})
    assert plain[LABEL_TIME].to_list() == [FIRST + DAY, None, FIRST + 2 * DAY]


def test_without_a_key_the_row_number_is_the_id() -> None:
    rows = assemble_rows(project(key=()), {"orders": ORDERS})
    assert sorted(rows[ID].to_list()) == ["0", "1", "2"]


def test_a_join_keeps_every_row_and_marks_names_that_clash() -> None:
    joined = project(joins=[{"table": "shops", "on": ["shop"]}])
    rows = assemble_rows(joined, {"orders": ORDERS, "shops": SHOPS})
    assert rows["size"].to_list() == [2, 3, 1]
    assert rows["size_shops"].to_list() == [20, None, 10]
    assert rows["town"].to_list() == ["Oslo", None, "Rome"]
    named = project(joins=[{"table": "shops", "on": ["shop"], "suffix": "_of_shop"}])
    rows = assemble_rows(named, {"orders": ORDERS, "shops": SHOPS})
    assert "size_of_shop" in rows.columns


def test_twins_are_refused_in_the_table_and_in_what_is_joined() -> None:
    with pytest.raises(KeyClashError, match=r"table `orders`, key \['id'\].*got 2 rows"):
        assemble_rows(project(key=("id",)), {"orders": ORDERS})
    joined = project(joins=[{"table": "shops", "on": ["shop"]}])
    with pytest.raises(KeyClashError, match="table `shops`, joined on"):
        assemble_rows(joined, {"orders": ORDERS, "shops": pl.concat([SHOPS, SHOPS])})


def test_columns_that_are_missing_or_of_two_types_are_named() -> None:
    joined = project(joins=[{"table": "shops", "on": ["shop"]}])
    with pytest.raises(SchemaError, match="join, in `shops`, found none"):
        assemble_rows(joined, {"orders": ORDERS, "shops": SHOPS.rename({"shop": "name"})})
    numbered = SHOPS.with_columns(shop=pl.Series([1, 2]))
    with pytest.raises(SchemaError, match="expected one type of `shop` in both tables"):
        assemble_rows(joined, {"orders": ORDERS, "shops": numbered})
    with pytest.raises(SchemaError, match="`bac` for the label") as caught:
        assemble_rows(project(label="bac"), {"orders": ORDERS})
    assert caught.value.hint == "Did you mean `back`?"


def test_the_same_tables_give_the_same_version(tmp_path, make_shop, build) -> None:
    shop = make_shop(tmp_path)
    with pytest.raises(NotFoundError, match="table `orders` has no version yet"):
        build_rows(shop, at=NOW)
    version = build(shop)
    assert build_rows(shop, at=NOW + DAY) == version
    assert version.table.startswith("back_rows-")
    assert version.rows == 900


def test_nothing_is_known_before_its_time(tmp_path, make_shop, build) -> None:
    shop = make_shop(tmp_path)
    version, until = build(shop), FIRST + 30 * DAY
    known = known_rows(shop, version, until=until)
    assert (known[LABEL_TIME] <= until).all()
    assert (known[TIME] < until).all()
    # labels take three days: what was asked on the last three is not known
    assert known[TIME].max() <= until - 3 * DAY
    assert known_rows(shop, version, start=FIRST + 10 * DAY, until=until)[TIME].min() >= (
        FIRST + 10 * DAY
    )
    asked = rows_between(shop, version, FIRST, until)
    assert asked.height > known.height
    assert asked[TIME].is_sorted()


def test_a_label_that_changes_makes_another_version(tmp_path, make_shop, build) -> None:
    shop = make_shop(tmp_path)
    version = build(shop)
    more = (
        pl.read_parquet(tmp_path / "orders.parquet")
        .head(1)
        .with_columns(order=pl.lit(9999, dtype=pl.Int64))
    )
    Tables(shop.tables_folder).ingest("orders", more, time="placed", key=("order",), at=NOW)
    newer = build_rows(shop, at=NOW)
    assert (newer.rows, newer.fingerprint != version.fingerprint) == (901, True)
    assert rows_between(shop, version, FIRST, NOW).height == 900
