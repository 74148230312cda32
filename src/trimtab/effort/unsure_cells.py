"""Reads a table to clean: its columns, which of its cells are unsure and why, its classes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import NotEnoughDataError, SchemaError, nearest
from trimtab.effort.cell_lists import read_suspects
from trimtab.effort.cleaning_columns import (
    Cells,
    RepairedColumn,
    is_plain,
    plain_values,
    repaired_column,
    shown,
)
from trimtab.effort.suspects import Suspect, far_numbers, find_suspects

# candidates of the user's own, as text, by row and column
Texts = Mapping[tuple[int, str], Sequence[str]]
Doubts = Mapping[tuple[int, str], Suspect]
# fewer rows may all differ by chance
_LEAST_NAMED = 20


def notes_on(
    rows: pl.DataFrame, names: Sequence[str], label: str, ignore: Sequence[str]
) -> tuple[str, ...]:
    """Return a warning for times left out, and for features that look like the name of a row."""
    asked = [name for name in rows.columns if name != label and name not in ignore]
    times = tuple(
        f"`{name}` holds times, which are no features: it is left out, and only tells groups"
        for name in asked
        if name not in names
    )
    if rows.height < _LEAST_NAMED:
        return times
    return times + tuple(
        f"`{name}` is a feature and looks like the name of a row, no two values are alike: if it "
        f"is one, begin with --ignore {name}"
        for name in names
        if not rows[name].dtype.is_float() and rows[name].n_unique() == rows.height
    )


def feature_names(
    rows: pl.DataFrame, points: pl.DataFrame, label: str, ignore: Sequence[str]
) -> list[str]:
    """Return the columns that are features, when all that is needed of both tables is there.

    Times are none.
    """
    if label not in rows.columns:
        raise SchemaError(
            f"expected a column `{label}`, got none", hint=nearest(label, rows.columns)
        )
    features = [name for name in rows.columns if name != label]
    for name in ignore:
        if name not in features:
            raise SchemaError(
                f"expected a feature to ignore, got {name!r}", hint=nearest(name, features)
            )
    names = [
        name for name in features if name not in ignore and not rows[name].dtype.is_temporal()
    ]
    if not names:
        raise SchemaError(
            f"expected columns beside `{label}`, got none",
            hint="Give the features as well, and ignore fewer; times are none.",
        )
    if rows[label].null_count():
        raise SchemaError(
            f"expected a label in every training row, got {rows[label].null_count()} empty ones",
            hint="Leave rows without a label out.",
        )
    for table in (rows, points):
        if label in table.columns and table[label].dtype.is_nested():
            raise SchemaError(
                f"expected one class a row in `{label}`, got {table[label].dtype}",
                hint="Give a column of text or numbers as --label.",
            )
    for name in names:
        _check_column(rows[name], points)
    return names


def _check_column(values: pl.Series, points: pl.DataFrame) -> None:
    name = values.name
    if name not in points.columns:
        raise SchemaError(
            f"expected a column `{name}` in the validation table, got none",
            hint=nearest(name, points.columns),
        )
    if len(values) and values.null_count() == len(values):
        raise SchemaError(
            f"expected some values in `{name}`, got an empty column",
            hint="Leave it out (--ignore): nothing is known of it.",
        )
    if not is_plain(values):
        raise SchemaError(
            f"expected numbers or text in `{name}`, got {values.dtype}",
            hint="Turn it into a number, or leave the column out (--ignore).",
        )
    theirs, is_number = points[name], values.dtype.is_numeric()
    fits = theirs.dtype.is_numeric() if is_number else is_plain(theirs)
    if not (fits or theirs.dtype == pl.Null):
        raise SchemaError(
            f"expected {'numbers' if is_number else 'text'} in `{name}` of the validation table, "
            f"got {theirs.dtype}",
            hint="Read both tables with the same types, or leave the column out (--ignore).",
        )
    for cells, where in ((values, ""), (theirs, " of the validation table")):
        if is_number and cells.drop_nulls().cast(pl.Float64).is_infinite().any():
            raise SchemaError(
                f"expected finite numbers in `{name}`{where}, got infinity",
                hint="Make such cells empty.",
            )


def suspects_in(source: Any, cells: Cells, names: Sequence[str]) -> list[Suspect]:
    """Return the suspects that a table names, or those found here for ``"auto"``."""
    if source is None:
        return []
    if isinstance(source, str) and source == "auto":
        return find_suspects(cells, names)
    return read_suspects(source, names, len(next(iter(cells.values()))))


def doubted_cells(
    found: Sequence[Suspect], texts: Texts, cells: Cells
) -> dict[tuple[int, str], Suspect]:
    """Return the cells that are there but doubted, by row and column.

    Those are suspects, and cells that have candidates of the user's own.
    """
    yours = [Suspect(row, name, "you gave candidates for it") for row, name in texts]
    known = {(one.row, one.column) for one in found}
    return {
        (one.row, one.column): one
        for one in [*found, *(one for one in yours if (one.row, one.column) not in known)]
        if cells[one.column][one.row] is not None
    }


def repaired_columns(
    rows: pl.DataFrame, points: pl.DataFrame, names: Sequence[str], texts: Texts, doubts: Doubts
) -> tuple[RepairedColumn, ...]:
    """Read each column off its cells that are neither empty nor doubted nor far outside.

    One far number would leave all others alike on a scale that runs to it.
    """
    found = []
    for name in names:
        unsure = np.zeros(rows.height, dtype=np.bool_)
        unsure[[row for row, column in doubts if column == name]] = True
        unsure[[far.row for far in _far(rows[name], doubts)]] = True
        others = [v for (_, column), values in texts.items() if column == name for v in values]
        if not rows[name].dtype.is_numeric():
            others += plain_values(points[name], as_text=True)
        found.append(repaired_column(rows[name], others, unsure))
    return tuple(found)


def far_notes(rows: pl.DataFrame, names: Sequence[str], doubts: Doubts) -> tuple[str, ...]:
    """Return a warning for each column with numbers far outside that nobody doubts."""
    notes = []
    for name in names:
        if far := _far(rows[name], doubts):
            number = plain_values(rows[name])[far[0].row]
            more = f" ({len(far) - 1:,} more are)" if len(far) > 1 else ""
            notes.append(
                f"`{name}` in row {far[0].row} is {shown(number)}, {far[0].reason}{more}. Nobody "
                "suspects such cells: they stay, and scale and repairs are made without them; if "
                "they may be wrong, begin with --suspects auto"
            )
    return tuple(notes)


def _far(values: pl.Series, doubts: Doubts) -> list[Suspect]:
    """Return the numbers far outside of a column, of those that are not doubted."""
    if not values.dtype.is_numeric():
        return []
    doubted = {row for row, column in doubts if column == values.name}
    known = [None if row in doubted else v for row, v in enumerate(plain_values(values))]
    return list(far_numbers(values.name, known))


def unsure_cells(
    cells: Cells, names: Sequence[str], doubts: Doubts
) -> dict[int, dict[str, Suspect | None]]:
    """Return why cells are unsure, by row and column; None where one is empty."""
    found: dict[int, dict[str, Suspect | None]] = {}
    for row, values in enumerate(zip(*(cells[name] for name in names), strict=True)):
        for name, value in zip(names, values, strict=True):
            if value is None or (row, name) in doubts:
                found.setdefault(row, {})[name] = doubts.get((row, name))
    return found


def reasons_of(unsure: Mapping[int, Mapping[str, Suspect | None]]) -> dict[int, dict[str, str]]:
    """Return why cells are unsure in words, by row and column."""
    return {
        row: {name: "empty" if why is None else why.reason for name, why in by_name.items()}
        for row, by_name in unsure.items()
    }


def class_codes(labels: pl.Series, classes: Sequence[str]) -> list[int]:
    """Return the place of each label among the classes."""
    numbers = {name: code for code, name in enumerate(classes)}
    texts = class_texts(labels)
    strange = [text for text in texts if text not in numbers]
    if strange:
        got = "an empty label" if strange[0] is None else repr(strange[0])
        raise SchemaError(
            f"expected a class of the training table, got {got} in the validation table",
            hint="Leave such validation rows out, or drop their label column.",
        )
    return [numbers[text] for text in texts]


def class_names(labels: pl.Series) -> list[str]:
    """Return the classes in order, two or more."""
    classes = sorted(set(class_texts(labels)))
    if len(classes) < 2:
        raise NotEnoughDataError(
            f"expected two classes or more in `{labels.name}`, got {classes[0]!r} alone",
            hint="With one class no cell changes a prediction: give rows of others as well.",
        )
    return classes


def class_texts(labels: pl.Series) -> list[Any]:
    """Return classes as text, the same for 1 and 1.0: an empty cell turns one into the other."""
    known = labels.drop_nulls()
    if labels.dtype.is_float() and ((known == known.round()) & (known.abs() < 2**53)).all():
        labels = labels.cast(pl.Int64)
    return labels.cast(pl.String).to_list()
