"""What a cleaning session answers: which row is next, and where things stand."""

from dataclasses import dataclass

from trimtab.core.records import Record
from trimtab.stats.interval import Interval


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
            f"row {self.row} ({self.n_candidates} candidates) can change {self.matters_to} "
            f"predictions; cleaning it is expected to settle {self.gain:.3g} bits a prediction"
        )


@dataclass(frozen=True, slots=True)
class CleaningStatus(Record):
    """Where cleaning stands.

    `certain` of `n_queries` validation points come out alike whatever the rows left are.
    `rows_left` counts rows with more than one candidate, `rows_that_matter` those of them that
    can still change a prediction: the most rows that have to be cleaned, costing at most
    `cost_at_most`. With labels of the validation points, `accuracy_now` is that of the default
    repairs, `accuracy_low` to `accuracy_high` is where the fully cleaned data are sure to come
    out on these points, and `accuracy` bounds their accuracy on new data.
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
            text += f" after {self.cleaned:,} rows: stop, the {self.rows_left:,} rows left"
            text += " cannot change one of them"
        else:
            text += f"; at most {self.rows_that_matter:,} of {self.rows_left:,} rows are left to "
            text += f"clean (at most {self.cost_at_most:,.4g} {self.cost_unit})"
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
