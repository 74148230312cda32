import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import special, stats

from trimtab.stats.kolmogorov import kolmogorov_tail, smirnov_tail, two_sample_tail


def share_outside(gap, n, m):
    """Count all orderings in whole numbers."""
    inside = [[0] * (m + 1) for _ in range(n + 1)]
    for i in range(n + 1):
        for j in range(m + 1):
            if abs(i * m - j * n) < gap:
                before = (inside[i - 1][j] if i else 0) + (inside[i][j - 1] if j else 0)
                inside[i][j] = before if i or j else 1
    return 1 - Fraction(inside[n][m], math.comb(n + m, n))


@pytest.mark.parametrize(
    ("n", "m"), [(1, 1), (1, 7), (5, 5), (6, 4), (12, 12), (9, 14), (30, 29), (3, 60)]
)
def test_the_two_sample_law_counts_all_orderings(n, m):
    step = math.gcd(n, m)
    gaps = [gap for gap in range(step, n * m + 1, step) if gap**2 <= 15 * n * m * (n + m)]
    found = [two_sample_tail(gap, n, m) for gap in gaps]

    assert found == pytest.approx([float(share_outside(gap, n, m)) for gap in gaps], rel=1e-12)


def with_gap(n, m, gap):
    """Return two samples whose distribution functions are `gap` / (n m) apart at most."""
    ahead = gap // m
    low = np.arange(ahead, dtype=float)
    rest = np.arange(n - ahead, dtype=float) * m
    return np.r_[low - 1e9, rest], np.arange(m, dtype=float) * (n - ahead)


@pytest.mark.parametrize(
    ("n", "m"), [(10_000, 9_999), (10_000, 700), (4_000, 6_500), (60, 10_000)]
)
@pytest.mark.parametrize("n_d2", [0.5, 1.2, 3.0, 7.0, 14.0])
def test_the_two_sample_law_of_thousands_of_rows_is_scipys(n, m, n_d2):
    distance = math.sqrt(n_d2 * (n + m) / (n * m))
    a, b = with_gap(n, m, round(distance * n) * m)
    expected = stats.ks_2samp(a, b)
    gap = round(expected.statistic * n * m)

    assert two_sample_tail(gap, n, m) == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("n", [7, 140, 141, 300, 999, 1_000, 6_000, 29_000, 31_000])
@pytest.mark.parametrize("n_d2", [0.05, 0.3, 0.7, 1.5, 2.19, 2.21, 5.0, 14.0])
def test_the_one_sample_law_is_scipys(n, n_d2):
    distance = math.sqrt(n_d2 / n)

    assert kolmogorov_tail(distance, n) == pytest.approx(
        stats.kstwo.sf(distance, n), rel=1e-10, abs=1e-12
    )


@pytest.mark.parametrize("n", [1_000, 2_500, 40_000])
@pytest.mark.parametrize("n_d2", [2.2, 4.0, 14.9])
def test_the_one_sided_law_is_its_sum(n, n_d2):
    distance = math.sqrt(n_d2 / n)

    assert smirnov_tail(distance, n) == pytest.approx(special.smirnov(n, distance), rel=1e-12)


def test_the_laws_meet_where_one_takes_over_from_another():
    n = 500_000
    just_below, just_above = (kolmogorov_tail(math.sqrt(x / n), n) for x in (2.199999, 2.200001))

    assert just_below > just_above
    assert just_below == pytest.approx(just_above, rel=1e-4)


def test_the_far_tail_is_a_bound_and_never_quite_zero():
    exact = 2 / math.comb(200, 100)

    assert exact <= two_sample_tail(100 * 100, 100, 100) <= 1e-12
    assert two_sample_tail(500 * 500, 500, 500) > 0


def test_no_gap_is_no_evidence():
    assert two_sample_tail(0, 5, 9) == 1.0
