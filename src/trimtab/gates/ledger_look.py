"""One look: whether it was taken before, whether it may be, and the step that it spends."""

import math
from dataclasses import replace
from datetime import datetime
from typing import Any

from trimtab.core.errors import ConfigError, StoppedError
from trimtab.core.records import Verdict, jsonable
from trimtab.core.store import Store
from trimtab.gates import ledger_chain
from trimtab.gates.delta import ln_delta_per_step
from trimtab.gates.ledger_alarm import retire_within
from trimtab.gates.ledger_delivery import refuse_unusable
from trimtab.gates.ledger_evidence import LookResult, Told, told, told_of, verdict_from
from trimtab.gates.ledger_sets import KnownTestSet, StepKind, known_test_sets
from trimtab.gates.plan_words import scientific

_ROUNDING = 1e-9  # of ln delta: decimals and floats round a share differently


class SpentTestSetError(StoppedError):
    """All the steps that were agreed on for a test set have been taken, or it was retired."""


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
        refuse(known, "look")
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
        known, alarm = spend_within(
            store, connection, known, who=who, at=at,
            body={**question, "revealed": revealed, "row": ledger_chain.digest(row)},
            passed=verdict.outcome == "pass",
        )  # fmt: skip
    return replace(result_of(known, row), alarm=alarm)


def spend_within(
    store: Store,
    connection: Any,
    known: KnownTestSet,
    *,
    who: str,
    at: datetime,
    body: dict[str, Any],
    passed: bool = False,
) -> tuple[KnownTestSet, str | None]:
    """Add the entry of a step to the chain; with the last step, retire the set with its alarm.

    Parameters
    ----------
    known : KnownTestSet
        The test set as the caller's transaction sees it, not refused (see `refuse`).
    who, at : str, datetime
        Who takes the step, and when.
    body : dict
        What the entry holds besides its step.
    passed : bool
        Whether a gate passed, which under `first_change` makes this the last step.

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
    known = replace(known, taken=known.taken + 1, left=known.left - 1)
    change = passed and known.adaptivity == "first_change"
    if known.left and not change:
        return known, None
    why = "the first pass" if change else f"all {known.steps} {kind}s were taken"
    alarm = retire_within(store, connection, known, who=who, at=at, why=why)
    return replace(known, left=0), alarm


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


def refuse(known: KnownTestSet, kind: StepKind) -> None:
    """Refuse a look or a reading that the test set is not, or no longer, open for."""
    if known.step_kind != kind:
        raise ConfigError(
            f"expected a test set that was opened for {kind}s, got `{known.label}`, which was "
            f"opened for {known.step_kind}s",
            hint="Its delta is shared for the one kind alone: give the other rows of its own.",
            test_set=known.fingerprint,
        )
    if known.state == "retired":
        spent = known.taken >= known.steps
        got = f"{known.taken} taken of {known.steps}"
        raise SpentTestSetError(
            f"expected a {kind} left at test set `{known.label}`, got {got}"
            + ("" if spent else f" and the set retired ({known.retired_why})"),
            hint="Take a fresh test set (a later window); the old one may now be trained on. "
            "`trimtab gate ledger list` shows who looked.",
            test_set=known.fingerprint, steps=known.steps, taken=known.taken,
        )  # fmt: skip
    if known.adaptivity == "none" and known.to is not None:
        refuse_unusable(known.to)


def refuse_larger_share(known: KnownTestSet, verdict: Verdict) -> None:
    """Refuse a verdict that may be wrong more often than one step of the test set allows.

    Raises
    ------
    ConfigError
        If it was made for a larger share of delta.
    """
    allowed = ln_delta_per_step(known.reliability, steps=known.steps, adaptivity=known.adaptivity)
    made_for = verdict.detail.get("ln_delta")  # `delta` of a thousand looks is 0 as a float
    if made_for is None:
        made_for = _ln(verdict.delta)
    if made_for <= allowed + _ROUNDING:
        return
    had = scientific(made_for) if math.isfinite(made_for) else f"{verdict.delta:g}"
    raise ConfigError(
        f"expected a verdict made for a delta of at most {scientific(allowed)}, a step's share "
        f"of test set `{known.label}`, got one made for {had}",
        hint=f'Plan with what it was opened with: reliability="{known.reliability}", '
        f'steps={known.steps}, adaptivity="{known.adaptivity}".',
        test_set=known.fingerprint,
    )


def _ln(delta: float) -> float:
    """Return the logarithm of a chance; infinite for what is none, as NaN or -1."""
    if delta == 0:
        return -math.inf
    return math.log(delta) if delta > 0 else math.inf
