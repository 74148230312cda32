"""Profiles as Parquet files: a row for each column of each group, small and typed.

What the format is called and its version stand in the file's metadata. Values of levels and
ranges are JSON texts, since columns have different types; counts and sketches are lists.
"""

import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from trimtab.core.errors import SourceError
from trimtab.data.column_profile import ColumnProfile, Scalar
from trimtab.data.groups import Key
from trimtab.data.vector_profile import VectorProfile
from trimtab.stats.log_linear import LogLinear
from trimtab.stats.moments import Moments

FORMAT = 2
# the number of rows, and the columns
Part = tuple[int, dict[str, ColumnProfile]]
_NAME = "trimtab.profile"
_PLAIN = (
    "name", "type", "count", "nulls", "nan", "infinite", "zeros", "negative", "distinct",
    "distinct_error", "top_complete", "top_error", "increasing",
)  # fmt: skip
_MOMENTS = tuple(field.name for field in fields(Moments))
# read without making a Python number of each
_ARRAYS = ("cells", "cell_counts", "hashes", "vector_mean", "vector_scatter")
_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "group": pl.Int64, "name": pl.String, "type": pl.String,
    **dict.fromkeys(("count", "nulls", "nan", "infinite", "zeros", "negative"), pl.Int64),
    "distinct": pl.Int64, "distinct_error": pl.Float64, "top_complete": pl.Boolean,
    "top_error": pl.Int64, "increasing": pl.String, "values": pl.String,
    "top_counts": pl.List(pl.Int64), "lengths": pl.List(pl.Float64),
    "notes": pl.List(pl.String), "moments": pl.List(pl.Float64),
    "bits": pl.Int64, "floor": pl.Float64, "cells": pl.List(pl.Int64),
    "cell_counts": pl.List(pl.Int64), "hashes": pl.List(pl.Int64),
    "vector": pl.String, "vector_mean": pl.List(pl.Float64),
    "vector_scatter": pl.List(pl.Float64),
}  # fmt: skip


def is_profile(path: Path | str) -> bool:
    """Return whether a file is a saved profile."""
    try:
        return _NAME in pl.read_parquet_metadata(path)
    except (pl.exceptions.PolarsError, OSError):
        return False


def write(file: Path, source: str, parts: Sequence[Part], keys: Sequence[Key]) -> None:
    """Write the number of rows and the columns of a table and of its groups, whole or not at all.

    `keys` are those of all parts but the first, which is the whole table.
    """
    rows = [
        _row(index, column)
        for index, (_, columns) in enumerate(parts)
        for column in columns.values()
    ]
    facts = {
        "format": FORMAT, "source": source, "rows": [n for n, _ in parts],
        "keys": [[_plain(value) for value in key] for key in keys],
    }  # fmt: skip
    if not file.parent.is_dir():
        raise SourceError(
            f"expected a folder {file.parent} to save the profile in, found none",
            hint=f"Run `mkdir -p {file.parent}`.",
        )
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    pl.DataFrame(rows, schema=_SCHEMA).write_parquet(
        part, compression_level=19, statistics=False, metadata={_NAME: json.dumps(facts)}
    )
    part.replace(file)


