"""The label of a table as the target of a linear model: classes, or numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import NotEnoughDataError, SchemaError
from trimtab.effort.cleaning_columns import RepairedColumn, plain_values
from trimtab.effort.unsure_cells import class_names, class_texts
from trimtab.stats.arrays import FloatArray
from trimtab.stats.convex_losses import LossName

_MOST_CLASSES = 100


def label_column(labels: pl.Series, loss: LossName) -> RepairedColumn:
    """Return what turns labels into targets: the number of a class, or a scaled number.

    Raises
    ------
    SchemaError
        If the labels do not suit the loss.
    NotEnoughDataError
        If they are all alike.
    """
    name = labels.name
    if loss == "squared":
        return _of_numbers(labels)
    known = labels.drop_nulls()
    if labels.dtype.is_float() and (known != known.round()).any():
        raise SchemaError(
            f"expected classes in `{name}` for --model {loss}, got numbers with fractions",
            hint="Take --model squared for numbers.",
        )
    classes = class_names(labels)
    most = 2 if loss == "hinge" else _MOST_CLASSES
    if len(classes) > most:
        raise SchemaError(
            f"expected at most {most} classes in `{name}` for --model {loss}, got "
            f"{len(classes):,}",
            hint="Take --model logistic for more than two classes, --model squared for numbers.",
        )
    return RepairedColumn(name, (), levels=tuple(classes))


def label_cells(column: RepairedColumn, labels: pl.Series) -> list[Any]:
    """Return labels in the plain form of their column: class names, or floats."""
    return plain_values(labels) if column.is_number else class_texts(labels)


def label_targets(column: RepairedColumn, cells: Sequence[Any]) -> FloatArray:
    """Return targets of labels in plain form, shape (n, 1).

    Raises
    ------
    SchemaError
        If one is empty, or no class of the training table.
    """
    places: dict[Any, int] = {level: number for number, level in enumerate(column.levels)}
    for cell in cells:
        if cell is None or (places and cell not in places):
            known = f"one of the classes {', '.join(column.levels)}" if places else "a number"
            raise SchemaError(
                f"expected {known} in `{column.name}`, got "
                f"{'an empty cell' if cell is None else repr(cell)}",
                hint="A class that the training table lacks, or a gap, cannot be learnt from.",
            )
    if column.is_number:
        return column.features(cells)
    return np.array([[float(places[cell])] for cell in cells]).reshape(-1, 1)


def _of_numbers(labels: pl.Series) -> RepairedColumn:
    if not labels.dtype.is_numeric():
        raise SchemaError(
            f"expected numbers in `{labels.name}` for --model squared, got {labels.dtype}",
            hint="Take --model logistic for classes.",
        )
    numbers = np.array(plain_values(labels), dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise SchemaError(
            f"expected finite numbers in `{labels.name}`, got infinity",
            hint="Leave such rows out.",
        )
    if np.ptp(numbers) == 0:
        raise NotEnoughDataError(
            f"expected different numbers in `{labels.name}`, got {numbers[0]:g} alone",
            hint="Where all labels are alike there is nothing to learn.",
        )
    return RepairedColumn(
        labels.name,
        (),
        low=float(numbers.mean()),
        width=float(numbers.std()),
        whole=bool((numbers == np.round(numbers)).all()),
        digits=labels.dtype.scale if isinstance(labels.dtype, pl.Decimal) else None,
    )
