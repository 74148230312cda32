"""What it would take to reach a target: labels put right, or rows added."""

import math
from dataclasses import dataclass

from trimtab.stats.arrays import FloatArray
from trimtab.stats.bayes_error import cover_hart_ceiling
from trimtab.stats.label_noise import clean_error, clean_error_limits
from trimtab.stats.learning_curve import CurveFit


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """How many labels are wrong.

    Attributes
    ----------
    wrong, low, high : float
        Share of labels that are wrong, and the limits it is believed to lie in.
    is_given : bool
        Whether the user said so, or it was estimated.
    given_of_true : ndarray of float or None
        Chance of each given label (column) for each true class (row); None if only a share was
        given. What is estimated is for people to read: limits do not rest on it.
    """

    wrong: float
    low: float
    high: float
    is_given: bool
    given_of_true: FloatArray | None = None

    def clean(self, error: float, n_classes: int) -> float:
        """Return the error under true labels that an error under these labels stands for."""
        best = clean_error(error, self.wrong, n_classes)
        if self.given_of_true is None or not self.is_given:
            return best
        low, high = clean_error_limits(error, self.given_of_true)
        return min(high, max(low, best))

    def clean_limits(self, low: float, high: float, n_classes: int) -> tuple[float, float]:
        """Return limits of the error under true labels from those under these labels."""
        if self.given_of_true is not None and self.is_given:
            return (
                clean_error_limits(low, self.given_of_true)[0],
                clean_error_limits(high, self.given_of_true)[1],
            )
        return clean_error(low, self.high, n_classes), clean_error(high, self.low, n_classes)


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

    Parameters
    ----------
    error, limits : float, tuple of float
        Bayes error under the labels as they are, and its interval.
    target : float
        Error aimed at.
    noise : LabelNoise
        Of the labels as they are. By its mean share, as if it were even over the classes.
    size : tuple of int
        Rows and classes.

    Examples
    --------
    >>> noise = LabelNoise(0.2, 0.2, 0.2, True)
    >>> labels_to_clean(0.26, (0.2, 0.3), 0.15, noise, (1_000, 2))
    Need(best=138, fewest=50, most=None)
    """
    counts = [_wrong_to_clean(x, target, noise, size) for x in (error, *limits)]
    return Need(*counts)


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


def _wrong_to_clean(
    error: float, target: float, noise: LabelNoise, size: tuple[int, int]
) -> int | None:
    n_rows, n_classes = size
    if error <= target:
        return 0
    clean = noise.clean(error, n_classes)
    if clean > target:
        return None
    guess = 1 - 1 / n_classes
    left = (target - clean) / (1 - clean / guess) if clean < guess else 0.0
    return math.ceil(n_rows * max(0.0, noise.wrong - left) - 1e-9)


def _more(rows: float, last: int, share: float) -> int | None:
    if not math.isfinite(rows) or rows > 1e12:
        return None
    return max(0, math.ceil((rows - last) / share))
