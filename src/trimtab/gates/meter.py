"""How far repeated looks have over-fitted a test set, told in one of a few ranges.

Whoever tunes a model sees its loss on the data it is developed on. How far that is from the loss
on the test set is worth knowing, but each number that is told uses the test set up. The meter
tells only *in which range* the gap lies, and says how many rows make that safe. It counts no
readings: the ledger does (`Ledger.read`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.core.errors import NotEnoughDataError
from trimtab.core.records import Record


@dataclass(frozen=True, slots=True)
class MeterReading(Record):
    """What a developer is told about the gap between development loss and test loss.

    Nothing in it depends on the test set but `signal`: neither the loss nor the gap itself.

    Parameters
    ----------
    signal : int
        Which of the `ranges`, from 0, the estimated gap lies in.
    ranges : tuple of (float, float)
        The ranges of the gap, in the unit of the losses; the lower end belongs to a range.
    gap : tuple of (float, float)
        Limits for the true gap: the range widened by `epsilon` on both sides, within [0, 1].
    samples_needed : int
        Rows of test set that `steps` readings with this `epsilon` and `delta` take.
    samples : int
        Rows of test set that were there.
    epsilon : float
        How far an estimated gap may be from the true one.
    delta : float
        Chance that any of the `steps` readings is further off.
    steps : int
        Readings that share this test set.
    """

    signal: int
    ranges: tuple[tuple[float, float], ...]
    gap: tuple[float, float]
    samples_needed: int
    samples: int
    epsilon: float
    delta: float
    steps: int

    @property
    def sentence(self) -> str:
        """The reading in words."""
        low, high = self.gap
        return (
            f"range {self.signal + 1} of {len(self.ranges)}: the gap between development and test "
            f"loss lies between {low:.4g} and {high:.4g}; over {self.steps} readings, a statement "
            f"like this is wrong with a chance of at most {self.delta:g}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, and the reading in words as `sentence`."""
        return Record.to_dict(self) | {"sentence": self.sentence}


def meter(
    development_loss: float | ArrayLike,
    test_loss: float | ArrayLike,
    *,
    ranges: Sequence[float],
    delta: float,
    steps: int,
    epsilon: float | None = None,
    rows: int | None = None,
) -> MeterReading:
    r"""Tell in which range the gap between development and test loss lies, and no more.

    The gap is :math:`|\ell_{test} - \ell_{dev}|`, with the mean loss on the development data as
    it was seen and the mean loss that the test set's rows are a sample of. A developer who sees
    one of :math:`m` ranges at each of :math:`H` steps can have come to any of at most
    :math:`m^H` models, so Hoeffding's inequality for both directions and a union bound ask for
    :math:`N = (H \ln m + \ln(2 / \delta)) / (2 \epsilon^2)` rows. All `steps` readings then have
    an estimated gap within `epsilon` of the true one, with probability at least
    :math:`1 - \delta`, however the developer uses them.

    It assumes independent rows of test set, of which the developer learns nothing else (a gate
    on the same test set is a look more: give it rows of its own), losses in [0, 1], and ranges
    and steps that were fixed beforehand. A gap may also come from a test set of another kind
    than the development data, or from few development rows. A poor choice where rows of one day
    depend on each other.

    Parameters
    ----------
    development_loss, test_loss : float, or array_like of float, shape (n_rows,)
        Mean loss, or the loss of each row, in [0, 1]. The rows of the two need not be the same.
    ranges : sequence of float
        Where one range ends and the next begins, rising, between 0 and 1 (both excluded):
        ``(0.01, 0.05)`` makes three ranges of the gap.
    delta : float
        Chance that any of the readings is wrong, in (0, 1).
    steps : int
        Readings that share this test set.
    epsilon : float, optional
        Wanted distance between estimated and true gap. Without it, the one that the rows of the
        test set allow.
    rows : int, optional
        Rows of test set, where `test_loss` is a mean.

    Returns
    -------
    MeterReading
        The range, and what is known of the gap from it.

    Raises
    ------
    NotEnoughDataError
        If the test set has too few rows for `epsilon`, or none. It depends on counts only.
    ValueError
        If a loss is NaN or outside [0, 1], or `ranges`, `delta`, `steps` or `epsilon` is none.

    See Also
    --------
    meter_samples : The rows to label, before there are any.

    References
    ----------
    .. [1] F. A. Hubis, W. Wu and C. Zhang, "Quantitative overfitting management for human-in-
       the-loop ML application development with ease.ml/meter" (2019): the idea. The formula is
       derived here from the union bound over histories.

    Examples
    --------
    >>> reading = meter(0.10, 0.16, rows=20_000, ranges=(0.01, 0.05), delta=0.05, steps=8)
    >>> reading.signal, [round(end, 3) for end in reading.gap]
    (2, [0.032, 1.0])
    """
    cuts = checked_cuts(ranges)
    development, _ = _mean_loss(development_loss, None, "development_loss")
    test, n = _mean_loss(test_loss, rows, "test_loss")
    reachable = math.sqrt(_log_histories(len(cuts) + 1, delta, steps) / (2 * n))
    needed = n if epsilon is None else meter_samples(len(cuts) + 1, epsilon, delta, steps)
    epsilon = reachable if epsilon is None else epsilon
    if n < needed:
        raise NotEnoughDataError(
            f"expected {needed:,} rows of test set for {steps} readings to within {epsilon:g}, "
            f"got {n:,}",
            hint=f"Label {needed - n:,} more rows, or take an epsilon of "
            f"{math.ceil(1e4 * reachable) / 1e4:g} or more.",
            samples=n,
            samples_needed=needed,
        )
    signal = int(np.searchsorted(cuts, abs(test - development), side="right"))
    ends = (0.0, *cuts, 1.0)
    pairs = tuple(zip(ends[:-1], ends[1:], strict=True))
    low, high = pairs[signal]
    return MeterReading(
        signal=signal,
        ranges=pairs,
        gap=(max(low - epsilon, 0.0), min(high + epsilon, 1.0)),
        samples_needed=needed,
        samples=n,
        epsilon=epsilon,
        delta=delta,
        steps=steps,
    )


