"""Limits for the share of wrong labels where rows of one block go wrong together.

Part of `label_errors`; for independent rows the limits are in `confident`.
"""

from dataclasses import dataclass

import numpy as np

from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.confident import METHOD, NoiseMatrix, rows_worth
from trimtab.stats.exact_share import binomial_limits
from trimtab.stats.interval import Interval
from trimtab.stats.label_blocks import MIN_BLOCKS
from trimtab.stats.laws import student_quantile


@dataclass(frozen=True, slots=True)
class _Tally:
    """Rows that are plainly of a class: counted and wrong, shape (n_blocks, n_classes)."""

    counted: FloatArray
    wrong: FloatArray

    @property
    def shares(self) -> FloatArray:
        """Share of wrong labels among the rows of each given label that count."""
        return np.asarray(self.wrong.sum(axis=0) / np.maximum(self.counted.sum(axis=0), 1))


def noise_limits_by_block(
    noise: NoiseMatrix, given: IntArray, plain: IntArray, blocks: IntArray, delta: float
) -> tuple[Interval, tuple[Interval, ...]]:
    r"""Bound the noise rate, and that of each given label, when rows come in blocks.

    As many independent rows as have the variance that the blocks show take the place of the
    rows, and limits are those of the binomial law (Korn and Graubard). The variance is that of
    the sums of blocks, with Student's law for their number. How much it exceeds that of rows is
    averaged over the blocks with a wrong label and one block more that goes wrong as a whole:
    with none seen, each block counts as a row.

    Assumes that blocks are independent of each other. A poor choice for fewer than 40 blocks
    with rows that count, which get no limits, and where few blocks hold most of the rows.

    Parameters
    ----------
    noise : NoiseMatrix
        What `noise_matrix` estimated.
    given, plain : ndarray of int, shape (n_samples,)
        Given labels, and the class each row plainly is of, -1 for none.
    blocks : ndarray of int, shape (n_samples,)
        The block of each row, from 0.
    delta : float
        Chance that the limits of a share miss it, in (0, 1).

    Returns
    -------
    tuple of Interval and tuple of Interval
        Of all labels, and of each given one.

    References
    ----------
    .. [1] E. L. Korn and B. I. Graubard, "Confidence intervals for proportions with small
       expected number of positive counts estimated from survey data", Survey Methodology 24
       (1998).
    """
    n_classes = noise.counts.shape[0]
    shape = (int(blocks.max()) + 1, n_classes)
    counted, wrong = np.zeros(shape), np.zeros(shape)
    here = plain >= 0
    np.add.at(counted, (blocks[here], given[here]), 1)
    off = here & (plain != given)
    np.add.at(wrong, (blocks[off], given[off]), 1)
    tally = _Tally(counted, wrong)
    of_each = tuple(_limits(tally, weights, delta) for weights in np.eye(n_classes))
    shares = np.bincount(given, minlength=n_classes) / given.size
    return _limits(tally, shares, delta), of_each


def _limits(tally: _Tally, weights: FloatArray, delta: float) -> Interval:
    """Bound a weighted mean of the shares of given labels."""
    used = weights > 0
    counted = tally.counted[:, used]
    shares, weights = tally.shares[used], weights[used]
    share = float(weights @ shares)
    n_blocks = int((counted.sum(axis=1) > 0).sum())
    if n_blocks < MIN_BLOCKS:
        few = f"fewer than {MIN_BLOCKS} blocks with rows that count"
        return Interval(share, 0.0, 1.0, 1 - delta, few)
    rows = rows_worth(weights, shares, counted.sum(axis=0).astype(np.int64))
    rows /= _times_as_spread(counted, tally.wrong[:, used], shares, weights, n_blocks)
    # blocks tell their spread less well than the binomial law knows that of rows
    many = max(int(counted.sum()) - 1, n_blocks - 1)
    level = 1 - delta / 2
    rows *= (student_quantile(level, many) / student_quantile(level, n_blocks - 1)) ** 2
    low, high = binomial_limits(share * rows, rows, delta)
    return Interval(share, low, high, 1 - delta, f"{METHOD}, by block")


def _times_as_spread(
    counted: FloatArray,
    wrong: FloatArray,
    shares: FloatArray,
    weights: FloatArray,
    n_blocks: int,
) -> float:
    """Return how many times the variance that rows alone would have the weighted share has."""
    rows = counted.sum(axis=0)
    independent = float((weights**2 * shares * (1 - shares) / rows).sum())
    sizes = counted.sum(axis=1)
    times = float((sizes**2).sum() / sizes.sum())
    if independent > 0:
        pulls = ((wrong - counted * shares) / rows) @ weights
        spread = float((pulls**2).sum()) * n_blocks / (n_blocks - 1)
        n_off = int((wrong.sum(axis=1) > 0).sum())
        times = (n_off * spread / independent + times) / (n_off + 1)
    return max(times, 1.0)
