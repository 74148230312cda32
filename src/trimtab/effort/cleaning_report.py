"""Everything a cleaning session can tell: where it stands, what comes next, what it is worth."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trimtab.core.records import Record, jsonable
from trimtab.effort.cleaning_answers import CleaningForecast, CleaningStatus
from trimtab.effort.cleaning_baselines import CleaningBaselines, cleaning_baselines
from trimtab.effort.cleaning_columns import shown
from trimtab.effort.cleaning_course import World, course_so_far
from trimtab.effort.cleaning_forecast import forecast_cleaning
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.effort.cleaning_table import CleaningTable

_MOMENTS = 10

_ASSUMPTIONS = (
    "a nearest-neighbour classifier on these features stands in for the model to be trained",
    "the truth is among a row's candidates, and labels are right",
    "validation points are drawn like the data that the model will meet, independently",
    "the limits of the accuracy on new data hold at every step at once, whatever the truth is; "
    "sign tests hold for one look",
)
_POOR_CHOICE = (
    "cells missing at random, whose repairs hardly matter: then random order, or no cleaning, "
    "does as well, and the comparison below calls the difference noise",
    "few validation points: certain is then certain of little",
)


@dataclass(frozen=True, slots=True)
class RowToClean(Record):
    """A row worth cleaning: why, what is known of it, and what its unsure cells may hold."""

    row: int
    label: str
    why: str
    known: dict[str, str]
    candidates: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class CleaningReport(Record):
    """A session on one page; `history` is where things stood as rows were cleaned."""

    status: CleaningStatus
    history: tuple[World, ...]
    forecast: CleaningForecast
    baselines: CleaningBaselines
    rows: tuple[RowToClean, ...]
    has_labels: bool
    assumptions: tuple[str, ...]
    poor_choice: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, with its sentences."""
        plain = Record.to_dict(self)
        plain["status"] |= {"is_done": self.status.is_done, "sentence": self.status.sentence}
        plain["forecast"] |= jsonable(
            {"enough": self.forecast.enough, "sentence": self.forecast.sentence}
        )
        for way, its in zip(self.baselines.ways, plain["baselines"]["ways"], strict=True):
            its["verdict"] = way.verdict
        if self.baselines.random_order is not None:
            words = self.baselines.random_order.sentence
            plain["baselines"]["random_order"]["sentence"] = words
        return plain


def cleaning_report(
    session: CleaningSession,
    table: CleaningTable | None = None,
    *,
    n: int = 10,
    n_worlds: int = 19,
    seed: int = 0,
) -> CleaningReport:
    """Gather what a session tells: status, course so far, forecast, comparisons, next rows.

    Takes the time of about `n_worlds` sessions, for the forecast plays them.

    Parameters
    ----------
    session : CleaningSession
        As it stands; it is not changed.
    table : CleaningTable, optional
        What its rows and candidates are in words; features by number if not given.
    n : int, default=10
        Rows to name.
    n_worlds : int, default=19
        Worlds drawn for forecast and random order, 3 or more.
    seed : int, default=0
        Of all that is drawn.

    Returns
    -------
    CleaningReport

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    >>> from trimtab.effort.cleaning import cleaning_order
    >>> session = cleaning_order([[[0.0]], [[1.0], [4.5]], [[9.0]]], [0, 1, 1], [[2.0]], k=1)
    >>> report = cleaning_report(session)
    >>> [row.row for row in report.rows], report.forecast.rows
    ([1], (0, 1))
    """
    forecast = forecast_cleaning(session, n_worlds=n_worlds, seed=seed)
    moments = np.unique(np.linspace(0, len(session.fixed), _MOMENTS + 1).round().astype(int))
    return CleaningReport(
        status=session.status(),
        history=course_so_far(session, moments.tolist()),
        forecast=forecast,
        baselines=cleaning_baselines(session, n_worlds=n_worlds, seed=seed),
        rows=tuple(_rows(session, table, n)),
        has_labels=session.query_labels is not None,
        assumptions=(*_ASSUMPTIONS, *(f"forecast: {text}" for text in forecast.assumptions)),
        poor_choice=_POOR_CHOICE,
    )


def _rows(session: CleaningSession, table: CleaningTable | None, n: int) -> list[RowToClean]:
    found = []
    for step in session.next(n):
        if table is None:
            cells: list[dict[str, Any]] = [
                {f"feature {i}": x for i, x in enumerate(value) if np.ptp(values[:, i])}
                for values in [session.candidates(step.row)]
                for value in values
            ]
            known: dict[str, Any] = {}
        else:
            cells = table.candidates(step.row)
            unsure = table.unsure(step.row)
            known = {c: v for c, v in table.dirty[step.row].items() if c not in unsure}
        found.append(
            RowToClean(
                row=step.row,
                label=str(step.label) if table is None else table.classes[step.label],
                why=step.sentence,
                known=_texts(known),
                candidates=tuple(_texts(one) for one in cells),
            )
        )
    return found


def _texts(cells: dict[str, Any]) -> dict[str, str]:
    return {name: shown(value) for name, value in cells.items()}
