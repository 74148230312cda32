"""A table with empty cells as rows with candidates: plain repairs, and features to compare by.

Repairs are those of the CPClean authors: the mean, quartiles and ends of a column of numbers, the
commonest categories; all empty cells of a row are repaired alike. Better guesses are given as
arrays, to `cleaning_order`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import NotEnoughDataError, SchemaError, nearest
from trimtab.data.sources import read_source
from trimtab.effort.cleaning import cleaning_order
from trimtab.effort.cleaning_file import open_session, read_about, save_session
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.stats.arrays import FloatArray

_N_REPAIRS = 5


@dataclass(frozen=True, slots=True)
class RepairedColumn:
    """A column's repairs, likeliest first, and what turns it into features.

    A number becomes one feature from 0 to 1 between its ends in the training table; a category
    becomes one feature a level, so that two levels are one apart. `levels` is empty for numbers.
    """

    name: str
    repairs: tuple[Any, ...]
    levels: tuple[str, ...] = ()
    low: float = 0.0
    width: float = 1.0

    def features(self, values: Sequence[Any]) -> FloatArray:
        """Return the features of some values, none of them empty, shape (n, n_features)."""
        if not self.levels:
            scaled: FloatArray = (np.array(values, dtype=np.float64) - self.low) / self.width
            return scaled[:, None]
        same = np.array(values, dtype=object)[:, None] == np.array(self.levels, dtype=object)
        # half a unit in each of two features: one unit between levels, in squares
        features: FloatArray = same.astype(np.float64) * np.sqrt(0.5)
        return features

    def parse(self, text: str) -> Any:
        """Return a value that a person typed."""
        if self.levels:
            return text
        try:
            return float(text)
        except ValueError:
            raise SchemaError(
                f"expected a number for `{self.name}`, got {text!r}",
                hint=f"Give it as --set {self.name}=NUMBER.",
            ) from None


@dataclass(frozen=True, slots=True)
class CleaningTable:
    """The columns of a session's table, and its rows that have empty cells, by number."""

    columns: tuple[RepairedColumn, ...]
    label: str
    classes: tuple[str, ...]
    dirty: Mapping[int, Mapping[str, Any]]

    def candidates(self, row: int) -> list[dict[str, Any]]:
        """Return what the empty cells of a row may hold, one dict a candidate, likeliest first."""
        empty = [column for column in self.columns if self.dirty[row][column.name] is None]
        found: list[dict[str, Any]] = []
        for number in range(_N_REPAIRS):
            cells = {c.name: c.repairs[min(number, len(c.repairs) - 1)] for c in empty}
            if cells not in found:
                found.append(cells)
        return found

    def features(self, rows: Sequence[Mapping[str, Any]]) -> FloatArray:
        """Return the features of rows without empty cells, shape (n, n_features)."""
        return np.hstack([c.features([row[c.name] for row in rows]) for c in self.columns])

    def repaired(self, row: int, cells: Mapping[str, str]) -> FloatArray:
        """Return the features of a dirty row whose cells a person has filled in.

        Raises
        ------
        SchemaError
            If a name is no column, or a cell is still empty.
        """
        named = {column.name: column for column in self.columns}
        for name in cells:
            if name not in named:
                raise SchemaError(f"expected a column, got {name!r}", hint=nearest(name, named))
        filled = dict(self.dirty[row])
        filled |= {name: named[name].parse(text) for name, text in cells.items()}
        left = [name for name in named if filled[name] is None]
        if left:
            raise SchemaError(
                f"expected a value for every empty cell of row {row}, got none for "
                f"{', '.join(f'`{name}`' for name in left)}",
                hint=f"Add --set {left[0]}=VALUE.",
            )
        found: FloatArray = self.features([filled])[0]
        return found


