import math
import time

import numpy as np
import pytest
from scipy.special import betainc
from scipy.stats import binom

from trimtab.stats.bounds import hoeffding_samples
from trimtab.stats.test_set_bounds import bennett_exponent, binomial_samples


def worst_tail(n, epsilon):
    """The supremum over p by every breakpoint k / n - epsilon, from scipy."""
    k = np.arange(math.floor(n * epsilon) + 1, n + 1)
    return betainc(k, n - k + 1, np.maximum(k / n - epsilon, 0)).max()


@pytest.mark.parametrize(
    ("epsilon", "delta", "steps", "rows"),
    [
        (0.1, 1e-2, 32, 302),
        (0.1, 1e-3, 32, 410),
        (0.1, 1e-4, 32, 520),
        (0.05, 1e-2, 32, 1190),
        (0.05, 1e-3, 32, 1622),
        (0.05, 1e-4, 32, 2060),
        (0.1, 1e-2, 1, 145),
    ],
)
def test_the_published_sizes_are_met_to_the_row(epsilon, delta, steps, rows):
    assert binomial_samples(epsilon, ln_delta=math.log(delta / steps)) == rows
    assert rows < hoeffding_samples(epsilon, delta=delta / steps, sided="lower")


@pytest.mark.parametrize("epsilon", [0.06, 0.1, 0.137, 0.25, 1 / 3, 0.5, 0.72, 0.9])
def test_it_is_the_fewest_rows_that_hold_with_all_larger_numbers(epsilon):
    rng = np.random.default_rng(int(1000 * epsilon))
    top = math.ceil(12 / (2 * epsilon**2))  # by Hoeffding, e**-12 holds from here on
    tails = np.array([worst_tail(n, epsilon) for n in range(1, top + 1)])

    for ln_delta in [math.log(0.05), math.log(0.5), *-rng.uniform(0.05, 12, 12)]:
        fails = np.flatnonzero(tails > math.exp(ln_delta))

        assert binomial_samples(epsilon, ln_delta=ln_delta) == (fails[-1] + 2 if fails.size else 1)


@pytest.mark.parametrize("epsilon", [0.1, 0.2, 0.3])
def test_no_p_on_a_fine_grid_breaks_the_promise_at_or_above_the_size(epsilon):
    delta = 0.02
    rows = binomial_samples(epsilon, ln_delta=math.log(delta))
    p = np.linspace(0, 1, 20_001)

    for n in range(rows, rows + 60):
        least = np.ceil(np.round(n * (p + epsilon), 9))  # counts at which phat - p >= epsilon
        assert binom.sf(least - 1, n, p).max() <= delta + 1e-12

    least = np.ceil(np.round((rows - 1) * (p + epsilon), 9))
    assert binom.sf(least - 1, rows - 1, p).max() > delta - 1e-3


