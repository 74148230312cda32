"""The ledger of looks: which test set was opened for how many, who looked, what was told.

Looking at a test set uses it up a little: with enough tries, chance alone lets a model through.
So a test set is opened once, with a budget; past it the ledger refuses and asks for a fresh test
set. Readings of the overfitting meter are counted alike. What it remembers is one hash chain.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from numpy.typing import ArrayLike

from trimtab.core.records import Verdict
from trimtab.core.store import Store
from trimtab.gates import ledger_chain
from trimtab.gates.delta import Adaptivity
from trimtab.gates.ledger_alarm import retire_once
from trimtab.gates.ledger_delivery import deliver_waiting
from trimtab.gates.ledger_evidence import LookResult, shown_look
from trimtab.gates.ledger_look import find_look, result_of, take
from trimtab.gates.ledger_opening import checked_budget, open_test_set
from trimtab.gates.ledger_reading import (
    ReadingResult,
    StoredReading,
    stored_readings,
    take_reading,
)
from trimtab.gates.ledger_refusal import SpentTestSetError as SpentTestSetError
from trimtab.gates.ledger_refusal import refuse, refuse_larger_share
from trimtab.gates.ledger_sets import KnownTestSet, Reveals, find_test_set, known_test_sets
from trimtab.gates.ledger_sets import fingerprint_of_ids as fingerprint_of_ids


class Ledger:
    """The test sets, looks and readings of one scope, in the metadata store.

    Parameters
    ----------
    store : Store
        Where they are kept; they survive restarts, and no two processes take the same step.
        Whoever can read it can read the evidence: keep it where developers cannot.

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
        ranges: Sequence[float] = (),
    ) -> KnownTestSet:
        """Open a test set with a budget; the same again is the same, and changes nothing.

        Parameters
        ----------
        test_set : str
            Fingerprint of its rows (see `fingerprint_of_ids`).
        reliability : str
            Chance that no look (or reading) is wrong, as a decimal string: "0.9999".
        steps : int
            How many looks (or readings) it is for.
        adaptivity : {"none", "first_change", "full"}
            Who is told: under `none` a third party; under `full` the developer, one bit a look;
            under `first_change` too, and the first pass retires it.
        who, at : str, datetime
            Who opens it, and when, with a time zone.
        name : str, optional
            What people call it. Only one open test set has it.
        to : str, optional
            File or URL of the third party, needed under `none`; who asks cannot choose it.
        reveals : {"bit", "range", "everything"}, default="bit"
            What a step tells: of a look one bit or (with `none` only) everything; of a reading
            of the overfitting meter (with `full` only) a range. See `ledger_opening.Budget`.
        ranges : sequence of float, optional
            For readings: where one range of the gap ends and the next begins, as of `meter`.

        Raises
        ------
        ConfigError
            If it was opened with other numbers, the numbers mean nothing, or the name is taken.
        """
        budget = checked_budget(reliability, steps, adaptivity, reveals=reveals, ranges=ranges)
        open_test_set(self._store, test_set, budget, who=who, at=at, name=name, to=to)
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
        inputs: str = "",
    ) -> LookResult:
        """Decide a look and tell what may be told; the same look again costs nothing.

        The same challenger, champion and condition on the same test set is the same look: it is
        told what it was told, and spends nothing. *Not enough data* spends nothing if the verdict
        says that it came from counts of labels alone (`detail["used_labels"]` is False). If not,
        its step is spent and the look is open: asked again, it goes on under that step until it
        is decided. A set is retired when its steps are taken and none of its looks is open.

        Parameters
        ----------
        test_set : str
            Fingerprint of an opened test set.
        champion, challenger : str
            The two models, by names that stand for one model for ever: a commit, a hash.
        condition : str
            What is asked, in words that hold every number of it.
        who, at : str, datetime
            Who asks, and when, with a time zone.
        decide : callable
            Returns the verdict, made for one step of the test set's budget. It may be called
            without its verdict being used, and must not write to the store.
        inputs : str, optional
            Fingerprint of what is judged besides labels (answers, columns of slices): an open
            look goes on with the same only. Left out, that is the caller's duty.

        Raises
        ------
        NotFoundError
            If the test set was not opened.
        SpentTestSetError
            If it has no look left, or was retired.
        ConfigError
            If it was opened for readings, delta is above a step's, or `inputs` have changed.
        SourceError
            If the file that hidden results go to cannot be written; nothing is spent.
        """
        question = {"champion": champion, "challenger": challenger, "condition": condition}
        try:
            known = self.test_set(test_set)  # first: another process may decide and retire it
            result = self.look_taken(known.fingerprint, **question)
            if result is None or result.is_open:
                refuse(known, "look", open_look=None if result is None else result.step)
                verdict = decide()  # outside the transaction: it may take a while
                refuse_larger_share(known, verdict)
                result = take(
                    self._store, known.fingerprint, question, verdict, who=who, at=at,
                    inputs=inputs,
                )  # fmt: skip
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

    def read(
        self,
        test_set: str,
        *,
        commit: str,
        development_loss: float | ArrayLike,
        test_loss: float | ArrayLike,
        who: str,
        at: datetime,
        rows: int | None = None,
        epsilon: float | None = None,
    ) -> ReadingResult:
        """Read the overfitting meter for a step; see `ledger_reading.take_reading`."""
        return take_reading(
            self._store, test_set, commit=commit, development_loss=development_loss,
            test_loss=test_loss, who=who, at=at, rows=rows, epsilon=epsilon,
        )  # fmt: skip

    def readings(self, test_set: str | None = None) -> list[StoredReading]:
        """Return the readings taken, in order, of one test set or of all."""
        return stored_readings(self._store, test_set)

    def retire(
        self, test_set: str, *, who: str, at: datetime, why: str = "retired by a person"
    ) -> str:
        """Retire a test set before its steps are used up, and return the alarm it raises.

        A set that is retired already stays as it is, and its alarm is returned again.

        Parameters
        ----------
        test_set : str
            Its fingerprint, or its name.
        who, at, why : str, datetime, str
            Who retires it, when and why.
        """
        name = self.test_set(test_set).fingerprint
        return retire_once(self._store, name, who=who, at=at, why=why)

    def deliver(self, *, at: datetime) -> tuple[str, ...]:
        """Send results that wait for their third party; return what went wrong."""
        return deliver_waiting(self._store, at=at)

    def verify(self, *, head: str | None = None) -> ledger_chain.Verification:
        """Say whether the ledger was changed (see `ledger_chain.verify`)."""
        return ledger_chain.verify(self._store, head=head)

    def test_sets(self) -> list[KnownTestSet]:
        """Return the test sets of this scope with their budgets, in order."""
        return known_test_sets(self._store.rows(ledger_chain.TABLE, order="number"))

    def test_set(self, word: str) -> KnownTestSet:
        """Return the test set with this fingerprint, its beginning, or this name."""
        return find_test_set(self.test_sets(), word)

    def looks(self, test_set: str | None = None) -> list[dict[str, Any]]:
        """Return the looks taken, in order, at one test set or at all, as anyone may see them.

        What was not told is left out until the set is retired: outcome and verdict.
        """
        where = {} if test_set is None else {"test_set": test_set}
        rows = self._store.rows("looks", order=("at", "test_set", "step"), **where)
        released = {one.fingerprint for one in self.test_sets() if one.state == "retired"}
        return [shown_look(row, released=row["test_set"] in released) for row in rows]
