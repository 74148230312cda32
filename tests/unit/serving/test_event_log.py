import multiprocessing
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from trimtab.core.errors import (
    ConfigError,
    KeyClashError,
    NotFoundError,
    SchemaError,
    SourceError,
)
from trimtab.models import rows as model_rows
from trimtab.serving import batches
from trimtab.serving.batches import Batch, Predictions
from trimtab.serving.event_log import EventLog

START = datetime(2013, 4, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(tmp_path / "events.db", kind="binary")


def rows(*names: str, **columns: object) -> pl.DataFrame:
    times = [START + timedelta(hours=int(name[1:])) for name in names]
    return pl.DataFrame(
        {"_id": names, "_time": times, "x": [float(name[1:]) for name in names], **columns}
    ).with_columns(pl.col("_time").cast(pl.Datetime("us", "UTC")))


def said(*scores: float, version: int = 1) -> dict[str, Predictions]:
    return {"champion": Predictions(version, np.array(scores))}


def test_column_names_are_those_of_the_models_room():
    names = ("ID", "TIME", "LABEL", "LABEL_TIME")

    assert [getattr(batches, n) for n in names] == [getattr(model_rows, n) for n in names]


def test_what_is_recorded_is_read_back_in_the_order_of_time(log):
    log.record(rows("r2", "r1"), said(0.2, 0.1), NOW)
    log.record(rows("r0"), said(0.0, version=2), NOW)

    events = log.read()

    assert events["_id"].to_list() == ["r0", "r1", "r2"]
    assert events["champion_score"].to_list() == [0.0, 0.1, 0.2]
    assert events["champion_version"].to_list() == [2, 1, 1]
    assert events["_arrived"].to_list() == [NOW] * 3
    assert events.columns == [
        "_id", "_time", "_arrived", "x", "champion_version", "champion_score",
        "shadow_version", "shadow_score", "_label", "_label_time",
    ]  # fmt: skip


def test_empty_log_has_the_columns_and_no_rows(log):
    events = log.read(START, NOW)

    assert events.height == 0
    assert {"_id", "champion_score", "_label"} <= set(events.columns)
    assert log.time_range() is None
    assert log.count() == 0
    assert log.rows_per_day().height == 0


def test_window_has_its_start_and_not_its_end(log):
    log.record(rows("r0", "r1", "r2"), said(0.0, 0.1, 0.2), NOW)

    events = log.read(START, START + timedelta(hours=2))

    assert events["_id"].to_list() == ["r0", "r1"]
    assert log.time_range() == (START, START + timedelta(hours=2))


def test_known_request_is_answered_as_before_and_not_logged_again(log):
    log.record(rows("r1", "r2"), said(0.1, 0.2), NOW)
    before = log.read()

    again = log.record(rows("r2", "r3", "r1"), said(0.9, 0.3, 0.9, version=2), NOW)

    assert again.scores.tolist() == [0.2, 0.3, 0.1]
    assert again.versions == [1, 2, 1]
    assert again.new == 1
    assert log.count() == 3
    assert_frame_equal(log.read().filter(pl.col("_id") != "r3"), before)


def test_known_request_with_other_inputs_is_refused(log):
    log.record(rows("r1"), said(0.1), NOW)
    changed = rows("r1", "r2").with_columns(x=pl.Series([7.0, 2.0]))

    with pytest.raises(KeyClashError, match=r"`r1`.*`x`: 7\.0 where 1\.0 is recorded"):
        log.record(changed, said(0.1, 0.2), NOW)

    assert log.count() == 1


def test_known_request_at_another_event_time_is_refused(log):
    log.record(rows("r1"), said(0.1), NOW)
    moved = rows("r1").with_columns(pl.col("_time") + pl.duration(days=1))

    with pytest.raises(KeyClashError, match="`_time`"):
        log.record(moved, said(0.1), NOW)


def test_known_request_without_a_time_of_its_own_is_answered(log):
    log.record(rows("r1"), said(0.1), NOW)
    undated = rows("r1").with_columns(_time=pl.lit(NOW))

    assert log.record(undated, said(0.9), NOW).scores.tolist() == [0.1]


def test_missing_values_of_a_known_request_are_equal_to_themselves(log):
    sent = rows("r1", a=[None], b=[float("nan")])
    log.record(sent, said(0.1), NOW)

    assert log.record(sent, said(0.9), NOW).new == 0


def test_id_twice_in_a_batch_is_refused(log):
    with pytest.raises(KeyClashError, match="got `r1` twice"):
        log.record(rows("r1", "r1"), said(0.1, 0.1), NOW)


def test_reserved_column_is_refused(log):
    with pytest.raises(SchemaError, match="`champion_score`"):
        log.record(rows("r1", champion_score=[1.0]), said(0.1), NOW)


def test_a_refused_batch_does_not_stop_the_others(log):
    log.record(rows("r1"), said(0.1), NOW)
    changed = rows("r1").with_columns(x=9.0)

    bad, good = log.record_all([Batch(changed, said(0.5), NOW), Batch(rows("r2"), said(0.2), NOW)])

    assert isinstance(bad, KeyClashError)
    assert good.new == 1
    assert log.read()["_id"].to_list() == ["r1", "r2"]


def test_shadow_is_logged_beside_the_champion_and_so_is_its_failure(log):
    both = said(0.1) | {"shadow": Predictions(2, np.array([0.4]))}
    log.record(rows("r1"), both, NOW)
    log.record(rows("r2"), said(0.2) | {"shadow": Predictions(2, None, "it broke")}, NOW)

    events = log.read()

    assert events["shadow_score"].to_list() == [0.4, None]
    assert events["shadow_version"].to_list() == [2, 2]
    assert log.shadow_errors() == {"it broke": 1}


def test_scores_of_several_classes_are_lists(tmp_path):
    log = EventLog(tmp_path / "events.db", kind="multiclass")
    scores = {"champion": Predictions(1, np.array([[0.2, 0.8], [0.6, 0.4]]))}
    log.record(rows("r1", "r2"), scores, NOW)
    log.add_labels(["r1"], ["b"], [START], NOW)

    again = log.record(rows("r2", "r1"), scores, NOW)

    assert again.scores.tolist() == [[0.6, 0.4], [0.2, 0.8]]
    assert log.read()["champion_score"].to_list() == [[0.2, 0.8], [0.6, 0.4]]
    assert log.read()["_label"].to_list() == ["b", None]


def test_columns_may_come_and_change_type(log):
    log.record(rows("r1", city=["Oslo"], n=[1]), said(0.1), NOW)
    log.record(rows("r2", n=[0.5], new=[True]), said(0.2), NOW)
    log.record(rows("r3", n=["many"]), said(0.3), NOW)

    events = log.read()

    assert events["city"].to_list() == ["Oslo", None, None]
    assert events["new"].to_list() == [None, True, None]
    assert events["n"][2] == "many"


def test_labels_are_read_only_once_they_are_known(log):
    log.record(rows("r1", "r2"), said(0.1, 0.2), NOW)
    times = [START + timedelta(days=1), START + timedelta(days=2)]
    log.add_labels(["r1", "r2"], [1, 0], times, NOW)

    early = log.read(known_until=times[0])

    assert early["_label"].to_list() == [1, None]
    assert early.schema["_label"] == pl.Int8
    assert log.read()["_label"].to_list() == [1, 0]
    assert log.read()["_label_time"].to_list() == times


def test_same_label_twice_is_kept_once(log):
    log.record(rows("r1"), said(0.1), NOW)

    first = log.add_labels(["r1"], [1], [START], NOW)
    second = log.add_labels(["r1"], [1], [START], NOW)

    assert first == {"recorded": 1, "repeated": 0}
    assert second == {"recorded": 0, "repeated": 1}


def test_corrected_label_wins_from_the_moment_it_is_known(log):
    log.record(rows("r1"), said(0.1), NOW)
    first, later = START + timedelta(days=1), START + timedelta(days=9)
    log.add_labels(["r1"], [1], [first], NOW)
    log.add_labels(["r1"], [0], [later], NOW)
    log.add_labels(["r1"], [1], [first], NOW)  # the first one sent again changes nothing

    assert log.read(known_until=later - timedelta(days=1))["_label"].to_list() == [1]
    assert log.read()["_label"].to_list() == [0]


def test_label_for_an_unknown_id_is_set_aside_and_the_others_are_kept(log):
    log.record(rows("r1"), said(0.1), NOW)
    ids = ["r1", *(f"u{i}" for i in range(7))]

    with pytest.raises(NotFoundError, match=r"`u0`, `u1`, `u2`, `u3`, `u4` and 2 more") as caught:
        log.add_labels(ids, [1] * 8, [START] * 8, NOW)

    assert caught.value.context["recorded"] == 1
    assert log.read()["_label"].to_list() == [1]
    assert log.quarantined_labels()["_id"].to_list() == ids[1:]
    assert log.quarantined_labels()["_reason"].unique().to_list() == ["unknown request id"]


def test_label_that_was_set_aside_counts_when_it_is_sent_again(log):
    with pytest.raises(NotFoundError):
        log.add_labels(["r1"], [1], [START], NOW)
    log.record(rows("r1"), said(0.1), NOW)

    assert log.add_labels(["r1"], [1], [START], NOW)["recorded"] == 1


def test_volume_is_counted_by_day_of_the_event(log):
    log.record(rows("r1", "r2", "r30"), said(0.1, 0.2, 0.3), NOW)

    assert log.rows_per_day()["rows"].to_list() == [2, 1]
    assert log.rows_per_day()["day"].to_list() == [START.date(), START.date() + timedelta(days=1)]


def test_log_outlives_the_one_who_wrote_it(tmp_path):
    first = EventLog(tmp_path / "events.db", kind="regression")
    first.record(rows("r1"), said(3.5), NOW)
    first.add_labels(["r1"], [4], [START], NOW)
    first.close()

    second = EventLog(tmp_path / "events.db").read()

    assert second["_label"].to_list() == [4.0]
    assert second.schema["_label"] == pl.Float64


def test_log_of_another_kind_of_task_is_refused(tmp_path):
    EventLog(tmp_path / "events.db", kind="binary").close()

    with pytest.raises(ConfigError, match="regression task, got one of a binary"):
        EventLog(tmp_path / "events.db", kind="regression")


def test_file_that_is_no_event_log_is_refused(tmp_path):
    (tmp_path / "events.db").write_text("certainly no database" * 100)

    with pytest.raises(SourceError, match="expected an event log"):
        EventLog(tmp_path / "events.db")


def test_log_of_a_newer_trimtab_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / "events.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(SourceError, match="format 99"):
        EventLog(tmp_path / "events.db")


def _write(path: Path, first: int, n: int) -> None:
    log = EventLog(path, kind="binary")
    for number in range(first, first + n):
        log.record(rows(f"r{number}"), said(number / 1000), NOW)


def test_two_processes_write_one_log_and_each_request_once(tmp_path):
    path = tmp_path / "events.db"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, first, 60)) for first in (0, 30)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    events = EventLog(path).read()

    assert [writer.exitcode for writer in writers] == [0, 0]
    assert events["champion_score"].to_list() == [n / 1000 for n in range(90)]


def test_a_reader_sees_whole_batches_while_another_writes(tmp_path):
    writer = EventLog(tmp_path / "events.db", kind="binary")
    reader = EventLog(tmp_path / "events.db")
    for number in range(20):
        writer.record(rows(f"r{2 * number}", f"r{2 * number + 1}"), said(0.1, 0.2), NOW)

        assert reader.read().height == 2 * (number + 1)
