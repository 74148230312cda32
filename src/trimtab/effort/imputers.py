"""Guesses for unsure numbers from the other columns: a linear model, and neighbours.

The label is never looked at. A repair that knows the label makes rows look more like their class
than they are: predictions would seem certain, and accurate, because of the answer itself.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from trimtab.effort.cleaning_columns import Cells, RepairedColumn
from trimtab.stats.arrays import FloatArray, IntArray

_FITTED_ROWS = 2_000
_MODEL_ROUNDS = 5
_NEIGHBOURS = 5
_FEWEST_KNOWN = 5


def guessed_numbers(
    columns: Sequence[RepairedColumn], cells: Cells, rows: Sequence[int]
) -> dict[str, dict[str, FloatArray]]:
    """Guess the empty cells of number columns in some rows.

    `IterativeImputer` with `Ridge` (5 rounds, kept between the ends of the column) and
    `KNNImputer` (5 neighbours) of scikit-learn, both fitted on at most 2,000 rows spread evenly.
    Texts enter by their commonest levels, one feature each.

    Parameters
    ----------
    columns : sequence of RepairedColumn
    cells : mapping of str to sequence
        In plain form; suspects are None here, since they shall neither be kept nor learnt from.
    rows : sequence of int
        Numbers of the rows to guess in.

    Returns
    -------
    dict
        By name of the guess, `model` first, and by column: one number for each of `rows`. A
        column of fewer than 5 known numbers is left out.
    """
    numbers = [column for column in columns if column.is_number]
    if not rows or not numbers:
        return {}
    known = _as_numbers(columns, cells)
    wanted = known[list(rows)]
    taken = known[spread(len(known), _FITTED_ROWS)]
    found: dict[str, dict[str, FloatArray]] = {}
    for name, imputer in (("model", _model()), ("neighbours", _neighbours())):
        with warnings.catch_warnings():
            # few rounds are meant: a guess need not converge
            warnings.simplefilter("ignore")
            imputer.fit(taken)
            filled = imputer.transform(wanted)
        enough = (~np.isnan(taken)).sum(axis=0) >= _FEWEST_KNOWN
        found[name] = {
            column.name: filled[:, place] * column.width + column.low
            for place, column in enumerate(numbers)
            if enough[place]
        }
    return found


def _as_numbers(columns: Sequence[RepairedColumn], cells: Cells) -> FloatArray:
    """Return numbers from 0 to 1 (NaN where one is missing), then texts as 0 or 1 a common level.

    A number past an end of its column stands at that end: one far off would pull the model.
    """
    numbers = [
        np.clip([np.nan if v is None else (v - c.low) / c.width for v in cells[c.name]], 0.0, 1.0)
        for c in columns
        if c.is_number
    ]
    levels = [
        np.array([value == level for value in cells[c.name]], dtype=np.float64)
        for c in columns
        for level in c.repairs
        if not c.is_number
    ]
    return np.column_stack(numbers + levels)


def _model() -> Any:
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer
    from sklearn.linear_model import Ridge

    return IterativeImputer(
        Ridge(), max_iter=_MODEL_ROUNDS, tol=0.0, keep_empty_features=True, skip_complete=True,
        min_value=0.0, max_value=1.0, random_state=0,
    )  # fmt: skip


def _neighbours() -> Any:
    from sklearn.impute import KNNImputer

    return KNNImputer(n_neighbors=_NEIGHBOURS, keep_empty_features=True)


def spread(n: int, most: int) -> IntArray:
    """Return at most so many row numbers, spread evenly."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).astype(np.int64)