def read(file: Path) -> tuple[str, list[Part], list[Key]]:
    """Return what `write` was given."""
    try:
        metadata = pl.read_parquet_metadata(file)
        if _NAME not in metadata:
            raise SourceError(
                f"{file.name}: expected a saved profile, got another Parquet file",
                hint=f"Make one: `trimtab data profile {file.name} --save profile.parquet`.",
            )
        facts = json.loads(metadata[_NAME])
        if facts["format"] != FORMAT:
            raise SourceError(
                f"{file.name}: expected a profile of format {FORMAT}, got {facts['format']}",
                hint="Make the profile again.",
            )
        saved = pl.read_parquet(file, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise SourceError(
            f"{file}: expected a saved profile, got: {first}", hint="Check the path."
        ) from None
    made: list[Part] = [(n, {}) for n in facts["rows"]]
    lists = _arrays(saved)
    for place, row in enumerate(saved.drop(_ARRAYS).iter_rows(named=True)):
        row |= {name: arrays[place] for name, arrays in lists.items()}
        made[row["group"]][1][row["name"]] = _column(row)
    return facts["source"], made, [tuple(_value(x) for x in key) for key in facts["keys"]]


def _row(group: int, column: ColumnProfile) -> dict[str, Any]:
    row = {"group": group, **{name: getattr(column, name) for name in _PLAIN}}
    row |= {
        "values": json.dumps(
            {"min": _plain(column.min), "max": _plain(column.max), "classes": column.classes,
             "top": [_plain(value) for value, _ in column.top]}
        ),
        "top_counts": [n for _, n in column.top], "lengths": column.lengths,
        "notes": list(column.notes),
        "hashes": _steps(column.hashes),
    }  # fmt: skip
    if column.moments is not None:
        row["moments"] = [float(getattr(column.moments, name)) for name in _MOMENTS]
    if column.histogram is not None:
        made = column.histogram
        row |= {
            "bits": made.bits, "floor": made.floor,
            "cells": _steps(made.codes), "cell_counts": made.counts.tolist(),
        }  # fmt: skip
    if column.vector is not None:
        row |= _vector_row(column.vector)
    return row


def _vector_row(vector: VectorProfile) -> dict[str, Any]:
    cells = vector.norm_cells
    facts = {
        "n": vector.n, "dimension": vector.dimension, "lengths": vector.lengths,
        "norms": [getattr(vector.norms, name) for name in _MOMENTS],
        "bits": cells.bits, "floor": cells.floor, "cells": _steps(cells.codes),
        "cell_counts": cells.counts.tolist(),
    }  # fmt: skip
    return {
        "vector": json.dumps(facts),
        "vector_mean": vector.mean.tolist(), "vector_scatter": vector.scatter.ravel().tolist(),
    }  # fmt: skip


def _column(row: dict[str, Any]) -> ColumnProfile:
    values = json.loads(row["values"])
    top = [_value(value) for value in values["top"]]
    moments = histogram = vector = None
    if row["moments"] is not None:
        n, *sums = row["moments"]
        moments = Moments(int(n), *sums)
    if row["cells"] is not None:
        histogram = _cells(row)
    if row["vector"] is not None:
        vector = _vector(row)
    return ColumnProfile(
        **{name: row[name] for name in _PLAIN},
        min=_value(values["min"]), max=_value(values["max"]),
        top=tuple(zip(top, row["top_counts"], strict=True)),
        lengths=None if row["lengths"] is None else tuple(row["lengths"]),
        classes=values["classes"], notes=tuple(row["notes"]),
        moments=moments, histogram=histogram, vector=vector,
        hashes=None if row["hashes"] is None else tuple(np.cumsum(row["hashes"]).tolist()),
    )  # fmt: skip


def _arrays(saved: pl.DataFrame) -> dict[str, list[NDArray[Any] | None]]:
    """Return the lists of each column of lists as arrays; None where there is none."""
    sizes = saved.select(pl.col(_ARRAYS).list.len())
    made = {}
    for name in _ARRAYS:
        values = saved.select(pl.col(name).explode().drop_nulls()).to_series().to_numpy()
        lengths = sizes[name].to_list()
        ends = itertools.accumulate(length or 0 for length in lengths)
        made[name] = [
            None if length is None else values[end - length : end]
            for end, length in zip(ends, lengths, strict=True)
        ]
    return made


def _vector(row: dict[str, Any]) -> VectorProfile:
    facts = json.loads(row["vector"])
    mean, scatter = row["vector_mean"], row["vector_scatter"]
    side = round(scatter.size**0.5)
    low, high = facts["lengths"]
    return VectorProfile(
        facts["n"], facts["dimension"], (low, high), mean, scatter.reshape(side, side),
        Moments(*facts["norms"]), _cells(facts),
    )  # fmt: skip


def _cells(facts: dict[str, Any]) -> LogLinear:
    codes = np.cumsum(np.asarray(facts["cells"], np.int64))
    counts = np.asarray(facts["cell_counts"], np.int64)
    return LogLinear(facts["bits"], codes, counts, facts["floor"])


def _steps(increasing: ArrayLike | None) -> list[int] | None:
    """Return the differences of neighbours: small numbers make small files."""
    if increasing is None:
        return None
    steps: list[int] = np.diff(np.asarray(increasing, np.int64), prepend=0).tolist()
    return steps


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold, and that `_value` turns back."""
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _value(plain: Any) -> Scalar | Any:
    if not isinstance(plain, dict):
        return plain
    ((kind, text),) = plain.items()
    return datetime.fromisoformat(text) if kind == "datetime" else date.fromisoformat(text)
