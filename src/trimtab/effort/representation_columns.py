"""Columns of any type as numbers of comparable scale, without a look at labels."""

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.stats.arrays import FloatArray

# with more levels than this each gets a random direction instead of a column
_MAX_LEVELS, _LEVEL_DIRECTIONS = 32, 16
_TEXT_LETTERS, _TEXT_DISTINCT = 20, 0.5
_WORD_BUCKETS, _TEXT_DIRECTIONS = 4_096, 64
_QUANTILES = 1_000


class ColumnEncoder:
    """Columns as fitted on some rows, to be applied to all.

    Numbers (times and truth values too) are standardised; a missing one is at the median, with a
    column of its own that says so. Levels, missing as one of them, are equally far from each
    other, as far as two numbers are on average. Texts, that is long words of which most are
    different, and lists of numbers count as much as one column each, by their direction in space.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows to fit on.
    embedder : callable or None
        From a list of texts to an array with one row each; by hashed words without it.
    seed : int
        Of random directions.
    """

    def __init__(
        self, frame: pl.DataFrame, *, embedder: Callable[[list[str]], Any] | None, seed: int
    ) -> None:
        self._columns = [_fitted(column, embedder, seed) for column in frame.iter_columns()]

    @property
    def n_numbers(self) -> int:
        """Columns that are numbers, which have ranks."""
        return sum(isinstance(column, _Numbers) for column in self._columns)

    def points(self, frame: pl.DataFrame, *, ranks: bool) -> tuple[FloatArray, FloatArray | None]:
        """Return rows as points: numbers by their value and, if asked, by their rank.

        Both at once, so that texts are embedded once.
        """
        raw, ranked = [], []
        for column in self._columns:
            series = frame[column.name]
            if isinstance(column, _Numbers):
                raw.append(column.points(series, ranks=False))
                ranked += [column.points(series, ranks=True)] if ranks else []
            else:
                raw.append(column.points(series))
                ranked.append(raw[-1])
        return np.hstack(raw), np.hstack(ranked) if ranks else None


class _Numbers:
    """A column of numbers."""

    def __init__(self, series: pl.Series) -> None:
        self.name = series.name
        values = _as_numbers(series)
        there = values[np.isfinite(values)]
        self._median = float(np.median(there)) if there.size else 0.0
        spread = float(there.std()) if there.size else 0.0
        self._spread = spread if spread > 0 else 1.0
        self._has_gaps = there.size < values.size
        self._quantiles = np.quantile(there, np.linspace(0, 1, _QUANTILES)) if there.size else None

    def points(self, series: pl.Series, *, ranks: bool) -> FloatArray:
        values = _as_numbers(series)
        gaps = ~np.isfinite(values)
        values = np.where(gaps, self._median, values)
        if ranks and self._quantiles is not None:
            scaled = self._normal_scores(values)
        else:
            scaled = (values - self._median) / self._spread
            # beyond ten spreads by the logarithm: one fault does not hide all other columns
            far = np.abs(scaled) > 10
            scaled[far] = np.sign(scaled[far]) * (10 + np.log(np.abs(scaled[far]) / 10))
        columns = [scaled, gaps.astype(np.float64)] if self._has_gaps else [scaled]
        return np.column_stack(columns)

    def _normal_scores(self, values: FloatArray) -> FloatArray:
        assert self._quantiles is not None
        below = np.searchsorted(self._quantiles, values, side="left")
        above = np.searchsorted(self._quantiles, values, side="right")
        shares = np.clip((below + above) / 2 / _QUANTILES, 0.5 / _QUANTILES, 1 - 0.5 / _QUANTILES)
        table = np.array(
            [NormalDist().inv_cdf((i + 0.5) / (2 * _QUANTILES)) for i in range(2 * _QUANTILES)]
        )
        made: FloatArray = table[np.minimum((shares * 2 * _QUANTILES).astype(int), table.size - 1)]
        return made


class _Levels:
    """A column of levels: a column each, or a random direction each where they are many."""

    def __init__(self, series: pl.Series, seed: int) -> None:
        self.name = series.name
        levels = series.cast(pl.String).unique().drop_nulls().sort()
        self._levels = levels
        n = levels.len() + 2  # and missing, and one that was never seen
        if n <= _MAX_LEVELS:
            self._directions = np.eye(n)
        else:
            rng = np.random.default_rng((seed, 23))
            made = rng.normal(size=(n, _LEVEL_DIRECTIONS))
            self._directions = made / np.linalg.norm(made, axis=1, keepdims=True)

    def points(self, series: pl.Series) -> FloatArray:
        known = pl.DataFrame({"level": self._levels, "code": np.arange(self._levels.len())})
        asked = pl.DataFrame({"level": series.cast(pl.String)})
        codes = asked.join(known, on="level", how="left", maintain_order="left")["code"]
        n = self._levels.len()
        missing = series.is_null().to_numpy()
        found = codes.fill_null(n + 1).to_numpy()
        made: FloatArray = self._directions[np.where(missing, n, found).astype(np.int64)]
        return made


