"""The one thread that predicts and records, one commit for all requests that wait.

A disk takes a millisecond to say that it has written something. Requests that come meanwhile wait
together and share the next commit; each is still predicted by itself, so that an answer never
depends on who else asked. The event loop stays free to read and write sockets.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import polars as pl

from trimtab.serving.batches import Batch, Predictions, Recorded
from trimtab.serving.event_log import EventLog

MAX_TOGETHER = 64
"""At most this many requests share a commit."""

_Predict = Callable[[pl.DataFrame], tuple[pl.DataFrame, dict[str, Predictions]]]


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """A request, or a piece of other work on the log, and the future that waits for it."""

    future: "asyncio.Future[Any]"
    rows: pl.DataFrame | None = None
    arrived_at: datetime | None = None
    call: Callable[[], Any] | None = None


class Worker:
    """Predicts and records; an answer is given only after its commit.

    Parameters
    ----------
    predict : callable
        From rows to the rows to log and the predictions of each arm.
    log : EventLog
        Where they are written.
    """

    def __init__(self, predict: _Predict, log: EventLog) -> None:
        self._predict, self._log = predict, log
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="trimtab-worker", daemon=True)
        self._thread.start()

    async def answer(self, rows: pl.DataFrame, arrived_at: datetime) -> Recorded:
        """Return the champion's answer, once it is on record."""
        future: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self._queue.put(_Job(future, rows=rows, arrived_at=arrived_at))
        return await future

    async def call(self, work: Callable[[], Any]) -> Any:
        """Run other work on the log in its turn."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put(_Job(future, call=work))
        return await future

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        open_ = True
        while open_:
            jobs = [self._queue.get()]
            while jobs[-1] is not None and len(jobs) < MAX_TOGETHER and not self._queue.empty():
                jobs.append(self._queue.get())
            open_ = jobs[-1] is not None
            self._work([job for job in jobs if job is not None])

    def _work(self, jobs: list[_Job]) -> None:
        """Do jobs in order; requests next to each other share a commit."""
        done: list[tuple[_Job, Any]] = []
        waiting: list[tuple[_Job, Batch]] = []
        for job in jobs:
            if job.call is not None:
                done += self._commit(waiting)
                waiting = []
                done.append((job, _outcome(job.call)))
                continue
            batch = _outcome(partial(self._batch, job))
            if isinstance(batch, Batch):
                waiting.append((job, batch))
            else:
                done.append((job, batch))
        done += self._commit(waiting)
        for job, result in done:
            job.future.get_loop().call_soon_threadsafe(_settle, job.future, result)

    def _batch(self, job: _Job) -> Batch:
        assert job.rows is not None
        assert job.arrived_at is not None
        rows, predictions = self._predict(job.rows)
        return Batch(rows, predictions, job.arrived_at)

    def _commit(self, waiting: list[tuple[_Job, Batch]]) -> list[tuple[_Job, Any]]:
        if not waiting:
            return []
        results = _outcome(lambda: self._log.record_all([batch for _, batch in waiting]))
        if isinstance(results, Exception):  # nothing was written: all of them failed
            return [(job, results) for job, _ in waiting]
        return [(job, result) for (job, _), result in zip(waiting, results, strict=True)]


def _outcome(work: Callable[[], Any]) -> Any:
    """Return what the work returns, or the exception it raises."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - it is raised again where the answer is awaited
        return error


def _settle(future: "asyncio.Future[Any]", result: Any) -> None:
    """Hand a result over; the client may have gone away meanwhile."""
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
