"""Convex losses of linear scores: values, slopes and curvatures, one a row.

`convex_models` fits models by them; `losses` has the losses that judge predictions.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from trimtab.core.errors import nearest
from trimtab.stats.arrays import FloatArray

LossName = Literal["logistic", "squared", "hinge"]


@dataclass(frozen=True, slots=True)
class ConvexLoss:
    r"""A convex loss of linear scores :math:`s` of a row and its target :math:`y`.

    * `logistic`: :math:`\ln(1 + e^s) - y s` for two classes, else minus the log of the softmax.
    * `squared`: :math:`(s - y)^2 / 2`.
    * `hinge` for two classes, smoothed between 0 and 1 [1]_: with the margin
      :math:`z = (2 y - 1) s`, 0 from 1 on, :math:`(1 - z)^2 / 2` there, and
      :math:`1/2 - z` below 0.

    Parameters
    ----------
    name : {'logistic', 'squared', 'hinge'}
        Which loss.
    n_classes : int, default=2
        Classes 0 to `n_classes` - 1; not used by `squared`.

    Raises
    ------
    ValueError
        If the name is unknown or the number of classes does not suit it.

    References
    ----------
    .. [1] J. D. M. Rennie and N. Srebro, "Loss functions for preference levels", IJCAI workshop
       on preference handling (2005).

    Examples
    --------
    >>> loss = ConvexLoss("hinge")
    >>> loss.values(np.array([[2.0], [0.5], [-1.0]]), np.array([1.0, 1.0, 1.0])).tolist()
    [0.0, 0.125, 1.5]
    """

    name: LossName
    n_classes: int = 2

    def __post_init__(self) -> None:
        known = get_args(LossName)
        if self.name not in known:
            hint = nearest(self.name, known)
            raise ValueError(f"expected a known `loss`, got {self.name!r}. {hint}")
        if self.n_classes < 2 or (self.name == "hinge" and self.n_classes > 2):
            wanted = "2 classes" if self.name == "hinge" else "2 classes or more"
            raise ValueError(f"expected {wanted} for loss {self.name!r}, got {self.n_classes}")

    @property
    def n_outputs(self) -> int:
        """Scores a row: one a class where there are more than two, else one."""
        return self.n_classes if self.name == "logistic" and self.n_classes > 2 else 1

    @property
    def steepest(self) -> float:
        """Upper bound of the second derivative in the scores, over all scores."""
        return 1.0 if self.name != "logistic" else 0.25 if self.n_outputs == 1 else 0.5

    def values(self, scores: FloatArray, targets: FloatArray) -> FloatArray:
        """Return the loss of each row, shape (n_rows,)."""
        first = scores[:, 0]
        match self.name:
            case "squared":
                values = (first - targets) ** 2 / 2
            case "hinge":
                margin = (2 * targets - 1) * first
                missing = np.maximum(1 - margin, 0)
                short = np.minimum(missing, 1)
                values = short * missing - short**2 / 2
            case "logistic" if self.n_outputs == 1:
                values = np.logaddexp(0, first) - targets * first
            case "logistic":
                top = scores.max(axis=1)
                norm = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
                values = norm - scores[np.arange(len(scores)), targets.astype(np.int64)]
        return np.asarray(values, dtype=np.float64)

    def slopes(self, scores: FloatArray, targets: FloatArray) -> FloatArray:
        """Return the derivative of each row's loss in its scores, shape (n_rows, n_outputs)."""
        match self.name:
            case "squared":
                return scores - targets[:, None]
            case "hinge":
                side = (2 * targets - 1)[:, None]
                return -side * np.clip(1 - side * scores, 0, 1)
            case "logistic":
                slopes = self.chances(scores)
                if self.n_outputs == 1:
                    return slopes[:, 1:] - targets[:, None]
                slopes[np.arange(len(slopes)), targets.astype(np.int64)] -= 1
                return slopes

    def curvatures(self, scores: FloatArray, targets: FloatArray) -> FloatArray:
        """Return an upper bound of each row's second derivative at its scores."""
        match self.name:
            case "squared":
                return np.ones(len(scores))
            case "hinge":
                margin = (2 * targets - 1) * scores[:, 0]
                return ((margin > 0) & (margin < 1)).astype(np.float64)
            case "logistic":
                chances = self.chances(scores)
                return np.asarray((chances * (1 - chances)).max(axis=1), dtype=np.float64)

    def chances(self, scores: FloatArray) -> FloatArray:
        """Return the probability of each class, shape (n_rows, n_classes), for `logistic`."""
        if self.n_outputs == 1:
            scores = np.column_stack([np.zeros(len(scores)), scores[:, 0]])
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)


def as_targets(targets: ArrayLike, loss: ConvexLoss) -> FloatArray:
    """Return finite targets, whole numbers below `n_classes` where the loss is of classes."""
    array = np.asarray(targets, dtype=np.float64)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError(f"expected one finite number a row in `targets`, got {array.shape}")
    if loss.name != "squared" and not np.isin(array, np.arange(loss.n_classes)).all():
        strange = array[~np.isin(array, np.arange(loss.n_classes))][0]
        raise ValueError(
            f"expected `targets` as classes 0 to {loss.n_classes - 1}, got {strange:g}"
        )
    return array
