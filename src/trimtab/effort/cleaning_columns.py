"""A column of a table to clean: its plain repairs, and the features that rows are compared by."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.stats.arrays import BoolArray, FloatArray

# a cell in plain form: a float, a text, or None where it is empty
Cells = Mapping[str, Sequence[Any]]
_N_COMMON = 5
_MOST_LEVELS = 100
_TRUTHS = {"false", "true"}


@dataclass(frozen=True, slots=True)
class RepairedColumn:
    """A column's plain repairs, likeliest first, and what turns it into features.

    A number becomes one feature, 0 and 1 at the ends of the training column without suspect and
    far numbers; a category becomes one feature a level, so that two levels are one apart. Of very
    many levels the commonest count, the others are alike: they are the `rare` ones. `levels` is
    empty for numbers; `whole` if all numbers of the column are; `digits` after the point are all
    that a decimal column holds.
    """

    name: str
    repairs: tuple[Any, ...]
    levels: tuple[str, ...] = ()
    low: float = 0.0
    width: float = 1.0
    whole: bool = False
    digits: int | None = None
    rare: tuple[str, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether the column holds numbers."""
        return not self.levels

    @property
    def is_truth(self) -> bool:
        """Whether the column holds true and false, or one of them."""
        return bool(self.levels) and set(self.levels) <= _TRUTHS

    def features(self, values: Sequence[Any]) -> FloatArray:
        """Return the features of some values, none of them empty, shape (n, n_features)."""
        if self.is_number:
            scaled: FloatArray = (np.array(values, dtype=np.float64) - self.low) / self.width
            return scaled[:, None]
        place = {level: number for number, level in enumerate(self.levels)}
        found = np.array([place.get(value, -1) for value in values], dtype=np.int64)
        features: FloatArray = np.zeros((len(values), len(self.levels)))
        named = np.flatnonzero(found >= 0)
        # half a unit in each of two features: one unit between levels, in squares
        features[named, found[named]] = np.sqrt(0.5)
        return features

    def rounded(self, number: float) -> float:
        """Return a guess as a number that the column can hold."""
        if self.whole:
            return float(round(number))
        return number if self.digits is None else round(number, self.digits)

    def filled(self, values: pl.Series) -> list[Any]:
        """Return values in plain form, empty ones at the plainest repair."""
        cells = plain_values(values, as_text=not self.is_number)
        return [self.repairs[0] if cell is None else cell for cell in cells]

    def parse(self, text: str) -> Any:
        """Return a value that a person typed, in plain form.

        Raises
        ------
        SchemaError
            If it is empty, no finite number, or neither true nor false, where one is wanted.
        """
        if self.is_number:
            return self._number(text)
        if self.is_truth:
            return self._truth(text)
        if not text.strip() and text not in (*self.levels, *self.rare):
            raise SchemaError(
                f"expected a value for `{self.name}`, got an empty text",
                hint="Write what the cell holds.",
            )
        return text

    def _number(self, text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise SchemaError(
                f"expected a number for `{self.name}`, got {text!r}",
                hint="Write it without units and thousands separators, for example 1234.5.",
            )
        return number

    def _truth(self, text: str) -> str:
        # spreadsheets write TRUE
        if (truth := text.strip().lower()) not in _TRUTHS:
            raise SchemaError(
                f"expected true or false for `{self.name}`, got {text!r}",
                hint="Write true or false.",
            )
        return truth


def is_plain(values: pl.Series) -> bool:
    """Return whether values are numbers or text, which have repairs here."""
    return (
        values.dtype.is_numeric()
        or values.dtype in (pl.String, pl.Boolean, pl.Categorical)
        or values.dtype == pl.Enum
    )


def plain_values(values: pl.Series, *, as_text: bool = False) -> list[Any]:
    """Return values as JSON can hold them: floats or texts, None where one is missing."""
    is_number = values.dtype.is_numeric() and not as_text
    return values.cast(pl.Float64 if is_number else pl.String).to_list()


def plain_cells(rows: pl.DataFrame, label: str) -> dict[str, list[Any]]:
    """Return the columns but the label in plain form.

    Times are no features, but like other columns that are none they tell which rows belong
    together; they are there as text.
    """
    times = (pl.Date, pl.Datetime, pl.Time)
    told = (s for s in rows if s.name != label and (is_plain(s) or s.dtype in times))
    return {s.name: plain_values(s) for s in told}


def shown(value: Any, *, most: int | None = None) -> str:
    """Return a cell as people write it, cut to `most` letters.

    Examples
    --------
    >>> shown(2053258100.0), shown(48.31666), shown("alabama", most=4), shown(None)
    ('2053258100', '48.3167', 'ala…', 'empty')
    """
    if value is None:
        return "empty"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else f"{value:.6g}"
    text = str(value)
    return text if most is None or len(text) <= most else f"{text[: most - 1]}…"


def repaired_column(values: pl.Series, others: Iterable[Any], unsure: BoolArray) -> RepairedColumn:
    """Read a column's repairs off its known cells, of numbers off those that are not unsure.

    `unsure` marks suspect and far numbers. `others` are further values that may come up, in
    plain form.
    """
    known = plain_values(values)
    if values.dtype.is_numeric():
        sure = [v for v, is_out in zip(known, unsure, strict=True) if not is_out and v is not None]
        if not sure:
            raise SchemaError(
                f"expected some numbers in `{values.name}` that are not suspect, got none",
                hint="Name fewer suspects, or leave the column out (--ignore).",
            )
        digits = values.dtype.scale if isinstance(values.dtype, pl.Decimal) else None
        return _of_numbers(values.name, np.array(sure, dtype=np.float64), digits)
    counts = Counter(value for value in known if value is not None)
    common = sorted(counts, key=lambda level: (-counts[level], level))
    everything = counts + Counter(value for value in others if value is not None)
    levels = sorted(everything, key=lambda level: (-everything[level], level))
    return RepairedColumn(
        values.name,
        tuple(common[:_N_COMMON]),
        levels=tuple(sorted(levels[:_MOST_LEVELS])),
        rare=tuple(levels[_MOST_LEVELS:]),
    )


def _of_numbers(name: str, numbers: FloatArray, digits: int | None) -> RepairedColumn:
    whole = bool((numbers == np.round(numbers)).all())
    low, high = float(numbers.min()), float(numbers.max())
    # the sum of the numbers has to be finite too, for their mean
    if not max(abs(low), abs(high)) < np.finfo(np.float64).max / (2 * numbers.size):
        raise SchemaError(
            f"expected numbers to reckon with in `{name}`, got {low:.3g} to {high:.3g}",
            hint="Make such cells empty: they are then cleaned like others.",
        )
    middle = [float(np.quantile(numbers, q)) for q in (0.25, 0.75)]
    repairs = (float(numbers.mean()), *middle, low, high)
    plain = RepairedColumn(
        name, repairs, low=low, width=(high - low) or 1.0, whole=whole, digits=digits
    )
    return replace(plain, repairs=tuple(plain.rounded(number) for number in repairs))
