"""A look of the gate on mean loss: the ledger's budget for the loop, which is told everything."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from trimtab.core.records import Verdict
from trimtab.gates.ledger import Ledger
from trimtab.gates.ledger_evidence import LookResult


def look_at_gain(
    ledger: Ledger,
    test_set: str,
    *,
    champion: str,
    challenger: str,
    condition: str,
    steps: int,
    delta: float,
    who: str,
    at: datetime,
    decide: Callable[[float], Verdict],
) -> Verdict:
    """Take a look of the gate on mean loss, and tell everything; the loop asks this way.

    The test set is opened by itself, with adaptivity `none`: each look gets delta / steps.
    That promise is for challengers that are made without sight of earlier verdicts on the
    same test set, since here nobody is kept from them.

    Parameters
    ----------
    ledger : Ledger
        Where the look is taken.
    test_set, champion, challenger, condition, who, at
        As of `Ledger.look`.
    steps : int
        How many looks the test set is for.
    delta : float
        Chance that any of them is wrong.
    decide : callable
        Called with this look's share of delta, returns the verdict.

    Raises
    ------
    SpentTestSetError
        If the test set has no look left.
    ConfigError
        If it was opened with other numbers.
    """
    if steps < 1 or not 0 < delta < 1:
        raise ValueError(f"expected steps >= 1 and 0 < delta < 1, got {steps} and {delta}")
    question = {"champion": champion, "challenger": challenger, "condition": condition}
    if (known := ledger.look_taken(test_set, **question)) is not None:
        return _verdict(known)  # whatever the numbers are by now
    reliability = str(1 - Decimal(repr(delta)))
    ledger.open(
        test_set, reliability=reliability, steps=steps, adaptivity="none", who=who, at=at,
        reveals="everything",
    )  # fmt: skip
    result = ledger.look(
        test_set, **question, who=who, at=at, decide=lambda: decide(delta / steps)
    )
    return _verdict(result)


def _verdict(result: LookResult) -> Verdict:
    if result.verdict is None or result.revealed != "everything":
        raise ValueError(f"this look was taken by a gate that told {result.revealed!r} of it")
    return result.verdict
