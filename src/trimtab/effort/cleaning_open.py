"""Opens a cleaning session of either kind: nearest neighbours, or a linear model."""

from pathlib import Path
from typing import Any

from trimtab.effort import cleaning_table
from trimtab.effort.active_start import open_active_cleaning
from trimtab.effort.cleaning_file import read_about
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
        If the file is missing, or is no cleaning session.
    """
    about = read_about(file)
    if "loss" in about:
        return open_active_cleaning(file, about)
    return cleaning_table.open_cleaning(file)
