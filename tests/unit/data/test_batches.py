"""Parts of a table are all of its rows, or there is an error."""

import polars as pl
import pytest

from trimtab.core.errors import SourceError
from trimtab.data import batches as module
from trimtab.data.batches import batches

FRAME = pl.DataFrame({f"c{i}": range(1_000) for i in range(9)}).lazy()


def test_groups_of_columns_are_read_whole():
    parts = list(batches(FRAME, "table", by_column=True))

    assert [part.columns for part in parts] == [
        ["c0", "c1", "c2", "c3"], ["c4", "c5", "c6", "c7"], ["c8"],
    ]  # fmt: skip
    assert all(part.height == 1_000 for part in parts)


@pytest.mark.parametrize("ahead", [0, 10**6])
def test_a_read_that_ends_early_is_an_error(monkeypatch, ahead):
    # as when a thread of the reader dies: polars then hands out no more rows and says nothing
    opened = module._opened
    monkeypatch.setattr(module, "_opened", lambda *of: (part.head(990) for part in opened(*of)))
    monkeypatch.setattr(module, "_AHEAD_ROWS", ahead)

    with pytest.raises(SourceError, match="table: expected 1,000 rows, could read 990"):
        list(batches(FRAME, "table", by_column=True))


def test_a_table_without_columns_has_no_parts():
    assert list(batches(pl.LazyFrame(), "table", by_column=True)) == []
