import numpy as np
import polars as pl
import pytest
from scipy import stats

from trimtab.core.errors import ConfigError
from trimtab.data.drift import drift
from trimtab.data.profile import Profile, profile

N = 20_000


def table(seed: int, shift: float = 0.0, n: int = N) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=n)
    return pl.DataFrame(
        {
            "normal": normal + shift,
            "far": 1e6 + normal,
            "cauchy": rng.standard_cauchy(size=n),
            "spiked": np.where(rng.random(n) < 0.6, 0.0, rng.exponential(size=n)),
            "negative": np.where(rng.random(n) < 0.3, -1.0, -rng.exponential(size=n)),
            "whole": rng.poisson(4, size=n),
            "large": rng.integers(0, 10**9, size=n),
            "kind": rng.choice(["a", "b", "c"], size=n, p=[0.6, 0.3, 0.1]),
            "flag": rng.random(n) < 0.4,
            "holes": pl.Series(normal).set(pl.Series(rng.random(n) < 0.1), None),
            "code": (rng.zipf(1.3, size=n) % 5_000).astype(str),
        }
    )


@pytest.fixture(scope="module")
def sides() -> tuple[pl.DataFrame, pl.DataFrame]:
    return table(0), table(1, shift=0.1)


def distributions(report):
    return {f.column: f for f in report.findings if f.kind == "distribution"}


def test_profiles_find_what_rows_find(sides):
    by_rows = drift(*sides)
    by_profile = drift(profile(sides[0]), profile(sides[1]))

    assert by_profile.drifted == by_rows.drifted == ["normal"]
    assert (by_profile.reference_rows, by_profile.current_rows) == (N, N)
    for name, found in distributions(by_profile).items():
        exact = distributions(by_rows)[name]
        assert (found.n_reference, found.n_current) == (exact.n_reference, exact.n_current)
        if found.test == "ks":
            # the promise: never more than on the rows, and short by no more than `error`
            assert found.statistic <= exact.statistic + 1e-12
            assert exact.statistic <= found.statistic + found.error + 1e-12
            assert found.p_value >= exact.p_value - 1e-12
            assert found.error < 0.02


@pytest.mark.parametrize("shift", [0.0, 0.002, 0.03, 0.3])
def test_the_error_bound_holds_for_any_shift(shift):
    rng = np.random.default_rng(5)
    for n in (10, 300, 5_000):
        a = np.round(rng.normal(size=n), 3)
        b = np.where(rng.random(n) < 0.3, 0.5, np.round(rng.normal(size=n), 3) + shift)
        old, new = (profile(pl.DataFrame({"x": side})) for side in (a, b))

        found = distributions(drift(old, new))["x"]
        truth = stats.ks_2samp(a, b).statistic

        assert found.statistic <= truth + 1e-12
        assert truth <= found.statistic + found.error + 1e-12


def test_few_values_are_compared_exactly(sides):
    found = distributions(drift(profile(sides[0]), profile(sides[1])))
    exact = distributions(drift(*sides))

    for name in ("whole", "kind", "flag"):
        assert found[name].error == 0
        assert found[name].statistic == pytest.approx(exact[name].statistic, abs=1e-12)
        assert found[name].p_value == pytest.approx(exact[name].p_value, abs=1e-12)
    assert found["whole"].effect_size == pytest.approx(exact["whole"].effect_size, rel=1e-3)


def test_effects_and_medians_are_near_those_of_the_rows(sides):
    found = distributions(drift(profile(sides[0]), profile(sides[1])))
    exact = distributions(drift(*sides))

    for name in ("normal", "far", "spiked", "negative", "large", "holes"):
        assert found[name].effect_size == pytest.approx(exact[name].effect_size, abs=0.005)
        assert sum(found[name].bins.current) == pytest.approx(1)
        assert len(found[name].bins.current) <= 24
    assert found["normal"].message.startswith("`normal` moved by 0.084 sd (median -0.0059")


