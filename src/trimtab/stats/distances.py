"""How far two histograms over the same bins are from each other: effect sizes, not tests.

All take counts along the last axis and broadcast over the others, so that many columns or
blocks go in one call; single histograms give a single float. Whether a distance is more than
chance is the business of `blocks` and `two_sample`. Every one grows with noise: two samples
of one distribution are some distance apart, the more so the fewer the rows per bin.
"""

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, as_counts


def psi(reference: ArrayLike, current: ArrayLike, *, smoothing: float = 0.5) -> FloatArray:
    r"""Compute the population stability index of two histograms.

    :math:`\sum_k (q_k - p_k) \ln(q_k / p_k)`, on shares of counts to which `smoothing` has been
    added in every bin of both sides. Without it one empty bin makes the index infinite; with
    it, what an empty bin contributes still grows with the logarithm of the number of rows, so
    compare indices of similar sizes only. Symmetric, not bounded. The usual limits (0.1 small,
    0.25 large) are custom, not theory: without any drift its mean is about
    (bins - 1)(1/n + 1/m).

    Parameters
    ----------
    reference, current : array_like of int or float, shape (..., n_bins)
        Counts over the same bins.
    smoothing : float, default=0.5
        Added to every count (0.5 is the Jeffreys prior of a share); 0 for none.

    Returns
    -------
    float or ndarray of shape (...)
        In nats, 0 or more; NaN if a side is empty and there is no smoothing.

    Raises
    ------
    ValueError
        If bins differ, a count is negative, or `smoothing` is negative.

    References
    ----------
    .. [1] B. Yurdakul and J. Naranjo, "Statistical properties of the population stability
       index", Journal of Risk Model Validation 14 (2020).

    Examples
    --------
    >>> round(float(psi([50, 30, 20], [30, 30, 40])), 2)
    0.23
    """
    if not smoothing >= 0:
        raise ValueError(f"expected `smoothing` of 0 or more, got {smoothing}")
    p, q = _shares(reference, current, smoothing)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = (q - p) * np.log(q / p)
    # a bin that is empty on both sides says nothing
    return _summed(np.where((p == 0) & (q == 0), 0.0, terms))


def total_variation(reference: ArrayLike, current: ArrayLike) -> FloatArray:
    r"""Compute the share of rows that would have to move bins to make the histograms equal.

    :math:`\frac12 \sum_k |p_k - q_k|`, in [0, 1]. The easiest distance to explain. It ignores how
    far rows moved, and with many sparse bins chance alone makes it large.

    Parameters
    ----------
    reference, current : array_like of int or float, shape (..., n_bins)
        Counts over the same bins.

    Returns
    -------
    float or ndarray of shape (...)
        In [0, 1]; NaN if a side is empty.

    Raises
    ------
    ValueError
        If bins differ or a count is negative.

    References
    ----------
    .. [1] D. A. Levin, Y. Peres and E. L. Wilmer, "Markov chains and mixing times", American
       Mathematical Society (2009), chapter 4.

    Examples
    --------
    >>> round(float(total_variation([50, 30, 20], [30, 30, 40])), 2)
    0.2
    """
    p, q = _shares(reference, current)
    return _summed(np.abs(p - q)) / 2


