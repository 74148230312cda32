"""The cleaned table: the whole source with the true cells in place, and how it came about."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from trimtab.core.errors import SchemaError, SourceError
from trimtab.core.records import DatasetVersion, Record
from trimtab.data.sources import source_name
from trimtab.effort.cell_placing import with_cells
from trimtab.effort.cleaning_file import read_about, read_fixes, session_fingerprint
from trimtab.effort.cleaning_fix import cell_texts
from trimtab.effort.cleaning_source import known_cells, source_rows
from trimtab.effort.cleaning_table import CleaningTable, open_cleaning

if TYPE_CHECKING:
    from trimtab.data.tables import Tables

REPAIRED = "_repaired"
_Texts = dict[str, dict[int, str]]


@dataclass(frozen=True, slots=True)
class CleaningRecord(Record):
    """Where a cleaned table comes from: the table it was, and what was done to it.

    `source_fingerprint` is the hash of the rows that the session began from, `session` that of
    all that was given and told; `by` counts the rows that each person fixed (those that nobody
    put a name to under the empty name).
    """

    source: str
    source_fingerprint: str
    session: str
    n_rows: int
    rows_cleaned: int
    by: dict[str, int]
    first_at: datetime | None
    last_at: datetime | None

    @property
    def sentence(self) -> str:
        """The origin in words, short enough to stand as the source of a dataset version."""
        names, plural = ", ".join(name for name in self.by if name), "s" * (self.rows_cleaned != 1)
        return (
            f"{self.source} (content {self.source_fingerprint[:12]}), {self.rows_cleaned:,} "
            f"row{plural} cleaned{f' by {names}' if names else ''} (session {self.session[:12]})"
        )


def cleaned_table(file: str | Path, source: Any = None, *, repair: bool = False) -> pl.DataFrame:
    """Return the whole training table, with the cells that people fixed in place.

    All rows and columns of the source are there, in their order and types; a cell that nobody
    fixed is as it was, an empty one empty. So the result stands wherever the source stood, and
    holds nothing that nobody said. A type changes only where it cannot hold the truth (see
    `cell_placing.with_cells`).

    With `repair` the cells still in doubt take their likeliest candidate, as they do for
    `accuracy_now` of the session's status. These are guesses that later look like data: a column
    ``_repaired`` names them, row by row (`"age, way"`, null where all cells are the source's or a
    person's). A poor choice where the model can take empty cells itself.

    Parameters
    ----------
    file : path-like
        The session.
    source : anything that `read_source` reads, optional
        The table that the session began from, if it is no longer where it was, or was a data
        frame.
    repair : bool, default=False
        Whether to fill what nobody fixed.

    Returns
    -------
    polars.DataFrame

    Raises
    ------
    SourceError
        If the source cannot be read, or has changed since the session began.
    SchemaError
        If a row was fixed by features alone, or a cell does not fit its column.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from trimtab.effort.cleaning_table import start_cleaning
    >>> train = pl.DataFrame({"km": [1, None, 8, 9], "late": ["no", "no", "yes", "yes"]})
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder) / "clean.db"
    ...     session, table = start_cleaning(train, train[:1], "late", file, k=1)
    ...     session.fix(1, table.repaired(1, {"km": "3"}), cells={"km": "3"}, by="ann")
    ...     cleaned_table(file, train)["km"].to_list(), cleaning_record(file).by
    ([1, 3, 8, 9], {'ann': 1})
    """
    session, table = open_cleaning(file)
    rows = source_rows(file, table, source)
    told: _Texts = defaultdict(dict)
    for fix in {fix.row: fix for fix in read_fixes(file)}.values():
        cells = known_cells(fix, session, table)
        if cells is None:
            raise SchemaError(
                f"expected the cells of row {fix.row}, got features alone",
                hint="Fix it again with `cells={COLUMN: TEXT}`.",
            )
        for name, text in cells.items():
            if text is not None:
                told[name][fix.row] = text
    guessed = _guesses(table, [r for r in table.dirty if r not in session.fixed]) if repair else {}
    cleaned = rows.with_columns(
        with_cells(rows[name], told.get(name, {}) | guessed.get(name, {}))
        for name in dict.fromkeys([*told, *guessed])
    )
    return cleaned.with_columns(_named(guessed, rows.height)) if repair else cleaned


def cleaning_record(file: str | Path, source: Any = None) -> CleaningRecord:
    """Return where the cleaned table of a session comes from."""
    fixes = list({fix.row: fix for fix in read_fixes(file)}.values())
    about = read_about(file)
    times = [fix.at for fix in fixes if fix.at is not None]
    return CleaningRecord(
        source=about["source"] if source is None else source_name(source),
        source_fingerprint=about["fingerprint"],
        session=session_fingerprint(file),
        n_rows=about["n_rows"],
        rows_cleaned=len(fixes),
        by=dict(sorted(Counter(fix.by or "" for fix in fixes).items())),
        first_at=min(times, default=None),
        last_at=max(times, default=None),
    )


def ingest_cleaned(
    tables: "Tables",
    name: str,
    rows: pl.DataFrame,
    record: CleaningRecord,
    *,
    at: datetime,
    **options: Any,
) -> DatasetVersion:
    """Make a cleaned table a dataset version of a table of its own.

    The version's `source` says what it was made from and what was done (`record.sentence`). It
    is no further version of the table that was cleaned: versions of a table hold the rows of the
    one before and more, and would then hold each row twice, unclean and clean. The same again
    gives the same version.

    Parameters
    ----------
    tables : Tables
        Where to.
    name : str
        The new table, for example ``orders_clean``.
    rows : polars.DataFrame
        From `cleaned_table`.
    record : CleaningRecord
        From `cleaning_record`, read at the same time.
    at : datetime
        The moment.
    **options
        `time`, `key` and `schema`, as in `Tables.ingest`.

    Raises
    ------
    SourceError
        If the table is there with other rows.
    """
    told = record.sentence + (", the rest by guesses" if REPAIRED in rows.columns else "")
    there = tables.versions(name) if name in tables.names() else []
    for version in there:
        if version.source == told:
            return version
    if there:
        raise SourceError(
            f"expected no table `{name}` yet, got {there[-1].name} from {there[-1].source}",
            hint=f"Take another name, for example --into {name}_clean.",
        )
    return tables.ingest(name, rows, name=told, at=at, **options)


def _guesses(table: CleaningTable, rows: Sequence[int]) -> _Texts:
    """Return the likeliest candidate of rows' unsure cells, where it is not what stands there."""
    guessed: _Texts = defaultdict(dict)
    for row in rows:
        for name, text in cell_texts(table.candidates(row)[0], table.dirty[row]).items():
            if text is not None:
                guessed[name][row] = text
    return guessed


def _named(guessed: _Texts, n_rows: int) -> pl.Series:
    names: dict[int, list[str]] = defaultdict(list)
    for name, texts in guessed.items():
        for row in texts:
            names[row].append(name)
    cells = [", ".join(names[row]) if row in names else None for row in range(n_rows)]
    return pl.Series(REPAIRED, cells, dtype=pl.String)