def test_missing_values_are_counted_exactly():
    old, new = table(0), table(1).with_columns(
        normal=pl.when(pl.col("normal") < 0).then(float("nan")).otherwise("normal"),
        kind=pl.when(pl.col("kind") != "b").then("kind"),
    )  # fmt: skip

    by_rows = {f.column: f for f in drift(old, new).findings if f.kind == "nulls"}
    by_profile = drift(profile(old), profile(new))

    assert {f.column: f for f in by_profile.findings if f.kind == "nulls"} == by_rows
    assert {"normal", "kind"} <= set(by_profile.drifted)


def test_new_and_vanished_levels_are_found_where_all_are_known():
    old = table(0)
    new = table(1).with_columns(pl.col("kind").replace("c", "d"))

    report = drift(profile(old), profile(new))
    said = {f.test for f in report.findings if f.kind == "levels" and f.drifted}

    assert said == {"new levels", "vanished levels"}
    assert "new levels cannot be told" in report.skipped["code"]


def test_where_only_the_commonest_levels_are_kept_their_shares_are_compared():
    old, new = table(0), table(1)
    moved = new.with_columns(
        code=pl.when(pl.col("code") == "1").then(pl.lit("2")).otherwise("code")
    )

    still = distributions(drift(profile(old), profile(new)))["code"]
    found = distributions(drift(profile(old), profile(moved)))["code"]

    assert not still.drifted
    assert found.drifted
    assert found.error >= 0
    assert found.bins.labels[-1] == "all others"


def test_rows_on_one_side_are_profiled(sides):
    both = drift(profile(sides[0]), profile(sides[1], reference=profile(sides[0])))

    for pair in ((profile(sides[0]), sides[1]), (sides[0], profile(sides[1]))):
        assert drift(*pair).drifted == both.drifted


def test_what_needs_rows_says_so(sides):
    old, new = (profile(side) for side in sides)

    report = drift(old, new, tests=["cvm", "mmd"])

    assert "the test `cvm` needs rows" in report.skipped["normal"]
    assert report.skipped["all numeric columns together"] == "they need rows, a profile has none"
    assert distributions(drift(old, new, tests="psi"))["normal"].drifted
    with pytest.raises(ConfigError, match="rows on both sides to compare by `block`"):
        drift(old, new, block="day")


def test_columns_that_differ_are_named(sides):
    old, new = sides
    report = drift(
        profile(old), profile(new.drop("flag").with_columns(pl.col("kind").eq("a"), more=1))
    )

    assert {f.message for f in report.findings if f.kind == "schema"} == {
        "`flag` is gone", "`more` is new"
    }  # fmt: skip
    retyped = drift(profile(old), profile(new.with_columns(pl.col("kind").str.len_chars())))
    assert retyped.findings[0].message.startswith("`kind` was String and is")


@pytest.mark.parametrize("width", [3, 100])
def test_embeddings_are_compared_by_their_means(width):
    rng = np.random.default_rng(0)
    noise = [
        Profile.merge(*(profile(pl.DataFrame({"e": rng.normal(size=(400, width))})) for _ in "ab"))
        for _ in range(60)
    ]
    alarms = [
        drift(a, b).columns["e"].p_value <= 0.1
        for a, b in zip(noise[::2], noise[1::2], strict=True)
    ]
    moved = profile(pl.DataFrame({"e": rng.normal(size=(800, width)) + 0.3}))

    assert sum(alarms) <= stats.binom.ppf(0.999, 30, 0.1)
    found = drift(noise[0], moved).columns["e"]
    assert (found.test, found.drifted) == ("hotelling", True)
    assert drift(noise[0], moved, tests="mmd").skipped["e"].endswith("a profile has none")


def test_hotelling_is_the_square_of_student_in_one_dimension():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 300))
    old, new = (profile(pl.DataFrame({"e": side[:, None]})) for side in (a, b))

    found = drift(old, new).columns["e"]
    truth = stats.ttest_ind(a, b)

    assert found.statistic == pytest.approx(truth.statistic**2)
    assert found.p_value == pytest.approx(truth.pvalue)
