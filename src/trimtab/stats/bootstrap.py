"""Limits by resampling blocks, for any metric that can be computed from row weights.

Means have sharper tools in `bounds`. A resample draws whole blocks with replacement and is
expressed as weights, so that no rows are copied and a metric is prepared only once.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, as_values, block_codes, block_sums
from trimtab.stats.interval import Interval
from trimtab.stats.ranking import auc_by_block_weights
from trimtab.stats.resampling import Method, Resampling, resampled_limits

# a metric of rows as a function of their weights, shape (n_samples,)
RowMetric = Callable[[FloatArray], float]


def block_bootstrap(
    metric: RowMetric,
    blocks: ArrayLike | None = None,
    *,
    n_rows: int | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    method: Method = "t",
    value_range: tuple[float, float] = (-math.inf, math.inf),
) -> Interval:
    r"""Bound a metric of rows by drawing blocks with replacement.

    Two ways to read limits from the resampled metrics, both corrected for few blocks:

    - 't': estimate :math:`\pm t_{q-1} \sqrt{q / (q - 1)}` standard deviations of the resampled
      metric, for :math:`q` blocks. The better keeper of its promise with 5 to 30 blocks, and
      steady from 200 resamples on.
    - 'percentile': quantiles of the resampled metric, moved outwards by the same two factors
      (the expanded percentile interval [2]_). It follows a lopsided metric and never leaves
      its range, but with fewer than about 10 blocks it cannot reach far enough out; it needs
      1,000 resamples or more.

    Assumes that blocks are independent and alike, and that the metric changes smoothly with
    the weights: a poor choice for a maximum, and for metrics that hang on a handful of rows.
    Limits are approximate; they miss more often than promised when few blocks are strongly
    skewed. Data on which the metric cannot vary (no errors at all, a perfect ranking) give
    limits of no width: the bootstrap knows nothing of what it has not seen.

    Parameters
    ----------
    metric : callable
        Takes row weights of shape (n_samples,), gives a float; NaN where undefined. It must
        use the weights as counts: weight 2 means that the row is there twice.
    blocks : array_like, shape (n_samples,), optional
        The block of each row. If left out, every row is a block and `n_rows` is needed.
    n_rows : int, optional
        Number of rows, where `blocks` is left out.
    n_resamples : int, default=1000
        Resamples to draw, at least 100.
    level : float, default=0.95
        Promised chance that the limits hold the truth, in (0, 1).
    seed : int, default=0
        Seed of the resampling.
    method : {'t', 'percentile'}, default='t'
        How limits are read, see above.
    value_range : tuple of float, default=(-inf, inf)
        Range of the metric; limits are cut to it.

    Returns
    -------
    Interval
        Limits for the metric; the whole `value_range` with fewer than 5 blocks, or if the
        metric is undefined on the data or on more than a tenth of the resamples.

    Raises
    ------
    ValueError
        If neither or both of `blocks` and `n_rows` are given, or a setting is out of range.

    See Also
    --------
    bootstrap_mean, bootstrap_auc : The same, faster, for two common metrics.

    References
    ----------
    .. [1] A. C. Davison and D. V. Hinkley, "Bootstrap methods and their application",
       Cambridge University Press (1997), section 3.8.
    .. [2] T. C. Hesterberg, "What teachers should know about the bootstrap", The American
       Statistician 69 (2015), section 5.3.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> day, amount = np.repeat(np.arange(30), 50), rng.exponential(size=1500)
    >>> def root_mean_square(weights):
    ...     return float(np.sqrt(np.average(amount**2, weights=weights)))
    >>> limits = block_bootstrap(root_mean_square, day, n_resamples=300)
    >>> limits.contains(np.sqrt(2))
    True
    """
    if (blocks is None) == (n_rows is None):
        raise ValueError("expected either `blocks` or `n_rows`, got both or neither")
    n_samples = int(n_rows) if n_rows is not None else np.asarray(blocks).size
    codes, n_blocks = block_codes(blocks, n_samples)

    def evaluate(weights: FloatArray) -> FloatArray:
        return np.array([metric(row[codes]) for row in weights], dtype=np.float64)

    how = Resampling(n_resamples, level, seed, method)
    return resampled_limits(evaluate, n_blocks, how, value_range)


def block_bootstrap_difference(
    new: RowMetric,
    old: RowMetric,
    blocks: ArrayLike | None = None,
    *,
    n_rows: int | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    method: Method = "t",
) -> Interval:
    """Bound the difference new - old of two metrics on the same rows, paired by resample.

    Both metrics see the same resamples, so what a hard day does to both models cancels, and
    the limits are narrower than those of the two metrics apart. Assumptions and weak spots
    are those of `block_bootstrap`.

    Parameters
    ----------
    new, old : callable
        Metrics of the two models: row weights of shape (n_samples,) in, float out.
    blocks : array_like, shape (n_samples,), optional
        The block of each row. If left out, every row is a block and `n_rows` is needed.
    n_rows : int, optional
        Number of rows, where `blocks` is left out.
    n_resamples : int, default=1000
        Resamples to draw, at least 100.
    level : float, default=0.95
        Promised chance that the limits hold the truth, in (0, 1).
    seed : int, default=0
        Seed of the resampling.
    method : {'t', 'percentile'}, default='t'
        How limits are read, see `block_bootstrap`.

    Returns
    -------
    Interval
        Limits for the difference, in the unit of the metrics.

    Raises
    ------
    ValueError
        If neither or both of `blocks` and `n_rows` are given, or a setting is out of range.

    References
    ----------
    .. [1] A. C. Davison and D. V. Hinkley, "Bootstrap methods and their application",
       Cambridge University Press (1997).

    Examples
    --------
    >>> import numpy as np
    >>> old_loss = np.linspace(0, 1, 200)
    >>> gain = block_bootstrap_difference(
    ...     lambda w: np.average(old_loss - 0.1, weights=w),
    ...     lambda w: np.average(old_loss, weights=w),
    ...     n_rows=200,
    ... )
    >>> round(gain.low, 6), round(gain.high, 6)
    (-0.1, -0.1)
    """
    return block_bootstrap(
        lambda weights: new(weights) - old(weights),
        blocks,
        n_rows=n_rows,
        n_resamples=n_resamples,
        level=level,
        seed=seed,
        method=method,
    )


def bootstrap_mean(
    values: ArrayLike,
    blocks: ArrayLike | None = None,
    *,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    method: Method = "t",
) -> Interval:
    """Bound the mean over rows by resampling block sums.

    For the paired difference of two models, pass the differences of their rows. With blocks,
    `trimtab.stats.bounds.block_interval` is the better choice unless a bootstrap is wanted for
    comparison with other metrics; assumptions are those of `block_bootstrap`.

    Parameters
    ----------
    values : array_like of float, shape (n_samples,)
        One value a row.
    blocks : array_like, shape (n_samples,), optional
        The block of each row; every row its own block if left out.
    n_resamples : int, default=1000
        Resamples to draw, at least 100.
    level : float, default=0.95
        Promised chance that the limits hold the truth, in (0, 1).
    seed : int, default=0
        Seed of the resampling.
    method : {'t', 'percentile'}, default='t'
        How limits are read, see `block_bootstrap`.

    Returns
    -------
    Interval
        Limits for the mean.

    Raises
    ------
    ValueError
        If shapes differ, a value is NaN, or a setting is out of range.

    References
    ----------
    .. [1] A. C. Davison and D. V. Hinkley, "Bootstrap methods and their application",
       Cambridge University Press (1997).

    Examples
    --------
    >>> mean = bootstrap_mean([0, 0, 1, 1] * 100, n_resamples=500)
    >>> round(mean.low, 2), round(mean.high, 2)
    (0.45, 0.55)
    """
    array = as_values(values, "values")
    codes, n_blocks = block_codes(blocks, array.size)
    sums = block_sums(codes, array, n_blocks)
    sizes = np.bincount(codes, minlength=n_blocks).astype(np.float64)

    def evaluate(weights: FloatArray) -> FloatArray:
        means: FloatArray = (weights @ sums) / (weights @ sizes)
        return means

    return resampled_limits(evaluate, n_blocks, Resampling(n_resamples, level, seed, method))


def bootstrap_auc(
    labels: ArrayLike,
    scores: ArrayLike,
    blocks: ArrayLike | None = None,
    *,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    method: Method = "t",
) -> Interval:
    """Bound the area under the ROC curve by resampling blocks, from one sort.

    Assumptions are those of `block_bootstrap`. With a handful of positives, or an AUC within
    a few standard errors of 1, limits are rough: prefer 'percentile' and many blocks there.

    Parameters
    ----------
    labels : array_like of bool or 0/1, shape (n_samples,)
        True class of each row.
    scores : array_like of float, shape (n_samples,)
        Any numbers that rise with the chance of a positive.
    blocks : array_like, shape (n_samples,), optional
        The block of each row; every row its own block if left out.
    n_resamples : int, default=1000
        Resamples to draw, at least 100.
    level : float, default=0.95
        Promised chance that the limits hold the truth, in (0, 1).
    seed : int, default=0
        Seed of the resampling.
    method : {'t', 'percentile'}, default='t'
        How limits are read, see `block_bootstrap`.

    Returns
    -------
    Interval
        Limits for the AUC, within [0, 1].

    Raises
    ------
    ValueError
        If shapes differ, labels are not 0/1, a score is NaN, or a setting is out of range.

    References
    ----------
    .. [1] A. C. Davison and D. V. Hinkley, "Bootstrap methods and their application",
       Cambridge University Press (1997).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> late, day = rng.random(2000) < 0.3, np.repeat(np.arange(20), 100)
    >>> area = bootstrap_auc(late, late + rng.normal(size=2000), day)
    >>> area.low < 0.76 < area.high
    True
    """
    evaluate = auc_by_block_weights(labels, scores, blocks)
    n_blocks = block_codes(blocks, np.asarray(labels).size)[1]
    how = Resampling(n_resamples, level, seed, method)
    return resampled_limits(evaluate, n_blocks, how, (0.0, 1.0))


def bootstrap_auc_difference(
    labels: ArrayLike,
    new_scores: ArrayLike,
    old_scores: ArrayLike,
    blocks: ArrayLike | None = None,
    *,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    method: Method = "t",
) -> Interval:
    """Bound the gain in AUC of new scores over old ones on the same rows.

    Both models see the same resamples, so what a hard day does to both cancels. Assumptions
    are those of `block_bootstrap`.

    Parameters
    ----------
    labels : array_like of bool or 0/1, shape (n_samples,)
        True class of each row.
    new_scores, old_scores : array_like of float, shape (n_samples,)
        Scores of the two models, same rows, same order; their units may differ.
    blocks : array_like, shape (n_samples,), optional
        The block of each row; every row its own block if left out.
    n_resamples : int, default=1000
        Resamples to draw, at least 100.
    level : float, default=0.95
        Promised chance that the limits hold the truth, in (0, 1).
    seed : int, default=0
        Seed of the resampling.
    method : {'t', 'percentile'}, default='t'
        How limits are read, see `block_bootstrap`.

    Returns
    -------
    Interval
        Limits for AUC(new) - AUC(old), within [-1, 1].

    Raises
    ------
    ValueError
        If shapes differ, labels are not 0/1, a score is NaN, or a setting is out of range.

    References
    ----------
    .. [1] A. C. Davison and D. V. Hinkley, "Bootstrap methods and their application",
       Cambridge University Press (1997).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> late, day = rng.random(2000) < 0.3, np.repeat(np.arange(20), 100)
    >>> old = late + rng.normal(size=2000)
    >>> gain = bootstrap_auc_difference(late, old + late, old, day)
    >>> gain.low > 0
    True
    """
    new = auc_by_block_weights(labels, new_scores, blocks)
    old = auc_by_block_weights(labels, old_scores, blocks)
    n_blocks = block_codes(blocks, np.asarray(labels).size)[1]

    def evaluate(weights: FloatArray) -> FloatArray:
        return new(weights) - old(weights)

    how = Resampling(n_resamples, level, seed, method)
    return resampled_limits(evaluate, n_blocks, how, (-1.0, 1.0))
