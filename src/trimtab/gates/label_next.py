"""Which rows to label next, so that a gate can decide with as few labels as possible."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from trimtab.gates.decide import clause_judgements, rows_of
from trimtab.gates.judge_clause import Material
from trimtab.gates.judged_rows import JudgedRows

if TYPE_CHECKING:
    from trimtab.gates.plan import GatePlan


def label_next(
    plan: "GatePlan",
    labels: Any,
    new: Any,
    old: Any = None,
    *,
    baseline: Any = None,
    rows: Any = None,
    costs: Mapping[tuple[Any, Any], float] | None = None,
    n: int = 100,
) -> NDArray[np.int64]:
    """Return the rows whose labels the gate needs next.

    Rows where the two models disagree come first: only they can tell the models apart, and a
    condition on `n - o` needs no others. The rest follow in the order of the test set, and only
    if a clause needs them within its planned number of rows. No row is picked for what it looks
    like: all the rows that a clause counts are labelled before it is decided, so its estimate is
    as unbiased as one from a random sample.

    A sequential plan counts rows from the first on and may stop at any of them, so there all
    rows come in the order of the test set: label `n` of them, ask again, and at most `n` labels
    are more than what the verdict takes.

    There is none to label once the verdict stands, or where no label can change it: a clause on
    `d` alone has failed, or the models differ on more rows than the plan assumes.

    Parameters
    ----------
    plan : GatePlan
        From `gate_plan`.
    labels : array_like, shape (n_rows,)
        The labels so far; None or NaN where they are missing.
    new, old, baseline, rows, costs
        As for `gate_decide`.
    n : int, default=100
        At most so many rows.

    Returns
    -------
    ndarray of int, shape (at most n,)
        Places of rows, the most urgent first.

    Raises
    ------
    TrimtabError
        As `gate_decide`.
    ValueError
        If `n` is below 1.

    Examples
    --------
    >>> from trimtab.gates.plan import gate_plan
    >>> plan = gate_plan("n - o > 0.1 +/- 0.4", reliability="0.9", steps=1)
    >>> new, old = [1, 0, 1, 1] * 20, [1, 1, 1, 0] * 20
    >>> label_next(plan, [None] * 80, new, old, n=4)
    array([1, 3, 5, 7])
    """
    if n < 1:
        raise ValueError(f"expected `n` of at least 1, got {n}")
    judged = rows_of(plan, labels, new, old, baseline=baseline, rows=rows, costs=costs)
    clauses, outcome = clause_judgements(plan, judged)
    if outcome != "not enough data" or any(one.refuted for one in clauses):
        return np.empty(0, dtype=np.int64)
    wanted = [
        group.unlabelled(one.samples)
        for one, planned in zip(clauses, plan.clauses, strict=True)
        if not one.decided
        for group in Material.of(judged, planned).groups
    ]
    places = np.unique(np.concatenate(wanted))
    if any(one.method == "sequential" for one in plan.clauses):
        return places[:n]
    first = _disagree(judged, places)
    return np.concatenate([places[first], places[~first]])[:n]


def _disagree(rows: JudgedRows, places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where the new and the old model answer differently, by class if there is one."""
    answers = rows.predictions if {"n", "o"} <= rows.predictions.keys() else rows.scores
    if not {"n", "o"} <= answers.keys():
        return np.zeros(len(places), dtype=bool)
    return (answers["n"] != answers["o"]).to_numpy()[places]
