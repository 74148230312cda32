"""`trimtab effort clean report`, in words, as JSON and as a page."""

import json

import numpy as np
import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from trimtab.cli import effort_clean_report
from trimtab.effort.cleaning_table import start_cleaning

app = typer.Typer()
app.callback()(lambda: None)
effort_clean_report.register(app)


@pytest.fixture
def session(tmp_path):
    rng = np.random.default_rng(0)
    late = rng.integers(0, 2, 40)
    whole = pl.DataFrame({"x": rng.normal(size=40) + late, "y": rng.normal(size=40), "late": late})
    lost = pl.Series(rng.random(40) < 0.4)
    rows = whole.with_columns(x=pl.when(lost).then(None).otherwise("x"))
    file = tmp_path / "clean.db"
    start_cleaning(rows, whole, "late", file, cost_unit="euros")
    return file


def call(*arguments):
    return CliRunner().invoke(app, ["report", *map(str, arguments)], catch_exceptions=False)


def test_words_say_state_forecast_comparison_and_assumptions(session):
    result = call(session, "--worlds", 3)

    assert result.exit_code == 0
    for text in ("predictions are certain", "Going on:", "euros", "rows filled by", "assumed:",
                 "a poor choice for:", "clean next:"):  # fmt: skip
        assert text in result.stdout


def test_json_and_page_hold_the_same(session, tmp_path):
    result = call(session, "--worlds", 3, "--json", "--html", tmp_path / "out" / "report.html")

    found = json.loads(result.stdout)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert found["forecast"]["sentence"] in page
    assert f"{found['status']['certain']} of 40 predictions" in page
    assert len(found["rows"]) == page.count("<small>class")


def test_the_seed_repeats_a_report(session):
    one, two = (call(session, "--worlds", 3, "--seed", 5, "--json").stdout for _ in range(2))
    assert one == two
