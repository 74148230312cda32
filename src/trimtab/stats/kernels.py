"""Kernel sums over all pairs of rows, in blocks, for many labellings at once.

The engine of `mean_discrepancy` and `deep_kernel`. The kernel matrix is never held whole: each
block is computed once, multiplied with all labellings and forgotten.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimtab.stats.arrays import BoolArray, FloatArray
from trimtab.stats.multivariate import in_spreads, spread_within

Numbers = NDArray[Any]  # float32 or float64
# rows and columns in, their block of the kernel matrix out; the kernel of a row and itself is 1
KernelBlock = Callable[[slice, slice], Numbers]

# a block of float32 with its product fits the cache of one core
_STEP = 512
# up to here single precision saves nothing worth having
_MAX_DOUBLE_ROWS = 4_000
# pairs of this many rows give the median distance within a few percent
_MEDIAN_ROWS = 1_000
# keeps squares of single precision finite; rows this far out are alone in any case
_FAR = 1e15


def median_distance(rows: FloatArray, seed: int) -> float:
    """Return the median distance between two rows, the usual bandwidth of a Gaussian kernel.

    Of more than 1,000 rows, from a random 1,000 of them. Pairs at no distance are left out, so
    that many equal rows do not make it zero.

    Parameters
    ----------
    rows : ndarray of float, shape (n, d)
        Both samples together: the bandwidth may not depend on who is in which sample.
    seed : int
        Seed of the choice of rows.

    Returns
    -------
    float
        In the unit of the rows; NaN if all rows are equal.

    Examples
    --------
    >>> median_distance(np.array([[0.0], [0.0], [1.0], [3.0]]), seed=0)
    2.0
    """
    if len(rows) > _MEDIAN_ROWS:
        chosen = np.random.default_rng((seed, 2)).choice(len(rows), _MEDIAN_ROWS, replace=False)
        rows = rows[chosen]
    near = rows - np.median(rows, axis=0)
    norms = (near**2).sum(axis=1)
    scale = norms[:, np.newaxis] + norms
    squares = scale - 2 * (near @ near.T)
    # what is left of a difference this small is rounding
    apart = squares[np.triu(squares > 1e-12 * scale, 1)]
    return float(np.sqrt(np.median(apart))) if apart.size else float("nan")


def gaussian_kernel(rows: FloatArray, bandwidth: float) -> KernelBlock:
    r"""Return the blocks of :math:`\exp(-|a - b|^2 / (2 s^2))`, s being the bandwidth.

    In double precision up to 4,000 rows, in single precision beyond.
    """
    precision: Any = np.float64 if len(rows) <= _MAX_DOUBLE_ROWS else np.float32
    # a centre that outliers do not move keeps the bulk of the rows accurate
    scaled = (rows - np.median(rows, axis=0)) / bandwidth
    near = np.clip(scaled, -_FAR, _FAR).astype(precision)
    half_norms = (near.astype(np.float64) ** 2).sum(axis=1, keepdims=True) / 2
    ones = np.ones_like(half_norms)
    # one product gives a.b - |a|^2 / 2 - |b|^2 / 2
    left = np.hstack([near, -half_norms, ones]).astype(precision)
    right = np.hstack([near, ones, -half_norms]).astype(precision)

    def block(some: slice, others: slice) -> Numbers:
        exponents: Numbers = left[some] @ right[others].T
        np.minimum(exponents, 0, out=exponents)  # rounding may leave it above
        np.exp(exponents, out=exponents)
        return exponents

    return block


def relabelled_mmd(kernel: KernelBlock, labels: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Compute the unbiased squared MMD of every labelling, and the witness of the first.

    With labels less a constant the sums over pairs cancel before they are rounded, so that
    blocks in single precision give the MMD to about 1e-8.

    Parameters
    ----------
    kernel : callable
        Blocks of the kernel matrix.
    labels : ndarray of bool, shape (n_labellings, n_rows)
        True for the reference; each labelling with the same number, at least 2 on both sides.

    Returns
    -------
    statistics : ndarray of float, shape (n_labellings,)
        Unbiased squared MMD.
    witness : ndarray of float, shape (n_rows,)
        Mean kernel of each row with the reference less that with the current rows, the row
        itself left out, under the first labelling. Its mean over the reference less its mean
        over the current rows is the unbiased squared MMD.
    """
    n_rows = labels.shape[1]
    n = int(labels[0].sum())
    m = n_rows - n
    precision = kernel(slice(0, 1), slice(0, 1)).dtype
    centre = round(n / n_rows * 1024) / 1024  # labels less this are exact in single precision
    # the last column of ones gives the sums over all rows
    signs = np.ones((n_rows, len(labels) + 1), dtype=precision)
    signs[:, :-1] = labels.T
    signs[:, :-1] -= centre
    quadratic, row_sums = _sums(kernel, signs)
    total, linear = row_sums[:, 1].sum(), row_sums[:, 1] @ signs[:, :-1]
    within_reference = quadratic + 2 * centre * linear + centre**2 * total
    within_current = quadratic - 2 * (1 - centre) * linear + (1 - centre) ** 2 * total
    across = (1 - 2 * centre) * linear - quadratic + centre * (1 - centre) * total
    statistics = (
        within_reference / (n * (n - 1)) + within_current / (m * (m - 1)) - 2 * across / (n * m)
    )
    with_reference = row_sums[:, 0] + centre * row_sums[:, 1]
    with_current = row_sums[:, 1] - with_reference
    first = labels[0]
    witness = with_reference / np.where(first, n - 1, n) - with_current / np.where(first, m, m - 1)
    return statistics, witness


def witness_effect(witness: FloatArray, labels: BoolArray) -> float:
    """Return how far the samples' mean witness values are apart, in sd within the samples.

    Never below 0. The rows' own kernel is not in their witness, so noise does not add to it.
    """
    inside, outside = witness[labels], witness[~labels]
    gap = float(inside.mean() - outside.mean())
    return in_spreads(gap, spread_within(inside, outside))


def _sums(kernel: KernelBlock, signs: Numbers) -> tuple[FloatArray, FloatArray]:
    """Return z'Kz for every column z but the last, and K times the first and last column.

    K is symmetric and its diagonal counts as 0, so only blocks on and above it are computed.
    """
    n_rows = len(signs)
    quadratic = np.zeros(signs.shape[1])
    ends = np.ascontiguousarray(signs[:, [0, -1]])
    row_sums = np.zeros((n_rows, 2))
    for start in range(0, n_rows, _STEP):
        rows = slice(start, start + _STEP)
        block = kernel(rows, rows)
        np.fill_diagonal(block, 0)
        products = (block @ signs[rows]).astype(np.float64)
        row_sums[rows] += products[:, [0, -1]]
        for begin in range(start + _STEP, n_rows, _STEP):
            columns = slice(begin, begin + _STEP)
            block = kernel(rows, columns)
            product = block @ signs[columns]
            row_sums[rows] += product[:, [0, -1]]
            row_sums[columns] += block.T @ ends[rows]
            products += product
            products += product
        quadratic += np.einsum("ij,ij->j", signs[rows], products)
    return quadratic[:-1], row_sums
