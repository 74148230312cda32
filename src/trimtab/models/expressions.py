"""What an expression may be, to be a feature: repeatable by the server on one row alone."""

import io
import json

import polars as pl

from trimtab.core.errors import ConfigError

# Where these stand in a serialised expression, it calls Python or a compiled plugin.
_FOREIGN = {"AnonymousFunction", "FfiPlugin", "callback"}


def checked(name: str, expression: object) -> pl.Expr:
    """Return the expression if the server can repeat it on a single row.

    Raises
    ------
    ConfigError
        If it is no expression, runs Python, reads no column, makes several columns, or is known
        to Polars to mix rows. What Polars cannot tell before it has seen data passes here.
    """
    if not isinstance(expression, pl.Expr):
        raise ConfigError(
            f"feature `{name}`: expected a Polars expression, got {type(expression).__name__}",
            hint=f"Write for example pl.col('{name}').",
            feature=name,
        )
    if _is_foreign(json.loads(serialised(expression))):
        raise _runs_python(name)
    if expression.meta.has_multiple_outputs():
        raise ConfigError(
            f"feature `{name}`: expected one column, got an expression that makes several",
            hint="Give each its own name.",
            feature=name,
        )
    try:
        alone = expression.meta.is_row_separable() and (
            expression.meta.is_length_preserving() or not roots(expression)
        )
    except pl.exceptions.PolarsError:
        alone = True  # Polars needs the data to tell: `FeatureSet.refuse_neighbours` has them
    if not alone:
        raise mixes_rows(name)
    if not roots(expression):
        raise ConfigError(
            f"feature `{name}`: expected an expression over columns, got one that reads none",
            hint="Name its columns with pl.col('column').",
            feature=name,
        )
    return expression


def serialised(expression: pl.Expr) -> str:
    """Return the expression as JSON."""
    return expression.meta.serialize(format="json")


def deserialised(name: str, tree: object) -> pl.Expr:
    """Return the expression that parsed JSON stands for; Python code in it is refused, not run."""
    if _is_foreign(tree):
        raise _runs_python(name)
    return pl.Expr.deserialize(io.StringIO(json.dumps(tree)), format="json")


def roots(expression: pl.Expr) -> tuple[str, ...]:
    """Return the columns that an expression reads, each once, in order of appearance."""
    return tuple(dict.fromkeys(expression.meta.root_names()))


def mixes_rows(name: str) -> ConfigError:
    """Return the error for a feature that looks at other rows."""
    return ConfigError(
        f"feature `{name}` depends on other rows; the server sees one row at a time",
        hint="Use expressions of the row alone: no mean(), rank(), shift(), over() and the like. "
        "Compute aggregates into a table and join it.",
        feature=name,
    )


def first_line(error: object) -> str:
    """Return the first line of a message; Polars adds its query plan below it."""
    return (str(error).strip().splitlines() or ["no message"])[0]


def _is_foreign(tree: object) -> bool:
    """Tell whether a serialised expression holds code of others (Python's is a pickle)."""
    if isinstance(tree, dict):
        return any(key in _FOREIGN or _is_foreign(value) for key, value in tree.items())
    return isinstance(tree, list) and any(_is_foreign(item) for item in tree)


def _runs_python(name: str) -> ConfigError:
    return ConfigError(
        f"feature `{name}` runs Python code, which cannot be saved with a model",
        hint="Write it with Polars expressions, without map_elements, map_batches or fold.",
        feature=name,
    )
