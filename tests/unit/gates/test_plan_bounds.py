"""Planned rows keep their promise: exact chances of a wrong decision, over a grid of truths."""

import math
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import binom

from trimtab.gates.condition_text import parse
from trimtab.gates.plan import gate_plan
from trimtab.gates.plan_bounds import Share, bennett, exact, gain_width, hoeffding


def clause(text):
    return parse(text).clauses[0]


def chance_of_gain(rows, differ, gain, *, above, at_most_differing=math.inf):
    """P(mean gain > above, and fewer rows differ): rows differ with chance `differ`."""
    count = np.arange(rows + 1)
    wins = 0.5 * (1 + gain / differ)  # share of differing rows that the new model has right
    need = np.floor((above * rows + count) / 2 + 1e-9)  # 2 wins - count > above * rows
    tail = binom.sf(need, count, wins) * (count < at_most_differing)
    return float((binom.pmf(count, rows, differ) * tail).sum())


@pytest.mark.parametrize("delta", [0.05, 1e-4])
@pytest.mark.parametrize(("limit", "tolerance"), [("0.1", "0.05"), ("0.3", "0.1"), ("1", "0.2")])
def test_bennett_s_gain_errs_no_more_often_than_delta(delta, limit, tolerance):
    share = Share(math.log(delta), known=Decimal(limit))
    rows = bennett(clause(f"n - o > 0 +/- {tolerance}"), share).samples

    worst = max(
        chance_of_gain(rows, differ, 0.0, above=float(tolerance))
        for differ in np.linspace(0.01, float(limit), 20)
    )

    assert worst <= delta / 2  # the bound is two-sided
    too_few = chance_of_gain(rows // 3, float(limit), 0.0, above=float(tolerance))
    assert too_few > delta / 2


def test_more_disagreement_than_assumed_breaks_bennett_s_gain():
    share = Share(math.log(0.05), known=Decimal("0.1"))
    rows = bennett(clause("n - o > 0 +/- 0.05"), share).samples

    assert chance_of_gain(rows, 0.9, 0.0, above=0.05) > 0.05


@pytest.mark.parametrize("delta", [0.05, 1e-3])
def test_the_limit_of_a_clause_on_disagreement_is_enough_for_the_gain(delta):
    """With p = A, and not A + 2B: a larger d is found out by its own clause."""
    plan = gate_plan(
        r"n - o > 0 +/- 0.1 /\ d < 0.3 +/- 0.1", reliability=str(1 - delta), steps=1,
        adaptivity="none", method="bennett",
    )  # fmt: skip
    rows = plan.samples
    few = math.ceil(0.2 * rows - 1e-9)  # d's estimate has to be below A - B

    untrue = [(d, g) for d in np.linspace(0.02, 1, 50) for g in np.linspace(-0.2, 0.3, 11)
              if abs(g) <= d and (g <= 1e-12 or d >= 0.3)]  # fmt: skip
    worst = max(chance_of_gain(rows, d, g, above=0.1, at_most_differing=few) for d, g in untrue)

    assert worst <= delta
    alone = max(chance_of_gain(rows, d, g, above=0.1) for d, g in untrue if g <= 1e-12)
    assert alone > delta / 2  # without the clause on d, more than the share of this one


@pytest.mark.parametrize("delta", [0.05, 1e-4])
@pytest.mark.parametrize("level", ["0.05", "0.5", "0.9"])
def test_bennett_s_share_errs_no_more_often_than_delta(delta, level):
    rows = bennett(clause(f"n > {level} +/- 0.04"), Share(math.log(delta))).samples
    at, below = float(level), np.linspace(0, float(level), 50)
    beyond = np.linspace(float(level), 1, 50)

    assert binom.sf(math.floor(rows * (at + 0.04) + 1e-9), rows, below).max() <= delta
    assert binom.cdf(math.ceil(rows * (at - 0.04) - 1e-9) - 1, rows, beyond).max() <= delta


def test_bennett_s_share_gains_most_near_the_ends():
    share = Share(math.log(1e-6))
    rows = {level: bennett(clause(f"n > {level} +/- 0.01"), share).samples
            for level in ("0.5", "0.9", "0.99")}  # fmt: skip

    assert rows["0.99"] < rows["0.9"] < rows["0.5"]
    assert rows["0.9"] < 0.4 * hoeffding(clause("n > 0.9 +/- 0.01"), share).samples


@pytest.mark.parametrize("differ", [0.2, 0.6, 1.0])
def test_exact_tails_of_a_split_gain_err_no_more_often_than_delta(differ):
    rows = exact(clause("n - o > 0 +/- 0.2"), Share(math.log(0.05))).samples

    assert chance_of_gain(rows, differ, 0.0, above=0.2) <= 0.05


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("n - o > 0 +/- 1", 1),
        ("o - n > 0 +/- 1", 1),
        ("2 * n - 2 * baseline > 0 +/- 1", 2),
        ("cost(n, -1..4) - cost(o, -1..4) < 0 +/- 1", 5),
        ("recall(n, a) - recall(o, a) > 0 +/- 1", 1),
        ("error(n[a=1], 0..3) - error(o[a=1], 0..3) < 0 +/- 1", 3),
        ("n - 2 * o > 0 +/- 1", None),
        ("n + o > 0 +/- 1", None),
        ("n - o + d > 0 +/- 1", None),
        ("n[a=1] - o > 0 +/- 1", None),
        ("recall(n, a) - recall(o, b) > 0 +/- 1", None),
        ("precision(n, a) - precision(o, a) > 0 +/- 1", None),
        ("cost(n, 0..1) - cost(o, 0..2) < 0 +/- 1", None),
        ("brier(n) - brier(o) < 0 +/- 1", None),  # scores differ where predictions do not
    ],
)
def test_only_a_gain_on_the_same_rows_is_0_where_models_agree(text, width):
    assert gain_width(clause(text)) == width
