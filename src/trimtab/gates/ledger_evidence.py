"""What may be told of a look, and to whom: a bit, nothing, or the evidence.

A look that was paid for and is not decided yet is open: of it no more is told than that.
Evidence is everything of a verdict that depends on the values of labels beyond its outcome:
estimates, intervals, the reason, the share of each clause. It stays in the ledger until the test
set is retired.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from trimtab.core.records import Record, Verdict

Told = Literal["nothing", "pass", "fail", "everything"]
WITHHELD = "its evidence is kept in the ledger until the test set is retired"
# of a verdict's detail: what the plan says, and unit cases, which are no part of the test set
_KNOWN = ("cases", "rows", "samples", "ln_delta", "mode")
_COUNTS = ("clause", "samples", "labels", "rows_of", "lacking_labels", "lacking_rows", "method")


@dataclass(frozen=True, slots=True)
class LookResult(Record):
    """What a look tells its caller.

    Attributes
    ----------
    test_set : str
        Fingerprint.
    step : int or None
        The step that this look spent, now or when it was first taken; None for *not enough
        data* by counts of labels alone, which spends none.
    revealed : str
        `pass` or `fail`: that one bit; `nothing`; or `everything`.
    verdict : Verdict or None
        What was revealed, as a verdict; its evidence is left out (see `Ledger.look`). None if
        the result went to the third party.
    left : int
        Looks that are left.
    repeated : bool
        Whether the same look was taken before, so that this one cost nothing.
    alarm : str or None
        Set if this look was the last one: why a fresh test set is needed.
    undelivered : tuple of str
        What went wrong on the way to the third party; it is sent again by the next call.
    """

    test_set: str
    step: int | None
    revealed: Told
    verdict: Verdict | None
    left: int
    repeated: bool = False
    alarm: str | None = None
    undelivered: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the look was paid for and is not decided yet: it goes on with more labels."""
        waits = self.verdict is not None and self.verdict.outcome == "not enough data"
        return waits and self.step is not None and self.revealed == "nothing"


def told(verdict: Verdict) -> Verdict:
    """Return a verdict without its evidence: the outcome, what was planned, the unit cases.

    A sequential method stops when it is certain, so that even the number of labels it used tells
    of their values: that is left out too, as 0.
    """
    return replace(
        verdict,
        reason=f"{verdict.outcome}; {WITHHELD}",
        estimates={},
        intervals={},
        labels_used=0 if "sequential" in verdict.method else verdict.labels_used,
        detail={key: verdict.detail[key] for key in _KNOWN if key in verdict.detail},
    )


def undecided(verdict: Verdict) -> Verdict:
    """Return a verdict of *not enough data* with what is missing, and no estimates.

    One clause may be decided while another waits: of each only counts are told.
    """
    detail = {key: verdict.detail[key] for key in _KNOWN if key in verdict.detail}
    clauses = [
        {key: clause[key] for key in _COUNTS if key in clause}
        for clause in verdict.detail.get("clauses", ())
    ]
    return replace(verdict, estimates={}, intervals={}, detail=detail | {"clauses": clauses})


def still_open(verdict: Verdict, step: int) -> Verdict:
    """Return what is told of an open look: that it is open.

    Which of its clauses waits, and for how many labels, would tell of the values seen so far.
    """
    return replace(
        told(verdict),
        reason=f"look {step} is open: more labels are needed",
        labels_used=0,
        detail=told(verdict).detail | {"used_labels": True},
    )


def verdict_from(values: dict[str, Any]) -> Verdict:
    """Return the verdict that `Verdict.to_dict` was stored as.

    JSON has no word for infinite limits and undefined estimates: they were stored as null.
    """
    intervals = {
        name: (-math.inf if low is None else low, math.inf if high is None else high)
        for name, (low, high) in values["intervals"].items()
    }
    estimates = {
        name: math.nan if value is None else value for name, value in values["estimates"].items()
    }
    return Verdict(**{**values, "intervals": intervals, "estimates": estimates})


def told_of(row: Mapping[str, Any]) -> Told:
    """Return what the caller of a look was told.

    Examples
    --------
    >>> told_of({"details": {"revealed": "pass"}})
    'pass'
    """
    revealed: Told = (row["details"] or {}).get("revealed", "everything")  # before chains: all
    return revealed


def is_open(row: Mapping[str, Any]) -> bool:
    """Return whether a look was paid for and is not decided yet.

    Where everything is told, *not enough data* is a verdict like the others.

    Examples
    --------
    >>> is_open({"outcome": "not enough data", "details": {"revealed": "nothing"}})
    True
    """
    return bool(row["outcome"] == "not enough data" and told_of(row) == "nothing")


def shown_look(row: Mapping[str, Any], *, released: bool) -> dict[str, Any]:
    """Return a row of the table of looks as anyone may see it.

    Of a set that is not `released` to development: its outcome, if it was told, and no evidence
    unless everything was told.
    """
    revealed = told_of(row)
    if released or revealed == "everything":
        return dict(row)
    if is_open(row):
        return {**row, "details": {"revealed": revealed}}
    outcome = None if revealed == "nothing" else revealed
    return {**row, "outcome": outcome, "details": {"revealed": revealed}}
