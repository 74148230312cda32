"""What an estimated gradient says of a step: its size, what is left to gain, how far the end is.

The estimate and the error of it are in `gradient_sampling`.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from trimtab.stats.arrays import FloatArray
from trimtab.stats.gradient_sampling import error_spread
from trimtab.stats.interval import Interval

_METHOD = "Student's t on the batch, for one look"
_GUIDE = f"{_METHOD}; to second order: a guide, no promise"


@dataclass(frozen=True, slots=True)
class StepLimits:
    """What the gradient before a step says.

    Parameters
    ----------
    gradient : Interval
        Its Euclidean size.
    loss_left : Interval
        How far the objective *after* the step is above its least, to second order; a guide of
        level 0 where the objective is not quadratic.
    distance_at_most : float
        Of the parameters after the step to the best ones (Euclidean).
    """

    gradient: Interval
    loss_left: Interval
    distance_at_most: float

    @classmethod
    def exact(cls, size: float, penalty: float, delta: float) -> "StepLimits":
        """Return what a gradient of known size says where no step is made."""
        # strongly convex: nothing is further away, or higher, than this
        left = Interval(0.0, 0.0, size**2 / (2 * penalty), 1 - delta, _METHOD)
        return cls(Interval(size, size, size, 1 - delta, _METHOD), left, size / penalty)

    def unknown(self) -> "StepLimits":
        """Return the same without any promise."""
        gradient, left = (
            replace(one, low=0.0, high=math.inf) for one in (self.gradient, self.loss_left)
        )
        return StepLimits(gradient, left, math.inf)


def step_limits(
    slope: FloatArray,
    missed: FloatArray,
    chances: FloatArray,
    n_rows: int,
    *,
    curvature: FloatArray,
    quadratic: bool,
    length: float,
    penalty: float,
    delta: float,
) -> StepLimits:
    r"""Bound the gradient, what is left to gain, and the distance to the best parameters.

    With the gradient :math:`g`, its estimate :math:`\hat g` and a curvature :math:`H` known
    before the draw, a step of length :math:`\gamma` leaves a gradient of
    :math:`g - \gamma H \hat g` and so an excess of
    :math:`\frac12 \lVert H^{-1/2} (g - \gamma H \hat g) \rVert^2`, exactly if the objective is
    quadratic with curvature :math:`H`. The estimate is off by :math:`\hat g - g` in this too, so
    that `error_spread` bounds it. The distance needs no such model: the objective is strongly
    convex by its penalty.

    A poor choice, for what is left, where the rows bend the objective otherwise than clean ones
    would, or where the loss is far from quadratic between here and its least.

    Parameters
    ----------
    slope : ndarray, shape (n_parameters, n_outputs)
        Estimate of the whole gradient, penalty included.
    missed, chances, n_rows
        As in `unbiased_mean`, scaled as in `slope`.
    curvature : ndarray, shape (n_parameters, n_parameters)
        Of the objective, penalty included; the same for each output.
    quadratic : bool
        Whether the objective bends alike everywhere. If not, limits of what is left promise
        nothing: in simulations with a small penalty they held eight times in ten for nine.
    length, penalty : float
        Of the step, and the weight of the squared parameters.
    delta : float
        Chance that a limit does not hold, for each of them, in (0, 1).

    Returns
    -------
    StepLimits
        Infinite with fewer than 5 rows that were left to chance.
    """
    spread, times = error_spread(missed, chances, n_rows, delta=delta)
    size, off = float(np.linalg.norm(slope)), spread * times
    bends, axes = np.linalg.eigh(curvature)
    roots = np.sqrt(bends)[:, None]
    after = float(np.linalg.norm((axes.T @ slope) * (1 - length * bends)[:, None] / roots))
    turned = np.einsum("pa,npo->nao", axes, missed) / roots
    spread, times = error_spread(turned, chances, n_rows, delta=delta)
    left = _half_square(after, spread, times, delta)
    return StepLimits(
        Interval(size, max(size - off, 0.0), size + off, 1 - delta, _METHOD),
        left if quadratic else replace(left, level=0.0, method=_GUIDE),
        (size + off) / penalty + length * size,
    )


def _half_square(size: float, spread: float, times: float, delta: float) -> Interval:
    """Return half the square of a size that is known up to an error."""
    if math.isinf(times):
        return Interval(math.nan, 0.0, math.inf, 1 - delta, _METHOD)
    low, high = max(size - times * spread, 0.0), size + times * spread
    # the error adds its variance to the square
    return Interval(
        max(size**2 - spread**2, low**2, 0.0) / 2, low**2 / 2, high**2 / 2, 1 - delta, _METHOD
    )
