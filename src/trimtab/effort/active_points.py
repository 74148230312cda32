"""How good a linear model is on validation rows, which take no part in its training."""

from dataclasses import dataclass

import numpy as np

from trimtab.core.records import Record
from trimtab.stats.arrays import FloatArray
from trimtab.stats.convex_models import LinearModel
from trimtab.stats.exact_share import exact_share_interval
from trimtab.stats.interval import Interval
from trimtab.stats.laws import safe_student_critical


@dataclass(frozen=True, slots=True)
class ModelScore(Record):
    """Accuracy, or mean squared error, on validation rows: of dirty data's model, and now.

    The limits are for new rows of the same kind, for one look: at many models in turn, some miss.
    """

    name: str
    before: Interval
    now: Interval
    n_rows: int

    @property
    def sentence(self) -> str:
        """The score in words."""
        return (
            f"{self.name} on {self.n_rows:,} validation rows is {self.now.estimate:.4g} "
            f"({self.now.low:.4g} to {self.now.high:.4g}), before cleaning "
            f"{self.before.estimate:.4g} ({self.before.low:.4g} to {self.before.high:.4g})"
        )


@dataclass(frozen=True, slots=True, eq=False)
class ValidationRows:
    """Features and targets to judge models on; errors come back in `unit`s of the target."""

    features: FloatArray
    targets: FloatArray
    unit: float = 1.0

    def score(self, model: LinearModel, *, delta: float) -> Interval:
        """Return accuracy, or for `squared` the mean squared error, with limits for new rows.

        The exact binomial law holds for any number of rows; Student's t for mean squares is a
        poor choice where few errors make up most of the mean.
        """
        found = model.predict(self.features)
        if model.loss.name != "squared":
            return exact_share_interval(
                int((found == self.targets).sum()), self.targets.size, delta=delta
            )
        squares = ((found - self.targets) * self.unit) ** 2
        mean, n = float(squares.mean()), squares.size
        off = np.inf
        if n > 1:
            off = safe_student_critical(delta, n - 1) * float(squares.std(ddof=1)) / np.sqrt(n)
        return Interval(mean, max(mean - off, 0.0), mean + off, 1 - delta, "Student's t")
