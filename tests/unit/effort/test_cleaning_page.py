"""The report of a cleaning session, as JSON and as a page."""

import json
import re

import polars as pl
import pytest

from trimtab.effort.cleaning import cleaning_order
from trimtab.effort.cleaning_page import cleaning_page
from trimtab.effort.cleaning_report import cleaning_report
from trimtab.effort.cleaning_table import start_cleaning

N = 24


@pytest.fixture
def started(tmp_path):
    """Weights that tell the classes apart, some of them lost; a name that is no markup."""
    weights = [float(i % 12) for i in range(N)]
    table = pl.DataFrame(
        {
            "weight <b>": [None if i % 4 == 0 else w for i, w in enumerate(weights)],
            "way": ["sea", "air"] * (N // 2),
            "late": ["yes" if w > 5 else "no" for w in weights],
        }
    )
    whole = table.with_columns(pl.Series("weight <b>", weights))
    return start_cleaning(table, whole, "late", tmp_path / "clean.db", label_cost=3.0)


def test_the_report_holds_what_the_session_says(started):
    session, table = started
    report = cleaning_report(session, table, n=3, n_worlds=5)

    shown = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert report.status == session.status()
    assert [row.row for row in report.rows] == [step.row for step in session.next(3)]
    assert shown["status"]["sentence"] == session.status().sentence
    assert shown["forecast"]["sentence"] == report.forecast.sentence
    assert [way["verdict"] for way in shown["baselines"]["ways"]] == [
        way.verdict for way in report.baselines.ways
    ]
    first = report.rows[0]
    assert first.label == table.classes[session.rows.labels[first.row]]
    assert set(first.candidates[0]) == {"weight <b>"}
    assert set(first.known) == {"way"}


def test_numbers_are_shown_as_people_write_them(tmp_path):
    rows = pl.DataFrame({"id": [2053258100, None, 8, 9], "late": ["no", "no", "yes", "yes"]})
    session, table = start_cleaning(rows, rows[2:], "late", tmp_path / "s.db", k=1)

    (row,) = cleaning_report(session, table, n_worlds=3).rows

    assert "2053258100" in {cells["id"] for cells in row.candidates}


def test_history_is_what_was_certain_when(started):
    session, table = started
    seen = [session.status().certain]
    for _ in range(3):
        session.fix(session.next()[0].row, 1)
        seen.append(session.status().certain)

    history = cleaning_report(session, table, n_worlds=3).history

    assert [(at.rows, at.certain) for at in history] == list(enumerate(seen))


def test_the_page_is_one_file_that_shows_names_as_text(started):
    session, table = started
    page = cleaning_page(cleaning_report(session, table, n_worlds=3))

    assert "weight &lt;b&gt;" in page
    assert "weight <b>" not in page
    assert not re.search(r'(src|href)="', page)
    assert page.count("<svg class=") == 2
    assert "drawn worlds" in page
    assert "the default" in page


def test_pictures_stay_inside_their_frames(started):
    session, table = started
    session.fix(session.next()[0].row, 0)
    page = cleaning_page(cleaning_report(session, table, n_worlds=3))

    for points in re.findall(r'points="([^"]+)"', page):
        for pair in points.split():
            x, y = map(float, pair.split(","))
            assert 56 <= x <= 680
            assert 0 <= y <= 210.5


def test_nothing_left_and_no_labels_are_said_in_words():
    session = cleaning_order([[[0.0]], [[1.0], [4.5]], [[9.0]]], [0, 1, 1], [[2.0]], k=1)
    assert "have no labels" in cleaning_page(cleaning_report(session))
    session.fix(1, 0)

    page = cleaning_page(cleaning_report(session))

    assert "Stop: nothing left can change a prediction" in page
    assert "No row is left" in page
    assert page.count("<svg class=") == 1
