import numpy as np
import pytest
from scipy import stats

from trimtab.stats.levels import _moments, chi_square_test, new_levels_test, vanished_levels_test
from trimtab.stats.permutation import permutation_distance_test


@pytest.mark.parametrize("seed", range(8))
def test_chi_square_is_scipys_where_its_law_holds(seed):
    rng = np.random.default_rng(seed)
    table = rng.integers(20, 90, size=(2, rng.integers(2, 30)))
    expected = stats.chi2_contingency(table, correction=False)
    found = chi_square_test(*table)

    assert found.statistic == pytest.approx(expected.statistic, abs=1e-12, rel=1e-12)
    assert found.p_value == pytest.approx(expected.pvalue, abs=1e-12)


@pytest.mark.parametrize(
    "table", [([1, 0], [0, 1]), ([1, 0, 0], [40, 3, 9]), ([3, 1, 2], [900, 50, 4])]
)
def test_the_statistic_of_few_rows_is_scipys_too(table):
    expected = stats.chi2_contingency(table, correction=False).statistic

    assert chi_square_test(*table).statistic == pytest.approx(expected, rel=1e-12)


def test_a_million_rows_with_a_level_on_one_side_only_are_scipys():
    table = np.array([[700_000, 299_980, 20], [500_100, 499_900, 0]])
    expected = stats.chi2_contingency(table, correction=False)

    assert chi_square_test(*table).p_value == pytest.approx(expected.pvalue, abs=1e-12)


def test_small_tables_have_the_exact_p_value_of_their_statistic():
    reference, current = np.array([5, 1, 0]), np.array([1, 2, 3])
    as_far, all_deals = 0.0, 0.0
    observed = stats.chi2_contingency([reference, current], correction=False).statistic
    law = stats.multivariate_hypergeom(reference + current, reference.sum())
    for i in range(7):
        for j in range(4):
            deal = np.array([i, j, 6 - i - j])
            if (deal < 0).any() or (deal > reference + current).any():
                continue
            table = [deal, reference + current - deal]
            chance = law.pmf(deal)
            all_deals += chance
            statistic = stats.chi2_contingency(table, correction=False).statistic
            as_far += chance * (statistic >= observed - 1e-9)
    found = chi_square_test(reference, current, permutations=40_000)

    assert all_deals == pytest.approx(1)
    assert found.statistic == pytest.approx(observed)
    assert found.p_value == pytest.approx(as_far, abs=4 * np.sqrt(as_far / 40_000))


def test_the_moments_of_sparse_tables_are_those_of_deals():
    rng = np.random.default_rng(0)
    pooled, n = rng.geometric(0.4, size=80), 70
    dealt = rng.multivariate_hypergeometric(pooled, n, size=60_000)
    m = pooled.sum() - n
    expected = pooled * n / pooled.sum()
    statistic = ((dealt - expected) ** 2 / expected * (1 + n / m)).sum(axis=1)
    mean, variance = _moments(pooled, n)

    assert mean == pytest.approx(statistic.mean(), rel=0.005)
    assert variance == pytest.approx(statistic.var(), rel=0.03)


def test_many_sparse_levels_have_about_the_p_value_of_deals():
    rng = np.random.default_rng(1)
    shares = 1 / np.arange(1, 301)
    for tilt in (0.0, 0.25, 0.4):
        other = shares * np.exp(tilt * rng.normal(size=300))
        a = rng.multinomial(400, shares / shares.sum())
        b = rng.multinomial(300, other / other.sum())
        found = chi_square_test(a, b)
        dealt = permutation_distance_test(
            lambda x, y: ((x / 400 - y / 300) ** 2 / np.maximum(x + y, 1)).sum(axis=-1),
            a,
            b,
            permutations=20_000,
        )

        assert found.p_value == pytest.approx(dealt.p_value, abs=0.012)


def test_levels_without_rows_and_single_levels_say_nothing():
    assert chi_square_test([30, 0, 40], [50, 0, 20]) == chi_square_test([30, 40], [50, 20])
    assert chi_square_test([30, 0], [50, 0]).p_value == 1.0
    assert np.isnan(chi_square_test([0, 0], [50, 0]).p_value)
    # every row its own level: all deals are alike
    assert chi_square_test(np.repeat([1, 0], 60), np.repeat([0, 1], 60)).p_value > 0.4


def test_the_same_table_has_the_same_p_value_again():
    table = [4, 1, 0, 2], [1, 0, 3, 1]

    assert chi_square_test(*table) == chi_square_test(*table)


def test_a_new_level_with_many_rows_is_found_and_one_with_a_single_row_is_not():
    assert new_levels_test([900, 100, 0], [850, 100, 50]).p_value < 1e-12
    assert new_levels_test([900, 100, 0], [850, 100, 1]).p_value > 0.5
    assert new_levels_test([900, 100], [850, 100]).p_value == 1.0


def test_one_new_level_has_the_chance_that_all_its_rows_fell_on_one_side():
    found = new_levels_test([60, 0], [36, 4])
    # the chance that 4 of 100 rows are among 40, twice for two questions
    expected = 2 * stats.hypergeom(100, 40, 4).pmf(4)

    assert found.statistic == 1
    assert found.p_value == pytest.approx(expected, rel=0.05)


def test_many_new_levels_at_once_are_found_though_each_is_rare():
    reference = np.r_[np.full(50, 100), np.zeros(60, int)]
    current = np.r_[np.full(50, 20), np.ones(60, int)]

    assert new_levels_test(reference, current).p_value < 1e-6


def test_vanished_levels_are_new_levels_the_other_way():
    a, b = [900, 100, 50], [850, 100, 0]

    assert vanished_levels_test(a, b).p_value == new_levels_test(b, a).p_value
    assert vanished_levels_test(a, b).statistic == 1
    assert vanished_levels_test(a, b).n_reference == 1050


@pytest.mark.parametrize("test", [new_levels_test, vanished_levels_test])
def test_sides_without_rows_have_no_new_levels(test):
    assert np.isnan(test([0, 0], [1, 2]).p_value)
