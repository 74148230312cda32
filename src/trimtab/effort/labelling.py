"""Labelling functions: rules of thumb that say a class of some rows, and abstain on others.

A rule is a Polars expression (quick, on columns) or a decorated Python function (slow, on one
row at a time, free to do anything). What they say together is in `vote_tables`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import polars as pl

from trimtab.core.errors import SchemaError, nearest
from trimtab.data.sources import collect, read_source, source_name
from trimtab.effort.vote_tables import VoteTable, table_of_votes

RowRule = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class LabellingFunction:
    """A rule on one row, given as a mapping of columns to values: a class, or None to abstain."""

    name: str
    rule: RowRule

    def __call__(self, row: Mapping[str, Any]) -> Any:
        """Return what the rule says of a row."""
        return self.rule(row)


@overload
def labelling_function(rule: RowRule, /) -> LabellingFunction: ...
@overload
def labelling_function(*, name: str) -> Callable[[RowRule], LabellingFunction]: ...
def labelling_function(
    rule: RowRule | None = None, /, *, name: str | None = None
) -> LabellingFunction | Callable[[RowRule], LabellingFunction]:
    """Make a labelling function of a Python function of one row.

    It is called once a row, some hundred thousand rows a second: a poor choice where a Polars
    expression can say the same.

    Parameters
    ----------
    rule : callable
        Takes a mapping of column names to values; returns a class, or None to abstain.
    name : str, optional
        What the source is called; the function's name if left out.

    Returns
    -------
    LabellingFunction
        Or, with `name`, a decorator that makes one.

    Examples
    --------
    >>> @labelling_function
    ... def long(row):
    ...     return "spam" if len(row["text"]) > 100 else None
    >>> long.name, long({"text": "hi"})
    ('long', None)
    """
    if rule is not None:
        return LabellingFunction(getattr(rule, "__name__", "rule"), rule)
    if name is None:
        raise ValueError("expected a function or its `name`, got neither")
    return lambda function: LabellingFunction(name, function)


def cast_votes(
    data: Any,
    functions: Sequence[LabellingFunction | pl.Expr] | Mapping[str, RowRule | pl.Expr],
    *,
    classes: Sequence[Any] | None = None,
) -> VoteTable:
    """Let labelling functions vote on each row of a table.

    Parameters
    ----------
    data : path-like, str or data frame
        Anything that `tt.read_source` reads.
    functions : sequence of LabellingFunction or polars.Expr, or mapping of name to either
        Each says a class or null a row; an expression in a sequence is called by its alias.
    classes : sequence, optional
        All classes, in the order of the probabilities; those that are said, sorted, if left out.

    Returns
    -------
    VoteTable
        One source a function, one row a row.

    Raises
    ------
    SchemaError
        If a function fails on a row, names a column that is not there, or says something that
        is no class; or if two have the same name.

    Examples
    --------
    >>> texts = pl.DataFrame({"text": ["win a prize", "lunch at noon?", "prize inside"]})
    >>> prize = pl.when(pl.col("text").str.contains("prize")).then(pl.lit("spam"))
    >>> question = pl.when(pl.col("text").str.ends_with("?")).then(pl.lit("ham"))
    >>> votes = cast_votes(texts, {"prize": prize, "question": question})
    >>> votes.classes, votes.codes.tolist()
    (('ham', 'spam'), [[1, -1], [-1, 0], [1, -1]])
    """
    frame = collect(read_source(data), source_name(data))
    named = _named(functions)
    rules = [(name, rule) for name, rule in named if not isinstance(rule, pl.Expr)]
    said = {name: _said_by_row(name, rule, frame) for name, rule in rules}
    for name, rule in named:
        if isinstance(rule, pl.Expr):
            said[name] = _said_by_columns(name, rule, frame)
    table = pl.DataFrame({name: said[name] for name, _ in named})
    # a rule may say -1 and mean a class: only null abstains
    return table_of_votes(table, abstain=None, classes=classes)


def _named(
    functions: Sequence[LabellingFunction | pl.Expr] | Mapping[str, RowRule | pl.Expr],
) -> list[tuple[str, RowRule | pl.Expr]]:
    if isinstance(functions, Mapping):
        return list(functions.items())
    named: list[tuple[str, RowRule | pl.Expr]] = []
    for function in functions:
        if isinstance(function, pl.Expr):
            named.append((function.meta.output_name(raise_if_undetermined=False) or "", function))
        elif isinstance(function, LabellingFunction):
            named.append((function.name, function.rule))
        else:
            raise SchemaError(
                f"expected labelling functions or Polars expressions, got {function!r}",
                hint="Decorate the function with `tt.labelling_function`.",
            )
    names = [name for name, _ in named]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise SchemaError(
            f"expected a name of its own for each labelling function, got `{twins[0]}` twice",
            hint="End an expression in `.alias(NAME)`, or give a mapping of names to functions.",
        )
    return named


def _said_by_columns(name: str, rule: pl.Expr, frame: pl.DataFrame) -> pl.Series:
    missing = sorted(set(_columns(rule)) - set(frame.columns))
    if missing:
        raise SchemaError(
            f"labelling function `{name}`: expected a column `{missing[0]}`, found none",
            hint=nearest(missing[0], frame.columns),
        )
    try:
        said = frame.select(rule.alias(name)).to_series()
    except pl.exceptions.PolarsError as error:
        raise SchemaError(
            f"labelling function `{name}` failed: {str(error).splitlines()[0]}",
            hint="Try the expression on the table with `frame.select(...)`.",
        ) from None
    if said.len() == 1 and frame.height != 1:  # a constant
        said = pl.Series(name, said.to_list() * frame.height, dtype=said.dtype)
    if said.len() != frame.height:
        raise SchemaError(
            f"labelling function `{name}`: expected a vote for each of {frame.height:,} rows, "
            f"got {said.len():,}",
            hint="Say a class with pl.when(...).then(...): what holds no longer is null.",
        )
    return said


def _columns(rule: pl.Expr) -> Iterable[str]:
    return rule.meta.root_names()


def _said_by_row(name: str, rule: RowRule, frame: pl.DataFrame) -> pl.Series:
    said = []
    for number, row in enumerate(frame.iter_rows(named=True)):
        try:
            said.append(rule(row))
        except Exception as error:  # a stranger's function can fail in any way
            raise SchemaError(
                f"labelling function `{name}` failed on row {number}: "
                f"{type(error).__name__}: {error}",
                hint="Let it return None where it cannot tell, as on missing values.",
                row=number,
            ) from error
    try:
        return pl.Series(name, said, strict=True)
    except (TypeError, pl.exceptions.PolarsError):
        raise SchemaError(
            f"labelling function `{name}`: expected classes of one type, got a mixture",
            hint="Return the class as text, or as a whole number, each time.",
        ) from None
