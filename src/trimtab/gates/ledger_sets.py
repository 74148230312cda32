"""Test sets as the ledger knows them: what they were opened with, and what is left of it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, cast, get_args

from trimtab.core.errors import ConfigError, KeyClashError, NotFoundError, nearest
from trimtab.core.records import Record
from trimtab.gates.delta import Adaptivity, decimal_share, one_of

Reveals = Literal["bit", "everything"]


@dataclass(frozen=True, slots=True)
class KnownTestSet(Record):
    """A test set that was opened, and the state of its budget.

    `left` counts the looks that may still be taken: none once it is retired. A retired set is
    released to development: its evidence is shown, and models may be trained on it. `to` is the
    file or URL that results go to which the developer is not told; a URL's secrets are in it.
    """

    fingerprint: str
    name: str
    reliability: str
    steps: int
    adaptivity: Adaptivity
    to: str | None
    reveals: Reveals
    opened_by: str
    opened_at: datetime
    taken: int = 0
    left: int = 0
    state: Literal["open", "retired"] = "open"
    retired_at: datetime | None = None
    retired_why: str = ""

    @property
    def label(self) -> str:
        """What people call it: its name, or else its fingerprint."""
        return self.name or self.fingerprint


def known_test_sets(entries: Sequence[Mapping[str, Any]]) -> list[KnownTestSet]:
    """Return the test sets that entries of the chain tell of, in the order they were opened."""
    opened = {row["test_set"]: row for row in entries if row["kind"] == "opened"}
    retired = {row["test_set"]: row for row in entries if row["kind"] == "retired"}
    taken: dict[str, int] = {}
    for row in entries:
        taken[row["test_set"]] = taken.get(row["test_set"], 0) + (row["kind"] == "look")
    return [_known(row, taken[name], retired.get(name)) for name, row in opened.items()]


def checked_budget(reliability: str, steps: int, adaptivity: str, *, reveals: Reveals) -> Decimal:
    """Return the reliability as a number; refuse a budget that means nothing.

    Raises
    ------
    ConfigError
        If reliability is no decimal text in (0, 1), steps is below 1, no adaptivity is called
        so, or a look would reveal more than delta is shared for.
    """
    value = decimal_share("reliability", reliability)
    if steps < 1:
        raise ConfigError(
            f"expected at least 1 step, got {steps!r}",
            hint="Give the number of looks that the test set is for.",
        )
    one_of("adaptivity", adaptivity, get_args(Adaptivity))
    if reveals == "everything" and adaptivity != "none":
        raise ConfigError(
            f"expected adaptivity none for looks that reveal everything, got {adaptivity}",
            hint="Under full and first_change delta is shared for one bit a look, and no more.",
        )
    return value


def refuse_opening(
    known: Iterable[KnownTestSet],
    *,
    adaptivity: str,
    name: str,
    to: str | None,
    reveals: Reveals,
) -> None:
    """Refuse a new test set whose results go nowhere, or whose name an open one has.

    Raises
    ------
    ConfigError
        If it is so.
    """
    if adaptivity == "none" and reveals == "bit" and not to:
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


def refuse_other_budget(
    known: KnownTestSet, asked: tuple[Decimal, int, str, Reveals], *, to: str | None
) -> None:
    """Refuse to open a test set again with other numbers than it was opened with.

    Parameters
    ----------
    known : KnownTestSet
        As it was opened.
    asked : tuple
        Reliability, steps, adaptivity and what is revealed, as asked for now.
    to : str or None
        The third party as asked for now; left out, it stays who it is.

    Raises
    ------
    ConfigError
        If anything differs.
    """
    have = (Decimal(known.reliability), known.steps, known.adaptivity, known.reveals)
    if have == asked and to in (None, known.to):
        return
    reliability, steps, adaptivity, reveals = asked
    said = f"reliability {reliability}, {steps} steps, adaptivity {adaptivity}"
    if to not in (None, known.to):
        said += ", and another address for its results"
    if reveals != known.reveals:
        said += f", to reveal {reveals} and not {known.reveals}"
    raise ConfigError(
        f"expected test set `{known.label}` with what it was opened with (reliability "
        f"{known.reliability}, {known.steps} steps, adaptivity {known.adaptivity}), got {said}",
        hint="Ask with the numbers it was opened with, or take a fresh test set: a budget that "
        "could be raised later would promise nothing.",
        test_set=known.fingerprint,
    )


def find_test_set(known: Iterable[KnownTestSet], word: str) -> KnownTestSet:
    """Return the test set with this fingerprint, its beginning, or this name.

    Of several of one name it is the open one.

    Raises
    ------
    NotFoundError
        If there is none, or more than one.
    """
    sets = list(known)
    rules: tuple[Callable[[KnownTestSet], bool], ...] = (
        lambda one: one.fingerprint == word,
        lambda one: one.name == word and one.state == "open",
        lambda one: one.name == word,
        lambda one: len(word) >= 6 and one.fingerprint.startswith(word),
    )
    for rule in rules:
        found = [one for one in sets if rule(one)]
        if len(found) == 1:
            return found[0]
        if found:
            prints = ", ".join(one.fingerprint for one in found)
            raise NotFoundError(
                f"expected one test set called `{word}`, got {len(found)}",
                hint=f"Say which by its fingerprint: {prints}.",
            )
    names = [one.label for one in sets]
    raise NotFoundError(
        f"expected a test set that was opened, got `{word}`",
        hint=f"{nearest(word, names)} `trimtab gate ledger open` opens one.",
        test_set=word,
    )


def fingerprint_of_ids(ids: Any) -> str:
    """Return the name of a test set: a hash of its ids, whatever their order or type.

    The ids 7 and "7" are one, so that a CSV file and a Parquet file of the same rows are the same
    test set. Labels are no part of it: they come later, and a look goes on when they have come.

    Parameters
    ----------
    ids : polars.Series, array or sequence, shape (n_rows,)
        One id a row.

    Raises
    ------
    KeyClashError
        If an id is missing or stands for two rows.

    Examples
    --------
    >>> fingerprint_of_ids([3, 1, 2]) == fingerprint_of_ids(["1", "2", "3"])
    True
    """
    import polars as pl

    column = pl.Series("id", ids)
    text = column.cast(pl.String)
    twins, missing = text.len() - text.n_unique(), text.null_count()
    if twins or missing:
        raise KeyClashError(
            f"expected one id per row, got {twins:,} repeated and {missing:,} missing",
            hint="Remove repeated rows, or name another column with --id.",
        )
    content = json.dumps(text.sort().to_list(), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _known(
    opened: Mapping[str, Any], taken: int, retired: Mapping[str, Any] | None
) -> KnownTestSet:
    body = opened["details"]
    return KnownTestSet(
        fingerprint=opened["test_set"],
        name=body["name"],
        reliability=body["reliability"],
        steps=body["steps"],
        adaptivity=cast("Adaptivity", body["adaptivity"]),
        to=body["to"],
        reveals=body["reveals"],
        opened_by=body["who"],
        opened_at=opened["at"],
        taken=taken,
        left=0 if retired else body["steps"] - taken,
        state="retired" if retired else "open",
        retired_at=retired["at"] if retired else None,
        retired_why=retired["details"]["why"] if retired else "",
    )
