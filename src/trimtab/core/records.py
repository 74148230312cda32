"""Frozen records that travel from room to room; they hold facts and do nothing."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Literal

Severity = Literal["warn", "stop"]
Outcome = Literal["pass", "fail", "not enough data"]
Stage = Literal["dev", "staging", "production", "archived"]
TaskKind = Literal["binary", "multiclass", "regression"]


class Record:
    """Mix-in of every record: `to_dict` gives values that JSON can hold."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values (times as ISO 8601 text)."""
        plain = jsonable(asdict(self))  # type: ignore[call-overload]
        assert isinstance(plain, dict)
        return plain


@dataclass(frozen=True, slots=True)
class DatasetVersion(Record):
    """The immutable content of a table at one moment: `flights@7`.

    `fingerprint` is a hash of the rows (values, column names and types) of each ingest in turn:
    two versions with the same fingerprint hold the same data, whatever they were read from. The
    same rows ingested in other portions have another one. `change` says what the version did with
    the rows of its `parent`: it holds them and others after them (`append`), or mended ones in
    their place (`replace`). `lineage` says to programs what it was made from where `source` says
    it in words: of a cleaned table, the version and session it comes from, who cleaned, and when.
    `reader`, on a version that comes from `Tables`, opens its rows; it is no part of the record.
    """

    table: str
    version: int
    fingerprint: str
    source: str
    query: str | None
    schema_version: str | None
    rows: int
    rejected: int
    time_min: datetime | None
    time_max: datetime | None
    parent: int | None
    created_at: datetime
    change: Literal["append", "replace"] = "append"
    lineage: dict[str, Any] | None = field(default=None, hash=False)
    reader: Callable[[], Any] | None = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, but for `reader`."""
        plain = Record.to_dict(replace(self, reader=None))
        del plain["reader"]
        return plain

    @property
    def name(self) -> str:
        """The version as people write it, for example `flights@7`."""
        return f"{self.table}@{self.version}"


@dataclass(frozen=True, slots=True)
class Violation(Record):
    """One failure of one check, with the rows behind it."""

    table: str
    column: str | None
    check: str
    severity: Severity
    count: int
    rows: int
    message: str
    examples: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ModelVersion(Record):
    """A registered model and the five things that made it."""

    name: str
    version: int
    run_id: str
    stage: Stage
    dataset: str
    feature_hash: str
    commit: str
    config_hash: str
    seed: int
    model_hash: str
    runtime: str
    trained_from: datetime | None
    trained_until: datetime | None
    created_at: datetime
    metrics: dict[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The version as people write it, for example `late v3`."""
        return f"{self.name} v{self.version}"


@dataclass(frozen=True, slots=True)
class Verdict(Record):
    """What a gate decided, and on what evidence.

    `intervals` maps a quantity to (low, high). Each end misses the truth with probability at
    most the share of `delta`, the chance of error of this look, that the gate gives it,
    whatever the truth is. A quantity may have an estimate and no interval.
    """

    outcome: Outcome
    condition: str
    reason: str
    estimates: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    labels_used: int
    method: str
    delta: float
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert(Record):
    """Something a person should know, once, with what to do about it."""

    id: str
    model: str
    monitor: str
    severity: Literal["info", "warning", "critical"]
    window_start: datetime
    window_end: datetime
    message: str
    runbook: str
    evidence: dict[str, Any] = field(default_factory=dict)


def jsonable(value: Any) -> Any:
    """Return `value` with times as ISO text, tuples as lists and numpy scalars as Python's.

    NaN and infinities become None, since JSON has no word for them.
    """
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [jsonable(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return jsonable(value.item())
    if hasattr(value, "tolist"):
        return jsonable(value.tolist())
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
