"""Confidence sequences against enumeration, and against the money counted row by row."""

import math
from itertools import pairwise, product

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import logsumexp

from trimtab.stats.betting import LN_PRIOR, NODES, SHARES, evidence, shared_out
from trimtab.stats.bounds import empirical_bernstein_interval, hoeffding_interval
from trimtab.stats.sequential import BettingState, confidence_sequence


def ln_money(values, mean):
    """What the bets against "at most `mean`" have made, one bet after the other."""
    purses = LN_PRIOR
    for x in values:
        purses = purses + np.log1p(SHARES / mean * (x - mean))
    return logsumexp(purses)


@pytest.fixture(scope="module")
def all_sequences():
    """Every sequence of 10 zeros and ones, with its limits at level 0.8."""
    return [
        (sum(bits), confidence_sequence(bits, delta=0.2)) for bits in product((0, 1), repeat=10)
    ]


@pytest.mark.parametrize("p", [0.001, 0.05, 0.3, 0.5, 0.9, 0.99])
def test_the_exact_chance_that_a_limit_ever_misses_is_below_delta(all_sequences, p):
    missed = [
        p**ones * (1 - p) ** (10 - ones)
        for ones, limits in all_sequences
        if (limits.lower > p).any() or (limits.upper < p).any()
    ]

    assert sum(missed) <= 0.2


@pytest.mark.parametrize("p", [0.1, 0.5, 0.93])
def test_bets_against_the_true_mean_make_nothing_on_average(p):
    mean = 0.0
    for ones in range(31):
        weights = np.zeros((1, NODES.size))
        weights[0, [0, -1]] = 30 - ones, ones
        chance = math.comb(30, ones) * p**ones * (1 - p) ** (30 - ones)
        mean += chance * math.exp(evidence(weights, NODES, p)[0])

    assert mean == pytest.approx(1, rel=1e-9)


def test_money_counted_on_nodes_is_that_of_the_rows():
    bits = np.random.default_rng(1).random(40) < 0.4
    weights = shared_out(bits.astype(float), np.zeros(40, dtype=np.int64), 1)

    assert evidence(weights, NODES, 0.3)[0] == pytest.approx(ln_money(bits, 0.3))


@pytest.mark.parametrize("delta", [0.2, 1e-3, 1e-14])
def test_the_lower_limit_is_where_the_money_reaches_one_over_delta(delta):
    bits = (np.random.default_rng(2).random(60) < 0.7).astype(float)
    roots = [
        brentq(lambda m, n=n: ln_money(bits[:n], m) + math.log(delta), 1e-30, 1, xtol=1e-13)
        for n in range(1, 61)
        if bits[:n].any()
    ]

    found = confidence_sequence(bits, delta=delta, sided="lower").lower

    assert found[-1] == pytest.approx(max(roots), rel=1e-6)
    assert found[-1] <= max(roots) + 1e-12


def test_values_between_nodes_err_on_the_wide_side_by_next_to_nothing():
    values = np.random.default_rng(3).beta(2, 5, size=400)
    true = brentq(lambda m: ln_money(values, m) - 5, 1e-6, 1, xtol=1e-12)

    found = confidence_sequence(values, ln_delta=-5, sided="lower", times=[400]).lower[0]

    assert true - 1e-4 < found <= true


def test_rows_one_at_a_time_and_all_at_once_give_the_same_limits():
    gains = np.random.default_rng(4).choice([-1, 0, 1], p=[0.1, 0.7, 0.2], size=150)
    state = BettingState.start(-1, 1, math.log(0.01))
    rows = []
    for gain in gains:
        state = state.updated([gain])
        rows.append((state.interval.low, state.interval.high, state.interval.estimate))

    found = confidence_sequence(gains, low=-1, delta=0.02)

    np.testing.assert_allclose(
        np.column_stack([found.lower, found.upper, found.estimate]), rows, atol=1e-6
    )
    assert state.rows == 150


def test_fewer_looks_are_never_narrower():
    values = np.random.default_rng(5).random(300)
    every = confidence_sequence(values, delta=0.05)
    some = confidence_sequence(values, delta=0.05, times=[10, 299, 300])

    assert (some.lower <= every.lower[[9, 298, 299]] + 1e-9).all()
    assert (some.upper >= every.upper[[9, 298, 299]] - 1e-9).all()
    assert some.estimate[-1] == pytest.approx(values.mean())


