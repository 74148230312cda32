"""Pick the best model on a table of predictions, with labels that come when they come.

The table is gone through in a fixed random order, so that a call with more labels goes on where
the last one stopped, and nothing has to be kept between calls.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimtab.core.records import Record
from trimtab.effort.class_codes import ClassCodes
from trimtab.effort.pick_answer import Outcome
from trimtab.effort.pick_table import random_order, rows_to_pick_on
from trimtab.effort.picking import ModelPicker


@dataclass(frozen=True, slots=True)
class Standing(Record):
    """How a model stands: its mistakes on the labels used, and whether it may be the best."""

    model: str
    mistakes: int
    contender: bool


@dataclass(frozen=True, slots=True)
class ModelChoice(Record):
    """Which model is best on a table, how sure that is, and which rows to label next.

    Parameters
    ----------
    outcome : {'done', 'not enough data'}
        Whether `confidence` has reached 1 - `delta`.
    best : str
        The answer so far.
    confidence : float
        Lower bound on the probability that `best` is best on the table, or within `tolerance`.
    tolerance, delta : float
        What was asked for.
    standings : tuple of Standing
        The models, contenders with the fewest mistakes first. Labels are asked for where
        models disagree, so mistakes over labels is no error rate.
    next_rows : tuple
        Ids of rows to label next, the most urgent first.
    rows, rows_apart : int
        Rows of the table, and those on which models disagree: what skipping the others alone
        would leave to label.
    labels_used, labels_left : int
        Labels that the answer rests on, and how many more it may take at most.
    cost, cost_left : float or None
        What both cost, in `cost_unit`.
    curve : tuple of (int, str, float)
        After each label used: how many, the answer then, and its confidence.
    assumptions : tuple of str
        What the confidence rests on.
    """

    outcome: Outcome
    best: str
    confidence: float
    tolerance: float
    delta: float
    standings: tuple[Standing, ...]
    next_rows: tuple[Any, ...]
    rows: int
    rows_apart: int
    labels_used: int
    labels_left: int
    cost: float | None
    cost_left: float | None
    cost_unit: str
    curve: tuple[tuple[int, str, float], ...]
    assumptions: tuple[str, ...]


def pick_model(
    predictions: Any,
    labels: Any = None,
    *,
    models: tuple[str, ...] = (),
    key: str = "id",
    label: str = "label",
    tolerance: float = 0.0,
    delta: float = 0.05,
    n: int = 20,
    label_cost: float | None = None,
    cost_unit: str = "minutes",
) -> ModelChoice:
    """Say which of several classifiers errs least on a table's rows, or what to label for it.

    Rows are taken in an order that a hash of their ids fixes, and only where models that may
    still be the best disagree is a label needed (`ModelPicker` with `rows`). Labels of other
    rows are left out: which rows were labelled first has no influence. Call it again when
    labels have come; `delta` is the chance that it is ever sure of a wrong answer.

    Assumes that the table stays the same from call to call, that labels are true, and that a
    row's label does not depend on its id. A poor choice where the best model on *other* rows
    is sought, and more than two or three models are close: see `ModelPicker` without `rows`.

    Parameters
    ----------
    predictions : path or table
        One row an id, one column a model: the class it predicts.
    labels : path or table, optional
        Ids and labels, of any rows; missing labels are null. By default the column `label` of
        `predictions`, if there is one.
    models : tuple of str, optional
        Columns of predictions; by default all but `key` and `label`.
    key, label : str
        Columns of ids and labels.
    tolerance : float, default=0
        Difference in the share of mistakes that does not matter.
    delta : float, default=0.05
        Chance of error.
    n : int, default=20
        How many rows to name for labelling. The fewer at a time, the fewer in all: a batch may
        hold rows that the labels before it make needless.
    label_cost : float, optional
        What one label costs, in `cost_unit`.
    cost_unit : str, default='minutes'
        Minutes, or money.

    Returns
    -------
    ModelChoice
        The answer, or which rows to label.

    Raises
    ------
    SchemaError
        If a column is missing, a prediction is null, or there are fewer than two models.
    KeyClashError
        If an id is missing or stands for two rows.
    ValueError
        If `delta`, `tolerance` or `n` is out of range.

    Examples
    --------
    >>> import polars as pl
    >>> said = pl.DataFrame({"id": range(60), "old": [0, 1] * 30, "new": [1] * 60})
    >>> choice = pick_model(said, n=3)
    >>> choice.outcome, choice.next_rows, choice.labels_left
    ('not enough data', (34, 46, 22), 30)
    >>> truth = pl.DataFrame({"id": range(60), "label": [1] * 60})
    >>> choice = pick_model(said, truth, label_cost=0.5)
    >>> choice.best, choice.labels_used, choice.cost
    ('new', 8, 4.0)
    """
    if n < 1:
        raise ValueError(f"expected `n` of 1 row or more, got {n}")
    table, names = rows_to_pick_on(predictions, labels, models=models, key=key, label=label)
    classes = table.select(names).rows()
    truth = table[label].to_list()
    pool = ClassCodes().table(np.array(classes, dtype=object))
    apart = (pool != pool[:, :1]).any(axis=1)
    picker = ModelPicker(len(names), tolerance=tolerance, delta=delta, rows=pool)
    order = [int(place) for place in random_order(table[key]) if apart[place]]
    missing, mistakes, curve = _replayed(picker, order, pool, classes, truth)
    found = picker.result(label_cost=label_cost, cost_unit=cost_unit)
    standings = [
        Standing(name, mistakes[place], place in found.contenders)
        for place, name in enumerate(names)
    ]
    return ModelChoice(
        outcome=found.outcome,
        best=names[found.best],
        confidence=found.confidence,
        tolerance=tolerance,
        delta=delta,
        standings=tuple(sorted(standings, key=lambda s: (not s.contender, s.mistakes))),
        next_rows=tuple(table[key][place] for place in missing[:n]),
        rows=table.height,
        rows_apart=int(apart.sum()),
        labels_used=found.labels_used,
        labels_left=len(missing),
        cost=found.cost,
        cost_left=None if label_cost is None else label_cost * len(missing),
        cost_unit=cost_unit,
        curve=tuple((used, names[best], sure) for used, best, sure in curve),
        assumptions=found.assumptions,
    )


def _replayed(
    picker: ModelPicker,
    order: list[int],
    pool: NDArray[np.int64],
    classes: list[tuple[Any, ...]],
    truth: list[Any],
) -> tuple[list[int], list[int], list[tuple[int, int, float]]]:
    """Go on until a label is missing; return all that may be needed, mistakes, and the way."""
    mistakes = [0] * pool.shape[1]
    curve: list[tuple[int, int, float]] = []
    for done, place in enumerate(order):
        if not picker.wants(pool[place]):
            picker.ask(pool[place])
            continue
        if truth[place] is None:
            rest = [p for p in order[done:] if truth[p] is None and picker.wants(pool[p])]
            return rest, mistakes, curve
        picker.ask(pool[place])
        wrong = [said != truth[place] for said in classes[place]]
        # the label as the code of a model that is right, or one that no model has
        right = [code for code, off in zip(pool[place], wrong, strict=True) if not off]
        picker.tell(int(right[0]) if right else -1)
        mistakes = [have + off for have, off in zip(mistakes, wrong, strict=True)]
        curve.append((picker.labels_used, picker.best(), picker.confidence))
    return [], mistakes, curve
