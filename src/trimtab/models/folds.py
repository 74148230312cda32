"""Past and future: cuts in time, each with what was known before it and what came after.

No fold learns from a row that was asked later, or whose label came later, than the first row it
is tried on.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.core.errors import NotEnoughDataError

IntArray = npt.NDArray[np.int64]
MIN_TRAIN_ROWS = 20


@dataclass(frozen=True, slots=True)
class Fold:
    """Places of the rows to learn from, and of the later rows to be tried on."""

    train: IntArray
    valid: IntArray


def time_folds(
    times: pl.Series,
    label_times: pl.Series,
    labels: npt.NDArray[np.generic],
    *,
    n_folds: int,
    blocks: IntArray | None = None,
    first: float | None = None,
) -> list[Fold]:
    """Cut rows into expanding folds: fold `i` learns from what was known before part `i + 1`.

    Parameters
    ----------
    times, label_times : polars.Series
        When each row was asked (in order), and when its label became known.
    labels : ndarray
        A fold whose past has a single label cannot be learnt from, and is left out.
    n_folds : int
        Folds wanted; fewer come back where rows share few moments.
    blocks : ndarray of int, optional
        Rows of a block are not cut apart, as long as that leaves two folds.
    first : float, optional
        Share of the rows that the first fold learns from; one part of `n_folds + 1` if left out.

    Raises
    ------
    NotEnoughDataError
        If not even one fold can be made.
    """
    moments = times.dt.epoch("us").to_numpy()
    known = label_times.dt.epoch("us").to_numpy()
    share = 1 / (n_folds + 1) if first is None else first
    cuts = _cuts(blocks, n_folds, share) if blocks is not None else []
    if len(cuts) < 2:
        cuts = _cuts(moments, n_folds, share)
    folds = []
    for cut, end in pairwise([*cuts, len(moments)]):
        past = np.flatnonzero(known[:cut] <= moments[cut])
        if len(past) >= MIN_TRAIN_ROWS and len(np.unique(labels[past])) > 1:
            folds.append(Fold(past, np.arange(cut, end)))
    if not folds:
        raise NotEnoughDataError(
            f"expected labelled rows at several times to learn from the earlier and try on the "
            f"later, got {len(moments):,} rows of which too few were labelled before the others "
            "were asked",
            hint="Set a later `train.until`, or bring more rows.",
            rows=len(moments),
        )
    return folds


def _cuts(groups: IntArray, n_folds: int, first: float) -> list[int]:
    """Return the places where parts begin, the first part left out; groups stay whole."""
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    wanted = len(groups) * (first + (1 - first) * np.arange(n_folds) / n_folds)
    nearest = starts[np.abs(starts[:, None] - wanted[None, :]).argmin(axis=0)]
    return sorted({int(place) for place in nearest if place > 0})
