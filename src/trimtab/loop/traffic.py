"""History sent to the server as if it happened now: rows in order of event time, labels late."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from trimtab.core.records import DatasetVersion
from trimtab.core.workspace import Workspace
from trimtab.models.rows import ID, LABEL, LABEL_TIME, TIME, rows_between

if TYPE_CHECKING:
    from trimtab.serving.client import Client

BATCH_ROWS = 256
"""Rows of one day travel together in requests of at most this many."""


class Traffic:
    """The rows of a replay, asked and answered through the server.

    Everything sent is known to the server by request id, so that a window may be sent again
    after a crash: it answers what it answered before, and logs nothing twice.

    Parameters
    ----------
    workspace : Workspace
        The replay's scope.
    rows : DatasetVersion
        The task's rows.
    columns : list of str
        The raw columns that a request carries.
    since : datetime
        Where the replay begins; labels of earlier rows are no business of the server's.
    """

    def __init__(
        self, workspace: Workspace, rows: DatasetVersion, columns: list[str], since: datetime
    ) -> None:
        self.workspace, self.rows, self.columns, self.since = workspace, rows, columns, since

    def send(
        self,
        window: pl.DataFrame,
        start: datetime,
        end: datetime,
        client: "Client",
        answered: Callable[[int], None],
    ) -> None:
        """Ask for all rows of a window, and post each label on the day it became known."""
        name = self.workspace.model_name
        waiting = self._waiting(start)
        done = 0
        for day, rows in _by_day(window):
            for batch in rows.iter_slices(BATCH_ROWS):
                client.infer(name, batch.select(self.columns), ids=batch[ID], times=batch[TIME])
                done += batch.height
                answered(done)
            waiting = pl.concat([waiting, _labels(rows)])
            waiting = self._post(waiting, min(end, day + timedelta(days=1)), client)
        self._post(waiting, end, client)

    def post_rest(self, end: datetime, client: "Client") -> None:
        """Post the labels that arrive after the last window has ended."""
        waiting = self._waiting(end)
        if waiting.height:
            latest = waiting[LABEL_TIME].max()
            assert isinstance(latest, datetime)
            self._post(waiting, latest, client)

    def _waiting(self, now: datetime) -> pl.DataFrame:
        """Return the labels of earlier rows that were not known yet at `now`."""
        earlier = rows_between(self.workspace, self.rows, self.since, now)
        return _labels(earlier).filter(pl.col(LABEL_TIME) > now)

    def _post(self, waiting: pl.DataFrame, now: datetime, client: "Client") -> pl.DataFrame:
        """Post what is known at `now`; return what still waits."""
        known = waiting.filter(pl.col(LABEL_TIME) <= now)
        for part in known.iter_slices(5_000):
            client.labels(
                self.workspace.model_name,
                ids=part[ID], labels=part[LABEL], label_times=part[LABEL_TIME],
            )  # fmt: skip
        return waiting.filter(pl.col(LABEL_TIME) > now)


def _labels(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the labels that will ever come, with the time they do."""
    never = pl.col(LABEL).is_null() | pl.col(LABEL_TIME).is_null()
    return rows.select(ID, LABEL, LABEL_TIME).filter(~never)


def _by_day(window: pl.DataFrame) -> Iterator[tuple[datetime, pl.DataFrame]]:
    days = window.with_columns(_day=pl.col(TIME).dt.truncate("1d"))
    for day in days.partition_by("_day", maintain_order=True):
        yield day["_day"][0], day.drop("_day")
