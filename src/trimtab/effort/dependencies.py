"""Which column nearly determines which: groups of rows that share a key and nearly one value.

Approximate functional dependencies of one column on one other, found by counting; not those of
several columns together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trimtab.effort.cleaning_columns import Cells, shown
from trimtab.stats.arrays import IntArray

_AGREEING = 0.9
_SMALLEST_GROUP = 3
_LEAST_COVERED = 0.5
# with the key at most half as many rows may disagree as with the commonest value of all: what is
# nearly constant anyhow is determined by nothing
_LEFT_OVER = 0.5
# a group speaks if one cell in so many differs at most, or one in all
_ONE_IN = 4


@dataclass(frozen=True, slots=True)
class GroupValue:
    """What the rows that share a key hold in a column: most of them, and the next most."""

    key: str
    key_value: Any
    value: Any
    runner_up: Any
    n_agreeing: int
    n_rows: int

    @property
    def sentence(self) -> str:
        """The evidence in words."""
        return (
            f"{self.n_agreeing} of {self.n_rows} rows with {self.key} "
            f"{shown(self.key_value, most=30)} have {shown(self.value, most=30)}"
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    """A key that nearly determines a column: by code of the key, what its rows hold."""

    key: str
    share_wrong: float
    majority: IntArray
    runner_up: IntArray
    n_agreeing: IntArray
    n_rows: IntArray


class Dependencies:
    """Columns that nearly determine others, found in the cells at hand.

    A key determines a column if at least 90 % of the rows in groups of 3 or more agree with the
    majority of their group, such groups hold half of the rows, and at most half as many rows
    disagree as would with the commonest value of the whole column. Of its groups those speak in
    which at most a quarter of the rows, or a single one, disagree. A poor choice where
    exceptions are real: a rule that holds for 95 % of honest rows looks the same.

    Parameters
    ----------
    cells : mapping of str to sequence
        Columns in plain form, of equal length.
    targets : sequence of str
        The columns that may be determined; all columns may be keys.
    """

    def __init__(self, cells: Cells, targets: Sequence[str]) -> None:
        self._levels: dict[str, list[Any]] = {}
        self._codes: dict[str, IntArray] = {}
        for name, values in cells.items():
            self._levels[name], self._codes[name] = _coded(values)
        self._rules = {
            column: sorted(
                (
                    rule
                    for key in cells
                    if key != column and (rule := self._rule(key, column)) is not None
                ),
                key=lambda rule: rule.share_wrong,
            )
            for column in targets
        }

    @property
    def found(self) -> Mapping[str, tuple[str, ...]]:
        """The keys of each column that has any, strongest first."""
        return {
            column: tuple(rule.key for rule in rules)
            for column, rules in self._rules.items()
            if rules
        }

    def told(self, row: int, column: str) -> GroupValue | None:
        """Return what the strongest key says of a cell, None if no key does."""
        for rule in self._rules[column]:
            if (said := self._said(rule, row, column)) is not None:
                return said
        return None

    def against(self, column: str) -> dict[int, GroupValue]:
        """Return the rows whose cell differs from what most keys say, with the evidence.

        A row whose key is wrong differs in all that the key determines; so a cell that other
        keys confirm is left alone.
        """
        mine = self._codes[column]
        votes = np.zeros(len(mine), dtype=np.int64)
        for rule in self._rules[column]:
            codes = self._codes[rule.key]
            wanted = np.where(codes >= 0, rule.majority[codes], -1)
            speaks = (wanted >= 0) & (mine >= 0)
            votes += np.where(speaks, np.where(wanted == mine, -1, 1), 0)
        found: dict[int, GroupValue] = {}
        for row in np.flatnonzero(votes > 0).tolist():
            said = [self._said(rule, row, column) for rule in self._rules[column]]
            here = self._levels[column][mine[row]]
            found[row] = next(s for s in said if s is not None and s.value != here)
        return found

    def _said(self, rule: _Rule, row: int, column: str) -> GroupValue | None:
        key = self._codes[rule.key][row]
        if key < 0 or rule.majority[key] < 0:
            return None
        levels, second = self._levels[column], rule.runner_up[key]
        return GroupValue(
            key=rule.key,
            key_value=self._levels[rule.key][key],
            value=levels[rule.majority[key]],
            runner_up=levels[second] if second >= 0 else None,
            n_agreeing=int(rule.n_agreeing[key]),
            n_rows=int(rule.n_rows[key]),
        )

    def _rule(self, key: str, column: str) -> _Rule | None:
        keys, values = self._codes[key], self._codes[column]
        known = (keys >= 0) & (values >= 0)
        n_keys, n_levels = len(self._levels[key]), len(self._levels[column])
        if not known.any():
            return None
        n_rows = np.bincount(keys[known], minlength=n_keys)
        big = n_rows >= _SMALLEST_GROUP
        covered = known & np.where(keys >= 0, big[keys], False)
        if covered.sum() < max(_LEAST_COVERED * known.sum(), 1):
            return None
        pairs, counts = np.unique(keys[covered] * n_levels + values[covered], return_counts=True)
        group, level = np.divmod(pairs, n_levels)
        order = np.lexsort((level, -counts, group))
        group, level, counts = group[order], level[order], counts[order]
        first = np.flatnonzero(np.diff(group, prepend=-1))
        n_wrong = covered.sum() - counts[first].sum()
        n_plain = covered.sum() - np.bincount(values[covered]).max()
        if n_wrong > min((1 - _AGREEING) * covered.sum(), _LEFT_OVER * n_plain) or not n_plain:
            return None
        majority, agreeing, runner_up = (np.full(n_keys, -1) for _ in range(3))
        size = n_rows[group[first]]
        clear = first[size - counts[first] <= np.maximum(1, size // _ONE_IN)]
        majority[group[clear]], agreeing[group[clear]] = level[clear], counts[clear]
        second = clear[clear + 1 < len(group)] + 1
        second = second[group[second] == group[second - 1]]
        runner_up[group[second]] = level[second]
        return _Rule(key, float(n_wrong / covered.sum()), majority, runner_up, agreeing, n_rows)


def _coded(values: Sequence[Any]) -> tuple[list[Any], IntArray]:
    """Return the values that occur, sorted, and the place of each; -1 where one is missing."""
    levels = sorted({value for value in values if value is not None})
    place = {level: number for number, level in enumerate(levels)}
    return levels, np.array([place.get(value, -1) for value in values], dtype=np.int64)
