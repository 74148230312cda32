"""Which of all thresholds to take, by the half of the rows that chooses. Limits: `threshold`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimtab.gates.objective import Objective
from trimtab.stats.arrays import FloatArray
from trimtab.stats.laws import normal_cdf, normal_quantile

# standard normal: the other half, as noisy as this one, then confirms four times in five
_CONFIRMED = 0.8416 * 2**0.5


# a precision may always be had on the few highest scores: those few are not worth waiting for
_FEW, _FEW_SHARE = 10, 0.01


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold, or None if no row speaks for one, and whether the objective is out of reach."""

    value: float | None
    is_hopeless: bool = False


def choose(
    scores: FloatArray, positive: NDArray[np.bool_], wanted: Objective, delta: float
) -> Choice:
    """Return the threshold that the objective asks for.

    Every different score is tried, and a threshold above them all. Where no threshold meets the
    bound with the margin, the one with the highest lower limit is taken, which the other half may
    then refuse. It is hopeless if no threshold that flags 10 rows and 1 % of them could meet it.

    Parameters
    ----------
    scores : numpy.ndarray of float, shape (n_rows,)
        At least one.
    positive : numpy.ndarray of bool, shape (n_rows,)
        Their labels.
    wanted : Objective
        What is asked for.
    delta : float
        That of the interval on the other half, from which the margin follows.

    Examples
    --------
    >>> import numpy as np
    >>> from trimtab.gates.objective import read_objective
    >>> scores, positive = np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, True, False, True])
    >>> choose(scores, positive, read_objective("cost:fp=1,fn=10"), 0.05).value
    0.2
    """
    values, flagged, hits = _curve(scores, positive)
    n, positives = scores.size, int(positive.sum())
    if wanted.kind == "cost":
        cost = _total_cost(wanted, flagged, hits, n, positives)
        return Choice(float(values[int(cost.argmin())]) if 0 < positives < n else None)
    doubt = _doubt(wanted, flagged, hits, n, positives)
    level = normal_cdf(normal_quantile(delta / 2) - _CONFIRMED)
    met = np.flatnonzero(doubt <= level)
    if met.size:  # from the highest threshold down: recall wants few rows flagged, others many
        return Choice(float(values[met[0] if wanted.kind == "recall" else met[-1]]))
    if wanted.kind == "rate":
        return Choice(float(values[0]))  # to flag nothing is the least one can do
    tried = np.maximum(flagged if wanted.kind == "precision" else positives, 1)
    low, high = _limits(hits / tried, tried, -normal_quantile(level))
    best = int(low.argmax())
    enough = flagged >= max(_FEW, _FEW_SHARE * n)
    hopeless = bool(enough.any() and (high[enough] < wanted.bound).all())
    return Choice(float(values[best]) if hits[best] else None, hopeless)


def _limits(share: FloatArray, tried: Any, z: float) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's limits: they need no promise here, and half a million are cheap."""
    middle = share + z**2 / (2 * tried)
    spread = z * np.sqrt(share * (1 - share) / tried + (z / (2 * tried)) ** 2)
    scale = 1 + z**2 / tried
    return (middle - spread) / scale, (middle + spread) / scale


def _curve(scores: FloatArray, positive: NDArray[np.bool_]) -> tuple[FloatArray, Any, Any]:
    """Return thresholds from the highest down, and how many rows and positives each flags."""
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.append(np.flatnonzero(falling[1:] != falling[:-1]), falling.size - 1)  # of its ties
    hits = np.cumsum(positive[order])[last]
    none = np.nextafter(falling[0], np.inf)
    return (
        np.concatenate([[none], falling[last]]),
        np.concatenate([[0], last + 1]),
        np.concatenate([[0], hits]),
    )


def _total_cost(wanted: Objective, flagged: Any, hits: Any, n: int, positives: int) -> FloatArray:
    true_negative, false_positive, false_negative, true_positive = wanted.costs
    false_alarms = flagged - hits
    total: FloatArray = (
        true_negative * (n - positives - false_alarms)
        + false_positive * false_alarms
        + false_negative * (positives - hits)
        + true_positive * hits
    )
    return total


def _doubt(wanted: Objective, flagged: Any, hits: Any, n: int, positives: int) -> FloatArray:
    """Return, for each threshold, the chance of counts so good were the bound only just met."""
    from scipy.special import betainc

    bound = wanted.bound
    assert bound is not None
    if wanted.kind == "rate":
        tail = betainc(np.maximum(n - flagged, 1), flagged + 1.0, 1 - bound)
        at_most: FloatArray = np.where(flagged == n, 1.0, tail)
        return at_most
    tried = flagged if wanted.kind == "precision" else np.full(hits.shape, positives)
    tail = betainc(np.maximum(hits, 1), np.maximum(tried - hits, 0) + 1.0, bound)
    at_least: FloatArray = np.where(hits == 0, 1.0, tail)
    return at_least
