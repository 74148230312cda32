"""The cleaned table: the whole source with the true cells in place, and how it came about."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.core.records import DatasetVersion, Record
from trimtab.data.report_words import counted
from trimtab.data.sources import source_name
from trimtab.effort.cell_placing import type_notes, with_cells
from trimtab.effort.cleaning_file import read_about, read_fixes, session_fingerprint
from trimtab.effort.cleaning_fix import RowFix, cell_texts
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.effort.cleaning_source import known_cells, source_rows
from trimtab.effort.cleaning_table import CleaningTable

REPAIRED = "_repaired"
_Texts = dict[str, dict[int, str]]
# all that was ever said of a cell, by column and row, the last counts; None: as the source has it
Said = Mapping[str, Mapping[int, Sequence[str | None]]]


@dataclass(frozen=True, slots=True)
class CleaningRecord(Record):
    """Where a cleaned table comes from: the table it was, and what was done to it.

    `source_version` is the dataset version that was cleaned, None if it was another table;
    `source_fingerprint` is the hash of the rows that the session began from, `session` that of
    all that was given and told; `by` counts the rows that each person fixed (those that nobody
    put a name to under the empty name), and `cells_guessed` the cells that nobody fixed and
    `repair` filled.
    """

    source: str
    source_version: str | None
    source_fingerprint: str
    session: str
    n_rows: int
    rows_cleaned: int
    by: dict[str, int]
    first_at: datetime | None
    last_at: datetime | None
    cells_guessed: int = 0

    @property
    def sentence(self) -> str:
        """The origin in words, short enough to stand as the source of a dataset version."""
        names = ", ".join(name for name in self.by if name)
        guesses = f", {counted(self.cells_guessed, 'cell')} by guesses"
        return (
            f"{self.source} (content {self.source_fingerprint[:12]}), "
            f"{counted(self.rows_cleaned, 'row')} cleaned{f' by {names}' if names else ''} "
            f"(session {self.session[:12]}){guesses if self.cells_guessed else ''}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class CleanedTable:
    """A table before and after: its `source` rows, the cleaned `rows`, and what was `said`.

    `notes` name the columns whose type could not hold what was said.
    """

    rows: pl.DataFrame
    source: pl.DataFrame
    said: Said
    record: CleaningRecord
    notes: tuple[str, ...]


def cleaned_table(file: str | Path, source: Any = None, *, repair: bool = False) -> pl.DataFrame:
    """Return the whole training table, with the cells that people fixed in place.

    All rows and columns of the source are there, in their order and types; a cell that nobody
    fixed is as it was, an empty one empty. So the result stands wherever the source stood, and
    holds nothing that nobody said. A type changes only where it cannot hold the truth (see
    `cell_placing.with_cells`).

    With `repair` the cells still in doubt take their likeliest candidate, as they do for
    `accuracy_now` of the session's status. These are guesses that later look like data: a column
    ``_repaired`` names them, row by row (`"age, way"`, null where all cells are the source's or a
    person's). A poor choice where the model can take empty cells itself.

    Parameters
    ----------
    file : path-like
        The session.
    source : anything that `read_source` reads, optional
        The table that the session began from, if it is no longer where it was, or was a data
        frame or a dataset version.
    repair : bool, default=False
        Whether to fill what nobody fixed.

    Returns
    -------
    polars.DataFrame

    Raises
    ------
    SourceError
        If the source cannot be read, or has changed since the session began.
    SchemaError
        If a row was fixed by features alone, or a cell does not fit its column.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from trimtab.effort.cleaning_table import start_cleaning
    >>> train = pl.DataFrame({"km": [1, None, 8, 9], "late": ["no", "no", "yes", "yes"]})
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "clean.db"
    ...     session, table = start_cleaning(train, train[:1], "late", file, k=1)
    ...     session.fix(1, table.repaired(1, {"km": "3"}), cells={"km": "3"}, by="ann")
    ...     cleaned_table(file, train)["km"].to_list(), cleaning_record(file).by
    ([1, 3, 8, 9], {'ann': 1})
    """
    return finish_cleaning(file, source, repair=repair).rows


def finish_cleaning(file: str | Path, source: Any = None, *, repair: bool = False) -> CleanedTable:
    """Return the cleaned table with where it comes from, and all that was said of its cells.

    The rows are those of `cleaned_table`, which says what is filled and when that is a poor
    choice; the rest is what `ingest_cleaned` needs to make a dataset version with its lineage.

    Parameters
    ----------
    file, source, repair
        As in `cleaned_table`.

    Returns
    -------
    CleanedTable
        The source's rows before and after, what was said of each cell, the record, and notes on
        columns whose type could not hold what was said.

    Raises
    ------
    SourceError
        If the source cannot be read, or has changed since the session began.
    SchemaError
        If a row was fixed by features alone, or a cell does not fit its column.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from trimtab.effort.cleaning_table import start_cleaning
    >>> train = pl.DataFrame({"km": [1, None, 8, 9], "late": ["no", "no", "yes", "yes"]})
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "clean.db"
    ...     session, table = start_cleaning(train, train[:1], "late", file, k=1)
    ...     session.fix(1, table.repaired(1, {"km": "3"}), cells={"km": "3"}, by="ann")
    ...     done = finish_cleaning(file, train)
    >>> done.rows["km"].to_list(), done.record.rows_cleaned, done.notes
    ([1, 3, 8, 9], 1, ())
    """
    session, table = open_cleaning(file)
    rows = source_rows(file, table, source)
    said = _said(read_fixes(file), session, table)
    told = {name: _last(cells) for name, cells in said.items()}
    guessed = _guesses(table, [r for r in table.dirty if r not in session.fixed]) if repair else {}
    placed = {
        name: told.get(name, {}) | guessed.get(name, {})
        for name in dict.fromkeys([*told, *guessed])
    }
    cleaned = rows.with_columns(with_cells(rows[name], texts) for name, texts in placed.items())
    notes = type_notes(rows, cleaned, placed)
    if repair:
        cleaned = cleaned.with_columns(_named(guessed, rows.height))
    n_guessed = sum(len(texts) for texts in guessed.values())
    record = replace(cleaning_record(file, source), cells_guessed=n_guessed)
    return CleanedTable(cleaned, rows, said, record, notes)


def cleaning_record(file: str | Path, source: Any = None) -> CleaningRecord:
    """Return where the cleaned table of a session comes from."""
    fixes = list({fix.row: fix for fix in read_fixes(file)}.values())
    about = read_about(file)
    times = [fix.at for fix in fixes if fix.at is not None]
    version = about.get("version") if source is None else None
    return CleaningRecord(
        source=about["source"] if source is None else source_name(source),
        source_version=source.name if isinstance(source, DatasetVersion) else version,
        source_fingerprint=about["fingerprint"],
        session=session_fingerprint(file),
        n_rows=about["n_rows"],
        rows_cleaned=len(fixes),
        by=dict(sorted(Counter(fix.by or "" for fix in fixes).items())),
        first_at=min(times, default=None),
        last_at=max(times, default=None),
    )


def _said(fixes: Sequence[RowFix], session: CleaningSession, table: CleaningTable) -> Said:
    """Return all that was said of cells; of a row, what was said last counts as a whole."""
    said: dict[str, dict[int, list[str | None]]] = defaultdict(dict)
    last = {fix.row: fix for fix in fixes}
    for fix in fixes:
        cells = known_cells(fix, session, table)
        if cells is None and fix is last[fix.row]:
            raise SchemaError(
                f"expected the cells of row {fix.row}, got features alone",
                hint="Fix it again with `cells={COLUMN: TEXT}`.",
            )
        for name, text in (cells or {}).items():
            said[name].setdefault(fix.row, []).append(text)
        for name in said:
            if fix.row in said[name] and name not in (cells or {}):
                said[name][fix.row].append(None)
    return said


def _last(cells: Mapping[int, Sequence[str | None]]) -> dict[int, str]:
    """Return the texts that count; a cell that is right as it stands has none."""
    return {row: texts[-1] for row, texts in cells.items() if texts[-1] is not None}


def _guesses(table: CleaningTable, rows: Sequence[int]) -> _Texts:
    """Return the likeliest candidate of rows' unsure cells, where it is not what stands there."""
    guessed: _Texts = defaultdict(dict)
    for row in rows:
        for name, text in cell_texts(table.candidates(row)[0], table.dirty[row]).items():
            if text is not None:
                guessed[name][row] = text
    return guessed


def _named(guessed: _Texts, n_rows: int) -> pl.Series:
    names: dict[int, list[str]] = defaultdict(list)
    for name, texts in guessed.items():
        for row in texts:
            names[row].append(name)
    cells = [", ".join(names[row]) if row in names else None for row in range(n_rows)]
    return pl.Series(REPAIRED, cells, dtype=pl.String)
