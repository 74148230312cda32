"""What may be told of a verdict, before it becomes XML or Markdown.

This is where the one bit is kept: without `evidence`, nothing here reads an estimate, an
interval, the reason of a *pass* or *fail*, the value of a clause, or how many labels were used
(a sequential method chooses that by the values it sees). Unit cases are no part of the test set
and are always told; so is what the plan asks for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from trimtab.core.records import Outcome, Verdict

Shown = Literal["nothing", "outcome", "evidence"]

SAYS: dict[Outcome | None, str] = {
    "pass": "The condition holds.",
    "fail": "The condition was not shown to hold.",
    "not enough data": "Too few labels to decide; no look was spent.",
    None: "The result went to a third party and is not shown here.",
}


@dataclass(frozen=True, slots=True)
class Part:
    """The condition as a whole, a clause, or a set of unit cases, and what is told of it."""

    name: str
    outcome: Outcome | None
    says: str


def told_outcome(verdict: Verdict | None, shown: Shown) -> Outcome | None:
    """Return the outcome, or None where it may not be told."""
    if verdict is None or (shown == "nothing" and verdict.outcome != "not enough data"):
        return None
    return verdict.outcome


def outcome_in_words(verdict: Verdict | None, shown: Shown) -> str:
    """Return the outcome in a sentence."""
    outcome = told_outcome(verdict, shown)
    if verdict and outcome == "not enough data" and verdict.detail.get("used_labels"):
        return "The labels so far do not decide it."
    return SAYS[outcome]


def told_reason(verdict: Verdict | None, shown: Shown) -> str:
    """Return the reason if it may be told: that of a *pass* or *fail* may hold estimates."""
    if verdict is None or not (verdict.outcome == "not enough data" or shown == "evidence"):
        return ""
    return verdict.reason


def whole(verdict: Verdict | None, shown: Shown, condition: str) -> Part:
    """Return the condition as one part."""
    outcome = told_outcome(verdict, shown)
    sentence = f"{outcome_in_words(verdict, shown)} {told_reason(verdict, shown)}".strip()
    return Part((verdict.condition if verdict else condition) or "condition", outcome, sentence)


def parts(verdict: Verdict | None, shown: Shown, condition: str) -> list[Part]:
    """Return the parts that have a result of their own: clauses or the whole, and unit cases."""
    cases = [case_part(case) for case in cases_of(verdict)]
    if verdict is not None and shown == "evidence" and has_parts(verdict):
        return [*(clause_part(clause, verdict) for clause in clauses_of(verdict)), *cases]
    return [whole(verdict, shown, condition), *cases]


def clause_part(clause: Mapping[str, Any], verdict: Verdict) -> Part:
    """Return a clause with what was found, for those who may see evidence."""
    name, note = clause["clause"], clause["note"]
    if clause["decided"]:
        says = f"{clause['value']}: {found(clause)}"
        return Part(name, clause["outcome"], f"{says}; {note}" if note else says)
    # once a clause or a unit case fails, the rest is left alone to spare labels
    outcome: Outcome | None = verdict.outcome if verdict.outcome == "not enough data" else None
    return Part(name, outcome, f"{note}; needs {needs(clause)}, {lacks(clause)}")


def case_part(case: Mapping[str, Any]) -> Part:
    """Return a set of unit cases; which of them went wrong helps to mend the model."""
    says = f"{case['right']:,} of {case['cases']:,} right, {case['needed']:,} needed"
    if case["wrong"]:
        says += f"; wrong in row {', '.join(str(place + 1) for place in case['wrong'])}"
    return Part(case["clause"], "pass" if case["passes"] else "fail", says)


def found(clause: Mapping[str, Any]) -> str:
    """Return the estimate of a clause's left side with its interval, and the rows behind it."""
    rows = f"{clause['rows_used']:,} rows, {clause['labels_used']:,} labels used"
    return f"{number(clause['estimate'])} ({interval(clause['interval'])}) on {rows}"


def needs(clause: Mapping[str, Any]) -> str:
    """Return what the plan asks for; it is known before any label is."""
    return f"{clause['samples']:,} {clause['rows_of']} with at most {clause['labels']:,} labels"


def lacks(clause: Mapping[str, Any]) -> str:
    """Return what is missing before a clause can be judged."""
    labels, rows = clause["lacking_labels"], clause["lacking_rows"]
    missing = [f"{labels:,} labels"] * bool(labels) + [f"{rows:,} rows"] * bool(rows)
    return f"{' and '.join(missing)} missing" if missing else "none missing"


def properties(
    verdict: Verdict | None, shown: Shown, condition: str, left: int | None
) -> dict[str, str]:
    """Return single facts by name, no more than may be told."""
    facts = {
        "condition": whole(verdict, shown, condition).name,
        "outcome": told_outcome(verdict, shown) or "not shown",
    }
    if left is not None:
        facts["looks left"] = str(left)
    if verdict is not None and shown == "evidence":
        facts |= {"method": verdict.method, "delta of this look": f"{verdict.delta:.6g}"}
        facts["labels used"] = str(verdict.labels_used)
        facts |= {f"estimate of {name}": number(v) for name, v in verdict.estimates.items()}
        facts |= {f"interval of {name}": interval(v) for name, v in verdict.intervals.items()}
    return facts


def clauses_of(verdict: Verdict | None) -> list[Mapping[str, Any]]:
    """Return the clauses of a verdict on a condition; one on mean loss has none."""
    return list(verdict.detail.get("clauses", ())) if verdict else []


def cases_of(verdict: Verdict | None) -> list[Mapping[str, Any]]:
    """Return the unit cases of a verdict on a condition."""
    return list(verdict.detail.get("cases", ())) if verdict else []


def has_parts(verdict: Verdict | None) -> bool:
    """Return whether there is more to show than a condition as a whole."""
    return bool(clauses_of(verdict) or cases_of(verdict))


def next_step(outcome: Outcome | None, left: int | None) -> str:
    """Return what the reader may do now."""
    if outcome == "not enough data":
        return (
            "label the rows that `trimtab gate label-next` names, or add rows where rows are "
            "missing, then look again."
        )
    if left == 0:
        return "take a fresh test set: `trimtab gate ledger open`. This one is used up."
    if outcome == "pass":
        return "promote the model, or merge; that is a decision of its own."
    if outcome == "fail":
        return "improve the model on development data, then look again with the new commit."
    return "ask the third party."


def number(value: float | None) -> str:
    """Return a number in four digits, and nothing for none."""
    return "" if value is None else f"{value:.4g}"


def interval(ends: tuple[float | None, float | None] | None) -> str:
    """Return an interval in words; an end that JSON had no word for is infinite."""
    if ends is None:
        return ""
    low, high = ends
    return f"{'-inf' if low is None else number(low)} to {'inf' if high is None else number(high)}"
