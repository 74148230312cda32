"""What is odd about a column, in words: told of one table, and again when profiles add up."""

from dataclasses import replace

from trimtab.data.column_profile import ColumnProfile

ONLY_MISSING = "only missing values are counted"
_NONE = "no value at all: its type and range cannot be told"
_ONE = "one row: spread, range and levels cannot be told"
_CONSTANT = "constant"
_NOT_FINITE = "no finite number: its range cannot be told"
_LARGE = "numbers so large that their spread cannot be told"


def with_notes(column: ColumnProfile) -> ColumnProfile:
    """Return a column with notes on what its own figures say, before those that it has."""
    return replace(column, notes=(*_told(column), *column.notes))


def merged_notes(column: ColumnProfile, *parts: ColumnProfile) -> ColumnProfile:
    """Return the sum of parts with notes of its own.

    Of theirs only that nothing but missing values was counted holds of all rows; where one part
    has all the values, so does the rest of what it says.
    """
    filled = [part for part in parts if part.count]
    if len(filled) == 1:
        own = tuple(note for note in filled[0].notes if note not in _told(filled[0]))
        return with_notes(replace(column, notes=own))
    uncounted = [note for part in parts for note in part.notes if ONLY_MISSING in note]
    if uncounted:
        return replace(column, notes=tuple(dict.fromkeys(uncounted)))
    return with_notes(replace(column, notes=()))


def _told(column: ColumnProfile) -> list[str]:
    notes = []
    if column.count == 0:
        notes.append(_NONE)
    elif column.count + column.nulls == 1:
        notes.append(_ONE)
    elif column.distinct == 1 and not column.distinct_error:
        notes.append(_CONSTANT)
    elif column.moments is not None and column.std is None and column.usable != 1:
        notes.append(_LARGE if column.usable else _NOT_FINITE)
    if column.vector is not None and column.vector.dimension is None:
        low, high = column.vector.lengths
        notes.append(f"lists of {low} to {high} numbers: only lengths are told")
    return notes
