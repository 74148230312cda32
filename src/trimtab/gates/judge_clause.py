"""One clause on the rows of a test set: whether it is true, false or unknown, and by how much."""

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from trimtab.core.records import Record
from trimtab.gates.clause_interval import clause_interval, variable_interval
from trimtab.gates.condition import Mode, passes
from trimtab.gates.judged_rows import JudgedRows
from trimtab.gates.row_groups import (
    RowGroup,
    Rows,
    group_values,
    row_groups,
    variable_means,
)

if TYPE_CHECKING:
    from trimtab.gates.plan import ClausePlan

NO_ROWS: Rows = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The groups of rows of a clause, beside what its plan asks of them."""

    plan: "ClausePlan"
    groups: tuple[RowGroup, ...]

    @classmethod
    def of(cls, rows: JudgedRows, plan: "ClausePlan") -> "Material":
        """Return the rows that a planned clause is about."""
        return cls(plan, row_groups(rows, plan.clause))

    @property
    def takes_labels(self) -> bool:
        """Whether any label is needed to judge the clause."""
        return any(group.takes_labels for group in self.groups)

    @property
    def is_sequential(self) -> bool:
        """Whether the labels so far say when there are enough of them."""
        return self.plan.method == "sequential"

    @property
    def is_stuck(self) -> bool:
        """Whether the clause cannot be judged, as is known without any label's value."""
        short = any(group.usable < self.plan.samples for group in self.groups)
        return bool(self.refuted) or (short and not self.is_sequential)

    @property
    def refuted(self) -> str:
        """Why the bound does not hold: the models differ on more rows than it rests on.

        That share is measured on all rows, since it takes no labels, and is refuted where it is
        higher than chance explains. Only an assumption from outside can be. Where the condition
        itself says `d < A`, a true condition has such a d, and one with a larger d is not true
        and is found out by that clause; so the bound keeps the promise of either mode.
        """
        limit = self.plan.assumes_disagreement
        if limit is None or self.plan.disagreement_tested or not len(self.groups[0].needs_label):
            return ""
        differing = self.groups[0].needs_label
        slack = math.sqrt(-self.plan.ln_delta / (2 * len(differing)))
        if float(differing.mean()) <= float(limit) + slack:
            return ""
        return (
            f"the plan takes the models to differ on at most {limit:f} of the rows; they differ "
            f"on {float(differing.mean()):.4g}"
        )

    @property
    def lacking(self) -> tuple[int, int]:
        """How many labels and rows are missing, at the least; none if more would not help."""
        if self.refuted:
            return 0, 0
        each = [group.lacking(self.plan.samples) for group in self.groups]
        return sum(labels for labels, _ in each), sum(more for _, more in each)


@dataclass(frozen=True, slots=True)
class ClauseJudgement(Record):
    """What came out for one clause.

    `value` is True, False or None for unknown; `decided` says whether the rows sufficed for a
    value at all. `margin` is how far the estimate is on the passing side of the limit that
    counts in this mode. `labelled` are the places of the rows whose labels went in.
    """

    clause: str
    decided: bool
    value: bool | None
    estimate: float | None
    interval: tuple[float, float] | None
    margin: float | None
    samples: int
    labels: int
    rows_of: str
    rows_used: int
    labels_used: int
    lacking_labels: int
    lacking_rows: int
    method: str
    note: str
    refuted: str = ""
    estimates: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    labelled: Rows = field(default_factory=lambda: NO_ROWS, compare=False, repr=False)

    def told(self, mode: Mode) -> dict[str, Any]:
        """Return the fields as plain values, with the outcome that the value has in a mode."""
        plain = replace(self, labelled=NO_ROWS).to_dict()  # there may be a million places
        del plain["labelled"]
        plain["value"] = {True: "true", False: "false", None: "unknown"}[self.value]
        outcome = "pass" if passes(self.value, mode) else "fail"
        return {**plain, "outcome": outcome if self.decided else "not enough data"}

    def seen(self) -> str:
        """Return the clause with its estimate, in words."""
        if self.estimate is None or self.interval is None:
            return f"{self.clause}: {self.note}"
        low, high = self.interval
        found = (
            f"{self.clause}: {self.estimate:.5g} ({low:.5g} to {high:.5g}) on "
            f"{self.rows_used:,} {self.rows_of}, {self.labels_used:,} labels used"
        )
        return f"{found}; {self.note}" if self.note else found

    def wanting(self) -> str:
        """Return what is missing before the clause can be judged, in words."""
        if self.refuted:
            return f"`{self.clause}`: {self.refuted}. Plan again with a larger `disagreement`."
        if not (self.lacking_labels or self.lacking_rows):
            return f"`{self.clause}` waits for the other clauses."
        parts = []
        if self.lacking_labels:
            parts.append(f"{self.lacking_labels:,} more labels")
        if self.lacking_rows:
            parts.append(f"{self.lacking_rows:,} more {self.rows_of}")
        how = "`trimtab gate label-next` names the rows to label"
        if not self.lacking_labels:
            how = "take a larger test set"
        least = "up to" if self.method == "sequential" else "at least"
        return (
            f"`{self.clause}` needs {least} {' and '.join(parts)} (the plan asks for "
            f"{self.samples:,} {self.rows_of}): {how}."
        )


