"""Drift on the real weather of New York: summer drifts, ordinary weeks do not."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from trimtab.monitoring.drift import FollowedColumn, adjust
from trimtab.monitoring.spans import block_codes
from trimtab.stats.distances import psi

APRIL = datetime(2013, 4, 1, tzinfo=UTC)


def winter_of(weather):
    return weather.filter(pl.col("_time") < APRIL)


def learn(rows, name, kind="input"):
    column = FollowedColumn.learn(name, kind, rows[name], block_codes(rows["_time"], "1w"))
    assert column is not None
    return column


def compare(column, rows, alpha=0.01):
    return column.compare(rows[column.name], block_codes(rows["_time"], "1w"), alpha=alpha)


def test_temperature_in_july_drifts_from_winter(weather):
    july = weather.filter(pl.col("_time").dt.month() == 7)

    moved = compare(learn(winter_of(weather), "temp"), july)[0]

    assert moved.statistic > 7  # PSI: 10 when weighted by flights, as the model sees it
    assert moved.p_value < 0.001
    assert moved.effect > 40
    assert "temp" in moved.unit
    assert "ordinarily" in moved.message


def test_two_ordinary_weeks_are_as_far_apart_as_a_threshold_would_shout_at(weather):
    january = weather.filter(pl.col("_time").dt.month() == 1)
    column = learn(january, "temp")

    weeks = column.folded.counts

    assert psi(weeks[1], weeks[2]) > 0.2 or psi(weeks[2], weeks[3]) > 0.2
    assert max(psi(a, b) for a in weeks for b in weeks) > 2.5


def test_ordinary_weeks_of_the_reference_do_not_alarm(weather):
    winter = winter_of(weather)
    codes = block_codes(winter["_time"], "1w")
    p_values, shouts = [], 0
    for week in range(codes.max() + 1):
        rest = winter.filter(pl.Series(codes != week))
        one = winter.filter(pl.Series(codes == week))
        for name in ("temp", "dewp", "humid", "wind_speed", "pressure"):
            moved = compare(learn(rest, name), one)[0]
            p_values.append(moved.p_value)
            shouts += moved.statistic > 0.2

    assert len(p_values) >= 12 * 5
    assert np.mean(np.array(p_values) <= 0.01) <= 0.02  # one of 65
    assert shouts > 0.7 * len(p_values)  # what a threshold on PSI would have done


def test_a_faulty_gust_does_not_move_a_week(weather):
    winter = winter_of(weather)
    column = learn(winter, "wind_speed")

    assert winter["wind_speed"].max() > 1000
    assert column.folded.means[0].max() < 30


def test_levels_are_followed_by_their_shares(made):
    reference = made.reference_frame()
    rows = made.april().with_columns(port=pl.lit("c"))

    moved, nulls, levels = compare(learn(reference, "port"), rows)

    assert moved.unit == "share points"
    assert moved.p_value < 1e-6
    assert moved.effect == pytest.approx(90, abs=2)
    assert "`port` is `c` in 100.0% of rows" in moved.message
    assert nulls.p_value == levels.p_value == 1


def test_nulls_and_new_levels_are_told_apart(made):
    reference = made.reference_frame()
    third = pl.int_range(pl.len()) % 3
    rows = made.april().with_columns(
        port=pl.when(third == 0).then(None).when(third == 1).then(pl.lit("new")).otherwise("port")
    )

    found = {drift.kind: drift for drift in compare(learn(reference, "port"), rows)}

    assert found["nulls"].p_value < 1e-6
    assert found["nulls"].effect == pytest.approx(33.3, abs=0.1)
    assert found["levels"].p_value < 0.001
    assert found["levels"].statistic == pytest.approx(1 / 3, abs=0.001)
    assert "never seen before" in found["levels"].message


def test_one_null_in_a_month_is_no_news(made):
    reference = made.reference_frame()
    rows = made.april()
    first = pl.int_range(pl.len()) == 0
    rows = rows.with_columns(x=pl.when(first).then(None).otherwise("x"))

    nulls = compare(learn(reference, "x"), rows)[1]

    assert nulls.kind == "nulls"
    assert nulls.p_value > 0.01


def test_fewer_nulls_than_usual_are_no_alarm(made):
    tenth = pl.int_range(pl.len()) % 10 == 0
    reference = made.reference_frame().with_columns(x=pl.when(~tenth).then("x"))

    nulls = compare(learn(reference, "x"), made.april())[1]

    assert nulls.p_value > 0.5


def test_a_new_name_every_row_is_ordinary_where_it_always_was(made):
    moved = compare(learn(made.reference_frame(), "_id"), made.april())

    assert all(drift.p_value > 0.05 for drift in moved)


def test_times_and_lists_are_not_followed(made):
    rows = made.reference_frame().with_columns(pl.concat_list("x", "x").alias("list"))
    codes = block_codes(rows["_time"], "1w")

    assert FollowedColumn.learn("_time", "input", rows["_time"], codes) is None
    assert FollowedColumn.learn("list", "input", rows["list"], codes) is None


@pytest.mark.parametrize("dtype", [pl.Null, pl.Float64, pl.String, pl.Boolean])
def test_a_column_without_values_is_no_crash(made, dtype):
    reference = made.reference_frame().with_columns(x=pl.lit(None, dtype=dtype))
    now = made.april().with_columns(x=pl.lit(None, dtype=dtype))

    for drift in compare(learn(reference, "x"), now) + compare(
        learn(reference, "x"), made.april()
    ):
        assert np.isfinite(drift.p_value)


def test_a_constant_column_that_changes_is_seen(made):
    reference = made.reference_frame().with_columns(x=pl.lit(2013))

    same = compare(learn(reference, "x"), made.april().with_columns(x=pl.lit(2013)))[0]
    other = compare(learn(reference, "x"), made.april().with_columns(x=pl.lit(2014)))[0]

    assert same.p_value == 1
    assert other.p_value < 1e-6
    assert other.effect == pytest.approx(1)


def test_the_correction_is_for_all_columns_together(made):
    reference, now = made.reference_frame(), made.april()
    found = [drift for name in ("x", "port") for drift in compare(learn(reference, name), now)]

    done = adjust(found, alpha=0.05, importance={"x": 0.9})

    assert len(done) == len(found)
    assert all(drift.adjusted_p >= drift.p_value for drift in done)
    assert [d.adjusted_p for d in done] == sorted(d.adjusted_p for d in done)
    assert {d.importance for d in done if d.column == "x"} == {0.9}
    assert adjust([], alpha=0.05, importance={}) == []