def meter_samples(ranges: int, epsilon: float, delta: float, steps: int) -> int:
    r"""Count the rows of test set that `steps` readings of a meter take.

    :math:`\lceil (H \ln m + \ln(2 / \delta)) / (2 \epsilon^2) \rceil`. With two ranges a reading
    is one bit, and the number is that of a gate under `full` adaptivity for both directions:
    Hoeffding's with :math:`\delta / 2^H`. A fresh test set for each of `steps` readings would
    take :math:`H \ln(2 H / \delta)` instead of :math:`H \ln m + \ln(2 / \delta)`: the meter is
    cheaper unless there are very many ranges.

    Parameters
    ----------
    ranges : int
        How many ranges there are to tell apart, at least 2.
    epsilon : float
        Distance between estimated and true gap, above 0.
    delta : float
        Chance that any reading is further off, in (0, 1).
    steps : int
        Readings that share the test set, at least 1.

    Returns
    -------
    int
        Number of independent rows, for losses in [0, 1].

    Raises
    ------
    ValueError
        If one of the numbers is outside what is said above.

    Examples
    --------
    >>> meter_samples(5, epsilon=0.05, delta=0.01, steps=10)
    4279
    """
    if not 0 < epsilon < math.inf:
        raise ValueError(f"expected `epsilon` above 0, got {epsilon}")
    return math.ceil(_log_histories(ranges, delta, steps) / (2 * epsilon**2))


def _log_histories(ranges: int, delta: float, steps: int) -> float:
    """Return ln(2 m^H / delta): a union over all that a developer could have been told."""
    if ranges < 2:
        raise ValueError(f"expected at least 2 ranges, got {ranges}")
    if not 0 < delta < 1:
        raise ValueError(f"expected `delta` between 0 and 1, got {delta}")
    if steps < 1:
        raise ValueError(f"expected at least 1 of `steps`, got {steps}")
    return steps * math.log(ranges) + math.log(2 / delta)


def checked_cuts(ranges: Sequence[float]) -> tuple[float, ...]:
    """Return where ranges of the gap end; refuse (ValueError) what does not rise from 0 to 1."""
    cuts = tuple(float(cut) for cut in ranges)
    ends = (0.0, *cuts, 1.0)
    if not cuts or not all(low < high for low, high in zip(ends[:-1], ends[1:], strict=True)):
        raise ValueError(f"expected `ranges` that rise between 0 and 1, got {cuts}")
    return cuts


def _mean_loss(loss: float | ArrayLike, rows: int | None, name: str) -> tuple[float, int]:
    """Return a mean loss and over how many rows it is one (1 where nobody said)."""
    array = np.asarray(loss, dtype=np.float64)
    if array.ndim > 1:
        raise ValueError(f"expected `{name}` as a number or one a row, got shape {array.shape}")
    if name == "test_loss" and array.ndim == 0 and rows is None:
        raise ValueError("expected `rows` with a mean `test_loss`: over how many rows is it?")
    if rows is not None and array.ndim == 1 and rows != array.size:
        raise ValueError(f"expected as many rows as `{name}` has, {array.size}, got {rows}")
    n = array.size if rows is None else rows
    if n < 1:
        raise NotEnoughDataError(
            f"expected at least one row of `{name}`, got {n}", hint="Label some rows first."
        )
    if not ((array >= 0) & (array <= 1)).all():  # NaN is neither
        raise ValueError(f"expected `{name}` in [0, 1], got a value outside or NaN")
    return float(array.mean()), int(n)
