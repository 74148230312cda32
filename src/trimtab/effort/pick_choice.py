"""The answer of `pick_rows.pick_model`, in numbers and in words."""

import math
from dataclasses import dataclass
from typing import Any

from trimtab.core.records import Record
from trimtab.effort.pick_answer import Outcome


@dataclass(frozen=True, slots=True)
class Standing(Record):
    """How a model stands: mistakes on so many labels, and whether it may be the best.

    `labels` are those used until it was ruled out: later ones were asked for on account of other
    models.
    """

    model: str
    mistakes: int
    labels: int
    contender: bool


@dataclass(frozen=True, slots=True, repr=False)
class ModelChoice(Record):
    """Which model is best on a table, how sure that is, and which rows to label next.

    Parameters
    ----------
    outcome : {'done', 'not enough data'}
        Whether `confidence` has reached 1 - `delta`.
    best : str
        The answer so far.
    confidence : float
        Lower bound on the probability that `best` is best on the table, or within `tolerance`.
    tolerance, delta : float
        What was asked for.
    standings : tuple of Standing
        The models, the answer first. Labels are asked for where models disagree, so mistakes
        over labels is no error rate.
    next_rows : tuple
        Ids of rows to label next, the most urgent first.
    rows, rows_apart : int
        Rows of the table, and those on which models disagree: what skipping the others alone
        would leave to label.
    labels_given, labels_used, labels_left : int
        Labels that came with the table, those that the answer rests on, and how many more it
        may take at most.
    cost, cost_left : float or None
        What the labels used and those left cost, in `cost_unit`.
    curve : tuple of (int, str, float)
        After each label used: how many, the answer then, and its confidence.
    assumptions : tuple of str
        What the confidence rests on.
    """

    outcome: Outcome
    best: str
    confidence: float
    tolerance: float
    delta: float
    standings: tuple[Standing, ...]
    next_rows: tuple[Any, ...]
    rows: int
    rows_apart: int
    labels_given: int
    labels_used: int
    labels_left: int
    cost: float | None
    cost_left: float | None
    cost_unit: str
    curve: tuple[tuple[int, str, float], ...]
    assumptions: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What is known of the best model, in words."""
        where = f"on these {self.rows:,} rows"
        good = f"within {self.tolerance:g} of the best" if self.tolerance else "the best"
        if self.confidence >= 1:
            return f"{self.best} is {good} {where}, for certain"
        least = math.floor(1_000 * self.confidence) / 1_000
        sure = f"{good} {where} with probability {least:.3f} or more"
        if self.outcome == "done":
            return f"{self.best} is {sure}"
        asked = f"{1 - self.delta:g} was asked for"
        if not self.labels_used:
            given = (
                "; rows are taken in a fixed random order, and the first one's label is missing"
            )
            return (
                f"no label is used yet: any model may be the best {where}"
                f"{given if self.labels_given else ''}"
            )
        if not least:
            return f"{self.best} leads {where}, on too few labels to say how surely; {asked}"
        return f"{self.best} leads: it is {sure}; {asked}"

    def state_of(self, standing: Standing) -> str:
        """Return in words whether a model is the answer, may be, or is out."""
        if standing.model == self.best and self.outcome == "done":
            return "the answer"
        if standing.model == self.best and self.labels_used:
            return "leads"
        if standing.contender:
            return "may be the best"
        return f"not better by more than {self.tolerance:g}" if self.tolerance else "not better"

    def __repr__(self) -> str:
        """Say in a line what is known."""
        return f"<ModelChoice: {self.outcome}; {self.sentence}>"

    def _repr_html_(self) -> str:
        from trimtab.effort.pick_page import choice_fragment

        return choice_fragment(self)
