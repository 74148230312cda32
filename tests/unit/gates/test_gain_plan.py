import math

import pytest

from trimtab.core.settings import GateSection
from trimtab.gates.gain_plan import blocks_needed, plan
from trimtab.stats.laws import safe_student_critical


def test_rows_follow_hoeffding_with_a_range_of_two_and_are_rounded_up():
    planned = plan(GateSection(tolerance=0.04, delta=0.05, steps=1))

    assert planned.rows == math.ceil(2 * math.log(2 / 0.05) / 0.04**2) == 4612


def test_delta_is_shared_by_the_steps():
    planned = plan(GateSection(delta=0.05, steps=4))

    assert planned.delta_per_look == pytest.approx(0.0125)
    assert planned.rows == math.ceil(2 * math.log(2 / 0.0125) / 0.005**2)


@pytest.mark.parametrize("block_sd", [0.004, 0.02, 0.1])
def test_blocks_are_the_fewest_whose_half_width_meets_the_tolerance(block_sd):
    n = blocks_needed(block_sd, 0.01, delta=0.0125)

    def half_width(n):
        return safe_student_critical(0.0125, n - 1) * block_sd / math.sqrt(n)

    assert half_width(n) <= 0.01
    assert n == 5 or half_width(n - 1) > 0.01


def test_blocks_are_at_least_five_however_steady_the_gain():
    assert blocks_needed(0.0, 0.01, delta=0.05) == 5


@pytest.mark.parametrize("wrong", [-0.1, math.inf, math.nan])
def test_an_impossible_spread_is_refused(wrong):
    with pytest.raises(ValueError, match="block_sd"):
        blocks_needed(wrong, 0.01, delta=0.05)


def test_the_plan_is_one_sentence_with_its_numbers():
    sentence = plan(GateSection(tolerance=0.01), block_sd=0.02).sentence

    assert "29 blocks" in sentence
    assert "101,504 independent labelled rows" in sentence