def judge_clause(rows: JudgedRows, material: Material, mode: Mode) -> ClauseJudgement:
    """Judge a clause by its plan's method; a fixed-size clause must have its rows."""
    if material.is_sequential:
        return _judge_sequentially(rows, material, mode)
    planned = material.plan
    used = [group.usable for group in material.groups]
    if planned.method == "exact":
        # Exact tails promise something of one number of rows. The other bounds hold for all
        # larger numbers at once, so that one may ask again as labels come in.
        used = [planned.samples for _ in used]
    values = tuple(
        group_values(rows, group, m) for group, m in zip(material.groups, used, strict=True)
    )
    estimate = sum(float(of_group.mean()) for of_group in values)
    return _judgement(
        rows, material, mode, used,
        value=planned.clause.value(estimate), estimate=estimate,
        interval=clause_interval(planned, estimate, values),
    )  # fmt: skip


def _judge_sequentially(rows: JudgedRows, material: Material, mode: Mode) -> ClauseJudgement:
    """Judge a clause as soon as the labels so far settle it, and no later than its plan says."""
    from trimtab.gates.sequential import Group, decide_sequentially

    clause, planned = material.plan.clause, material.plan
    sizes = [min(len(group.index), planned.samples) for group in material.groups]
    groups = tuple(
        Group(group_values(rows, group, m), group.needs_label[:m], group.low, group.high)
        for group, m in zip(material.groups, sizes, strict=True)
    )
    found = decide_sequentially(
        groups, sense=clause.sense, threshold=clause.threshold,
        tolerance=clause.tolerance, mode=mode, ln_delta=planned.ln_delta,
        fixed=planned.fixed,
    )  # fmt: skip
    used = [min(found.rows_used, m) for m in sizes]
    if found.value is None:
        labelled = _labelled(material, used)
        return replace(
            not_judged(material), note="the labels so far do not settle it",
            rows_used=min(used), labels_used=len(labelled), labelled=labelled,
        )  # fmt: skip
    return _judgement(
        rows, material, mode, used,
        value=found.value, estimate=found.estimate, interval=found.interval,
    )  # fmt: skip


def not_judged(material: Material) -> ClauseJudgement:
    """Return the judgement of a clause that no label was looked at for."""
    labels, more = material.lacking
    return ClauseJudgement(
        clause=str(material.plan.clause), decided=False, value=None, estimate=None,
        interval=None, margin=None, samples=material.plan.samples,
        labels=material.plan.labels, rows_of=material.plan.rows_of, rows_used=0, labels_used=0,
        lacking_labels=labels, lacking_rows=more, method=material.plan.method,
        note=material.refuted or "not looked at", refuted=material.refuted,
    )  # fmt: skip


def _judgement(
    rows: JudgedRows,
    material: Material,
    mode: Mode,
    used: list[int],
    *,
    value: bool | None,
    estimate: float,
    interval: tuple[float, float],
) -> ClauseJudgement:
    clause, text = material.plan.clause, str(material.plan.clause)
    labelled = _labelled(material, used)
    estimates, intervals = {text: estimate}, {text: interval}
    for group, m in zip(material.groups, used, strict=True):
        for variable, mean in variable_means(rows, group, m).items():
            estimates[str(variable)] = mean
            ends = variable_interval(variable, mean, m, material.plan.ln_delta)
            if not material.is_sequential:  # there the labels chose the number of rows
                intervals[str(variable)] = ends
    to_bar = float(clause.tolerance) * (1 if passes(None, mode) is (clause.sense == "<") else -1)
    bar = float(clause.threshold) + to_bar
    return ClauseJudgement(
        clause=text, decided=True, value=value, estimate=estimate, interval=interval,
        margin=(estimate - bar) * (1 if clause.sense == ">" else -1),
        samples=material.plan.samples, labels=material.plan.labels,
        rows_of=material.plan.rows_of, rows_used=min(used),
        labels_used=len(labelled), lacking_labels=0, lacking_rows=0,
        method=material.plan.method, note="", estimates=estimates,
        intervals=intervals, labelled=labelled,
    )  # fmt: skip


def _labelled(material: Material, used: list[int]) -> Rows:
    """Return the places of the rows whose labels went into the first `used` of each group."""
    places = [group.labelled(m) for group, m in zip(material.groups, used, strict=True)]
    return np.unique(np.concatenate(places)) if len(places) > 1 else places[0]
