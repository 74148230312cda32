"""The best constant answer to the labels of a test set, as the baseline of a condition.

It is fitted to the labels it is judged on, so it looks at least as good there as the constant
that is best in truth. That makes `n - baseline > C` harder to pass than with the true one, which
keeps the promise of `fp_free`; where it would make a promise easier to break, it is refused.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from trimtab.core.errors import ConfigError
from trimtab.gates.condition import Clause, Mode, Variable
from trimtab.gates.judged_rows import JudgedRows
from trimtab.gates.row_values import Floats

if TYPE_CHECKING:
    from trimtab.gates.plan import ClausePlan, GatePlan

CONSTANT = "constant"
"""What stands for the best constant answer where a model's answers are given."""


def refuse_unsound(plan: "GatePlan") -> None:
    """Refuse a constant baseline where it would not keep the plan's promise.

    It does where the constant is the best one for the very mean that a clause counts, and where
    looking better than it is makes the error that is promised to be rare rarer: under `fp_free`
    for `n - baseline > C`, `brier(baseline) - brier(n) > C` and their like, under `fn_free` for
    the other direction. A slice, a class or a cost matrix has a best constant of its own, and a
    sequential plan may stop at rows whose best constant is another.

    Raises
    ------
    ConfigError
        If a clause on the baseline is none of these.
    """
    for part in plan.clauses:
        why = _why_unsound(part, plan.mode)
        if why:
            raise ConfigError(
                f"expected the answers of a baseline for `{part.clause}`, got none: {why}",
                hint="Give `baseline=` with one answer a row (`--baseline FILE`).",
                clause=str(part.clause),
            )
    about = [part for part in plan.clauses if _of_baseline(part.clause)]
    asked = {(v.metric == "error", v.argument) for one in about for v in _of_baseline(one.clause)}
    if len(asked) > 1 or len({_planned_rows(part) for part in about}) > 1:
        raise ConfigError(
            "expected clauses on a constant baseline that share one constant, got "
            + " and ".join(f"`{part.clause}`" for part in about),
            hint="Give `baseline=` (`--baseline FILE`), or ask for one of them alone.",
        )


def with_constant(rows: JudgedRows, plan: "GatePlan") -> JudgedRows:
    """Return the rows with the best constant as the answers of the baseline.

    It is found on the rows that its clauses count: those before the first one without a label,
    and by method `exact` no more than planned. So labels picked by hand cannot make it look bad.
    It needs every label, also where it agrees with the model.
    """
    about = [part for part in plan.clauses if _of_baseline(part.clause)]
    if not about:
        return rows
    missing = rows.unlabelled
    counted = int(np.argmax(missing)) if missing.any() else rows.size
    counted = min(counted, _planned_rows(about[0]) or counted)
    labels = rows.labels.head(counted)
    errors = [v for part in about for v in _of_baseline(part.clause) if v.metric == "error"]
    best: object = None
    if counted and errors and labels.dtype != pl.String:
        best = _least_error(labels.cast(pl.Float64).to_numpy(), errors[0])
    elif counted:
        best = labels.mode().sort()[0]
    kind = pl.Float64 if errors else rows.labels.dtype
    rate = labels.mean() if counted and labels.dtype.is_numeric() else 0.5
    return replace(
        rows,
        predictions={**rows.predictions, "baseline": _repeated(best, rows.size, kind)},
        scores={**rows.scores, "baseline": _repeated(rate, rows.size, pl.Float64())},
        fitted_baseline=True,
    )


def _of_baseline(clause: Clause) -> list[Variable]:
    return [variable for variable in clause.variables if variable.model == "baseline"]


def _planned_rows(part: "ClausePlan") -> int | None:
    """Return how many rows a clause counts at most; None for all."""
    return part.samples if part.method == "exact" else None


def _why_unsound(part: "ClausePlan", mode: Mode) -> str:
    """Return why a constant does not do for a clause; "" if it does."""
    if not _of_baseline(part.clause):
        return ""
    if part.method == "sequential":
        return "a constant is chosen by the labels, and a sequential plan stops by them"
    downwards = (part.clause.sense == ">") == (mode == "fp_free")
    for term in part.clause.terms:
        variable = term.variable
        if variable.model != "baseline":
            continue
        if variable.where or variable.metric not in ("accuracy", "brier", "error"):
            return f"the constant that is best for all rows need not be best for `{variable}`"
        raised = (term.coefficient > 0) == (variable.metric == "accuracy")
        if raised is downwards:
            return (
                "a constant fitted to the labels looks better than it is, which would break the "
                f"promise of {mode}"
            )
    return ""


def _least_error(labels: Floats, variable: Variable) -> float:
    """Return the number with the least mean of errors that are clipped to the variable's range.

    The mean falls nowhere but towards a label, or towards one that is `low` away.
    """
    low, high = (float(end) for end in variable.range)
    sorted_labels = np.sort(labels)
    sums = np.concatenate([[0.0], np.cumsum(sorted_labels)])
    tried = np.unique(np.concatenate([labels, labels - low, labels + low]))

    def capped(cap: float) -> Floats:
        """Return the sum of min(|label - c|, cap) for each number c that is tried."""
        first, middle, last = (
            np.searchsorted(sorted_labels, tried + step, side="right" if step > 0 else "left")
            for step in (-cap, 0.0, cap)
        )
        below = tried * (middle - first) - (sums[middle] - sums[first])
        above = (sums[last] - sums[middle]) - tried * (last - middle)
        total: Floats = below + above + cap * (labels.size - (last - first))
        return total

    return float(tried[np.argmin(capped(high) - capped(low))])


def _repeated(value: object, size: int, kind: "pl.DataType | type[pl.DataType]") -> pl.Series:
    return pl.Series([value], dtype=kind).new_from_index(0, size)
