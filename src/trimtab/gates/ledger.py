"""The ledger of looks: which test set was opened for how many, who looked, what was told.

Looking at a test set uses it up a little: with enough tries, chance alone lets a model through.
So a test set is opened once, with a budget; past it the ledger refuses and asks for a fresh test
set. The ledger computes no verdicts. What it remembers is one hash chain (`ledger_chain`).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from trimtab.core.records import Verdict
from trimtab.core.store import Store
from trimtab.gates import ledger_chain
from trimtab.gates.delta import Adaptivity
from trimtab.gates.ledger_alarm import retire_within
from trimtab.gates.ledger_delivery import deliver_waiting
from trimtab.gates.ledger_evidence import LookResult, shown_look, undecided
from trimtab.gates.ledger_look import SpentTestSetError as SpentTestSetError
from trimtab.gates.ledger_look import find_look, refuse, result_of, take
from trimtab.gates.ledger_sets import (
    KnownTestSet,
    Reveals,
    checked_budget,
    find_test_set,
    known_test_sets,
    refuse_opening,
    refuse_other_budget,
)
from trimtab.gates.ledger_sets import fingerprint_of_ids as fingerprint_of_ids


class Ledger:
    """The test sets and looks of one scope, in the metadata store.

    Parameters
    ----------
    store : Store
        Where they are kept; they survive restarts, and no two processes take the same step.
        Whoever can read it can read the evidence: keep it where developers have no access if
        they are not to see it.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> ledger = Ledger(Store("sqlite://"))
    >>> found = Verdict("pass", "n > 0.8 +/- 0.05", "0.91", {"n": 0.91}, {}, 1_000, "exact", 0.01)
    >>> opened = ledger.open(
    ...     "5f0c1e", reliability="0.95", steps=2, adaptivity="full", who="ann", at=now
    ... )
    >>> told = ledger.look(
    ...     "5f0c1e", champion="v1", challenger="v2", condition=found.condition, who="bob",
    ...     at=now, decide=lambda: found,
    ... )
    >>> told.revealed, told.verdict.estimates, told.left
    ('pass', {}, 1)
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def open(
        self,
        test_set: str,
        *,
        reliability: str,
        steps: int,
        adaptivity: Adaptivity,
        who: str,
        at: datetime,
        name: str = "",
        to: str | None = None,
        reveals: Reveals = "bit",
    ) -> KnownTestSet:
        """Open a test set with a budget; the same again is the same, and changes nothing.

        Parameters
        ----------
        test_set : str
            Fingerprint of its rows (see `fingerprint_of_ids`).
        reliability : str
            Chance that none of the looks is wrong, as a decimal string: "0.9999".
        steps : int
            How many looks it is for.
        adaptivity : {"none", "first_change", "full"}
            Who is told: under `none` a third party and not the developer; under `full` the
            developer, one bit a look; under `first_change` too, and the first pass retires it.
        who : str
            Who opens it.
        at : datetime
            When, with a time zone.
        name : str, optional
            What people call it. Only one open test set has it.
        to : str, optional
            File or URL of the third party. Not for the one who asks to choose, so it is set
            here and not at a look. Needed under `none`.
        reveals : {"bit", "everything"}, default="bit"
            `bit`: a look tells *pass* or *fail* and no evidence, under `none` not even that. *Not
            enough data* has to depend on counts of labels alone, never on their values: it costs
            no step, and once there are more labels the look goes on. `everything`, with `none`
            only: a look returns its verdict with the evidence, and *not enough data*, which may
            depend on values, costs its step like any other. For callers that no developer listens
            to, as the loop is.

        Raises
        ------
        ConfigError
            If it was opened with other numbers, the numbers mean nothing, or the name is taken.
        """
        value = checked_budget(reliability, steps, adaptivity, reveals=reveals)
        with self._store.transaction() as connection:
            entries = self._store.rows_within(connection, ledger_chain.TABLE, order="number")
            known = {one.fingerprint: one for one in known_test_sets(entries)}
            if test_set in known:
                asked = (value, steps, adaptivity, reveals)
                refuse_other_budget(known[test_set], asked, to=to)
                return known[test_set]
            refuse_opening(
                known.values(), adaptivity=adaptivity, name=name, to=to, reveals=reveals
            )
            ledger_chain.append_within(
                self._store, connection, "opened", test_set=test_set, at=at,
                body={
                    "name": name, "reliability": str(value), "steps": steps,
                    "adaptivity": adaptivity, "to": to, "reveals": reveals, "who": who,
                },
            )  # fmt: skip
        return self.test_set(test_set)

    def look(
        self,
        test_set: str,
        *,
        champion: str,
        challenger: str,
        condition: str,
        who: str,
        at: datetime,
        decide: Callable[[], Verdict],
    ) -> LookResult:
        """Decide a look and tell what may be told; the same look again costs nothing.

        The same challenger, champion and condition on the same test set is the same look: it is
        told what it was told, and spends nothing.

        Parameters
        ----------
        test_set : str
            Fingerprint of an opened test set.
        champion, challenger : str
            The two models, by names that stand for one model for ever: a commit, a hash.
        condition : str
            What is asked, in words that hold every number of it.
        who : str
            Who asks.
        at : datetime
            When, with a time zone.
        decide : callable
            Returns the verdict, made for one step of the test set's budget. It may be called
            without its verdict being used, and must not write to the store.

        Raises
        ------
        NotFoundError
            If the test set was not opened.
        SpentTestSetError
            If it has no look left, or was retired.
        SourceError
            If the file that hidden results go to cannot be written; nothing is spent.
        """
        question = {"champion": champion, "challenger": challenger, "condition": condition}
        try:
            result = self.look_taken(test_set, **question)
            if result is None:
                known = self.test_set(test_set)
                refuse(known)
                verdict = decide()  # outside the transaction: it may take a while
                if verdict.outcome == "not enough data" and known.reveals == "bit":
                    found = undecided(verdict)
                    result = LookResult(known.fingerprint, None, "nothing", found, known.left)
                else:
                    result = take(
                        self._store, known.fingerprint, question, verdict, who=who, at=at
                    )
        finally:
            undelivered = self.deliver(at=at)
        return replace(result, undelivered=undelivered)

    def look_taken(
        self, test_set: str, *, champion: str, challenger: str, condition: str
    ) -> LookResult | None:
        """Return what the same look was told, None if it was never taken; nothing is spent."""
        question = {"champion": champion, "challenger": challenger, "condition": condition}
        row = find_look(self._store.rows("looks", test_set=test_set), question)
        if row is None:
            return None
        return result_of(self.test_set(test_set), row, repeated=True)

    def retire(
        self, test_set: str, *, who: str, at: datetime, why: str = "retired by a person"
    ) -> str:
        """Retire a test set before its looks are used up, and return the alarm it raises.

        A set that is retired already stays as it is, and its alarm is returned again.

        Parameters
        ----------
        test_set : str
            Its fingerprint, or its name.
        who, at, why : str, datetime, str
            Who retires it, when and why.
        """
        name = self.test_set(test_set).fingerprint
        with self._store.transaction() as connection:
            entries = self._store.rows_within(
                connection, ledger_chain.TABLE, order="number", test_set=name
            )
            for entry in entries:
                if entry["kind"] == "alarm":
                    return str(entry["details"]["message"])
            (known,) = known_test_sets(entries)
            return retire_within(self._store, connection, known, who=who, at=at, why=why)

    def deliver(self, *, at: datetime) -> tuple[str, ...]:
        """Send results that wait for their third party; return what went wrong."""
        return deliver_waiting(self._store, at=at)

    def verify(self, *, head: str | None = None) -> ledger_chain.Verification:
        """Say whether the ledger was changed (see `ledger_chain.verify`)."""
        return ledger_chain.verify(self._store, head=head)

    def test_sets(self) -> list[KnownTestSet]:
        """Return the test sets of this scope with their budgets, in the order they were opened."""
        return known_test_sets(self._store.rows(ledger_chain.TABLE, order="number"))

    def test_set(self, word: str) -> KnownTestSet:
        """Return the test set with this fingerprint, its beginning, or this name."""
        return find_test_set(self.test_sets(), word)

    def looks(self, test_set: str | None = None) -> list[dict[str, Any]]:
        """Return the looks taken, in order, at one test set or at all, as anyone may see them.

        What was not told is left out until the set is retired: `outcome` is None, and `details`
        hold no verdict.
        """
        where = {} if test_set is None else {"test_set": test_set}
        order = ("at", "test_set", "step") if test_set is None else ("step",)
        released = {one.fingerprint for one in self.test_sets() if one.state == "retired"}
        return [
            shown_look(row, released=row["test_set"] in released)
            for row in self._store.rows("looks", order=order, **where)
        ]
