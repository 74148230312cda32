import re

import numpy as np
import polars as pl
import pytest

from trimtab.effort.label_errors import label_errors
from trimtab.effort.label_page import label_errors_page, label_page
from trimtab.effort.label_pictures import certainty_bars, dot_interval
from trimtab.effort.label_tables import label_model
from trimtab.stats.interval import Interval


def voted(n=2_000):
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=n)
    right = rng.random((n, 4)) < [0.9, 0.8, 0.7, 0.7]
    said = np.array(["ham", "spam"])[np.where(right, truth[:, None], 1 - truth[:, None])]
    return pl.DataFrame(said, schema=["<b>a</b>", "b", "c", "d"])


def circles(page):
    return [float(x) for x in re.findall(r'<circle cx="([\d.]+)"', page)]


def test_the_page_of_labels_draws_each_source_where_its_accuracy_is():
    found = label_model(voted(), slices=["mon", "tue"] * 1_000)
    page = label_page(found, label_cost=0.5, cost_unit="EUR")
    doubted = found.in_doubt().size

    assert "&lt;b&gt;a&lt;/b&gt;" in page
    assert "<b>a</b>" not in page
    assert "default-src &#39;none&#39;" in page
    drawn = circles(page)
    assert len(drawn) == 4 + 2 * 4 + 2  # sources, in two slices, classes
    assert drawn[:4] == pytest.approx(6 + 188 * found.accuracies, abs=0.06)
    assert f">{doubted:,}<" in page
    assert f">{doubted * 0.5:,g}<" in page
    assert f">{doubted * 10_000:,}<" in label_page(found, label_cost=10_000)
    assert "EUR" in page
    for words in (*found.warnings, *found.assumptions):
        assert words in page


def test_a_page_without_limits_pairs_or_slices_says_so():
    page = label_page(label_model(voted().select("b", "c"), method="majority"))

    assert "Not tested: the majority assumes nothing of it" in page
    assert ">none<" in page
    assert "Slices" not in page


def test_a_source_that_never_votes_has_no_dot():
    votes = voted().with_columns(silent=pl.lit(None, dtype=pl.String))
    page = label_page(label_model(votes, method="majority"))

    assert len(circles(page)) == 4 + 2
    assert "unknown" in page
    silent_first = votes.select("silent", pl.exclude("silent"))
    assert "(never votes; likelihood" in label_page(label_model(silent_first))


def test_bars_stand_for_all_rows_and_change_colour_at_the_threshold():
    best = np.array([0.5, 0.6, 0.74, 0.76, 0.99, 1.0, 1.0])
    shown = str(certainty_bars(np.column_stack([best, 1 - best]), doubt=0.75))
    bars = re.findall(r'fill="var\(--(\w+)\)"><title>([\d,]+) rows', shown)

    assert sum(int(rows) for _, rows in bars) == 7
    assert sum(int(rows) for colour, rows in bars if colour == "warn") == 3


def test_limits_are_drawn_from_end_to_end():
    shown = str(dot_interval(Interval(0.5, 0.0, 1.0, 0.95, "none"), chance=0.5))

    assert "M6.0 10.0H194.0" in shown
    assert "50.0%, limits 0.0% to 100.0%" in shown


def test_the_page_of_errors_lists_rows_and_what_they_look_like():
    labels = np.repeat(["ham", "<i>"], 50)
    chance = np.array([0.9] * 47 + [0.1] * 53)
    found = label_errors(labels, np.column_stack([chance, 1 - chance]), classes=["ham", "<i>"])
    page = label_errors_page(found, label_cost=2)

    assert "3 of 100 labels look wrong" in page
    assert re.findall(r'data-label="row">(\d+)<', page) == ["47", "48", "49"]
    assert "&lt;i&gt; (6.0%)" in page
    assert "<i>" not in page
    assert ">6<" in page
    for words in found.assumptions:
        assert words in page


def test_no_errors_is_an_answer():
    sure = np.repeat([[0.9, 0.1], [0.1, 0.9]], 20, axis=0)
    found = label_errors(np.repeat([0, 1], 20), sure)

    assert "No label looks wrong" in label_errors_page(found)


def test_notebooks_show_labels_and_their_errors_as_a_page_without_its_frame():
    found = label_model(voted())
    shown = found._repr_html_()

    assert "<html" not in shown
    assert circles(shown) == circles(label_page(found))
    assert "&lt;b&gt;a&lt;/b&gt;" in shown
    assert repr(found).startswith("<LabelModel: 2,000 rows by dawid_skene from 4 sources; ")
    labels = np.tile([0, 1], 50)
    wrong = label_errors(labels, np.tile([[0.9, 0.1]], (100, 1)))
    assert "<html" not in wrong._repr_html_()
    assert repr(wrong).startswith("<LabelErrors: ")


def test_a_notebook_lists_fewer_rows_and_says_of_how_many():
    labels = np.tile([0, 1], 200)
    chance = np.where(np.arange(400) < 100, 1 - labels, labels) * 0.8 + 0.1
    found = label_errors(labels, np.column_stack([1 - chance, chance]))
    shown = found._repr_html_()

    assert found.rows.size == 100
    assert len(re.findall(r'data-label="row"', shown)) == 20
    assert "the 20 surest of 100" in shown


def test_the_page_of_errors_says_when_blocks_are_too_few():
    labels = np.tile([0, 1], 50)
    sure = np.where(labels[:, None] == [0, 1], 0.9, 0.1)
    page = label_errors_page(label_errors(labels, sure, block=np.arange(100) // 10))

    assert "without limits: fewer than 40 blocks" in page
    assert "Blocks of rows" in page
