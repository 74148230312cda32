"""Intervals of evidence: each end misses with probability at most delta, whatever the truth is."""

import math

import numpy as np
import pytest
from scipy import stats

from trimtab.gates.decide import gate_decide
from trimtab.gates.plan import gate_plan
from trimtab.stats.log_limits import bernstein_limits


def share_interval(plan, right):
    new = (np.arange(plan.samples) < right).astype(int)
    new[0] = 1  # a model that is never right is refused as one of other classes
    verdict = gate_decide(plan, np.ones(plan.samples, dtype=int), new)
    return verdict.intervals[str(plan.condition)]


def least_count(holds, size):
    """Return the least count for which `holds`, by halving."""
    low, high = 1, size
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


@pytest.mark.parametrize("method", ["bennett", "exact", "hoeffding"])
@pytest.mark.parametrize("truth", [0.3, 0.7, 0.97])
@pytest.mark.parametrize("factor", [1, -2])
def test_the_exact_chance_that_an_end_misses_a_share_is_below_delta(method, truth, factor):
    condition = {1: "n > 0.98 +/- 0.01", -2: "-2 * n < -1.96 +/- 0.02"}[factor]
    plan = gate_plan(condition, reliability="0.95", steps=1, adaptivity="none", method=method)
    below, above = (0, 1) if factor > 0 else (1, 0)  # which end is on which side of the share

    def too_high(right):
        return share_interval(plan, right)[below] / factor > truth

    def not_too_low(right):
        return share_interval(plan, right)[above] / factor >= truth

    law = stats.binom(plan.samples, truth)
    assert law.sf(least_count(too_high, plan.samples) - 1) <= plan.delta_per_step
    assert law.cdf(least_count(not_too_low, plan.samples) - 1) <= plan.delta_per_step


def test_give_or_take_the_tolerance_is_no_interval_by_bennett():
    plan = gate_plan("n > 0.98 +/- 0.01", reliability="0.95", steps=1, method="bennett")
    rows = plan.samples

    assert stats.binom.sf(math.floor((0.7 + 0.01) * rows), rows, 0.7) > plan.delta_per_step


def gain_plan():
    return gate_plan("n - o > 0 +/- 0.05", reliability="0.999999", steps=1, adaptivity="none",
                     method="bennett", disagreement="0.1")  # fmt: skip


def gain_rows(rows, wins, losses):
    new, old = np.ones(rows, dtype=int), np.ones(rows, dtype=int)
    old[:wins], new[wins : wins + losses] = 0, 0
    return new, old


def test_a_gain_s_interval_holds_where_models_differ_more_than_is_assumed():
    """By enumeration, for a share that the rows do not refute: 0.15, and not 0.1."""
    plan, differ = gain_plan(), 0.15
    rows, delta = plan.samples, plan.delta_per_step
    most = int(stats.binom.isf(1e-9, rows, differ))
    least = int(stats.binom.isf(1 - 1e-9, rows, differ))
    old_way = ours = 0.0
    for changed in range(least, most + 1):
        wins = np.arange(changed + 1)
        chance = stats.binom.pmf(changed, rows, differ) * stats.binom.pmf(wins, changed, 0.5)
        gain = (2 * wins - changed) / rows
        variance = (changed / rows - gain**2) * rows / (rows - 1)
        low = [bernstein_limits(g, v, rows, width=2, ln_delta=plan.ln_delta_per_step)[0]
               for g, v in zip(gain[-40:], variance[-40:], strict=True)]  # fmt: skip
        ours += chance[-40:][np.array(low) > 0].sum()
        old_way += chance[gain > 0.05].sum()

    assert ours <= delta < old_way


def test_a_gain_s_interval_is_that_of_its_sample_variance():
    plan = gain_plan()
    new, old = gain_rows(plan.samples, 150, 40)
    verdict = gate_decide(plan, np.ones(plan.samples), new, old)
    values = (new - old).astype(float)

    assert verdict.intervals["n - o > 0 +/- 0.05"] == pytest.approx(
        bernstein_limits(float(values.mean()), float(values.var(ddof=1)), plan.samples, width=2,
                         ln_delta=plan.ln_delta_per_step)
    )  # fmt: skip


def test_a_sequential_clause_has_no_intervals_of_fixed_size():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 4_000)
    new = np.where(rng.random(4_000) < 0.02, 1 - truth, truth)
    plan = gate_plan("n > 0.6 +/- 0.05", method="sequential", steps=1)
    verdict = gate_decide(plan, truth, new)

    assert list(verdict.intervals) == ["n > 0.6 +/- 0.05"]
    assert verdict.estimates["n"] > 0.9
