"""The new-test-set alarm: a test set is used up, and a fresh one has to be taken."""

import hashlib
from datetime import datetime
from typing import Any

from trimtab.core.store import Store
from trimtab.gates import ledger_chain
from trimtab.gates.ledger_sets import KnownTestSet, known_test_sets

MONITOR = "test set"


def retire_once(store: Store, test_set: str, *, who: str, at: datetime, why: str) -> str:
    """Retire a test set, by its fingerprint, unless it is retired already; return its alarm."""
    with store.transaction() as connection:
        entries = store.rows_within(
            connection, ledger_chain.TABLE, order="number", test_set=test_set
        )
        for entry in entries:
            if entry["kind"] == "alarm":
                return str(entry["details"]["message"])
        (known,) = known_test_sets(entries)
        return retire_within(store, connection, known, who=who, at=at, why=why)


def retire_within(
    store: Store, connection: Any, known: KnownTestSet, *, who: str, at: datetime, why: str
) -> str:
    """Retire a test set and raise the alarm, in the caller's transaction.

    From then on it is released to development: its evidence is shown, and models may be trained
    on it. The alarm is an entry of the chain and a row of the alerts, which monitoring sends to
    the project's channels with its own.

    Parameters
    ----------
    known : KnownTestSet
        The test set, not retired yet.
    who, at, why : str, datetime, str
        Who or what retires it, when and why.

    Returns
    -------
    str
        The alarm, for the person who asked.
    """
    message = (
        f"test set `{known.label}` is retired ({why}; {known.taken} of {known.steps} "
        f"{known.step_kind}s): take a fresh one; this one may now be trained on."
    )
    name = hashlib.sha256(f"{store.scope}|{known.fingerprint}|{MONITOR}".encode()).hexdigest()[:16]
    ledger_chain.append_within(
        store, connection, "retired", test_set=known.fingerprint, at=at,
        body={"who": who, "why": why, "released_to": "development"},
    )  # fmt: skip
    ledger_chain.append_within(
        store, connection, "alarm", test_set=known.fingerprint, at=at,
        body={"message": message, "alert": name},
    )  # fmt: skip
    store.add_within(
        connection, "alerts",
        id=name, model=known.label, monitor=MONITOR, severity="warning", window_start=at,
        window_end=at, message=message, runbook="docs/runbook.md#test-set", sent=False,
        details={"evidence": known.to_dict() | {"to": None}, "delivered": []},
    )  # fmt: skip
    return message
