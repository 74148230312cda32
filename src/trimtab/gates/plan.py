"""How many rows, and how many labels, a condition needs before anyone labels.

`plan_bounds` has the bounds; here delta is shared out, a bound is chosen for each clause, and the
plan says in words what it rests on.
"""

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, get_args

from trimtab.core.records import Record
from trimtab.gates.condition import Clause, Condition, Mode, Where
from trimtab.gates.condition_text import parse
from trimtab.gates.delta import Adaptivity, decimal_share, ln_delta_per_step, one_of
from trimtab.gates.plan_bounds import Share, best_bound, labels_needed, named_bound
from trimtab.gates.plan_words import (
    PROMISES,
    SHARES,
    STOPPING_TELLS,
    beyond_reach,
    rows_in_words,
    scientific,
)

Method = Literal["auto", "hoeffding", "bennett", "exact", "sequential"]


@dataclass(frozen=True, slots=True)
class ClausePlan(Record):
    """What one clause needs: `samples` rows of each population named in `rows_of`.

    `labels` is how many of them need a label at most; `fixed` is `samples` of the best
    fixed-size bound, which is `samples` itself unless the method is sequential.
    `assumes_disagreement` is the share p of rows where the models differ that the bound rests
    on: from a clause `d < p` of the same condition (`disagreement_tested`), or from outside.
    """

    clause: Clause
    rows_of: str
    samples: int
    labels: int
    method: str
    ln_delta: float
    note: str
    assumes_disagreement: Decimal | None
    fixed: int
    disagreement_tested: bool


