"""The rows worth cleaning as a CSV file, for people with a spreadsheet.

What they fill in comes back by `cleaning_import`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trimtab.core.errors import SourceError
from trimtab.effort.cleaning_open import open_cleaning
from trimtab.effort.cleaning_source import source_rows
from trimtab.effort.cleaning_table import CleaningTable
from trimtab.effort.spreadsheet import write_sheet

ROW, LOOK_AT, CANDIDATES, BY, NOTE = "row", "look at", "candidates", "by", "note"
FIX = "fix:"


def export_rows(
    file: str | Path, path: str | Path, n: int = 50, *, skip: int = 0, source: Any = None
) -> int:
    """Write the next rows worth cleaning to a CSV file that people fill in.

    A line is a row of the table: its number (the first is 0), the label, all columns as they
    stand, which cells to look at and why, what they may hold (likeliest first), an empty column
    ``fix:NAME`` for each column that has cells in doubt, and `by` and `note`. A person writes the
    true value into the ``fix:`` column of each cell to look at, or `ok` where a cell is right as
    it stands. Only these columns are read when the file comes back (see `import_rows`): what is
    changed in the others is not.

    Rows are ranked by what each brings if it is cleaned alone: of a long list the last ones may
    matter no longer once the first are in. A poor choice, then, is to hand out all rows at once;
    several short lists waste less work.

    Parameters
    ----------
    file : path-like
        The session.
    path : path-like
        The CSV file to write; never over another one.
    n : int, default=50
        Rows to write, best first.
    skip : int, default=0
        Rows to leave out before them: those that somebody else was given.
    source : anything that `read_source` reads, optional
        The table that is being cleaned, if it is no longer where the session began. Where it
        cannot be read or has changed, only the columns that the session knows are written.

    Returns
    -------
    int
        Rows written; with none left that matter there is no file.

    Raises
    ------
    SourceError
        If there is a file at `path`, or the session cannot be read.
    """
    if n < 1 or skip < 0:
        raise ValueError(f"expected `n` of 1 or more and `skip` of 0 or more, got {n} and {skip}")
    session, table = open_cleaning(file)
    steps = session.next(skip + n)[skip:]
    if not steps:
        return 0
    rows = [step.row for step in steps]
    cells = _as_they_stand(file, table, rows, source)
    unsure = {name for row in rows for name in table.fillable(row)}
    fixes = [f"{FIX}{column.name}" for column in table.columns if column.name in unsure]
    own = [LOOK_AT, CANDIDATES, *fixes, BY, NOTE]
    names = _free_names([table.label, *(n for n in cells[0] if n != table.label)], [ROW, *own])
    write_sheet(
        path,
        [ROW, *names.values(), *own],
        [
            [
                str(step.row),
                *(_text({**_label(table, step), **shown}[n]) for n in names),
                "; ".join(f"{name}: {why}" for name, why in table.reasons[step.row].items()),
                _choices(table, step.row),
                *([""] * (len(fixes) + 2)),
            ]
            for step, shown in zip(steps, cells, strict=True)
        ],
    )
    return len(steps)


def _as_they_stand(
    file: str | Path, table: CleaningTable, rows: Sequence[int], source: Any
) -> list[dict[str, Any]]:
    try:
        whole = source_rows(file, table, source)
    except SourceError:
        if source is not None:
            raise
        return [dict(table.dirty[row]) for row in rows]
    return [whole.row(row, named=True) for row in rows]


def _label(table: CleaningTable, step: Any) -> dict[str, str]:
    """Return the label that a session knows; one that may be wrong is a cell like others."""
    return {table.label: table.classes[step.label]} if hasattr(step, "label") else {}


def _choices(table: CleaningTable, row: int) -> str:
    """Return what each cell of a row may hold, as one text."""
    candidates = table.candidates(row)
    each = {
        name: dict.fromkeys(_text(cells[name]) for cells in candidates if name in cells)
        for name in table.unsure(row)
    }
    return "; ".join(f"{name}: {' | '.join(values)}" for name, values in each.items())


def _free_names(names: Sequence[str], taken: Sequence[str]) -> dict[str, str]:
    """Return what columns are called beside those of the hand-off itself."""
    used = {*names, *taken}
    free = {}
    for name in names:
        shown = name
        while shown in taken or (shown != name and shown in used):
            shown += " (table)"
        free[name] = shown
        used.add(shown)
    return free


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return "" if value is None else str(value)
