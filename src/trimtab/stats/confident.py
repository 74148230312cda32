"""Wrong labels by confident learning: how many, between which classes. Rows: `label_errors`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import (
    FloatArray,
    IntArray,
    as_classes,
    as_probabilities,
    as_values,
    check_fraction,
)
from trimtab.stats.exact_share import binomial_limits
from trimtab.stats.interval import Interval

METHOD = "confident learning, binomial limits"
_NEVER = "never given"


@dataclass(frozen=True, slots=True)
class NoiseMatrix:
    """How often one class is labelled as another.

    `counts` are the rows whose true class is plain to the model, given label by true class;
    `joint` scales them up to shares of all rows. `noise_rate` is the share of all rows with a
    wrong label, `by_given` the same among the rows of each given label. `thresholds` are the
    probabilities from which a row counts as plainly of a class, NaN for a class without rows.
    """

    joint: FloatArray
    counts: IntArray
    thresholds: FloatArray
    noise_rate: Interval
    by_given: tuple[Interval, ...]

    @property
    def given_of_true(self) -> FloatArray:
        """Chance of each given label (column) for each true class (row); NaN where unseen."""
        return _rows_to_one(self.joint.T)

    @property
    def true_of_given(self) -> FloatArray:
        """Chance of each true class (column) for each given label (row); NaN where unseen."""
        return _rows_to_one(self.joint)

    def to_dict(self) -> dict[str, object]:
        """Return the fields for JSON, with None where a number is unknown."""
        return {
            "joint": self.joint.tolist(),
            "counts": self.counts.tolist(),
            "thresholds": [None if np.isnan(t) else float(t) for t in self.thresholds],
            "noise_rate": self.noise_rate.to_dict(),
            "by_given": [interval.to_dict() for interval in self.by_given],
        }


def noise_matrix(
    labels: ArrayLike, probabilities: ArrayLike, *, delta: float = 0.05
) -> NoiseMatrix:
    """Estimate how often each class is labelled as each other one.

    A row is plainly of class k if its probability of k is at least the mean probability of k
    among the rows labelled k; the larger probability decides between two such classes. Among
    those rows, a label that says something else counts as wrong, and the shares are scaled up
    to all rows of each given label.

    Assumes that probabilities come from a model that did not see the row (out of fold), that
    labels go wrong by class and not by row, that rows are independent, and that the classes can
    be told apart. Where classes overlap, rows that are hard count as wrongly labelled: read
    the estimate as label noise *plus* overlap, too high for noise alone. The limits hold for
    sampling error only: neither for the overlap nor for a poor model.

    Parameters
    ----------
    labels : array_like of int, shape (n_samples,)
        The given labels, as columns of `probabilities`.
    probabilities : array_like of float, shape (n_samples, n_classes)
        Out-of-fold probabilities of each class, in [0, 1].
    delta : float, default=0.05
        Chance that the limits of a share miss it, in (0, 1).

    Returns
    -------
    NoiseMatrix
        Shares of rows. Limits reach from 0 to 1 for a class that is never given.

    Raises
    ------
    ValueError
        If shapes do not fit, a label is not a column, a probability is outside [0, 1] or
        `delta` outside (0, 1).

    References
    ----------
    .. [1] C. Northcutt, L. Jiang and I. Chuang, "Confident learning: estimating uncertainty in
       dataset labels", Journal of Artificial Intelligence Research 70 (2021).

    Examples
    --------
    >>> labels = [0] * 50 + [1] * 50
    >>> sure = [[0.9, 0.1]] * 45 + [[0.2, 0.8]] * 55
    >>> round(noise_matrix(labels, sure).noise_rate.estimate, 3)
    0.05
    """
    given, table = checked_labels(labels, probabilities)
    check_fraction(delta, "delta")
    thresholds = _thresholds(given, table)
    plain = plain_class(table, thresholds)
    n_classes = table.shape[1]
    counted = plain >= 0
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (given[counted], plain[counted]), 1)
    n_given = np.bincount(given, minlength=n_classes)
    n_counted = counts.sum(axis=1)
    # of each label given the row with the most probability of it is plain; a class that never
    # is given has no wrong labels
    shares = np.where(
        n_counted[:, None] > 0, counts / np.maximum(n_counted, 1)[:, None], np.eye(n_classes)
    )
    wrong = 1 - np.diag(shares)
    weights = n_given / given.size
    by_given = tuple(
        _limits(float(share), float(rows), delta)
        for share, rows in zip(wrong, n_counted, strict=True)
    )
    rate = float(weights @ wrong)
    return NoiseMatrix(
        joint=weights[:, None] * shares,
        counts=counts,
        thresholds=thresholds,
        noise_rate=_limits(rate, rows_worth(weights, wrong, n_counted), delta),
        by_given=by_given,
    )


def checked_labels(labels: ArrayLike, probabilities: ArrayLike) -> tuple[IntArray, FloatArray]:
    """Return labels as columns of a checked table of probabilities, and that table."""
    table = as_probabilities(probabilities, as_values(labels, "labels").size)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ValueError(f"expected one column of probabilities a class, got {table.shape}")
    return as_classes(labels, table.shape[1]), table


def _thresholds(given: IntArray, table: FloatArray) -> FloatArray:
    n_classes = table.shape[1]
    rows = np.bincount(given, minlength=n_classes)
    own = np.bincount(given, weights=table[np.arange(given.size), given], minlength=n_classes)
    unknown = np.full(n_classes, np.nan)
    means: FloatArray = np.divide(own, rows, out=unknown, where=rows > 0)
    return means


def plain_class(table: FloatArray, thresholds: FloatArray) -> IntArray:
    """Return the class each row plainly is of, -1 where it is of none."""
    # NaN compares as false: no row is plainly of a class that was never given. A hair less, as
    # a mean of equal numbers may be rounded up past them.
    high = np.where(table >= thresholds - 1e-12, table, -1.0)
    best = high.argmax(axis=1)
    return np.where(high.max(axis=1) >= 0, best, -1).astype(np.int64)


def rows_worth(weights: FloatArray, wrong: FloatArray, n_counted: IntArray) -> float:
    """Return of how many rows counted at random the weighted share is as good as."""
    rows = np.maximum(n_counted, 1)
    # half a row more on either side: a class without an error seen is not free of errors
    smooth = (wrong * rows + 0.5) / (rows + 1)
    variance = float((weights**2 * smooth * (1 - smooth) / rows).sum())
    mean = float(weights @ smooth)
    return min(float(n_counted.sum()), mean * (1 - mean) / variance)


def _limits(share: float, rows: float, delta: float) -> Interval:
    """Bound a share of `rows` rows, whole or not, by the tails of the binomial law."""
    if rows <= 0:
        return Interval(share, 0.0, 1.0, 1 - delta, _NEVER)
    # rounding may leave a little more of them than there are rows
    low, high = binomial_limits(min(share, 1.0) * rows, rows, delta)
    return Interval(share, low, high, 1 - delta, METHOD)


def _rows_to_one(table: FloatArray) -> FloatArray:
    sums = table.sum(axis=1, keepdims=True)
    unknown = np.full(table.shape, np.nan)
    shares: FloatArray = np.divide(table, sums, out=unknown, where=sums > 0)
    return shares
