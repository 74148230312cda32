"""The ledger of looks: which challenger was held against which test set, and what came out.

Looking at a test set uses it up a little: with enough tries, chance alone lets a model through.
So each look spends its share of the chance of error, delta / steps; when delta is spent, the
ledger refuses and asks for a fresh test set. The ledger does not compute verdicts.
"""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from trimtab.core.errors import StoppedError
from trimtab.core.records import Verdict
from trimtab.core.store import Store

ROUNDING = 1e-9


class SpentTestSetError(StoppedError):
    """All the looks that were agreed on for a test set have been taken."""


class Ledger:
    """The looks of one scope, in the metadata store.

    Parameters
    ----------
    store : Store
        Where looks are kept; they survive restarts, and no two processes take the same step.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def look(
        self,
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
        """Return the verdict of this look, deciding it if it was never taken.

        The same challenger, champion and condition on the same test set is the same look: it
        gets the verdict that was stored and spends nothing.

        Parameters
        ----------
        test_set : str
            Fingerprint of the rows and labels that are looked at.
        champion, challenger : str
            The two models, by names that stand for one model for ever.
        condition : str
            What is asked, in words that hold every number of it (see `gates.gain`).
        steps : int
            How many looks the test set is for.
        delta : float
            Chance that any of them is wrong.
        who : str
            Who asks.
        at : datetime
            When.
        decide : callable
            Called with this look's share of delta, returns the verdict. It may be called
            without its verdict being used, and must not write to the store.

        Raises
        ------
        SpentTestSetError
            If the test set has no look left.
        """
        if steps < 1 or not 0 < delta < 1:
            raise ValueError(f"expected steps >= 1 and 0 < delta < 1, got {steps} and {delta}")
        share = delta / steps
        question = {"champion": champion, "challenger": challenger, "condition": condition}
        earlier = self._store.rows("looks", test_set=test_set, order="step")
        known = _find(earlier, question)
        if known is not None:
            return known
        _refuse_if_spent(earlier, test_set, share=share, steps=steps, delta=delta)
        verdict = decide(share)  # outside the transaction: it may take a while
        with self._store.transaction() as connection:
            earlier = self._store.rows_within(connection, "looks", test_set=test_set, order="step")
            known = _find(earlier, question)
            if known is not None:
                return known
            _refuse_if_spent(earlier, test_set, share=share, steps=steps, delta=delta)
            self._store.add_within(
                connection, "looks",
                test_set=test_set, step=len(earlier) + 1, **question,
                outcome=verdict.outcome, who=who, at=at,
                details={"verdict": verdict.to_dict(), "delta": share},
            )  # fmt: skip
        return verdict

    def looks(self, test_set: str | None = None) -> list[dict[str, Any]]:
        """Return the looks taken, in order, at one test set or at all."""
        where = {} if test_set is None else {"test_set": test_set}
        order = ("at", "test_set", "step") if test_set is None else ("step",)
        return self._store.rows("looks", order=order, **where)


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


def _find(looks: list[dict[str, Any]], question: dict[str, str]) -> Verdict | None:
    for look in looks:
        if all(look[key] == value for key, value in question.items()):
            return verdict_from(look["details"]["verdict"])
    return None


def _refuse_if_spent(
    looks: list[dict[str, Any]], test_set: str, *, share: float, steps: int, delta: float
) -> None:
    """Refuse a look that would spend more than delta, whatever `steps` earlier looks had."""
    spent = sum(look["details"]["delta"] for look in looks)
    if spent + share <= delta * (1 + ROUNDING):
        return
    raise SpentTestSetError(
        f"expected a look left at test set `{test_set}`, got {len(looks)} taken of {steps}",
        hint="Take a fresh test set (a later window); the old one may now be trained on. "
        "`trimtab gate ledger list` shows who looked.",
        test_set=test_set,
        steps=steps,
        taken=len(looks),
        challengers=[look["challenger"] for look in looks],
    )
