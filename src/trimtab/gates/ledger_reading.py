"""Readings of the overfitting meter: each spends a step of its test set, like a look of a gate.

A reading is one entry of the hash chain with all that was told: the range, its widened limits
and the numbers behind them. The losses are not kept, not even as evidence: they can be computed
again from the files, and so whoever reads the ledger learns no more than the developer was told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from numpy.typing import ArrayLike

from trimtab.core.errors import ConfigError
from trimtab.core.records import Record
from trimtab.core.store import Store
from trimtab.gates import ledger_chain
from trimtab.gates.delta import decimal_share
from trimtab.gates.ledger_look import spend_within
from trimtab.gates.ledger_refusal import refuse
from trimtab.gates.ledger_sets import find_test_set, known_test_sets
from trimtab.gates.meter import MeterReading, meter


@dataclass(frozen=True, slots=True)
class StoredReading(Record):
    """A reading as the ledger keeps it; all of it was told.

    `name` is what people call the test set, `step` which of its `reading.steps` this one took,
    and `commit` the model that was read.
    """

    test_set: str
    name: str
    step: int
    commit: str
    who: str
    at: datetime
    reading: MeterReading

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, the reading with its sentence."""
        return Record.to_dict(self) | {"reading": self.reading.to_dict()}


@dataclass(frozen=True, slots=True)
class ReadingResult(Record):
    """What a reading tells its caller.

    Attributes
    ----------
    test_set : str
        Fingerprint.
    step : int
        The step that it spent, now or when the same commit was first read.
    reading : MeterReading
        The range of the gap, and what is known of the gap from it.
    left : int
        Readings that are left.
    repeated : bool
        Whether the same commit was read before, so that this one cost nothing.
    alarm : str or None
        Set if this reading was the last one: why a fresh test set is needed.
    """

    test_set: str
    step: int
    reading: MeterReading
    left: int
    repeated: bool = False
    alarm: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, the reading with its sentence."""
        return Record.to_dict(self) | {"reading": self.reading.to_dict()}


def take_reading(
    store: Store,
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
    """Read the meter with the numbers that a test set was opened with, and spend a step on it.

    The same commit on the same test set is the same reading: it is told what it was told,
    whatever the losses are by now, and spends nothing. Entry, budget and, after the last
    reading, retirement and alarm are one transaction: no two processes take the same step.

    It assumes what `meter` does, and that the rows with a loss are a random sample of the test
    set, chosen without regard to their labels or to the model.

    Parameters
    ----------
    store : Store
        The metadata store, which says the scope.
    test_set : str
        Fingerprint of a test set that was opened with `reveals="range"`.
    commit : str
        The model, by a name that stands for it for ever: a commit, a hash.
    development_loss, test_loss : float, or array_like of float, shape (n_rows,)
        Mean loss, or the loss of each row, in [0, 1].
    who : str
        Who reads.
    at : datetime
        When, with a time zone.
    rows : int, optional
        Rows of test set, where `test_loss` is a mean.
    epsilon : float, optional
        Wanted distance between estimated and true gap. Without it, the one that the rows of the
        test set allow.

    Returns
    -------
    ReadingResult
        The reading, and how many are left.

    Raises
    ------
    NotFoundError
        If the test set was not opened.
    ConfigError
        If it was opened for looks, or no commit is named.
    SpentTestSetError
        If it has no reading left, or was retired.
    NotEnoughDataError
        If there are too few rows; nothing is spent.
    ValueError
        If a loss is NaN or outside [0, 1]; nothing is spent.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from trimtab.gates.ledger import Ledger
    >>> now, ledger = datetime(2026, 1, 2, tzinfo=UTC), Ledger(Store("sqlite://"))
    >>> opened = ledger.open(
    ...     "5f0c1e", reliability="0.95", steps=8, adaptivity="full", who="ann", at=now,
    ...     reveals="range", ranges=(0.01, 0.05),
    ... )
    >>> told = ledger.read(
    ...     "5f0c1e", commit="4f2a91c", development_loss=0.10, test_loss=0.16, rows=20_000,
    ...     who="bob", at=now,
    ... )
    >>> told.reading.signal, told.left
    (2, 7)
    """
    if not commit:
        raise ConfigError(
            "expected the commit whose model is read, got none",
            hint="Name it, so that the same model read twice costs one step: `--commit SHA`.",
        )
    with store.transaction() as connection:
        entries = store.rows_within(connection, ledger_chain.TABLE, order="number")
        known = find_test_set(known_test_sets(entries), test_set)
        for entry in entries:
            if entry["test_set"] == known.fingerprint and _is_reading(entry, commit):
                details = entry["details"]
                told = _reading_from(details["revealed"])
                return ReadingResult(
                    known.fingerprint, details["step"], told, known.left, repeated=True
                )
        refuse(known, "reading")
        reading = meter(
            development_loss, test_loss, ranges=known.ranges, steps=known.steps, rows=rows,
            delta=float(1 - decimal_share("reliability", known.reliability)), epsilon=epsilon,
        )  # fmt: skip
        known, alarm = spend_within(
            store, connection, known, who=who, at=at,
            body={"commit": commit, "revealed": Record.to_dict(reading)},
        )  # fmt: skip
    return ReadingResult(known.fingerprint, known.taken, reading, known.left, alarm=alarm)


def stored_readings(store: Store, test_set: str | None = None) -> list[StoredReading]:
    """Return the readings of a scope in the order they were taken, of one test set or all."""
    entries = store.rows(ledger_chain.TABLE, order="number")
    names = {one.fingerprint: one.name for one in known_test_sets(entries)}
    return [
        StoredReading(
            test_set=entry["test_set"],
            name=names.get(entry["test_set"], ""),
            step=entry["details"]["step"],
            commit=entry["details"]["commit"],
            who=entry["details"]["who"],
            at=entry["at"],
            reading=_reading_from(entry["details"]["revealed"]),
        )
        for entry in entries
        if entry["kind"] == "reading" and test_set in (None, entry["test_set"])
    ]


def _is_reading(entry: Mapping[str, Any], commit: str) -> bool:
    return bool(entry["kind"] == "reading" and entry["details"]["commit"] == commit)


def _reading_from(values: Mapping[str, Any]) -> MeterReading:
    """Return a reading as it was, from what JSON kept of it."""
    low, high = values["gap"]
    ranges = tuple((start, end) for start, end in values["ranges"])
    return MeterReading(**{**values, "ranges": ranges, "gap": (low, high)})
