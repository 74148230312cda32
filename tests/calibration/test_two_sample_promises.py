"""Two-sample tests alarm as often as they say where nothing changed, and find what did.

"Kept" is the rate itself, within four standard errors of the simulation, for tests whose law
is exact or nearly so on values without ties. "Not above" is for those that say they are
conservative: few rows, ties, levels. Broken versions are shown to fail.
"""

import numpy as np
import pytest
from scipy import special, stats

from trimtab.stats.cramer_von_mises import cvm_test
from trimtab.stats.levels import chi_square_test, new_levels_test, vanished_levels_test
from trimtab.stats.permutation import DISTANCES, permutation_distance_test
from trimtab.stats.pooled import largest_gap
from trimtab.stats.shares import two_shares_test
from trimtab.stats.two_sample import TwoSampleResult, binned_ks_test, ks_test

pytestmark = pytest.mark.calibration

ALPHA = 0.05
SIZES = [(5, 5), (10, 20), (20, 7), (200, 50), (1000, 1000)]


def normal(rng, n):
    return rng.normal(size=n)


def heavy(rng, n):
    return rng.standard_cauchy(n)


def tied(rng, n):
    return rng.poisson(2, n).astype(float)


def with_gaps(rng, n):
    """Return values of which a third, on average, are missing."""
    return np.where(rng.random(n) < 1 / 3, np.nan, rng.exponential(size=n))


SHAPES = [normal, heavy, tied, with_gaps]


def room(rate, n_repeats):
    return 4 * np.sqrt(rate * (1 - rate) / n_repeats)


def p_values(test, shape, n, m, n_repeats, seed=0):
    rng = np.random.default_rng(seed)
    found = [test(shape(rng, n), shape(rng, m)).p_value for _ in range(n_repeats)]
    return np.array([p for p in found if not np.isnan(p)])


def is_kept(p, alpha=ALPHA):
    """Whether p-values alarm as often as alpha says, in both directions."""
    return abs(np.mean(p <= alpha) - alpha) <= room(alpha, p.size)


def is_not_above(p):
    """Whether p-values alarm no more often than said, at three levels."""
    return all(np.mean(p <= alpha) <= alpha + room(alpha, p.size) for alpha in (0.01, ALPHA, 0.2))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_ks_alarms_no_more_often_than_promised(shape, n, m):
    assert is_not_above(p_values(ks_test, shape, n, m, 800))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("n", "m"), [(5, 5), (5, 10), (200, 50), (600, 600)])
def test_cramer_von_mises_alarms_no_more_often_than_promised(shape, n, m):
    def quick(a, b):
        return cvm_test(a, b, permutations=99)

    assert is_not_above(p_values(quick, shape, n, m, 500))


def _scipys_cvm(a, b):
    found = stats.cramervonmises_2samp(a, b)
    return TwoSampleResult(found.statistic, found.pvalue, a.size, b.size)


def test_the_law_of_different_values_on_repeated_ones_is_caught():
    p = p_values(_scipys_cvm, tied, 200, 50, 200)

    assert not is_not_above(p)


@pytest.mark.parametrize("test", [ks_test, cvm_test])
@pytest.mark.parametrize("shape", [normal, heavy, with_gaps])
def test_tests_of_many_values_without_ties_keep_their_rate(test, shape):
    p = p_values(test, shape, 800, 800, 1500)

    assert is_kept(p)
    assert is_kept(p, 0.3)


def test_ks_of_columns_too_long_to_sort_keeps_its_rate():
    p = p_values(ks_test, normal, 21_000, 25_000, 300)

    assert is_kept(p)
    assert is_kept(p, 0.3)


def test_a_one_sided_law_for_a_two_sided_gap_is_caught():
    rng = np.random.default_rng(0)

    def broken(n, m):
        distance = largest_gap(rng.normal(size=n), rng.normal(size=m)) / (n * m)
        return np.exp(-2 * distance**2 * n * m / (n + m))

    assert not is_not_above(np.array([broken(500, 500) for _ in range(400)]))


@pytest.mark.parametrize("shape", [normal, heavy])
def test_ks_of_cells_alarms_no_more_often_than_promised(shape):
    edges = np.linspace(-4, 4, 60)

    def binned(a, b):
        return binned_ks_test(
            *(np.bincount(np.searchsorted(edges, x), minlength=61) for x in (a, b))
        )

    assert is_not_above(p_values(binned, shape, 300, 500, 1000))


def counts(rng, shares, n):
    return rng.multinomial(n, shares / shares.sum())


FEW = np.array([0.5, 0.3, 0.15, 0.05])
RARE = 1 / np.arange(1.0, 31)
ENDLESS = 1 / np.arange(1.0, 3001) ** 1.1
LEVELS = {"few": FEW, "rare": RARE, "endless": ENDLESS}


def level_p_values(test, shares, n, m, n_repeats, seed=1):
    rng = np.random.default_rng(seed)
    return np.array(
        [test(counts(rng, shares, n), counts(rng, shares, m)).p_value for _ in range(n_repeats)]
    )


@pytest.mark.parametrize(("n", "m"), [(10, 10), (40, 25), (300, 200), (3000, 900)])
@pytest.mark.parametrize("levels", LEVELS)
def test_chi_square_alarms_no_more_often_than_promised(levels, n, m):
    def quick(a, b):
        return chi_square_test(a, b, permutations=499)

    p = level_p_values(quick, LEVELS[levels], n, m, 600)

    assert is_not_above(p)


