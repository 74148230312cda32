"""The benchmark of `make bench-data`: its data, its checks, its arithmetic, its table."""

import json
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from benchmarks.data import environments, measure, report, workload
from benchmarks.data.checks import CHECKS, NEEDED, schema_text
from benchmarks.data.columns import ALSO_MOVES, BOOLEAN, NORMAL, NUMBERS, SHIFTED, TEXTS
from benchmarks.data.goals import Goal, with_figures
from benchmarks.data.tasks import OURS, SCAN, tasks
from scipy import stats

import trimtab as tt

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tables() -> tuple[pl.DataFrame, pl.DataFrame]:
    made = [pl.from_arrow(workload.table(20_000, shifted=shifted)) for shifted in (False, True)]
    return made[0], made[1]


def test_only_the_named_columns_are_shifted(tables):
    old, new = tables
    p = {}
    for name in NUMBERS:
        p[name] = stats.ks_2samp(old[name].drop_nulls(), new[name].drop_nulls()).pvalue
    for name in [*TEXTS, BOOLEAN]:
        counts = [rows[name].value_counts(name="rows") for rows in tables]
        both = counts[0].join(counts[1], on=name, how="full").fill_null(0)
        p[name] = stats.chi2_contingency(both["rows", "rows_right"].to_numpy().T)[1]

    assert {name for name, value in p.items() if value < 1e-5} == set(SHIFTED)
    assert old[ALSO_MOVES].max() < new[ALSO_MOVES].min()


@pytest.mark.parametrize(
    ("column", "fact", "was", "is_now"),
    [
        ("f00", pl.col("f00").mean(), 0.0, 0.3),
        ("f15", pl.col("f15").log().std(), 0.5, 0.6),
        ("f25", (pl.col("f25") == 0).mean(), 0.7, 0.6),
        ("i00", pl.col("i00").mean(), 10.0, 10.5),
        ("c03", (pl.col("c03") == "c03_000").mean(), 0.336, 0.256),  # 1 / sum of 1 / k**exponent
    ],
)
def test_shift_is_what_it_says(tables, column, fact, was, is_now):
    assert column in SHIFTED
    old, new = (rows.select(fact).item() for rows in tables)

    assert (old, new) == (pytest.approx(was, abs=0.1), pytest.approx(is_now, abs=0.1))
    assert new - old == pytest.approx(is_now - was, rel=0.3)


def test_tables_are_as_the_page_says(tables):
    old, _ = tables

    assert old.width == 50
    assert Counter(str(kind) for kind in old.dtypes) == {
        "Float64": 35, "String": 10, "Int64": 3, "Boolean": 1,
        "Datetime(time_unit='us', time_zone=None)": 1,
    }  # fmt: skip
    assert old["f07"].null_count() / old.height == pytest.approx(0.02, abs=0.005)
    assert old["c05"].n_unique() == TEXTS["c05"]


def test_pair_is_shifted_in_four_columns():
    moved = workload.pair(shifted=True).mean(axis=0) - workload.pair(shifted=False).mean(axis=0)

    assert moved.shape == (32,)
    assert np.flatnonzero(moved > 0.06).tolist() == [0, 1, 2, 3]


def test_parts_follow_one_another():
    first, second = (pl.from_arrow(workload.big_part(part, 500)) for part in (0, 1))

    assert first.shape == (500, 20)
    assert first["id"].to_list() + second["id"].to_list() == list(range(1000))
    assert first["at"].max() < second["at"].min()


def test_there_are_fifty_checks_and_our_schema_has_them():
    columns = tomllib.loads(schema_text())["columns"]

    assert Counter(check.kind for check in CHECKS) == {
        "not_null": 15, "range": 15, "one_of": 10, "pattern": 3, "unique": 1, "at_least": 1,
        "mean": 3, "quantiles": 2,
    }  # fmt: skip
    assert len(columns) == 50
    assert columns["c00"]["pattern"] == r"^c00_\d{3}$"
    assert len(NEEDED) == len(set(NEEDED)) == 30


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("schema") / "schema.toml"
    file.write_text(schema_text())
    return file


def test_all_checks_hold_on_the_workload(tables, schema):
    assert [tt.validate(rows, schema).violations for rows in tables] == [(), ()]


def test_all_fifty_fail_where_each_is_broken(tables, schema):
    row = pl.int_range(pl.len())
    gaps = [*TEXTS, "i00", "i01", "i02", BOOLEAN, "ts"]
    values = {name: pl.when(row == 7).then(pl.lit("?")).otherwise(name) for name in TEXTS}
    values |= {name: pl.lit(500.0) for name in NORMAL}
    values["i02"] = pl.when(row == 9).then(-1).otherwise("i02")
    values["ts"] = pl.when(row == 10).then(pl.col("ts").get(11)).otherwise("ts")
    broken = (
        tables[0]
        .with_columns(**values)
        .with_columns(pl.when(row != 8).then(name).name.keep() for name in gaps)
    )

    found = tt.validate(broken, schema).violations

    # Each quantile is a violation of its own; here they are one check a column, as for the peers.
    assert len({(it.column, it.check.split()[-1]) for it in found}) == len(CHECKS)
    assert len(found) == len(CHECKS) + 2


