"""The sequential gate: rules, mirrors, counting of labels; rates are in the calibration tests."""

import math
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import binom

from trimtab.gates.sequential import Group, decide_sequentially, sequential_cap
from trimtab.stats.sequential import confidence_sequence
from trimtab.stats.test_set_bounds import binomial_samples

PAPER = {
    "sense": ">",
    "threshold": Decimal("0.02"),
    "tolerance": Decimal("0.01"),
    "mode": "fp_free",
    "ln_delta": math.log(1e-4 / 32),
    "fixed": 27_616,
}


def gains(gain, size=30_400, disagreement=0.1, seed=0):
    draw = np.random.default_rng(seed).random(size)
    better = (disagreement + gain) / 2
    return (draw < better) * 1.0 - (draw > 1 - (disagreement - better))


def group(values, *, low=-1.0, high=1.0):
    return Group(values, values != 0, low, high)


def decide(*groups, **changed):
    return decide_sequentially(tuple(groups), **(PAPER | changed))


@pytest.mark.parametrize(
    ("gain", "value"), [(0.06, True), (0.04, True), (0.02, False), (0, False)]
)
def test_a_clear_case_is_decided_long_before_the_fixed_size(gain, value):
    found = decide(group(gains(gain)))

    assert found.value is value
    assert found.rows_used < PAPER["fixed"] / 2
    assert found.interval[0] <= found.estimate <= found.interval[1]


def test_it_stops_at_the_first_look_at_which_a_limit_is_past_its_mark():
    values = gains(0.04)
    found = decide(group(values))
    ln_end = PAPER["ln_delta"] * (sequential_cap(PAPER["fixed"]) / PAPER["fixed"] - 1) / 4
    limits = confidence_sequence(
        values[: found.rows_used], low=-1, sided="lower",
        ln_delta=PAPER["ln_delta"] + math.log1p(-math.exp(ln_end)),
    )  # fmt: skip
    first = int((limits.lower > 0.02).argmax()) + 1

    # what a limit passes between two looks it may have come back from at the next
    assert first <= found.rows_used <= math.ceil(first * 1.02)


def test_labels_are_counted_where_they_were_needed_and_others_need_not_be_there():
    values = gains(0.04)
    full = decide(group(values))
    sparse = np.full(values.size, math.nan)
    sparse[: full.rows_used] = values[: full.rows_used]
    needed = values != 0
    sparse[~needed] = 0.0

    found = decide(Group(sparse, needed, -1.0, 1.0))

    assert (found.value, found.rows_used) == (full.value, full.rows_used)
    assert found.interval == pytest.approx(full.interval)
    assert found.labels_used == np.count_nonzero(values[: full.rows_used])


def test_without_enough_labels_nothing_is_decided_and_the_rows_before_the_gap_are_told():
    values, needed = gains(0.03), gains(0.03) != 0
    gap = int(np.flatnonzero(needed)[100])
    values[gap] = math.nan

    found = decide(Group(values, needed, -1.0, 1.0))

    assert (found.value, found.rows_used, found.labels_used) == (None, gap, 100)


def test_no_row_at_all_decides_nothing():
    found = decide(Group(np.array([math.nan]), np.array([True]), -1.0, 1.0))

    assert (found.value, found.rows_used, found.interval) == (None, 0, (-1.0, 1.0))
    assert math.isnan(found.estimate)


@pytest.mark.parametrize(("shift", "value"), [(1, True), (0, False)])
def test_at_the_cap_the_fixed_rule_decides(shift, value):
    cap = sequential_cap(PAPER["fixed"])
    wins, losses = 5_000 + math.floor(0.03 * cap) + shift, 5_000
    values = np.repeat([1.0, -1.0, 0.0], [wins, losses, cap - wins - losses])

    found = decide(group(np.random.default_rng(0).permutation(values)))

    assert (found.value, found.rows_used) == (value, cap)
    assert found.estimate == pytest.approx((wins - losses) / cap)


@pytest.mark.parametrize("gain", [0.06, 0.03, 0.0])
def test_the_other_direction_and_the_other_mode_mirror_it(gain):
    values = gains(gain)
    found = decide(group(values))
    less = decide(group(-values), sense="<", threshold=Decimal("-0.02"))
    other = decide(group(-values), mode="fn_free", threshold=Decimal("-0.02"))
    both = decide(group(values), mode="fn_free", sense="<")

    assert less.value is found.value
    assert other.value is not found.value
    assert both.value is not found.value
    assert less.rows_used == other.rows_used == both.rows_used == found.rows_used
    assert less.interval == pytest.approx((-found.interval[1], -found.interval[0]))
    assert less.estimate == pytest.approx(-found.estimate)