class _Vectors:
    """A column of lists of numbers."""

    def __init__(self, series: pl.Series) -> None:
        self.name = series.name
        rows = _as_matrix(series)
        self._centre = rows.mean(axis=0)
        total = float(((rows - self._centre) ** 2).sum(axis=1).mean())
        # as much as the columns that it stands for, up to 16
        self._scale = np.sqrt(min(rows.shape[1], 16) / total) if total > 0 else 1.0

    def points(self, series: pl.Series) -> FloatArray:
        made: FloatArray = (_as_matrix(series, self._centre.size) - self._centre) * self._scale
        return made


class _Texts:
    """A column of texts: by the embedder, or random directions of hashed words."""

    def __init__(
        self, series: pl.Series, embedder: Callable[[list[str]], Any] | None, seed: int
    ) -> None:
        self.name = series.name
        self._embedder = embedder
        rng = np.random.default_rng((seed, 24))
        self._directions = rng.normal(size=(_WORD_BUCKETS, _TEXT_DIRECTIONS))
        self._directions /= np.sqrt(_TEXT_DIRECTIONS)

    def points(self, series: pl.Series) -> FloatArray:
        texts = series.cast(pl.String).fill_null("").to_list()
        if self._embedder is not None:
            points = _embedded(self._embedder(texts), len(texts))
        else:
            from sklearn.feature_extraction.text import HashingVectorizer

            words = HashingVectorizer(n_features=_WORD_BUCKETS, alternate_sign=False)
            points = np.asarray(words.transform(texts) @ self._directions, dtype=np.float64)
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        made: FloatArray = points / np.where(lengths > 0, lengths, 1) * 2
        return made


def _fitted(
    series: pl.Series, embedder: Callable[[list[str]], Any] | None, seed: int
) -> _Numbers | _Levels | _Vectors | _Texts:
    kind = series.dtype
    if kind.is_numeric() or kind.is_temporal() or kind == pl.Boolean or kind == pl.Null:
        return _Numbers(series)
    if isinstance(kind, pl.List | pl.Array):
        return _Vectors(series)
    if kind == pl.String and _is_text(series):
        return _Texts(series, embedder, seed)
    return _Levels(series, seed)


def text_columns(frame: pl.DataFrame) -> list[str]:
    """Return the names of columns of texts: those that an embedder is for."""
    return [
        column.name
        for column in frame.iter_columns()
        if column.dtype == pl.String and _is_text(column)
    ]


def _embedded(made: Any, n_texts: int) -> FloatArray:
    """Return what an embedder made of texts, if it is what it has to be."""
    try:
        points: FloatArray = np.asarray(made, dtype=np.float64)
    except (TypeError, ValueError):  # rows of different lengths, texts, an array on a device
        points = np.empty(0)
    if points.ndim != 2 or len(points) != n_texts or not points.shape[1]:
        raise SchemaError(
            f"expected {n_texts:,} rows of numbers from the embedder, one for each text, got "
            + _named(made),
            hint="Return an array in memory with a row for each text, all of the same length.",
        )
    if not np.isfinite(points).all():
        row = int(np.argwhere(~np.isfinite(points))[0][0])
        raise SchemaError(
            f"expected an embedder that returns finite numbers, got {points[row].tolist()[:5]} … "
            f"for text {row} of the list",
            hint="Return numbers for every text. A missing one is the empty text.",
        )
    return points


def _named(made: Any) -> str:
    """Return what something is, in a few words."""
    kind, shape = type(made).__name__, getattr(made, "shape", None)
    if shape is not None:
        return f"{kind} of shape {tuple(shape)}"
    if isinstance(made, list | tuple) and made:
        return f"a {kind} of {len(made):,}, the first of them a {type(made[0]).__name__}"
    return kind


def _is_text(series: pl.Series) -> bool:
    there = series.drop_nulls()
    if not there.len():
        return False
    letters = there.str.len_chars().mean()
    assert isinstance(letters, float)
    return letters >= _TEXT_LETTERS and there.n_unique() >= _TEXT_DISTINCT * there.len()


def _as_numbers(series: pl.Series) -> FloatArray:
    if series.dtype.is_temporal():
        series = series.to_physical()
    values: FloatArray = series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return values


def _as_matrix(series: pl.Series, width: int | None = None) -> FloatArray:
    rows = series.to_list()
    size = width or max((len(row) for row in rows if row is not None), default=1)
    made = np.zeros((len(rows), size))
    for place, row in zip(made, rows, strict=True):
        if row is not None:
            kept = np.asarray(row[:size], dtype=np.float64)
            place[: kept.size] = np.where(np.isfinite(kept), kept, 0.0)
    return made
