"""What a cleaning session answers: which row is next, where things stand, what to expect."""

import math
from dataclasses import dataclass

from trimtab.core.records import Record
from trimtab.data.report_words import counted
from trimtab.stats.interval import Interval

_MATTERS = 0.005


@dataclass(frozen=True, slots=True)
class CleaningStep(Record):
    """A row to clean, and why.

    `gain` is the entropy, in bits a validation point that is still open, that knowing the row
    is expected to take away. `matters_to` counts the open points that the row can change.
    """

    row: int
    label: int
    gain: float
    matters_to: int
    n_candidates: int

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return (
            f"row {self.row} ({counted(self.n_candidates, 'candidate')}) can change "
            f"{counted(self.matters_to, 'prediction')}; cleaning it is expected to settle "
            f"{self.gain:.3g} bits a prediction"
        )


@dataclass(frozen=True, slots=True)
class CleaningStatus(Record):
    """Where cleaning stands.

    `certain` of `n_queries` validation points come out alike whatever the rows left are.
    `rows_left` counts rows with more than one candidate, `rows_that_matter` those of them that
    can still change a prediction: the most rows that have to be cleaned, costing at most
    `cost_at_most`. With labels of the validation points, `accuracy_now` is that of the default
    repairs, `accuracy_low` to `accuracy_high` is where the fully cleaned data are sure to come
    out on these points if the truth is among the candidates, and `accuracy` bounds their accuracy
    on new data.
    """

    cleaned: int
    rows_left: int
    rows_that_matter: int
    certain: int
    n_queries: int
    cost_so_far: float
    cost_at_most: float
    cost_unit: str
    accuracy_now: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    accuracy: Interval | None = None

    @property
    def is_done(self) -> bool:
        """Whether no row that is left can change a prediction."""
        return self.certain == self.n_queries

    @property
    def certain_share(self) -> float:
        """Share of the validation points that are certain."""
        return self.certain / self.n_queries

    @property
    def sentence(self) -> str:
        """The state in words, with advice on whether to go on."""
        text = f"{self.certain:,} of {self.n_queries:,} predictions are certain"
        if self.is_done:
            text += (
                f" after {counted(self.cleaned, 'row')}: stop, the "
                f"{counted(self.rows_left, 'row')} left cannot change one of them"
            )
        else:
            text += f"; at most {self.rows_that_matter:,} of {self.rows_left:,} rows are left to "
            text += f"clean (at most {self.cost_at_most:,.12g} {self.cost_unit})"
        if self.accuracy is not None:
            text += (
                f". Accuracy here is {self.accuracy_now:.3f} with default repairs; fully cleaned "
                f"data give {self.accuracy_low:.3f} to {self.accuracy_high:.3f}, on new data "
                f"{self.accuracy.low:.3f} to {self.accuracy.high:.3f} (chance of error "
                f"{1 - self.accuracy.level:.3g})"
            )
        return text


@dataclass(frozen=True, slots=True)
class CleaningRun(Record):
    """What happened when rows were cleaned one by one: the row, then how many were certain."""

    rows: tuple[int, ...]
    certain: tuple[int, ...]
    n_queries: int


@dataclass(frozen=True, slots=True)
class RowsUntil(Record):
    """How many more rows are cleaned until a share of the validation points is certain.

    The estimate is the median of the worlds; infinite where that takes more than was played.
    """

    share: float
    rows: Interval


@dataclass(frozen=True, slots=True)
class CleaningForecast(Record):
    """What is expected of going on: at `rows` more rows cleaned, the share certain and accuracy.

    The limits of `certain` and `accuracy` are the least and the greatest of the drawn worlds,
    the estimates are their means; `new_data` bounds the accuracy on other points of the same
    kind. Without labels of the validation points both are empty. `batch` rows are cleaned
    between two looks.
    """

    rows: tuple[int, ...]
    certain: tuple[Interval, ...]
    accuracy: tuple[Interval, ...]
    new_data: tuple[Interval, ...]
    until: tuple[RowsUntil, ...]
    n_worlds: int
    level: float
    batch: int
    label_cost: float
    cost_unit: str

    @property
    def enough(self) -> int:
        """Rows after which the expected accuracy stays within half a point of its end.

        Without labels of the validation points, rows until 90 % of them are certain.
        """
        if not self.accuracy:
            most = self.until[1].rows.estimate
            return int(most) if math.isfinite(most) else self.rows[-1]
        far = [abs(one.estimate - self.accuracy[-1].estimate) > _MATTERS for one in self.accuracy]
        last = max((i for i, is_far in enumerate(far) if is_far), default=-1)
        return self.rows[min(last + 1, len(self.rows) - 1)]

    @property
    def sentence(self) -> str:
        """The forecast in words."""
        if len(self.rows) == 1:
            return "Going on changes no prediction of the validation points."
        parts = [
            f"{until.share:.0%} of predictions certain after {_rows(until.rows)}"
            for until in self.until
            if until.rows.high > 0
        ]
        text = f"Going on: {'; '.join(parts)}."
        if self.accuracy:
            now, end = self.accuracy[0], self.accuracy[-1]
            new = self.new_data[-1]
            text += (
                f" Accuracy on these points, {now.estimate:.3f} now, is expected to end at "
                f"{end.estimate:.3f} ({end.low:.3f} to {end.high:.3f} in {self.n_worlds} drawn "
                f"worlds), on new data at {new.low:.3f} to {new.high:.3f} (chance of error "
                f"{1 - new.level:.3g}, for a truth drawn like them); "
            )
            text += (
                f"after {counted(self.enough, 'row')} ({self.label_cost * self.enough:,.12g} "
                f"{self.cost_unit}) it is within half a point of that"
                if self.enough
                else "it is within half a point of that already"
            )
            text += ". "
            if end.contains(now.estimate):
                text += "The worlds do not agree that it gets better."
        return text.rstrip()

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the forecast rests on."""
        return (
            "the truth of each row is among its candidates, and the first, second … of them is "
            "the truth as often in the rows left as in the cleaned rows of the same class; before "
            "any is cleaned all mixes count alike: the band is of worlds, not of truth",
            "rows are independent, given their class",
            "rows are cleaned in the session's order, looked up "
            + (
                "after each row"
                if self.batch == 1
                else f"after every {self.batch:,} rows; looking after each takes fewer"
            ),
        )


def _rows(found: Interval) -> str:
    if math.isinf(found.estimate):
        return "more rows than were played"
    high = "more than were played" if math.isinf(found.high) else f"{found.high:,.0f}"
    if found.low == found.high:
        return counted(int(found.estimate), "row")
    return f"{counted(int(found.estimate), 'row')} ({found.low:,.0f} to {high})"
