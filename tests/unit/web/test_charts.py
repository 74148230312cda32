from trimtab.web.charts import calibration, timeline
from trimtab.web.facts import ScopeFacts


def test_nothing_is_drawn_without_windows():
    assert timeline([], [], kind="binary") == []


def test_points_stand_in_the_middle_of_their_window_and_marks_at_its_end(replayed, seed):
    windows = ScopeFacts(replayed).windows()

    chart = timeline(windows, [], kind="binary")[0]

    first = (seed.moment(0).timestamp() + seed.moment(1).timestamp()) / 2
    assert chart["x"]["values"][0] == first
    assert chart["marks"][0]["x"] == seed.moment(2).timestamp()


def test_production_marks_when_a_version_began_to_serve(workspace, seed):
    seed.many(workspace, 3)
    moves = [
        {"version": 2, "stage": "production", "at": seed.moment(1)},
        {"version": 2, "stage": "staging", "at": seed.moment(0)},
    ]

    chart = timeline(ScopeFacts(workspace).windows(), moves, kind="binary")[0]

    assert [mark["text"] for mark in chart["marks"]] == ["v2 moved to production"]


def test_numbers_are_not_shown_as_shares(workspace, seed):
    seed.many(workspace, 3)

    charts = {
        chart["id"]: chart
        for chart in timeline(ScopeFacts(workspace).windows(), [], kind="regression")
    }

    assert charts["scores"]["y"] == {"label": "Mean", "format": "figure"}


def test_there_is_no_calibration_without_bins():
    assert calibration({}) is None
