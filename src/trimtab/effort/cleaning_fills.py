"""What people filled in, cell by cell, checked against the session's table."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trimtab.core.errors import SchemaError, nearest
from trimtab.effort.cleaning_columns import RepairedColumn
from trimtab.effort.cleaning_handoff import BY, FIX, NOTE, ROW
from trimtab.effort.cleaning_table import CleaningTable
from trimtab.effort.spreadsheet import Sheet, SheetRow, read_sheet


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of a cell.

    `text` is the true cell, None for right as it stands; `value` is what it means, `shown` how it
    is named to people, and `who` said it where.
    """

    text: str | None
    value: Any
    shown: str
    who: str


@dataclass(frozen=True, slots=True)
class RowAnswers:
    """All that was said of a row, on one line or several."""

    cells: dict[str, list[Answer]] = field(default_factory=dict)
    people: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_answers(path: str | Path, table: CleaningTable, by: str | None) -> dict[int, RowAnswers]:
    """Return what a file says of each row, in the file's order.

    Raises
    ------
    SourceError, SchemaError
        As `import_rows`.
    """
    name, sheet = Path(path).name, read_sheet(path, ROW)
    columns = _fix_columns(sheet, table, name)
    found: dict[int, RowAnswers] = {}
    for line in sheet.rows:
        row = _row(line, table, name)
        said = found.setdefault(row, RowAnswers())
        person = line.cells.get(BY, "").strip() or by
        who = f"{person or 'nobody named'} (line {line.line})"
        filled = [column for column in columns if line.cells[FIX + column.name].strip()]
        for column in filled:
            place = f"{name}, line {line.line}, column `{FIX}{column.name}`"
            text, stands = line.cells[FIX + column.name], table.dirty[row][column.name]
            meant = _meant(column, text, stands, place, sheet.separator)
            value = stands if meant is None else _value(column, meant, place)
            said.cells.setdefault(column.name, []).append(Answer(meant, value, text, who))
        if filled and person:
            said.people.append(person)
        if filled and line.cells.get(NOTE, "").strip():
            said.notes.append(line.cells[NOTE].strip())
    return found


def _fix_columns(sheet: Sheet, table: CleaningTable, name: str) -> list[RepairedColumn]:
    known = {column.name: column for column in table.columns}
    asked = [column.removeprefix(FIX) for column in sheet.columns if column.startswith(FIX)]
    for column in asked:
        if column not in known:
            raise SchemaError(
                f"{name}, line 1: expected `{FIX}` and a column of the table, got `{FIX}{column}`",
                hint=nearest(column, known),
            )
    if not asked:
        raise SchemaError(
            f"{name}, line 1: expected a column `{FIX}NAME` with answers, got none",
            hint="Write the file by `trimtab effort clean export`, and keep its header line.",
        )
    return [known[column] for column in asked]


def _row(line: SheetRow, table: CleaningTable, name: str) -> int:
    text = line.cells[ROW].strip()
    # some programs write whole numbers as 12.0
    whole = re.fullmatch(r"(\d+)(?:[.,]0+)?", text, re.ASCII)
    row = int(whole[1]) if whole else -1
    if row not in table.dirty:
        raise SchemaError(
            f"{name}, line {line.line}, column `{ROW}`: expected the number of a row with cells "
            f"to look at, got {text!r}",
            hint="Keep this column as it was written, and take the file to its own session.",
        )
    return row


def _meant(
    column: RepairedColumn, text: str, stands: Any, place: str, separator: str
) -> str | None:
    """Return the cell that a text stands for, None for right as it stands."""
    bare = text.strip()
    is_level = any(level.strip().casefold() == "ok" for level in column.levels)
    if bare.casefold() == "ok" and not is_level:
        if stands is None:
            raise SchemaError(
                f"{place}: expected a value for a cell that is empty, got {text!r}",
                hint="Write what it holds in truth; 'ok, with an apostrophe, is the text ok.",
            )
        return None
    if re.fullmatch("'+ok", bare, re.IGNORECASE):
        return text.replace("'", "", 1)
    if column.is_number:
        is_comma = separator == ";" and re.fullmatch(r"[+-]?\d+,\d+", bare)
        return bare.replace(",", ".") if is_comma else bare
    if column.is_truth:
        return bare.lower()
    # nobody sees blanks around a cell: they are meant where the column has them
    known = (*column.levels, *column.rare)
    return bare if text not in known and bare in known else text


def _value(column: RepairedColumn, text: str, place: str) -> Any:
    try:
        return column.parse(text)
    except SchemaError as error:
        raise SchemaError(f"{place}: {error.problem}", hint=error.hint) from None
