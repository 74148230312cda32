"""Stretches of time without rows, where there should be some.

What should be there is learnt from the table itself: a unit of time (an hour, a day, a week, a
month) is expected to have rows if units of its class (the same hour of the week, the same day of
the week) nearly always have. The finest unit that has such a rhythm is taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.data.sources import collect

_UNITS = ("hour", "day", "week", "month")
_FILLED = 0.75  # at least so many units of a class have rows while the rhythm lasts
_BY_CHANCE = 0.1  # so many units of a class may be expected to be empty by chance
_STRAYS = 0.001  # share of rows that may lie apart in time
_MAX_UNITS = 1_000_000
_EXAMPLES = 5
_START = datetime(1970, 1, 1, tzinfo=UTC)
Units = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Gaps:
    """What is missing in time.

    Attributes
    ----------
    unit : str
        The finest unit that has a rhythm.
    units, rows : int
        How many units have no rows, and about how many rows that is: for each, the median of
        its class.
    stretches : tuple of dict
        The longest ones: `from`, `until`, about how many `rows`, and the levels of `by`.
    """

    unit: str
    units: int
    rows: int
    stretches: tuple[dict[str, Any], ...]


def find_gaps(frame: pl.LazyFrame, time: pl.Expr, by: Sequence[str], table: str) -> Gaps | None:
    """Return the gaps in a table; None if its rows come in no rhythm.

    Rows of each combination of levels of `by` have a rhythm of their own, from their first row
    to the last row of the table: a station that falls silent is a gap, one that is new is not.
    Where rows come at random, the chance of an empty unit is taken as exp(-mean² / variance) of
    the rows in a unit (exact for Poisson counts, 0 for an even rhythm); a class in which more
    than 0.1 units would be empty by chance is not judged. A poor choice for tables that grow
    fast, or whose rhythm changed: the units then have little in common.
    """
    hour = time.dt.epoch("us") // 3_600_000_000
    hourly = (
        frame.select(*by, hour.alias("__hour"))
        .filter(pl.col("__hour").is_not_null())
        .group_by([*by, "__hour"])
        .agg(pl.len().alias("__rows"))
    )
    counts = collect(hourly, table)
    if counts.is_empty():
        return None
    counts = _without_strays(counts)
    groups = counts.partition_by(by, as_dict=True) if by else {(): counts}
    for unit in _UNITS:
        found = _in_units(groups, unit, by)
        if found is not None:
            return found
    return None


def _without_strays(counts: pl.DataFrame) -> pl.DataFrame:
    """Leave out the few rows that lie more than half of the whole time away from all others.

    One row dated 1970 would else make all years until the others one gap.
    """
    hours = counts.group_by("__hour").agg(pl.col("__rows").sum()).sort("__hour")
    own, rows = hours["__hour"].to_numpy(), hours["__rows"].to_numpy()
    while len(own) > 1:
        steps = np.diff(own)
        at = int(steps.argmax())
        before, after = int(rows[: at + 1].sum()), int(rows[at + 1 :].sum())
        if steps[at] <= 0.5 * (own[-1] - own[0]) or min(before, after) > _STRAYS * rows.sum():
            break
        kept = slice(at + 1, None) if before < after else slice(0, at + 1)
        own, rows = own[kept], rows[kept]
    return counts.filter(pl.col("__hour").is_between(int(own[0]), int(own[-1])))


def _in_units(
    groups: dict[tuple[Any, ...], pl.DataFrame], unit: str, by: Sequence[str]
) -> Gaps | None:
    series: dict[tuple[Any, ...], tuple[int, npt.NDArray[np.float64]]] = {}
    for level, counts in groups.items():
        own = _unit_of(counts["__hour"].to_numpy(), unit)
        first = int(own.min())
        if int(own.max()) - first >= _MAX_UNITS:
            return None
        rows = counts["__rows"].cast(pl.Float64).to_numpy()
        series[level] = (first, np.bincount(own - first, weights=rows).astype(np.float64))
    last = max(first + len(rows) for first, rows in series.values())
    expected = {level: _expected(first, rows, last, unit)
                for level, (first, rows) in series.items()}  # fmt: skip
    covered = sum(float(rows[expected[level][: len(rows)] > 0].sum())
                  for level, (_, rows) in series.items())  # fmt: skip
    if covered < 0.5 * sum(float(rows.sum()) for _, rows in series.values()):
        return None
    stretches: list[dict[str, Any]] = []
    units, missing = 0, 0.0
    for level, (first, rows) in series.items():
        wanted = expected[level]
        there = np.zeros(len(wanted), dtype=bool)
        there[: len(rows)] = rows > 0
        units += int((~there & (wanted > 0)).sum())
        missing += float(wanted[~there].sum())
        for start, end, lost in _stretches(wanted, there):
            named = dict(zip(by, level, strict=True))
            stretches.append({**named, "from": _time_of(first + start, unit),
                              "until": _time_of(first + end, unit), "rows": lost})  # fmt: skip
    stretches.sort(key=lambda stretch: (-stretch["rows"], stretch["from"]))
    return Gaps(unit, units, round(missing), tuple(stretches[:_EXAMPLES]))


def _expected(
    first: int, rows: npt.NDArray[np.float64], last: int, unit: str
) -> npt.NDArray[np.float64]:
    """Return how many rows are expected in each unit from `first` to `last`; 0: not judged."""
    numbers = np.arange(first, last)
    classes, n_classes = _classes(numbers, unit)
    own = classes[: len(rows)]
    filled = rows > 0
    there = np.bincount(own[filled], minlength=n_classes)
    units = np.bincount(own, minlength=n_classes)
    total = np.bincount(own, rows, n_classes)
    mean = total / np.maximum(there, 1)
    variance = np.bincount(own, rows**2, n_classes) / np.maximum(there, 1) - mean**2
    chance = np.where(variance > 1e-9, np.exp(-(mean**2) / np.maximum(variance, 1e-9)), 0.0)
    steady = (there >= 3) & (there >= _FILLED * units) & (chance * units <= _BY_CHANCE)
    usual = np.array([
        np.median(rows[filled & (own == one)]) if steady[one] else 0.0 for one in range(n_classes)
    ])  # fmt: skip
    return usual[classes]


def _classes(numbers: Units, unit: str) -> tuple[Units, int]:
    """Return the class of each unit: what it shares with the units it is compared with."""
    span = len(numbers)
    if unit == "hour" and span >= 28 * 24:
        return numbers % 168, 168
    if unit == "hour" and span >= 4 * 24:
        return numbers % 24, 24
    if unit == "day" and span >= 28:
        return numbers % 7, 7
    return np.zeros(span, dtype=np.int64), 1


def _stretches(
    wanted: npt.NDArray[np.float64], there: npt.NDArray[np.bool_]
) -> list[tuple[int, int, int]]:
    """Return start, end and missing rows of each run of expected units without rows.

    Units that are not expected (nights, Sundays) neither start a run nor end one.
    """
    judged = np.flatnonzero((wanted > 0) | there)
    empty = ~there[judged]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty.astype(np.int8), [0]])))
    found = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        inside = judged[start:end]
        found.append((int(inside[0]), int(inside[-1]) + 1, round(float(wanted[inside].sum()))))
    return found


def _unit_of(hours: Units, unit: str) -> Units:
    if unit == "hour":
        return hours
    if unit == "day":
        return hours // 24
    if unit == "week":
        return (hours // 24 + 3) // 7  # 1970-01-01 was a Thursday; weeks start on Monday
    months = (hours // 24).astype("datetime64[D]").astype("datetime64[M]")
    return months.astype(np.int64)


def _time_of(number: int, unit: str) -> datetime:
    if unit == "hour":
        return _START + timedelta(hours=number)
    if unit == "day":
        return _START + timedelta(days=number)
    if unit == "week":
        return _START + timedelta(days=7 * number - 3)
    return datetime(1970 + number // 12, number % 12 + 1, 1, tzinfo=UTC)
