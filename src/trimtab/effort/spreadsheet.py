"""Text tables that people open in a spreadsheet: no cell runs, and all read back the same.

A spreadsheet takes a cell that begins with ``= + - @`` for a formula, and may split cells at
another separator than the file's. An apostrophe before each such place makes it text, and is
taken away when the file is read.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from trimtab.core.errors import SchemaError, SourceError
from trimtab.data.files import beside

# at the start, and after whatever another program may take for the end of a cell
_PLACE = r"((?:^|[;,|\t\r\n\"])[ \xa0]*)"
_RUNS = "[=+\\-@\uff1d\uff0b\uff0d\uff20]"
_BARE = re.compile(_PLACE + rf"('*{_RUNS})")
_GUARDED = re.compile(_PLACE + rf"'('*{_RUNS})")
_BOMS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


def guarded(text: str) -> str:
    """Return text that no spreadsheet runs.

    Examples
    --------
    >>> guarded("=1+2"), guarded("'-5"), guarded("a;@b"), guarded("rock 'n' roll")
    ("'=1+2", "''-5", "a;'@b", "rock 'n' roll")
    """
    return _BARE.sub(r"\1'\2", text)


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given.

    Examples
    --------
    >>> unguarded("'=1+2"), unguarded("'tis")
    ('=1+2', "'tis")
    """
    return _GUARDED.sub(r"\1\2", text)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of a spreadsheet: the line of the file it begins on, and its cells as text."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A text table that was read: header and rows; empty rows are left out."""

    columns: tuple[str, ...]
    rows: tuple[SheetRow, ...]
    separator: str


def write_sheet(path: str | Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a new CSV file that spreadsheets open as it is meant; never over another file.

    Raises
    ------
    SourceError
        If there is a file already: somebody may have filled it in.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([guarded(name) for name in columns])
    writer.writerows([guarded(cell) for cell in row] for row in rows)
    file = Path(path)
    try:
        with file.open("xb") as out:
            out.write(text.getvalue().encode("utf-8-sig"))  # without the mark, Excel guesses
    except FileExistsError:
        raise SourceError(
            f"expected no file at {file.name}, got one",
            hint="Take in what people filled in there, or choose another name.",
        ) from None
    except OSError as error:
        raise SourceError(
            f"expected to write {file.name}, got: {error.strerror}", hint="Check the folder."
        ) from None


def read_sheet(path: str | Path, key: str) -> Sheet:
    """Read a text table as spreadsheets save it.

    Commas, semicolons or tabs; UTF-8, UTF-16 or, as Excel on Windows has it, code page 1252;
    rows and columns in any order.

    Parameters
    ----------
    path : path-like
        The file.
    key : str
        A column that has to be there; it tells which separator the file has.

    Raises
    ------
    SourceError
        If the file cannot be read.
    SchemaError
        If `key` is missing, a column is there twice, or a line has too many cells.
    """
    file = Path(path)
    if not file.is_file():
        raise SourceError(f"expected a file at {file.name}, found none", hint=beside(file))
    text = _decoded(file)
    try:
        separator = _separator(text, key)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        header = [unguarded(name) for name in next(reader, [])]
        _check_header(header, key, file.name)
        rows, start = [], reader.line_num + 1
        for parts in reader:
            if any(part.strip() for part in parts[len(header) :]):
                raise SchemaError(
                    f"{file.name}, line {start}: expected {len(header)} cells, got {len(parts)}",
                    hint="Put cells that hold the separator in quotation marks.",
                )
            if any(part.strip() for part in parts):
                padded = [unguarded(part) for part in parts] + [""] * len(header)
                rows.append(SheetRow(start, dict(zip(header, padded, strict=False))))
            start = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(
            f"{file.name}, line {reader.line_num}: expected a CSV table, got: {error}",
            hint="Save it as CSV from the spreadsheet.",
        ) from None
    return Sheet(tuple(header), tuple(rows), separator)


def _decoded(file: Path) -> str:
    content = file.read_bytes()
    marked = (encoding for mark, encoding in _BOMS.items() if content.startswith(mark))
    encoding = next(marked, "utf-8")
    for attempt in (encoding, "cp1252"):
        try:
            return content.decode(attempt)
        except UnicodeDecodeError:
            continue
    raise SourceError(
        f"{file.name}: expected text, got other bytes",
        hint="Save it as CSV (UTF-8) from the spreadsheet.",
    )


def _separator(text: str, key: str) -> str:
    """Return the separator that finds `key` in the header, the comma if none does."""
    for separator in (",", ";", "\t"):
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
        if key in header:
            return separator
    return ","


def _check_header(header: Sequence[str], key: str, name: str) -> None:
    if key not in header:
        raise SchemaError(
            f"{name}, line 1: expected a column `{key}`, got none",
            hint="Keep the header line as it was written.",
        )
    twins = [column for column in header if column and header.count(column) > 1]
    if twins:
        raise SchemaError(
            f"{name}, line 1: expected each column once, got `{twins[0]}` more than once",
            hint="Remove one of the two columns.",
        )
