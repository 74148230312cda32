"""Cells that are there but may be wrong: named by people, or found by three careful rules."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from trimtab.effort.cleaning_columns import Cells, shown
from trimtab.effort.dependencies import Dependencies
from trimtab.stats.arrays import FloatArray

_RARE, _FREQUENT = 2, 5
_SHORTEST = 3
_LETTERS_AN_EDIT = 5
_FAR = 10.0
_MOST_FAR = 0.01
_FEWEST_NUMBERS = 20
_PAIRS = 4_000_000


@dataclass(frozen=True, slots=True)
class Suspect:
    """A cell that may be wrong, why, and what more likely stands there, likeliest first.

    `instead` holds pairs of a value and where it comes from; it is empty for a cell that people
    named.
    """

    row: int
    column: str
    reason: str
    instead: tuple[tuple[Any, str], ...] = ()


def find_suspects(cells: Cells, targets: Sequence[str]) -> list[Suspect]:
    """Find cells that are probably wrong, by row and column.

    Three rules, each made to stay silent when in doubt: a rare text that is a few letters from a
    frequent one (see `likely_typos`); a cell that differs from most rows of its group, where
    groups nearly determine the column (see `Dependencies`); a number far outside of its column
    (see `far_numbers`). What they name is to be looked at by a person, who may find it right.

    Assumes that errors are rare and not made alike: an error that most rows of a group share is
    taken for the truth. A poor choice where sources copy from each other.

    Parameters
    ----------
    cells : mapping of str to sequence
        Columns in plain form, without the label: what a class makes likely is no evidence here.
    targets : sequence of str
        The columns to look for suspects in; the others serve as keys of groups.

    Returns
    -------
    list of Suspect

    Examples
    --------
    >>> towns = ["bonn"] * 9 + ["bomn"]
    >>> find_suspects({"town": towns}, ["town"])[0].reason
    'occurs once, and bonn 9 times'
    """
    groups = Dependencies(cells, targets)
    found: list[Suspect] = []
    for column in targets:
        if any(isinstance(cell, float) for cell in cells[column]):
            found += far_numbers(column, cells[column])
        else:
            found += likely_typos(column, cells[column])
        found += [
            Suspect(row, column, said.sentence, tuple(
                (value, f"same {said.key}")
                for value in (said.value, said.runner_up)
                if value is not None and value != cells[column][row]
            ))
            for row, said in groups.against(column).items()
        ]  # fmt: skip
    order = {name: number for number, name in enumerate(targets)}
    return merged(sorted(found, key=lambda suspect: (suspect.row, order[suspect.column])))


def merged(suspects: Sequence[Suspect]) -> list[Suspect]:
    """Return one suspect a cell, with all reasons; the last one's values come first.

    What a group holds is better evidence than what is spelt alike.
    """
    cells: dict[tuple[int, str], Suspect] = {}
    for one in suspects:
        before = cells.get((one.row, one.column))
        if before is not None:
            instead = dict(one.instead)
            more = tuple(pair for pair in before.instead if pair[0] not in instead)
            reason = f"{one.reason}; {before.reason}"
            one = Suspect(one.row, one.column, reason, one.instead + more)
        cells[one.row, one.column] = one
    return list(cells.values())


def likely_typos(column: str, values: Sequence[Any]) -> Iterator[Suspect]:
    """Yield texts that occur once or twice and nearly spell one that occurs 5 times or more.

    At most one edit for each five letters, one at least; texts under three letters are left
    alone, and so are those that differ in digits only: 95 and 98 are two values, `9x` is none.
    """
    counts = Counter(value for value in values if value is not None)
    frequent = sorted(
        (text for text, n in counts.items() if n >= _FREQUENT), key=lambda t: (-counts[t], t)
    )
    rare = [t for t, n in counts.items() if n <= _RARE and len(t) >= _SHORTEST]
    near = {text: _near(text, others) for text, others in _worth_a_look(rare, frequent)}
    for row, value in enumerate(values):
        if near.get(value):
            times = "once" if counts[value] == 1 else "twice"
            like = ", ".join(
                f"{shown(text, most=30)} {counts[text]:,} times" for text in near[value][:2]
            )
            yield Suspect(
                row, column, f"occurs {times}, and {like}",
                tuple((text, "spelt alike") for text in near[value][:3]),
            )  # fmt: skip


def far_numbers(column: str, values: Sequence[Any]) -> Iterator[Suspect]:
    """Yield numbers past a gap of ten interquartile ranges that starts outside of the quartiles.

    The gap tells errors from a long tail, whose numbers lie close behind each other. None if
    more than 1 % of the column lies past it, if there are under 20 numbers, or if half of them
    are equal.
    """
    numbers: FloatArray = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    known = np.sort(numbers[~np.isnan(numbers)])
    if known.size < _FEWEST_NUMBERS:
        return
    low, high = (float(q) for q in np.quantile(known, [0.25, 0.75]))
    if low == high:
        return
    gaps = np.flatnonzero(np.diff(known) > _FAR * (high - low))
    below, above = gaps[known[gaps] < low], gaps[known[gaps] >= high]
    least = known[below[-1] + 1] if below.size else -np.inf
    most = known[above[0]] if above.size else np.inf
    far = np.flatnonzero((numbers < least) | (numbers > most))
    if far.size > max(_MOST_FAR * known.size, 1):
        return
    for row in far.tolist():
        yield Suspect(
            row, column, f"far outside: half of the column is from {shown(low)} to {shown(high)}"
        )


def _worth_a_look(rare: Sequence[str], frequent: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each rare text with the frequent ones whose letters are nearly the same.

    Counts of letters tell most pairs apart at once, which spares the slow comparison.
    """
    from scipy.spatial.distance import cdist

    if not rare or not frequent:
        return
    theirs = _letters(frequent)
    # numbers written as text differ in digits only, whatever they are
    is_number = np.array([text.isdigit() for text in frequent])
    step = max(1, _PAIRS // len(frequent))
    for start in range(0, len(rare), step):
        block = rare[start : start + step]
        differing = cdist(_letters(block), theirs, "cityblock")
        for text, letters in zip(block, differing, strict=True):
            close = (letters <= 2 * _allowed(text)) & ~(is_number & text.isdigit())
            if close.any():
                yield text, [frequent[place] for place in np.flatnonzero(close).tolist()]


def _letters(texts: Sequence[str]) -> FloatArray:
    """Return how often each letter (its code modulo 64) occurs, shape (n_texts, 64)."""
    counts = np.zeros((len(texts), 64))
    for row, text in enumerate(texts):
        np.add.at(counts[row], np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32) % 64, 1)
    return counts


def _near(text: str, frequent: Sequence[str]) -> list[str]:
    """Return the frequent texts that a rare one may be a slip of, nearest first."""
    found = [(edits, other) for other in frequent if (edits := _slips(text, other))]
    return [other for _, other in sorted(found, key=lambda pair: pair[0])]


def _allowed(text: str) -> int:
    return max(1, len(text) // _LETTERS_AN_EDIT)


def _slips(text: str, other: str) -> int:
    """Return the number of letters that differ; 0 if too many do, or only digits do."""
    most = _allowed(text)
    if abs(len(text) - len(other)) > most:
        return 0
    if len(text) == len(other):
        changes = [(a, b) for a, b in zip(text, other, strict=True) if a != b]
    else:
        matcher = SequenceMatcher(None, text, other, autojunk=False)
        changes = [
            (text[a:b], other[c:d])
            for kind, a, b, c, d in matcher.get_opcodes()
            if kind != "equal"
        ]
    edits = sum(max(len(a), len(b)) for a, b in changes)
    if edits > most or any((a + b).isdigit() for a, b in changes):
        return 0
    return edits
