"""What a threshold attains on the half of the rows that had no part in choosing it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimtab.core.records import Outcome
from trimtab.gates.objective import Objective
from trimtab.stats.arrays import FloatArray
from trimtab.stats.bounds import block_interval, empirical_bernstein_interval
from trimtab.stats.exact_share import exact_share_interval
from trimtab.stats.interval import Interval


@dataclass(frozen=True, slots=True)
class HeldOutRows:
    """Scores, labels and blocks of the same rows, shape (n_rows,) each."""

    scores: FloatArray
    positive: NDArray[np.bool_]
    blocks: NDArray[Any] | None


def halves(rows: HeldOutRows, seed: int) -> tuple[HeldOutRows, HeldOutRows]:
    """Split at random into two halves, by whole blocks where there are blocks."""
    rng = np.random.default_rng(seed)
    if rows.blocks is None:
        first = np.zeros(rows.scores.size, dtype=bool)
        first[rng.permutation(first.size)[: first.size // 2]] = True
    else:
        keys, codes = np.unique(rows.blocks, return_inverse=True)
        first = (rng.permutation(keys.size) < keys.size // 2)[codes]
    return tuple(  # type: ignore[return-value]
        HeldOutRows(
            rows.scores[half],
            rows.positive[half],
            None if rows.blocks is None else rows.blocks[half],
        )
        for half in (first, ~first)
    )


def limits(rows: HeldOutRows, value: float, wanted: Objective, delta: float) -> Interval:
    """Return the estimate and limits of what the objective is about, at a fixed threshold."""
    flagged = rows.scores >= value
    counted = np.ones_like(flagged)
    if wanted.kind == "cost":
        hits = np.asarray(wanted.costs)[2 * rows.positive + flagged]
    elif wanted.kind == "precision":
        counted, hits = flagged, rows.positive.astype(np.float64)
    else:
        counted = rows.positive if wanted.kind == "recall" else counted
        hits = flagged.astype(np.float64)
    if not counted.any():
        return unknown(wanted, delta)
    low, high = _range(wanted)
    if rows.blocks is not None:
        found = block_interval(hits[counted], rows.blocks[counted], delta=delta)
        inside = (min(max(found.low, low), high), max(min(found.high, high), low))
        return Interval(found.estimate, *inside, found.level, found.method)
    if wanted.kind == "cost":
        return empirical_bernstein_interval(hits, delta=delta, low=low, high=high)
    return exact_share_interval(int(hits[counted].sum()), int(counted.sum()), delta=delta)


def unknown(wanted: Objective, delta: float) -> Interval:
    """Return limits that say nothing, where there are no rows to count."""
    return Interval(math.nan, *_range(wanted), 1 - delta, "no rows")


def _range(wanted: Objective) -> tuple[float, float]:
    return (min(wanted.costs), max(wanted.costs)) if wanted.costs else (0.0, 1.0)


def outcome_of(found: Interval, rows: HeldOutRows, wanted: Objective) -> Outcome:
    """Return on which side of the bound all of the limits lie, if on one."""
    if not (found.low <= found.estimate <= found.high):  # no rows: the estimate is NaN
        return "not enough data"
    if wanted.bound is None:
        told = rows.positive.any() and not rows.positive.all()
        return "pass" if told else "not enough data"
    least = wanted.kind != "rate"
    if found.low >= wanted.bound if least else found.high <= wanted.bound:
        return "pass"
    if found.high < wanted.bound if least else found.low > wanted.bound:
        return "fail"
    return "not enough data"


def what_it_does(rows: HeldOutRows, value: float, *, has_labels: bool) -> dict[str, float]:
    """Return the other metrics at the threshold, as plain estimates."""
    flagged = rows.scores >= value
    found = {"rate": float(flagged.mean())}
    both = int((flagged & rows.positive).sum())
    if has_labels and flagged.any():
        found["precision"] = both / int(flagged.sum())
    if has_labels and rows.positive.any():
        found["recall"] = both / int(rows.positive.sum())
    return found
