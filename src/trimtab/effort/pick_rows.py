"""Pick the best model on a table of predictions, with labels that come when they come.

The table is gone through in a fixed random order, so that a call with more labels goes on where
the last one stopped, and nothing has to be kept between calls.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimtab.effort.class_codes import ClassCodes
from trimtab.effort.pick_answer import Pick
from trimtab.effort.pick_choice import ModelChoice, Standing
from trimtab.effort.pick_table import random_order, rows_to_pick_on
from trimtab.effort.picking import ModelPicker


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
    missing, tallies, curve = _replayed(picker, order, pool, classes, truth)
    found = picker.result(label_cost=label_cost, cost_unit=cost_unit)
    return ModelChoice(
        outcome=found.outcome,
        best=names[found.best],
        confidence=found.confidence,
        tolerance=tolerance,
        delta=delta,
        standings=_standings(names, tallies, found),
        next_rows=tuple(table[key][place] for place in missing[:n]),
        rows=table.height,
        rows_apart=int(apart.sum()),
        labels_given=sum(label is not None for label in truth),
        labels_used=found.labels_used,
        labels_left=len(missing),
        cost=found.cost,
        cost_left=None if label_cost is None else label_cost * len(missing),
        cost_unit=cost_unit,
        curve=tuple((used, names[best], sure) for used, best, sure in curve),
        assumptions=found.assumptions,
    )


def _standings(
    names: list[str], tallies: list[tuple[int, int]], found: Pick
) -> tuple[Standing, ...]:
    """Return how models stand: the answer, then those that may be best, the longest in first."""
    standings = [
        Standing(name, *tallies[place], place in found.contenders)
        for place, name in enumerate(names)
    ]
    best = names[found.best]
    return tuple(
        sorted(standings, key=lambda s: (s.model != best, not s.contender, -s.labels, s.mistakes))
    )


def _replayed(
    picker: ModelPicker,
    order: list[int],
    pool: NDArray[np.int64],
    classes: list[tuple[Any, ...]],
    truth: list[Any],
) -> tuple[list[int], list[tuple[int, int]], list[tuple[int, int, float]]]:
    """Go on until a label is missing.

    Return the rows whose labels may be needed, each model's mistakes and the labels that they
    were counted on, and the way.
    """
    tallies = [(0, 0)] * pool.shape[1]
    curve: list[tuple[int, int, float]] = []
    for done, place in enumerate(order):
        if not picker.wants(pool[place]):
            picker.ask(pool[place])
            continue
        if truth[place] is None:
            rest = [p for p in order[done:] if truth[p] is None and picker.wants(pool[p])]
            return rest, tallies, curve
        picker.ask(pool[place])
        wrong = [said != truth[place] for said in classes[place]]
        # the label as the code of a model that is right, or one that no model has
        right = [code for code, off in zip(pool[place], wrong, strict=True) if not off]
        out = picker.ruled_out
        # labels asked for on account of others are no sample of what a model ruled out does
        tallies = [
            tally if model in out else (tally[0] + wrong[model], tally[1] + 1)
            for model, tally in enumerate(tallies)
        ]
        picker.tell(int(right[0]) if right else -1)
        curve.append((picker.labels_used, picker.best(), picker.confidence))
    return [], tallies, curve
