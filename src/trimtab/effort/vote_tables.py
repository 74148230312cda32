"""Tables of votes: a column a source, a row a row. `label_tables` fits the label model on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import SchemaError, nearest
from trimtab.data.sources import collect, read_source, source_name
from trimtab.stats.arrays import IntArray

_MOST_CLASSES = 1_000  # a larger number is a name


@dataclass(frozen=True, slots=True, eq=False)
class VoteTable:
    """What each source says of each row: `codes`, shape (n_rows, n_sources), into `classes`.

    -1 is an abstention.
    """

    sources: tuple[str, ...]
    classes: tuple[Any, ...]
    codes: IntArray

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Return the codes, so that numpy takes the table as it is."""
        return np.array(self.codes, dtype=dtype)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON, votes as classes and null."""
        named = [*self.classes, None]  # index -1 is the last
        return {
            "sources": list(self.sources),
            "classes": list(self.classes),
            "votes": [[named[code] for code in row] for row in self.codes],
        }


def read_votes(
    data: Any,
    *,
    sources: Sequence[str] | None = None,
    classes: Sequence[Any] | None = None,
    abstain: Any = -1,
) -> VoteTable:
    """Read votes from a table with a column a source.

    Parameters
    ----------
    data : path-like, str, data frame or array_like
        Anything that `tt.read_source` reads, or an array of shape (n_rows, n_sources).
    sources : sequence of str, optional
        The columns that vote; all if left out.
    classes : sequence, optional
        All classes, in the order of the probabilities. If left out: 0 to the highest vote where
        votes are whole numbers of 0 and more, else what is said, sorted.
    abstain : object, default=-1
        The value that stands for an abstention, as null and NaN do; among texts, as it is
        written. For votes in {-1, 1} with 0 to abstain, give 0.

    Returns
    -------
    VoteTable
        Codes into `classes`.

    Raises
    ------
    SchemaError
        If a column is not there, votes are of several types, or a vote is none of `classes`.

    Examples
    --------
    >>> read_votes([[1, -1], [0, 1]], abstain=0).codes.tolist()
    [[1, 0], [-1, 1]]
    """
    if isinstance(data, VoteTable):
        return data
    if _is_array(data):
        frame = _from_array(data, sources)
    else:
        frame = collect(read_source(data), source_name(data))
        for name in sources or ():
            if name not in frame.columns:
                raise SchemaError(
                    f"{source_name(data)}: expected a column `{name}`, found none",
                    hint=nearest(name, frame.columns),
                )
        frame = frame.select(sources) if sources else frame
    return table_of_votes(frame, abstain=abstain, classes=classes)


def table_of_votes(
    frame: pl.DataFrame, *, abstain: Any, classes: Sequence[Any] | None
) -> VoteTable:
    """Turn columns of classes and nulls into codes; `read_votes` says what is accepted."""
    if not frame.width or not frame.height:
        raise SchemaError(
            f"expected votes, got {frame.width} columns and {frame.height} rows",
            hint="Give a table with a column a source.",
        )
    plain = _one_type(frame)
    if abstain is not None and _is_text(plain):
        plain = plain.select(pl.all().replace(str(abstain), None))  # -1 among texts is "-1"
    elif abstain is not None and not isinstance(abstain, str):
        plain = plain.select(pl.all().replace(abstain, None))
    said = sorted(
        set().union(*(plain[name].drop_nulls().unique().to_list() for name in plain.columns))
    )
    whole = [int(vote) if isinstance(vote, float) and vote == int(vote) else vote for vote in said]
    named = tuple(whole if classes is None else classes)
    if classes is None and said and not _is_text(plain) and _count_from_zero(said):
        named = tuple(range(max(int(said[-1]) + 1, 2)))
    strange = [vote for vote in said if vote not in named]
    if strange or len(named) < 2:
        raise SchemaError(
            f"expected votes for {listed(named)}, got {strange[0]!r}"
            if strange
            else f"expected votes for at least two classes, got {listed(named)}",
            hint="Name all classes with `classes`, and what stands for no vote with `abstain`.",
        )
    code_of = {name: code for code, name in enumerate(named)}
    codes = plain.select(
        pl.all().replace_strict(code_of, default=None, return_dtype=pl.Int64).fill_null(-1)
    )
    return VoteTable(tuple(frame.columns), named, codes.to_numpy())


def _is_array(data: Any) -> bool:
    if isinstance(data, (list, tuple)):
        return not all(isinstance(item, (str, Path)) for item in data)
    return isinstance(data, np.ndarray)


def _from_array(data: Any, sources: Sequence[str] | None) -> pl.DataFrame:
    table = np.asarray(data)
    if table.ndim != 2:
        raise ValueError(f"expected votes of shape (n_rows, n_sources), got {table.shape}")
    names = list(sources or (f"source {j}" for j in range(table.shape[1])))
    if len(names) != table.shape[1]:
        raise ValueError(f"expected {table.shape[1]} names of sources, got {len(names)}")
    columns = [table[:, j] for j in range(table.shape[1])]
    if table.dtype.kind == "O":  # numbers or texts beside None
        columns = [column.tolist() for column in columns]
    return pl.DataFrame(dict(zip(names, columns, strict=True)), strict=False)


def _one_type(frame: pl.DataFrame) -> pl.DataFrame:
    """Return all columns as numbers (without NaN), or all as text."""
    texts = (pl.String, pl.Categorical, pl.Enum)
    kinds = {
        name: "text" if kind in texts else "number" if kind.is_numeric() else str(kind)
        for name, kind in frame.schema.items()
        if kind != pl.Null
    }
    kinds = {name: "number" if kind == "Boolean" else kind for name, kind in kinds.items()}
    if kinds and set(kinds.values()) == {"text"}:
        return frame.cast(pl.String)
    strange = [name for name, kind in kinds.items() if kind != "number"]
    if strange:
        raise SchemaError(
            f"expected votes as numbers in each column, or as text in each, "
            f"got {kinds[strange[0]]} in `{strange[0]}`",
            hint="Name the columns that vote with `sources`, and give them one type.",
        )
    return frame.cast(pl.Float64).fill_nan(None)


def _is_text(frame: pl.DataFrame) -> bool:
    return all(kind == pl.String for kind in frame.dtypes)


def _count_from_zero(said: Sequence[float]) -> bool:
    """Return whether sorted votes are column numbers, rather than names that are numbers."""
    return said[0] >= 0 and all(vote == int(vote) for vote in said) and said[-1] < _MOST_CLASSES


def listed(names: tuple[Any, ...]) -> str:
    """Return names in a line, for an error."""
    return ", ".join(str(name) for name in names) or "nothing"
