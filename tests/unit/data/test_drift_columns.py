import re
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from trimtab.data import drift_sides
from trimtab.data.drift import drift
from trimtab.data.profile import profile


def odd_table(seed: int, n: int = 1_000) -> pl.DataFrame:
    """Columns of every kind, in every state."""
    rng = np.random.default_rng(seed)
    size = rng.exponential(size=n)
    return pl.DataFrame(
        {
            "size": np.where(rng.random(n) < 0.1, np.nan, size),
            "holes": pl.Series(size).set(pl.Series(rng.random(n) < 0.1), None),
            "endless": np.where(rng.random(n) < 0.1, np.inf, size),
            "small": rng.integers(0, 9, n).astype(np.uint8),
            "single": pl.Series(size, dtype=pl.Float32),
            "kind": pl.Series(rng.choice(["a", "b"], n), dtype=pl.Categorical),
            "id": [f"{seed}-{i}" for i in range(n)],
            "empty": pl.Series([None] * n, dtype=pl.Float64),
            "nothing": pl.Series([None] * n),
            "constant": [1.5] * n,
            "day": [datetime(2013, 1, 1, tzinfo=UTC) + timedelta(days=i) for i in range(n)],
            "bytes": [b"x"] * n,
            "record": [{"a": i} for i in range(n)],
            "words": [["a", "b"]] * n,
            "vector": rng.normal(size=(n, 8)),
            "ragged": [[1.0] * int(k) for k in rng.integers(1, 4, n)],
        }
    )


def test_parquet_files_are_compared_like_the_tables_in_memory(tmp_path, monkeypatch):
    old, new = odd_table(0), odd_table(1).with_columns(pl.col("size") + 1)
    for name, table in (("old", old), ("new", new)):
        table.write_parquet(tmp_path / f"{name}.parquet", row_group_size=300)
    in_memory = drift(old, new)

    monkeypatch.setattr(drift_sides, "GROUP_BYTES", 1)
    by_column = drift(tmp_path / "old.parquet", tmp_path / "new.parquet")

    assert by_column.findings == in_memory.findings
    assert by_column.skipped == in_memory.skipped


def test_one_bad_column_never_loses_the_others():
    old = odd_table(0).with_columns(anything=pl.Series([object()] * 1_000, dtype=pl.Object))
    new = odd_table(1).with_columns(anything=pl.Series([object()] * 1_000, dtype=pl.Object))

    report = drift(old, new.with_columns(pl.col("size") + 1))

    assert report.drifted == ["size"]
    assert set(report.skipped) == {
        "empty", "nothing", "day", "bytes", "record", "words", "ragged", "anything"
    }  # fmt: skip
    assert report.skipped["day"].startswith("times move on")
    assert report.skipped["ragged"] == "lists of 1 to 3 numbers, expected one length"
    assert report.skipped["empty"] == "no value on either side"
    # nothing is told twice
    assert not {"empty", "nothing"} & set(report.columns)


def test_infinite_and_nan_count_as_missing():
    old = pl.DataFrame({"x": np.linspace(0, 1, 400)})
    new = old.with_columns(
        x=pl.when(pl.col("x") < 0.1).then(float("inf")).when(pl.col("x") < 0.2)
        .then(float("nan")).otherwise("x")
    )  # fmt: skip

    found = drift(old, new).findings
    missing = next(f for f in found if f.kind == "nulls")

    assert missing.drifted
    assert missing.message == "`x`: 20.0% missing, was 0.0% (infinite: 40 rows, were 0)"
    assert missing.effect_size == pytest.approx(0.2)
    assert next(f for f in found if f.kind == "distribution").n_current == 320


def test_an_embedding_that_moves_is_found():
    rng = np.random.default_rng(0)
    old, still, moved = (rng.normal(size=(600, 16)) + shift for shift in (0, 0, 0.2))

    def table(rows):
        return pl.DataFrame({"e": rows, "listed": rows.tolist()})

    assert drift(table(old), table(still)).drifted == []
    report = drift(table(old), table(moved))
    assert set(report.drifted) == {"e", "listed"}
    assert report.columns["e"].test == "mean_embedding"
    assert report.columns["e"].effect_size == pytest.approx(0.8, abs=0.15)
    assert drift(table(old), table(moved[:, :8])).skipped["e"].startswith("lists of 16 numbers in")


def test_vectors_that_lack_a_number_count_as_missing():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 4))
    holed = rows.copy()
    holed[:100, 2] = np.nan
    holed[100:140, 0] = np.inf
    listed = [[None, *row[1:]] if i >= 380 else row for i, row in enumerate(holed.tolist())]

    report = drift(pl.DataFrame({"e": rows.tolist()}), pl.DataFrame({"e": listed}))
    found = {f.kind: f for f in report.findings}

    assert found["nulls"].message == "`e`: 40.0% missing, was 0.0%"
    assert (found["distribution"].n_reference, found["distribution"].n_current) == (400, 240)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ("mmd", r"moved by 1\.\d sd, 3 columns taken together"),
        ("classifier", r"moved by \d\d\.\d% of pairs, 3 columns taken together"),
        ("lsdd", r"moved by \d\d\.\d% of the largest difference, 3 columns taken together"),
    ],
)
def test_what_all_numbers_did_together_is_said_in_words(test, words):
    rng = np.random.default_rng(0)
    old, new = (pl.DataFrame(rng.normal(size=(300, 3)) + shift) for shift in (0, 0.8))

    assert re.fullmatch(
        rf"`\(all numbers\)` {words}", drift(old, new, tests=test).joint[0].message
    )


