"""Two people's words on one row: the second is not written over the first unawares."""

from pathlib import Path

import numpy as np

from trimtab.core.errors import SourceError
from trimtab.effort.cell_placing import number_of
from trimtab.effort.cleaning_file import add_fixes, read_fixes
from trimtab.effort.cleaning_fix import RowFix


class CarefulRecorder:
    """Writes each fix to the file of a session, but against what another person said.

    To be put in the place of `CleaningSession.remember`. What counts is what the file holds when
    the fix is written, not when the session was opened. Whoever said something may change it;
    both words stay in the file. Lines without a name are those of one person.

    Parameters
    ----------
    file : path-like
        The session.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import polars as pl
    >>> from trimtab.effort.cleaning_table import start_cleaning
    >>> train = pl.DataFrame({"km": [1, None, 8, 9], "late": ["no", "no", "yes", "yes"]})
    >>> with TemporaryDirectory() as folder:
    ...     session, table = start_cleaning(train, train[:1], "late", f"{folder}/s.db", k=1)
    ...     session.remember = CarefulRecorder(f"{folder}/s.db")
    ...     session.fix(1, table.repaired(1, {"km": "3"}), cells={"km": "3"}, by="ann")
    ...     try:
    ...         session.fix(1, table.repaired(1, {"km": "4"}), cells={"km": "4"}, by="bob")
    ...     except SourceError as error:
    ...         print(error.problem)
    expected row 1 as ann fixed it: km 3; got km 4 from bob
    """

    def __init__(self, file: str | Path) -> None:
        self.file = file

    def __call__(self, fix: RowFix) -> None:
        """Write a fix.

        Raises
        ------
        SourceError
            If another person gave the row another value, or adds to the session just now.
        """
        known = read_fixes(self.file)
        before = {one.row: one for one in known}.get(fix.row)
        if before is not None and before.by != fix.by and not _agree(before, fix):
            when = f" on {before.at:%Y-%m-%d}" if before.at else ""
            first, second = before.by or "somebody", fix.by or "somebody"
            raise SourceError(
                f"expected row {fix.row} as {first} fixed it{when}: {before.sentence}; got "
                f"{fix.sentence} from {second}",
                hint=f"Agree with {first}; --replace puts the new value in the place of the old, "
                "which stays in the session's history.",
            )
        add_fixes(self.file, [fix], known=known)


def _agree(one: RowFix, other: RowFix) -> bool:
    """Return whether two fixes say the same, in whatever words."""
    if not np.array_equal(np.asarray(one.value), np.asarray(other.value)):
        return False
    if one.cells is None or other.cells is None:
        return True
    theirs = other.cells
    return all(
        name not in theirs or text == theirs[name] or _same_number(text, theirs[name])
        for name, text in one.cells.items()
    )


def _same_number(one: str | None, other: str | None) -> bool:
    numbers = [None if text is None else number_of(text) for text in (one, other)]
    return None not in numbers and numbers[0] == numbers[1]
