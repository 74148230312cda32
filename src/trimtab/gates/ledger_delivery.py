"""Results on their way to a third party: a file of JSON lines, or a webhook.

Under adaptivity `none` the developer is told nothing, and this is where the verdict goes. A
result is sent after its look is in the ledger, and then noted as delivered: it is never lost,
and may come twice if the process is killed between the two. Its `id` tells that it is one.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trimtab.core.errors import SourceError
from trimtab.core.records import jsonable
from trimtab.core.store import Store
from trimtab.gates import ledger_chain
from trimtab.gates.ledger_sets import KnownTestSet, known_test_sets

TIMEOUT_SECONDS = 5.0


def is_url(to: str) -> bool:
    """Return whether results go to a webhook.

    Examples
    --------
    >>> is_url("https://ci.example/results"), is_url("results.jsonl")
    (True, False)
    """
    return to.lower().startswith(("http://", "https://"))


def place_of(to: str) -> str:
    """Return an address as it may be shown: of a URL only the host, the rest may be a secret.

    Examples
    --------
    >>> place_of("https://ann:pw@ci.example:8443/hooks/s3cret?key=1"), place_of("results.jsonl")
    ('https://ci.example:8443/…', 'results.jsonl')
    """
    if not is_url(to):
        return to
    scheme, _, rest = to.partition("://")
    for end in "/?#":
        rest = rest.partition(end)[0]
    return f"{scheme}://{rest.rpartition('@')[2]}/…"


def deliver(to: str, message: Mapping[str, Any]) -> str | None:
    """Send a result; return None if it was taken, else what went wrong.

    Parameters
    ----------
    to : str
        URL to POST it to as JSON, or path of a file that it is appended to as a line. A relative
        path starts at the folder that this process works in.
    message : mapping
        What is sent; its `id` is the idempotency key.
    """
    problem = _post(to, message) if is_url(to) else _append(to, message)
    return None if problem is None else f"{place_of(to)} did not take a result: {problem}"


def deliver_waiting(store: Store, *, at: datetime) -> tuple[str, ...]:
    """Send every hidden result of a scope that was not delivered yet, and note each as delivered.

    Parameters
    ----------
    store : Store
        The metadata store, which says the scope.
    at : datetime
        When, for the entry of the chain.

    Returns
    -------
    tuple of str
        What went wrong; those results wait for the next call. An address that is down is tried
        once a call.
    """
    if not store.rows(ledger_chain.TABLE, kind="opened"):
        return ()
    entries = store.rows(ledger_chain.TABLE, order="number")
    known = {one.fingerprint: one for one in known_test_sets(entries)}
    done = {_place(entry) for entry in entries if entry["kind"] == "delivered"}
    problems: dict[str, str] = {}
    for entry in entries:
        if not _is_hidden_result(entry) or _place(entry) in done:
            continue
        to = known[entry["test_set"]].to
        assert to is not None, "a look is refused whose result could go nowhere"
        if to in problems:
            continue
        problem = deliver(to, _message(store, known[entry["test_set"]], entry))
        if problem is not None:
            problems[to] = problem
            continue
        _note(store, entry, to=to, at=at)
    return tuple(problems.values())


def _is_hidden_result(entry: Mapping[str, Any]) -> bool:
    """Return whether an entry tells of a verdict that nobody was told; an open look has none."""
    details = entry["details"]
    decided = entry["kind"] == "decided" or (entry["kind"] == "look" and not details.get("open"))
    return bool(decided and details["revealed"] == "nothing")


def _place(entry: Mapping[str, Any]) -> tuple[str, int]:
    return entry["test_set"], entry["details"]["step"]


def _message(store: Store, known: KnownTestSet, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the third party gets: the whole verdict, and the place in the chain."""
    details = entry["details"]
    (row,) = store.rows("looks", test_set=known.fingerprint, step=details["step"])
    message = {
        "id": entry["hash"], "test_set": known.fingerprint, "name": known.name,
        "step": row["step"], "steps": known.steps, "champion": row["champion"],
        "challenger": row["challenger"], "condition": row["condition"], "who": row["who"],
        "at": row["at"], "outcome": row["outcome"], "verdict": row["details"]["verdict"],
    }  # fmt: skip
    plain = jsonable(message)
    assert isinstance(plain, dict)
    return plain


def _note(store: Store, entry: Mapping[str, Any], *, to: str, at: datetime) -> None:
    """Note a delivery, unless another process that sent it too has done so."""
    test_set, step = _place(entry)
    with store.transaction() as connection:
        noted = store.rows_within(
            connection, ledger_chain.TABLE, kind="delivered", test_set=test_set
        )
        if all(_place(one) != (test_set, step) for one in noted):
            ledger_chain.append_within(
                store, connection, "delivered", test_set=test_set, at=at,
                body={"step": step, "to": place_of(to), "look": entry["hash"]},
            )  # fmt: skip


def refuse_unusable(to: str) -> None:
    """Refuse a file that cannot be appended to, before a look is spent on it.

    Raises
    ------
    SourceError
        If the file cannot be opened for appending.
    """
    if is_url(to):
        return
    try:
        os.close(_open(to))
    except OSError as error:
        raise SourceError(
            f"expected a file that results can be appended to, got `{to}`: {error.strerror}",
            hint="Make its folder, or open the test set with another `--to`.",
        ) from None


def _open(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)


def _append(path: str, message: Mapping[str, Any]) -> str | None:
    """Append one line in one write, so that lines of two processes never mix."""
    line = json.dumps(dict(message), sort_keys=True).encode() + b"\n"
    try:
        file = _open(path)
        try:
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                line = b"\n" + line  # a killed process left half a line
            if os.write(file, line) < len(line):
                return "the disk is full"
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def _post(url: str, message: Mapping[str, Any]) -> str | None:
    import httpx

    try:
        answer = httpx.post(
            url, json=dict(message), headers={"Idempotency-Key": str(message["id"])},
            timeout=TIMEOUT_SECONDS,
        )  # fmt: skip
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return type(error).__name__  # its text may hold the URL, and the URL a secret
    return None if answer.is_success else f"status {answer.status_code}"
