"""What a variable of a condition is worth on each row, and which rows it is a mean over."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trimtab.core.errors import ConfigError, SchemaError, nearest
from trimtab.gates.condition import Model, Population, Term, Variable, Where
from trimtab.gates.judged_rows import SIDES, JudgedRows, class_value

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def known_values(rows: JudgedRows, variable: Variable) -> Floats:
    """Return `row_values`, worked out once for the same rows."""
    if variable not in rows.values:
        rows.values[variable] = row_values(rows, variable)
    return rows.values[variable]


def row_values(rows: JudgedRows, variable: Variable) -> Floats:
    """Return the value of a variable on each row, NaN where it takes a label that is missing.

    Rows outside the variable's population have a value that means nothing.

    Raises
    ------
    SchemaError
        If answers, labels or costs do not fit the metric.
    """
    metric, model = variable.metric, variable.model
    if metric == "disagreement":
        return _floats(rows.prediction("n") != rows.prediction("o"))
    if metric == "brier":
        return _brier(rows, model)
    if metric == "cost":
        return _costs(rows, variable)
    if metric == "error":
        return _errors(rows, variable)
    if metric == "precision":
        kind = rows.labels.dtype
        return _floats(rows.labels == class_value(variable.argument, kind))
    return _floats(rows.prediction(model) == rows.labels)


def members(rows: JudgedRows, population: Population) -> tuple[Bools | None, Bools | None]:
    """Return which rows belong to a population, and which may: their label is missing.

    None stands for all rows, or for no such row.

    Raises
    ------
    SchemaError
        If there is no such column, or no row has the value.
    """
    where, given = population
    inside = _slice(rows, where)
    if given is None:
        return inside, None
    if given[0] == "predicted":
        said = rows.prediction(given[1])
        return _and(inside, (said == class_value(given[2], said.dtype)).to_numpy()), None
    known_class(rows, given[1])
    labels = rows.labels
    same = (labels == class_value(given[1], labels.dtype)).fill_null(False).to_numpy()
    return _and(inside, same), _and(inside, labels.is_null().to_numpy())


def label_needs(rows: JudgedRows, terms: Sequence[Term]) -> Bools:
    """Return which rows need a label for the sum of `terms`.

    Where models that answer alike have coefficients that cancel, as in `n - o`, the row adds 0
    to the sum whatever its label is. Disagreement takes no labels at all.
    """
    if rows.fitted_baseline and any(term.variable.model == "baseline" for term in terms):
        return np.ones(rows.size, dtype=bool)  # each label has its say in the constant
    families: dict[tuple[object, object], list[Term]] = {}
    for term in terms:
        if term.variable.metric != "disagreement":
            key = (term.variable.metric, term.variable.argument)
            families.setdefault(key, []).append(term)
    needs = np.zeros(rows.size, dtype=bool)
    for (metric, _), family in families.items():
        needs |= _uncancelled(rows, str(metric), family)
    return needs


def known_class(rows: JudgedRows, name: str) -> None:
    """Refuse a class that no label and no prediction has: a slip of the pen."""
    value = class_value(name, rows.labels.dtype)
    for column in (rows.labels, *rows.predictions.values()):
        if bool((column == value).any()):
            return
    if rows.labels.null_count() == rows.size:
        return  # which classes there are is not known before the first labels
    have = [str(c) for c in rows.labels.drop_nulls().unique().sort().head(50)]
    raise SchemaError(
        f"expected a class of the labels, got `{name}`, which no row has",
        hint=nearest(name, have),
    )


def _uncancelled(rows: JudgedRows, metric: str, family: Sequence[Term]) -> Bools:
    """Return the rows where, for some model, the coefficients of those who agree do not sum to 0.

    Coefficients are decimals: they are summed as whole numbers, so that 0.3 - 0.1 - 0.2 is 0.
    """
    digits = -min(int(term.coefficient.as_tuple().exponent) for term in family)
    unit = Decimal(10) ** max(digits, 0)
    weights: dict[Model, int] = {}
    for term in family:
        model = term.variable.model
        weights[model] = weights.get(model, 0) + int(term.coefficient * unit)
    weights = {model: weight for model, weight in weights.items() if weight}
    together = sum(weights.values()) != 0  # of models that all answer alike
    if metric == "precision":  # takes the label alone: the model has only said which rows count
        return np.full(rows.size, together)
    if len(weights) == 2 and not together:
        return ~_alike(rows, metric, *weights)
    needs = np.zeros(rows.size, dtype=bool)
    for model in weights:
        agreeing = np.full(rows.size, weights[model], dtype=np.int64)
        for other in weights.keys() - {model}:
            agreeing += weights[other] * _alike(rows, metric, model, other)
        needs |= agreeing != 0
    return needs


def _alike(rows: JudgedRows, metric: str, model: str, other: str) -> Bools:
    answer = rows.score if metric == "brier" else rows.prediction
    return (answer(model) == answer(other)).to_numpy()


def _slice(rows: JudgedRows, where: Where) -> Bools | None:
    inside: Bools | None = None
    for name, value in where:
        if name not in rows.columns.columns:
            raise SchemaError(
                f"expected a column `{name}` to take the slice {name}={value} of, found none",
                hint=nearest(name, rows.columns.columns),
                column=name,
            )
        column = rows.columns[name]
        if column.dtype.is_numeric() or column.dtype == pl.Boolean:
            same = column.cast(pl.Float64) == float(class_value(value, pl.Float64()))
        else:
            same = column.cast(pl.String) == value
        if not bool(same.any()):
            have = [str(c) for c in column.drop_nulls().unique().sort().head(200)]
            raise SchemaError(
                f"expected rows with {name}={value}, found none", hint=nearest(value, have)
            )
        inside = _and(inside, same.fill_null(False).to_numpy())
    return inside


def _and(left: Bools | None, right: Bools) -> Bools:
    return right if left is None else left & right


def _floats(truth: pl.Series) -> Floats:
    return truth.cast(pl.Float64).to_numpy()


def _brier(rows: JudgedRows, model: str) -> Floats:
    scores, labels = rows.score(model), rows.labels
    if not scores.dtype.is_numeric() or not bool(scores.is_between(0, 1).all()):
        raise SchemaError(
            f"expected probabilities in the scores of `{SIDES[model]}`, got values outside 0 to 1",
            hint="Give `score` as the probability of the label being 1.",
        )
    known = labels.drop_nulls()
    if labels.dtype == pl.String or not bool(((known == 0) | (known == 1)).all()):
        raise SchemaError(
            f"expected labels of 0 and 1 for the Brier score, got others ({labels.dtype})",
            hint="Write the labels as 0 and 1, or ask for accuracy.",
        )
    return (scores.cast(pl.Float64).to_numpy() - _floats(labels)) ** 2


def _errors(rows: JudgedRows, variable: Variable) -> Floats:
    said, labels = rows.prediction(variable.model), rows.labels
    if said.dtype == pl.String:
        raise SchemaError(
            "expected numbers as labels and predictions for `error`, got text",
            hint="Ask for accuracy, or give numbers.",
        )
    low, high = (float(end) for end in variable.range)
    for column in (said, labels):
        if bool(column.cast(pl.Float64).is_infinite().any()):
            raise SchemaError(
                "expected finite numbers as labels and predictions for `error`, got infinite ones",
                hint="Mend these rows, or leave them out of the test set.",
            )
    away = np.abs(said.cast(pl.Float64).to_numpy() - _floats(labels))
    return np.clip(away, low, high)


def _costs(rows: JudgedRows, variable: Variable) -> Floats:
    """Look the cost of each row up in the matrix, whose entries must all be in the range."""
    if rows.costs is None:
        raise ConfigError(
            f"expected a cost matrix for `{variable}`, got none",
            hint="Give `costs={(truth, predicted): cost, …}` (`--costs FILE`).",
        )
    said, labels = rows.prediction(variable.model), rows.labels
    kind = labels.dtype
    entries = {
        (class_value(truth, kind), class_value(guess, kind)): float(cost)
        for (truth, guess), cost in rows.costs.items()
    }
    truths, guesses = (list(dict.fromkeys(key[side] for key in entries)) for side in (0, 1))
    low, high = (float(end) for end in variable.range)
    matrix = np.empty((len(truths), len(guesses)))
    for i, truth in enumerate(truths):
        for j, guess in enumerate(guesses):
            cost = entries.get((truth, guess))
            if cost is None:
                raise SchemaError(
                    f"expected a cost of answering {guess!r} where {truth!r} is true, found none",
                    hint="Give a cost for each pair of truth and answer, also the right ones.",
                )
            if not low <= cost <= high:
                raise SchemaError(
                    f"expected costs from {low:g} to {high:g}, as `{variable}` says, got {cost:g}",
                    hint="Widen the range in the condition, or mend the cost matrix.",
                )
            matrix[i, j] = cost
    row, column = _codes(labels, truths, "label"), _codes(said, guesses, "prediction")
    found = matrix[row, column]
    found[row < 0] = np.nan
    return found


def _codes(values: pl.Series, classes: Sequence[object], what: str) -> NDArray[np.int64]:
    """Return the place of each value in `classes`, -1 where it is missing."""
    places = pl.Series(classes, dtype=values.dtype, strict=False)
    numbers = pl.Series(range(len(classes)), dtype=pl.Int64)
    codes = values.replace_strict(places, numbers, default=None, return_dtype=pl.Int64)
    strange = values.filter(codes.is_null() & values.is_not_null())
    if len(strange):
        raise SchemaError(
            f"expected costs for each class, got none for the {what} `{strange[0]}`",
            hint="Add its costs to the cost matrix.",
        )
    return codes.fill_null(-1).to_numpy()
