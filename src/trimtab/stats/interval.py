"""The record that every estimate with limits comes back in. No method lives here."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with limits, and what they promise.

    Infinite limits mean that the data say nothing: too few blocks, or a metric that is
    undefined on them. A rule that asks "is the lower limit above x?" then answers no by itself.

    Parameters
    ----------
    estimate : float
        The value computed from the data; NaN where it is undefined.
    low, high : float
        Limits, in the unit of the estimate. One-sided intervals have the trivial limit
        (an infinite one, or the end of the value range) on the other side.
    level : float
        Promised chance that the limits hold the truth, in (0, 1): one minus delta. 0 where
        they are a guide that promises nothing.
    method : str
        How the limits were found, in words for a reader.

    Raises
    ------
    ValueError
        If `low` is above `high`, or either is NaN.

    Examples
    --------
    >>> gain = Interval(0.02, low=-0.01, high=0.05, level=0.95, method="hoeffding")
    >>> gain.contains(0), round(gain.width, 2)
    (True, 0.06)
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"expected `low` <= `high`, got [{self.low}, {self.high}]")

    @property
    def width(self) -> float:
        """Upper limit less lower limit, infinite if either is."""
        return self.high - self.low

    @property
    def is_finite(self) -> bool:
        """Whether both limits are finite, so that the data said something on both sides."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def contains(self, x: float) -> bool:
        """Return whether `x` lies within the limits, ends included."""
        return bool(self.low <= x <= self.high)

    def to_dict(self) -> dict[str, float | str | None]:
        """Return the fields for JSON, with None where a number is infinite or NaN."""
        return {
            "estimate": finite_or_none(self.estimate),
            "low": finite_or_none(self.low),
            "high": finite_or_none(self.high),
            "level": self.level,
            "method": self.method,
        }


def finite_or_none(x: float) -> float | None:
    """Return `x`, or None (null in JSON) for infinity and NaN."""
    return x if math.isfinite(x) else None
