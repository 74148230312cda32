"""What an `ActiveClean` session answers: which rows are next, and where things stand."""

from dataclasses import dataclass

from trimtab.core.records import Record
from trimtab.data.report_words import counted
from trimtab.stats.interval import Interval


@dataclass(frozen=True, slots=True)
class AskedRows(Record):
    """Rows to clean, and the chance with which each was drawn into its batch."""

    rows: tuple[int, ...]
    chances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ActiveStep(Record):
    """A row to clean, and why: the chance it was drawn with, against that of an average row.

    `dirty` is the detector's word, None while it has too few rows to learn from.
    """

    row: int
    target: float
    chance: float
    even_chance: float
    dirty: float | None

    @property
    def sentence(self) -> str:
        """The reason in words."""
        text = (
            f"row {self.row} was drawn with a chance of {self.chance:.3g}, "
            f"{self.chance / self.even_chance:.2g} times that of an average row"
        )
        if self.dirty is None:
            return text + "; too few rows are cleaned to say how likely it is dirty"
        return text + f"; by the rows cleaned so far it is dirty with a chance of {self.dirty:.2g}"


@dataclass(frozen=True, slots=True)
class ActiveStatus(Record):
    """Where cleaning stands.

    `cleaned` rows were told, of which `waiting` are of a batch that is not complete, or was not
    drawn yet, and move the model when it is; `changed` of the cleaned ones were dirty.
    `rows_left` may still be dirty. `gradient` is the size of the gradient on clean data *before*
    the last step. The model now is at most `distance_at_most` from the one of clean data
    (Euclidean, of all parameters). Both hold but for a chance of 1 - `gradient.level`.
    `loss_left` is how much going on to the last row may lower the mean loss on clean data,
    penalty included, to second order: its limits hold as often for `squared`; for the others
    they are a guide that promises nothing, of level 0 (in simulations with a small penalty they
    held eight times in ten for nine). All three are None until a step was made, and reach to
    infinity after a batch with fewer than 5 dirty rows.
    `warnings` say what makes steps poor.
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
    loss_left: Interval | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether no row is left that may be dirty: the model is that of clean data."""
        return self.rows_left == 0

    @property
    def sentence(self) -> str:
        """The state in words."""
        text = f"{counted(self.cleaned, 'row')} cleaned, {self.changed:,} of them dirty"
        if self.is_done:
            return text + "; none is left that may be dirty: this is the model of clean data"
        text += (
            f"; {self.rows_left:,} may be dirty (at most {self.cost_at_most:,.12g} "
            f"{self.cost_unit} more)"
        )
        if self.waiting:
            text += f"; {_wait(self.waiting)}"
        return text + self._limits

    @property
    def _limits(self) -> str:
        if self.gradient is None or self.distance_at_most is None or self.loss_left is None:
            return "; not enough data to say how far the model is from that of clean data"
        if not self.gradient.is_finite:
            return (
                "; the last batch had fewer than 5 dirty rows: not enough data to say how far the "
                "model is from that of clean data"
            )
        left, error = self.loss_left, 1 - self.gradient.level
        text = (
            f". The gradient on clean data was {self.gradient.estimate:.3g} before the last step "
            f"({self.gradient.low:.3g} to {self.gradient.high:.3g}, chance of error {error:.3g}). "
            f"Going on to the last row may lower the mean loss on clean data by about "
            f"{left.estimate:.2g} ({left.low:.2g} to {left.high:.2g}"
            f"{', a guide that promises nothing' if left.level == 0 else ''})"
        )
        if left.low > 0:
            return text + ": go on, the last batch tells that from nothing"
        return text + (
            f": the last batch does not tell that from nothing. Stop if even {left.high:.2g} is "
            "not worth the price; larger batches tell more"
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


def _wait(n: int) -> str:
    return f"{n:,} wait{'s' * (n == 1)} for the rest of {'its' if n == 1 else 'their'} batch"
