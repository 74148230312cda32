"""Rows in parts of bounded size, and work on their columns on all cores."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import polars as pl

from trimtab.data.text import UNREADABLE, unreadable

# rows at a time: a column of them fits a core's cache, and a table of hundreds fits memory
BATCH_ROWS = 131_072


def batches(frame: pl.LazyFrame, name: str) -> Iterator[pl.DataFrame]:
    """Return the rows in their order, in parts; what is wrong with the file is a SourceError.

    The next parts are read while one is being worked on.
    """
    try:
        yield from frame.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
    except UNREADABLE as error:
        raise unreadable(name, error) from None


@contextmanager
def on_all_cores() -> Iterator[Callable[[Callable[[Any], None], Sequence[Any]], None]]:
    """Give a function that does some work for each item, and returns when all is done.

    Threads do: numpy and polars work without Python's lock.
    """
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:

        def run(work: Callable[[Any], None], items: Sequence[Any]) -> None:
            for _ in pool.map(work, items):
                pass

        yield run
