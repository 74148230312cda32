"""P-values corrected for having asked many questions at once.

Each returns adjusted p-values: compare them with the level you would use for one question.
NaN (a question that could not be asked) stays NaN and is not counted. For many columns of
the same blocks, `blocks.block_shifts` has a sharper correction built in.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray

Correction = Literal["bh", "by", "holm", "bonferroni", "none"]


def correct(p_values: ArrayLike, method: Correction = "bh") -> FloatArray:
    """Adjust p-values by the method of a name.

    Parameters
    ----------
    p_values : array_like of float, shape (n_tests,)
        One p-value a question, in [0, 1] or NaN.
    method : {"bh", "by", "holm", "bonferroni", "none"}
        `benjamini_hochberg`, `benjamini_yekutieli`, `holm`, `bonferroni`, or no adjustment.

    Returns
    -------
    ndarray of float, shape (n_tests,)
        Adjusted p-values, in the given order.

    Raises
    ------
    ValueError
        If the method is unknown, the array is not one-dimensional or a p-value is outside
        [0, 1].

    Examples
    --------
    >>> correct([0.01, 0.04], "bonferroni").tolist()
    [0.02, 0.08]
    """
    methods: dict[str, Callable[[ArrayLike], FloatArray]] = {
        "bh": benjamini_hochberg,
        "by": benjamini_yekutieli,
        "holm": holm,
        "bonferroni": bonferroni,
        "none": lambda values: _prepared(values)[0],
    }
    if method not in methods:
        raise ValueError(f"expected a correction of {', '.join(methods)}, got {method!r}")
    return methods[method](p_values)


def benjamini_hochberg(p_values: ArrayLike) -> FloatArray:
    """Adjust p-values so that the share of false alarms among all alarms is controlled.

    Rejecting where the adjusted value is at most q keeps the *expected* share of wrong
    rejections at q or below, if tests are independent or positively dependent. The right
    choice for a list that a person will go through; a poor one when a single false alarm is
    costly (use `holm`), and without meaning for one value taken out of its list.

    Parameters
    ----------
    p_values : array_like of float, shape (n_tests,)
        One p-value a question, in [0, 1] or NaN.

    Returns
    -------
    ndarray of float, shape (n_tests,)
        Adjusted p-values, in the given order, at least as large as the given ones.

    Raises
    ------
    ValueError
        If the array is not one-dimensional or a p-value is outside [0, 1].

    References
    ----------
    .. [1] Y. Benjamini and Y. Hochberg, "Controlling the false discovery rate: a practical and
       powerful approach to multiple testing", Journal of the Royal Statistical Society B 57
       (1995).

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.02, 0.5]).round(3).tolist()
    [0.04, 0.053, 0.04, 0.5]
    """
    return _stepped_up(p_values, any_dependence=False)


def benjamini_yekutieli(p_values: ArrayLike) -> FloatArray:
    """Adjust p-values as `benjamini_hochberg` does, whatever the dependence between tests.

    All are larger by the factor 1 + 1/2 + ... + 1/n_tests, 4.5 for 50 tests. A poor choice
    where tests depend as columns of one table mostly do, positively: it then misses more than
    it need.

    Parameters
    ----------
    p_values : array_like of float, shape (n_tests,)
        One p-value a question, in [0, 1] or NaN.

    Returns
    -------
    ndarray of float, shape (n_tests,)
        Adjusted p-values, in the given order.

    Raises
    ------
    ValueError
        If the array is not one-dimensional or a p-value is outside [0, 1].

    References
    ----------
    .. [1] Y. Benjamini and D. Yekutieli, "The control of the false discovery rate in multiple
       testing under dependency", Annals of Statistics 29 (2001).

    Examples
    --------
    >>> benjamini_yekutieli([0.01, 0.04, 0.02, 0.5]).round(3).tolist()
    [0.083, 0.111, 0.083, 1.0]
    """
    return _stepped_up(p_values, any_dependence=True)


def holm(p_values: ArrayLike) -> FloatArray:
    """Adjust p-values so that the chance of even one false alarm is controlled.

    Rejecting where the adjusted value is at most alpha makes any wrong rejection at all no
    likelier than alpha, whatever the dependence between tests. Never worse than
    `bonferroni`. With hundreds of tests it misses most moderate effects.

    Parameters
    ----------
    p_values : array_like of float, shape (n_tests,)
        One p-value a question, in [0, 1] or NaN.

    Returns
    -------
    ndarray of float, shape (n_tests,)
        Adjusted p-values, in the given order.

    Raises
    ------
    ValueError
        If the array is not one-dimensional or a p-value is outside [0, 1].

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
       Journal of Statistics 6 (1979).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.02, 0.5]).round(3).tolist()
    [0.04, 0.08, 0.06, 0.5]
    """
    adjusted, asked, rising = _prepared(p_values)
    n_tests = asked.size
    scaled = adjusted[rising] * np.arange(n_tests, 0, -1)
    adjusted[rising] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def bonferroni(p_values: ArrayLike) -> FloatArray:
    """Multiply p-values by their number, cut at 1.

    Controls the chance of even one false alarm whatever the dependence, like `holm`, which
    is never worse. Its one advantage: each test has a level fixed beforehand, which planning
    a sample size needs.

    Parameters
    ----------
    p_values : array_like of float, shape (n_tests,)
        One p-value a question, in [0, 1] or NaN.

    Returns
    -------
    ndarray of float, shape (n_tests,)
        Adjusted p-values, in the given order.

    Raises
    ------
    ValueError
        If the array is not one-dimensional or a p-value is outside [0, 1].

    References
    ----------
    .. [1] O. J. Dunn, "Multiple comparisons among means", Journal of the American Statistical
       Association 56 (1961).

    Examples
    --------
    >>> bonferroni([0.01, 0.04, 0.02, 0.5]).round(3).tolist()
    [0.04, 0.16, 0.08, 1.0]
    """
    adjusted, asked, _ = _prepared(p_values)
    return np.minimum(adjusted * asked.size, 1.0)


def _stepped_up(p_values: ArrayLike, *, any_dependence: bool) -> FloatArray:
    adjusted, asked, rising = _prepared(p_values)
    ranks = np.arange(1, asked.size + 1)
    scaled = adjusted[rising] * asked.size / ranks
    if any_dependence:
        scaled *= (1 / ranks).sum()
    # from the largest down, no value may exceed the one above it
    adjusted[rising] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted


def _prepared(p_values: ArrayLike) -> tuple[FloatArray, IntArray, IntArray]:
    """Return a copy of the p-values, where they are not NaN, and those places rising in p."""
    values = np.array(p_values, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"expected one p-value a test, got shape {values.shape}")
    asked = np.flatnonzero(~np.isnan(values))
    if not ((values[asked] >= 0) & (values[asked] <= 1)).all():
        raise ValueError("expected `p_values` in [0, 1]")
    return values, asked, asked[np.argsort(values[asked], kind="stable")]
