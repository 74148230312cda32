from datetime import UTC, datetime

import polars as pl
import pytest

from trimtab.core.errors import SchemaError, SourceError
from trimtab.data.profile import Profile, is_profile, profile
from trimtab.stats.log_linear import aligned

ROWS = pl.DataFrame(
    {
        "len": [3, 1, 1, None],
        "x": [1.0, float("nan"), float("inf"), -1.0],
        "s": ["b", "a", "b", "bcd"],
        "b": [True, True, None, False],
        "t": [datetime(2013, 1, 2, tzinfo=UTC), None, None, datetime(2013, 1, 1, tzinfo=UTC)],
        "l": [[1.0, 2.0], None, [3.0, 4.0], [5.0, 9.0]],
        "o": [{"a": 1}, None, {"a": 2}, {"a": 3}],
        "none": [None] * 4,
    }
)


def test_each_column_is_described():
    made = profile(ROWS).columns

    assert (made["len"].count, made["len"].nulls, made["len"].distinct) == (3, 1, 2)
    assert made["len"].top == ((1, 2), (3, 1))
    assert (made["x"].nan, made["x"].infinite, made["x"].negative, made["x"].mean) == (1, 1, 1, 0)
    assert (made["s"].top[0], made["s"].lengths) == (("b", 2), (1, 1.5, 3))
    assert made["b"].mean == pytest.approx(2 / 3)
    assert made["t"].max == datetime(2013, 1, 2, tzinfo=UTC)
    assert made["t"].quantile(0) == datetime(2013, 1, 1, tzinfo=UTC)
    assert (made["l"].nulls, made["l"].type) == (1, "Nested")
    assert (made["o"].nulls, made["o"].type) == (1, "Nested")


def test_it_says_what_cannot_be_told():
    one = profile(pl.DataFrame({"a": [1]})).columns["a"]
    made = profile(ROWS).columns
    nearly = profile(pl.DataFrame({"a": [*map(str, range(99)), "x"]})).columns["a"]

    assert one.notes == ("one row: spread, range and levels cannot be told",)
    assert one.std is None
    assert "no value at all" in made["none"].notes[0]
    assert "only missing values" in made["o"].notes[0]
    assert nearly.notes == ("99 of 100 texts are numbers, the others are not",)


def test_flights_are_described(flights):
    made = profile(flights)
    delay = made.columns["dep_delay"]

    assert made.rows == 336_776
    assert (delay.nulls, delay.min, delay.max) == (8_255, -43, 1_301)
    assert delay.mean == pytest.approx(flights["dep_delay"].mean())
    assert delay.quantiles[0.99] == flights["dep_delay"].quantile(0.99, "nearest")
    assert made.columns["tailnum"].nulls == 2_512
    assert made.columns["carrier"].top[0] == ("UA", 58_665)
    assert made.columns["carrier"].distinct == 16


def test_a_profile_survives_saving(tmp_path):
    made = profile(ROWS)
    made.save(tmp_path / "p.parquet")

    back = Profile.load(tmp_path / "p.parquet")

    assert back == made
    assert back.to_dict() == made.to_dict()
    assert is_profile(tmp_path / "p.parquet")


def test_profiles_of_parts_add_up(flights):
    parts = [flights[start : start + 100_000] for start in range(0, flights.height, 100_000)]
    whole = profile(flights)

    made = profile(parts[0])
    for part in parts[1:]:
        made = made + profile(part)

    assert made.rows == whole.rows
    for name in flights.columns:
        a, b = made.columns[name], whole.columns[name]
        assert (a.count, a.nulls, a.zeros, a.negative) == (b.count, b.nulls, b.zeros, b.negative)
        assert (a.min, a.max) == (b.min, b.max)
        assert a.distinct == pytest.approx(b.distinct, rel=0.25)
        if b.mean is not None:
            assert (a.mean, a.std) == (pytest.approx(b.mean), pytest.approx(b.std))
        if b.histogram is not None:
            lower, _, counts, others = aligned(a.histogram, b.histogram)
            assert (counts == others).all(), name
            for probability, value in a.quantiles.items():
                exact = flights[name].quantile(probability, "nearest")
                inside = a.histogram.lower.searchsorted([number(value), number(exact)], "right")
                assert abs(int(inside[0]) - int(inside[1])) <= 1, (name, probability)


def number(value):
    return value.timestamp() * 1e6 if isinstance(value, datetime) else value


def test_profiles_of_other_columns_do_not_add_up():
    with pytest.raises(SchemaError, match="a difference in: a, b"):
        profile(pl.DataFrame({"a": [1]})) + profile(pl.DataFrame({"b": [1]}))
    with pytest.raises(SchemaError, match="one type, got Int64 and String"):
        profile(pl.DataFrame({"a": [1]})) + profile(pl.DataFrame({"a": ["x"]}))


def test_what_is_no_table_or_profile_is_refused(tmp_path):
    ROWS.write_parquet(tmp_path / "rows.parquet")
    pl.DataFrame({"a": [1]}).write_parquet(
        tmp_path / "old.parquet", metadata={"trimtab.profile": '{"format": 1}'}
    )
    (tmp_path / "text").write_text("text")

    with pytest.raises(SourceError, match="expected at least one row"):
        profile(pl.DataFrame({"a": []}))
    with pytest.raises(SourceError, match="expected a profile of format 2, got 1"):
        Profile.load(tmp_path / "old.parquet")
    with pytest.raises(SourceError, match="expected a saved profile, got another Parquet file"):
        Profile.load(tmp_path / "rows.parquet")
    for name in ("none.parquet", "text"):
        with pytest.raises(SourceError, match="expected a saved profile"):
            Profile.load(tmp_path / name)
    assert not is_profile(tmp_path / "text")
    assert not is_profile(tmp_path / "rows.parquet")


def test_the_same_rows_give_the_same_profile(flights):
    shown = flights.select("tailnum", "flight", "dep_delay")

    assert profile(shown) == profile(shown)


def test_parts_added_up_say_what_is_odd_about_the_whole():
    rows = pl.DataFrame(
        {
            "nan": [float("nan")] * 40,
            "one": [1] * 40,
            "two": [1] * 20 + [2] * 20,
            "raw": [b"x"] * 40,
            "ragged": [[1.0]] * 20 + [[1.0, 2.0]] * 20,
        }
    )

    both = (profile(rows[:20]) + profile(rows[20:])).columns

    assert both["nan"].notes == ("no finite number: its range cannot be told",)
    assert (both["one"].notes, both["two"].notes) == (("constant",), ())
    assert both["raw"].notes == ("Binary: only missing values are counted",)
    assert both["ragged"].notes == ("lists of 1 to 2 numbers: only lengths are told",)


def test_notes_hold_beside_a_part_without_values():
    texts = pl.DataFrame({"a": ["1", "2", "x"] + ["3"] * 40})
    none = pl.DataFrame({"a": pl.Series([None] * 40, dtype=pl.String)})

    (note,) = (profile(none) + profile(texts)).columns["a"].notes

    assert "42 of 43 texts are numbers" in note
    assert (profile(none) + profile(none)).columns["a"].notes == profile(none).columns["a"].notes


def test_a_quantile_among_zeros_is_zero():
    column = profile(pl.DataFrame({"a": [1.25 * i for i in range(1_000)]})).columns["a"]

    assert column.quantile(0.0) == 0.0
