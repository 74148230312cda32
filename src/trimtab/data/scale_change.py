"""Whether temperatures come in another scale: its degrees differ, and so does its zero.

With two free numbers, chance fits more often than with the one of `unit_change`. So only
conversions between Celsius, Fahrenheit and kelvin count, of values that could be temperatures,
of which nearly none is where it was, and whose distribution, mean and deviation are all what
the conversion makes of the reference's, within what samples of this size differ by. Something
else that moved by just so much cannot be told from it: a person has to say which it was.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from trimtab.data.column_profile import ColumnProfile
from trimtab.data.unit_change import (
    APART,
    BLUR,
    PROBABILITIES,
    SPREAD,
    gap_between,
    is_number,
    same_rows_factor,
    times_told,
    unit_change,
)

_FEWEST = 500  # values on either side
# of each scale, what gives degrees Celsius: times the first, after the second is added
_CELSIUS = {
    "degrees Celsius": (1.0, 0.0), "degrees Fahrenheit": (5 / 9, -32.0), "kelvin": (1.0, -273.15)
}  # fmt: skip
# beyond, in Celsius, what moved like this has seldom been a temperature
_COLDEST, _HOTTEST = -100.0, 200.0


@dataclass(frozen=True, slots=True)
class ScaleChange:
    """One scale of temperature that became another: now = factor * was + offset."""

    was: str
    now: str
    factor: float
    offset: float

    @property
    def words(self) -> str:
        """What happened, for messages."""
        sign = "plus" if self.offset > 0 else "minus"
        times = "" if self.factor == 1 else f"times {self.factor:.6g}, "
        change = f"{times}{sign} {abs(self.offset):.6g}"
        return f"{self.was} seem to have become {self.now} ({change})"


def scale_change(reference: ColumnProfile, current: ColumnProfile) -> ScaleChange | None:
    """Return the scales of temperature that turned the reference's values into the current ones.

    Parameters
    ----------
    reference, current : ColumnProfile
        Two columns of numbers.

    Returns
    -------
    ScaleChange or None
        None if the values could not be temperatures, or have not moved just so: without the
        change they share next to nothing, with it they differ by what samples of this size
        differ by.

    Examples
    --------
    >>> import polars as pl
    >>> from trimtab.data.profile import profile
    >>> here = pl.DataFrame({"t": np.random.default_rng(0).normal(12, 8, 2_000).round(1)})
    >>> there = here.select((pl.col("t") * 1.8 + 32).round(1))
    >>> scale_change(profile(here).columns["t"], profile(there).columns["t"]).words
    'degrees Celsius seem to have become degrees Fahrenheit (times 1.8, plus 32)'
    """
    if not (is_number(reference) and is_number(current)):
        return None
    n, m = reference.usable, current.usable
    if min(n, m) < _FEWEST or min(reference.distinct, current.distinct) < SPREAD:
        return None
    old, new = (
        np.array([column.quantile(float(p)) for p in PROBABILITIES])
        for column in (reference, current)
    )
    if gap_between(old, old, new, BLUR * np.abs(old)) < APART:
        return None
    noise = 1.36 * np.sqrt(1 / n + 1 / m)
    # converted values are rounded: to whole degrees, or to a tenth
    rounding = 0.5 if np.array_equal(new, np.rint(new)) else 0.05
    found = []
    for was, now in itertools.permutations(_CELSIUS, 2):
        (slope, shift), (slope_now, shift_now) = _CELSIUS[was], _CELSIUS[now]
        factor = slope / slope_now
        offset = factor * shift - shift_now
        celsius = slope * (old + shift)
        if celsius[0] < _COLDEST or celsius[-1] > _HOTTEST:
            continue
        moved = factor * old + offset
        gap = gap_between(moved, old, new, rounding + BLUR * np.abs(moved))
        if gap <= 0.01 + noise and _moments_fit(reference, current, factor, offset, rounding):
            found.append((gap, ScaleChange(was, now, factor, offset)))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def other_unit(reference: ColumnProfile, current: ColumnProfile, *, far: bool) -> str | None:
    """Say in which way numbers are in another unit or scale; None if they seem not to be.

    Unless they are `far` apart, only the very same rows times a constant are told.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # by the largest factors
        told = unit_change if far else same_rows_factor
        factor = told(reference, current)
    if factor is not None:
        times = times_told(reference, current, factor)
        rows = "" if times.startswith("about") else " in every value"
        return f"is {times} times what it was{rows}: is it in another unit?"
    scale = scale_change(reference, current) if far else None
    return None if scale is None else f"is in another unit: {scale.words}"


def _moments_fit(
    reference: ColumnProfile, current: ColumnProfile, factor: float, offset: float, rounding: float
) -> bool:
    """Return whether mean and deviation are, within three standard errors, the changed ones."""
    before, after = reference.moments, current.moments
    if before is None or after is None or not before.std or not after.std:
        return False
    noise = 3 * np.sqrt(1 / before.n + 1 / after.n)
    off = abs(after.mean - (factor * before.mean + offset))
    # of a deviation, relatively, from the weight of the tails
    doubt = 0.5 * noise * np.sqrt(max((before.kurtosis or 0.0) + 2.0, 0.0))
    spread = abs(after.std / (factor * before.std) - 1)
    return bool(off <= noise * after.std + rounding and spread <= doubt + rounding / after.std)