def jensen_shannon_distance(reference: ArrayLike, current: ArrayLike) -> FloatArray:
    r"""Compute the square root of the Jensen-Shannon divergence, in base 2.

    With :math:`m = (p + q) / 2`, the root of
    :math:`\frac12 KL(p \| m) + \frac12 KL(q \| m)`: a metric in [0, 1], finite with empty bins.
    Its square is the divergence that TensorFlow Data Validation compares with thresholds.
    Small changes look large, because of the root: 0.1 is less than it seems.

    Parameters
    ----------
    reference, current : array_like of int or float, shape (..., n_bins)
        Counts over the same bins.

    Returns
    -------
    float or ndarray of shape (...)
        In [0, 1]; NaN if a side is empty.

    Raises
    ------
    ValueError
        If bins differ or a count is negative.

    References
    ----------
    .. [1] D. M. Endres and J. E. Schindelin, "A new metric for probability distributions",
       IEEE Transactions on Information Theory 49 (2003).

    Examples
    --------
    >>> round(float(jensen_shannon_distance([50, 30, 20], [30, 30, 40])), 2)
    0.21
    """
    p, q = _shares(reference, current)
    middle = (p + q) / 2
    divergence = _summed(_entropy_terms(p, middle) + _entropy_terms(q, middle)) / 2
    # rounding can leave equal histograms a hair below zero
    return np.sqrt(np.maximum(divergence, 0.0))


def hellinger(reference: ArrayLike, current: ArrayLike) -> FloatArray:
    r"""Compute the Hellinger distance of two histograms.

    :math:`\sqrt{\frac12 \sum_k (\sqrt{p_k} - \sqrt{q_k})^2}`, in [0, 1], finite with empty bins.
    The root makes it sensitive to bins that are rare on one side and absent on the other,
    which is wanted for new categories and a nuisance with many sparse bins.

    Parameters
    ----------
    reference, current : array_like of int or float, shape (..., n_bins)
        Counts over the same bins.

    Returns
    -------
    float or ndarray of shape (...)
        In [0, 1]; NaN if a side is empty.

    Raises
    ------
    ValueError
        If bins differ or a count is negative.

    References
    ----------
    .. [1] L. Le Cam, "Asymptotic methods in statistical decision theory", Springer (1986).

    Examples
    --------
    >>> round(float(hellinger([50, 30, 20], [30, 30, 40])), 2)
    0.17
    """
    p, q = _shares(reference, current)
    return np.sqrt(_summed((np.sqrt(p) - np.sqrt(q)) ** 2) / 2)


def l_infinity(reference: ArrayLike, current: ArrayLike) -> FloatArray:
    r"""Compute the largest change of share over all bins.

    :math:`\max_k |p_k - q_k|`, in [0, 1]: what TensorFlow Data Validation uses for categories.
    Steady with many sparse bins, blind to many small changes that add up.

    Parameters
    ----------
    reference, current : array_like of int or float, shape (..., n_bins)
        Counts over the same bins.

    Returns
    -------
    float or ndarray of shape (...)
        In [0, 1]; NaN if a side is empty.

    Raises
    ------
    ValueError
        If bins differ or a count is negative.

    References
    ----------
    .. [1] E. Breck et al., "Data validation for machine learning", Proceedings of SysML
       (2019).

    Examples
    --------
    >>> round(float(l_infinity([50, 30, 20], [30, 30, 40])), 2)
    0.2
    """
    p, q = _shares(reference, current)
    largest: FloatArray = np.abs(p - q).max(axis=-1)
    return largest


def _shares(
    reference: ArrayLike, current: ArrayLike, smoothing: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    p, q = as_counts(reference, "reference"), as_counts(current, "current")
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(f"expected {p.shape[-1]} bins of `current`, got {q.shape[-1]}")
    return _normalised(p + smoothing), _normalised(q + smoothing)


def _normalised(counts: FloatArray) -> FloatArray:
    total = counts.sum(axis=-1, keepdims=True)
    undefined = np.full_like(counts, np.nan)
    shares: FloatArray = np.divide(counts, total, out=undefined, where=total > 0)
    return shares


def _entropy_terms(p: FloatArray, q: FloatArray) -> FloatArray:
    """Return p log2(p / q), which is 0 where p is 0 and NaN where it is NaN."""
    no_information = np.ones(np.broadcast_shapes(p.shape, q.shape))
    terms: FloatArray = p * np.log2(np.divide(p, q, out=no_information, where=p > 0))
    return terms


def _summed(terms: FloatArray) -> FloatArray:
    total: FloatArray = terms.sum(axis=-1)
    return total
