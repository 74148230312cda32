"""A hash of content: the same values under the same names and types give the same hash.

File names, row groups, chunks and what lies in memory under a null have no part in it. SHA-256
over plain buffers, so that it holds across versions of the libraries that made the rows.
"""

import hashlib
from typing import Any, Literal

import numpy as np
import polars as pl


def content_hash(rows: pl.DataFrame) -> str:
    """Return the hash of rows in their order.

    Examples
    --------
    >>> rows = pl.DataFrame({"a": [1, None], "b": ["x", "y"]})
    >>> content_hash(rows) == content_hash(pl.concat([rows[:1], rows[1:]]))
    True
    >>> content_hash(rows) == content_hash(rows[::-1])
    False
    """
    digest = hashlib.sha256()
    for series in rows.iter_columns():
        _feed(digest, series)
    return digest.hexdigest()


def chained(
    parent: str | None, content: str, *, change: Literal["append", "replace"] = "append"
) -> str:
    """Return the fingerprint of a version: its parent's, and the hash of the rows it brought.

    Rows that were added and rows that came in the place of all others make two versions.
    """
    sign = {"append": "+", "replace": "="}[change]
    return hashlib.sha256(f"{parent or ''}{sign}{content}".encode()).hexdigest()[:32]


def _feed(digest: Any, series: pl.Series) -> None:
    kind = series.dtype
    digest.update(f"{series.name}\0{kind}\0{series.len()}\0".encode())
    if series.null_count():
        digest.update(np.packbits(series.is_null().to_numpy()).tobytes())
    if isinstance(kind, pl.Struct):
        for field in series.struct.fields:
            _feed(digest, series.struct.field(field))
    elif isinstance(kind, pl.List):
        digest.update(_buffer(series.list.len().fill_null(0)))
        _feed(digest, series.explode())
    elif isinstance(kind, pl.Array):
        _feed(digest, series.arr.to_list())
    elif kind == pl.Binary:
        _feed(digest, series.bin.encode("hex"))
    elif kind.is_numeric() and not kind.is_decimal():
        digest.update(_buffer(_canonical(series)))
    elif kind.is_temporal() or kind == pl.Boolean:
        digest.update(_buffer(series.to_physical().cast(pl.Int64).fill_null(0)))
    else:
        text = series.cast(pl.String).fill_null("")
        digest.update(_buffer(text.str.len_bytes()))
        digest.update((text.str.join("").item() or "").encode())


def _canonical(series: pl.Series) -> pl.Series:
    """Return numbers with one form of zero and of NaN, and zero under nulls."""
    filled = series.fill_null(0)
    if not series.dtype.is_float():
        return filled
    values = filled.to_numpy() + 0  # -0.0 + 0 is 0.0
    values[np.isnan(values)] = np.nan
    return pl.Series(values)


def _buffer(series: pl.Series) -> bytes:
    return np.ascontiguousarray(series.to_numpy()).tobytes()
