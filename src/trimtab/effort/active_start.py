"""Begins a session of `ActiveClean` on a table."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import NotEnoughDataError, SchemaError, nearest
from trimtab.data.sources import source_name
from trimtab.effort.active_file import ActiveRows, new_active_session
from trimtab.effort.active_points import ValidationRows
from trimtab.effort.active_session import ActiveSession
from trimtab.effort.active_table import ActiveTable, ReadTable, active_table, validation_features
from trimtab.effort.cleaning_origin import origin_of, read_rows
from trimtab.effort.cleaning_store import check_new
from trimtab.effort.unsure_cells import feature_names
from trimtab.stats.arrays import FloatArray
from trimtab.stats.convex_losses import LossName


def start_active_cleaning(
    train: Any,
    label: str,
    file: str | Path,
    *,
    loss: LossName = "logistic",
    validation: Any = None,
    suspects: Any = None,
    candidates: Any = None,
    ignore: Sequence[str] = (),
    **options: Any,
) -> tuple[ActiveSession, ActiveTable]:
    """Begin a session of `ActiveClean` on a table, kept in a new file.

    Numbers are centred and scaled to a standard deviation of 1, categories become one feature a
    level; both by cells that are not in doubt, numbers far outside of their column left out. An
    empty cell stands at its likeliest repair until somebody says what it holds.

    Parameters
    ----------
    train : anything that `read_source` reads
        The table; columns of numbers and of text count.
    label : str
        What to predict, without empty cells; it may be wrong like any other.
    file : path-like
        The session's file.
    loss : {'logistic', 'squared', 'hinge'}, default='logistic'
        Of the linear model; `squared` is for a label of numbers.
    validation : anything that `read_source` reads, optional
        A clean table with the same columns, to judge the model by; not used for anything else.
    suspects : "auto" or anything that `read_source` reads, optional
        Rows that may be dirty, by rules that miss none: those with empty cells and with cells
        that look wrong, or a table with `row` (from 0) and, where it is known, `column`. All
        rows if not given.
    candidates, ignore
        As in `start_cleaning`.
    **options
        `batch`, `penalty`, `step`, `floor`, `update`, `seed`, `delta`, `label_cost` and
        `cost_unit`, as in `ActiveClean`.

    Returns
    -------
    session, table
        What to ask, and what its row numbers mean.

    Raises
    ------
    SchemaError
        If columns are missing, a label is empty or of the wrong kind, or `suspects` or
        `candidates` name cells that are not there.
    NotEnoughDataError
        If there is no row, or no validation row, or the labels are all alike.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> rows = pl.DataFrame({"km": [1.0, 2, 80, 90] * 20, "late": ["no", "no", "yes", "no"] * 20})
    >>> with TemporaryDirectory() as folder:
    ...     session, table = start_active_cleaning(rows, "late", Path(folder) / "s.db", batch=30)
    ...     row = session.next()[0].row
    ...     cells = {"late": "yes" if rows["km"][row] > 50 else "no"}
    ...     session.fix(row, table.repaired(row, cells), cells=cells, by="ann")
    >>> session.status().cleaned, session.status().rows_left
    (1, 79)
    """
    check_new(file)
    read = _read(train, validation, label, ignore)
    table, values = active_table(read, loss, suspects, candidates)
    # the table is read again when fixes are put into it, and has to be the same then
    about = {**table.to_dict(), "loss": loss, **origin_of(train, read.rows)}
    points = None if read.points is None else _validation(table, read.points)
    session = new_active_session(
        file, _active_rows(table, values), points, about, loss=loss, **options
    )
    return session, table


def _read(train: Any, validation: Any, label: str, ignore: Sequence[str]) -> ReadTable:
    rows = read_rows(train)
    points = None if validation is None else read_rows(validation)
    names = feature_names(rows, rows if points is None else points, label, ignore)
    if not rows.height or (points is not None and not points.height):
        raise NotEnoughDataError(
            "expected a row or more in each table, got none",
            hint="Give rows, or leave the validation table out.",
        )
    if points is not None and label not in points.columns:
        raise SchemaError(
            f"expected a column `{label}` in the validation table, got none",
            hint=nearest(label, points.columns),
        )
    return ReadTable(rows, points, names, ignore, label, source_name(train))


def _active_rows(table: ActiveTable, values: FloatArray) -> ActiveRows:
    suspects = np.zeros(table.n_rows, dtype=np.bool_)
    suspects[list(table.dirty)] = True
    errors = np.full(table.n_rows, "", dtype=object)
    for row in table.dirty:
        errors[row] = ", ".join(table.unsure(row))
    return ActiveRows(
        values[:, :-1], values[:, -1], suspects, errors.astype(str),
        np.array(table.feature_names(), dtype=str),
    )  # fmt: skip


def _validation(table: ActiveTable, points: pl.DataFrame) -> ValidationRows:
    values, label = validation_features(table, points), table.columns[-1]
    unit = label.width if label.is_number else 1.0
    return ValidationRows(values[:, :-1], values[:, -1], unit)
