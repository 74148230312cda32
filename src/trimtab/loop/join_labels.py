"""Labels that came later, in a file of their own, laid into the rows they are of."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from trimtab.core.errors import ConfigError, SchemaError
from trimtab.data.intake import stored_form
from trimtab.data.sources import collect, read_source
from trimtab.data.types import converted, type_name
from trimtab.loop.inspect_table import check_key, find_column


def join_labels(
    frame: pl.DataFrame, file: str, *, label: str, label_time: str | None, key: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Return the rows with the labels of `file` laid in, its own rows, and the key of both.

    Without a key, the columns that both have are the key. A label that the table has itself
    stands; the file fills the holes. What both have is read as the table has it: where `007` is
    text in the table, it is text in the file.

    Raises
    ------
    SchemaError
        If a column is missing, a value is not of the table's type, or no key is in the table.
    ConfigError
        If there is no key.
    KeyClashError
        If two rows of the file have one key.
    """
    name = Path(file).name
    texts = [column.name for column in frame.iter_columns() if _is_text(column)]
    found = stored_form(collect(read_source(file, text=texts), file), file)
    find_column(found, label, "the label in --labels")
    wanted = [label, *([label_time] if label_time and label_time in found.columns else [])]
    shared = [column for column in found.columns if column in frame.columns]
    key = list(key) or [column for column in shared if column not in wanted]
    if not key:
        raise ConfigError(
            f"expected a column that {name} shares with the table, found none",
            hint="Give a labels file that has the key columns, or `--key`.",
        )
    for column in key:
        find_column(found, column, f"the key in {name}")
        find_column(frame, column, "--key")
        found = _in_type_of(frame[column], found, name)
    for column in wanted:
        # numbers with and without decimals have a common type; a text among numbers is a fault
        if column in shared and _is_text(found[column]) and frame[column].dtype != pl.String:
            found = _in_type_of(frame[column], found, name)
    check_key(found, key)
    _require_common_keys(frame, found, key, name)
    joined = frame.join(
        found.select(*key, *wanted), on=key, how="left", suffix=" (labels)",
        maintain_order="left",
    )  # fmt: skip
    for column in wanted:
        other = f"{column} (labels)"
        if other in joined.columns:
            both = pl.coalesce(column, other).alias(column)
            joined = joined.with_columns(both).drop(other)
    return joined, found, key


def _is_text(column: pl.Series) -> bool:
    """Return whether a column holds texts; one without any value is stored as text too."""
    return column.dtype == pl.String and column.count() > 0


def _in_type_of(column: pl.Series, found: pl.DataFrame, file: str) -> pl.DataFrame:
    """Return rows with a column in the type that the table has it in."""
    name, old, new = column.name, found[column.name].dtype, column.dtype
    if old == new:
        return found
    if new == pl.String:  # a number has many spellings, and few of them are the table's
        unlike = found[name]
    else:
        read = found.select(converted(pl.col(name), old, new).alias(name)).to_series()
        unlike = found[name].filter(read.is_null())
        found = found.with_columns(read)
    unlike = unlike.drop_nulls()
    if unlike.len():
        raise SchemaError(
            f"expected `{name}` in {file} to be {type_name(new)} as in the table, "
            f"got {type_name(old)}, for example {str(unlike[0])!r}",
            hint=f"Give `{name}` the same type in both files.",
            column=name,
        )
    return found


def _require_common_keys(
    frame: pl.DataFrame, found: pl.DataFrame, key: list[str], file: str
) -> None:
    """Refuse labels of which not one has its row: their keys mean something else."""
    if not frame.join(found, on=key, how="semi").is_empty():
        return
    theirs, ours = (
        "|".join(str(value) for value in rows.select(key).row(0)) for rows in (found, frame)
    )
    raise SchemaError(
        f"expected keys ({', '.join(key)}) in {file} that the table has, got none of "
        f"{found.height:,}: {theirs!r} is the first of the file, {ours!r} that of the table",
        hint="Write them the same way in both files, or name the columns to join on by `--key`.",
    )
