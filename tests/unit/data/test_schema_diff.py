import itertools

import numpy as np
import polars as pl
import pytest

from trimtab.data.infer import infer_schema
from trimtab.data.profile import profile
from trimtab.data.scale_change import scale_change
from trimtab.data.schema import ColumnSchema, ForeignKey, Rule, Schema
from trimtab.data.schema_diff import schema_diff
from trimtab.data.unit_change import PROBABILITIES, unit_change, unit_factor


def people(seed: int, n: int = 4_000) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame({
        "age": rng.integers(18, 95, n), "income": rng.lognormal(10, 0.5, n),
        "city": rng.choice([f"city {i}" for i in range(20)], n),
        "is_new": rng.random(n) < 0.5, "is_old": rng.random(n) < 0.5,
        "key": [f"{seed}-{i}" for i in range(n)],
    })  # fmt: skip


def told(old, new) -> set[tuple[str, str | None, str | None, float | None]]:
    return {(c.kind, c.column, c.was, c.factor) for c in schema_diff(old, new).changes}


def test_two_samples_of_one_table_have_no_changes():
    assert told(people(0), people(1)) == set()


@pytest.mark.parametrize("seed", [0, 1], ids=["same rows", "other rows"])
def test_each_change_has_its_own_name(seed):
    old = people(0)
    new = people(seed).select(
        pl.col("age").cast(pl.Float64), pl.col("income") / 1_000, pl.col("city").alias("town"),
        pl.col("is_new"), pl.lit("x").alias("source"), "key",
    )  # fmt: skip

    assert told(old, new) == {
        ("retyped", "age", None, None),
        ("re-united", "income", None, 0.001),
        ("renamed", "town", "city", None),
        ("gone", "is_old", None, None),
        ("new", "source", None, None),
    }


def test_a_column_may_change_name_and_unit_at_once():
    old, new = people(0), people(1)
    new = new.select(pl.exclude("age"), age_in_months=pl.col("age") * 12)

    assert told(old, new) == {("re-united", "age_in_months", "age", 12.0)}


def test_columns_that_are_alike_by_chance_are_not_paired():
    old, new = people(0), people(1)

    changes = told(old.drop("is_new"), new.drop("is_old"))

    assert {kind for kind, *_ in changes} == {"gone", "new"}


def test_two_candidates_are_none():
    rows = people(0)
    new = rows.select(pl.exclude("city"), a=pl.col("city"), b=pl.col("city"))

    assert {kind for kind, *_ in told(rows, new)} == {"gone", "new"}


def test_a_name_of_rows_is_renamed_where_the_rows_are_the_same():
    rows = people(0)

    assert told(rows, rows.rename({"key": "id"})) == {("renamed", "id", "key", None)}
    assert {kind for kind, *_ in told(rows, people(1).rename({"key": "id"}))} == {"gone", "new"}


def test_demands_of_two_schemas_are_compared(tmp_path):
    columns = {"a": ColumnSchema(type="Int64", max=5), "b": ColumnSchema(type="Int64")}
    old = Schema(columns=columns, rules=[Rule(name="r", check="a < b")], min_rows=1)
    new = Schema(
        columns={"a": ColumnSchema(type="Int64", max=9, note="wider"),
                 "b": ColumnSchema(type="String")},
        foreign_keys=[ForeignKey(columns=["a"], table="t")],
    )  # fmt: skip
    old.save(tmp_path / "old.toml")
    new.save(tmp_path / "new.toml")

    found = schema_diff(tmp_path / "old.toml", tmp_path / "new.toml")

    assert [(c.kind, c.message) for c in found.changes] == [
        ("retyped", "`b`: Int64 became String"),
        ("changed", "`min_rows` was 1, is not set"),
        ("changed", "`a`: `max` was 5, is 9"),
        ("changed", "the rule `r` is no longer asked"),
        ("changed", "the foreign key `a` is asked now"),
    ]
    assert (found.old_version, found.new_version) == (old.version, new.version)
    assert schema_diff(old, old).changes == ()


def test_a_schema_against_a_table_compares_names_and_types():
    schema = Schema(columns={"age": ColumnSchema(type="Int64", max=1)})

    found = schema_diff(schema, people(0))

    assert {c.kind for c in found.changes} == {"new"}
    assert found.new_version is None


