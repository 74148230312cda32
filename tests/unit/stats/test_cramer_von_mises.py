import numpy as np
import pytest
from scipy import stats

from trimtab.stats.cramer_von_mises import cvm_test


@pytest.mark.parametrize(("n", "m"), [(2, 2), (6, 9), (20, 15), (30, 20), (400, 250)])
def test_different_values_have_scipys_answer(n, m):
    rng = np.random.default_rng(n)
    reference, current = rng.normal(size=n), rng.normal(0.3, size=m)
    found = cvm_test(reference, current)
    expected = stats.cramervonmises_2samp(reference, current)

    assert found.statistic == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-12)


def test_the_statistic_of_repeated_values_is_its_sum():
    rng = np.random.default_rng(0)
    a, b = rng.poisson(3, 70), rng.poisson(4, 50)
    both = np.concatenate([a, b])
    gaps = [np.mean(a <= x) - np.mean(b <= x) for x in both]

    assert cvm_test(a, b).statistic == pytest.approx(
        70 * 50 / 120**2 * np.sum(np.square(gaps)), rel=1e-12
    )


def test_the_statistic_is_that_of_all_values_where_only_groups_of_them_are_dealt():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=2_000), rng.normal(0.1, size=1_500)
    exact = stats.cramervonmises_2samp(a, b)
    a[:2] = a[0]
    b[:1] = b[0]
    both = np.concatenate([a, b])
    gaps = [np.mean(a <= x) - np.mean(b <= x) for x in both]
    found = cvm_test(a, b)

    assert found.statistic == pytest.approx(
        2_000 * 1_500 / 3_500**2 * np.sum(np.square(gaps)), rel=1e-9
    )
    assert found.statistic == pytest.approx(exact.statistic, rel=0.02)
    assert found.p_value == pytest.approx(exact.pvalue, abs=0.03)


def test_a_single_tie_changes_the_answer_little():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=600), rng.normal(0.1, size=700)
    without = cvm_test(a, b)
    a[0] = b[0]
    with_tie = cvm_test(a, b, permutations=4_000)

    assert with_tie.statistic == pytest.approx(without.statistic, rel=0.05)
    assert with_tie.p_value == pytest.approx(without.p_value, abs=0.04)


def test_missing_values_are_left_out_and_a_single_value_is_not_enough():
    assert cvm_test([1, 2, np.nan, 4], [1, 2, 3]) == cvm_test([1, 2, 4], [1, 2, 3])
    assert np.isnan(cvm_test([1, np.nan], [1, 2, 3]).p_value)
