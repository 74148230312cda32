import json
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from scipy import stats

from trimtab.core.errors import ConfigError, SchemaError, SourceError
from trimtab.data.drift import drift
from trimtab.data.profile import profile
from trimtab.stats.multiplicity import correct


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
    said = {item.message for item in report.findings if item.kind == "levels" and item.drifted}
    assert said == {
        "`kind`: 1 new level (d), 10.5% of rows",
        "`kind`: 1 vanished level (c), 9.5% of rows of the reference",
    }


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


def test_wrong_arguments_and_tables_are_refused(tmp_path):
    with pytest.raises(SchemaError, match="one column of times"):
        drift(sample(1), sample(2), block="1d")
    with pytest.raises(ValueError, match="`alpha` between"):
        drift(sample(1), sample(2), alpha=2)
    with pytest.raises(SourceError, match="at least one row"):
        drift(sample(1), sample(2).clear())
    with pytest.raises(SchemaError, match="to date rows by"):
        drift(sample(1), sample(2), block="1d", time="day")
    with pytest.raises(ValueError, match="`min_effect` of 0 or more"):
        drift(sample(1), sample(2), min_effect=-1)
    with pytest.raises(ConfigError, match="a correction for many findings, got `holms`") as caught:
        drift(sample(1), sample(2), correction="holms")
    assert caught.value.hint == "Did you mean `holm`?"
    with pytest.raises(SchemaError, match="`sise` to date rows by"):
        drift(sample(1), sample(2), time="sise")


def test_statistics_and_p_values_are_those_of_scipy_and_brute_force():
    old, new = sample(3), sample(4, n=1_500).with_columns(pl.col("size") * 1.1)

    report = drift(old, new, correction="none")
    by_name = {(f.column, f.test): f for f in report.findings}

    for name in ("size", "whole"):
        found, truth = by_name[name, "ks"], stats.ks_2samp(old[name], new[name])
        assert found.statistic == pytest.approx(truth.statistic, abs=1e-12)
        assert found.p_value == pytest.approx(truth.pvalue, abs=1e-12)
        assert found.adjusted_p == found.p_value
        assert (found.n_reference, found.n_current, found.error) == (2_000, 1_500, 0.0)
        distance = stats.wasserstein_distance(old[name], new[name]) / old[name].std(ddof=0)
        assert found.effect_size == pytest.approx(distance, rel=1e-9)
    counts = [[side["kind"].eq(k).sum() for k in "abc"] for side in (old, new)]
    truth = stats.chi2_contingency(counts, correction=False)
    assert by_name["kind", "chi_square"].p_value == pytest.approx(truth.pvalue, abs=1e-12)


@pytest.mark.parametrize("method", ["bh", "by", "holm", "bonferroni"])
def test_all_findings_are_corrected_together(method):
    old, new = sample(3), sample(4).with_columns(pl.col("size") * 1.1)

    report = drift(old, new, correction=method)
    found = report.findings

    wanted = correct([f.p_value for f in found], method)
    assert [f.adjusted_p for f in found] == pytest.approx(list(wanted))
    assert [f.drifted for f in found] == [p <= 0.05 for p in wanted]


def test_small_effects_are_no_drift_when_they_are_not_asked_for():
    old, new = sample(1, 50_000), sample(2, 50_000).with_columns(pl.col("size") + 0.05)

    assert drift(old, new).drifted == ["size"]
    assert drift(old, new, min_effect=0.04).drifted == ["size"]
    assert drift(old, new, min_effect=0.1).drifted == []
    assert drift(old, new.drop("flag"), min_effect=0.1).drifted == ["flag"]


@pytest.mark.parametrize(
    "name", ["chi_square", "jensen_shannon", "hellinger", "psi", "l_infinity", "total_variation"]
)
def test_tests_of_counts_compare_numbers_and_levels(name):
    old, new = sample(1), sample(2).with_columns(pl.col("size") + 0.5)

    report = drift(old, new, tests=name)

    assert {f.test for f in report.findings if f.kind == "distribution"} == {name}
    assert report.drifted == ["size"]
    assert report.columns["size"].unit == "share of rows"
    assert drift(old, new, tests=name, seed=0).to_dict() == report.to_dict()


def test_a_mapping_names_tests_by_column():
    old, new = sample(1), sample(2)

    report = drift(old, new, tests={"size": ["cvm", "wasserstein"], "kind": "psi"})

    asked = {(f.column, f.test) for f in report.findings if f.kind == "distribution"}
    assert asked == {
        ("size", "cvm"), ("size", "wasserstein"), ("kind", "psi"), ("whole", "ks"),
        ("flag", "chi_square"),
    }  # fmt: skip
    by_test = {f.test: f for f in report.findings if f.column == "size"}
    distance = by_test["wasserstein"]
    assert distance.statistic == pytest.approx(distance.effect_size * old["size"].std(ddof=0))
    truth = stats.cramervonmises_2samp(old["size"], new["size"])
    assert by_test["cvm"].p_value == pytest.approx(truth.pvalue, abs=1e-12)


def test_the_wasserstein_distance_is_scipys_of_many_rows_too():
    old, new = (np.random.default_rng(seed).gamma(2, size=30_000) for seed in (1, 2))
    found = drift(pl.DataFrame({"x": old}), pl.DataFrame({"x": new}), tests="wasserstein")
    distance = stats.wasserstein_distance(old, new)

    assert found.columns["x"].statistic == pytest.approx(distance, rel=1e-12)
    assert found.columns["x"].effect_size == pytest.approx(distance / old.std(), rel=1e-12)


