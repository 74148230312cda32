"""What a session began from, and what its fixes say in the table's own words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import SourceError
from trimtab.data.fingerprint import content_hash
from trimtab.data.sources import collect, read_source, source_name
from trimtab.effort.cleaning_file import read_about
from trimtab.effort.cleaning_fix import RowFix, cell_texts
from trimtab.effort.cleaning_origin import with_empty_cells
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.effort.cleaning_table import CleaningTable


def source_rows(file: str | Path, table: CleaningTable, source: Any = None) -> pl.DataFrame:
    """Return the table that a session began from, all of its columns, unchanged since.

    Raises
    ------
    SourceError
        If it cannot be read, or holds other rows than it did.
    """
    about = read_about(file)
    if source is None and about.get("version"):
        raise SourceError(
            f"expected the dataset version {about['version']} that this session began from, got "
            "no project to find it in",
            hint="Go to the folder of its project, or name it: --project FOLDER; in Python "
            f"`source=Tables(FOLDER).get({about['version']!r})`.",
        )
    given = table.source if source is None else source
    name = source_name(given)
    try:
        rows = collect(read_source(given), name)
    except SourceError as error:
        raise SourceError(
            f"expected the table that this session began from, got: {error.problem}",
            hint="Say where it is now: --source TABLE, in Python `source=`.",
        ) from None
    if content_hash(with_empty_cells(rows)) != about.get("fingerprint"):
        raise SourceError(
            f"expected {name} as it was when this session began, got other content "
            f"({rows.height:,} rows, then {table.n_rows:,})",
            hint="Bring the old file back, or begin a new session with the new one.",
        )
    return rows


def known_cells(
    fix: RowFix, session: CleaningSession, table: CleaningTable
) -> Mapping[str, str | None] | None:
    """Return the cells behind a fix; None if it was given as features that no candidate has."""
    if fix.cells is not None:
        return fix.cells
    same = np.flatnonzero((session.candidates(fix.row) == fix.value).all(axis=1))
    if same.size != 1:
        return None
    return cell_texts(table.candidates(fix.row)[same[0]], table.dirty[fix.row])
