"""What the rows most alike hold in a text cell: alike in the columns that tell of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trimtab.effort.cleaning_columns import Cells, RepairedColumn
from trimtab.effort.imputers import spread
from trimtab.stats.arrays import FloatArray, IntArray

_DONORS = 5_000
_ALIKE = 10
_BLOCK = 256
_BINS = 10
_LEAST_WEIGHT = 1e-3


def alike_values(
    columns: Sequence[RepairedColumn],
    cells: Cells,
    unsure: Mapping[int, Sequence[str]],
    wanted: Mapping[str, Sequence[int]],
) -> dict[tuple[int, str], list[str]]:
    """Return what the rows most alike hold in the text cells wanted, likeliest first.

    Two rows are as far apart as the share of columns, known in both, that differ; numbers count
    by their difference over the width of the column (Gower's distance). A column weighs as much
    as it tells of the one wanted: by how much the errors of guessing from others with its value
    fall below those of guessing the commonest text (`told_share`). Of the ten nearest other rows
    those values that occur most, and of equal ones the nearest, come first.

    At most 5,000 rows spread evenly lend their values. A poor choice where only several columns
    together tell of the one wanted.

    Parameters
    ----------
    columns : sequence of RepairedColumn
        Further columns of `cells` count as equal or different.
    cells : mapping of str to sequence
        In plain form, of equal length.
    unsure : mapping of int to sequence of str
        The cells, by row, that are not looked at when its neighbours are sought.
    wanted : mapping of str to sequence of int
        The rows to guess in, by text column.
    """
    numbers = {column.name: column for column in columns if column.is_number}
    coded = {name: _coded(numbers.get(name), values) for name, values in cells.items()}
    doubted = {name: np.zeros(len(values), dtype=np.bool_) for name, values in coded.items()}
    for row, names in unsure.items():
        for name in names:
            doubted[name][row] = True
    donors = spread(len(next(iter(coded.values()))), _DONORS)
    found: dict[tuple[int, str], list[str]] = {}
    for target, rows in wanted.items():
        lending = donors[~np.isnan(coded[target][donors])]
        weights = {
            name: told_share(_binned(values) if name in numbers else values, coded[target])
            for name, values in coded.items()
            if name != target
        }
        for start in range(0, len(rows), _BLOCK):
            block = np.array(rows[start : start + _BLOCK])
            apart = _distances(coded, doubted, weights, numbers.keys(), block, lending)
            apart[block[:, None] == lending] = np.inf
            for row, distance in zip(block.tolist(), apart, strict=True):
                nearest = np.argsort(distance, kind="stable")[:_ALIKE]
                near = lending[nearest[np.isfinite(distance[nearest])]]
                found[row, target] = _by_votes([cells[target][donor] for donor in near])
    return found


def told_share(keys: FloatArray, values: FloatArray) -> float:
    """Return by what share a key lowers the errors of guessing a value, from 0 to 1.

    Each value is guessed as the commonest among the other rows with its key, against as the
    commonest of all (Goodman and Kruskal's lambda, leaving one out); NaN where one is missing.

    Examples
    --------
    >>> keys, values = np.array([0.0, 0, 0, 1, 1, 1]), np.array([5.0, 5, 5, 7, 7, 7])
    >>> told_share(keys, values), told_share(np.arange(6.0), values)
    (1.0, 0.0)
    """
    known = ~np.isnan(keys) & ~np.isnan(values)
    if not known.any():
        return 0.0
    levels, value = np.unique(values[known], return_inverse=True)
    _, key = np.unique(keys[known], return_inverse=True)
    n_plain_wrong = value.size - np.bincount(value).max()
    if not n_plain_wrong:
        return 0.0
    pairs, counts = np.unique(key * levels.size + value, return_counts=True)
    group = pairs // levels.size
    order = np.lexsort((-counts, group))
    group, counts = group[order], counts[order]
    first = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(first[1:], group.size)
    most = counts[first]
    next_most = np.where(first + 1 < ends, counts[np.minimum(first + 1, group.size - 1)], 0)
    # without itself, a row of the commonest value still sees that value ahead
    n_right = most[most - 1 > next_most].sum()
    return float(max(0.0, 1 - (value.size - n_right) / n_plain_wrong))


def _distances(
    coded: Mapping[str, FloatArray],
    doubted: Mapping[str, Any],
    weights: Mapping[str, float],
    numbers: Any,
    block: IntArray,
    lending: IntArray,
) -> FloatArray:
    """Return how far rows are from lending ones, infinite if no column is known in both."""
    total = np.zeros((block.size, lending.size))
    shared = np.zeros_like(total)
    for name, weight in weights.items():
        values = coded[name]
        ours = np.where(doubted[name][block], np.nan, values[block])[:, None]
        theirs = values[lending][None]
        both = ~np.isnan(ours) & ~np.isnan(theirs)
        apart = np.minimum(abs(ours - theirs), 1) if name in numbers else ours != theirs
        total += np.where(both, apart, 0) * (weight + _LEAST_WEIGHT)
        shared += both * (weight + _LEAST_WEIGHT)
    found: FloatArray = np.where(shared > 0, total / np.where(shared > 0, shared, 1), np.inf)
    return found


def _by_votes(values: Sequence[str]) -> list[str]:
    """Return values by how often they occur; the sort keeps the nearest of equal ones first."""
    return sorted(dict.fromkeys(values), key=lambda value: -values.count(value))


def _coded(column: RepairedColumn | None, values: Sequence[Any]) -> FloatArray:
    """Return numbers on the scale of their column, others as codes; NaN where one is missing."""
    if column is not None:
        found: FloatArray = np.array([np.nan if v is None else v for v in values])
        return (found - column.low) / column.width
    codes: dict[Any, float] = {}
    return np.array(
        [np.nan if v is None else codes.setdefault(v, float(len(codes))) for v in values]
    )


def _binned(values: FloatArray) -> FloatArray:
    """Return the tenth of the column that each number lies in, NaN where one is missing."""
    edges = np.nanquantile(values, np.linspace(0, 1, _BINS + 1)[1:-1])
    return np.where(np.isnan(values), np.nan, np.searchsorted(edges, values))
