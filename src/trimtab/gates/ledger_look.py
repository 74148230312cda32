"""One look: whether it was taken before, whether it may be, and the step that it spends."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from trimtab.core.errors import StoppedError
from trimtab.core.records import Verdict, jsonable
from trimtab.core.store import Store
from trimtab.gates import ledger_chain
from trimtab.gates.ledger_alarm import retire_within
from trimtab.gates.ledger_delivery import refuse_unusable
from trimtab.gates.ledger_evidence import LookResult, Told, told, told_of, verdict_from
from trimtab.gates.ledger_sets import KnownTestSet, known_test_sets


class SpentTestSetError(StoppedError):
    """All the looks that were agreed on for a test set have been taken, or it was retired."""


def take(
    store: Store,
    test_set: str,
    question: dict[str, str],
    verdict: Verdict,
    *,
    who: str,
    at: datetime,
) -> LookResult:
    """Spend a step on a verdict, unless another process took the same look meanwhile.

    The row with the evidence, its entry, and, if it was the last look, retirement and alarm are
    one transaction: a process that is killed has done all of it or nothing.
    """
    with store.transaction() as connection:
        entries = store.rows_within(
            connection, ledger_chain.TABLE, order="number", test_set=test_set
        )
        (known,) = known_test_sets(entries)
        rows = store.rows_within(connection, "looks", test_set=test_set)
        row = find_look(rows, question)
        if row is not None:
            return result_of(known, row, repeated=True)
        refuse(known)
        revealed = _revealed(known, verdict)
        row = {
            "scope": store.scope, "test_set": test_set, "step": known.taken + 1, **question,
            "outcome": verdict.outcome, "who": who, "at": at,
            "details": jsonable({"verdict": verdict.to_dict(), "revealed": revealed}),
        }  # fmt: skip
        if not store.add_within(
            connection, "looks", **{k: v for k, v in row.items() if k != "scope"}
        ):
            raise StoppedError(
                f"expected look {row['step']} at `{known.label}` to be new, got one that no "
                "entry of the ledger's chain tells of",
                hint="Run `trimtab gate ledger verify`: the ledger was changed by hand.",
            )
        ledger_chain.append_within(
            store, connection, "look", test_set=test_set, at=at,
            body={
                "step": row["step"], **question, "who": who, "revealed": revealed,
                "row": ledger_chain.digest(row),
            },
        )  # fmt: skip
        known = replace(known, taken=known.taken + 1, left=known.left - 1)
        alarm = None
        passed = known.adaptivity == "first_change" and verdict.outcome == "pass"
        if passed or known.left == 0:
            why = "the first pass" if passed else f"all {known.steps} looks were taken"
            alarm = retire_within(store, connection, known, who=who, at=at, why=why)
            known = replace(known, left=0)
    return replace(result_of(known, row), alarm=alarm)


def find_look(looks: list[dict[str, Any]], question: dict[str, str]) -> dict[str, Any] | None:
    """Return the row of the same challenger, champion and condition, None if there is none."""
    for look in looks:
        if all(look[key] == value for key, value in question.items()):
            return look
    return None


def _revealed(known: KnownTestSet, verdict: Verdict) -> Told:
    if known.reveals == "everything":
        return "everything"
    if known.adaptivity == "none":
        return "nothing"
    return "pass" if verdict.outcome == "pass" else "fail"


def result_of(known: KnownTestSet, row: dict[str, Any], *, repeated: bool = False) -> LookResult:
    """Return what the caller of a stored look is told."""
    revealed = told_of(row)
    verdict = None
    if revealed != "nothing":
        verdict = verdict_from(row["details"]["verdict"])
        verdict = verdict if revealed == "everything" else told(verdict)
    return LookResult(
        known.fingerprint, row["step"], revealed, verdict, known.left, repeated=repeated
    )


def refuse(known: KnownTestSet) -> None:
    """Refuse a look that the test set is not, or no longer, open for."""
    if known.state == "retired":
        spent = known.taken >= known.steps
        got = f"{known.taken} taken of {known.steps}"
        raise SpentTestSetError(
            f"expected a look left at test set `{known.label}`, got {got}"
            + ("" if spent else f" and the set retired ({known.retired_why})"),
            hint="Take a fresh test set (a later window); the old one may now be trained on. "
            "`trimtab gate ledger list` shows who looked.",
            test_set=known.fingerprint, steps=known.steps, taken=known.taken,
        )  # fmt: skip
    if known.adaptivity == "none" and known.to is not None:
        refuse_unusable(known.to)
