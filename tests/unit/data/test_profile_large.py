"""Columns of many values, in several parts: sketches, groups, references, embeddings."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from scipy import stats

from trimtab.core.errors import SchemaError
from trimtab.data.batches import BATCH_ROWS
from trimtab.data.profile import Profile, profile

START = datetime(2024, 1, 1, tzinfo=UTC)
N = 3 * BATCH_ROWS + 1_000


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    mostly_zero = np.where(random.random(N) < 0.7, 0.0, random.exponential(size=N))
    normal = random.normal(5, 2, N)
    return pl.DataFrame(
        {
            "normal": pl.Series(normal).set(pl.Series(random.random(N) < 0.1), None),
            "mostly_zero": mostly_zero,
            "cauchy": random.standard_cauchy(N),
            "whole": random.integers(-(10**12), 10**12, N),
            "number": np.arange(N),
            "code": [f"{x:x}" for x in random.permutation(N)],
            "level": random.choice(["a", "b", "c d", "é1"], N, p=[0.6, 0.3, 0.09, 0.01]),
            "wild": np.where(np.arange(N) % 7 == 0, np.nan, np.where(normal > 8, np.inf, -1.5)),
        }
    )


@pytest.fixture(scope="module")
def made(rows):
    return profile(rows).columns


def test_moments_are_those_of_all_rows(rows, made):
    for name in ("normal", "mostly_zero", "cauchy", "whole", "number"):
        values = rows[name].drop_nulls().cast(pl.Float64).to_numpy()
        assert made[name].mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-9)
        assert made[name].variance == pytest.approx(values.var(ddof=1), rel=1e-9)
        assert made[name].skewness == pytest.approx(stats.skew(values), rel=1e-7, abs=1e-9)
        assert made[name].kurtosis == pytest.approx(stats.kurtosis(values), rel=1e-7)


def test_counts_are_exact(rows, made):
    assert made["normal"].nulls == rows["normal"].null_count()
    assert made["mostly_zero"].zeros == int((rows["mostly_zero"] == 0).sum())
    assert made["cauchy"].negative == int((rows["cauchy"] < 0).sum())
    wild = rows["wild"].to_numpy()
    assert made["wild"].nan == np.isnan(wild).sum()
    assert made["wild"].infinite == np.isinf(wild).sum()
    assert made["wild"].distinct == 1


def test_quantiles_lie_within_the_stated_share_of_rows(rows, made):
    for name in ("normal", "mostly_zero", "cauchy", "whole", "number"):
        values = rows[name].drop_nulls().to_numpy()
        for probability, value in made[name].quantiles.items():
            low, high = np.mean(values < value), np.mean(values <= value)
            error = made[name].rank_error + 2 / values.size
            assert low - error <= probability <= high + error, (name, probability)
    assert made["normal"].rank_error < 0.02
    assert made["mostly_zero"].quantile(0.5) == 0.0
    assert made["mostly_zero"].quantile(0.95) == pytest.approx(
        rows["mostly_zero"].quantile(0.95), rel=0.02
    )


def test_different_values_are_estimated_within_what_is_said(rows, made):
    for name in ("normal", "cauchy", "whole"):
        exact = rows[name].drop_nulls().n_unique()
        assert made[name].distinct == pytest.approx(exact, rel=4 * made[name].distinct_error)
    assert (made["number"].distinct, made["number"].increasing) == (N, "strictly")
    assert made["normal"].increasing == "no"
    assert made["code"].distinct == pytest.approx(N, rel=4 * made["code"].distinct_error)


def test_what_is_not_listed_is_no_commoner_than_said(rows, made):
    assert made["mostly_zero"].top[0] == (0.0, made["mostly_zero"].zeros)
    for name in ("normal", "mostly_zero", "code", "whole"):
        counts = rows[name].drop_nulls().value_counts()
        listed = dict(made[name].top)
        for value, count in counts.top_k(20, by="count").iter_rows():
            assert listed.get(value, 0) <= count <= listed.get(value, 0) + made[name].top_error


@pytest.mark.parametrize("far", [0, 2**60])
def test_whole_numbers_of_few_values_at_first_and_many_later(far):
    many = np.concatenate([np.arange(BATCH_ROWS) % 3_000, far + np.arange(N)])
    made = profile(pl.DataFrame({"id": many})).columns["id"]
    truth = np.unique(many).size
    assert (made.count, made.min, made.max) == (many.size, 0, far + N - 1)
    assert made.distinct == pytest.approx(truth, rel=4 * made.distinct_error)
    n_of = dict(zip(*np.unique(many, return_counts=True), strict=True))
    assert all(isinstance(value, int) and n == n_of[value] for value, n in made.top)


def test_text_is_described(made):
    assert made["level"].lengths == (1, pytest.approx(1 + 2 * 0.09 + 0.01, abs=0.01), 3)
    assert made["level"].classes["digits"] == pytest.approx(0.01, abs=0.002)
    assert made["level"].classes["spaces"] == pytest.approx(0.09, abs=0.005)
    assert made["level"].classes["non_ascii"] == made["level"].classes["digits"]
    assert made["code"].classes["punctuation"] == 0


def test_a_profile_is_small(rows, tmp_path):
    random = np.random.default_rng(1)
    wide = {f"f{i}": random.normal(i, 2, 200_000) for i in range(38)}
    wide |= {f"c{i}": random.integers(0, 20 * (i + 1), 200_000).astype(str) for i in range(12)}

    profile(pl.DataFrame(wide)).save(tmp_path / "p.parquet")

    assert (tmp_path / "p.parquet").stat().st_size < 90_000


def test_a_window_gets_the_cells_of_its_reference(rows):
    reference = profile(rows)

    window = profile(rows[:5_000], reference=reference)

    for name in ("normal", "mostly_zero", "cauchy", "number"):
        own, theirs = window.columns[name].histogram, reference.columns[name].histogram
        assert (own.bits, own.floor) == (theirs.bits, theirs.floor)
        assert set(own.codes) <= set(theirs.codes)


def test_groups_are_described_in_the_same_pass(rows):
    timed = rows.select("normal", "level").with_columns(
        t=pl.Series(np.datetime64("2024-01-01", "us") + np.arange(N).astype("timedelta64[s]"))
    )

    whole = profile(timed, by="level", time="1d")

    assert whole.columns == profile(timed).columns
    assert sum(group.rows for group in whole.groups.values()) == N
    inside = timed.filter(pl.col("level") == "b", pl.col("t").dt.date() == START.date())
    first = next(group for key, group in whole.groups.items() if key[0] == "b")
    assert first.rows == inside.height
    assert first.columns["normal"].mean == pytest.approx(inside["normal"].mean())


def test_groups_survive_saving_and_add_up(rows, tmp_path):
    some = rows.select("normal", "level")
    halves = [profile(some[:50_000], by="level"), profile(some[50_000:90_000], by="level")]

    both = halves[0] + halves[1]
    both.save(tmp_path / "p.parquet")

    assert Profile.load(tmp_path / "p.parquet") == both
    whole = profile(some[:90_000], by="level")
    assert both.groups.keys() == whole.groups.keys()
    for key, group in whole.groups.items():
        assert both.groups[key].columns["normal"].mean == pytest.approx(
            group.columns["normal"].mean
        )


def test_what_cannot_be_grouped_is_refused():
    rows = pl.DataFrame(
        {
            "a": [1],
            "t": [START],
            "u": [START],
        }
    )

    with pytest.raises(SchemaError, match="expected a column `b` to group by"):
        profile(rows, by="b")
    with pytest.raises(SchemaError, match="expected one column of times .* got t, u"):
        profile(rows, time="1h")
    with pytest.raises(SchemaError, match="expected a length of time"):
        profile(rows, time=("t", "an hour"))
    with pytest.raises(SchemaError, match="expected `a` to hold times"):
        profile(rows, time=("a", "1h"))
    assert list(profile(rows, time=("u", "1h")).groups) == [
        (pl.Series([rows["u"][0]]).dt.replace_time_zone("UTC")[0],)
    ]


@pytest.mark.parametrize("dimension", [5, 200])
def test_embeddings_are_described(dimension):
    random = np.random.default_rng(2)
    vectors = random.normal(1, 2, (4_000, dimension))
    column = pl.Series("e", vectors, dtype=pl.Array(pl.Float64, dimension))
    halves = [profile(column[:1_500].to_frame()), profile(column[1_500:].to_frame())]

    whole = profile(column.to_frame()).columns["e"].vector
    both = (halves[0] + halves[1]).columns["e"].vector

    np.testing.assert_allclose(whole.mean, vectors.mean(axis=0), rtol=1e-9)
    np.testing.assert_allclose(both.mean, whole.mean, rtol=1e-9)
    np.testing.assert_allclose(both.covariance, whole.covariance, rtol=1e-8, atol=1e-9)
    assert whole.norms.mean == pytest.approx(np.linalg.norm(vectors, axis=1).mean())
    if dimension == 5:
        np.testing.assert_allclose(whole.covariance, np.cov(vectors.T), rtol=1e-9)
    else:
        assert whole.covariance.shape == (64, 64)
        assert np.trace(whole.covariance) == pytest.approx(4 * dimension, rel=0.05)


def test_lists_of_several_lengths_say_so():
    made = profile(pl.DataFrame({"e": [[1.0], [1.0, 2.0]]})).columns["e"]

    assert (made.vector.dimension, made.vector.lengths) == (None, (1, 2))
    assert made.notes == ("lists of 1 to 2 numbers: only lengths are told",)


def test_files_of_every_kind_give_the_same_columns(rows, tmp_path):
    some = rows.select("normal", "number", "level")[:20_000]
    some.write_parquet(tmp_path / "a.parquet", row_group_size=3_000)
    some.write_csv(tmp_path / "a.csv")
    some.write_ipc(tmp_path / "a.arrow")
    expected = profile(some).columns

    for source in ("a.parquet", "a.csv", "a.arrow"):
        assert profile(tmp_path / source).columns == expected
    assert profile(some.lazy()).columns == expected
    assert profile(some.to_pandas()).columns == expected
    assert profile(some.to_arrow()).columns == expected
