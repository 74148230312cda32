import asyncio
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trimtab.core.errors import KeyClashError, SchemaError
from trimtab.serving.batches import Predictions
from trimtab.serving.event_log import EventLog
from trimtab.serving.worker import Worker

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def row(name: str, x: float) -> pl.DataFrame:
    return pl.DataFrame(
        {"_id": [name], "_time": [NOW], "x": [x]},
        schema_overrides={"_time": pl.Datetime("us", "UTC")},
    )


def double(rows: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, Predictions]]:
    if rows["x"][0] < 0:
        raise SchemaError("expected a positive `x`", hint="Mend it.")
    return rows, {"champion": Predictions(1, rows["x"].to_numpy() * 2)}


@pytest.fixture
def log(tmp_path: Path) -> EventLog:
    return EventLog(tmp_path / "events.db", kind="regression")


def test_requests_that_wait_together_are_answered_each_for_itself(log):
    worker = Worker(double, log)

    async def ask():
        rows = [row(f"r{n}", float(n)) for n in range(200)]
        return await asyncio.gather(*(worker.answer(one, NOW) for one in rows))

    answers = asyncio.run(ask())
    worker.close()

    assert [float(a.scores[0]) for a in answers] == [2.0 * n for n in range(200)]
    assert log.count() == 200


def test_one_bad_request_fails_alone(log):
    worker = Worker(double, log)

    async def ask():
        rows = [row("a", 1.0), row("b", -1.0), row("a", 5.0), row("c", 3.0)]
        return await asyncio.gather(
            *(worker.answer(one, NOW) for one in rows), return_exceptions=True
        )

    first, bad, clash, last = asyncio.run(ask())
    worker.close()

    assert isinstance(bad, SchemaError)
    assert isinstance(clash, KeyClashError)
    assert np.concatenate([first.scores, last.scores]).tolist() == [2.0, 6.0]


def test_other_work_keeps_its_place_between_requests(log):
    worker = Worker(double, log)

    async def ask():
        _, labelled, _ = await asyncio.gather(
            worker.answer(row("a", 1.0), NOW),
            worker.call(lambda: log.add_labels(["a"], [1.5], [NOW], NOW)),
            worker.answer(row("b", 1.0), NOW),
        )
        return labelled

    labelled = asyncio.run(ask())
    worker.close()

    assert labelled == {"recorded": 1, "repeated": 0}


def test_client_that_gives_up_harms_nobody(log):
    worker = Worker(double, log)

    async def ask():
        gone = asyncio.create_task(worker.answer(row("a", 1.0), NOW))
        await asyncio.sleep(0)
        gone.cancel()
        return await worker.answer(row("b", 2.0), NOW)

    answered = asyncio.run(ask())
    worker.close()

    assert answered.scores.tolist() == [4.0]
    assert sorted(log.read()["_id"]) == ["a", "b"]