def test_limits_of_groups_are_added_and_each_has_its_share_of_delta():
    rng = np.random.default_rng(3)
    new, old = (rng.random(3000) < 0.9) * 1.0, (rng.random(3000) < 0.6) * 1.0
    found = decide(
        group(new, low=0.0), group(-old, low=-1.0, high=0.0), tolerance=Decimal("0.05"), fixed=3000
    )

    assert found.value is True
    assert found.interval[0] > 0.02
    assert found.estimate == pytest.approx(
        new[: found.rows_used].mean() - old[: found.rows_used].mean()
    )
    assert found.labels_used == np.count_nonzero(new[: found.rows_used]) + np.count_nonzero(
        old[: found.rows_used]
    )


def test_a_model_near_the_end_of_the_range_is_not_failed_for_a_single_error():
    values = np.ones(2000)
    values[3] = 0.0
    clause = {"threshold": Decimal("0.98"), "tolerance": Decimal("0.015"), "fixed": 1500}

    assert decide(group(values, low=0.0), **clause).value is True


@pytest.mark.parametrize("ln_delta", [math.log(0.05), -31.4, -700.0])
def test_any_delta_works(ln_delta):
    found = decide(group(gains(0.3, disagreement=0.4)), ln_delta=ln_delta)

    assert found.value is True
    assert math.isfinite(found.interval[0])


def test_the_cap_is_at_most_a_tenth_more():
    caps = [(fixed, sequential_cap(fixed)) for fixed in (1, 9, 10, 11, 302, 27_616, 641_684)]

    assert all(fixed <= cap <= 1.1 * fixed for fixed, cap in caps)
    assert dict(caps)[10] == 11


def test_of_a_handful_of_rows_the_fixed_test_is_all_there_is():
    values = np.array([1.0, 1.0, 1.0, 0.0, 1.0])

    found = decide(group(values, low=0.0), threshold=Decimal("0.5"), fixed=5)

    assert (found.value, found.rows_used, found.interval) == (True, 5, (0.0, 1.0))


@pytest.mark.parametrize("epsilon", [0.2, 0.1, 0.05, 0.02])
@pytest.mark.parametrize("ln_delta", [*np.log([0.24, 0.2, 0.1, 0.05, 1e-4 / 32]), -31.4])
def test_what_is_kept_for_the_end_covers_the_exact_binomial_test_at_the_cap(epsilon, ln_delta):
    fixed = binomial_samples(epsilon, ln_delta=ln_delta)
    cap = sequential_cap(fixed)
    kept = ln_delta * (1 + (cap / fixed - 1) / 4)
    hits = np.arange(1, cap + 1)
    shares = hits / cap - epsilon
    worst = binom.logsf(hits[shares > 0] - 1, cap, shares[shares > 0]).max()

    assert worst <= kept


def test_with_a_large_delta_labelling_does_not_stop_early():
    found = decide(group(gains(0.5)), ln_delta=math.log(0.3), fixed=1_000)

    assert found.rows_used == sequential_cap(1_000)


def test_the_record_can_be_written_as_json():
    assert decide(group(gains(0.06))).to_dict()["value"] is True


@pytest.mark.parametrize(
    "changed", [{"tolerance": Decimal(0)}, {"ln_delta": 0.0}, {"fixed": 0}, {"fixed": -3}]
)
def test_what_makes_no_gate_is_refused(changed):
    with pytest.raises(ValueError, match="expected"):
        decide(group(gains(0.06)), **changed)


def test_groups_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="expected groups"):
        decide()
    with pytest.raises(ValueError, match="one `needs_label` a row"):
        Group(np.zeros(3), np.zeros(2, dtype=bool), 0.0, 1.0)
    with pytest.raises(ValueError, match="needs no label, got NaN"):
        Group(np.array([math.nan]), np.array([False]), 0.0, 1.0)
    with pytest.raises(ValueError, match=r"expected values in \[0.0, 1.0\]"):
        decide(group(gains(0.06), low=0.0))
