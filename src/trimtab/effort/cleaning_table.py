"""A table with unsure cells as rows with candidates: what `trimtab effort clean` works on.

Which cells are unsure is said in `suspects`, what they may hold in `repairs`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from trimtab.core.errors import NotEnoughDataError, SchemaError, nearest
from trimtab.data.sources import source_name
from trimtab.effort.cell_lists import parsed, read_candidates
from trimtab.effort.cleaning import cleaning_order
from trimtab.effort.cleaning_columns import Cells, RepairedColumn, plain_cells
from trimtab.effort.cleaning_file import save_session
from trimtab.effort.cleaning_origin import origin_of, read_rows
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.effort.cleaning_store import check_new
from trimtab.effort.repairs import Option, cell_options, row_candidates
from trimtab.effort.unsure_cells import (
    class_codes,
    class_names,
    doubted_cells,
    far_notes,
    feature_names,
    notes_on,
    reasons_of,
    repaired_columns,
    suspects_in,
    unsure_cells,
)
from trimtab.stats.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class CleaningTable:
    """The columns of a session's table, and its rows that have unsure cells, by number.

    `dirty` holds the cells of such rows as they stand, None where one is empty; `options` what
    their unsure cells may hold, and `reasons` why they are unsure, by row and column.
    """

    columns: tuple[RepairedColumn, ...]
    label: str
    classes: tuple[str, ...]
    dirty: Mapping[int, Mapping[str, Any]]
    options: Mapping[int, Mapping[str, tuple[Option, ...]]]
    reasons: Mapping[int, Mapping[str, str]]
    source: str
    n_rows: int
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, about: Mapping[str, Any]) -> Self:
        """Return the table that a session's file holds."""
        lists = "repairs", "levels", "rare"
        columns = [RepairedColumn(**c | {n: tuple(c[n]) for n in lists}) for c in about["columns"]]
        return cls(
            columns=tuple(columns),
            label=about["label"],
            classes=tuple(about["classes"]),
            dirty={int(row): cells for row, cells in about["dirty"].items()},
            options={
                int(row): {
                    name: tuple(Option(*one) for one in some) for name, some in cells.items()
                }
                for row, cells in about["options"].items()
            },
            reasons={int(row): cells for row, cells in about["reasons"].items()},
            source=about["source"],
            n_rows=about["n_rows"],
            notes=tuple(about["notes"]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON can hold them, for `read`."""
        # of the table, `asdict` would copy every cell
        about = {field.name: getattr(self, field.name) for field in fields(CleaningTable)}
        return {**about, "columns": [asdict(column) for column in self.columns]}

    @property
    def sentence(self) -> str:
        """How many cells are unsure, in words."""
        n_cells = sum(len(cells) for cells in self.options.values())
        n_empty = sum(why == "empty" for cells in self.reasons.values() for why in cells.values())
        return (
            f"{len(self.dirty):,} of {self.n_rows:,} rows have unsure cells: {n_empty:,} empty, "
            f"{n_cells - n_empty:,} suspect"
        )

    def unsure(self, row: int) -> tuple[str, ...]:
        """Return the columns whose cells in a dirty row are empty or suspect."""
        return tuple(self.options[row])

    def fillable(self, row: int) -> tuple[str, ...]:
        """Return the columns that people are asked for when they are handed a dirty row."""
        return self.unsure(row)

    def candidates(self, row: int) -> list[dict[str, Any]]:
        """Return what the unsure cells of a row may hold together, likeliest first."""
        return [
            {name: option.value for name, option in cells.items()}
            for cells in row_candidates(self.options[row])
        ]

    def origins(self, row: int) -> list[dict[str, str]]:
        """Return where the values of each candidate come from."""
        return [
            {name: option.origin for name, option in cells.items()}
            for cells in row_candidates(self.options[row])
        ]

    def features(self, rows: Sequence[Mapping[str, Any]]) -> FloatArray:
        """Return the features of rows without empty cells, shape (n, n_features)."""
        return np.hstack([c.features([row[c.name] for row in rows]) for c in self.columns])

    def repaired(self, row: int, cells: Mapping[str, str]) -> FloatArray:
        """Return the features of a dirty row whose cells a person has filled in.

        A suspect that is not named is right as it stands. A text may be new to its column:
        `cleaning_levels.level_notes` tells.

        Raises
        ------
        SchemaError
            If a name is no column, a text is no value of its column, or a cell is still empty.
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
    train: Any,
    validation: Any,
    label: str,
    file: str | Path,
    *,
    suspects: Any = None,
    candidates: Any = None,
    ignore: Sequence[str] = (),
    **options: Any,
) -> tuple[CleaningSession, CleaningTable]:
    """Begin a session on a table with empty or suspect cells, kept in a new file.

    Parameters
    ----------
    train, validation : anything that `read_source` reads
        Tables with the same columns; those of numbers and of text count. NaN and the empty text
        are empty cells. Those of the validation table are taken at the mean or the commonest
        level, which nobody cleans.
    label : str
        The column of classes; without empty cells in `train`, and taken to be right.
    file : path-like
        The session's file.
    suspects : "auto" or anything that `read_source` reads, optional
        Cells that are there but may be wrong: found here (see `find_suspects`), or a table with
        `row` (from 0) and `column`. Without it only empty cells are unsure.
    candidates : anything that `read_source` reads, optional
        A table with `row`, `column` and `value`, several lines a cell, likeliest first. They come
        before the candidates found here (see `cell_options`), never instead of them. A cell that
        is not empty becomes a suspect by having some.
    ignore : sequence of str
        Columns that are no features, such as the name of a row. They may still tell which rows
        belong together.
    **options
        As in `cleaning_order`.

    Returns
    -------
    session, table
        What to ask, and what its row numbers mean.

    Raises
    ------
    SchemaError
        If columns are missing or have no repairs here, or labels are empty, or `suspects` or
        `candidates` name cells that are not there.
    NotEnoughDataError
        If there are fewer rows than `k`, fewer than two classes, or no validation point.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> train = pl.DataFrame({"km": [1, None, 8, 9], "late": ["no", "no", "yes", "yes"]})
    >>> with TemporaryDirectory() as folder:
    ...     session, table = start_cleaning(train, train[:1], "late", f"{folder}/s.db", k=1)
    ...     table.sentence, table.reasons
    ('1 of 4 rows have unsure cells: 1 empty, 0 suspect', {1: {'km': 'empty'}})
    """
    check_new(file)
    rows, points = read_rows(train), read_rows(validation)
    names = feature_names(rows, points, label, ignore)
    _check_enough(rows, points, options.get("k", 3))
    classes = class_names(rows[label])
    cells = plain_cells(rows, label)
    texts = read_candidates(candidates, names, rows.height)
    doubts = doubted_cells(suspects_in(suspects, cells, names), texts, cells)
    columns = repaired_columns(rows, points, names, texts, doubts)
    unsure = unsure_cells(cells, names, doubts)
    table = CleaningTable(
        columns=columns,
        label=label,
        classes=tuple(classes),
        dirty={row: {name: cells[name][row] for name in names} for row in unsure},
        options=cell_options(columns, cells, unsure, parsed(texts, columns)),
        reasons=reasons_of(unsure),
        source=source_name(train),
        n_rows=rows.height,
        notes=notes_on(rows, names, label, ignore) + far_notes(rows, names, doubts),
    )
    session = cleaning_order(
        _candidates(table, cells),
        class_codes(rows[label], classes),
        _points(table, points),
        query_labels=class_codes(points[label], classes) if label in points.columns else None,
        **options,
    )
    # the table is read again when fixes are put into it, and has to be the same then
    save_session(session, file, about={**table.to_dict(), **origin_of(train, rows)})
    return session, table


def _check_enough(rows: pl.DataFrame, points: pl.DataFrame, k: int) -> None:
    if rows.height < k or not points.height:
        raise NotEnoughDataError(
            f"expected {k} training rows and 1 validation row or more, got {rows.height} and "
            f"{points.height}",
            hint="Give more rows, or a smaller --neighbours.",
        )


def _candidates(table: CleaningTable, cells: Cells) -> list[FloatArray]:
    """Return the features that each row may have."""
    rows: list[dict[str, Any]] = []
    counts = []
    for row in range(table.n_rows):
        here = {column.name: cells[column.name][row] for column in table.columns}
        worlds = table.candidates(row) if row in table.dirty else [{}]
        rows += [{**here, **world} for world in worlds]
        counts.append(len(worlds))
    return np.split(table.features(rows), np.cumsum(counts)[:-1])


def _points(table: CleaningTable, points: pl.DataFrame) -> FloatArray:
    """Return the features of the validation points, empty cells at their plainest repair."""
    return np.hstack([c.features(c.filled(points[c.name])) for c in table.columns])
