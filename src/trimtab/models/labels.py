"""What the values of a label column mean to a task of each kind."""

import polars as pl

from trimtab.core.errors import SchemaError
from trimtab.core.records import TaskKind

YES = frozenset(["1", "1.0", "yes", "y", "true", "t", "positive", "pos"])
NO = frozenset(["0", "0.0", "no", "n", "false", "f", "negative", "neg"])


def label_values(values: pl.Series, kind: TaskKind) -> pl.Series:
    """Return labels as every room expects them: Int8 0/1, class names, or numbers.

    Parameters
    ----------
    values : polars.Series
        What the label expression gives; null and NaN mean *not known*.
    kind : {'binary', 'multiclass', 'regression'}
        Binary labels may be booleans, or any two values: the greater number stands for 1, the
        word yes or true, or else the word that comes later in the alphabet. Classes become text.
        Numbers that are infinite count as unknown.

    Raises
    ------
    SchemaError
        If the values do not fit the kind.
    """
    if values.dtype in (pl.Categorical, pl.Enum):
        values = values.cast(pl.String)
    if values.dtype.is_float():
        values = pl.select(pl.when(values.is_finite()).then(values)).to_series()
    if values.dtype.is_decimal():
        values = values.cast(pl.Float64)
    if kind == "binary":
        return _binary(values)
    if kind == "multiclass":
        return _classes(values)
    if not (values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Null)):
        raise SchemaError(
            f"expected numbers as label of a regression task, got {values.dtype}",
            hint='Set `task.kind` to "binary" or "multiclass", or make the label a number.',
        )
    return values.cast(pl.Float64)


def _binary(values: pl.Series) -> pl.Series:
    if values.dtype in (pl.Boolean, pl.Null):
        return values.cast(pl.Int8)
    found = values.drop_nulls().unique().sort().to_list()
    words = [str(value).strip().lower() for value in found]
    yes = [value for value, word in zip(found, words, strict=True) if word in YES]
    if len(found) == 2:
        is_word = len(yes) == 1 and values.dtype == pl.String
        positive = yes[0] if is_word else found[1]
        hits = pl.select(pl.lit(values) == positive).to_series()
        return hits.cast(pl.Int8)
    if len(found) < 2 and set(words) <= YES | NO:  # a young table may have seen one side only
        return pl.select(pl.when(values.is_not_null()).then(len(yes)).cast(pl.Int8)).to_series()
    shown = ", ".join(repr(value) for value in found[:4])
    raise SchemaError(
        f"expected two values in a binary label, got {len(found)}: {shown}"
        f"{' …' if len(found) > 4 else ''}",
        hint='Set `task.kind` to "multiclass" or "regression", or write the label as a '
        "condition such as `delay > 15`.",
    )


def _classes(values: pl.Series) -> pl.Series:
    """Return class names; 3.0 and 3 are one class."""
    if values.dtype.is_float() and bool(
        (values.drop_nulls() == values.drop_nulls().round()).all()
    ):
        values = values.cast(pl.Int64)
    return values.cast(pl.String)