def test_mirrored_moved_and_stretched_values_take_their_limits_along():
    values = np.random.default_rng(6).random(200)
    plain = confidence_sequence(values, delta=0.05)
    moved = confidence_sequence(7 - 3 * values, low=4, high=7, delta=0.05)

    np.testing.assert_allclose(moved.lower, 7 - 3 * plain.upper, atol=1e-6)
    np.testing.assert_allclose(moved.upper, 7 - 3 * plain.lower, atol=1e-6)


def test_one_side_spends_all_and_the_other_limit_is_the_end_of_the_range():
    values = np.random.default_rng(7).random(100)
    both = confidence_sequence(values, delta=0.1)
    lower = confidence_sequence(values, delta=0.05, sided="lower")
    upper = confidence_sequence(values, delta=0.05, sided="upper")

    np.testing.assert_array_equal(both.lower, lower.lower)
    np.testing.assert_array_equal(both.upper, upper.upper)
    assert (lower.upper == 1).all()
    assert (upper.lower == 0).all()
    assert (both.level, lower.level) == (pytest.approx(0.9), pytest.approx(0.95))


def test_limits_never_widen_and_widen_with_the_promise():
    gains = np.random.default_rng(8).choice([-1, 0, 1], p=[0.03, 0.9, 0.07], size=3000)
    found = [
        confidence_sequence(gains, low=-1, ln_delta=ln_delta, times=np.arange(10, 3001, 10))
        for ln_delta in (-1, -10, -32, -700, -5000)
    ]

    for sequence in found:
        assert (np.diff(sequence.lower) >= 0).all()
        assert (np.diff(sequence.upper) <= 0).all()
        assert np.isfinite(sequence.lower).all()
    for sharp, wide in pairwise(found):
        assert (wide.lower <= sharp.lower).all()
        assert (wide.upper >= sharp.upper).all()


@pytest.mark.parametrize(("p", "hoeffding", "bernstein"), [(0.5, 1.4, 1.1), (0.01, 0.6, 0.9)])
def test_width_is_near_that_of_limits_for_one_look(p, hoeffding, bernstein):
    ratios = []
    for seed in range(20):
        bits = np.random.default_rng(seed).random(2000) < p
        state = BettingState.start(0, 1, math.log(0.025)).updated(bits)
        one = hoeffding_interval(bits, delta=0.05), empirical_bernstein_interval(bits, delta=0.05)
        ratios.append([state.interval.width / other.width for other in one])

    assert (np.mean(ratios, axis=0) <= (hoeffding, bernstein)).all()


@pytest.mark.parametrize("value", [0.0, 1.0, 0.3, 1e-19])
def test_a_value_that_never_changes_is_closed_in_on(value):
    found = confidence_sequence(np.full(3000, value), delta=0.05, times=[1, 10, 3000])

    assert (found.lower <= value).all()
    assert (found.upper >= value).all()
    assert found.upper[-1] - found.lower[-1] < 0.01


def test_the_record_can_be_written_as_json():
    fields = confidence_sequence([0.5, 0.5], delta=0.1).to_dict()

    assert fields["times"] == [1, 2]
    assert fields["estimate"] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"values": []}, "one value a row"),
        ({"values": [0.5, math.nan]}, "without NaN"),
        ({"values": [0.5, 1.5]}, r"values in \[0.0, 1.0\]"),
        ({"delta": None}, "one of `delta` and `ln_delta`"),
        ({"ln_delta": -3}, "one of `delta` and `ln_delta`"),
        ({"delta": 1.0}, "between 0 and 1"),
        ({"delta": None, "ln_delta": 0.0}, "below 0"),
        ({"sided": "left"}, "'two', 'lower' or 'upper'"),
        ({"low": 1.0}, "`low` < `high`"),
        ({"times": [2, 1]}, "rising `times` from 1 to 2"),
        ({"times": [3]}, "rising `times` from 1 to 2"),
    ],
)
def test_what_no_data_could_make_right_is_refused(changed, message):
    arguments = {"values": [0.5, 0.5], "delta": 0.05} | changed

    with pytest.raises(ValueError, match=message):
        confidence_sequence(arguments.pop("values"), **arguments)


def test_a_state_needs_a_range_and_a_promise():
    with pytest.raises(ValueError, match="`low` < `high`"):
        BettingState.start(1, 1, -3)
    with pytest.raises(ValueError, match="below 0"):
        BettingState.start(0, 1, 0)

    assert math.isnan(BettingState.start(0, 1, -3).interval.estimate)
