"""Limits for a mean that hold at all times at once, so that one may stop when one likes.

They come from bets against a candidate mean: what the bets have won is the evidence against it.
For limits after a number of rows that was fixed beforehand, which are sharper there: `bounds`.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray, as_values
from trimtab.stats.betting import NODES, raised, running_weights, shared_out
from trimtab.stats.bounds import Side
from trimtab.stats.interval import Interval


@dataclass(frozen=True, slots=True, eq=False)
class ConfidenceSequence:
    """Limits for a mean after each of several numbers of rows.

    Parameters
    ----------
    times : ndarray of int, shape (n_times,)
        Numbers of rows, rising.
    lower, upper : ndarray of float, shape (n_times,)
        Limits after so many rows, never wider than before. `lower` above `upper` says that the
        rows do not share one mean, or that the promise was broken.
    estimate : ndarray of float, shape (n_times,)
        Mean of so many rows. At a time chosen by looking it is biased; the limits are not.
    level : float
        Promised chance that the limits of *all* times hold the truth.
    """

    times: IntArray
    lower: FloatArray
    upper: FloatArray
    estimate: FloatArray
    level: float

    def to_dict(self) -> dict[str, list[float] | list[int] | float]:
        """Return the fields for JSON."""
        return {
            "times": self.times.tolist(),
            "lower": self.lower.tolist(),
            "upper": self.upper.tolist(),
            "estimate": self.estimate.tolist(),
            "level": self.level,
        }


@dataclass(frozen=True, slots=True, eq=False)
class BettingState:
    """What limits by betting need to know of the rows seen; its size does not grow with them.

    Begin with `start` and go on with `updated`. Each of the two limits ever passes the true mean
    with probability at most exp(`ln_delta`), so one of them does with at most twice that. With
    one row a portion they are the limits of `confidence_sequence`; portions only leave moments
    out. Its assumptions are the same too.

    Examples
    --------
    >>> state = BettingState.start(0, 1, math.log(0.025))
    >>> for portion in ([1, 1, 0, 1], [1] * 200):
    ...     state = state.updated(portion)
    >>> state.rows, round(state.interval.low, 2), round(state.interval.high, 3)
    (204, 0.96, 0.998)
    """

    low: float
    high: float
    ln_delta: float
    lower: float
    upper: float
    rows: int = 0
    total: float = 0.0
    weights: FloatArray = field(default_factory=lambda: np.zeros(NODES.size), repr=False)

    @classmethod
    def start(cls, low: float, high: float, ln_delta: float) -> "BettingState":
        """Return the state before the first row of values in [`low`, `high`]."""
        _check(low, high, ln_delta)
        return cls(float(low), float(high), float(ln_delta), float(low), float(high))

    def updated(self, values: ArrayLike) -> "BettingState":
        """Return the state after some more rows; a ValueError if one is NaN or out of range."""
        array = as_values(values, "values")
        unit = _unit(array, self.low, self.high)
        weights = self.weights + shared_out(unit, np.zeros(unit.size, dtype=np.int64), 1)
        width = self.high - self.low
        below = raised(weights, -self.ln_delta, (self.lower - self.low) / width)
        above = raised(weights[:, ::-1], -self.ln_delta, (self.high - self.upper) / width)
        return replace(
            self,
            lower=max(self.lower, self.low + width * float(below[0])),
            upper=min(self.upper, self.high - width * float(above[0])),
            rows=self.rows + array.size,
            total=self.total + float(array.sum()),
            weights=weights[0],
        )

    @property
    def interval(self) -> Interval:
        """The mean so far, NaN before the first row, with its limits."""
        mean = self.total / self.rows if self.rows else math.nan
        level = max(0.0, 1 - 2 * math.exp(self.ln_delta))
        return Interval(mean, self.lower, max(self.lower, self.upper), level, "betting")


def confidence_sequence(
    values: ArrayLike,
    *,
    low: float = 0.0,
    high: float = 1.0,
    delta: float | None = None,
    ln_delta: float | None = None,
    sided: Side = "two",
    times: ArrayLike | None = None,
) -> ConfidenceSequence:
    r"""Bound the mean of bounded values at all times at once, by betting.

    A candidate mean :math:`m` lies below the lower limit once the money
    :math:`\sum_j w_j \prod_i (1 - c_j + c_j x_i / m)`, that of bets of fixed shares
    :math:`c_j` of what is at hand on each row being above :math:`m` (values scaled to [0, 1]),
    has reached :math:`1 / \delta'`, with :math:`\delta' = \delta / 2` for two sides. No one
    can make such bets pay if the mean is at most :math:`m`: by Ville's inequality the chance
    that they *ever* reach it is at most :math:`\delta'`. The upper limit mirrors that. The
    money is counted on a grid, from below, so that limits err on the wide side.

    Assumes that each value, given those before it, has the same mean: independent rows of one
    distribution, or rows taken in random order. Their variance needs no stating: it is what
    the bets profit from. A poor choice for rows that depend on each other or drift, and for a
    single look after a number of rows that is known beforehand.

    Parameters
    ----------
    values : array_like of float, shape (n_samples,)
        Values in [`low`, `high`], in the order in which they came.
    low, high : float, default 0 and 1
        Range that every value is known to lie in beforehand.
    delta, ln_delta : float
        Chance that a limit ever misses the mean, in (0, 1), or its logarithm; one of the two.
    sided : {'two', 'lower', 'upper'}, default='two'
        Which limit it is spent on; the other is the end of the range.
    times : array_like of int, shape (n_times,), optional
        Numbers of rows to look at, rising, from 1 to n_samples; by default all of them.

    Returns
    -------
    ConfidenceSequence
        Running limits and means at those times.

    Raises
    ------
    ValueError
        If there are no rows, a value is NaN or outside the range, or another argument is
        outside what is said above.

    See Also
    --------
    trimtab.stats.bounds.empirical_bernstein_interval : For one look.

    References
    ----------
    .. [1] I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by
       betting", Journal of the Royal Statistical Society B 86 (2024).

    Examples
    --------
    >>> gains = np.tile([1, 0, 0, 0, 1, 0, -1, 0, 0, 0], 100)
    >>> looks = confidence_sequence(gains, low=-1, delta=0.05, times=[10, 100, 1000])
    >>> looks.lower.round(2).tolist(), looks.upper.round(2).tolist()
    ([-0.53, -0.08, 0.05], [0.67, 0.28, 0.15])
    """
    array = as_values(values, "values")
    ln_one_side = _ln_one_side(delta, ln_delta, sided)
    _check(low, high, ln_one_side)
    at = _as_times(times, array.size)
    unit = _unit(array, low, high)
    below: list[FloatArray] = [np.zeros(1)]
    above: list[FloatArray] = [np.zeros(1)]
    for weights in running_weights(unit, at):
        if sided != "upper":
            below.append(raised(weights, -ln_one_side, float(below[-1][-1])))
        if sided != "lower":
            above.append(raised(weights[:, ::-1], -ln_one_side, float(above[-1][-1])))
    trivial = np.zeros(at.size)
    return ConfidenceSequence(
        times=at,
        lower=low + (high - low) * (np.concatenate(below[1:]) if below[1:] else trivial),
        upper=high - (high - low) * (np.concatenate(above[1:]) if above[1:] else trivial),
        estimate=np.cumsum(array)[at - 1] / at,
        level=-math.expm1(ln_one_side + (math.log(2) if sided == "two" else 0.0)),
    )


def _ln_one_side(delta: float | None, ln_delta: float | None, sided: str) -> float:
    """Return the logarithm of what one limit may spend."""
    if (delta is None) == (ln_delta is None):
        raise ValueError("expected one of `delta` and `ln_delta`, got both or neither")
    if sided not in ("two", "lower", "upper"):
        raise ValueError(f"expected `sided` as 'two', 'lower' or 'upper', got {sided!r}")
    if delta is not None:
        if not 0 < delta < 1:
            raise ValueError(f"expected `delta` between 0 and 1, got {delta}")
        ln_delta = math.log(delta)
    assert ln_delta is not None
    if not ln_delta < 0:
        raise ValueError(f"expected `ln_delta` below 0, got {ln_delta}")
    return ln_delta - math.log(2) if sided == "two" else ln_delta


def _check(low: float, high: float, ln_delta: float) -> None:
    if not -math.inf < low < high < math.inf:
        raise ValueError(f"expected finite `low` < `high`, got {low} and {high}")
    if not -math.inf < ln_delta < 0:
        raise ValueError(f"expected a finite `ln_delta` below 0, got {ln_delta}")


def _as_times(times: ArrayLike | None, n_rows: int) -> IntArray:
    if times is None:
        every: IntArray = np.arange(1, n_rows + 1, dtype=np.int64)
        return every
    at = np.asarray(times, dtype=np.int64)
    if at.ndim != 1 or not at.size or at[0] < 1 or at[-1] > n_rows or (np.diff(at) < 1).any():
        raise ValueError(f"expected rising `times` from 1 to {n_rows}, got {times}")
    return at


def _unit(array: FloatArray, low: float, high: float) -> FloatArray:
    """Return the values moved to [0, 1]."""
    if array.min() < low or array.max() > high:
        raise ValueError(
            f"expected values in [{low}, {high}], got [{array.min():g}, {array.max():g}]"
        )
    return np.clip((array - low) / (high - low), 0.0, 1.0)
