"""One look: whether it was taken before, the step that it spends, and what its caller is told."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from trimtab.core.errors import StoppedError
from trimtab.core.records import Outcome, Verdict, jsonable
from trimtab.core.store import Store
from trimtab.gates import ledger_chain
from trimtab.gates.ledger_alarm import retire_within
from trimtab.gates.ledger_evidence import (
    LookResult,
    Told,
    is_open,
    still_open,
    told,
    told_of,
    undecided,
    verdict_from,
)
from trimtab.gates.ledger_refusal import refuse, refuse_other_inputs
from trimtab.gates.ledger_sets import KnownTestSet, known_test_sets


def take(
    store: Store,
    test_set: str,
    question: dict[str, str],
    verdict: Verdict,
    *,
    who: str,
    at: datetime,
    inputs: str,
) -> LookResult:
    """Spend a step on a verdict, or decide an open look; nothing if it was decided meanwhile.

    The row with the evidence, its entry, and, if it was the last look, retirement and alarm are
    one transaction: a process that is killed has done all of it or nothing. Of two processes
    that go on with one open look the first to decide it does so, and the other is told that.

    Parameters
    ----------
    store : Store
        The metadata store, which says the scope.
    test_set : str
        Fingerprint of an opened test set.
    question : dict
        `champion`, `challenger` and `condition`: what makes two looks the same.
    verdict : Verdict
        Not refused (see `refuse_larger_share`).
    who, at : str, datetime
        Who asks, and when, with a time zone.
    inputs : str
        Fingerprint of what is judged, which an open look keeps (see `Ledger.look`).
    """
    with store.transaction() as connection:
        entries = store.rows_within(
            connection, ledger_chain.TABLE, order="number", test_set=test_set
        )
        (known,) = known_test_sets(entries)
        rows = store.rows_within(connection, "looks", test_set=test_set)
        row = find_look(rows, question)
        if row is not None and not is_open(row):
            return result_of(known, row, repeated=True)
        refuse(known, "look", open_look=None if row is None else row["step"])
        if row is not None:
            refuse_other_inputs(known, row, inputs)
            if verdict.outcome == "not enough data":
                return result_of(known, row, repeated=True)
            row, known, alarm = _decide_within(
                store, connection, known, row, verdict, who=who, at=at
            )
            return replace(result_of(known, row, repeated=True), alarm=alarm)
        if _costs_nothing(known, verdict):
            return LookResult(test_set, None, "nothing", undecided(verdict), known.left)
        row = {
            "scope": store.scope, "test_set": test_set, "step": known.taken + 1, **question,
            "outcome": verdict.outcome, "who": who, "at": at,
            "details": _kept(known, verdict, inputs),
        }  # fmt: skip
        if not store.add_within(
            connection, "looks", **{k: v for k, v in row.items() if k != "scope"}
        ):
            raise StoppedError(
                f"expected look {row['step']} at `{known.label}` to be new, got one that no "
                "entry of the ledger's chain tells of",
                hint="Run `trimtab gate ledger verify`: the ledger was changed by hand.",
            )
        known, alarm = spend_within(
            store, connection, known, who=who, at=at,
            body={
                **question, "revealed": told_of(row), "row": ledger_chain.digest(row),
                **({"open": True} if is_open(row) else {}),
            },
            outcome=verdict.outcome,
        )  # fmt: skip
    return replace(result_of(known, row), alarm=alarm)


def _decide_within(
    store: Store,
    connection: Any,
    known: KnownTestSet,
    row: dict[str, Any],
    verdict: Verdict,
    *,
    who: str,
    at: datetime,
) -> tuple[dict[str, Any], KnownTestSet, str | None]:
    """Put the verdict in the place of an open look, under the step that was spent on it."""
    details = _kept(known, verdict, row["details"]["inputs"])
    row = {**row, "outcome": verdict.outcome, "details": details}
    store.change_within(
        connection, "looks", {"outcome": verdict.outcome, "details": details},
        test_set=known.fingerprint, step=row["step"],
    )  # fmt: skip
    ledger_chain.append_within(
        store, connection, "decided", test_set=known.fingerprint, at=at,
        body={
            "step": row["step"], "who": who, "revealed": told_of(row),
            "row": ledger_chain.digest(row),
        },
    )  # fmt: skip
    waiting = tuple(step for step in known.open_looks if step != row["step"])
    known, alarm = _retired_if_over(
        store, connection, replace(known, open_looks=waiting), verdict.outcome, who=who, at=at
    )
    return row, known, alarm


def spend_within(
    store: Store,
    connection: Any,
    known: KnownTestSet,
    *,
    who: str,
    at: datetime,
    body: dict[str, Any],
    outcome: Outcome | None = None,
) -> tuple[KnownTestSet, str | None]:
    """Add the entry of a step to the chain; with the last step, retire the set with its alarm.

    A set with a look that is still open is not retired: deciding that look retires it.

    Parameters
    ----------
    known : KnownTestSet
        The test set as the caller's transaction sees it, not refused (see `refuse`).
    who, at : str, datetime
        Who takes the step, and when.
    body : dict
        What the entry holds besides its step.
    outcome : str, optional
        What a gate decided: under `first_change` a pass makes this the last step.

    Returns
    -------
    known : KnownTestSet
        With the step taken.
    alarm : str or None
        Set if it was the last.
    """
    kind = known.step_kind
    ledger_chain.append_within(
        store, connection, kind, test_set=known.fingerprint, at=at,
        body={"step": known.taken + 1, "who": who, **body},
    )  # fmt: skip
    waiting = (*known.open_looks, known.taken + 1) if body.get("open") else known.open_looks
    known = replace(known, taken=known.taken + 1, left=known.left - 1, open_looks=waiting)
    return _retired_if_over(store, connection, known, outcome, who=who, at=at)


def _retired_if_over(
    store: Store,
    connection: Any,
    known: KnownTestSet,
    outcome: Outcome | None,
    *,
    who: str,
    at: datetime,
) -> tuple[KnownTestSet, str | None]:
    """Retire a set of which nothing is left to take or to decide, and return its alarm."""
    change = outcome == "pass" and known.adaptivity == "first_change"
    if (known.left or known.open_looks) and not change:
        return known, None
    why = "the first pass" if change else f"all {known.steps} {known.step_kind}s were taken"
    alarm = retire_within(store, connection, known, who=who, at=at, why=why)
    return replace(known, left=0, open_looks=()), alarm


def find_look(looks: list[dict[str, Any]], question: dict[str, str]) -> dict[str, Any] | None:
    """Return the row of the same challenger, champion and condition, None if there is none."""
    for look in looks:
        if all(look[key] == value for key, value in question.items()):
            return look
    return None


def _costs_nothing(known: KnownTestSet, verdict: Verdict) -> bool:
    """Return whether a verdict came from counts alone; one that does not say so did not."""
    waits = verdict.outcome == "not enough data" and known.reveals == "bit"
    return waits and not verdict.detail.get("used_labels", True)


def _kept(known: KnownTestSet, verdict: Verdict, inputs: str) -> dict[str, Any]:
    """Return the details of a look's row: its evidence, and what was told of it."""
    kept = {"verdict": verdict.to_dict(), "revealed": _revealed(known, verdict), "inputs": inputs}
    plain = jsonable(kept)
    assert isinstance(plain, dict)
    return plain


def _revealed(known: KnownTestSet, verdict: Verdict) -> Told:
    if known.reveals == "everything":
        return "everything"
    if known.adaptivity == "none" or verdict.outcome == "not enough data":
        return "nothing"
    return "pass" if verdict.outcome == "pass" else "fail"


def result_of(known: KnownTestSet, row: dict[str, Any], *, repeated: bool = False) -> LookResult:
    """Return what the caller of a stored look is told."""
    revealed = told_of(row)
    verdict = None
    if is_open(row):
        verdict = still_open(verdict_from(row["details"]["verdict"]), row["step"])
    elif revealed != "nothing":
        verdict = verdict_from(row["details"]["verdict"])
        verdict = verdict if revealed == "everything" else told(verdict)
    return LookResult(
        known.fingerprint, row["step"], revealed, verdict, known.left, repeated=repeated
    )
