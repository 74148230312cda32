"""How a session takes a table in: which cells count as empty, and by what it is known again."""

from typing import Any, TypeVar

import polars as pl
import polars.selectors as cs

from trimtab.core.records import DatasetVersion
from trimtab.data.fingerprint import content_hash
from trimtab.data.sources import read_source

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


def with_empty_cells(rows: Frame) -> Frame:
    """Return rows in which NaN and the empty text are empty cells, as they are in a CSV file.

    Examples
    --------
    >>> with_empty_cells(pl.DataFrame({"km": [1.5, float("nan")], "way": ["", "sea"]})).rows()
    [(1.5, None), (None, 'sea')]
    """
    text = cs.string() | cs.categorical() | cs.enum()
    return rows.with_columns(
        cs.float().fill_nan(None), pl.when(text.cast(pl.String) != "").then(text)
    )


def read_rows(source: Any) -> pl.DataFrame:
    """Return the rows of anything that `read_source` reads, with empty cells as above."""
    return with_empty_cells(read_source(source)).collect()


def origin_of(source: Any, rows: pl.DataFrame) -> dict[str, Any]:
    """Return what a session keeps of the table it begins from, whose rows were read.

    `fingerprint` is the hash of its rows with empty cells as above; `version` the name of a
    dataset version, None for other tables.
    """
    return {
        "fingerprint": content_hash(rows),
        "version": source.name if isinstance(source, DatasetVersion) else None,
    }
