"""Rows in parts of bounded size, a few columns at a time where a file is laid out by columns."""

from collections.abc import Iterator, Sequence

import polars as pl

from trimtab.core.errors import SourceError
from trimtab.data.text import UNREADABLE, unreadable

# rows at a time: a column of them fits a core's cache, and a table of hundreds fits memory
BATCH_ROWS = 131_072
# so many columns are read together, or more where that would make more than so many groups: for
# each group the files are opened again, and memory that was never used is what costs most
_COLUMNS, _GROUPS = 4, 16
# up to so many rows the next few columns are begun with before these are done; where there are
# more, parts of these are there to be read meanwhile, and what waits takes memory
_AHEAD_ROWS = 4_000_000


def batches(frame: pl.LazyFrame, name: str, *, by_column: bool) -> Iterator[pl.DataFrame]:
    """Return all rows in their order, in parts; what is wrong with the file is a SourceError.

    The next parts are read while one is being worked on.

    Parameters
    ----------
    by_column : bool
        Whether columns can be read apart. Parts then hold a few columns each: first all parts
        of the first few columns, and so on. Of a Parquet file with large row groups that takes
        a fraction of the memory, and reading goes on while columns that came first are worked
        on.
    """
    columns = frame.collect_schema().names()
    size = max(_COLUMNS, -(-len(columns) // _GROUPS)) if by_column else max(1, len(columns))
    groups = [columns[i : i + size] for i in range(0, len(columns), size)]
    try:
        if not by_column or not columns:
            yield from _opened(frame, columns)
            return
        n_rows = frame.select(pl.len()).collect().item()
        for parts in (_one_ahead if n_rows <= _AHEAD_ROWS else _in_turn)(frame, groups):
            yield from _whole(parts, n_rows, name)
    except UNREADABLE as error:
        raise unreadable(name, error) from None


def _one_ahead(frame: pl.LazyFrame, groups: list[list[str]]) -> Iterator[Iterator[pl.DataFrame]]:
    following = _opened(frame, groups[0])
    for group in groups[1:]:
        now, following = following, _opened(frame, group)
        yield now
    yield following


def _in_turn(frame: pl.LazyFrame, groups: list[list[str]]) -> Iterator[Iterator[pl.DataFrame]]:
    return (_opened(frame, group) for group in groups)


def _whole(parts: Iterator[pl.DataFrame], n_rows: int, name: str) -> Iterator[pl.DataFrame]:
    """Return the parts; if they end early, as when a thread that reads them dies, say so."""
    seen = 0
    for part in parts:
        seen += part.height
        yield part
    if seen != n_rows:
        raise SourceError(
            f"{name}: expected {n_rows:,} rows, could read {seen:,}",
            hint="Try again; if that does not help, write the file anew.",
        )


def _opened(frame: pl.LazyFrame, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Start to read some columns; what is read waits until it is asked for."""
    return frame.select(columns).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
