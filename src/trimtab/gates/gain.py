"""Challenger against champion on the same labelled rows. The ledger of looks is another file.

The gate estimates the gain, old loss less new loss, and its interval, and answers

- **pass** when the whole interval is above `min_gain`: the challenger is better;
- **fail** when that was not shown although the test set was able to show it: the interval is
  no wider than plus or minus `tolerance`, or even its upper end is within `tolerance` of
  `min_gain`, so that there is at most a gain too small to care about;
- **not enough data** otherwise: neither is shown, and more labelled rows would tell.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trimtab.core.records import Outcome, Verdict
from trimtab.core.settings import GateSection
from trimtab.gates.gain_plan import GAIN_RANGE, blocks_needed
from trimtab.stats.bounds import (
    block_interval,
    empirical_bernstein_interval,
    hoeffding_interval,
    hoeffding_samples,
)
from trimtab.stats.interval import Interval

FEW_BLOCKS = 8


def decide(
    new_loss: ArrayLike,
    old_loss: ArrayLike,
    *,
    blocks: ArrayLike | None = None,
    settings: GateSection,
    delta: float,
) -> Verdict:
    """Decide whether a challenger's loss is provably below the champion's.

    Rows of one day share their weather, so they are not independent. With `blocks` the gate
    counts days, not rows (Student's t over block gains, which takes block gains to be roughly
    normal and independent of each other; over weeks of slow change take longer blocks). Without
    blocks it takes rows to be independent and uses the empirical Bernstein bound, which holds
    for any distribution. With fewer than 8 blocks it takes the wider of both.

    Parameters
    ----------
    new_loss, old_loss : array_like, shape (n_rows,)
        Loss of challenger and champion on each row, in [0, 1]. Same rows, same order.
    blocks : array_like, shape (n_rows,), optional
        The day, user or device of each row.
    settings : GateSection
        `min_gain`, `tolerance` and `method`.
    delta : float
        Chance that the interval misses the true gain, for this look alone.

    Returns
    -------
    Verdict
        With the gain, its interval, and in words why.

    Raises
    ------
    ValueError
        If losses differ in shape, hold NaN or leave [0, 1], or the method lacks blocks.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> old, day = rng.uniform(0.2, 0.6, 3_000), np.arange(3_000) // 100
    >>> verdict = decide(old - 0.1, old, blocks=day, settings=GateSection(), delta=0.0125)
    >>> verdict.outcome, round(verdict.estimates["gain"], 3)
    ('pass', 0.1)
    """
    new, old = _losses(new_loss, "new_loss"), _losses(old_loss, "old_loss")
    if new.shape != old.shape:
        raise ValueError(f"expected losses of the same rows, got {new.size} and {old.size}")
    keys = None if blocks is None else np.asarray(blocks)
    n_blocks = None if keys is None else len(np.unique(keys))
    gain = _interval(old - new, keys, n_blocks, settings=settings, delta=delta)
    outcome = _outcome(gain, settings)
    detail = {
        "rows": int(new.size),
        "blocks": n_blocks,
        "half_width": gain.width / 2,
        "min_gain": settings.min_gain,
        "tolerance": settings.tolerance,
        "block_sd": None if keys is None else _block_sd(old - new, keys),
    }
    detail |= _needed(gain, detail, settings, delta)
    return Verdict(
        outcome=outcome,
        condition=condition(settings),
        reason=_reason(outcome, gain, detail),
        estimates={
            "gain": gain.estimate,
            "new_loss": float(new.mean()) if new.size else math.nan,
            "old_loss": float(old.mean()) if old.size else math.nan,
        },
        intervals={"gain": (gain.low, gain.high)},
        labels_used=int(new.size),
        method=gain.method,
        delta=delta,
        detail=detail,
    )


def condition(settings: GateSection) -> str:
    """Return what a gate asks, in words that hold every number of it."""
    return (
        f"gain in mean loss > {settings.min_gain:g} (tolerance {settings.tolerance:g}, "
        f"method {settings.method})"
    )


def _losses(losses: ArrayLike, name: str) -> NDArray[np.float64]:
    array = np.asarray(losses, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"expected `{name}` with one value a row, got shape {array.shape}")
    if not ((array >= 0) & (array <= 1)).all():  # NaN is neither
        raise ValueError(f"expected `{name}` in [0, 1], got a value outside or NaN")
    return array


def _interval(
    gain: NDArray[np.float64],
    blocks: NDArray[np.generic] | None,
    n_blocks: int | None,
    *,
    settings: GateSection,
    delta: float,
) -> Interval:
    """Return limits of the mean gain, within [-1, 1]."""
    method = settings.method
    if gain.size == 0:
        return Interval(math.nan, -1.0, 1.0, 1 - delta, "no rows")
    if method == "hoeffding":
        return hoeffding_interval(gain, low=-1, high=1, delta=delta)
    if method == "bernstein" or (method == "auto" and blocks is None):
        return empirical_bernstein_interval(gain, low=-1, high=1, delta=delta)
    if blocks is None or n_blocks is None:
        raise ValueError("method 'blocks' needs `blocks`: the day, user or device of each row")
    found = block_interval(gain, blocks, delta=delta)
    low, high, name = max(found.low, -1.0), min(found.high, 1.0), found.method
    if method == "auto" and n_blocks < FEW_BLOCKS:
        by_row = empirical_bernstein_interval(gain, low=-1, high=1, delta=delta)
        low, high = min(low, by_row.low), max(high, by_row.high)
        name = f"wider of {found.method} and {by_row.method}"
    return Interval(found.estimate, low, high, found.level, name)


def _outcome(gain: Interval, settings: GateSection) -> Outcome:
    if gain.low > settings.min_gain:
        return "pass"
    could_tell = gain.width / 2 <= settings.tolerance
    too_small = gain.high <= settings.min_gain + settings.tolerance
    return "fail" if could_tell or too_small else "not enough data"


def _block_sd(gain: NDArray[np.float64], blocks: NDArray[np.generic]) -> float | None:
    """Return how much the gain varies from block to block, per row of a usual block."""
    keys, codes, sizes = np.unique(blocks, return_inverse=True, return_counts=True)
    if len(keys) < 2:
        return None
    totals = np.bincount(codes, weights=gain - gain.mean())
    return float(totals.std(ddof=1) / sizes.mean())


def _needed(
    gain: Interval, detail: dict[str, Any], settings: GateSection, delta: float
) -> dict[str, int]:
    """Return the size of test set at which the gate could tell: `needed_blocks` or rows."""
    rows, block_sd = detail["rows"], detail["block_sd"]
    if "blocks" in gain.method and block_sd is not None:
        return {"needed_blocks": blocks_needed(block_sd, settings.tolerance, delta=delta)}
    surely = hoeffding_samples(settings.tolerance, delta=delta, value_range=GAIN_RANGE)
    if rows == 0 or settings.method == "hoeffding":
        return {"needed_rows": surely}
    # both terms of the empirical Bernstein width fall at least as fast as 1 / sqrt(n)
    seen = math.ceil(rows * (detail["half_width"] / settings.tolerance) ** 2)
    return {"needed_rows": min(seen, surely) if gain.is_finite else surely}


def _reason(outcome: Outcome, gain: Interval, detail: dict[str, Any]) -> str:
    """Say the verdict in a sentence or two, with its numbers."""
    wanted, tolerance = detail["min_gain"], detail["tolerance"]
    size = f"{detail['rows']:,} labelled rows"
    if detail["blocks"] is not None:
        size += f" in {detail['blocks']} blocks"
    if detail["rows"] == 0:
        return "There are no labelled rows to compare the two models on."
    seen = (
        f"mean loss falls by {gain.estimate:.5f} (interval {gain.low:.5f} to {gain.high:.5f}, "
        f"{gain.method}, {size})"
    )
    if outcome == "pass":
        return f"The challenger is better: {seen}, all of it above {wanted:g}."
    if outcome == "fail" and gain.high <= wanted:
        return f"The challenger is not better: {seen}, none of it above {wanted:g}."
    if outcome == "fail":
        return (
            f"No gain above {wanted:g} is shown on a test set that could show one of "
            f"{tolerance:g}: {seen}."
        )
    if "needed_blocks" in detail:
        need = f"about {detail['needed_blocks']:,} blocks like these"
    else:
        need = f"about {detail['needed_rows']:,} independent rows"
    return (
        f"No gain above {wanted:g} is shown yet: {seen}. To tell a gain of {tolerance:g}, the "
        f"gate needs {need}."
    )