RUNS = [
    {"tool": OURS, "round": 0, "answer_s": 2.0, "rss_mb": 300.0},
    {"tool": OURS, "round": 1, "answer_s": 1.0, "rss_mb": 500.0},
    {"tool": OURS, "round": 2, "answer_s": 4.0, "rss_mb": 400.0},
    {"tool": SCAN, "round": 0, "answer_s": 1.0},
    {"tool": SCAN, "round": 1, "answer_s": 1.0},
    {"tool": SCAN, "round": 2, "answer_s": 1.0},
    {"tool": "slow", "round": 0, "answer_s": 100.0},
    {"tool": "broken", "round": 0, "failed": "ImportError"},
]


@pytest.mark.parametrize(
    ("goal", "values", "reached"),
    [
        (Goal("", OURS, SCAN, at_most=2.0), [2.0, 1.0, 4.0], True),
        (Goal("", OURS, SCAN, at_most=1.9), [2.0, 1.0, 4.0], False),
        # Only the round in which both ran counts: 100 / 2, not 100 / the median.
        (Goal("", "slow", OURS, at_least=50.0), [50.0], True),
        (Goal("", "slow", OURS, at_least=51.0), [50.0], False),
        (Goal("", OURS, figure="rss_mb", at_most=400.0), [300.0, 500.0, 400.0], True),
        (Goal("", "broken", OURS, at_least=2.0), [], None),
        (Goal("", "absent", at_most=2.0), [], None),
    ],
)
def test_ratios_are_taken_within_a_round(goal, values, reached):
    assert goal.values(RUNS) == values
    assert goal.reached(values) is reached


def test_flags_are_held_against_the_truth():
    run = with_figures({"facts": {"flagged": ["f00", "i00", "ts", "f01"]}})

    assert (run["found"], run["wrong"]) == (2, 1)


def _run(tool: str, number: int, seconds: float, **facts: object) -> dict:
    return with_figures(
        {
            "tool": tool, "round": number, "import_s": 0.1, "answer_s": seconds, "cpu_s": 1.0,
            "wall_s": 1.0, "rss_mb": 100.0, "facts": {"version": "1.0", **facts},
        }
    )  # fmt: skip


def test_page_says_what_was_reached_and_what_was_not(tmp_path):
    runs = [_run(SCAN, 0, 0.2), _run(SCAN, 1, 0.2)]
    runs += [_run(OURS, 0, 0.3, flagged=["f00"]), _run(OURS, 1, 0.4, flagged=["f00"])]
    runs += [{"tool": "frouros", "round": 0, "failed": "ImportError: no scipy"}]
    runs += [_run("evidently DataDriftPreset", 0, 30.0, flagged=[*SHIFTED, "ts", "f01"])]
    about = {"cores": 2, "processor": "a CPU", "memory_gb": 8.0, "system": "Linux",
             "python": "3.11", "load": 0.1}  # fmt: skip
    result = {"date": "2026-01-01", "rows": 10, "part_rows": 1_000_000, "machine": about}

    report.write(tmp_path, {"drift": {**result, "runs": runs}})
    lines = (tmp_path / "data.md").read_text().splitlines()

    assert "| drift | at most 3 times two bare scans | 1.75 x (1.50 to 2.00) | yes |" in lines
    assert "| drift | at least 150 times faster than evidently | 100 x | **no** |" in lines
    assert "| drift | at least 10 times faster than frouros | not measured | – |" in lines
    assert "| drift | finds all five shifted columns | 1 of 5 | **no** |" in lines
    (frouros,) = [line for line in lines if line.startswith("| frouros")]
    assert frouros.endswith("| ImportError: no scipy |")
    (ours,) = [line for line in lines if line.startswith("| trimtab (1.0) |")]
    assert "| 2 | 0.100 | 0.350 (0.300 to 0.400) | 1.00 |" in ours
    assert ours.endswith("flags 1: 1 of 5 shifted columns; misses f15, f25, c03, i00 |")
    (evidently,) = [line for line in lines if line.startswith("| evidently")]
    assert evidently.endswith("flags 7: 5 of 5 shifted columns; 1 unshifted |")


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (0.000123, "0.000123"), (9.996, "10.0"), (99.96, "100")]
)
def test_numbers_have_three_digits(value, shown):
    assert report.number(value) == shown


def test_a_run_that_fails_says_why_but_not_where(tmp_path):
    told = measure.run(Path(sys.executable), ("bare_scan", str(tmp_path / "none.parquet")))

    assert "answer_s" not in told
    assert "none.parquet" in told["failed"]
    assert "/" not in told["failed"]


def test_each_peer_has_its_requirements_and_its_script():
    for task in tasks(1).values():
        for tool in task.tools:
            if tool.peer:
                assert (environments.PEERS / f"{tool.peer}.txt").is_file()
            assert (ROOT / "benchmarks/data" / f"{tool.command[0].replace('.', '/')}.py").is_file()


def test_our_side_runs_from_end_to_end(tmp_path):
    names = "profile,drift,checks,mmd,memory"
    done = subprocess.run(
        [
            sys.executable, "-m", "benchmarks.data", "--rows", "3000", "--part-rows", "100",
            "--repeats", "1", "--tasks", names, "--tools", f"bare,{OURS},rows",
            "--build", str(tmp_path), "--out", str(tmp_path),
        ],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "data.json").read_text())

    runs = [run for name in names.split(",") for run in results[name]["runs"]]
    assert [run["failed"] for run in runs if "failed" in run] == []
    assert len(runs) == 2 + 3 + 2 + 1 + 4
    assert all(20 < run["rss_mb"] < 3000 and run["answer_s"] > 0 for run in runs)
    assert "not measured" in (tmp_path / "data.md").read_text()
