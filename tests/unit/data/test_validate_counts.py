"""Every count of `validate` against plain Python that looks at one row after the other."""

import math
import re
from collections import Counter

import numpy as np
import polars as pl
import pytest

from trimtab.data.checks import validate
from trimtab.data.schema import ColumnSchema, Rule, Schema

SEEDS = range(12)


def table(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 400))

    def holed(values: list, share: float) -> list:
        return [None if rng.random() < share else value for value in values]

    floats = rng.normal(0, 2, n)
    floats[rng.random(n) < 0.05] = np.nan
    floats[rng.random(n) < 0.05] = np.inf
    return pl.DataFrame({
        "x": pl.Series(holed(floats.tolist(), 0.1), dtype=pl.Float64),
        "i": pl.Series(holed(rng.integers(-5, 30, n).tolist(), 0.1), dtype=pl.Int64),
        "s": pl.Series(holed(rng.choice(["a", "bb", "cé", "N12", ""], n).tolist(), 0.2),
                       dtype=pl.String),
        "b": pl.Series(holed((rng.random(n) < 0.5).tolist(), 0.1), dtype=pl.Boolean),
        "k": pl.Series(rng.integers(0, n, n).tolist(), dtype=pl.Int64),
    })  # fmt: skip


def nan(x) -> bool:
    return isinstance(x, float) and math.isnan(x)


def twice(values: list) -> int:
    counts = Counter(x for x in values if x is not None)
    return sum(n for n in counts.values() if n > 1)


def falls(values: list, *, strictly: bool) -> int:
    before, failing = None, 0
    for x in values:
        if x is None:
            continue
        if before is not None and (x <= before if strictly else x < before):
            failing += 1
        before = x
    return failing


# each: the schema's demand, its check, and which values of the column fail it
DEMANDS = {
    "min": ("x", {"min": -1.0}, lambda x: x is not None and not nan(x) and x < -1),
    "max": ("x", {"max": 1.5}, lambda x: x is not None and not nan(x) and x > 1.5),
    "nulls": ("x", {"max_null_share": 0.0}, lambda x: x is None or nan(x)),
    "finite": ("x", {"finite": True}, lambda x: x is not None and not math.isfinite(x)),
    "values": ("s", {"values": ["a", "bb"]}, lambda x: x is not None and x not in ("a", "bb")),
    "pattern": ("s", {"pattern": "^[a-z]"},
                lambda x: x is not None and not re.search("^[a-z]", x)),
    "min_length": ("s", {"min_length": 2}, lambda x: x is not None and len(x) < 2),
    "max_length": ("s", {"max_length": 2}, lambda x: x is not None and len(x) > 2),
}  # fmt: skip
TYPES = {"x": "Float64", "i": "Int64", "s": "String", "b": "Boolean", "k": "Int64"}


def schema(rules: list[Rule] | None = None, key: list[str] | None = None, **demands) -> Schema:
    columns = {n: ColumnSchema(type=kind, **demands.get(n, {})) for n, kind in TYPES.items()}
    return Schema(columns=columns, rules=rules or [], key=key or [])


def found(report) -> dict[str, int]:
    return {item.check: item.count for item in report.violations}


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_of_failing_rows_are_those_of_a_plain_loop(seed):
    rows = table(seed)
    demands: dict[str, dict] = {}
    for column, demand, _ in DEMANDS.values():
        demands.setdefault(column, {}).update(demand)

    counts = found(validate(rows, schema(**demands)))

    expected = {c: sum(map(fails, rows[n])) for c, (n, _, fails) in DEMANDS.items()}
    assert counts == {check: n for check, n in expected.items() if n}


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_hold_only_where_the_condition_is_true(seed):
    rows = table(seed)
    demands: dict[str, dict] = {}
    for column, demand, _ in DEMANDS.values():
        demands.setdefault(column, {"when": "b and i > 3"}).update(demand)

    report = validate(rows, schema(**demands))

    there = [
        bool(b) and i is not None and i > 3 for b, i in zip(rows["b"], rows["i"], strict=True)
    ]
    expected = {
        check: sum(fails(x) and t for x, t in zip(rows[name], there, strict=True))
        for check, (name, _, fails) in DEMANDS.items()
    }
    assert found(report) == {check: n for check, n in expected.items() if n}
    assert all(item.rows == sum(there) for item in report.violations)


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_of_order_keys_and_rules(seed):
    rows = table(seed)
    rule = Rule(name="in order", check="i <= k", when="s is not null")
    wanted = schema([rule], ["k"], i={"increasing": "weakly", "unique": True},
                    x={}, k={"increasing": "strictly"})  # fmt: skip

    report = validate(rows, wanted)

    triples = zip(rows["i"], rows["k"], rows["s"], strict=True)
    broken = sum(i is not None and s is not None and i > k for i, k, s in triples)
    expected = {
        ("i", "increasing"): falls(rows["i"].to_list(), strictly=False),
        ("k", "increasing"): falls(rows["k"].to_list(), strictly=True),
        ("i", "unique"): twice(rows["i"].to_list()),
        (None, "key"): twice(rows["k"].to_list()),
        (None, "rule: in order"): broken,
    }
    counts = {(item.column, item.check): item.count for item in report.violations}
    assert counts == {check: n for check, n in expected.items() if n}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("p", ["0.05", "0.07", "0.5", "0.95"])
def test_a_quantile_bound_is_decided_as_by_sorting(seed, p):
    rows = table(seed)
    values = np.array([x for x in rows["x"] if x is not None and math.isfinite(x)])
    if values.size == 0:
        return
    true = float(np.quantile(values, float(p), method="inverted_cdf"))
    position = math.ceil(round(float(p) * values.size, 9)) - 1
    assert true == np.sort(values)[position]

    def verdict(low: float, high: float) -> bool:
        demand = {"quantiles": {p: (low, high)}}
        return validate(rows, schema(x=demand)).violations == ()

    below, above = np.nextafter(true, -np.inf), np.nextafter(true, np.inf)
    assert verdict(true, true)
    assert verdict(-math.inf, true)
    assert verdict(true, math.inf)
    assert not verdict(above, math.inf)
    assert not verdict(-math.inf, below)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_mean_is_that_of_the_finite_values(seed):
    rows = table(seed)
    values = [x for x in rows["x"] if x is not None and math.isfinite(x)]
    if not values:
        return
    mean = math.fsum(values) / len(values)

    inside = validate(rows, schema(x={"mean": (mean - 1e-9, mean + 1e-9)}))
    outside = validate(rows, schema(x={"mean": (mean + 1e-6, math.inf)}))

    assert inside.violations == ()
    assert found(outside) == {"mean": len(values)}
    assert f"the mean of {len(values):,} values is {mean:.6g}" in outside.violations[0].message


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", [0.05, 0.3])
def test_a_share_outside_may_be_allowed(seed, share):
    rows = table(seed)

    report = validate(rows, schema(s={"values": ["a", "bb"], "max_outside_share": share}))

    failing = sum(map(DEMANDS["values"][2], rows["s"]))
    assert found(report) == ({"values": failing} if failing > share * rows.height else {})


def test_a_known_level_may_break_the_pattern():
    rows = pl.DataFrame({"s": ["a", "B", "B"]})

    report = validate(
        rows, Schema(columns={"s": ColumnSchema(type="String", values=["a", "B"], pattern="a")})
    )

    assert found(report) == {"pattern": 2}
