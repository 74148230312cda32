"""The check that values are there in another table."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from trimtab.core.errors import SchemaError, SourceError, nearest
from trimtab.core.records import Violation
from trimtab.data.column_checks import EXAMPLES
from trimtab.data.schema import ForeignKey, Schema
from trimtab.data.sources import collect, read_source
from trimtab.data.table_checks import Outcome
from trimtab.data.types import storable

_ROWS = "__rows"


def foreign_key_checks(
    frame: pl.LazyFrame,
    schema: Schema,
    table: str,
    rows: int,
    *,
    tables: Mapping[str, Any],
    shown: dict[str, pl.Expr],
) -> Outcome:
    """Check every foreign key whose columns and other table are there.

    Parameters
    ----------
    frame : polars.LazyFrame
        Rows in the schema's types; only the columns of the keys are read.
    tables : mapping of str to source
        Other tables by name.
    shown : dict of str to polars.Expr
        What names a row in the examples.

    Raises
    ------
    SchemaError
        If the other table lacks a column.
    SourceError
        If the other table cannot be read.
    """
    found = Outcome()
    columns = frame.collect_schema()
    for key in schema.foreign_keys:
        words = f"foreign key {', '.join(key.columns)}"
        missing = [name for name in key.columns if name not in columns]
        if missing:
            found.skipped.append(f"{words}: no column `{missing[0]}`")
        elif key.table is not None and key.table not in tables:
            found.skipped.append(f"{words}: the table `{key.table}` was not given")
        else:
            found.made += 1
            source = schema.path_of(key.source) if key.source else tables[str(key.table)]
            violation = _checked(frame, key, source, table, rows, shown)
            found.violations += [violation] if violation else []
    return found


def _checked(
    frame: pl.LazyFrame,
    key: ForeignKey,
    source: Any,
    table: str,
    rows: int,
    shown: dict[str, pl.Expr],
) -> Violation | None:
    there = key.table or str(key.source)
    known = _known(key, source, frame.collect_schema(), there)
    # Different keys first: the join is then with levels, not with rows.
    levels = frame.group_by(key.columns).agg(pl.len().alias(_ROWS)).drop_nulls(key.columns)
    lost = collect(levels.join(known, on=key.columns, how="anti"), table)
    count = int(lost[_ROWS].sum())
    if count == 0:
        return None
    commonest = lost.sort([_ROWS, *key.columns], descending=[True] + [False] * len(key.columns))
    told = ", ".join(
        f"{'|'.join(str(part) for part in row[:-1])!r} {row[-1]:,}"
        for row in commonest.head(3).select(*key.columns, _ROWS).iter_rows()
    )
    seen = {**shown, **{name: pl.col(name) for name in key.columns}}
    asked = [value.alias(f"__shown:{name}") for name, value in seen.items()]
    failing = frame.select(*(pl.col(name) for name in key.columns), *asked).join(
        lost.lazy().select(key.columns), on=key.columns, how="semi", maintain_order="left"
    )
    examples = collect(failing.select(pl.col("^__shown:.*$")).head(EXAMPLES), table)
    text = (
        f"{count:,} of {rows:,} have a {', '.join(f'`{name}`' for name in key.columns)} that "
        f"`{there}` does not hold: {lost.height:,} different ({told})"
    )
    return Violation(
        table, key.columns[0] if len(key.columns) == 1 else None, "foreign key", key.severity,
        count, rows, text,
        tuple({name.removeprefix("__shown:"): x for name, x in row.items()}
              for row in examples.iter_rows(named=True)),
    )  # fmt: skip


def _known(key: ForeignKey, source: Any, columns: pl.Schema, there: str) -> pl.LazyFrame:
    """Return the other table's keys, under our names and in our types."""
    try:
        pairs = zip(key.columns, key.there, strict=True)
        text = [there for own, there in pairs if columns[own] == pl.String]
        other = read_source(source, text=text)
        other = other.with_columns(storable(other.collect_schema()))
        kinds = other.collect_schema()
    except SourceError as error:
        words = f"foreign key {', '.join(key.columns)}"
        raise SourceError(f"{words}: {error.problem}", hint=error.hint) from None
    for name in key.there:
        if name not in kinds:
            raise SchemaError(
                f"{there}: expected a column `{name}` for the foreign key, found none",
                hint=nearest(name, kinds.names()), column=name,
            )  # fmt: skip
    return other.select(
        pl.col(name).cast(columns[own], strict=False).alias(own)
        for own, name in zip(key.columns, key.there, strict=True)
    ).unique()
