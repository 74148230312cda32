"""Features: named Polars expressions, the same in training and in the server.

A feature of a row depends on that row alone, and on columns that are known when the question is
asked; both are checked here. What has to be fitted (encoders, scalers) is the estimator's.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

import polars as pl

from trimtab.core.errors import ConfigError, LeakageError, SchemaError, nearest
from trimtab.core.project import Project
from trimtab.models.expressions import (
    checked,
    deserialised,
    first_line,
    mixes_rows,
    roots,
    serialised,
)
from trimtab.models.features_file import call_function

_NAME = re.compile(r"^[^\W\d]\w*$")
_SAMPLE = 64


class FeatureSet:
    """Named expressions, with a hash of what they compute and the columns they read.

    Parameters
    ----------
    expressions : mapping of str to polars.Expr
        What `features()` in features.py returns. The order is the order of the features.

    Raises
    ------
    ConfigError
        If there is no feature, or one is not an expression, runs Python code (the server could
        not repeat it), reads no column, or depends on other rows.

    Examples
    --------
    >>> features = FeatureSet({"hour": pl.col("minutes") // 60})
    >>> features.lineage
    {'hour': ('minutes',)}
    >>> features.compute(pl.DataFrame({"minutes": [130]}))["hour"].to_list()
    [2]
    """

    def __init__(self, expressions: Mapping[str, pl.Expr]) -> None:
        if not expressions:
            raise ConfigError(
                "expected at least one feature, got none",
                hint="Return a feature such as {'hour': pl.col('hour')} from features().",
            )
        self.expressions = {name: checked(name, e) for name, e in expressions.items()}
        self.lineage: dict[str, tuple[str, ...]] = {
            name: roots(expression) for name, expression in self.expressions.items()
        }

    @property
    def names(self) -> list[str]:
        """The features, in order."""
        return list(self.expressions)

    @property
    def columns(self) -> list[str]:
        """The raw columns that any feature reads, sorted."""
        return sorted({column for read in self.lineage.values() for column in read})

    @property
    def hash(self) -> str:
        """Hash of the names and the expressions; comments and layout do not count."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]

    def compute(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the features of `rows`, in order, and nothing else.

        Raises
        ------
        SchemaError
            If a column is missing, or has a type that an expression cannot take.
        """
        self.require(rows.columns)
        try:
            return rows.select(**self.expressions)
        except pl.exceptions.PolarsError as error:
            raise self._blame(rows, error) from None

    def require(self, columns: Iterable[str]) -> None:
        """Raise SchemaError, naming feature, column and nearest name, if a column is missing."""
        have = set(columns)
        for name, read in self.lineage.items():
            for column in read:
                if column not in have:
                    raise SchemaError(
                        f"feature `{name}`: expected a column `{column}`, found none",
                        hint=nearest(column, have),
                        feature=name,
                        column=column,
                    )

    def refuse_leaks(self, after: Mapping[str, str] | Iterable[str]) -> None:
        """Raise LeakageError if a feature reads a column that is known only afterwards.

        Parameters
        ----------
        after : mapping or iterable of str
            Columns known only after the question was asked; a mapping says why for each.
        """
        reasons = (
            after if isinstance(after, Mapping) else dict.fromkeys(after, "`task.after` names it")
        )
        for name, read in self.lineage.items():
            for column in read:
                if column in reasons:
                    raise LeakageError(
                        f"feature `{name}` uses column `{column}`, which is known only after the "
                        f"question was asked ({reasons[column]})",
                        hint=f"Build `{name}` from columns known at that time, or remove it from "
                        "features.py.",
                        feature=name,
                        column=column,
                    )

    def refuse_neighbours(self, rows: pl.DataFrame) -> None:
        """Raise ConfigError if a feature of a row changes when the row stands alone.

        Expressions that Polars knows to mix rows are refused already when they are named; this
        finds the rest, by computing a sample of rows together and then one by one.
        """
        self.require(rows.columns)
        sample = rows.select(self.columns).head(_SAMPLE)
        together = self.compute(sample)
        alone = pl.concat([self.compute(sample[i : i + 1]) for i in range(sample.height)])
        for name in self.names:
            if not together[name].equals(alone[name], null_equal=True):
                raise mixes_rows(name)

    def to_json(self) -> str:
        """Return names and expressions as JSON that `from_json` reads back."""
        return json.dumps(
            {name: json.loads(serialised(e)) for name, e in self.expressions.items()},
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> "FeatureSet":
        """Read what `to_json` wrote. Python code inside is refused, never run."""
        parts = json.loads(text)
        return cls({name: deserialised(name, tree) for name, tree in parts.items()})

    def _blame(self, rows: pl.DataFrame, error: Exception) -> SchemaError:
        """Find the feature behind a Polars error and say what its columns were."""
        for name, expression in self.expressions.items():
            try:
                rows.select(expression)
            except pl.exceptions.PolarsError as own:
                types = ", ".join(f"`{c}` {rows.schema[c]}" for c in self.lineage[name])
                return SchemaError(
                    f"feature `{name}` cannot be computed from {types}: {first_line(own)}",
                    hint="Mend the expression in features.py, or send columns of the right type.",
                    feature=name,
                )
        return SchemaError(str(error), hint="Mend the expressions in features.py.")


def load_features(project: Project) -> FeatureSet:
    """Run `features()` of the project's features.py.

    Raises
    ------
    ConfigError
        If the file or the function is missing, or running it fails; the message has the line.
    """
    expressions = call_function(project, "features")
    if not isinstance(expressions, Mapping):
        raise ConfigError(
            f"expected features() to return a dict, got {type(expressions).__name__}",
            hint="Return {'name': pl.col('column'), ...}.",
        )
    return FeatureSet(expressions)


def load_expression(project: Project, text: str, *, columns: Iterable[str] = ()) -> pl.Expr:
    """Return the expression that `text` of the project file stands for.

    Parameters
    ----------
    project : Project
        Whose features.py holds the functions.
    text : str
        A column, `py:name` for what function `name` of features.py returns, or SQL over columns.
    columns : iterable of str, optional
        Columns of the table: a name among them is always that column, spaces or not.
    """
    if text in set(columns) or _NAME.match(text):
        return pl.col(text)
    if text.startswith("py:"):
        made = call_function(project, text.removeprefix("py:"))
        if not isinstance(made, pl.Expr):
            raise ConfigError(
                f"expected `{text}` to return an expression, got {type(made).__name__}",
                hint="Return a Polars expression, for example pl.col('delay') > 15.",
            )
        return made
    try:
        return pl.sql_expr(text)
    except pl.exceptions.PolarsError as error:
        raise ConfigError(
            f"expected a column, `py:name` or an SQL expression, got {text!r}: "
            f"{first_line(error)}",
            hint="Mend it in trimtab.toml.",
        ) from None
