"""What a study of feasibility found."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from trimtab.core.records import jsonable
from trimtab.effort.feasibility_arms import RepresentationCurve
from trimtab.effort.feasibility_needs import Need
from trimtab.stats.arrays import BoolArray
from trimtab.stats.interval import Interval
from trimtab.stats.label_noise import NoiseSweep

Word = Literal["realistic", "unrealistic", "not enough data"]


@dataclass(frozen=True, slots=True)
class Classifier:
    """A classifier that was tried on rows it had not seen: whose error bounds the Bayes error."""

    name: str
    losses: BoolArray
    interval: Interval

    def facts(self) -> "ClassifierError":
        """Return what a report needs."""
        return ClassifierError(self.name, float(self.losses.mean()), self.interval.high)


@dataclass(frozen=True, slots=True)
class ClassifierError:
    """The error of a classifier on rows it had not seen.

    `high` is a limit that holds for all classifiers of the report at once.
    """

    name: str
    error: float
    high: float


@dataclass(frozen=True, kw_only=True, repr=False)
class Feasibility:
    """Whether a target accuracy can be reached, and on what that rests.

    All errors are shares of rows, under the labels as they are unless it says otherwise.

    Attributes
    ----------
    verdict : {"realistic", "unrealistic", "not enough data"}
        Realistic if the interval's upper end is within the target: some classifier shows it.
        Unrealistic if its lower end is not. Else there is not enough data to say.
    reason : str
        Why, in a sentence.
    bayes_error : float
        Best estimate of the least error that any classifier could have; NaN under 40 rows.
    interval : tuple of float
        Limits of that error: from below by the nearest neighbour's error at infinitely many rows,
        from above by the best classifier that was tried.
    level : float
        Promised chance that the interval holds the truth, if `assumptions` hold.
    label_noise, label_noise_given : float, bool
        Share of labels that are wrong, and whether the user gave it.
    label_noise_interval, label_noise_limits : tuple of float
        Limits of that share: those that hold if labels go wrong by class and some rows of every
        class are beyond doubt, and those without that, which for an estimate start at 0: from
        labels alone an overlap of classes cannot be told from wrong labels.
    error_without_noise, error_without_noise_limits : float, tuple of float
        What the Bayes error would be if no label were wrong: what better features would have to
        take away.
    clean, add : Need
        Wrong labels to put right, and labelled rows to add, until the target is met.
    clean_by_class : tuple of int, or None
        How many of the labels to put right are of each of `classes` now; None unless a matrix was
        given.
    curves : tuple of RepresentationCurve
        Errors by size, in each representation.
    classifiers : tuple of ClassifierError
        All that were tried.
    sweep : NoiseSweep or None
        How far off the estimate is when labels are made random, by a known share.
    noise_matrix : tuple of tuple of float, or None
        Chance of each given label (column) for each true class (row), in the order of `classes`:
        as the user gave it, or among the surest rows of each class; None where it is unknown.
    confident_noise, confident_matrix : Interval, tuple of tuple of float, or None
        What confident learning says of the same; None where noise was given.
    classes : tuple
        Values of the label.
    n_rows, n_test, n_classes : int
        Rows used, those of them that were predicted, and classes.
    label_cost, cost_unit : float or None, str
        What one label costs, and in what: minutes, or money.
    assumptions, warnings : tuple of str
        What the answer rests on, and where it may be wrong on this data.
    """

    verdict: Word
    reason: str
    target_accuracy: float
    bayes_error: float
    interval: tuple[float, float]
    level: float
    label_noise: float
    label_noise_interval: tuple[float, float]
    label_noise_limits: tuple[float, float]
    label_noise_given: bool
    error_without_noise: float
    error_without_noise_limits: tuple[float, float]
    clean: Need
    clean_by_class: tuple[int, ...] | None
    add: Need
    curves: tuple[RepresentationCurve, ...]
    classifiers: tuple[ClassifierError, ...]
    sweep: NoiseSweep | None
    noise_matrix: tuple[tuple[float | None, ...], ...] | None
    confident_noise: Interval | None
    confident_matrix: tuple[tuple[float | None, ...], ...] | None
    classes: tuple[Any, ...]
    n_rows: int
    n_test: int
    n_classes: int
    label_cost: float | None
    cost_unit: str
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def labels_to_clean(self) -> int | None:
        """Wrong labels to put right; 0 if the target is met, None if no number is enough."""
        return self.clean.best

    @property
    def samples_to_add(self) -> int | None:
        """Labelled rows to add; 0 if the target is met, None if no number is enough."""
        return self.add.best

    @property
    def cleaning_cost(self) -> float | None:
        """`labels_to_clean` at the price of a label: what it costs if only wrong ones are seen."""
        return self._cost(self.clean.best)

    @property
    def adding_cost(self) -> float | None:
        """`samples_to_add` at the price of a label."""
        return self._cost(self.add.best)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values for JSON."""
        plain = asdict(self) | {
            "labels_to_clean": self.labels_to_clean, "samples_to_add": self.samples_to_add,
            "cleaning_cost": self.cleaning_cost, "adding_cost": self.adding_cost,
        }  # fmt: skip
        made = jsonable(plain)
        assert isinstance(made, dict)
        return made

    def __repr__(self) -> str:
        """Say the verdict and the estimate in one line."""
        low, high = self.interval
        return (
            f"<Feasibility: accuracy {self.target_accuracy:g} is {self.verdict}; Bayes error "
            f"{self.bayes_error:.3f} ({low:.3f} to {high:.3f})>"
            if math.isfinite(self.bayes_error)
            else f"<Feasibility: accuracy {self.target_accuracy:g}: {self.verdict}>"
        )

    def _repr_html_(self) -> str:
        from trimtab.effort.feasibility_page import feasibility_fragment

        return feasibility_fragment(self)

    def _cost(self, count: int | None) -> float | None:
        if count is None or self.label_cost is None:
            return None
        return count * self.label_cost
