"""What an `ActiveClean` session answers: which rows are next, and where things stand."""

from dataclasses import dataclass

from trimtab.core.records import Record
from trimtab.stats.interval import Interval


@dataclass(frozen=True, slots=True)
class AskedRows(Record):
    """Rows to clean, and the chance with which each was drawn into its batch."""

    rows: tuple[int, ...]
    chances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ActiveStep(Record):
    """A row to clean, and why: the chance it was drawn with, against that of an average row."""

    row: int
    target: float
    chance: float
    even_chance: float
    dirty: float

    @property
    def sentence(self) -> str:
        """The reason in words."""
        return (
            f"row {self.row} was drawn with a chance of {self.chance:.3g}, "
            f"{self.chance / self.even_chance:.2g} times that of an average row; it is dirty with "
            f"a probability of about {self.dirty:.2g}"
        )


@dataclass(frozen=True, slots=True)
class ActiveStatus(Record):
    """Where cleaning stands.

    `cleaned` rows were told, of which `waiting` are of a batch that is not complete and move the
    model when it is; `changed` of the cleaned ones were dirty. `rows_left` may still be dirty.
    `gradient` is the size of the gradient on clean data *before* the last step. The model now is
    at most `distance_at_most` from the one of clean data (Euclidean, of all parameters), but for
    a chance of 1 - `gradient.level`. Both are None until a step was made, and reach to infinity
    after a batch with fewer than 5 dirty rows.
    """

    cleaned: int
    waiting: int
    changed: int
    rows_left: int
    steps: int
    cost_so_far: float
    cost_at_most: float
    cost_unit: str
    gradient: Interval | None
    distance_at_most: float | None

    @property
    def is_done(self) -> bool:
        """Whether no row is left that may be dirty: the model is that of clean data."""
        return self.rows_left == 0

    @property
    def sentence(self) -> str:
        """The state in words."""
        text = f"{self.cleaned:,} rows cleaned, {self.changed:,} of them were dirty"
        if self.is_done:
            return text + "; none is left that may be dirty: this is the model of clean data"
        text += (
            f"; {self.rows_left:,} may be dirty (at most {self.cost_at_most:,.4g} "
            f"{self.cost_unit} more)"
        )
        if self.waiting:
            text += f"; {self.waiting:,} wait for the rest of their batch"
        if self.gradient is None or self.distance_at_most is None:
            return text + "; not enough data to say how far the model is from that of clean data"
        if not self.gradient.is_finite:
            return text + (
                "; the last batch had fewer than 5 dirty rows: not enough data to say how far the "
                "model is from that of clean data"
            )
        return text + (
            f". The gradient on clean data was {self.gradient.estimate:.3g} before the last step "
            f"(at most {self.gradient.high:.3g}); parameters are within "
            f"{self.distance_at_most:.3g} of those of clean data (chance of error "
            f"{1 - self.gradient.level:.3g})"
        )


@dataclass(frozen=True, slots=True)
class ActiveRun(Record):
    """What happened when batches were cleaned one by one; the first entry is before any.

    `distance` is that of the parameters to those of the clean data, `excess` how far the mean
    loss on clean data (penalty included) is above its least.
    """

    cleaned: tuple[int, ...]
    distance: tuple[float, ...]
    excess: tuple[float, ...]
