"""What happens to rows between being read and being stored: types, rejection, clashing keys."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from trimtab.core.errors import KeyClashError, SchemaError, SourceError, nearest
from trimtab.data.row_checks import RAW, row_checks
from trimtab.data.schema import Schema
from trimtab.data.time import TimeSpec, time_columns, time_expression
from trimtab.data.types import TYPES, converted, storable, type_name

REASON = "_reason"
RESERVED = ("_version", REASON, "_ingest")


@dataclass(frozen=True)
class Intake:
    """Rows to keep, and rows to set aside (all columns as text, with their `_reason`)."""

    kept: pl.DataFrame
    rejected: pl.DataFrame


@dataclass(frozen=True)
class Reason:
    """Why a row is set aside: on which rows, and how it is told (text, or text per row)."""

    fails: pl.Expr
    text: str | pl.Expr

    @property
    def told(self) -> pl.Expr:
        """The text as an expression."""
        return pl.lit(self.text) if isinstance(self.text, str) else self.text


def stored_form(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return rows in types that can be stored, or say why they cannot be."""
    if rows.width == 0 or rows.height == 0:
        raise SourceError(
            f"{name}: expected at least one row, got none",
            hint="Check how the source was written, or the query.",
        )
    taken = [column for column in rows.columns if column in RESERVED or column.startswith(RAW)]
    if taken:
        raise SchemaError(
            f"{name}: expected other column names, got `{taken[0]}`, which Trimtab uses itself",
            hint=f"Rename `{taken[0]}`.",
        )
    try:
        return rows.with_columns(storable(rows.schema))
    except pl.exceptions.InvalidOperationError as error:
        raise SchemaError(
            f"{name}: expected values that fit 64 bits: {str(error).splitlines()[0]}",
            hint="Read such numbers as text.",
        ) from None


def admit(
    rows: pl.DataFrame,
    *,
    name: str,
    table: pl.Schema | None,
    time: TimeSpec | None,
    key: Sequence[str],
    schema: Schema | None,
) -> Intake:
    """Sort rows into those that can be stored and those that are set aside.

    A row is set aside if a value cannot be read as its column's type, it has no key or no event
    time, or it fails a check that the schema marks `reject`.

    Parameters
    ----------
    rows : polars.DataFrame
        Rows in stored form.
    table : polars.Schema or None
        Columns of the table that the rows are for, if it is there already.

    Raises
    ------
    SchemaError
        If a column is missing or unknown, or no value of a column is of its type.
    SourceError
        If no row can be kept.
    """
    wanted = _wanted(rows.schema, table, schema)
    _require_columns(rows.schema, wanted, [*key, *time_columns(time, rows.schema)], table, name)
    typed, reasons = _typed(rows, wanted, name)
    for column in key:
        reasons.append(Reason(pl.col(column).is_null(), f"`{column}`: a key cannot be missing"))
    if time is not None:
        undated = time_expression(time, typed.schema).is_null()
        named = ", ".join(f"`{column}`" for column in time_columns(time, typed.schema))
        reasons.append(Reason(undated, f"{named}: no event time that can be read"))
    if schema is not None:
        for check in row_checks(schema, typed.schema, "training", raw=rows.schema):
            if check.reject and check.check != "type":
                text = f"`{check.column}`: fails the check `{check.check}` of the schema"
                reasons.append(Reason(check.fails, text))
    failed = typed.select(reason.fails.alias(str(n)) for n, reason in enumerate(reasons))
    bad = failed.select(pl.any_horizontal(pl.all())).to_series() if reasons else None
    if bad is None or not bad.any():
        return Intake(typed.select(list(wanted)), _as_text(rows.clear()))
    kept = typed.filter(~bad).select(list(wanted))
    told = pl.concat([typed.filter(bad), failed.filter(bad)], how="horizontal").select(
        pl.concat_str(
            [pl.when(pl.col(str(n))).then(reason.told) for n, reason in enumerate(reasons)],
            separator="; ", ignore_nulls=True,
        ).alias(REASON)
    )  # fmt: skip
    rejected = pl.concat([_as_text(rows.filter(bad)), told], how="horizontal")
    if kept.height == 0:
        raise SourceError(
            f"{name}: expected at least one row to keep, got {rejected.height:,} to set aside; "
            f"the first: {rejected[REASON][0]}",
            hint="Mend the source, or the schema it is held against.",
        )
    return Intake(kept, rejected)


