"""Everything a session of a linear model can tell: status, the course so far, what comes next."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from trimtab.core.records import Record
from trimtab.data.report_frame import page
from trimtab.data.report_words import counted
from trimtab.effort.active_answers import ActiveStatus
from trimtab.effort.active_batch import Standing
from trimtab.effort.active_file import read_models
from trimtab.effort.active_points import ModelScore
from trimtab.effort.active_session import ActiveSession
from trimtab.effort.active_table import ActiveTable
from trimtab.stats.convex_models import LinearModel
from trimtab.stats.interval import Interval

_ASSUMPTIONS = (
    "cleaning gives true values, and rows that are no suspects are clean",
    "the model is linear in these features; limits of the gradient are for one look, by Student's "
    "t on the rows of a batch",
    "what is left to gain is to second order, with the curvature of the rows as they stand",
    "validation rows are clean, and drawn like the data that the model will meet",
)
_POOR_CHOICE = (
    "a model that is not linear: what helps this one may not help that one",
    "rules that leave many clean rows like the rest: train on those and on cleaned ones alone",
    "features that go together strongly: steps of gradients are then slow",
)


@dataclass(frozen=True, slots=True)
class ActiveMoment(Record):
    """The model after so many rows: the gradient that led to it, what was left, its score."""

    cleaned: int
    gradient: Interval | None
    loss_left: Interval | None
    score: Interval | None


@dataclass(frozen=True, slots=True)
class ActiveReport(Record):
    """A session on one page; `course` has a line a model, `coefficients` are those of now.

    Each has a number for each of `outputs`: the classes, the second of two, or the label itself.
    """

    status: ActiveStatus
    score: ModelScore | None
    course: tuple[ActiveMoment, ...]
    coefficients: dict[str, tuple[float, ...]]
    outputs: tuple[str, ...]
    rows: tuple[str, ...]
    delta: float
    assumptions: tuple[str, ...] = _ASSUMPTIONS
    poor_choice: tuple[str, ...] = _POOR_CHOICE

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values, with the sentence of its status."""
        plain = Record.to_dict(self)
        plain["status"] |= {"is_done": self.status.is_done, "sentence": self.status.sentence}
        return plain


def active_report(
    session: ActiveSession, table: ActiveTable, file: str | Path, *, n: int = 10
) -> ActiveReport:
    """Gather what a session tells.

    Parameters
    ----------
    session, table
        From `open_cleaning`.
    file : path-like
        The session's file, which holds the models on the way.
    n : int, default=10
        Rows to name.
    """
    moments = read_models(file)
    if session.status().is_done:
        moments.append((session.status().cleaned, session.state.standing))
    model = session.model
    return ActiveReport(
        status=session.status(),
        score=session.score(),
        course=tuple(_moment(session, *moment) for moment in moments),
        coefficients={
            name: tuple(float(x) for x in line)
            for name, line in zip(
                [*table.feature_names(), "the intercept"], model.parameters, strict=True
            )
        },
        outputs=(table.classes or (table.label,))[-model.parameters.shape[1] :],
        rows=tuple(step.sentence for step in session.next(n)),
        delta=session.state.delta,
    )


def _moment(session: ActiveSession, cleaned: int, standing: Standing) -> ActiveMoment:
    limits, points, score = standing.limits, session.points, None
    if points is not None:
        model = LinearModel(session.model.loss, standing.parameters)
        score = points.score(model, delta=session.state.delta)
    return ActiveMoment(
        cleaned,
        None if limits is None else limits.gradient,
        None if limits is None else limits.loss_left,
        score,
    )


def active_page(report: ActiveReport) -> str:
    """Return the report as one HTML page that loads nothing."""
    return page(
        "active_cleaning.html",
        f"{counted(report.status.cleaned, 'row')} cleaned",
        folder=Path(__file__).parent / "templates",
        report=report,
        status=report.status,
        score=report.score,
        limits=_limits,
        is_guide=any(m.loss_left and m.loss_left.level == 0 for m in report.course),
    )


def _limits(found: Interval | None) -> Markup:
    if found is None:
        return Markup("")
    if not found.is_finite:
        return Markup("not enough data")
    return Markup("{:.3g}<small>{:.3g} to {:.3g}</small>").format(
        found.estimate, found.low, found.high
    )