@dataclass(frozen=True, slots=True)
class GatePlan(Record):
    """A condition, its promise, and the rows and labels that keep it.

    `samples` is the largest number of rows over the clauses: of all rows, or of rows of the
    slice or class that a clause is about. `labels` is at most how many of them need a label;
    where only rows on which the models differ need one, it is their greatest expected number.
    Finding the rows of a class (recall) takes more, by the labels and not by the model.
    """

    condition: Condition
    reliability: str
    steps: int
    adaptivity: Adaptivity
    mode: Mode
    method: str
    samples: int
    labels: int
    ln_delta_per_step: float
    clauses: tuple[ClausePlan, ...]

    @property
    def delta_per_step(self) -> float:
        """Delta of one look; 0.0 where it is smaller than any floating-point number."""
        return math.exp(self.ln_delta_per_step)

    def explain(self) -> str:
        """Return in words which bounds the plan rests on and how delta is shared."""
        delta = f"{1 - Decimal(self.reliability):f}"
        lines = [
            f"{self.condition}",
            f"{self.samples:,} rows, at most {self.labels:,} labels, for {self.steps:,} looks.",
            f"{PROMISES[self.mode]}, in any of the looks, with probability at most {delta}.",
            f"{SHARES[self.adaptivity].format(delta=delta, steps=self.steps)} "
            f"= {scientific(self.ln_delta_per_step)}.",
        ]
        if len(self.clauses) > 1:
            lines.append(f"Each of {len(self.clauses)} clauses has delta/{len(self.clauses)}.")
        for part in self.clauses:
            lines.append(
                f"- {part.clause}: {part.samples:,} {part.rows_of}, {part.labels:,} labels. "
                f"{part.note}.{beyond_reach(part.clause, self.mode)}"
            )
        lines += [f"- {cases}: fixed cases, no estimate." for cases in self.condition.cases]
        if "sequential" in self.method and self.adaptivity != "none":
            lines.append(STOPPING_TELLS)
        lines.append("Rows are independent, and drawn from those that the model will meet.")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain values; conditions and clauses as text."""
        plain = Record.to_dict(self)
        plain["condition"] = str(self.condition)
        plain["delta_per_step"] = self.delta_per_step
        for entry, part in zip(plain["clauses"], self.clauses, strict=True):
            assumed = part.assumes_disagreement
            entry["clause"] = str(part.clause)
            entry["assumes_disagreement"] = None if assumed is None else str(assumed)
        return plain


def gate_plan(
    condition: str | Condition,
    *,
    reliability: str = "0.9999",
    steps: int = 32,
    adaptivity: Adaptivity = "full",
    mode: Mode = "fp_free",
    method: Method = "auto",
    disagreement: str | None = None,
) -> GatePlan:
    r"""Count the rows and labels that a condition needs to be decided reliably, `steps` times.

    Delta is 1 - `reliability`. Under `none` (nobody who makes models sees a result) and
    `first_change` (the test set is retired at the first pass) the looks share it as delta / H;
    under `full` one bit is seen after each look, so that 2^H histories share it. A conjunction
    of k clauses gives each delta / k. The promise is one-sided: see `mode`.

    It assumes independent rows from the population that the model will meet, and a test set that
    nobody trained on. It is a poor choice for rows that come in blocks, such as days: the gate
    on mean loss (`trimtab.gates.gain`) knows of blocks.

    Parameters
    ----------
    condition : str or Condition
        For example `n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01`; see `condition_text`.
    reliability : str
        Decimal text in (0, 1): the float 1 - 0.9999 is not 0.0001.
    steps : int
        Number of looks H at the test set, at least 1.
    adaptivity : {'full', 'none', 'first_change'}
        What those who make models are told after a look.
    mode : {'fp_free', 'fn_free'}
        `fp_free`: what is unknown fails, and a condition that is not true passes with
        probability at most delta. `fn_free`: what is unknown passes, and a true one fails so.
    method : {'auto', 'hoeffding', 'bennett', 'exact', 'sequential'}
        `auto` takes, for each clause, the fixed-size bound with the fewest labels of those that
        are valid. `sequential` asks for up to a tenth more than that in the worst case, and for
        far fewer where the verdict is clear (clauses on d alone stay of fixed size); so `auto`,
        which counts the worst case, never takes it.
    disagreement : str, optional
        Decimal text: a bound on the share of rows where `n` and `o` predict differently, known
        beforehand. It is assumed, and costs no delta; where the rows refute it nothing is
        decided. A clause `d < A` tests it instead.

    Returns
    -------
    GatePlan

    Raises
    ------
    ConfigError
        If the condition cannot be read, a value is outside its range, or `method` cannot treat
        a clause.

    Notes
    -----
    Bennett's bound for `n - o` takes p = A from a clause `d < A +/- B`. If d is A or more, the
    condition is not true, and that clause passes with probability at most its share of delta;
    if d is less, p = A is true. So p = A keeps the promise, and p = A + 2B is not needed as long
    as the clause on d is decided as any other clause is: not passed while it is unknown.

    References
    ----------
    .. [1] C. Renggli et al., "Continuous integration of machine learning models with
       ease.ml/ci: towards a rigorous yet practical treatment", Proceedings of SysML (2019).

    Examples
    --------
    >>> plan = gate_plan("n - o > 0.02 +/- 0.01", adaptivity="none", method="hoeffding")
    >>> plan.samples, plan.labels
    (267385, 267385)
    >>> plan = gate_plan(r"n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01", adaptivity="none")
    >>> plan.method, plan.samples, plan.labels
    ('bennett', 29047, 2905)
    """
    read = parse(condition) if isinstance(condition, str) else condition
    one_of("mode", mode, get_args(Mode))
    one_of("method", method, get_args(Method))
    ln_step = ln_delta_per_step(reliability, steps=steps, adaptivity=adaptivity)
    share = Share(
        ln_delta=ln_step - math.log(max(len(read.clauses), 1)),
        limits=_limits(read),
        known=None if disagreement is None else decimal_share("disagreement", disagreement),
    )
    once = {clause: _clause_plan(clause, share, method) for clause in set(read.clauses)}
    clauses = tuple(replace(once[clause], clause=clause) for clause in read.clauses)
    return GatePlan(
        condition=read,
        reliability=reliability,
        steps=steps,
        adaptivity=adaptivity,
        mode=mode,
        method="+".join(dict.fromkeys(part.method for part in clauses)) or "cases",
        samples=max((part.samples for part in clauses), default=0),
        labels=labels_needed([(part.clause, part.samples) for part in clauses], share),
        ln_delta_per_step=ln_step,
        clauses=clauses,
    )


def _clause_plan(clause: Clause, share: Share, method: Method) -> ClausePlan:
    bound = (
        best_bound(clause, share)
        if method in ("auto", "sequential")
        else named_bound(clause, share, method)
    )
    fixed, samples, note = bound.samples, bound.samples, bound.note
    stops = method == "sequential" and any(v.metric != "disagreement" for v in clause.variables)
    if stops:
        from trimtab.gates.sequential import sequential_cap

        samples = sequential_cap(fixed)
        note = f"A confidence sequence, cut off at {samples:,} rows. Fixed size: {fixed:,}. {note}"
    return ClausePlan(
        clause=clause,
        rows_of=rows_in_words(clause),
        samples=samples,
        labels=labels_needed([(clause, samples)], share),
        method="sequential" if stops else bound.method,
        ln_delta=share.ln_delta,
        note=note,
        assumes_disagreement=bound.assumes,
        fixed=fixed,
        disagreement_tested=share.is_tested(clause, bound.assumes),
    )


def _limits(condition: Condition) -> dict[Where, Decimal]:
    """Return the bounds A of the clauses `d < A`, by slice."""
    limits: dict[Where, Decimal] = {}
    for clause in condition.clauses:
        term = clause.terms[0]
        if len(clause.terms) > 1 or term.variable.metric != "disagreement":
            continue
        level, upper = clause.threshold / term.coefficient, term.coefficient > 0
        if (clause.sense == "<") == upper and 0 < level <= 1:
            where = term.variable.where
            limits[where] = min(level, limits.get(where, level))
    return limits
