"""Test sets as the ledger knows them: what they were opened with, and what is left of it."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast, get_args

from trimtab.core.errors import KeyClashError, NotFoundError, nearest
from trimtab.core.records import Record
from trimtab.gates.delta import Adaptivity

Reveals = Literal["bit", "range", "everything"]
StepKind = Literal["look", "reading"]
_STEPS = get_args(StepKind)


@dataclass(frozen=True, slots=True)
class KnownTestSet(Record):
    """A test set that was opened, and the state of its budget.

    `left` counts the steps that may still be taken: none once it is retired. A retired set is
    released to development: its evidence is shown, and models may be trained on it. `to` is the
    file or URL that results go to which the developer is not told; a URL's secrets are in it.
    `ranges` are where one range of the overfitting meter ends and the next begins. `open_looks`
    are the steps that were spent on looks which are not decided yet: a set of which one is open
    is not retired by its last step.
    """

    fingerprint: str
    name: str
    reliability: str
    steps: int
    adaptivity: Adaptivity
    to: str | None
    reveals: Reveals
    ranges: tuple[float, ...]
    opened_by: str
    opened_at: datetime
    taken: int = 0
    left: int = 0
    open_looks: tuple[int, ...] = ()
    state: Literal["open", "retired"] = "open"
    retired_at: datetime | None = None
    retired_why: str = ""

    @property
    def label(self) -> str:
        """What people call it: its name, or else its fingerprint."""
        return self.name or self.fingerprint

    @property
    def step_kind(self) -> StepKind:
        """What its steps are spent on: looks of a gate, or readings of the overfitting meter."""
        return "reading" if self.reveals == "range" else "look"


def known_test_sets(entries: Sequence[Mapping[str, Any]]) -> list[KnownTestSet]:
    """Return the test sets that entries of the chain tell of, in the order they were opened."""
    opened = {row["test_set"]: row for row in entries if row["kind"] == "opened"}
    retired = {row["test_set"]: row for row in entries if row["kind"] == "retired"}
    taken: dict[str, int] = {}
    waiting: dict[str, list[int]] = {name: [] for name in opened}
    for row in entries:
        taken[row["test_set"]] = taken.get(row["test_set"], 0) + (row["kind"] in _STEPS)
        if row["kind"] == "look" and row["details"].get("open"):
            waiting[row["test_set"]].append(row["details"]["step"])
        elif row["kind"] == "decided":
            waiting[row["test_set"]].remove(row["details"]["step"])
    return [
        _known(row, taken[name], waiting[name], retired.get(name)) for name, row in opened.items()
    ]


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
    opened: Mapping[str, Any],
    taken: int,
    waiting: Sequence[int],
    retired: Mapping[str, Any] | None,
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
        ranges=tuple(body.get("ranges", ())),  # entries of looks may lack them
        opened_by=body["who"],
        opened_at=opened["at"],
        taken=taken,
        left=0 if retired else body["steps"] - taken,
        open_looks=() if retired else tuple(waiting),
        state="retired" if retired else "open",
        retired_at=retired["at"] if retired else None,
        retired_why=retired["details"]["why"] if retired else "",
    )
