"""Whether a column holds the same quantity in another unit: all values times a constant.

Years that became months look like the wildest drift there is, and no model should be retrained
for them. Two kinds of evidence count, and nothing less:

- the very same rows: least and greatest value, mean and deviation are all multiplied by one
  constant, to nine digits, whatever the constant is (a currency, say);
- other rows: multiplied by a constant *between known units* the reference's distribution
  becomes the current one within what samples of this size differ by, and without it the two
  have next to nothing in common.

Scales of temperature have another zero, too: see `scale_change`.

A quantity that really grew twelvefold with its shape unchanged cannot be told from a change of
unit by its values; a person has to say which it was.
"""

import numpy as np
from numpy.typing import ArrayLike

from trimtab.data.column_profile import ColumnProfile
from trimtab.stats.arrays import FloatArray

# Between units in use, and their inverses: time, percent, metric prefixes, length, mass, speed,
# volume, energy. Factors near 1 cannot be told from drift, nor those near 2 from a doubling.
_FACTORS = (
    7, 12, 24, 30.4375, 52.1775, 60, 365.25, 3600, 86_400,
    10, 100, 1e3, 1e6, 1e9,
    2.54, 25.4, 3.28084, 30.48, 1.609344,
    2.204623, 28.349523, 3.6, 2.236936, 3.785412, 4.184,
)  # fmt: skip
UNIT_FACTORS = tuple(sorted({float(x) for x in _FACTORS} | {1 / x for x in _FACTORS}))
PROBABILITIES = np.linspace(0.01, 0.99, 99)
_EXACT = 1e-9
_FEWEST = 200  # values on either side, and below that no call
SPREAD = 5  # different quantiles that are not zero
BLUR = 0.001  # by so much, relatively, a quantile may be off
APART = 0.5  # how far the distributions have to be apart without the factor


def unit_change(reference: ColumnProfile, current: ColumnProfile) -> float | None:
    """Return the constant that turned the reference's values into the current ones.

    Parameters
    ----------
    reference, current : ColumnProfile
        Two columns of numbers; whole and fractional ones may be compared.

    Returns
    -------
    float or None
        For example 12.0 for years that became months; None if this is no change of unit, or
        the columns say too little.

    See Also
    --------
    unit_factor : The same from quantiles.

    Examples
    --------
    >>> import polars as pl
    >>> from trimtab.data.profile import profile
    >>> years = pl.DataFrame({"age": [float(x * x % 97) for x in range(1, 200)]})
    >>> months = years.select(pl.col("age") * 12)
    >>> unit_change(profile(years).columns["age"], profile(months).columns["age"])
    12.0
    """
    if not (is_number(reference) and is_number(current)):
        return None
    exact = same_rows_factor(reference, current)
    if exact is not None:
        return exact
    old, new = (
        np.array([column.quantile(float(p)) for p in PROBABILITIES])
        for column in (reference, current)
    )
    return unit_factor(old, new, reference.usable, current.usable)


def times_told(reference: ColumnProfile, current: ColumnProfile, factor: float) -> str:
    """Return a factor in words: `about` so much, where it was not told by the very same rows.

    Of few other rows, neighbours among the known factors (10 and 12) look alike.
    """
    sure = same_rows_factor(reference, current) is not None
    return f"{'' if sure else 'about '}{factor:.6g}"


def unit_factor(
    reference: ArrayLike, current: ArrayLike, n_reference: int, n_current: int
) -> float | None:
    """Return the constant between known units that the quantiles of two samples differ by.

    Parameters
    ----------
    reference, current : array_like of float, shape (99,)
        Quantiles at `PROBABILITIES`.
    n_reference, n_current : int
        How many values they are of.

    Returns
    -------
    float or None
        One of `UNIT_FACTORS`, or None.

    Raises
    ------
    ValueError
        If there are not 99 quantiles on either side.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> km, m = rng.gamma(3, 100, 2_000), 1_000 * rng.gamma(3, 100, 2_000)
    >>> unit_factor(np.quantile(km, PROBABILITIES), np.quantile(m, PROBABILITIES), 2_000, 2_000)
    1000.0
    """
    old, new = np.asarray(reference, float), np.asarray(current, float)
    if old.shape != PROBABILITIES.shape or new.shape != PROBABILITIES.shape:
        raise ValueError(f"99 quantiles were expected, got {old.shape} and {new.shape}")
    told = np.unique(old[old != 0])
    if min(n_reference, n_current) < _FEWEST or told.size < SPREAD:
        return None
    # values of one sign stay on their side of zero, so no more than that share can move
    movable = max(np.mean(old > 0), np.mean(old < 0))
    if _distance(old, new, 1.0) < APART * movable:
        return None
    distance, factor = min((_distance(old, new, k), k) for k in UNIT_FACTORS)
    # what two samples of one distribution differ by in one case of twenty
    noise = 1.36 * np.sqrt(1 / n_reference + 1 / n_current)
    return factor if distance <= 0.01 + noise else None


def _distance(old: FloatArray, new: FloatArray, factor: float) -> float:
    """Return how far the shares below the values of `old`, multiplied, are from those in `new`.

    Zero stays zero in every unit, and tells nothing. Tied quantiles stand for all of their
    probabilities.
    """
    values = old[old != 0]
    return gap_between(values * factor, values, new, BLUR * np.abs(values * factor), among=old)


def gap_between(
    moved: FloatArray,
    values: FloatArray,
    new: FloatArray,
    blur: FloatArray,
    among: FloatArray | None = None,
) -> float:
    """Return how far the shares below `values`, among the old ones, are from those below `moved`.

    Each of `moved` may be off by `blur`.
    """
    old = values if among is None else among
    step = 1 / (PROBABILITIES.size + 1)
    before = np.searchsorted(old, values, side="left") * step
    until = np.searchsorted(old, values, side="right") * step
    low = np.searchsorted(new, moved - blur, side="left") * step
    high = np.searchsorted(new, moved + blur, side="right") * step
    return float(np.maximum(low - until, before - high).clip(0).max())


def is_number(column: ColumnProfile) -> bool:
    """Return whether a column holds finite numbers."""
    return column.type.startswith(("Int", "Float")) and column.usable > 0


def same_rows_factor(reference: ColumnProfile, current: ColumnProfile) -> float | None:
    """Return the constant where it is the same rows; rounding on the way shows here as none."""
    if (reference.count, reference.zeros) != (current.count, current.zeros):
        return None
    if not reference.std or not current.std or reference.distinct < SPREAD:
        return None
    factor = current.std / reference.std
    if abs(factor - 1) < _EXACT:
        return None
    for name in ("mean", "min", "max"):
        old, new = getattr(reference, name), getattr(current, name)
        if abs(new - old * factor) > _EXACT * max(abs(new), current.std):
            return None
    return _rounded(factor)


def _rounded(factor: float) -> float:
    """Return the factor without the dust of floating point, by its inverse if that is rounder."""
    nearest = min(UNIT_FACTORS, key=lambda known: abs(known / factor - 1))
    if abs(nearest / factor - 1) < 10 * _EXACT:
        return nearest
    return float(f"{factor:.9g}")
