"""A table and its label as feasibility takes them: features, classes from 0, and rows by use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import NotEnoughDataError, SchemaError, nearest
from trimtab.data.sources import collect, read_source, source_name
from trimtab.effort.representations import Parts, Representations
from trimtab.stats.arrays import IntArray

_MAX_TEST, _TEST_SHARE, _FIT_SHARE, _MAX_FIT = 10_000, 0.25, 0.4, 50_000
_MAX_CLASSES = 1_000


@dataclass(frozen=True)
class LabelledTable:
    """Rows with a label.

    Attributes
    ----------
    features : polars.DataFrame
        All columns but the label and the block.
    labels : ndarray of int, shape (n_rows,)
        Classes from 0, in the order of `classes`.
    classes : list
        The values that the label has.
    rows : ndarray of int, shape (n_rows,)
        Where each row was in the source, without a label or beyond the number wanted left out.
    blocks : ndarray of int or None
        Block of each row, from 0.
    n_unlabelled, n_source : int
        Rows without a label, and all rows of the source.
    """

    features: pl.DataFrame
    labels: IntArray
    classes: list[Any]
    rows: IntArray
    blocks: IntArray | None
    n_unlabelled: int
    n_source: int


def read_labelled(
    data: Any, label: Any, *, block: str | None, max_rows: int, seed: int
) -> LabelledTable:
    """Read features and labels from a table, or from arrays.

    Raises
    ------
    SchemaError
        If a column is not there, or the label has one value only or too many to be classes.
    NotEnoughDataError
        If no row has a label.
    """
    frame, name = _frame(data)
    if isinstance(label, str):
        _require(label, frame, name)
        series = frame[label]
        frame = frame.drop(label)
    else:
        series = _as_series(label)
        if series.len() != frame.height and frame.width:
            raise SchemaError(
                f"expected {frame.height:,} labels, one a row, got {series.len():,}",
                hint="Give the label of each row, in the order of the rows.",
            )
    if block is not None:
        _require(block, frame, name)
    if max_rows < 1:
        raise ValueError(f"expected `max_rows` of 1 or more, got {max_rows}")
    there = _labelled(series)
    rng = np.random.default_rng((seed, 31))
    rows = np.sort(rng.permutation(there)[:max_rows])
    if not rows.size:
        raise NotEnoughDataError("expected rows with a label, got none", hint="Label some.")
    classes, codes = _classes(series[rows], label if isinstance(label, str) else "label")
    blocks = None
    if block is not None:
        keys = frame[block][rows].cast(pl.String).fill_null("")
        blocks = np.unique(keys.to_numpy(), return_inverse=True)[1].astype(np.int64)
        frame = frame.drop(block)
    features = frame[rows] if frame.width else pl.DataFrame()
    return LabelledTable(
        features, codes, classes, rows, blocks, series.len() - there.size, series.len()
    )


def split(table: LabelledTable, seed: int) -> Parts:
    """Return rows by use, at random: a quarter, at most 10,000, to be predicted; whole blocks."""
    rng = np.random.default_rng((seed, 32))
    n = table.labels.size
    wanted = min(_MAX_TEST, int(n * _TEST_SHARE))
    order = rng.permutation(n)
    if table.blocks is None:
        test, train = order[:wanted], order[wanted:]
    else:
        # a quarter of the blocks, if not of their rows: blocks are what counts
        n_blocks = int(table.blocks.max()) + 1
        many = min(max(1, round(n_blocks * _TEST_SHARE)), n_blocks - 1)
        held = np.isin(table.blocks[order], rng.permutation(n_blocks)[:many])
        test, train = order[held][:_MAX_TEST], order[~held]
        if not test.size:
            raise NotEnoughDataError(
                "expected rows of several blocks, got one", hint="Name another block column."
            )
    fit = train[-min(_MAX_FIT, int(train.size * _FIT_SHARE)) :]
    return Parts(train, fit, test)


def taking_part(given: Representations, table: LabelledTable) -> Representations:
    """Return representations with the rows of arrays that take part.

    Raises
    ------
    SchemaError
        If an array has no row for each row of the source.
    """
    if not isinstance(given, Mapping):
        return given
    kept = {}
    for name, points in given.items():
        if not callable(points):
            points = np.asarray(points)
            if points.ndim != 2 or len(points) != table.n_source:
                raise SchemaError(
                    f"expected {table.n_source:,} rows in representation `{name}`, "
                    f"got shape {points.shape}",
                    hint="Give one row for each row of the table, in its order.",
                )
            points = points[table.rows]
        kept[name] = points
    return kept


def _frame(data: Any) -> tuple[pl.DataFrame, str]:
    if isinstance(data, np.ndarray):
        if data.ndim != 2:
            raise SchemaError(
                f"expected an array of rows and columns, got shape {data.shape}",
                hint="Give one row for each label.",
            )
        names = [f"x{i}" for i in range(data.shape[1])]
        return pl.DataFrame(data, schema=names, orient="row"), "the array"
    name = source_name(data)
    return collect(read_source(data), name), name


def _require(column: str, frame: pl.DataFrame, name: str) -> None:
    if column not in frame.columns:
        raise SchemaError(
            f"expected a column `{column}` in {name}, got none",
            hint=nearest(column, frame.columns),
            column=column,
        )


def _as_series(label: Any) -> pl.Series:
    array = np.asarray(label)
    try:
        # an array of objects holds None, or labels of several types
        series = pl.Series("label", array.tolist() if array.dtype.kind == "O" else array)
    except (TypeError, pl.exceptions.PolarsError):
        series = pl.Series("label", [], dtype=pl.Object)
    if array.ndim != 1 or series.dtype == pl.Object:
        raise SchemaError(
            f"expected one label a row, all of one type, got shape {array.shape} of {array.dtype}",
            hint="Give one class a row: all whole numbers, or all texts.",
        )
    return series


def _labelled(series: pl.Series) -> IntArray:
    there = series.is_not_null()
    if series.dtype.is_float():
        there = there & series.is_not_nan()
    made: IntArray = np.flatnonzero(there.to_numpy()).astype(np.int64)
    return made


def _classes(series: pl.Series, name: str) -> tuple[list[Any], IntArray]:
    values = series.cast(pl.String) if series.dtype in (pl.Categorical, pl.Enum) else series
    classes: Sequence[Any] = values.unique().sort().to_list()
    if len(classes) < 2:
        raise SchemaError(
            f"expected at least 2 classes in `{name}`, got {classes[0]!r} in every row",
            hint="Take a label that differs between rows.",
        )
    if len(classes) > min(_MAX_CLASSES, max(2, values.len() // 4)):
        raise SchemaError(
            f"expected classes in `{name}`, got {len(classes):,} different values in "
            f"{values.len():,} rows",
            hint="Ask for a class, such as whether the number passes a limit.",
        )
    codes = values.replace_strict(classes, list(range(len(classes))), return_dtype=pl.Int64)
    return list(classes), codes.to_numpy().astype(np.int64)
