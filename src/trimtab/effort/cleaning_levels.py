"""A text that a person typed and no row had: new, or a slip of the pen. It is taken, and told."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from trimtab.data.report_words import counted
from trimtab.effort.cleaning_columns import RepairedColumn


def level_notes(
    columns: Sequence[RepairedColumn], said: Mapping[int, Mapping[str, str | None]]
) -> tuple[str, ...]:
    """Return a note on each text that is no level of its column, with the level nearest to it.

    A truth may be new to its column, so nothing is refused. Levels are those of the table, of the
    validation rows, and of candidates that the user gave.

    Parameters
    ----------
    columns : sequence of RepairedColumn
        Of the session's table.
    said : mapping of int to mapping of str to str or None
        What cells hold, by row and column; None where one is right as it stands.

    Examples
    --------
    >>> way = RepairedColumn("way", ("sea",), levels=("air", "road", "sea"))
    >>> level_notes([way], {3: {"way": "seaa"}, 4: {"way": "air"}})[0]
    "`way` in row 3 is 'seaa', new to the column, and taken as it is: did you mean `sea`?"
    """
    named = {column.name: column for column in columns if not column.is_number}
    levels = {name: {*column.levels, *column.rare} for name, column in named.items()}
    rows: dict[tuple[str, str], list[int]] = {}
    for row, cells in said.items():
        for name, text in cells.items():
            if text is not None and name in named and named[name].parse(text) not in levels[name]:
                rows.setdefault((name, text), []).append(row)
    return tuple(_note(named[name], text, where) for (name, text), where in rows.items())


def _note(column: RepairedColumn, text: str, rows: Sequence[int]) -> str:
    # a capital or a space is no difference; rare levels are too many to look through
    spelt = {level.casefold(): level for level in column.levels}
    near = get_close_matches(text.strip().casefold(), spelt, n=1)
    meant = f": did you mean `{spelt[near[0]]}`?" if near else ""
    more = f" ({counted(len(rows) - 1, 'more row')})" if len(rows) > 1 else ""
    return (
        f"`{column.name}` in row {rows[0]} is {text!r}{more}, new to the column, and taken as it "
        f"is{meant}"
    )