def test_profiles_serve_schemas_too():
    old, new = people(0), people(1).rename({"city": "town"})
    schemas = [
        Schema(columns={n: ColumnSchema(type=c.type) for n, c in profile(rows).columns.items()})
        for rows in (old, new)
    ]

    found = schema_diff(*schemas, old_profile=profile(old), new_profile=profile(new))

    assert [(c.kind, c.was) for c in found.changes] == [("renamed", "city")]


FAMILIES = {
    "gamma": lambda rng, n: rng.gamma(3, 2, n),
    "log-normal": lambda rng, n: rng.lognormal(0, 1, n),
    "symmetric": lambda rng, n: rng.normal(0, 1, n),
    "narrow": lambda rng, n: rng.normal(290, 5, n),
    "ages": lambda rng, n: rng.integers(18, 90, n).astype(float),
    "counts": lambda rng, n: rng.poisson(3, n).astype(float),
    "half zeros": lambda rng, n: rng.exponential(1, n) * (rng.random(n) < 0.5),
}


def quantiles(x: np.ndarray) -> np.ndarray:
    return np.quantile(x, PROBABILITIES)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("factor", [1_000.0, 1 / 1_000, 60.0, 100.0])
def test_a_factor_between_units_is_found_in_other_rows(family, factor):
    rng = np.random.default_rng(3)
    old, new = (FAMILIES[family](rng, 20_000) for _ in range(2))

    found = unit_factor(quantiles(old), quantiles(new * factor), 20_000, 20_000)

    assert found == pytest.approx(factor)


@pytest.mark.parametrize("family", FAMILIES)
def test_drift_is_not_taken_for_a_change_of_unit(family):
    rng = np.random.default_rng(4)
    draw = FAMILIES[family]
    for n in (500, 5_000):
        old = draw(rng, n)
        drifts = [draw(rng, n) * k for k in (1, 1.05, 1.3, 2, 0.5)]
        drifts += [draw(rng, n) + s * old.std() for s in (0.2, 1, 4)]
        drifts += [f(rng, n) for name, f in FAMILIES.items() if name != family]

        found = [unit_factor(quantiles(old), quantiles(x), n, n) for x in drifts]

        # a narrow column that doubled may be taken for pounds in a few hundred rows
        assert [x for x in found if x is not None and not 0.4 < x < 2.5] == []
        assert n < 5_000 or found == [None] * len(found)


def column(values) -> object:
    return profile(pl.DataFrame({"a": values})).columns["a"]


def test_the_same_rows_give_any_factor_exactly():
    rows = np.random.default_rng(5).gamma(3, 2, 300)

    assert unit_change(column(rows), column(rows * 0.92137)) == 0.92137
    assert unit_change(column(rows), column(rows / 12)) == 1 / 12
    assert unit_change(column(rows), column(rows)) is None
    assert unit_change(column(rows), column(rows + 1)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([3] * 500, [36] * 500),
        ([0, 1] * 250, [0, 12] * 250),
        ([1.0, 2.0, 3.0], [1_000.0, 2_001.0, 3_000.0]),
        (["a"] * 300, [1] * 300),
        ([None, 1.0], [1.0, None]),
    ],
)
def test_too_little_to_go_by_is_no_change_of_unit(old, new):
    assert unit_change(column(old), column(new)) is None


def test_quantiles_at_other_probabilities_are_refused():
    with pytest.raises(ValueError, match="99 quantiles were expected"):
        unit_factor([1, 2], [1, 2], 2, 2)


def test_times_of_another_zone_are_named():
    times = pl.Series("t", [24 * 3_600_000_000 * day for day in range(24)]).cast(pl.Datetime("us"))
    naive = times.to_frame()
    utc = times.dt.replace_time_zone("UTC").to_frame()

    assert schema_diff(naive, naive).changes == ()
    for old, new in ((naive, utc), (infer_schema(naive), utc), (naive, infer_schema(utc)),
                     (infer_schema(naive), infer_schema(utc))):  # fmt: skip
        (change,) = schema_diff(old, new).changes
        assert change.kind == "retyped"
        assert change.message == ("`t`: times without a zone (naive) became times in the zone UTC")
    assert schema_diff(profile(naive), utc).changes == ()


