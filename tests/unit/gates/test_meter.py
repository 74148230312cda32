import itertools
import json
import math

import numpy as np
import pytest

from trimtab.core.errors import NotEnoughDataError
from trimtab.gates.meter import meter, meter_samples
from trimtab.stats.bounds import hoeffding_samples

CUTS = (0.02, 0.05, 0.1)


def read(gap, *, rows=100_000, cuts=CUTS, delta=0.05, steps=4, **more):
    return meter(0.1, 0.1 + gap, rows=rows, ranges=cuts, delta=delta, steps=steps, **more)


@pytest.mark.parametrize(
    ("gap", "signal"), [(0, 0), (0.019, 0), (0.03, 1), (0.07, 2), (0.11, 3), (0.9, 3), (-0.07, 2)]
)
def test_the_signal_is_the_range_of_the_absolute_gap(gap, signal):
    assert read(gap).signal == signal


def test_losses_of_rows_and_their_means_read_the_same():
    rng = np.random.default_rng(0)
    development, test = rng.uniform(0, 0.2, 300), rng.uniform(0, 0.4, 5_000)

    by_rows = meter(development, test, ranges=CUTS, delta=0.05, steps=4)
    by_mean = meter(development.mean(), test.mean(), rows=5_000, ranges=CUTS, delta=0.05, steps=4)

    assert by_rows == by_mean


def test_two_test_sets_in_one_range_read_the_same_to_the_last_digit():
    """The reading is all that a developer gets, so it must not carry the estimate."""
    assert read(0.055) == read(0.095)
    assert read(0.055).to_dict() == read(0.095).to_dict()


def test_the_gap_is_the_range_widened_by_epsilon():
    reading = read(0.07, rows=50_000, epsilon=0.01)

    assert reading.gap == pytest.approx((0.04, 0.11))
    assert read(0.0, epsilon=0.01).gap == pytest.approx((0.0, 0.03))
    assert read(0.5, epsilon=0.01).gap == pytest.approx((0.09, 1.0))


@pytest.mark.parametrize("steps", [1, 2, 7, 32])
@pytest.mark.parametrize("delta", [0.05, 1e-4])
def test_two_ranges_are_a_gate_with_full_adaptivity(steps, delta):
    of_gate = hoeffding_samples(0.03, delta=delta / 2**steps, sided="two")

    assert meter_samples(2, 0.03, delta, steps) == of_gate


@pytest.mark.parametrize(("ranges", "steps"), [(2, 5), (3, 4), (5, 3)])
def test_the_union_covers_every_history_that_a_developer_can_have(ranges, steps):
    """Count the models of a developer who makes another one for every history of signals."""
    told = [
        history
        for step in range(steps)
        for history in itertools.product(range(ranges), repeat=step)
    ]
    assert len(set(told)) == len(told) <= ranges**steps

    rows = meter_samples(ranges, 0.1, 0.05, steps)
    missed_each = 2 * math.exp(-2 * rows * 0.1**2)  # Hoeffding, both directions
    assert len(told) * missed_each <= 0.05
    assert ranges**steps * 2 * math.exp(-2 * (rows - 1) * 0.1**2) > 0.05  # not one row too many


def test_without_an_epsilon_the_reading_says_which_one_the_rows_allow():
    reading = read(0.0, rows=4_279, cuts=(0.1, 0.2, 0.3, 0.4), delta=0.01, steps=10)

    assert reading.epsilon == pytest.approx(0.05, rel=1e-3)
    assert reading.samples_needed == reading.samples == 4_279
    assert meter_samples(5, reading.epsilon * (1 + 1e-12), 0.01, 10) == 4_279


def test_too_few_rows_are_said_with_how_many_are_missing_whatever_their_losses():
    told = []
    for loss in (0.0, 1.0):
        with pytest.raises(NotEnoughDataError) as caught:
            meter(0.1, np.full(100, loss), ranges=CUTS, delta=0.05, steps=4, epsilon=0.02)
        told.append(str(caught.value))

    assert told[0] == told[1]
    assert "got 100" in told[0]
    assert caught.value.exit_code == 3
    with pytest.raises(NotEnoughDataError):
        meter(0.1, [], ranges=CUTS, delta=0.05, steps=4)


def test_the_hinted_epsilon_is_enough():
    with pytest.raises(NotEnoughDataError) as caught:
        read(0.0, rows=1_000, epsilon=0.01)
    hinted = float(caught.value.hint.split(" epsilon of ")[1].split()[0])

    assert read(0.0, rows=1_000, epsilon=hinted).samples_needed <= 1_000


def test_a_reading_is_json_and_a_sentence():
    reading = read(0.07, epsilon=0.01)
    plain = json.loads(json.dumps(reading.to_dict()))

    assert plain["signal"] == 2
    assert plain["ranges"] == [[0, 0.02], [0.02, 0.05], [0.05, 0.1], [0.1, 1]]
    assert plain["sentence"].startswith("range 3 of 4: the gap")


@pytest.mark.parametrize("cuts", [(), (0.0, 0.1), (0.1, 0.1), (0.2, 0.1), (0.5, 1.0), (math.nan,)])
def test_ranges_that_do_not_rise_between_0_and_1_are_refused(cuts):
    with pytest.raises(ValueError, match="ranges"):
        read(0.0, cuts=cuts)


@pytest.mark.parametrize(
    ("development", "test", "more", "word"),
    [
        (1.1, 0.1, {"rows": 10}, "development_loss"),
        (0.1, math.nan, {"rows": 10}, "test_loss"),
        (0.1, [0.1, -0.1], {}, "test_loss"),
        (0.1, 0.1, {}, "rows"),
        (0.1, [0.1, 0.2], {"rows": 3}, "rows"),
        (0.1, [[0.1]], {}, "shape"),
        (0.1, 0.1, {"rows": 10, "delta": 0}, "delta"),
        (0.1, 0.1, {"rows": 10, "steps": 0}, "steps"),
        (0.1, 0.1, {"rows": 10, "epsilon": 0}, "epsilon"),
    ],
)
def test_wrong_arguments_are_named(development, test, more, word):
    with pytest.raises(ValueError, match=word):
        meter(development, test, **{"ranges": CUTS, "delta": 0.05, "steps": 4} | more)