@pytest.mark.parametrize("epsilon", [0.02, 0.05, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("times", [1, 2, 8])
def test_tails_fall_with_the_rows_and_have_one_peak_as_the_notes_say(epsilon, times):
    n = times * (math.ceil(0.55 / epsilon**2) + 1)
    a = np.linspace(epsilon + 1e-9, 1, 4_001)
    now, next_up = (betainc(m * a, m * (1 - a) + 1, a - epsilon) for m in (n, n + 1))
    rises = np.sign(np.diff(now)[np.abs(np.diff(now)) > 1e-9 * now[1:]])

    assert (next_up <= now * (1 + 1e-9)).all()
    assert (np.diff(rises) != 0).sum() <= 1


@pytest.mark.parametrize("epsilon", [0.02, 0.1])
def test_below_that_tails_grow_no_faster_than_the_notes_say(epsilon):
    for n in np.unique(np.geomspace(2, 0.55 / epsilon**2, 30).astype(int)):
        a = np.linspace(epsilon + 1e-6, 1, 501)
        now, later = (np.log(betainc(m * a, m * (1 - a) + 1, a - epsilon)) for m in (n, n * 1.001))
        growth = (1 + 1 / (12 * n * a)) / n - 2 * epsilon**2
        seen = later > -600  # smaller tails are no floats

        assert (later - now <= 0.001 * n * np.maximum(growth, 0) + 1e-9)[seen].all()


@pytest.mark.parametrize(("epsilon", "delta"), [(0.02, 0.45), (0.03, 0.3), (0.03, 0.2)])
def test_a_large_delta_is_exact_down_to_the_least_number(epsilon, delta):
    rows = binomial_samples(epsilon, ln_delta=math.log(delta))

    assert worst_tail(rows - 1, epsilon) > delta
    assert all(worst_tail(n, epsilon) <= delta for n in range(rows, rows + 300))
    assert all(worst_tail(n, epsilon) <= delta for n in range(rows, 20 * rows, rows // 7))


@pytest.mark.parametrize(("epsilon", "delta"), [(0.001, 0.1), (0.002, 0.5), (0.0005, 0.2)])
def test_a_large_delta_is_quick(epsilon, delta):
    started = time.perf_counter()
    binomial_samples(epsilon, ln_delta=math.log(delta))

    assert time.perf_counter() - started < 2


def test_at_a_fixed_share_the_tail_jumps_up_with_the_rows():
    """Why the size has to hold for every p and every larger number of rows."""
    n = np.arange(100, 200)
    tail = binom.sf(np.ceil(np.round(n * 0.6, 9)) - 1, n, 0.5)

    assert (np.diff(tail) > 0).any()


def test_the_dearest_plan_of_the_table_is_exact_and_quick():
    ln_delta = math.log(1e-4) - 32 * math.log(2)

    started = time.perf_counter()
    rows = binomial_samples(0.01, ln_delta=ln_delta)
    seconds = time.perf_counter() - started

    assert worst_tail(rows, 0.01) <= math.exp(ln_delta) < worst_tail(rows - 1, 0.01)
    assert all(worst_tail(n, 0.01) <= math.exp(ln_delta) for n in (rows + 1, rows + 2, rows + 7))
    assert seconds < 2


def test_a_delta_too_small_for_a_float_is_planned_for():
    steps = 2_000  # delta / 2**2000 is 0 as a float
    rows = binomial_samples(0.1, ln_delta=math.log(1e-4) - steps * math.log(2))
    k = np.arange(math.floor(0.1 * rows) + 1, rows + 1)

    # the largest point probability alone and the Chernoff bound hold the tail between them
    points, chernoff = log_point(rows, k, 0.1), log_chernoff(rows, k, 0.1)
    ln_delta = math.log(1e-4) - steps * math.log(2)
    assert points.max() <= ln_delta
    assert log_chernoff(rows - 1, k[:-1], 0.1).max() > ln_delta
    assert chernoff.max() < ln_delta + 10


def log_point(n, k, epsilon):
    p = k / n - epsilon
    with np.errstate(divide="ignore"):
        return binom.logpmf(k, n, np.clip(p, 1e-300, 1))


def log_chernoff(n, k, epsilon):
    a = k / n
    p = np.maximum(a - epsilon, 1e-300)
    with np.errstate(divide="ignore", invalid="ignore"):
        other = np.where(a < 1, (1 - a) * np.log((1 - a) / (1 - p)), 0.0)
    return -n * (a * np.log(a / p) + other)


@pytest.mark.parametrize(
    ("rows", "ln_tests", "delta", "epsilon", "variance"),
    [
        (29_047, math.log(32), 1e-4 / 4, 0.01, 0.1),
        (67_705, 32 * math.log(2), 1e-4 / 4, 0.01, 0.1),
        (4_713, math.log(7), 0.002 / 2, 0.02, 0.1),
        (5_204, 7 * math.log(2), 0.002 / 2, 0.022, 0.1),
    ],
)
def test_bennett_gives_the_sizes_of_the_paper(rows, ln_tests, delta, epsilon, variance):
    needed = (ln_tests - math.log(delta)) / bennett_exponent(epsilon, variance)

    assert abs(needed - rows) < 1  # the paper prints some rounded down, some up


@pytest.mark.parametrize("p", [0.02, 0.1, 0.4])
def test_bennett_bounds_the_exact_tail_of_a_difference_of_two_models(p):
    """Gain 0: half of the disagreeing rows win, half lose; the tail is summed exactly."""
    n, epsilon = 400, 0.05
    tail = 0.0
    for differ in range(n + 1):
        least = math.ceil(round((n * epsilon + differ) / 2, 9))  # wins - losses >= n * epsilon
        tail += binom.pmf(differ, n, p) * binom.sf(least - 1, differ, 0.5)

    assert tail <= math.exp(-n * bennett_exponent(epsilon, p))


def test_bennett_keeps_its_digits_where_epsilon_is_tiny():
    assert bennett_exponent(1e-7, 0.5) == pytest.approx(1e-14, rel=1e-6)  # epsilon**2 / (2 p)
    both = [bennett_exponent(u * 0.5, 0.5) for u in (0.99999e-4, 1.00001e-4)]
    assert both[1] / both[0] == pytest.approx((1.00001 / 0.99999) ** 2, rel=1e-7)


@pytest.mark.parametrize("wrong", [0, 1, -0.1, math.nan])
def test_an_epsilon_that_is_no_distance_of_shares_is_refused(wrong):
    with pytest.raises(ValueError, match="epsilon"):
        binomial_samples(wrong, ln_delta=-1)


@pytest.mark.parametrize("wrong", [0, 0.5, -math.inf, math.nan])
def test_a_delta_that_is_no_chance_is_refused(wrong):
    with pytest.raises(ValueError, match="ln_delta"):
        binomial_samples(0.1, ln_delta=wrong)


@pytest.mark.parametrize(
    ("epsilon", "variance"), [(0, 0.1), (0.1, 0), (0.1, 1.1), (0.1, math.nan)]
)
def test_bennett_refuses_a_variance_that_is_none(epsilon, variance):
    with pytest.raises(ValueError, match="expected"):
        bennett_exponent(epsilon, variance)
