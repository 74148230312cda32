"""A clause on the rows of a test set: groups of rows, each with a mean that the clause adds up.

Terms about the same rows are one group, paired row by row: `n - o` is the mean of one
difference, whose value is 0 wherever both models answer alike, so that such rows need no label.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trimtab.gates.condition import Clause, Population, Term, Variable
from trimtab.gates.judged_rows import JudgedRows
from trimtab.gates.row_values import Bools, Floats, known_values, label_needs, members

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class RowGroup:
    """The rows that some terms of a clause are a mean over, in the order of the test set.

    Parameters
    ----------
    terms : tuple of Term
        The terms that are added up on each row.
    index : ndarray of int, shape (m,)
        Places of the rows in the test set.
    needs_label : ndarray of bool, shape (m,)
        Whether the row's value depends on its label.
    missing : ndarray of bool, shape (m,)
        Whether it does and the label is not known.
    asked : ndarray of int
        For rows known by their label (recall): places of all rows that have to be asked for
        theirs, in order. Else empty.
    unknown : ndarray of int
        Those of `asked` whose label is missing; `index` ends before the first of them.
    """

    terms: tuple[Term, ...]
    index: Rows
    needs_label: Bools
    missing: Bools
    asked: Rows
    unknown: Rows

    @property
    def low(self) -> float:
        """The least value that a row can have."""
        return float(sum(term.range[0] for term in self.terms))

    @property
    def high(self) -> float:
        """The greatest value that a row can have."""
        return float(sum(term.range[1] for term in self.terms))

    @property
    def usable(self) -> int:
        """Number of rows before the first one whose label is missing."""
        first = int(np.argmax(self.missing)) if len(self.missing) else 0
        return first if first or self.missing[:1].any() else len(self.index)

    @property
    def takes_labels(self) -> bool:
        """Whether any row needs a label, or the group itself is known by labels."""
        return bool(self.asked.size) or bool(self.needs_label.any())

    def lacking(self, samples: int) -> tuple[int, int]:
        """Return how many labels, and then rows, are missing to use `samples` rows.

        For a group that is known by its labels both are the least numbers possible.
        """
        short = max(samples - len(self.index), 0)
        if self.unknown.size:
            return min(short, len(self.unknown)), max(short - len(self.unknown), 0)
        return int(np.count_nonzero(self.missing[:samples])), short

    def unlabelled(self, samples: int) -> Rows:
        """Return the places of rows, in order, whose labels are missing to use `samples` rows."""
        if self.asked.size:
            return self.unknown if len(self.index) < samples else self.unknown[:0]
        return self.index[:samples][self.missing[:samples]]

    def labelled(self, used: int) -> Rows:
        """Return the places of the rows whose labels went into the first `used` rows."""
        if not self.asked.size:
            return self.index[:used][self.needs_label[:used]]
        return self.asked[self.asked <= self.index[used - 1]] if used else self.asked[:0]


def row_groups(rows: JudgedRows, clause: Clause) -> tuple[RowGroup, ...]:
    """Return the groups of rows that a clause is about; values are another question.

    Raises
    ------
    TrimtabError
        If answers or slices do not fit the clause.
    """
    by_rows: dict[Population, list[Term]] = {}
    for term in clause.terms:
        by_rows.setdefault(term.variable.population, []).append(term)
    return tuple(_group(rows, population, tuple(terms)) for population, terms in by_rows.items())


def group_values(rows: JudgedRows, group: RowGroup, used: int) -> Floats:
    """Return the sum of a group's terms on its first `used` rows, NaN where a label is missing.

    Raises
    ------
    TrimtabError
        If labels, answers or costs do not fit the metrics.
    """
    total = np.zeros(used)
    for term in group.terms:
        if term.variable.metric != "disagreement":
            total += float(term.coefficient) * _values(rows, group, term.variable, used)
    np.copyto(total, 0.0, where=~group.needs_label[:used])  # exactly, whatever the label
    for term in group.terms:
        if term.variable.metric == "disagreement":
            total += float(term.coefficient) * _values(rows, group, term.variable, used)
    # 0.1 + 0.2 is above 0.3 in floats: no sum leaves the range that bounds count on
    return np.clip(total, group.low, group.high, out=total)


def variable_means(rows: JudgedRows, group: RowGroup, used: int) -> dict[Variable, float]:
    """Return the mean of each variable over the first `used` rows of a group.

    A variable whose labels are not all there (they were not needed for the difference) has none.
    """
    means = {}
    for variable in dict.fromkeys(term.variable for term in group.terms):
        mean = float(_values(rows, group, variable, used).mean()) if used else np.nan
        if not np.isnan(mean):
            means[variable] = mean
    return means


def _group(rows: JudgedRows, population: Population, terms: tuple[Term, ...]) -> RowGroup:
    inside, perhaps = members(rows, population)
    asked = unknown = np.empty(0, dtype=np.int64)
    index = _places(rows, inside)
    if perhaps is not None:
        asked = _places(rows, members(rows, (population[0], None))[0])
        unknown = np.flatnonzero(perhaps)
        index = index[index < unknown[0]] if unknown.size else index
    needs = label_needs(rows, terms)
    missing = needs & rows.unlabelled
    if len(index) < rows.size:
        needs, missing = needs[index], missing[index]
    return RowGroup(terms, index, needs, missing, asked, unknown)


def _places(rows: JudgedRows, inside: Bools | None) -> Rows:
    return np.arange(rows.size) if inside is None else np.flatnonzero(inside)


def _values(rows: JudgedRows, group: RowGroup, variable: Variable, used: int) -> Floats:
    values = known_values(rows, variable)
    if len(group.index) == rows.size:
        return values[:used]
    return values[group.index[:used]]
