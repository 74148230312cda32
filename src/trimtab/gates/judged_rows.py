"""The rows of a test set: labels, what each model answered, columns of slices. No decision.

Labels and predictions are brought to one type (whole numbers, numbers or text), so that
`True`, `1` and `1.0` are one class; what cannot be compared is refused here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from trimtab.core.errors import ConfigError, SchemaError
from trimtab.gates.answers import answers_of, as_column, as_frame, complete, one_type
from trimtab.gates.condition import Variable

SIDES = {"n": "new", "o": "old", "baseline": "baseline"}
"""How the models of a condition are called in arguments, files and messages."""

CLASS_METRICS = frozenset({"accuracy", "cost", "recall", "precision"})


@dataclass(frozen=True, slots=True, eq=False)
class JudgedRows:
    """What a condition is judged on, row by row, in the fixed order of the test set.

    `labels` is null where the label is not known; `predictions` and `scores` are by model
    (`n`, `o`, `baseline`). Labels and predictions have one type, Int64, Float64 or String.
    `fitted_baseline` says that the baseline is a constant chosen by the labels. `values` keeps
    what variables are worth on the rows, once that has been worked out.
    """

    labels: pl.Series
    predictions: Mapping[str, pl.Series]
    scores: Mapping[str, pl.Series]
    columns: pl.DataFrame
    costs: Mapping[tuple[Any, Any], float] | None
    fitted_baseline: bool = False
    values: dict[Variable, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Number of rows."""
        return len(self.labels)

    @property
    def unlabelled(self) -> NDArray[np.bool_]:
        """Which rows have no label yet, shape (n_rows,)."""
        return self.labels.is_null().to_numpy()

    def prediction(self, model: str) -> pl.Series:
        """Return the predictions of a model; they must have been given."""
        return self._answer(self.predictions, model, "prediction")

    def score(self, model: str) -> pl.Series:
        """Return the scores of a model: probabilities of the label being 1."""
        return self._answer(self.scores, model, "score")

    def _answer(self, answers: Mapping[str, pl.Series], model: str, what: str) -> pl.Series:
        if model in answers:
            return answers[model]
        side = SIDES[model]
        if model not in self.predictions and model not in self.scores:
            raise ConfigError(
                f"expected the {what}s of the model that the condition calls `{model}`, got none",
                hint=f"Give `{side}=` with one answer a row (`--{side}` on the command line).",
            )
        raise SchemaError(
            f"expected a column `{what}` in `{side}`, found none",
            hint=f"The condition is about `{what}`s: add them, one a row.",
            column=what,
        )


def judged_rows(
    labels: Any,
    models: Mapping[str, Any],
    *,
    metrics: Iterable[str],
    rows: Any = None,
    costs: Mapping[tuple[Any, Any], float] | None = None,
) -> JudgedRows:
    """Bring labels and answers to a common form, or say what is wrong with them.

    Parameters
    ----------
    labels : array_like, shape (n_rows,)
        What turned out true; None or NaN where it is not known yet.
    models : mapping of {'n', 'o', 'baseline'} to array_like or data frame
        What each model answered: an array of predictions, or a mapping or data frame with
        `prediction`, `score` (the probability of the label being 1) or both. None is no answer.
    metrics : iterable of str
        The metrics that will be asked for: they say which types make sense.
    rows : data frame, optional
        Columns that slices are about.
    costs : mapping of (truth, predicted) to float, optional
        The cost matrix.

    Raises
    ------
    SchemaError
        If lengths or types differ, an answer is missing, or classes were expected and
        probabilities came.
    """
    wanted = frozenset(metrics)
    truth = as_column(labels, "labels")
    size = len(truth)
    predictions: dict[str, pl.Series] = {}
    scores: dict[str, pl.Series] = {}
    for model, given in models.items():
        if given is None:
            continue
        said = answers_of(given, SIDES[model])
        if "prediction" in said:
            predictions[model] = complete(said["prediction"], size, SIDES[model])
        if "score" in said:
            scores[model] = complete(said["score"], size, SIDES[model])
    columns = pl.DataFrame() if rows is None else as_frame(rows)
    if rows is not None and columns.height != size:
        raise SchemaError(
            f"expected `rows` with {size:,} rows, as many as labels, got {columns.height:,}",
            hint="Give the same rows, in the same order.",
        )
    sides = {SIDES[model]: said for model, said in predictions.items()}
    alike = one_type({"labels": truth, **sides}, classes=bool(wanted & CLASS_METRICS))
    found = {model: alike[SIDES[model]] for model in predictions}
    return JudgedRows(alike["labels"], found, scores, columns, costs)


def refuse_other_classes(rows: JudgedRows) -> None:
    """Refuse labels of several classes that no model ever predicts: they are written differently.

    Which classes there are is no secret; which row has which is, and no error depends on it.
    Labels of one class alone may be the first few that were asked for.

    Raises
    ------
    SchemaError
        If all that the models predict is in none of the classes of the labels.
    """
    predictions = rows.predictions.values()
    if not predictions or any(bool((said == rows.labels).any()) for said in predictions):
        return  # the quick way to see that they share a class
    truth = rows.labels.drop_nulls().unique()
    answered = pl.concat([said.unique() for said in predictions]).unique()
    if len(truth) > 1 and not bool(truth.is_in(answered.implode()).any()):
        raise SchemaError(
            f"expected predictions that are classes of the labels ({_some(truth)}), got only "
            f"{_some(answered)}",
            hint="Write classes the same way in labels and predictions.",
        )


def class_value(text: Any, kind: pl.DataType) -> Any:
    """Return a class, written as text in a condition, as a value of `kind`.

    Raises
    ------
    SchemaError
        If it is no value of that type.
    """
    if kind == pl.String:
        return str(text)
    word = str(text).lower()
    if word in ("true", "false"):
        return int(word == "true")
    try:
        number = float(word)
        return int(number) if number.is_integer() else number
    except ValueError:
        raise SchemaError(
            f"expected a class that is a number, as the labels are, got `{text}`",
            hint="Write the class as it stands in the labels.",
        ) from None


def _some(values: pl.Series) -> str:
    shown = [str(value) for value in values.sort().head(3)]
    return ", ".join(shown) + (", …" if len(values) > len(shown) else "")