@pytest.mark.parametrize(
    ("levels", "n", "m"), [("few", 400, 700), ("rare", 60, 90), ("endless", 900, 700)]
)
def test_chi_square_keeps_its_rate_by_law_by_deals_and_by_moments(levels, n, m):
    def quick(a, b):
        return chi_square_test(a, b, permutations=499)

    assert is_kept(level_p_values(quick, LEVELS[levels], n, m, 1500))


def test_chi_square_with_a_degree_of_freedom_less_is_caught():
    rng = np.random.default_rng(2)

    def broken(a, b):
        return special.chdtrc(FEW.size - 2, chi_square_test(a, b).statistic)

    pairs = [(counts(rng, FEW, 500), counts(rng, FEW, 500)) for _ in range(600)]

    assert not is_not_above(np.array([broken(a, b) for a, b in pairs]))


def test_the_chi_square_law_on_sparse_tables_is_caught():
    rng = np.random.default_rng(3)
    pairs = [(counts(rng, ENDLESS, 900), counts(rng, ENDLESS, 60)) for _ in range(400)]
    found = [(chi_square_test(a, b), np.count_nonzero(a + b) - 1) for a, b in pairs]

    assert is_not_above(np.array([result.p_value for result, _ in found]))
    assert not is_kept(np.array([special.chdtrc(df, result.statistic) for result, df in found]))


@pytest.mark.parametrize("test", [new_levels_test, vanished_levels_test])
@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize(("n", "m"), [(5, 20), (50, 50), (2000, 100), (300, 3000)])
def test_levels_come_and_go_without_alarm(test, levels, n, m):
    assert is_not_above(level_p_values(test, LEVELS[levels], n, m, 600))


def test_an_alarm_at_every_new_level_is_caught():
    rng = np.random.default_rng(4)
    pairs = [(counts(rng, ENDLESS, 2000), counts(rng, ENDLESS, 500)) for _ in range(200)]
    some_new = [float(((a == 0) & (b > 0)).any()) for a, b in pairs]

    assert not is_not_above(1 - np.array(some_new))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.97])
@pytest.mark.parametrize(("n", "m"), [(5, 10), (20, 20), (400, 100), (20_000, 9_000)])
def test_shares_alarm_no_more_often_than_promised(share, n, m):
    rng = np.random.default_rng(5)
    pairs = zip(rng.binomial(n, share, 1500), rng.binomial(m, share, 1500), strict=True)

    assert is_not_above(np.array([two_shares_test(a, n, b, m).p_value for a, b in pairs]))


def test_shares_of_many_rows_keep_their_rate():
    rng = np.random.default_rng(6)
    pairs = rng.binomial(20_000, 0.1, size=(3000, 2))

    assert is_kept(np.array([two_shares_test(a, 20_000, b, 20_000).p_value for a, b in pairs]))


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize(("n", "m"), [(10, 15), (200, 120)])
def test_any_distance_dealt_anew_alarms_no_more_often_than_promised(distance, n, m):
    # with 19 deals the least p-value is 0.05, and no alarm at 0.01 is a promise too
    n_deals = 19 if n == 10 else 99

    def dealt(a, b):
        return permutation_distance_test(distance, a, b, permutations=n_deals)

    p = level_p_values(dealt, np.ones(8), n, m, 1200)

    assert is_not_above(p)
    if n == 200 and distance != "l_infinity":
        assert is_kept(p, 0.2)


def test_deals_without_the_real_one_among_them_are_caught():
    def broken(a, b):
        found = permutation_distance_test("hellinger", a, b, permutations=19)
        return (found.p_value * 20 - 1) / 19

    rng = np.random.default_rng(7)
    pairs = [(counts(rng, np.ones(8), 200), counts(rng, np.ones(8), 200)) for _ in range(1500)]

    # the least p-value is then 0, one time in 20
    assert not is_not_above(np.array([broken(a, b) for a, b in pairs]))


def alarm_rate(test, draw, n, shift, n_repeats=60):
    rng = np.random.default_rng(8)
    pairs = [(draw(rng, n, 0.0), draw(rng, n, shift)) for _ in range(n_repeats)]
    return np.mean([test(a, b).p_value <= ALPHA for a, b in pairs])


def values(rng, n, shift):
    return rng.normal(shift, size=n)


def tilted(rng, n, shift):
    return counts(rng, np.exp(shift * np.arange(6)), n)


def with_another(rng, n, shift):
    return counts(rng, np.r_[FEW, shift / 4], n)


def events(rng, n, shift):
    return int(rng.binomial(n, 0.1 + shift / 3)), n


def by_rows(a, b):
    return two_shares_test(*a, *b)


def dealt(distance):
    return lambda a, b: permutation_distance_test(distance, a, b, permutations=199)


POWER = [
    (ks_test, values),
    (cvm_test, values),
    (binned_ks_test, tilted),
    (chi_square_test, tilted),
    (new_levels_test, with_another),
    (lambda a, b: vanished_levels_test(b, a), with_another),
    (by_rows, events),
    *((dealt(name), tilted) for name in DISTANCES),
]


@pytest.mark.parametrize(("test", "draw"), POWER)
def test_power_rises_with_rows_and_with_the_shift(test, draw):
    by_rows = [alarm_rate(test, draw, n, 0.2) for n in (20, 100, 1500)]
    by_shift = [alarm_rate(test, draw, 150, shift) for shift in (0.0, 0.2, 0.8)]

    assert by_rows[0] <= by_rows[1] + 0.05 <= by_rows[2] + 0.1
    assert by_shift[0] <= by_shift[1] + 0.05 <= by_shift[2] + 0.1
    assert by_rows[2] > 0.95
    assert by_shift[2] > 0.95
    assert by_shift[0] <= 0.2
