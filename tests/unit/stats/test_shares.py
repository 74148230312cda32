import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from trimtab.stats.shares import two_shares_test


@settings(max_examples=200, deadline=None)
@given(counts=st.tuples(*[st.integers(0, 60)] * 4))
def test_few_rows_have_fishers_p_value(counts):
    k1, rest1, k2, rest2 = counts
    if k1 + rest1 == 0 or k2 + rest2 == 0:
        return
    found = two_shares_test(k1, k1 + rest1, k2, k2 + rest2)
    expected = stats.fisher_exact([[k1, rest1], [k2, rest2]]).pvalue

    assert found.p_value == pytest.approx(expected, abs=1e-12)
    assert found.statistic == pytest.approx(k2 / (k2 + rest2) - k1 / (k1 + rest1))


@pytest.mark.parametrize(
    "table", [(3, 1_000_000, 20, 900_000), (2_000, 1_000_000, 0, 5), (40, 60, 999_000, 1_000_000)]
)
def test_rare_events_of_many_rows_have_fishers_p_value(table):
    k1, n1, k2, n2 = table
    expected = stats.fisher_exact([[k1, n1 - k1], [k2, n2 - k2]]).pvalue

    assert two_shares_test(*table).p_value == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_many_rows_have_the_p_value_of_chi_square_without_correction():
    expected = stats.chi2_contingency([[400, 9_600], [480, 9_520]], correction=False).pvalue

    assert two_shares_test(400, 10_000, 480, 10_000).p_value == pytest.approx(expected)


def test_the_law_takes_over_where_the_exact_test_says_nearly_the_same():
    exact, law = two_shares_test(99, 9_000, 130, 9_000), two_shares_test(101, 9_000, 132, 9_000)

    assert exact.p_value == pytest.approx(law.p_value, rel=0.15)


def test_the_ends_have_answers():
    assert two_shares_test(0, 10, 0, 20).p_value == 1.0
    assert two_shares_test(10, 10, 20, 20).p_value == 1.0
    assert two_shares_test(0, 500_000, 500_000, 500_000).p_value == 0.0
    assert np.isnan(two_shares_test(0, 0, 1, 2).p_value)


@pytest.mark.parametrize("counts", [(3, 2, 1, 1), (-1, 2, 1, 1), (1, 2, 5, 4)])
def test_more_than_all_is_refused(counts):
    with pytest.raises(ValueError, match="rows that count"):
        two_shares_test(*counts)
