"""Quantiles and tails of the known laws that intervals and tests are read from.

The door of this room to `scipy.special`, which takes longer to import than the rest of the
package: each function imports it when first called.
"""

import math
from statistics import NormalDist

_STANDARD_NORMAL = NormalDist()
# 2 Phi(-sqrt(3)): up to this two-sided level, unequal block variances only make a t test safer
SAFE_T_LEVEL = 0.0832


def normal_quantile(probability: float) -> float:
    """Return the standard normal quantile of `probability` in (0, 1)."""
    return _STANDARD_NORMAL.inv_cdf(probability)


def normal_cdf(x: float) -> float:
    """Return the probability that a standard normal is below `x`."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def student_quantile(probability: float, df: int) -> float:
    """Return the quantile of Student's t with `df` degrees of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def student_tail(t: float, df: int) -> float:
    """Return the probability that Student's t with `df` degrees of freedom exceeds `t`."""
    from scipy.special import stdtr

    return float(stdtr(df, -t))


def safe_student_critical(delta: float, df: int) -> float:
    r"""Return a two-sided critical value that unequal variances cannot make too small.

    For independent normal block sums with a common mean of zero and *any* variances,
    :math:`P(|T| > t_{1 - \delta / 2}) \le \delta` holds for
    :math:`\delta \le 2 \Phi(-\sqrt 3) = 0.0833` [1]_. Past that level equal variances are no
    longer the worst case, so a larger `delta` gets the critical value of that level: the
    promise is kept, with a somewhat wider interval than the textbook's.

    Parameters
    ----------
    delta : float
        Chance of a miss on both sides together, in (0, 1).
    df : int
        Degrees of freedom: blocks less one.

    Returns
    -------
    float
        Critical value for the absolute t statistic.

    References
    ----------
    .. [1] N. K. Bakirov and G. J. Szekely, "Student's t-test for Gaussian scale mixtures",
       Journal of Mathematical Sciences 139 (2006).

    Examples
    --------
    >>> round(safe_student_critical(0.05, 9), 3)
    2.262
    """
    return student_quantile(1 - min(delta, SAFE_T_LEVEL) / 2, df)
