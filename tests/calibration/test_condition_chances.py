"""The chance of one wrong verdict, computed: where the gate turns, by the law of the counts.

Histories (test_conditions) measure rates near .05. Here the least count that passes is found by
asking the gate, and the chance of as many is computed, so that a delta of 1e-14 can be checked.
"""

import numpy as np
import pytest
from scipy import stats

from trimtab.gates.decide import gate_decide
from trimtab.gates.plan import gate_plan

pytestmark = pytest.mark.calibration

MODES = ["fp_free", "fn_free"]


def passing_count(decides, n_rows):
    """Return the least count that passes, by halving; one more than there are if none does."""
    low, high = 0, n_rows + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle + 1, high)
    return low


SETTINGS = [
    {"reliability": "0.95", "steps": 1, "adaptivity": "none"},
    {"reliability": "0.99", "steps": 7, "adaptivity": "first_change"},
    {"reliability": "0.9999", "steps": 32, "adaptivity": "full"},
]


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("method", ["hoeffding", "bennett", "exact"])
@pytest.mark.parametrize("share", ["0.5", "0.9"])
@pytest.mark.parametrize("sense", [">", "<"])
def test_the_exact_chance_of_one_wrong_verdict_is_below_its_share_of_delta(
    settings, method, share, sense
):
    for mode in MODES:
        plan = gate_plan(f"n {sense} {share} +/- 0.04", method=method, mode=mode, **settings)
        labels = np.ones(plan.samples, dtype=int)

        def decides(right, plan=plan, labels=labels):
            new = (np.arange(plan.samples) < right).astype(int)
            new[0] = 1  # a model that is never right is refused as one of other classes
            outcome = gate_decide(plan, labels, new).outcome
            return (outcome == "pass") == (sense == ">")

        least = passing_count(decides, plan.samples)
        law = stats.binom(plan.samples, float(share))
        too_high = (sense == ">") == (mode == "fp_free")
        chance = law.logsf(least - 1) if too_high else law.logcdf(least - 1)

        assert chance <= plan.ln_delta_per_step


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize(
    ("condition", "differ", "more"),
    [("n - o > 0.02 +/- 0.05", 1.0, {"method": "hoeffding"}),
     ("n - o > 0.02 +/- 0.05", 0.2, {"method": "bennett", "disagreement": "0.2"}),
     (r"n - o > 0.02 +/- 0.05 /\ d < 0.2 +/- 0.02", 0.2, {"method": "bennett"})],
)  # fmt: skip
def test_the_exact_chance_of_one_wrong_verdict_on_a_gain_is_below_its_share_of_delta(
    settings, condition, differ, more
):
    plan = gate_plan(condition, **settings, **more)
    n_rows, labels = plan.samples, np.ones(plan.samples, dtype=int)

    def decides(ahead):
        new, old = labels.copy(), labels.copy()
        old[:ahead] = 0
        return gate_decide(plan, labels, new, old).outcome == "pass"

    ahead = passing_count(decides, n_rows // 5)
    changed = np.arange(n_rows + 1)
    # By `ahead` more won than lost, of `changed` rows, is at least so many won.
    won = stats.binom.sf(np.ceil((changed + ahead) / 2) - 1, changed, (differ + 0.02) / differ / 2)
    chance = float(stats.binom.pmf(changed, n_rows, differ) @ won)

    assert chance <= np.exp(plan.clauses[0].ln_delta)


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_the_exact_chance_finds_a_tolerance_that_is_too_narrow(share):
    plan = gate_plan(f"n > {share} +/- 0.04", method="exact", reliability="0.95", steps=1)
    short = round(plan.samples * 0.8)

    chance = stats.binom.sf(np.floor((share + 0.04) * short), short, share)

    assert (chance > plan.delta_per_step) == (share == 0.5)  # the plan is for the worst share