@pytest.mark.parametrize("scale", [1e-17, 1.0, 1e300])
def test_a_shift_is_seen_whatever_the_scale(scale):
    values = np.random.default_rng(0).normal(size=300)
    old, new = (pl.DataFrame({"x": scale * (values + shift)}) for shift in (0, 1))

    report = drift(old, new, tests=["ks", "cvm", "wasserstein"])

    assert all(found.drifted for found in report.findings)
    assert [found.effect_size for found in report.findings] == pytest.approx(
        [1 / values.std()] * 3
    )


def test_neighbours_among_floats_are_values_like_any_other():
    rng = np.random.default_rng(0)
    near = [0.3, 0.1 + 0.2]
    old, new = (
        pl.DataFrame({"x": rng.choice(near, 3_000, p=p)}) for p in ([0.5, 0.5], [0.7, 0.3])
    )

    report = drift(old, new, tests=["cvm", "wasserstein", "psi"])

    assert report.skipped == {}
    assert all(found.drifted for found in report.findings)


def test_one_moved_column_of_repeated_values_is_found_among_hundreds():
    rng = np.random.default_rng(0)
    old, new = (pl.DataFrame(rng.poisson(3, size=(200, 300))) for _ in range(2))

    report = drift(old, new.with_columns(pl.col("column_7") + 2), tests="cvm")

    assert report.drifted == ["column_7"]


def test_cramer_von_mises_deals_by_the_seed():
    old, new = sample(1, 300), sample(2, 300)
    by_seed = [drift(old, new, tests="cvm", seed=seed).columns["whole"].p_value for seed in (0, 1)]

    assert by_seed[0] != by_seed[1]


def test_large_medians_and_moves_are_written_out():
    old = pl.DataFrame({"x": np.random.default_rng(0).normal(10_000, 10, size=500).round()})
    report = drift(old, old.select(pl.col("x") + 20_000))

    assert report.columns["x"].message.endswith("sd (median 10,000 to 30,000)")
    assert report.columns["x"].message.startswith("`x` moved by 1,971 sd")


def test_too_few_rows_are_not_enough_data():
    one, other = pl.DataFrame({"x": [1.0], "k": ["a"]}), pl.DataFrame({"x": [2.0], "k": ["b"]})

    report = drift(one, other, tests=["ks", "mmd"])

    assert report.findings == ()
    reason = "not enough data: 1 value in the reference and 1 now"
    assert report.skipped == {"x": reason, "k": reason, "all numeric columns together": reason}
    assert drift(pl.concat([one] * 3), pl.concat([other] * 3)).skipped == {}


def test_pictures_show_shares_of_all_values():
    report = drift(sample(1), sample(2).with_columns(kind=pl.lit("z")))

    for found in report.findings:
        if found.kind != "distribution":
            assert found.bins is None
            continue
        bins = found.bins
        assert len(bins.reference) == len(bins.current) <= 24
        assert sum(bins.reference) == pytest.approx(1)
        assert sum(bins.current) == pytest.approx(1)
        assert len(bins.labels or bins.edges[1:]) == len(bins.reference)
    kind = next(f for f in report.findings if f.column == "kind" and f.bins)
    assert kind.bins.labels[-1] in "abcz"


def test_a_level_that_vanished_is_found():
    old = sample(1)

    report = drift(old, sample(2).filter(pl.col("kind") != "c"))
    found = next(f for f in report.findings if f.test == "vanished levels" and f.drifted)

    assert found.column == "kind"
    assert found.message.startswith("`kind`: 1 vanished level (c)")
    assert found.effect_size == old["kind"].eq("c").mean()


def test_what_is_dated_by_several_columns_is_not_compared():
    rows = sample(1)

    assert set(drift(rows, rows, time=["whole", "size"]).skipped) == {"whole", "size"}


def test_the_report_says_in_a_line_what_moved():
    report = drift(sample(1), sample(2).with_columns(pl.col("size") + 5))

    assert repr(report) == "<DriftReport: 1 of 4 columns drifted: size>"
    assert "Benjamini-Hochberg" in report.method
    assert json.loads(json.dumps(report.to_dict()))["drifted"] == ["size"]
    assert "<table" in report._repr_html_()


def test_the_file_of_a_saved_profile_is_a_side(tmp_path):
    rows = pl.DataFrame({"size": range(1_000)})
    profile(rows).save(tmp_path / "before.parquet")

    report = drift(tmp_path / "before.parquet", rows.select(pl.col("size") + 300))

    assert report.drifted == ["size"]
    assert report.method.startswith("profiles compared")


def test_many_blocks_at_once_are_told_to_be_one():
    rng = np.random.default_rng(0)
    days = pl.datetime_range(
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 3, 30, tzinfo=UTC),
        interval="1h",
        eager=True,
        closed="left",
    )
    rows = pl.DataFrame({"at": days, "x": rng.normal(size=days.len())})

    many, one = (drift(rows, now, block="day").method for now in (rows, rows.head(24)))

    assert "the current rows make about 89 blocks and are compared as one" in many
    assert "compared as one" not in one
