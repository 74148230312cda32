"""What it would take to reach a target: labels put right, or rows added."""

import math
from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import FloatArray
from trimtab.stats.bayes_error import cover_hart_ceiling
from trimtab.stats.class_noise import clean_error_limits, largest_lead
from trimtab.stats.confident import NoiseMatrix
from trimtab.stats.label_noise import clean_error
from trimtab.stats.learning_curve import CurveFit


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """How many labels are wrong.

    Attributes
    ----------
    wrong, low, high : float
        Share of labels that are wrong, and its limits; of an estimate those that hold if some
        rows of every class are beyond doubt.
    is_given : bool
        Whether the user said so, or it was estimated.
    given_of_true : ndarray of float or None
        Chance of each given label (column) for each true class (row); None if only a share was
        given. What is estimated is for people to read: limits do not rest on it.
    by_label : ndarray of float or None
        Share of all rows that have each label and have it wrongly; None unless a matrix was given.
    confident : NoiseMatrix or None
        What confident learning says, beside an estimate.
    """

    wrong: float
    low: float
    high: float
    is_given: bool
    given_of_true: FloatArray | None = None
    by_label: FloatArray | None = None
    confident: NoiseMatrix | None = None

    @property
    def least(self) -> float:
        """Fewest that may be wrong, whatever the classes: an overlap looks like wrong labels."""
        return self.low if self.is_given else 0.0

    def clean(self, error: float, n_classes: int) -> float:
        """Return the error under true labels that an error under these labels stands for."""
        best = clean_error(error, self.wrong, n_classes)
        if self.by_label is None:
            return best
        low, high = self.clean_limits(error, error, n_classes)
        return min(high, max(low, best))

    def clean_limits(self, low: float, high: float, n_classes: int) -> tuple[float, float]:
        """Return limits of the error under true labels from those under these labels."""
        if self.by_label is not None and self.given_of_true is not None:
            wrong = self.low, self.high
            return (
                clean_error_limits(low, self.given_of_true, wrong=wrong)[0],
                clean_error_limits(high, self.given_of_true, wrong=wrong)[1],
            )
        return clean_error(low, self.high, n_classes), clean_error(high, self.least, n_classes)


@dataclass(frozen=True, slots=True)
class Need:
    """How many of something, with the fewest and most; None where no number is enough."""

    best: int | None
    fewest: int | None
    most: int | None


def labels_to_clean(
    error: float,
    limits: tuple[float, float],
    target: float,
    noise: LabelNoise,
    size: tuple[int, int],
) -> Need:
    """Return how many wrong labels to put right until the Bayes error is at a target.

    Wrong labels are taken to be put right in random order. The Bayes error is then a concave
    function of the share that is left, so that a straight line from the error now to that under
    true labels says the fewest, and says it exactly where noise is even over the classes. Where a
    matrix was given, the most is from an error before cleaning as large as the matrix allows.

    Parameters
    ----------
    error, limits : float, tuple of float
        Bayes error under the labels as they are, and its interval.
    target : float
        Error aimed at.
    noise : LabelNoise
        Of the labels as they are; what is not a matrix that was given is taken as even.
    size : tuple of int
        Rows and classes.

    Examples
    --------
    >>> noise = LabelNoise(0.2, 0.2, 0.2, True)
    >>> labels_to_clean(0.26, (0.2, 0.3), 0.15, noise, (1_000, 2))
    Need(best=138, fewest=50, most=None)
    """
    n_rows, n_classes = size
    low, high = limits
    best = _count(error, noise.clean(error, n_classes), target, n_rows * noise.wrong)
    if noise.by_label is None or noise.given_of_true is None:
        # by even noise the number falls as the share of wrong labels rises, up to the error
        most_wrong = min(noise.high, low)
        return Need(
            best,
            _count(low, clean_error(low, most_wrong, n_classes), target, n_rows * most_wrong),
            _count(high, clean_error(high, noise.low, n_classes), target, n_rows * noise.low),
        )
    least, most = noise.clean_limits(low, high, n_classes)
    before = noise.high + largest_lead(noise.given_of_true) * most
    return Need(
        best,
        _count(low, least, target, n_rows * noise.low),
        0 if high <= target else _count(max(before, high), most, target, n_rows * noise.high),
    )


def by_label(count: int | None, noise: LabelNoise) -> tuple[int, ...] | None:
    """Return how many of the labels to put right are of each class now, adding up to all.

    Wrong labels put right in random order: of each class in proportion to what is wrong of it.
    None where it is unknown, or no number is enough.

    Examples
    --------
    >>> by_label(100, LabelNoise(0.2, 0.2, 0.2, True, None, np.array([0.15, 0.05])))
    (75, 25)
    """
    if count is None or noise.by_label is None or not noise.wrong:
        return None
    ends = np.rint(count * noise.by_label.cumsum() / noise.by_label.sum()).astype(int)
    return tuple(np.diff(ends, prepend=0).tolist())


def samples_to_add(
    fit: CurveFit, error: float, target: float, n_classes: int, share: float
) -> Need:
    """Return how many labelled rows to add until the estimate comes down to a target.

    Parameters
    ----------
    fit : CurveFit
        Of the representation whose error is least.
    error : float
        The estimate now; if it is at the target already the number is 0.
    target : float
        Error aimed at.
    n_classes : int
        Classes.
    share : float
        Share of all rows that are neighbours in that representation: others grow with them.
    """
    if error <= target:
        return Need(0, 0, 0)
    ceiling = cover_hart_ceiling(target, n_classes)
    return Need(*(_more(rows, fit.last, share) for rows in fit.rows_for(ceiling)))


def _count(error: float, clean: float, target: float, wrong: float) -> int | None:
    """Return how many of so many wrong labels lead from an error down to a target."""
    if error <= target:
        return 0
    if clean > target:
        return None
    return math.ceil(wrong * (error - target) / (error - clean) - 1e-9)


def _more(rows: float, last: int, share: float) -> int | None:
    if not math.isfinite(rows) or rows > 1e12:
        return None
    return max(0, math.ceil((rows - last) / share))