TO_KELVIN = {
    "degrees Celsius": lambda x: x + 273.15, "kelvin": lambda x: x,
    "degrees Fahrenheit": lambda x: (x + 459.67) / 1.8,
}  # fmt: skip
FROM_KELVIN = {
    "degrees Celsius": lambda x: x - 273.15, "kelvin": lambda x: x,
    "degrees Fahrenheit": lambda x: x * 1.8 - 459.67,
}  # fmt: skip


@pytest.mark.parametrize(("was", "now"), [*itertools.permutations(TO_KELVIN, 2)])
@pytest.mark.parametrize("digits", [0, 1, 6])
@pytest.mark.parametrize("seed", range(3))
def test_a_scale_of_temperature_is_told_with_its_zero(was, now, digits, seed):
    rng = np.random.default_rng(seed)
    old, new = (rng.gamma(9, 3, 3_000) + 263 for _ in range(2))

    found = scale_change(
        column(FROM_KELVIN[was](old)), column(FROM_KELVIN[now](new).round(digits))
    )

    assert found is not None
    assert (found.was, found.now) == (was, now)
    assert found.factor * 5 + found.offset == pytest.approx(FROM_KELVIN[now](TO_KELVIN[was](5)))


def test_drift_is_not_taken_for_another_scale_of_temperature():
    rng = np.random.default_rng(6)
    found = []
    for name, draw in FAMILIES.items():
        old = draw(rng, 3_000)
        drifts = [draw(rng, 3_000) * k for k in (1, 1.3, 1.8, 2, 1 / 1.8)]
        drifts += [x + s * old.std() for x in drifts for s in (-3, -1, 0.5, 2)]
        drifts += [f(rng, 3_000) for other, f in FAMILIES.items() if other != name]
        found += [scale_change(column(old), column(x)) for x in drifts]

    assert len(found) > 200
    assert not any(found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (np.full(900, 20.0), np.full(900, 68.0)),
        (np.arange(400) % 30, np.arange(400) % 30 * 1.8 + 32),
        (np.arange(9_000) / 10, np.arange(9_000) / 10 + 273.15),
        (["a"] * 900, [1.0] * 900),
    ],
    ids=["constant", "few rows", "no temperatures", "text"],
)
def test_too_little_to_go_by_is_no_other_scale(old, new):
    assert scale_change(column(old), column(new)) is None


def test_another_scale_is_a_change_of_unit_with_an_offset():
    rng = np.random.default_rng(7)
    old = pl.DataFrame({"t": rng.normal(12, 8, 2_000), "id": range(2_000)})
    new = old.with_columns(pl.col("t") * 1.8 + 32)

    (change,) = schema_diff(old, new).changes

    assert (change.kind, change.column) == ("re-united", "t")
    assert (change.factor, change.offset) == (pytest.approx(1.8), pytest.approx(32))


def test_many_new_columns_are_compared_in_bounded_time():
    rng = np.random.default_rng(8)
    old = pl.DataFrame({f"c{i}": rng.normal(i, 1, 300) for i in range(30)})
    new = pl.DataFrame({f"d{i}": rng.normal(-i, 9, 300) for i in range(30)})

    # no pair of 900 is asked for its unit, which would take seconds
    assert len(schema_diff(old, new).changes) == 60


def test_the_same_rows_in_another_unit_go_before_a_column_that_is_only_alike():
    rng = np.random.default_rng(0)
    years, digits = rng.integers(1, 80, 500), rng.integers(0, 9, 500)
    old = pl.DataFrame({"age": years, "digit": digits})
    new = pl.DataFrame({"age_months": years * 12, "share": rng.random(500)})

    found = [(c.kind, c.column, c.was, c.factor) for c in schema_diff(old, new).changes]

    assert found == [
        ("gone", "digit", None, None),
        ("re-united", "age_months", "age", 12.0),
        ("new", "share", None, None),
    ]


def test_a_factor_told_by_other_rows_is_about_so_much():
    rng = np.random.default_rng(0)
    old, more = rng.gamma(9, 4, size=(2, 1_000))
    table = pl.DataFrame({"age": old})

    (exact,) = schema_diff(table, pl.DataFrame({"age": 12 * old})).changes
    (near,) = schema_diff(table, pl.DataFrame({"age": 12 * more})).changes

    assert "all values 12 times" in exact.message
    assert "all values about 12 times" in near.message
