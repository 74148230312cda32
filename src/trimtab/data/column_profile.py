"""What one column holds, and how the descriptions of two parts add up to that of both."""

import math
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import numpy as np

from trimtab.data.vector_profile import VectorProfile
from trimtab.stats.log_linear import LogLinear
from trimtab.stats.moments import Moments

QUANTILES = (0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
# levels that a profile keeps: all of them, or the commonest
N_LEVELS, N_TOP = 256, 64
Scalar = bool | int | float | str | date | datetime
Order = Literal["strictly", "weakly", "no"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ColumnProfile:
    """What one column holds.

    Attributes
    ----------
    name, type : str
        Name, and type as schema files write it.
    count, nulls : int
        Values that are there, and that are missing.
    nan, infinite, zeros, negative : int
        Of the values of a numeric column; `mean` to `quantiles` leave NaN and infinite ones out.
    mean, std, variance, skewness, kurtosis : float or None
        Of a numeric or boolean column; exact. Kurtosis is in excess of the normal law's 3.
    min, max : scalar or None
        Smallest and largest value.
    quantiles : dict of float to float or datetime
        Of a column of numbers or times; each lies in the same cell of `histogram` as the true
        one, and is exact where `top_complete`.
    rank_error : float
        At most this share of the values lies between a quantile and the true one.
    distinct : int
        How many different values there are.
    distinct_error : float
        Relative standard error of `distinct`; 0 if it is exact.
    top : tuple of (scalar, int)
        The commonest values with their counts: all if they are 256 at most, else 64.
    top_complete : bool
        Whether every value is in `top`.
    top_error : int
        At most so many are missing from any count; a value not listed occurs at most so often.
    lengths : tuple of float or None
        Least, mean and greatest number of characters of text.
    classes : dict of str to float
        Share of text values that hold letters, digits, spaces, punctuation, non_ascii
        characters; of at most 65,536 different values in each part read.
    increasing : {"strictly", "weakly", "no"} or None
        Whether numbers or times never fall from row to row.
    histogram : LogLinear or None
        Of numbers; of times in microseconds since 1970, UTC.
    vector : VectorProfile or None
        Of a column of number lists (embeddings).
    notes : tuple of str
        What is odd, and what could not be told.
    """

    name: str
    type: str
    count: int
    nulls: int
    nan: int = 0
    infinite: int = 0
    zeros: int = 0
    negative: int = 0
    min: Scalar | None = None
    max: Scalar | None = None
    distinct: int = 0
    distinct_error: float = 0.0
    top: tuple[tuple[Scalar, int], ...] = ()
    top_complete: bool = False
    top_error: int = 0
    lengths: tuple[float, float, float] | None = None
    classes: dict[str, float] = field(default_factory=dict)
    increasing: Order | None = None
    notes: tuple[str, ...] = ()
    moments: Moments | None = None
    histogram: LogLinear | None = None
    hashes: tuple[int, ...] | None = None
    vector: VectorProfile | None = None

    @property
    def mean(self) -> float | None:
        """Mean of the finite values."""
        return self.moments.mean if self.moments and self.moments.n else None

    @property
    def variance(self) -> float | None:
        """Unbiased variance; needs two values."""
        return self.moments.variance if self.moments else None

    @property
    def std(self) -> float | None:
        """Root of the variance."""
        return self.moments.std if self.moments else None

    @property
    def skewness(self) -> float | None:
        """Third standardised moment."""
        return self.moments.skewness if self.moments else None

    @property
    def kurtosis(self) -> float | None:
        """Fourth standardised moment, less 3."""
        return self.moments.kurtosis if self.moments else None

    @property
    def quantiles(self) -> dict[float, Any]:
        """Quantiles of numbers or times, by probability."""
        filled = self.histogram is not None and self.histogram.codes.size
        return {p: self.quantile(p) for p in QUANTILES} if filled else {}

    @property
    def rank_error(self) -> float:
        """Bound on the share of values between a quantile and the true one."""
        if self.top_complete or self.histogram is None or not self.histogram.codes.size:
            return 0.0
        made = self.histogram
        rest = made.counts.copy()
        atoms = {x: n for x, n in self._atoms().items() if made.lower[0] <= x <= made.upper[-1]}
        spots = np.searchsorted(made.lower, list(atoms), side="right") - 1
        for spot, n in zip(spots, atoms.values(), strict=True):
            # such a quantile is the value itself (see `LogLinear.quantile`)
            if 2 * n >= made.counts[spot]:
                rest[spot] = min(rest[spot], made.counts[spot] - n)
        return float(rest.max() / made.total)

    @property
    def null_share(self) -> float:
        """Share of rows without a value."""
        return self.nulls / (self.nulls + self.count) if self.nulls + self.count else 0.0

    @property
    def usable(self) -> int:
        """Values that are neither missing, NaN nor infinite."""
        return self.count - self.nan - self.infinite

    def quantile(self, probability: float) -> Any:
        """Return a quantile of a column of numbers, or of times as a time."""
        assert self.histogram is not None
        value = self._exact_quantile(probability)
        if value is None:
            value = self.histogram.quantile(
                probability, whole=self.type.startswith("Int"), atoms=self._atoms()
            )
            value = min(max(value, as_number(self.min)), as_number(self.max))
        return as_time(value, self.type) if self.type in ("Date", "Datetime") else value

    def _exact_quantile(self, probability: float) -> float | None:
        if not self.top_complete:
            return None
        levels = sorted((as_number(x), n) for x, n in self.top if is_finite(x))
        rank = round(probability * (self.usable - 1))
        for value, n in levels:
            rank -= n
            if rank < 0:
                return value
        return None

    def _atoms(self) -> dict[float, int]:
        """Return the values that so many rows share that a quantile may be one of them."""
        atoms = {as_number(x): n for x, n in self.top if is_finite(x) and n * 512 > self.count}
        # zeros have a cell that next to nothing shares with them
        return {**atoms, 0.0: self.zeros} if self.zeros else atoms

    def to_dict(self) -> dict[str, Any]:
        """Return all fields but the sketches, as plain values."""
        left_out = ("moments", "histogram", "hashes", "vector")
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        numbers = {
            key: getattr(self, key)
            for key in ("mean", "std", "variance", "skewness", "kurtosis", "rank_error")
        }
        vector = {"vector": self.vector.to_dict()} if self.vector else {}
        return {
            **kept, **numbers, **vector,
            "quantiles": {str(p): x for p, x in self.quantiles.items()},
        }  # fmt: skip


def as_time(micros: float, kind: str) -> date | datetime:
    """Return a time from microseconds since 1970."""
    moment = _EPOCH + timedelta(microseconds=round(micros))
    return moment.date() if kind == "Date" else moment


def as_number(value: Any) -> float:
    """Return a number, or a time as microseconds since 1970."""
    if isinstance(value, datetime):
        return (value - _EPOCH) / timedelta(microseconds=1)
    if isinstance(value, date):
        return (value - _EPOCH.date()) / timedelta(microseconds=1)
    return float(value)


def is_finite(value: Any) -> bool:
    """Return whether a value is neither NaN nor infinite."""
    return not isinstance(value, float) or math.isfinite(value)