def correlated(seed: int, sign: float, n: int = 800) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n))
    return pl.DataFrame({"a": a, "b": sign * 0.9 * a + 0.44 * b, "k": rng.choice(["x", "y"], n)})


def test_only_a_joint_test_sees_that_two_columns_no_longer_go_together():
    old, new = correlated(0, 1), correlated(1, -1)

    report = drift(old, new, tests=["mmd", "classifier"])
    (mmd, classifier) = report.joint

    assert [f.column for f in report.columns.values() if f.drifted] == []
    assert (mmd.test, mmd.drifted, mmd.adjusted_p) == ("mmd", True, 2 * mmd.p_value)
    assert not classifier.drifted  # it is linear
    assert report.drifted == ["(all numbers)"]
    assert report.findings[0] == mmd
    assert "(all numbers)" not in report.columns
    assert drift(old, correlated(2, 1), tests="mmd").drifted == []


def test_rows_with_missing_values_are_left_out_of_joint_tests_and_counted():
    old = correlated(0, 1).with_columns(a=pl.when(pl.col("a") < 1).then("a"), none=pl.lit(None))

    report = drift(old, correlated(1, 1).with_columns(none=pl.lit(1.0)), tests="lsdd")

    assert report.joint[0].n_reference == old["a"].count()
    assert "rows with a missing value left out" in report.joint[0].message
    assert "2 columns taken together" in report.joint[0].message


def test_many_levels_share_the_last_bin():
    names = pl.DataFrame({"k": [f"{i % 40:02}" for i in range(4_000)]})

    bins = drift(names, names).columns["k"].bins
    kept = next(f.bins for f in drift(names, names).findings if f.bins)

    assert bins is None or bins == kept
    assert kept.labels[-1] == "all others"
    assert len(kept.labels) == 24
    assert kept.reference[-1] == pytest.approx(17 / 40)


def test_another_unit_is_named_and_is_no_drift_of_the_values():
    rng = np.random.default_rng(0)
    years, more = rng.gamma(9, 4, size=(2, 1_500))
    old, months, older = (pl.DataFrame({"age": v}) for v in (years, 12 * more, more + 15))

    for report in (drift(old, months), drift(profile(old), profile(months))):
        (found,) = report.findings
        assert (found.kind, found.drifted, found.p_value) == ("schema", True, None)
        assert found.message.startswith("`age` is about 12 times what it was: is it")
    assert drift(old, older).columns["age"].kind == "distribution"


def test_another_scale_of_temperature_is_named_and_is_no_drift_of_the_values():
    rng = np.random.default_rng(6)
    celsius, later = rng.normal(12, 8, 4_000).round(1), rng.normal(12, 8, 3_000)
    old = pl.DataFrame({"temp": celsius})
    new = pl.DataFrame({"temp": (later * 1.8 + 32).round(1)})

    for sides in ((old, new), (profile(old), profile(new))):
        found = drift(*sides).columns["temp"]
        assert (found.kind, found.drifted) == ("schema", True)
        assert "degrees Celsius seem to have become degrees Fahrenheit" in found.message
        assert [f.kind for f in drift(*sides).findings] == ["schema"]


@pytest.mark.parametrize("describe", [lambda rows: rows, profile])
@pytest.mark.parametrize("factor", [1.3, 0.77, 12.0, 1.09])
def test_the_same_rows_times_any_constant_are_in_another_unit(describe, factor):
    euros = pl.DataFrame({"price": np.random.default_rng(7).lognormal(3, 1, 60_000)})
    other = euros.select(pl.col("price") * factor)

    found = drift(describe(euros), describe(other)).findings

    assert [(f.kind, f.drifted) for f in found] == [("schema", True)]
    assert f"is {factor:g} times what it was" in found[0].message
    shuffled = drift(describe(euros), describe(other.sample(50_000, seed=0)))
    assert shuffled.findings[0].kind == ("schema" if factor == 12 else "distribution")


@pytest.mark.parametrize("describe", [lambda rows: rows, profile])
def test_rows_and_profiles_leave_out_the_same(describe):
    old = pl.DataFrame({"one": [1.0], "none": pl.Series([None], dtype=pl.Float64)})
    new = pl.DataFrame({"one": [2.0], "none": pl.Series([None], dtype=pl.Float64)})

    report = drift(describe(old), describe(new))

    assert report.findings == ()
    assert report.skipped == {
        "one": "not enough data: 1 value in the reference and 1 now",
        "none": "no value on either side",
    }


@pytest.mark.parametrize("describe", [lambda rows: rows, profile])
def test_lists_with_a_hole_count_as_missing(describe):
    old = pl.DataFrame({"v": [[1.0, 2.0], [2.0, 0.5]] * 50})
    new = pl.DataFrame({"v": [[1.0, 2.0], [float("nan"), 1.0]] * 50})

    found = {f.kind: f for f in drift(describe(old), describe(new)).findings}["nulls"]

    assert found.effect_size == 0.5
    assert found.drifted