def only_new(rows: pl.DataFrame, stored: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Return the rows that a table does not hold yet: what a source that has grown adds.

    A source that begins with all rows of the table, in their order, adds what comes after them.
    Where rows have a key, those that the table holds with the same values are left out wherever
    they stand. A source without a key that is no continuation is new as a whole.
    """
    if rows.height >= stored.height and rows.head(stored.height).equals(stored):
        return rows.slice(stored.height)
    if not key:
        return rows
    return rows.join(stored, on=rows.columns, how="anti", nulls_equal=True, maintain_order="left")


def _wanted(
    columns: pl.Schema, table: pl.Schema | None, schema: Schema | None
) -> dict[str, pl.DataType]:
    """Return the type that each column has to have."""
    if table is not None:
        return dict(table)
    wanted = dict(columns)
    for name, column in (schema.columns if schema else {}).items():
        if name in wanted and column.type != "Nested":
            wanted[name] = TYPES[column.type]
        elif name not in wanted and column.required:
            wanted[name] = pl.Null()
    return wanted


def _require_columns(
    columns: pl.Schema,
    wanted: dict[str, pl.DataType],
    used: list[str],
    table: pl.Schema | None,
    name: str,
) -> None:
    for column in [*wanted, *used]:
        if column not in columns:
            raise SchemaError(
                f"{name}: expected a column `{column}`, found none",
                hint=nearest(column, columns.names()),
                column=column,
            )
    extra = [column for column in columns if column not in wanted]
    if table is not None and extra:
        raise SchemaError(
            f"{name}: expected the columns that the table has, got also `{extra[0]}`",
            hint=f"Leave `{extra[0]}` out, or ingest into a new table.",
            column=extra[0],
        )


def _typed(
    rows: pl.DataFrame, wanted: dict[str, pl.DataType], name: str
) -> tuple[pl.DataFrame, list[Reason]]:
    """Return rows with every column in its type, and a reason for each value that did not fit."""
    changed = {n: kind for n, kind in wanted.items() if rows.schema[n] != kind}
    if not changed:
        return rows, []
    before = [pl.col(n).alias(RAW + n) for n in changed]
    after = [converted(pl.col(n), rows.schema[n], kind).alias(n) for n, kind in changed.items()]
    try:
        typed = rows.with_columns(before).with_columns(after)
    except pl.exceptions.PolarsError as error:
        raise SchemaError(
            f"{name}: expected the table's types: {str(error).splitlines()[0]}",
            hint="Compare `trimtab data profile` of both.",
        ) from None
    reasons: list[Reason] = []
    for column, kind in changed.items():
        lost = pl.col(column).is_null() & pl.col(RAW + column).is_not_null()
        count, there = typed.select(lost.sum(), pl.col(RAW + column).count().alias("there")).row(0)
        if count and count == there:
            first = rows[column].drop_nulls()[0]
            raise SchemaError(
                f"{name}: expected `{column}` to be {type_name(kind)}, got "
                f"{rows.schema[column]}, for example {first!r}",
                hint=f"Convert `{column}` in the source, or change its type in the schema.",
                column=column,
            )
        if count:
            raw = pl.col(RAW + column).cast(pl.String)
            text = pl.format(f"`{_braces(column)}`: expected {type_name(kind)}, got {{}}", raw)
            reasons.append(Reason(lost, text))
    return typed, reasons


def _braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _as_text(rows: pl.DataFrame) -> pl.DataFrame:
    """Return all columns as text: what was rejected may have any type."""
    made = []
    for name, kind in rows.schema.items():
        value = pl.col(name)
        if kind == pl.Binary:
            made.append(value.bin.encode("hex"))
        elif kind.is_nested():
            made.append(pl.struct(value).struct.json_encode().alias(name))
        else:
            made.append(value.cast(pl.String))
    return rows.select(made)


def refuse_clashes(
    rows: pl.DataFrame, stored: pl.LazyFrame | None, key: Sequence[str], name: str
) -> None:
    """Raise a KeyClashError if a key is there twice, in the rows or against the table.

    A row that is repeated whole is refused as well: whoever sent it twice should know.
    """
    if not key:
        return
    keys = rows.select(key)
    twice = keys.filter(keys.is_duplicated())
    if twice.height:
        _clash(twice.unique(maintain_order=True), key, f"{name}: expected each key once", "twice")
    if stored is not None:
        there = keys.lazy().join(stored.select(key), on=list(key), how="semi").collect()
        if there.height:
            _clash(there, key, f"{name}: expected new keys only", "that the table has already")


def _clash(keys: pl.DataFrame, key: Sequence[str], expected: str, how: str) -> None:
    first = "|".join(str(value) for value in keys.row(0))
    raise KeyClashError(
        f"{expected}, got {keys.height:,} keys ({', '.join(key)}) {how}, for example {first}",
        hint="Remove the repeated rows, or name more columns in `key`.",
        key=list(key),
        count=keys.height,
        example=first,
    )
