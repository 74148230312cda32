"""Conditions that people write in schema files: one SQL expression, true or false for each row.

A condition is read by `polars.sql_expr` and tried on an empty table of the schema's types, so
that a wrong word, an unknown column or a number compared with text is told when the schema is
read, and not in the middle of a night's run.
"""

from collections.abc import Mapping

import polars as pl

from trimtab.core.errors import SchemaError, nearest
from trimtab.data.types import TYPES


def condition(text: str) -> pl.Expr:
    """Return the expression that an SQL condition stands for.

    Raises
    ------
    ValueError
        If it is no SQL expression.

    Examples
    --------
    >>> rows = pl.DataFrame({"left": [1, 5], "back": [2, 3]})
    >>> rows.select(condition("left <= back")).to_series().to_list()
    [True, False]
    """
    try:
        return pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"an SQL condition was expected, got {text!r} ({error})") from None


def columns_read(text: str) -> tuple[str, ...]:
    """Return the columns that a condition reads, each once, in order."""
    return tuple(dict.fromkeys(condition(text).meta.root_names()))


def refuse_wrong(text: str, types: Mapping[str, str], place: tuple[str | int, ...]) -> None:
    """Raise a SchemaError unless a condition can be asked of columns of these types.

    Parameters
    ----------
    types : mapping of str to str
        The schema's columns with their types, as schema files write them.
    place : tuple of str or int
        Where in the schema file the condition stands.

    Raises
    ------
    SchemaError
        If it is no SQL, names a column that the schema does not know, or is neither true nor
        false of a row.
    """
    key = ".".join(str(part) for part in place)

    def wrong(problem: str, hint: str) -> SchemaError:
        return SchemaError(f"`{key}`: {problem}", hint=hint, key=key, place=place)

    try:
        expression, read = condition(text), columns_read(text)
    except ValueError as error:
        hint = "Write it as in SQL's WHERE, for example `dep_time <= arr_time`."
        raise wrong(str(error), hint) from None
    for name in read:
        if name not in types:
            raise wrong(f"expected columns of the schema, got `{name}`", nearest(name, types))
    empty = pl.LazyFrame(schema={name: TYPES[types[name]] for name in read} or {"_": pl.Null})
    try:
        # Run, not only resolved: that is when numbers and text turn out not to compare.
        kind = empty.select(expression).collect().dtypes[0]
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise wrong(
            f"expected a condition on {_typed(read, types)}, got {text!r}: {reason}",
            "Compare columns of one type, or convert one with CAST(… AS …).",
        ) from None
    if kind not in (pl.Boolean, pl.Null):
        raise wrong(
            f"expected a condition, true or false of a row, got {text!r}, which is {kind}",
            "Compare it with something, for example `… > 0`.",
        )


def _typed(names: tuple[str, ...], types: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}` ({types[name]})" for name in names)
