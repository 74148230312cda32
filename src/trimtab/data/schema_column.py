"""What one column should hold: a `[columns.NAME]` section of a schema file."""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

import polars as pl
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from trimtab.core.errors import nearest
from trimtab.core.records import Severity
from trimtab.data.types import TYPES

Environment = Literal["training", "serving"]
Value = bool | int | float | str
Bound = int | float | datetime | date
_UNORDERED = ("String", "Boolean", "Binary", "Nested")
NAIVE = "naive"
_LEVELS: dict[str, tuple[type, ...]] = {
    "String": (str,), "Boolean": (bool,), "Float32": (int, float), "Float64": (int, float),
    **{f"Int{bits}": (int,) for bits in (8, 16, 32, 64)},
}  # fmt: skip


class Section(BaseModel):
    """A part of a schema file: unknown keys are refused, values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def moment(bound: Any) -> Any:
    """Return a bound that compares with others of its kind: times of any sort as UTC."""
    if not isinstance(bound, date):
        return bound
    if not isinstance(bound, datetime):
        return datetime(bound.year, bound.month, bound.day, tzinfo=UTC)
    return bound.replace(tzinfo=bound.tzinfo or UTC)


def _ordered(bounds: tuple[float, float]) -> tuple[float, float]:
    if not bounds[0] <= bounds[1]:
        raise ValueError(f"[least, greatest] was expected, got {list(bounds)}")
    return bounds


def _regex(text: str) -> str:
    try:
        pl.Series([""]).str.contains(text)
    except pl.exceptions.ComputeError:
        raise ValueError(f"a regular expression was expected, got {text!r}") from None
    return text


def zone_of(kind: pl.DataType | None) -> str | None:
    """Return the zone that times of a type come in, `naive` for none; None if it has no times."""
    return kind.time_zone or NAIVE if isinstance(kind, pl.Datetime) else None


def zone_words(zone: str) -> str:
    """Return how messages name a zone: after the word "times"."""
    return "without a zone (naive)" if zone == NAIVE else f"in the zone {zone}"


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
Pattern = Annotated[str, AfterValidator(_regex)]


class ColumnSchema(Section):
    """What one column should hold. A missing column or a value of another type is a *stop*.

    Attributes
    ----------
    type : str
        One of `trimtab.data.types.TYPES`.
    required : bool
        False: the column may be missing.
    max_null_share : float
        Share of rows that may have no value (null or NaN).
    min, max, min_length, max_length, values, pattern
        Range of numbers or times, range of the number of characters, all levels, and a regular
        expression that each text has to match. A missing value breaks none of them.
    max_outside_share : float
        Share of rows that may break each of these.
    unique : bool
        No value is there twice.
    increasing : {"strictly", "weakly"} or None
        No value is lower than (strictly: nor equal to) the one before it.
    finite : bool
        Neither NaN nor infinite.
    mean, median, quantiles
        `[least, greatest]` of the mean, the median, and of quantiles by their probability
        (`{"0.05" = [0, 2]}`); `inf` and `-inf` leave a side open. A p-quantile is the smallest
        value that a share of at least p of the values does not exceed.
    max_drift, reference
        How far the distribution may be from that of a named profile (see
        `trimtab.data.reference_checks`); without a name, the table's `reference`.
    time_zone : str or None
        Zone that times come in (`"UTC"`, `"Europe/Zurich"`), or `"naive"`.
    when : str or None
        An SQL condition: the column is checked only in rows of which it is true.
    environments : list of {"training", "serving"}
        Where the column is expected: a label is not there in serving.
    reject : bool
        Rows that fail are set aside at ingest.
    """

    type: str
    required: bool = True
    max_null_share: float = Field(default=1.0, ge=0, le=1)
    min: Bound | None = None
    max: Bound | None = None
    min_length: int | None = Field(default=None, ge=0)
    max_length: int | None = Field(default=None, ge=0)
    values: list[Value] | None = None
    pattern: Pattern | None = None
    max_outside_share: float = Field(default=0.0, ge=0, lt=1)
    unique: bool = False
    increasing: Literal["strictly", "weakly"] | None = None
    finite: bool = False
    mean: Range | None = None
    median: Range | None = None
    quantiles: dict[str, Range] = {}
    max_drift: float | None = Field(default=None, ge=0, le=1)
    reference: str | None = None
    time_zone: str | None = None
    when: str | None = None
    severity: Severity = "warn"
    reject: bool = False
    environments: list[Environment] = ["training", "serving"]
    owner: str = ""
    note: str = ""

    @field_validator("type")
    @classmethod
    def _known_type(cls, text: str) -> str:
        if text not in TYPES:
            raise ValueError(f"unknown type {text!r}. {nearest(text, TYPES)}")
        return text

    @field_validator("quantiles")
    @classmethod
    def _probabilities(cls, quantiles: dict[str, Any]) -> dict[str, Any]:
        for text in quantiles:
            try:
                probable = 0 < Fraction(text) < 1
            except (ValueError, ZeroDivisionError):
                probable = False
            if not probable:
                raise ValueError(f'a probability such as "0.05" was expected, got {text!r}')
        return quantiles

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, text: str | None) -> str | None:
        if text not in (None, NAIVE):
            try:
                pl.Series([], dtype=pl.Datetime).dt.replace_time_zone(text)
            except pl.exceptions.ComputeError:
                raise ValueError(f"'naive', 'UTC' or a zone such as 'Europe/Zurich' was "
                                 f"expected, got {text!r}") from None  # fmt: skip
        return text

    @model_validator(mode="after")
    def _demands_fit_the_type(self) -> Self:
        text, times = self.type == "String", self.type in ("Date", "Datetime")
        for key in ("min_length", "max_length", "pattern"):
            if getattr(self, key) is not None and not text:
                raise ValueError(f"`{key}` is for text, and the type is {self.type}")
        if self.time_zone is not None and self.type != "Datetime":
            raise ValueError(f"`time_zone` is for times, and the type is {self.type}")
        for key in ("min", "max"):
            bound = getattr(self, key)
            if bound is not None and (self.type in _UNORDERED or isinstance(bound, date) != times):
                raise ValueError(f"`{key}` of the column's type was expected, got {bound!r} "
                                 f"for {self.type}")  # fmt: skip
        fit = _LEVELS.get(self.type, ())
        for level in self.values or ():
            # A truth is no number, though Python counts it as one.
            if not isinstance(level, fit) or isinstance(level, bool) != (self.type == "Boolean"):
                raise ValueError(f"`values` of the column's type were expected, got {level!r} "
                                 f"for {self.type}")  # fmt: skip
        for key in ("mean", "median", "quantiles"):
            share = key == "mean" and self.type == "Boolean"
            if getattr(self, key) and (self.type in _UNORDERED or times) and not share:
                raise ValueError(f"`{key}` is for numbers, and the type is {self.type}")
        for low, high in ((self.min, self.max), (self.min_length, self.max_length)):
            if low is not None and high is not None and moment(low) > moment(high):
                raise ValueError(f"a least value below the greatest was expected, got {low!r} "
                                 f"and {high!r}")  # fmt: skip
        return self
