"""A table to clean for a linear model: columns, rows that may be dirty, and what they may hold.

Cells are read, repaired and suspected as in `cleaning_table`; here the label may be wrong too.
`active_start` makes a session of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from trimtab.effort.active_labels import label_cells, label_column, label_targets
from trimtab.effort.cell_lists import parsed, read_candidates, read_suspects
from trimtab.effort.cleaning_columns import Cells, RepairedColumn, plain_cells
from trimtab.effort.cleaning_table import CleaningTable
from trimtab.effort.repairs import AS_IT_STANDS, Option, cell_options
from trimtab.effort.suspects import far_numbers
from trimtab.effort.unsure_cells import (
    Doubts,
    doubted_cells,
    notes_on,
    reasons_of,
    repaired_columns,
    suspects_in,
    unsure_cells,
)
from trimtab.stats.arrays import FloatArray
from trimtab.stats.convex_losses import LossName

# sessions keep this text: other words would not be known again
_ANY_CELL = "any cell may be wrong; answer here last"


class ActiveTable(CleaningTable):
    """The columns of a session's table, the label last, and its rows that may be dirty.

    `dirty`, `options` and `reasons` are as in `CleaningTable`. Of a row that is suspect as a
    whole the label is the cell to look at: what is said of it says that the row is looked
    through. `classes` is empty where the label is a number.
    """

    __slots__ = ()

    @property
    def sentence(self) -> str:
        """How many rows may be dirty, in words."""
        if len(self.dirty) == self.n_rows and not any(map(self.is_named, self.dirty)):
            return (
                f"all {self.n_rows:,} rows may be dirty, in any cell; where rules name those that "
                "may (--suspects), fewer have to be looked at"
            )
        return (
            f"{len(self.dirty):,} of {self.n_rows:,} rows may be dirty; the others are taken as "
            "clean"
        )

    def is_named(self, row: int) -> bool:
        """Return whether it is known which cells of a row may be wrong."""
        return _ANY_CELL not in self.reasons[row].values()

    def fillable(self, row: int) -> tuple[str, ...]:
        """Return the columns that people are asked for: all, where any cell may be wrong."""
        return self.unsure(row) if self.is_named(row) else tuple(c.name for c in self.columns)

    def features(self, rows: Sequence[Mapping[str, Any]]) -> FloatArray:
        """Return features and, at the end, the target of rows without empty cells."""
        *columns, label = self.columns
        parts = [c.features([row[c.name] for row in rows]) for c in columns]
        return np.hstack([*parts, label_targets(label, [row[label.name] for row in rows])])

    def feature_names(self) -> list[str]:
        """Return what each feature is: a column, or a level of one."""
        return [
            name
            for column in self.columns[:-1]
            for name in (
                [column.name]
                if column.is_number
                else [f"{column.name} {x}" for x in column.levels]
            )
        ]


@dataclass(frozen=True, slots=True)
class ReadTable:
    """What was asked for, as read: rows, validation rows, feature columns, what to ignore."""

    rows: pl.DataFrame
    points: pl.DataFrame | None
    names: Sequence[str]
    ignored: Sequence[str]
    label: str
    source: str

    def cells(self) -> Cells:
        """Return the columns in plain form, without the label."""
        return plain_cells(self.rows, self.label)


def active_table(
    read: ReadTable, loss: LossName, suspects: Any, candidates: Any
) -> tuple[ActiveTable, FloatArray]:
    """Return the table, and features and target of all its rows as they stand.

    An empty cell stands at its likeliest repair. `suspects` and `candidates` are as in
    `start_active_cleaning`.
    """
    rows, names, label, cells = read.rows, read.names, read.label, read.cells()
    target = label_column(rows[label], loss)
    labels = label_cells(target, rows[label])
    texts = read_candidates(candidates, names, rows.height)
    whole, doubts = _suspects(suspects, texts, {**cells, label: labels}, names, label)
    points = rows if read.points is None else read.points
    columns = repaired_columns(rows, points, names, texts, doubts)
    unsure = unsure_cells(cells, names, doubts)
    options = cell_options(columns, cells, unsure, parsed(texts, columns)) if unsure else {}
    reasons = reasons_of(unsure)
    for (row, name), why in doubts.items():
        if name == label:
            reasons.setdefault(row, {})[label] = why.reason
    for row in whole:
        reasons.setdefault(row, {})[label] = _ANY_CELL
    dirty = sorted(reasons)
    table = ActiveTable(
        columns=(*(_standard(c, cells[c.name], doubts) for c in columns), target),
        label=label,
        classes=target.levels,
        dirty={row: {n: cells[n][row] for n in names} | {label: labels[row]} for row in dirty},
        options={
            row: options.get(row, {})
            | ({label: _label_options(target, labels[row])} if label in reasons[row] else {})
            for row in dirty
        },
        reasons={row: reasons[row] for row in dirty},
        source=read.source,
        n_rows=rows.height,
        notes=notes_on(rows, names, label, read.ignored),
    )
    return table, table.features(_as_they_stand(table, {**cells, label: labels}))


def validation_features(table: ActiveTable, points: pl.DataFrame) -> FloatArray:
    """Return features and target of validation rows, empty cells at their plainest repair."""
    *columns, label = table.columns
    cells = {label.name: label_cells(label, points[label.name])}
    for column in columns:
        cells[column.name] = column.filled(points[column.name])
    return table.features(_rows(cells, points.height))


def _suspects(
    source: Any, texts: Mapping[Any, Any], cells: Cells, names: Sequence[str], label: str
) -> tuple[set[int], Doubts]:
    """Return the rows of which any cell may be wrong, and the cells that are doubted."""
    n_rows = len(cells[label])
    if source is None:
        return set(range(n_rows)), doubted_cells([], texts, cells)
    if isinstance(source, str) and source == "auto":
        features = {name: values for name, values in cells.items() if name != label}
        return set(), doubted_cells(suspects_in(source, features, names), texts, cells)
    found = read_suspects(source, [*names, label], n_rows, whole_rows=True)
    whole = {one.row for one in found if not one.column}
    return whole, doubted_cells([one for one in found if one.column], texts, cells)


def _standard(column: RepairedColumn, cells: Sequence[Any], doubts: Doubts) -> RepairedColumn:
    """Return a column whose features have mean 0 and deviation 1 in cells that are not in doubt.

    Numbers far outside of the column would squeeze all others, and are left out too.
    """
    if not column.is_number:
        return column
    out = {row for row, name in doubts if name == column.name}
    out |= {far.row for far in far_numbers(column.name, cells)}
    sure = np.array([v for row, v in enumerate(cells) if v is not None and row not in out])
    if not sure.size:
        return column
    return replace(column, low=float(sure.mean()), width=float(sure.std()) or 1.0)


def _label_options(label: RepairedColumn, stands: Any) -> tuple[Option, ...]:
    others = (Option(level, "other class") for level in label.levels if level != stands)
    return (Option(stands, AS_IT_STANDS), *others)


def _as_they_stand(table: ActiveTable, cells: Cells) -> list[dict[str, Any]]:
    """Return all rows, empty cells at their likeliest repair."""
    rows = _rows({column.name: cells[column.name] for column in table.columns}, table.n_rows)
    for number, options in table.options.items():
        for name, some in options.items():
            if rows[number][name] is None:
                rows[number][name] = some[0].value
    return rows


def _rows(cells: Cells, n_rows: int) -> list[dict[str, Any]]:
    lines = zip(*cells.values(), strict=True) if cells else [()] * n_rows
    return [dict(zip(cells, line, strict=True)) for line in lines]
