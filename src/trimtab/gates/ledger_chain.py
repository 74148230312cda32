"""The ledger's hash chain: what was written once can be added to, but not changed unseen.

Each entry holds the hash of the one before it, so that a changed, removed, inserted or reordered
entry breaks the chain at its place. What an entry means is no matter of this file, but for looks:
an entry on a look holds the digest of its row in the table of looks, with all of the evidence. A
look that was open gets a second entry when it is decided, and its row is held against that one. A
reading of the overfitting meter has no row: all that is kept of it was told, and is in its entry.

A chain does not stop someone who may write to the database from writing all of it anew. Whoever
keeps a head hash elsewhere (the log of a CI job, the third party) finds that too: the old head
is then no entry of the new chain.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trimtab.core.records import Record, jsonable
from trimtab.core.store import Store

TABLE = "ledger_entries"
_HASHED = ("scope", "number", "kind", "test_set", "at", "previous", "details")


@dataclass(frozen=True, slots=True)
class Verification(Record):
    """What a reading of the whole chain found; it holds if there are no problems.

    `head` is the hash of the last entry, empty if there is none: keep it, to find a cut-off tail.
    """

    entries: int
    head: str
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was changed, as far as a chain can tell."""
        return not self.problems


def append_within(
    store: Store, connection: Any, kind: str, *, test_set: str, at: datetime, body: dict[str, Any]
) -> str:
    """Add an entry at the end of the scope's chain, in the caller's transaction.

    Parameters
    ----------
    kind : str
        `opened`, `look`, `decided` (a look that was open), `reading`, `delivered`, `retired` or
        `alarm`.
    test_set : str
        Fingerprint of the test set it is about.
    at : datetime
        When, with a time zone.
    body : dict
        What is remembered; JSON has to be able to hold it.

    Returns
    -------
    str
        Hash of the entry.
    """
    if at.tzinfo is None:
        raise ValueError(f"expected a time with a time zone, got {at!r}")
    last = store.last_within(connection, TABLE, by="number")
    entry = {
        "scope": store.scope, "number": last["number"] + 1 if last else 1, "kind": kind,
        "test_set": test_set, "at": at, "previous": last["hash"] if last else "",
        "details": jsonable(body),
    }  # fmt: skip
    entry["hash"] = _hash(entry)
    added = store.add_within(connection, TABLE, **{k: v for k, v in entry.items() if k != "scope"})
    assert added, "another process wrote within our transaction"
    return str(entry["hash"])


def digest(row: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a row as canonical JSON (keys sorted, no blanks, times in UTC).

    Examples
    --------
    >>> digest({"b": 1, "a": (1.5, None)}) == digest({"a": [1.5, None], "b": 1})
    True
    """
    text = json.dumps(jsonable(dict(row)), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def verify(store: Store, *, head: str | None = None) -> Verification:
    """Read the whole chain of a scope and all of its looks; say what does not fit.

    Parameters
    ----------
    store : Store
        The metadata store, which says the scope.
    head : str, optional
        A head hash that was noted earlier: an entry has to have it still.
    """
    with store.transaction() as connection:  # no look is added between the two readings
        entries = store.rows_within(connection, TABLE, order="number")
        looks = store.rows_within(connection, "looks", order=("test_set", "step"))
    problems = [*_broken_links(entries), *_changed_looks(entries, looks), *_overdrawn(entries)]
    if head is not None and head not in {entry["hash"] for entry in entries}:
        problems.append(
            f"no entry has the hash {head}: entries were cut off, or all were written anew"
        )
    return Verification(len(entries), str(entries[-1]["hash"]) if entries else "", tuple(problems))


def _hash(entry: Mapping[str, Any]) -> str:
    return digest({name: entry[name] for name in _HASHED})


def _broken_links(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    problems = []
    number, before = 0, ""
    for entry in entries:
        if entry["number"] != number + 1:
            problems.append(f"after entry {number} comes entry {entry['number']}")
        elif entry["previous"] != before:
            problems.append(f"entry {entry['number']} does not follow from the entry before it")
        if _hash(entry) != entry["hash"]:
            problems.append(f"entry {entry['number']} ({entry['kind']}) was changed")
        number, before = entry["number"], entry["hash"]
    return problems


def _changed_looks(
    entries: Sequence[Mapping[str, Any]], looks: Sequence[Mapping[str, Any]]
) -> list[str]:
    problems = []
    rows = {(look["test_set"], look["step"]): look for look in looks}
    latest = {
        (entry["test_set"], entry["details"].get("step")): entry["details"].get("row")
        for entry in entries
        if entry["kind"] in ("look", "decided")
    }
    for (name, step), written in latest.items():
        row = rows.pop((name, step), None)
        if row is None:
            problems.append(f"look {step} at test set {name} was removed")
        elif digest(row) != written:
            problems.append(f"look {step} at test set {name} was changed")
    return problems + [
        f"look {step} at test set {name} has no entry: it was inserted, or renumbered"
        for name, step in rows
    ]


def _overdrawn(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what no honest run writes, although its hashes may fit: steps out of turn."""
    problems = []
    allowed: dict[str, int] = {}
    due: dict[str, str] = {}
    taken: dict[str, int] = {}
    waiting: set[tuple[str, Any]] = set()
    for entry in entries:
        name, number, step = entry["test_set"], entry["number"], entry["details"].get("step")
        if entry["kind"] == "opened":
            if name in allowed:
                problems.append(f"entry {number} opens test set {name} a second time")
            allowed[name] = entry["details"].get("steps", 0)
            due[name] = "reading" if entry["details"].get("reveals") == "range" else "look"
        elif entry["kind"] == "retired":
            allowed[name] = taken.get(name, 0)
            waiting = {place for place in waiting if place[0] != name}
        elif entry["kind"] == "decided":
            if (name, step) not in waiting:
                problems.append(f"entry {number} decides look {step} at {name}, which is not open")
            waiting.discard((name, step))
        elif (kind := entry["kind"]) in ("look", "reading"):
            taken[name] = taken.get(name, 0) + 1
            in_turn = step == taken[name] <= allowed.get(name, 0)
            if not in_turn or kind != due.get(name):
                problems.append(f"entry {number} is a {kind} at {name} that was not due")
            if kind == "look" and entry["details"].get("open"):
                waiting.add((name, step))
    return problems
