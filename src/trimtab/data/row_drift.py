"""Tests of one column between two sets of rows that count as independent."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import chdtrc, ndtr, pdtrc

from trimtab.stats.distances import total_variation
from trimtab.stats.multiplicity import benjamini_hochberg
from trimtab.stats.two_sample import ks_test, normalised_wasserstein

Kind = Literal["distribution", "nulls", "levels", "schema"]
# a chi-square statistic is close to its law where every cell expects this many rows
_MIN_EXPECTED = 5


@dataclass(frozen=True)
class Finding:
    """What one test says of one column.

    Attributes
    ----------
    kind : {"distribution", "nulls", "levels", "schema"}
        What was compared.
    statistic, p_value, adjusted_p : float or None
        Of the test named by `test`; p-values are None for `schema`.
    effect_size, unit : float or None, str
        How much it moved, in a unit that a person knows.
    """

    column: str
    kind: Kind
    test: str
    statistic: float | None
    p_value: float | None
    adjusted_p: float | None
    effect_size: float | None
    unit: str
    drifted: bool
    message: str

    @classmethod
    def of_schema(cls, column: str, what: str) -> "Finding":
        """Return the finding that a column is gone, new or of another type."""
        text = f"`{column}` {what}"
        return cls(column, "schema", "columns", None, None, None, None, "", True, text)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields."""
        return asdict(self)


def row_findings(old: pl.DataFrame, new: pl.DataFrame, columns: Sequence[str]) -> list[Finding]:
    """Return all findings on the columns named, not yet corrected for their number."""
    found = []
    for name in columns:
        a, b = old[name], new[name]
        found += _nulls(a, b)
        if a.count() == 0 or b.count() == 0:
            continue
        if a.dtype.is_numeric():
            found.append(_numbers(a, b))
        else:
            levels = level_counts(a, b)
            found.append(_levels(name, levels))
            found.append(_new_levels(name, levels))
    return found


def adjusted(found: list[Finding], alpha: float) -> list[Finding]:
    """Return the findings with p-values corrected for their number, and what follows from them."""
    p_values = [math.nan if f.p_value is None else f.p_value for f in found]
    if not found:
        return []
    corrected = benjamini_hochberg(p_values)
    return [
        replace(finding, adjusted_p=float(p), drifted=bool(p <= alpha))
        for finding, p in zip(found, corrected, strict=True)
    ]


def level_counts(a: pl.Series, b: pl.Series) -> pl.DataFrame:
    """Return every level with its counts in both, the commonest of the reference first."""
    counted = [
        series.drop_nulls().cast(pl.String).alias("level").value_counts(name=side)
        for series, side in ((a, "old"), (b, "new"))
    ]
    both = counted[0].join(counted[1], on="level", how="full", coalesce=True)
    return both.with_columns(pl.col("old", "new").fill_null(0).cast(pl.Int64)).sort(
        "old", "new", "level", descending=[True, True, False]
    )


def _numbers(a: pl.Series, b: pl.Series) -> Finding:
    old, new = _finite(a), _finite(b)
    result = ks_test(old, new)
    moved = normalised_wasserstein(old, new)
    middle = f"median {_short(old)} to {_short(new)}"
    return Finding(
        a.name, "distribution", "ks", result.statistic, result.p_value, None, moved,
        "standard deviations", False, f"`{a.name}` moved by {moved:.2g} sd ({middle})",
    )  # fmt: skip


def _finite(series: pl.Series) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = series.drop_nulls().cast(pl.Float64).to_numpy()
    finite: npt.NDArray[np.float64] = values[np.isfinite(values)]
    return finite


def _short(values: npt.NDArray[np.float64]) -> str:
    return f"{np.median(values):.4g}" if values.size else "none"


def _levels(name: str, levels: pl.DataFrame) -> Finding:
    table = levels.select("old", "new").to_numpy().T.astype(np.float64)
    statistic, p_value = _chi_square(_pooled(table))
    moved = float(total_variation(table[0], table[1]))
    shares = table / table.sum(axis=1, keepdims=True)
    most = int(np.argmax(np.abs(shares[1] - shares[0])))
    text = (
        f"`{name}`: {moved:.1%} of rows have another level, most of all "
        f"{levels['level'][most]} ({shares[0, most]:.1%} to {shares[1, most]:.1%})"
    )
    return Finding(
        name, "distribution", "chi-square", statistic, p_value, None, moved,
        "share of rows", False, text,
    )  # fmt: skip


def _pooled(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return counts with rare levels put together, so that the law of chi-square holds."""
    expected = table.sum(axis=0) * (table.sum(axis=1).min() / table.sum())
    rare = expected < _MIN_EXPECTED
    if rare.sum() < 2:
        return table
    return np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])


def _chi_square(table: npt.NDArray[np.float64]) -> tuple[float, float]:
    if table.shape[1] < 2:
        return 0.0, 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, float(chdtrc(table.shape[1] - 1, statistic))


def _nulls(a: pl.Series, b: pl.Series) -> list[Finding]:
    """Test the share of missing values (NaN included); nothing to say where none is missing."""
    absent = [_absent(a), _absent(b)]
    rows = [a.len(), b.len()]
    if sum(absent) == 0:
        return []
    shares = [absent[0] / rows[0], absent[1] / rows[1]]
    pool = sum(absent) / sum(rows)
    spread = math.sqrt(pool * (1 - pool) * (1 / rows[0] + 1 / rows[1]))
    z = (shares[1] - shares[0]) / spread if spread else 0.0
    text = f"`{a.name}`: {shares[1]:.1%} missing, was {shares[0]:.1%}"
    return [
        Finding(
            a.name, "nulls", "two shares", z, float(2 * ndtr(-abs(z))), None,
            shares[1] - shares[0], "share of rows", False, text,
        )
    ]  # fmt: skip


def _absent(series: pl.Series) -> int:
    nan = series.is_nan().sum() if series.dtype.is_float() else 0
    return series.null_count() + int(nan or 0)


def _new_levels(name: str, levels: pl.DataFrame) -> Finding:
    """Test whether new levels are more, or commoner, than the reference lets expect.

    More: after Good and Turing, the chance that the next row has a new level is about the share
    of levels that the reference saw once; the number of new levels is then near Poisson, with
    at most this chance times the rows as its mean (one is added to the levels seen once, so that
    a complete reference still expects one in its own length). Commoner: the chance that all
    rows of a level fall on one side, times the number of levels. The smaller chance counts,
    doubled for having looked twice.
    """
    old, new = int(levels["old"].sum()), int(levels["new"].sum())
    fresh = levels.filter(pl.col("old") == 0).sort("new", "level", descending=[True, False])
    if fresh.height == 0:
        text = f"`{name}`: no new level"
        return Finding(
            name, "levels", "new levels", 0.0, 1.0, None, 0.0, "share of rows", False, text
        )
    expected = (int((levels["old"] == 1).sum()) + 1) * new / old
    many = float(pdtrc(fresh.height - 1, expected))
    common = float(levels.height * (new / (old + new)) ** int(fresh["new"][0]))
    share = int(fresh["new"].sum()) / new
    shown = ", ".join(fresh["level"].head(3).to_list())
    text = f"`{name}`: {fresh.height} new levels ({shown}), {share:.1%} of rows"
    return Finding(
        name, "levels", "new levels", float(fresh.height), min(1.0, 2 * min(many, common)), None,
        share, "share of rows", False, text,
    )  # fmt: skip
