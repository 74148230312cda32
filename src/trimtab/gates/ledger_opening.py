"""Opening a test set: the budget it gets, and why another one is refused later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast, get_args

from trimtab.core.errors import ConfigError
from trimtab.core.store import Store
from trimtab.gates import ledger_chain
from trimtab.gates.delta import Adaptivity, decimal_share, one_of
from trimtab.gates.ledger_sets import KnownTestSet, Reveals, known_test_sets


@dataclass(frozen=True, slots=True)
class Budget:
    """What a test set is opened with: how many steps, what they tell, how delta is shared.

    `reveals` says what a step tells, and so what it is spent on.

    - `bit`: a look tells *pass* or *fail* and no evidence, under `none` not even that. *Not
      enough data* by counts of labels alone costs no step. By their values, as a sequential
      method says it, it costs the step at once: the look is open, and goes on under that step
      when there are more labels. So at most `steps` questions are ever put to the values.
    - `range`, with `full` only: a reading of the overfitting meter tells which of the ranges the
      gap lies in. With m ranges a developer can have been told m^H things, not 2^H, and the
      meter's number of rows pays for that; so such a set takes no looks, and others no readings.
    - `everything`, with `none` only: a look returns its verdict with the evidence, and *not
      enough data*, which may depend on values, costs its step like any other. For callers that
      no developer listens to, as the loop is.
    """

    reliability: Decimal
    steps: int
    adaptivity: Adaptivity
    reveals: Reveals
    ranges: tuple[float, ...]

    @property
    def words(self) -> str:
        """The budget as a message has it."""
        cuts = ", ".join(f"{cut:g}" for cut in self.ranges)
        told = {
            "bit": "", "everything": ", everything revealed",
            "range": f", readings with ranges that end at {cuts}",
        }[self.reveals]  # fmt: skip
        return (
            f"reliability {self.reliability}, {self.steps} steps, adaptivity {self.adaptivity}"
            + told
        )


def budget_of(known: KnownTestSet) -> Budget:
    """Return the budget that a test set was opened with."""
    return Budget(
        Decimal(known.reliability), known.steps, known.adaptivity, known.reveals, known.ranges
    )


def checked_budget(
    reliability: str, steps: int, adaptivity: str, *, reveals: str, ranges: Sequence[float] = ()
) -> Budget:
    """Return a budget; refuse one that means nothing.

    Raises
    ------
    ConfigError
        If reliability is no decimal text in (0, 1), steps is below 1, no adaptivity is called
        so, a step would reveal more than delta is shared for, or the ranges of a meter are
        missing, do not rise between 0 and 1, or are given for looks.
    """
    value = decimal_share("reliability", reliability)
    if steps < 1:
        raise ConfigError(
            f"expected at least 1 step, got {steps!r}",
            hint="Give the number of looks or readings that the test set is for.",
        )
    one_of("adaptivity", adaptivity, get_args(Adaptivity))
    one_of("reveals", reveals, get_args(Reveals))
    if reveals == "everything" and adaptivity != "none":
        raise ConfigError(
            f"expected adaptivity none for looks that reveal everything, got {adaptivity}",
            hint="Under full and first_change delta is shared for one bit a look, and no more.",
        )
    if reveals == "range" and adaptivity != "full":
        raise ConfigError(
            f"expected adaptivity full for readings of a meter, got {adaptivity}",
            hint="Who reads a meter is told a range after each reading, and delta is shared for "
            "that.",
        )
    cuts = _checked_ranges(ranges, reveals)
    return Budget(value, steps, cast("Adaptivity", adaptivity), cast("Reveals", reveals), cuts)


def _checked_ranges(ranges: Sequence[float], reveals: str) -> tuple[float, ...]:
    from trimtab.gates.meter import checked_cuts

    if reveals != "range":
        if len(ranges):
            raise ConfigError(
                f"expected no ranges for looks that reveal {reveals}, got {tuple(ranges)}",
                hint='Open the test set for readings: reveals="range".',
            )
        return ()
    try:
        return checked_cuts(ranges)
    except ValueError as error:
        raise ConfigError(
            str(error), hint="Say where one range of the gap ends and the next begins: 0.01,0.05."
        ) from None


def open_test_set(
    store: Store,
    test_set: str,
    budget: Budget,
    *,
    who: str,
    at: datetime,
    name: str,
    to: str | None,
) -> None:
    """Open a test set, unless it is open with the same budget (see `Ledger.open`)."""
    with store.transaction() as connection:
        entries = store.rows_within(connection, ledger_chain.TABLE, order="number")
        known = {one.fingerprint: one for one in known_test_sets(entries)}
        if test_set in known:
            _refuse_other(known[test_set], budget, to=to)
            return
        _refuse_opening(known.values(), budget, name=name, to=to)
        ledger_chain.append_within(
            store, connection, "opened", test_set=test_set, at=at,
            body={
                "name": name, "reliability": str(budget.reliability), "steps": budget.steps,
                "adaptivity": budget.adaptivity, "to": to, "reveals": budget.reveals,
                "ranges": budget.ranges, "who": who,
            },
        )  # fmt: skip


def _refuse_opening(
    known: Iterable[KnownTestSet], budget: Budget, *, name: str, to: str | None
) -> None:
    """Refuse a new test set whose results go nowhere, or whose name an open one has."""
    if budget.adaptivity == "none" and budget.reveals == "bit" and not to:
        raise ConfigError(
            "expected a file or URL for results that the developer is not told, got none",
            hint="Under adaptivity none say who is told: `--to FILE|URL`.",
        )
    for one in known:
        if name and one.name == name and one.state == "open":
            raise ConfigError(
                f"expected a name no open test set has, got `{name}`",
                hint=f"Retire it with `trimtab gate ledger retire {one.fingerprint}`, or take "
                "another name.",
            )


def _refuse_other(known: KnownTestSet, asked: Budget, *, to: str | None) -> None:
    """Refuse to open a test set again with other numbers; a `to` left out stays who it is."""
    have = budget_of(known)
    if have == asked and to in (None, known.to):
        return
    elsewhere = "" if to in (None, known.to) else ", and another address for its results"
    raise ConfigError(
        f"expected test set `{known.label}` with what it was opened with ({have.words}), got "
        f"{asked.words}{elsewhere}",
        hint="Ask with the numbers it was opened with, or take a fresh test set: a budget that "
        "could be raised later would promise nothing.",
        test_set=known.fingerprint,
    )
