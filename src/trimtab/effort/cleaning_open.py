"""Opens a cleaning session of either kind: nearest neighbours, or a linear model."""

from pathlib import Path
from typing import Any

from trimtab.core.errors import SourceError
from trimtab.effort.active_file import open_active_session
from trimtab.effort.active_table import ActiveTable
from trimtab.effort.cleaning_file import open_session, read_about
from trimtab.effort.cleaning_table import CleaningTable


def open_cleaning(file: str | Path) -> tuple[Any, CleaningTable]:
    """Go on with a session that `start_cleaning` or `start_active_cleaning` began.

    Parameters
    ----------
    file : path-like
        The session's file.

    Returns
    -------
    session : CleaningSession or ActiveSession
        What to ask.
    table : CleaningTable
        What its row numbers mean; an `ActiveTable` for a linear model.

    Raises
    ------
    SourceError
        If the file is missing, is no cleaning session, or is one without a table.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import polars as pl
    >>> from trimtab.effort.cleaning_table import start_cleaning
    >>> train = pl.DataFrame({"km": [1, None, 8, 9], "late": ["no", "no", "yes", "yes"]})
    >>> with TemporaryDirectory() as folder:
    ...     file = f"{folder}/s.db"
    ...     session, table = start_cleaning(train, train[:1], "late", file, k=1)
    ...     session.fix(1, table.repaired(1, {"km": "3"}))
    ...     again, _ = open_cleaning(file)
    >>> again.status().cleaned
    1
    """
    about = read_about(file)
    if "columns" not in about:
        raise SourceError(
            f"expected a session of a table at {Path(file).name}, got one of arrays alone",
            hint="Open it with `trimtab.effort.cleaning_file.open_session`.",
        )
    if "loss" in about:
        return open_active_session(file), ActiveTable.read(about)
    return open_session(file), CleaningTable.read(about)
