"""Takes in what people filled in to a CSV file that `cleaning_handoff` wrote: all or nothing."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from trimtab.core.records import Record
from trimtab.data.report_words import counted
from trimtab.effort.cleaning_columns import shown
from trimtab.effort.cleaning_file import add_fixes, read_fixes
from trimtab.effort.cleaning_fills import Answer, RowAnswers, read_answers
from trimtab.effort.cleaning_fix import RowFix
from trimtab.effort.cleaning_levels import level_notes
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.effort.cleaning_source import known_cells
from trimtab.effort.cleaning_table import CleaningTable


@dataclass(frozen=True, slots=True)
class Conflict(Record):
    """A cell of which different things were said: each value, and who said it where."""

    row: int
    column: str
    said: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """The conflict in words."""
        each = ", ".join(f"{value!r} by {who}" for value, who in self.said)
        return f"row {self.row}, `{self.column}`: {each}"


@dataclass(frozen=True, slots=True)
class ImportedRows(Record):
    """What a file of answers brought, as numbers of rows.

    `fixed` rows are new. `known` ones were in the session already, with the same values.
    `not_yet` rows lack an answer for one of the cells to look at; `begun` says how many of these
    have some. Nothing was taken of rows with `conflicts`. `notes` name what is new to its column.
    """

    fixed: tuple[int, ...]
    known: tuple[int, ...]
    not_yet: tuple[int, ...]
    begun: int
    conflicts: tuple[Conflict, ...]
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The result in words."""
        text = f"{counted(len(self.fixed), 'row')} fixed, {len(self.not_yet):,} not yet"
        if self.begun:
            text += f" ({self.begun:,} of them in part)"
        if self.known:
            text += f", {len(self.known):,} known already"
        if self.conflicts:
            n = len({conflict.row for conflict in self.conflicts})
            text += f"; answers differ in {counted(n, 'row')}, of which nothing was taken"
        return text


def import_rows(
    file: str | Path, path: str | Path, *, by: str | None = None, at: datetime | None = None
) -> ImportedRows:
    r"""Take in the rows that people filled in, each as soon as all its cells are answered.

    Every line is checked before anything is written, and all is written in one transaction: a
    wrong file, or a crash, changes nothing. The same file again changes nothing either, so that
    a file can be taken in while people still fill it in. A row may stand on several lines (files
    of several people, one after the other): their answers are put together. Where two of them
    differ, or one differs from what the session knows, the row is left as it is and named.

    Read are the columns `row`, ``fix:NAME``, `by` and `note`, in any order. An empty cell is not
    answered yet. `ok` means that the cell is right as it stands, but for columns in which the
    text `ok` occurs as a value; ``'ok`` always is the text. In a file with semicolons ``3,5`` is
    a number. A cell that was not to be looked at may be set as well.

    Parameters
    ----------
    file : path-like
        The session.
    path : path-like
        The CSV file, saved from any spreadsheet.
    by : str, optional
        Who answered, for lines without a name in `by`.
    at : datetime, optional
        When this is done, kept with each row.

    Returns
    -------
    ImportedRows
        Which rows were fixed, which are not answered yet, where answers differ, and which texts
        are new to their column (`level_notes`).

    Raises
    ------
    SourceError
        If a file cannot be read, or somebody else adds to the session meanwhile.
    SchemaError
        If a row, a column or a value is not what the session's table has; the message names
        file, line and column.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import polars as pl
    >>> from trimtab.effort.cleaning_table import start_cleaning
    >>> train = pl.DataFrame({"km": [1, None, 8, 9], "late": ["no", "no", "yes", "yes"]})
    >>> with TemporaryDirectory() as folder:
    ...     file, done = Path(folder) / "clean.db", Path(folder) / "done.csv"
    ...     _ = start_cleaning(train, train[:1], "late", file, k=1)
    ...     _ = done.write_text("row,fix:km,by\n1,3,ann\n")
    ...     print(import_rows(file, done).sentence)
    ...     print(import_rows(file, done).sentence)
    1 row fixed, 0 not yet
    0 rows fixed, 0 not yet, 1 known already
    """
    session, table = open_cleaning(file)
    found = read_fixes(file)
    before = {fix.row: fix for fix in found}
    answers = read_answers(path, table, by)
    fixes: list[RowFix] = []
    known, not_yet, begun = [], [], 0
    conflicts: list[Conflict] = []
    for row, said in answers.items():
        against = _earlier(before[row], session, table) if row in before else {}
        differing = _differing(row, said, against)
        if differing:
            conflicts += differing
        elif row in before:
            known.append(row)
        elif any(column not in said.cells for column in table.unsure(row)):
            not_yet.append(row)
            begun += bool(said.cells)
        else:
            fixes.append(_fix(row, said, table, at))
    if fixes:
        add_fixes(file, fixes, known=found)
    taken = {fix.row: fix.cells or {} for fix in fixes}
    return ImportedRows(
        tuple(taken), tuple(known), tuple(not_yet), begun, tuple(conflicts),
        level_notes(table.columns, taken),
    )  # fmt: skip


def _fix(row: int, said: RowAnswers, table: CleaningTable, at: datetime | None) -> RowFix:
    cells = {column: each[0].text for column, each in said.cells.items()}
    written = {column: text for column, text in cells.items() if text is not None}
    by = ", ".join(dict.fromkeys(said.people)) or None
    note = "; ".join(dict.fromkeys(said.notes)) or None
    return RowFix(row, table.repaired(row, written), cells, by, at, note)


def _earlier(fix: RowFix, session: CleaningSession, table: CleaningTable) -> dict[str, Answer]:
    """Return what the session knows of a row's cells."""
    who = f"{fix.by or 'nobody named'} (in the session)"
    cells = known_cells(fix, session, table)
    if cells is None:
        # given as features: whatever cells are said now cannot be held against them
        return {name: Answer(None, None, "other features", who) for name in table.unsure(fix.row)}
    columns = {column.name: column for column in table.columns}
    answers = {}
    # a cell that was not named is right as it stands
    for name, text in {**dict.fromkeys(columns), **cells}.items():
        stands = table.dirty[fix.row][name]
        value = stands if text is None else columns[name].parse(text)
        answers[name] = Answer(text, value, shown(value) if text is None else text, who)
    return answers


def _differing(row: int, said: RowAnswers, earlier: dict[str, Answer]) -> list[Conflict]:
    """Return the cells of a row of which different things were said, now or before."""
    found = []
    for column, answers in said.cells.items():
        each = [*answers, *([earlier[column]] if column in earlier else [])]
        if any(answer.value != each[0].value for answer in each):
            found.append(Conflict(row, column, tuple((a.shown, a.who) for a in each)))
    return found
