"""Does a model meet a condition? *pass*, *fail* or *not enough data*, with the evidence.

`judge_clause` estimates one clause; `clause_judgements` is all of them. Who is told what, and
how often one may ask, is the ledger's business.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from trimtab.core.records import Outcome, Verdict
from trimtab.gates.best_constant import CONSTANT, refuse_unsound, with_constant
from trimtab.gates.condition import passes
from trimtab.gates.judge_clause import ClauseJudgement, Material, judge_clause, not_judged
from trimtab.gates.judged_rows import (
    CLASS_METRICS,
    JudgedRows,
    judged_rows,
    refuse_other_classes,
)
from trimtab.gates.row_values import known_values
from trimtab.gates.unit_cases import CasesResult, judge_cases

if TYPE_CHECKING:
    from trimtab.gates.plan import GatePlan


def gate_decide(
    plan: "GatePlan",
    labels: Any,
    new: Any,
    old: Any = None,
    *,
    baseline: Any = None,
    rows: Any = None,
    cases: Mapping[str, Any] | None = None,
    costs: Mapping[tuple[Any, Any], float] | None = None,
) -> Verdict:
    """Decide whether a model meets a condition, with the error that the plan promises.

    Each clause is estimated on the longest run of rows from the first on whose labels, where
    they are needed, are all there; by method `exact` on no more of them than planned. A row
    needs no label where the models compared answer alike. Clauses that need no labels at all,
    and unit cases, are looked at first: if one of them fails, no label is spent.

    With fewer rows than planned the verdict is *not enough data*. For a fixed size that depends
    on which labels there are and never on what they say about a model, so it gives nothing away;
    for recall the number of rows of the class is read from the labels, and is the same for every
    model. With method `sequential` the labels so far say whether more are needed, which is for
    whoever labels to know and not for the developer. The verdict is *not enough data* too if the
    plan takes the models to differ on fewer rows than they do: more labels would not help.

    The promise takes rows to be independent draws from what the model will meet, in an order
    that is random and was fixed beforehand (`fixed_order`), and models made without sight of
    these labels, but for the bit told at each look. For rows of a few days, users or devices it
    is a poor choice: `gates.gain` counts days instead.

    Parameters
    ----------
    plan : GatePlan
        From `gate_plan`: the condition, the bound and its number of rows.
    labels : array_like, shape (n_rows,)
        What turned out true; None or NaN where it is not known.
    new, old, baseline : array_like, mapping or data frame
        What each model answered on the same rows: an array of predicted classes, or
        `prediction` and `score` (the probability of the label being 1, for `brier`). The
        baseline may be `"constant"`: the best constant answer to these labels. Having been
        fitted to them it looks better than it is, which keeps the promise of, say,
        `n - baseline > C` under `fp_free`; where it would break one, it is refused.
    rows : data frame, optional
        Columns that the condition's slices are about, for the same rows.
    cases : mapping of str to (labels, predictions), optional
        Unit cases by name.
    costs : mapping of (truth, predicted) to float, optional
        The cost matrix, for `cost`.

    Returns
    -------
    Verdict
        Estimates and intervals by clause and by variable; `detail["clauses"]` has, for each
        clause, its value, rows, labels and margin. Each end of an interval misses the truth with
        probability at most the clause's share of delta, whatever the truth is: it is the
        estimate give or take the tolerance by `hoeffding` and `exact`, Chernoff's limits or
        those of the sample variance by `bennett`, and limits that hold at all times by
        `sequential`. Those of variables are Hoeffding's; a sequential clause gives them none.
        `detail["used_labels"]` says whether the outcome depends on the value of any label. All
        of it is evidence for the ledger; a developer may be told the outcome alone.

    Raises
    ------
    ConfigError
        If the condition is about a model, a cost matrix or unit cases that were not given, or
        a constant baseline would break the promise.
    SchemaError
        If lengths or types differ, probabilities came for classes, or a slice has no rows.

    References
    ----------
    .. [1] C. Renggli et al., "Continuous Integration of Machine Learning Models with
       ease.ml/ci", SysML 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from trimtab.gates.plan import gate_plan
    >>> plan = gate_plan("n - o > 0.02 +/- 0.05", reliability="0.99", steps=8)
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, 20_000).astype(float)
    >>> new = np.where(rng.random(20_000) < 0.1, 1 - truth, truth)
    >>> old = np.where(rng.random(20_000) < 0.3, 1 - truth, truth)
    >>> truth[new == old] = np.nan  # nobody has to label these
    >>> verdict = gate_decide(plan, truth, new, old)
    >>> verdict.outcome, verdict.labels_used < 8_000
    ('pass', True)
    >>> gate_decide(plan, truth[:900], new[:900], old[:900]).outcome
    'not enough data'
    """
    found_cases = [judge_cases(asked, cases) for asked in plan.condition.cases]
    material = rows_of(plan, labels, new, old, baseline=baseline, rows=rows, costs=costs)
    judged, outcome = clause_judgements(plan, material, found_cases)
    return _verdict(plan, outcome, judged, found_cases, rows=material.size)


def rows_of(
    plan: "GatePlan",
    labels: Any,
    new: Any,
    old: Any = None,
    *,
    baseline: Any = None,
    rows: Any = None,
    costs: Mapping[tuple[Any, Any], float] | None = None,
) -> JudgedRows:
    """Bring what `gate_decide` is given to the form that clauses are judged on."""
    metrics = {variable.metric for variable in plan.condition.variables}
    given = {"n": new, "o": old, "baseline": baseline}
    fitted = isinstance(baseline, str) and baseline == CONSTANT
    if fitted:
        given["baseline"] = None
        refuse_unsound(plan)
    judged = judged_rows(labels, given, metrics=metrics, rows=rows, costs=costs)
    if fitted:
        judged = with_constant(judged, plan)
    if metrics & CLASS_METRICS:
        refuse_other_classes(judged)
    for variable in plan.condition.variables:  # what is wrong is told before anyone labels
        known_values(judged, variable)
    return judged


def clause_judgements(
    plan: "GatePlan", rows: JudgedRows, cases: Sequence[CasesResult] = ()
) -> tuple[list[ClauseJudgement], Outcome]:
    """Judge each clause, in the order that spends the fewest labels, and the whole.

    What takes no labels comes first. Then whether all clauses can be judged, as far as counts of
    labels say, is settled before the value of any label is used.
    """
    material = [Material.of(rows, clause) for clause in plan.clauses]
    judged = [not_judged(one) for one in material]
    settled = any(not case.passes for case in cases)
    free = [i for i, one in enumerate(material) if not one.takes_labels]
    rest = [i for i, one in enumerate(material) if one.takes_labels]
    for places in (free, rest):
        if settled or any(material[i].is_stuck for i in places):
            break
        for i in places:
            judged[i] = judge_clause(rows, material[i], plan.mode)
        settled = any(_fails(judged[i], plan) for i in places)
    if settled:
        return judged, "fail"
    undecided = any(not one.decided for one in judged)
    return judged, "not enough data" if undecided else "pass"


def _fails(judgement: ClauseJudgement, plan: "GatePlan") -> bool:
    return judgement.decided and not passes(judgement.value, plan.mode)


def _verdict(
    plan: "GatePlan",
    outcome: Outcome,
    judged: Sequence[ClauseJudgement],
    cases: Sequence[CasesResult],
    *,
    rows: int,
) -> Verdict:
    used = np.zeros(rows, dtype=bool)
    estimates: dict[str, float] = {}
    intervals: dict[str, tuple[float, float]] = {}
    for one in judged:
        used[one.labelled] = True
        estimates |= one.estimates
        intervals |= one.intervals
    return Verdict(
        outcome=outcome,
        condition=plan.condition.text or str(plan.condition),
        reason=_reason(outcome, judged, cases, plan),
        estimates=estimates,
        intervals=intervals,
        labels_used=int(np.count_nonzero(used)),
        method=plan.method,
        delta=plan.delta_per_step,
        detail={
            "clauses": [one.told(plan.mode) for one in judged],
            "cases": [case.to_dict() for case in cases],
            "rows": rows,
            "used_labels": bool(used.any()),
            "rows_used": max((one.rows_used for one in judged), default=0),
            "samples": plan.samples,
            "ln_delta": plan.ln_delta_per_step,
            "mode": plan.mode,
        },
    )


def _reason(
    outcome: Outcome,
    judged: Sequence[ClauseJudgement],
    cases: Sequence[CasesResult],
    plan: "GatePlan",
) -> str:
    """Say the verdict in a sentence or two, with its numbers."""
    wrong = [
        f"{case.clause}: {case.right:,} of {case.cases:,} right, {case.needed:,} needed"
        for case in cases
        if not case.passes
    ]
    if outcome == "not enough data":
        refuted = [one.wanting() for one in judged if one.refuted]
        if refuted:
            return " ".join(dict.fromkeys(refuted))
        return " ".join(dict.fromkeys(one.wanting() for one in judged if not one.decided))
    if outcome == "pass":
        return f"All holds: {'; '.join(one.seen() for one in judged) or 'the unit cases'}."
    fails = [one.seen() for one in judged if _fails(one, plan)]
    return f"Not shown: {'; '.join([*wrong, *fails])}."
