import numpy as np
import pytest
from scipy import stats

from trimtab.stats.laws import (
    SAFE_T_LEVEL,
    normal_cdf,
    normal_quantile,
    safe_student_critical,
    student_quantile,
    student_tail,
)


def test_normal_law_agrees_with_scipy():
    probabilities = np.array([1e-6, 0.025, 0.5, 0.9])
    quantiles = np.array([normal_quantile(p) for p in probabilities])

    assert quantiles == pytest.approx(stats.norm.ppf(probabilities), abs=1e-9)
    assert [normal_cdf(x) for x in quantiles] == pytest.approx(probabilities, rel=1e-9)


def test_student_law_agrees_with_scipy():
    assert student_quantile(0.975, 4) == pytest.approx(stats.t.ppf(0.975, 4))
    assert student_tail(3.0, 7) == pytest.approx(stats.t.sf(3.0, 7))


def rejection_rate_when_only_some_blocks_vary(n_varying, n_blocks, critical):
    """Chance that |t| over q blocks exceeds `critical` if k of them vary alike and the rest are 0.

    With x the t statistic over the k blocks, the one over all q has the square
    (q - 1) k^2 / (q k (k - 1) / x^2 + q k - k^2), which grows with x^2.
    """
    k, q = n_varying, n_blocks
    room = (q - 1) * k**2 / critical**2 - q * k + k**2
    if room <= 0:
        return 0.0
    return 2 * stats.t.sf(np.sqrt(q * k * (k - 1) / room), k - 1)


@pytest.mark.parametrize("n_blocks", [5, 7, 15, 30, 60])
@pytest.mark.parametrize("delta", [0.01, 0.05, SAFE_T_LEVEL, 0.2, 0.4])
def test_unequal_variances_never_make_the_critical_value_too_small(n_blocks, delta):
    critical = safe_student_critical(delta, n_blocks - 1)
    rates = [
        rejection_rate_when_only_some_blocks_vary(k, n_blocks, critical)
        for k in range(2, n_blocks + 1)
    ]

    assert max(rates) <= delta + 1e-9


def test_the_textbook_critical_value_is_too_small_past_that_level():
    critical = student_quantile(1 - 0.4 / 2, 29)
    rates = [rejection_rate_when_only_some_blocks_vary(k, 30, critical) for k in range(2, 31)]

    assert max(rates) > 0.4