def start_cleaning(
    train: Any, validation: Any, label: str, file: str | Path, **options: Any
) -> tuple[CleaningSession, CleaningTable]:
    """Begin a session on a table with empty cells, kept in a new file.

    Parameters
    ----------
    train, validation : anything that `read_source` reads
        Tables with the same columns; those of numbers and of text count. Empty cells of the
        validation table are taken at their likeliest repair, which nobody cleans.
    label : str
        The column of classes; without empty cells in `train`.
    file : path-like
        The session's file.
    **options
        As in `cleaning_order`.

    Returns
    -------
    session, table
        What to ask, and what its row numbers mean.

    Raises
    ------
    SchemaError
        If columns are missing or of a type that has no repairs here, or labels are empty.
    NotEnoughDataError
        If there are fewer rows than `k`, or no validation point.
    """
    rows, points = (
        read_source(source).with_columns(pl.selectors.float().fill_nan(None)).collect()
        for source in (train, validation)
    )
    _check_columns(rows, points, label)
    if rows.height < options.get("k", 3) or not points.height:
        raise NotEnoughDataError(
            f"expected {options.get('k', 3)} training rows and 1 validation row or more, got "
            f"{rows.height} and {points.height}",
            hint="Give more rows, or a smaller --neighbours.",
        )
    classes = rows[label].cast(pl.String).unique().sort().to_list()
    columns = tuple(_column(rows[name], points[name]) for name in rows.columns if name != label)
    named = rows.drop(label).rows(named=True)
    dirty = {i: row for i, row in enumerate(_plain(named, columns)) if None in row.values()}
    table = CleaningTable(columns, label, tuple(classes), dirty)
    clean = [{c.name: c.repairs[0] if r[c.name] is None else r[c.name] for c in columns}
             for r in _plain(points.rows(named=True), columns)]  # fmt: skip
    candidates = [
        table.features([{**row, **cells} for cells in table.candidates(i)])
        if i in dirty
        else table.features([row])
        for i, row in enumerate(_plain(named, columns))
    ]
    session = cleaning_order(
        candidates,
        _codes(rows[label], classes),
        table.features(clean),
        query_labels=_codes(points[label], classes) if label in points.columns else None,
        **options,
    )
    save_session(session, file, about=asdict(table))
    return session, table


def open_cleaning(file: str | Path) -> tuple[CleaningSession, CleaningTable]:
    """Go on with a session that `start_cleaning` began."""
    session, about = open_session(file), read_about(file)
    columns = tuple(
        RepairedColumn(**{**c, "repairs": tuple(c["repairs"]), "levels": tuple(c["levels"])})
        for c in about["columns"]
    )
    dirty = {int(row): cells for row, cells in about["dirty"].items()}
    return session, CleaningTable(columns, about["label"], tuple(about["classes"]), dirty)


def _check_columns(rows: pl.DataFrame, points: pl.DataFrame, label: str) -> None:
    if label not in rows.columns:
        raise SchemaError(
            f"expected a column `{label}`, got none", hint=nearest(label, rows.columns)
        )
    if rows.width == 1:
        raise SchemaError(
            f"expected columns beside `{label}`, got none", hint="Give the features as well."
        )
    if rows[label].null_count():
        raise SchemaError(
            f"expected a label in every training row, got {rows[label].null_count()} empty ones",
            hint="Leave rows without a label out.",
        )
    for name in rows.columns:
        if name != label and name not in points.columns:
            raise SchemaError(
                f"expected a column `{name}` in the validation table, got none",
                hint=nearest(name, points.columns),
            )
        if name != label and rows[name].null_count() == rows.height:
            raise SchemaError(
                f"expected some values in `{name}`, got an empty column",
                hint="Leave it out: nothing is known of it.",
            )


def _column(values: pl.Series, others: pl.Series) -> RepairedColumn:
    known = values.drop_nulls()
    if values.dtype.is_numeric():
        numbers = known.cast(pl.Float64).to_numpy()
        low, high = float(numbers.min()), float(numbers.max())
        if not np.isfinite([low, high]).all():
            raise SchemaError(
                f"expected finite numbers in `{values.name}`, got infinity",
                hint="Make such cells empty: they are then cleaned like others.",
            )
        middle = [float(np.quantile(numbers, q)) for q in (0.25, 0.75)]
        repairs = (float(numbers.mean()), *middle, low, high)
        return RepairedColumn(values.name, repairs, low=low, width=(high - low) or 1.0)
    if values.dtype not in (pl.String, pl.Boolean, pl.Categorical) and values.dtype != pl.Enum:
        raise SchemaError(
            f"expected numbers or text in `{values.name}`, got {values.dtype}",
            hint="Turn it into a number, or leave the column out.",
        )
    texts = known.cast(pl.String).to_frame("level")
    common = texts.group_by("level").len().sort(["len", "level"], descending=[True, False])
    levels = set(common["level"]) | set(others.drop_nulls().cast(pl.String))
    return RepairedColumn(
        values.name, tuple(common["level"].head(_N_REPAIRS)), levels=tuple(sorted(levels))
    )


def _plain(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[RepairedColumn]
) -> list[dict[str, Any]]:
    """Return rows of numbers and text alone, as JSON can hold them."""

    def plain(column: RepairedColumn, value: Any) -> Any:
        if value is None:
            return None
        if column.levels:
            return str(value).lower() if isinstance(value, bool) else str(value)
        return float(value)

    return [{c.name: plain(c, row[c.name]) for c in columns} for row in rows]


def _codes(labels: pl.Series, classes: Sequence[str]) -> list[int]:
    numbers = {name: code for code, name in enumerate(classes)}
    texts = labels.cast(pl.String).to_list()
    strange = [text for text in texts if text not in numbers]
    if strange:
        raise SchemaError(
            f"expected a class of the training table, got {strange[0]!r} in the validation table",
            hint="Leave such validation rows out, or drop their label column.",
        )
    return [numbers[text] for text in texts]
