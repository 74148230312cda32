"""What is true of the quality of every table: it never rises when a good cell is spoilt."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from trimtab.data.quality import quality
from trimtab.data.quality_report import QualityReport
from trimtab.data.schema import ColumnSchema, Rule, Schema

NOW = datetime(2026, 1, 10, tzinfo=UTC)
WORDS = ("", "?", "N/A", " Unknown ", "-")
SCHEMA = Schema(
    time="t",
    columns={
        "t": ColumnSchema(type="Datetime"),
        "age": ColumnSchema(type="Int64", min=0, max=120, max_null_share=0.0),
        "speed": ColumnSchema(type="Float64", max=400, max_outside_share=0.2),
        "town": ColumnSchema(type="String", values=["Bern", "Basel", "?"], pattern="^[A-Z?]"),
    },
    rules=[Rule(name="old enough", check="age >= 18"), Rule(name="slow", check="speed < 300")],
)
GOOD = {"age": 30, "speed": 5.0, "town": "Bern"}
BAD = {
    "age": [None, -999, 999, -1, 500, -9999, 7],
    "speed": [None, float("nan"), float("inf"), 9_999.0, 401.0, 350.0, -999.0],
    "town": [None, "Born", "bern", *WORDS],
}
CELLS = st.tuples(st.sampled_from(sorted(BAD)), st.integers(0, 11), st.integers(0, 6))


def table(spoilt: list[tuple[str, int, int]]) -> pl.DataFrame:
    columns = {name: [good] * 12 for name, good in GOOD.items()}
    for name, row, which in spoilt:
        columns[name][row] = BAD[name][which % len(BAD[name])]
    times = [NOW - timedelta(hours=12 - row) for row in range(12)]
    kinds = {"t": pl.Datetime("us", "UTC"), "age": pl.Int64, "speed": pl.Float64,
             "town": pl.String}  # fmt: skip
    return pl.DataFrame({"t": times, **columns}, schema=kinds)


def scored(rows: pl.DataFrame) -> QualityReport:
    return quality(rows, SCHEMA, now=NOW, max_age="30m", max_row_age="6h")


@settings(max_examples=80, deadline=None)
@given(st.lists(CELLS, max_size=20), CELLS)
def test_spoiling_a_good_cell_raises_no_figure(spoilt, more):
    spoilt = [cell for cell in spoilt if cell[:2] != more[:2]]

    before, after = scored(table(spoilt)), scored(table([*spoilt, more]))

    for name, score in after.scores.items():
        earlier = before.scores[name]
        assert score is None or (earlier is not None and score <= earlier), (name, more)


@settings(max_examples=80, deadline=None)
@given(st.lists(CELLS, max_size=20))
def test_figures_are_those_of_a_count_by_hand(spoilt):
    rows = table(spoilt)
    missing, doubted, values, broken = 0, 0, 0, 0
    outside = sum(_is_number(x) and x > 400 and x != 9_999.0 for x in rows["speed"])
    outside = outside if outside + (rows["speed"] == 9_999.0).sum() > 0.2 * 12 else 0
    for age, speed, town in rows.select("age", "speed", "town").iter_rows():
        gone = [
            age is None or age in (-999, -9_999, 999),
            not _is_number(speed) or speed in (9_999.0, -999.0),
            town is None or town in WORDS,
        ]
        wrong = [not gone[0] and not 0 <= age <= 120, False,
                 not gone[2] and town not in ("Bern", "Basel")]  # fmt: skip
        missing, doubted = missing + sum(gone), doubted + sum(wrong)
        # in a rule a NaN is above all numbers, as it is for `validate`
        broken += (age is not None and age < 18) or (speed is not None and not speed < 300)
    spellings = {"Bern", "bern"} <= set(rows["town"])
    values = 12 * 4 - missing

    report = scored(rows)

    assert abs(report.completeness.score - (1 - missing / 48)) < 1e-12
    assert abs(report.accuracy.score - (1 - (doubted + outside) / values)) < 1e-12
    if not spellings:
        assert abs(report.consistency.score - (1 - broken / 12)) < 1e-12


def _is_number(value: float | None) -> bool:
    return value is not None and value == value
