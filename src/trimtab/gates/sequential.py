"""One clause, decided as soon as its labels say enough. Conditions and reports live elsewhere.

A confidence sequence may be looked at after each label; a test of fixed size waits at its end
with what is left of delta, so that labelling always stops.
"""

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from trimtab.core.records import Record
from trimtab.gates.condition import Mode, Sense

# looks are so far apart that at most this share of the labels comes after the deciding one
_SPACING = 0.005
# the share of the gain at the end that is counted on, and the delta above which there is none
_COUNTED_ON, _LN_MOST = 0.25, math.log(0.25)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Rows whose mean is one summand of a clause's left side, in their fixed random order.

    Parameters
    ----------
    values : ndarray of float, shape (n_rows,)
        What each row adds, in [`low`, `high`]; NaN where the label that it needs is missing.
    needs_label : ndarray of bool, shape (n_rows,)
        Whether a row's value depends on its label: a difference of two models that agree on
        the row is 0 whatever the label.
    low, high : float
        Range that each value is known to lie in beforehand.

    Raises
    ------
    ValueError
        If the two arrays differ in shape, or a value is missing that needs no label.
    """

    values: NDArray[np.float64]
    needs_label: NDArray[np.bool_]
    low: float
    high: float

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.shape != self.needs_label.shape:
            raise ValueError(
                f"expected one value and one `needs_label` a row, got shapes "
                f"{self.values.shape} and {self.needs_label.shape}"
            )
        if (np.isnan(self.values) & ~self.needs_label).any():
            raise ValueError("expected a value for each row that needs no label, got NaN")

    @property
    def known(self) -> int:
        """Number of rows before the first one whose label is missing."""
        missing = np.isnan(self.values)
        return int(missing.argmax()) if missing.any() else missing.size


@dataclass(frozen=True, slots=True)
class SequentialDecision(Record):
    """What was decided of a clause, after how many rows.

    `value` is True or False, or None while labels are missing; `rows_used` rows of each group
    were looked at, and `labels_used` of them needed their label. Each end of `interval` passes
    the left side's true mean with probability at most delta, at whatever time one stops;
    `estimate` is the mean at that time, which stopping biases a little to the side decided for.
    """

    value: bool | None
    rows_used: int
    labels_used: int
    estimate: float
    interval: tuple[float, float]


def sequential_cap(fixed: int) -> int:
    """Return the rows after which a sequential gate decides in any case.

    Ten per cent more than the fixed-size test needs, rounded down: they pay for having looked
    before. Below 10 rows there is nothing to pay with, and the gate is the fixed-size test.

    Examples
    --------
    >>> sequential_cap(29047)
    31951
    """
    if fixed < 1:
        raise ValueError(f"expected `fixed` of 1 row or more, got {fixed}")
    return fixed * 11 // 10


def decide_sequentially(
    groups: tuple[Group, ...],
    *,
    sense: Sense,
    threshold: Decimal,
    tolerance: Decimal,
    mode: Mode,
    ln_delta: float,
    fixed: int,
) -> SequentialDecision:
    r"""Decide a clause `X > C +/- D` or `X < C +/- D` with as few labels as it takes.

    Under `fp_free` and for `>`: true as soon as the lower limit of X is above C, false as soon
    as the upper limit is below C + 2D (below the middle of C + D and the end of the range,
    where that is nearer); if neither comes first, at `sequential_cap` rows, true if the
    estimate is above C + D. `fn_free` and `<` mirror that. The promise is that of the test of
    fixed size, however often and in whatever portions one looks: under `fp_free` a clause
    with X <= C is found true with probability at most delta, and one with X > C + 2D false
    with probability at most delta.

    Part of delta goes to the limits, over all times (Ville's inequality), the rest to the look
    at the end: with r times the rows, a test whose error falls exponentially errs with
    :math:`\delta^r` at most; a quarter of that gain in the exponent is counted on, since the
    exact binomial test gains less, and nothing where delta is above a quarter: there it may gain
    nothing, and labelling does not stop early. Of several groups, each has its share, and
    limits are added.

    Assumes that rows are in random order, whatever was labelled first, and that `fixed` rows
    of each group keep the estimate within D of X but for probability delta on either side. If
    they do so only for small disagreement, checking that is the caller's duty. A poor choice
    where labels come all at once.

    The number of labels at which labelling stopped tells of their values, and so does a value
    of None. Whoever labels may know both. A developer whose looks are counted as one bit each
    (adaptivity `full`) may see the final bit only.

    Parameters
    ----------
    groups : tuple of Group
        The summands of the left side.
    sense : {'>', '<'}
        Direction of the clause.
    threshold, tolerance : Decimal
        C and D, in the unit of the left side; D above 0.
    mode : {'fp_free', 'fn_free'}
        Which error is promised to be rare; what stays unknown fails under `fp_free` and
        passes under `fn_free`.
    ln_delta : float
        Logarithm of delta of this clause at this step, below 0.
    fixed : int
        Rows of each group that the best valid test of fixed size needs.

    Returns
    -------
    SequentialDecision
        The value, what it took, and the evidence.

    Raises
    ------
    ValueError
        If a value is out of its range or an argument outside what is said above.

    References
    ----------
    .. [1] I. Waudby-Smith and A. Ramdas, "Estimating means of bounded random variables by
       betting", Journal of the Royal Statistical Society B 86 (2024).

    Examples
    --------
    >>> gains = np.tile([0, 0, 0, 0, 1.0, 0, 0, 0, 0, 0], 1000)
    >>> group = Group(gains, gains != 0, -1, 1)
    >>> decide_sequentially((group,), sense=">", threshold=Decimal("0.02"),
    ...     tolerance=Decimal("0.01"), mode="fp_free", ln_delta=-12.7, fixed=29047).labels_used
    38
    """
    if not groups or not tolerance > 0 or not -math.inf < ln_delta < 0:
        raise ValueError(
            f"expected groups, `tolerance` above 0 and a finite `ln_delta` below 0, got "
            f"{len(groups)} groups, {tolerance} and {ln_delta}"
        )
    sign = 1 if (sense == ">") == (mode == "fp_free") else -1
    sure = mode == "fp_free"  # the value whose error is promised to be rare
    cap = sequential_cap(fixed)
    rows = min(cap, *(group.known for group in groups))
    if not rows:
        ends = sum(group.low for group in groups), sum(group.high for group in groups)
        return SequentialDecision(None, 0, 0, math.nan, ends)
    times = _looks(rows)
    estimate, lower, upper = _sums(groups, sign, times, _ln_of_limits(ln_delta, fixed))
    claim, near = float(sign * threshold), sign * threshold + tolerance
    end = sum(group.high if sign > 0 else -group.low for group in groups)
    hopeless = float(near) + min(float(tolerance), max(end - float(near), 0.0) / 2)
    decided = (lower > claim) | (upper < hopeless)
    look = int(decided.argmax()) if decided.any() else times.size - 1
    value: bool | None = None
    if decided.any():
        value = sure if lower[look] > claim else not sure
    elif rows == cap:
        value = sure if estimate[look] > near else not sure
    used = int(times[look])
    low, high = sorted((sign * float(lower[look]), sign * float(upper[look])))
    return SequentialDecision(
        value=value,
        rows_used=used,
        labels_used=sum(int(np.count_nonzero(group.needs_label[:used])) for group in groups),
        estimate=sign * float(estimate[look]),
        interval=(low, high),
    )


def _ln_of_limits(ln_delta: float, fixed: int) -> float:
    """Return the logarithm of what each limit may spend, minus infinity for nothing."""
    ln_end = ln_delta * (sequential_cap(fixed) / fixed - 1) * _COUNTED_ON
    if ln_delta > _LN_MOST or ln_end == 0:
        return -math.inf
    return ln_delta + math.log(-math.expm1(ln_end))


def _looks(rows: int) -> NDArray[np.int64]:
    """Return the numbers of rows to look at: all small ones, then steps in proportion."""
    dense = min(rows, int(1 / _SPACING))
    times = np.arange(1, dense + 1)
    if rows > dense:
        n_steps = math.ceil(math.log(rows / dense) / math.log1p(_SPACING))
        steps = dense * (1 + _SPACING) ** np.arange(1, n_steps)
        times = np.concatenate([times, steps.astype(np.int64), [rows]])
    return np.unique(times).astype(np.int64)


def _sums(
    groups: tuple[Group, ...], sign: int, times: NDArray[np.int64], ln_limit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return estimates and limits of the signed left side at each time."""
    from trimtab.stats.sequential import confidence_sequence

    estimate, lower, upper = np.zeros(times.size), np.zeros(times.size), np.zeros(times.size)
    for group in groups:
        values = sign * group.values[: times[-1]]
        low, high = sorted((sign * group.low, sign * group.high))
        if ln_limit == -math.inf:
            estimate += np.cumsum(values)[times - 1] / times
            lower, upper = lower + low, upper + high
            continue
        # each of the two limits has a promise of its own to keep
        ln_both = ln_limit - math.log(len(groups)) + math.log(2)
        found = confidence_sequence(values, low=low, high=high, ln_delta=ln_both, times=times)
        estimate += found.estimate
        lower, upper = lower + found.lower, upper + found.upper
    return estimate, lower, upper
