"""A representation whose nearest neighbours are found batch by batch."""

from dataclasses import dataclass

import numpy as np

from trimtab.effort.representations import Parts, Representation
from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.bayes_error import cover_hart
from trimtab.stats.interval import Interval
from trimtab.stats.learning_curve import CurveFit, NearestCurve, fit_curve, nearest_curve
from trimtab.stats.neighbours import NearestNeighbours

# batches that a representation's rows are added in: one after another, up to all
N_PULLS = 32


@dataclass(frozen=True, slots=True)
class RepresentationCurve:
    """What nearest neighbours said in one representation, size by size.

    Attributes
    ----------
    name : str
        Of the representation.
    n_features : int
        Columns that rows have in it.
    keeps_all : bool
        Whether different rows stay different in it.
    followed, best : bool
        Whether it was followed to all rows, and whether its error was the least then.
    sizes, errors, estimates : tuple
        Rows looked at, the share of wrong nearest labels, and the Bayes error that stands for.
    dimension : float
        That the rows have for their nearest neighbours; infinite where they keep their distance.
    limit : Interval or None
        Error of the nearest neighbour at infinitely many rows; None if it was not followed.
    """

    name: str
    n_features: int
    keeps_all: bool
    followed: bool
    best: bool
    sizes: tuple[int, ...]
    errors: tuple[float, ...]
    estimates: tuple[float, ...]
    dimension: float
    limit: Interval | None


class Arm:
    """One representation, its neighbours so far, and what they were at each size."""

    def __init__(self, representation: Representation, parts: Parts) -> None:
        self.representation = representation
        self._rows = parts.train[~np.isin(parts.train, representation.fitted_on)]
        self._test = parts.test
        self._near = NearestNeighbours(representation.points[parts.test])
        self._sizes: list[int] = []
        self._nearest: list[IntArray] = []
        self._distances: list[FloatArray] = []

    @property
    def is_done(self) -> bool:
        """Whether all rows were added."""
        return self._near.n_rows == self._rows.size

    def pull(self, labels: IntArray) -> float:
        """Add a batch of rows; return the error then."""
        # of few rows the first batches have one, or none that is new
        end = max(1, self._rows.size * (len(self._sizes) + 1) // N_PULLS)
        batch = self._rows[self._near.n_rows : end]
        self._near.add(self.representation.points[batch])
        self._sizes.append(self._near.n_rows)
        self._nearest.append(self._near.indices)
        self._distances.append(self._near.distances)
        return float(self.losses(labels).mean())

    def losses(self, labels: IntArray, at: int = -1) -> BoolArray:
        """Return whether the nearest row of each query has another label."""
        made: BoolArray = labels[self._rows][self._nearest[at]] != labels[self._test]
        return made

    @property
    def twins(self) -> float:
        """Share of queries at whose very place a row was found."""
        return float((self._distances[-1] == 0).mean()) if self._distances else 0.0

    def nearest_labels(self, labels: IntArray) -> IntArray:
        """Return the label of the row nearest to each query."""
        made: IntArray = labels[self._rows][self._nearest[-1]]
        return made

    def curve(self, labels: IntArray, blocks: IntArray | None) -> NearestCurve:
        """Return the error at sizes that double, with its covariance."""
        doubled = [2**i - 1 for i in range(20) if 2**i <= len(self._sizes)]
        steps = [i for i in doubled if not i or self._sizes[i] > self._sizes[i // 2]]
        return nearest_curve(
            [self._sizes[i] for i in steps],
            [self._nearest[i] for i in steps],
            [self._distances[i] for i in steps],
            labels[self._rows],
            labels[self._test],
            blocks=None if blocks is None else (blocks[self._rows], blocks[self._test]),
        )

    def fit(self, labels: IntArray, blocks: IntArray | None, delta: float) -> CurveFit:
        """Return the power laws that the curve leaves possible."""
        return fit_curve(self.curve(labels, blocks), delta=delta)

    def facts(
        self, labels: IntArray, n_classes: int, limit: Interval | None, best: bool
    ) -> RepresentationCurve:
        """Return what was seen, for a report."""
        errors = [float(self.losses(labels, i).mean()) for i in range(len(self._sizes))]
        slowest = self.curve(labels, None).slowest
        return RepresentationCurve(
            self.representation.name, self.representation.points.shape[1],
            self.representation.keeps_all, self.is_done, best,
            tuple(self._sizes), tuple(errors),
            tuple(cover_hart(error, n_classes) for error in errors),
            1 / slowest, limit,
        )  # fmt: skip
