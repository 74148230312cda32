from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import NotEnoughDataError, SchemaError, SourceError
from trimtab.data.drift import drift
from trimtab.data.time import time_expression


def sample(seed: int, n: int = 2_000) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "size": rng.exponential(size=n),
            "whole": rng.poisson(3, size=n),
            "kind": rng.choice(["a", "b", "c"], size=n, p=[0.6, 0.3, 0.1]),
            "flag": rng.random(n) < 0.5,
        }
    )


def test_rows_of_one_distribution_seldom_move():
    moved = [drift(sample(seed), sample(1_000 + seed)).drifted for seed in range(100)]

    assert sum(map(bool, moved)) <= 11  # 0.05 of 100, and three standard errors


def test_each_way_to_move_is_a_finding_of_its_own():
    new = sample(2).with_columns(
        pl.col("size") + 0.5,
        whole=pl.when(pl.col("flag")).then(pl.col("whole")),
        kind=pl.when(pl.col("kind") == "c").then(pl.lit("d")).otherwise("kind"),
    )

    report = drift(sample(1), new)
    kinds = {(item.column, item.kind) for item in report.findings if item.drifted}

    assert kinds == {
        ("size", "distribution"), ("whole", "nulls"), ("kind", "distribution"), ("kind", "levels")
    }  # fmt: skip
    assert set(report.drifted) == {"size", "whole", "kind"}
    assert not report.columns["flag"].drifted
    assert report.columns["size"].test == "ks"
    assert 0.4 < report.columns["size"].effect_size < 0.6
    assert "new levels (d)" in next(
        item.message for item in report.findings if item.kind == "levels"
    )


def test_what_moved_most_comes_first():
    new = sample(2).with_columns(pl.col("size") + 5, pl.col("whole") + pl.Series([1, 0] * 1_000))

    assert drift(sample(1), new).drifted == ["size", "whole"]


def test_columns_that_are_gone_new_or_of_another_type_are_named():
    old = pl.DataFrame({"a": [1], "b": [1], "t": [datetime(2013, 1, 1, tzinfo=UTC)]})
    new = pl.DataFrame({"b": ["x"], "c": [1], "t": [datetime(2014, 1, 1, tzinfo=UTC)]})

    report = drift(old, new)

    assert {item.message for item in report.findings} == {
        "`a` is gone", "`c` is new", "`b` was Int64 and is String"
    }  # fmt: skip
    assert list(report.skipped) == ["t"]


def test_a_column_that_becomes_empty_moved_by_its_missing_values():
    new = sample(2).with_columns(size=pl.lit(None, dtype=pl.Float64), kind=pl.lit(None))

    report = drift(sample(1), new)

    assert {name: report.columns[name].kind for name in report.drifted} == {
        "size": "nulls", "kind": "nulls"
    }  # fmt: skip


def test_a_new_level_is_no_surprise_where_levels_are_often_new():
    rng = np.random.default_rng(0)
    names = [pl.DataFrame({"name": rng.zipf(1.5, size=3_000).astype(str)}) for _ in range(2)]

    report = drift(*names)

    assert report.columns["name"].drifted is False


def test_an_odd_value_does_not_end_the_comparison():
    odd = pl.DataFrame({"x": [float("inf"), float("nan"), 1.0, None] * 10, "y": [1] * 40})

    report = drift(odd, odd)

    assert report.drifted == []
    assert report.to_dict()["findings"]


@pytest.fixture(scope="module")
def winter(flights, weather) -> dict[str, pl.DataFrame]:
    made = {}
    for name, table in (("flights", flights), ("weather", weather)):
        rows = table.filter(pl.col("month") <= 3)
        day = time_expression("time_hour", rows.schema).alias("time")
        made[name] = rows.with_columns(day).drop("year", "month", "day", "time_hour")
    return made


@pytest.mark.parametrize("table", ["flights", "weather"])
@pytest.mark.parametrize(("block", "alpha"), [("1w", 0.1), ("1d", 0.05)])
def test_ordinary_blocks_of_winter_do_not_alarm_more_often_than_alpha(winter, table, block, alpha):
    """Each block against all others: without blocks nearly every one of them would alarm."""
    rows = winter[table]
    starts = rows["time"].dt.truncate(block)
    every = starts.unique().sort()[1:-1]
    shown = every if block == "1w" or table == "weather" else every[::4]
    alarms = 0
    for start in shown:
        inside = starts == start
        report = drift(
            rows.filter(~inside), rows.filter(inside), block=block, time="time", alpha=alpha
        )
        alarms += bool(report.drifted)

    assert alarms <= alpha * len(shown) + 1


def test_rows_taken_as_independent_alarm_on_an_ordinary_week(winter):
    rows = winter["weather"]
    week = rows["time"].dt.truncate("1w") == datetime(2013, 1, 14, tzinfo=UTC)

    alone = drift(rows.filter(~week), rows.filter(week))
    blocks = drift(rows.filter(~week), rows.filter(week), block="week", time="time", alpha=0.1)

    assert "temp" in alone.drifted
    assert blocks.drifted == []


def blocky(seed: int, n_days: int) -> pl.DataFrame:
    """Days that differ from each other by more than rows of a day do."""
    rng = np.random.default_rng(seed)
    days = np.repeat(np.arange(n_days), 200)
    level = rng.normal(size=n_days)[days]
    start = datetime(2013, 1, 1, tzinfo=UTC)
    return pl.DataFrame(
        {
            "x": level + rng.normal(size=days.size) / 3,
            "k": np.where(rng.random(days.size) < 0.5 + 0.1 * np.tanh(level), "a", "b"),
            "day": [start + timedelta(days=int(day)) for day in days],
        }
    )


def test_a_strange_block_is_found():
    old, day = blocky(0, 60), blocky(1, 1)

    assert drift(old, day, block="1d", time="day").drifted == []
    strange = day.with_columns(pl.col("x") + 9, k=pl.lit("new"))
    report = drift(old, strange, block="1d", time="day")
    assert set(report.drifted) == {"x", "k"}
    assert report.columns["x"].unit == "ordinary block distances"


def test_a_column_that_goes_missing_for_a_block_is_found():
    old, day = blocky(0, 60), blocky(1, 1)

    report = drift(old, day.with_columns(x=pl.lit(None)), block="1d", time="day")

    assert [report.columns[name].kind for name in report.drifted] == ["nulls"]


def test_too_few_blocks_are_told_and_find_nothing():
    report = drift(
        blocky(0, 5), blocky(1, 1).with_columns(pl.col("x") + 99), block="1d", time="day"
    )

    assert not report.conclusive
    assert report.drifted == []
    assert "needs 19 blocks" in report.method
    with pytest.raises(NotEnoughDataError, match="at least 2 reference blocks of 1w, got 1"):
        drift(blocky(0, 5), blocky(1, 1), block="1w", time="day")


def test_wrong_arguments_and_tables_are_refused(tmp_path):
    with pytest.raises(ValueError, match="needs `time`"):
        drift(sample(1), sample(2), block="1d")
    with pytest.raises(ValueError, match="`alpha` between"):
        drift(sample(1), sample(2), alpha=2)
    with pytest.raises(SourceError, match="at least one row"):
        drift(sample(1), sample(2).clear())
    with pytest.raises(SchemaError, match="to date rows by"):
        drift(sample(1), sample(2), block="1d", time="day")
