"""Limits for what a clause estimates, as evidence. They hold whatever the truth is.

What a bound promises of a *decision* may rest on more: Bennett's for one share counts on the
truth being at the threshold, and for a gain on a limit for d. Evidence may not.
"""

import math
from typing import TYPE_CHECKING

from trimtab.gates.condition import Variable
from trimtab.gates.row_values import Floats
from trimtab.stats.log_limits import bernstein_limits, chernoff_limits

if TYPE_CHECKING:
    from trimtab.gates.plan import ClausePlan


def clause_interval(
    plan: "ClausePlan", estimate: float, values: tuple[Floats, ...]
) -> tuple[float, float]:
    """Return limits for a fixed-size clause's left side, within its range.

    Each end misses with probability at most the clause's delta. By Hoeffding's inequality and
    exact tails that is the estimate give or take the tolerance. A clause planned by Bennett's
    has limits that do not count on what the plan assumes: Chernoff's for a share, those of the
    sample variance for a gain.

    Parameters
    ----------
    plan : ClausePlan
        The clause, and how its rows were counted.
    estimate : float
        What the left side came to.
    values : tuple of ndarray
        The rows it is the mean of, one array a group.
    """
    clause, ln_delta = plan.clause, plan.ln_delta
    least, most = (float(end) for end in clause.range)
    if plan.method != "bennett":
        tolerance = float(clause.tolerance)
        low, high = estimate - tolerance, estimate + tolerance
    elif len(clause.terms) == 1:
        factor = float(clause.terms[0].coefficient)
        share = min(max(estimate / factor, 0.0), 1.0)
        limits = chernoff_limits(share, len(values[0]), ln_delta=ln_delta)
        low, high = sorted(factor * limit for limit in limits)
    elif len(values[0]) < 2:
        low, high = least, most
    else:
        low, high = bernstein_limits(
            estimate, float(values[0].var(ddof=1)), len(values[0]), width=most - least,
            ln_delta=ln_delta,
        )  # fmt: skip
    return max(low, least), min(high, most)


def variable_interval(
    variable: Variable, mean: float, rows: int, ln_delta: float
) -> tuple[float, float]:
    """Return Hoeffding's two-sided limits of a mean, within the range of the variable."""
    low, high = (float(end) for end in variable.range)
    half = (high - low) * math.sqrt((math.log(2) - ln_delta) / (2 * rows))
    return max(mean - half, low), min(mean + half, high)
