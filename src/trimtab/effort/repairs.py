"""What an unsure cell may hold, likeliest first, and how the cells of a row go together."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from trimtab.effort.alike_rows import alike_values
from trimtab.effort.cleaning_columns import Cells, RepairedColumn
from trimtab.effort.dependencies import Dependencies
from trimtab.effort.imputers import guessed_numbers
from trimtab.effort.suspects import Suspect
from trimtab.stats.arrays import FloatArray

_MOST = 8
_MOST_ALIKE = 4
_CLOSE = 1e-3
_NUMBER_NAMES = "mean", "lower quarter", "upper quarter", "least", "most"
AS_IT_STANDS = "as it stands"
YOURS = "yours"


class Option(NamedTuple):
    """A value that a cell may hold, and where it comes from."""

    value: Any
    origin: str


Unsure = Mapping[int, Mapping[str, Suspect | None]]
Given = Mapping[tuple[int, str], Sequence[Any]]


def cell_options(
    columns: Sequence[RepairedColumn],
    cells: Cells,
    unsure: Unsure,
    given: Given,
) -> dict[int, dict[str, tuple[Option, ...]]]:
    """Return what each unsure cell may hold, likeliest first, no value twice.

    First the values that the user gave; then what most rows of the same group hold, where groups
    nearly determine the column; then, for a suspect, what stands there. Numbers go on with a
    linear model's guess, that of the nearest rows, the mean, quartiles and ends of the column.
    The model comes before the neighbours since it falls back to the mean where other columns
    tell nothing. Texts go on with what the rows most alike hold and the commonest values, up to
    8 in all; a suspect with evidence of its own gets no further ones.

    The user's values do not replace the others: more candidates can only make fewer predictions
    certain, never wrongly so. The label is used nowhere (see `imputers`). Suspect numbers are not
    learnt from; suspect texts are, since a vote among many bears a few wrong ones.

    Assumes that cells are missing for reasons that the other columns tell. A poor choice where a
    cell is missing because of its own value, except for the ends, which then may be near it.

    Parameters
    ----------
    columns : sequence of RepairedColumn
    cells : mapping of str to sequence
        Columns in plain form, of equal length, without the label; those that are not in
        `columns` only tell which rows belong together.
    unsure : mapping of int to mapping of str to Suspect or None
        By row and column: why a cell is suspect, None for an empty one.
    given : mapping of (int, str) to sequence
        Values of the user's own, in plain form.
    """
    named = {column.name: column for column in columns}
    sound = _without_suspect_numbers(named, cells, unsure)
    groups = Dependencies(sound, list(named))
    numbers = sorted(row for row, why in unsure.items() if any(named[c].is_number for c in why))
    place = {row: number for number, row in enumerate(numbers)}
    guesses = guessed_numbers(columns, {name: sound[name] for name in named}, numbers)
    wanted: dict[str, list[int]] = {}
    for row, why in unsure.items():
        for name, suspect in why.items():
            if not named[name].is_number and not _explains(suspect):
                wanted.setdefault(name, []).append(row)
    doubted = {row: tuple(why) for row, why in unsure.items()}
    alike = alike_values(columns, sound, doubted, wanted)

    def options(row: int, column: RepairedColumn, suspect: Suspect | None) -> tuple[Option, ...]:
        yours = [Option(value, YOURS) for value in given.get((row, column.name), ())]
        found = yours + _evidence(suspect, groups, row, column.name)
        if not _explains(suspect):
            if column.is_number:
                found += _guesses(column, guesses, place[row])
            else:
                found += [Option(v, "alike rows") for v in alike[row, column.name][:_MOST_ALIKE]]
                found += [Option(value, "common") for value in column.repairs]
        if suspect is not None:
            # after the likeliest, since there is a reason to doubt it
            found.insert(max(len(yours), 1), Option(cells[column.name][row], AS_IT_STANDS))
        distinct: dict[Any, Option] = {}
        for option in found:
            distinct.setdefault(option.value, option)
        return tuple(distinct.values())[: max(_MOST, len(yours) + 1)]

    return {
        row: {name: options(row, named[name], suspect) for name, suspect in why.items()}
        for row, why in unsure.items()
    }


def row_candidates(options: Mapping[str, Sequence[Option]]) -> list[dict[str, Option]]:
    """Return what the unsure cells of one row may hold together, likeliest first.

    All at their likeliest; all at their second, and so on, which reaches the ends of every
    column; all suspects as they stand, for a row may be right; then, while there are fewer than
    8, one cell at a time at another value.

    Examples
    --------
    >>> found = row_candidates({"a": [Option(1, "x"), Option(2, "y")], "b": [Option(3, "z")]})
    >>> [{name: option.value for name, option in cells.items()} for cells in found]
    [{'a': 1, 'b': 3}, {'a': 2, 'b': 3}]
    """
    longest = max(len(some) for some in options.values())
    alike = [tuple(n % len(some) for some in options.values()) for n in range(longest)]
    right = tuple(
        next((n for n, option in enumerate(some) if option.origin == AS_IT_STANDS), 0)
        for some in options.values()
    )
    needed = dict.fromkeys([*alike, right])
    alone = sorted(
        (n, place) for place, some in enumerate(options.values()) for n in range(1, len(some))
    )
    others = [tuple(n if at == place else 0 for at in range(len(options))) for n, place in alone]
    chosen = list(dict.fromkeys([*needed, *others]))[: max(_MOST, len(needed))]
    chosen.sort(key=lambda ranks: (sum(ranks), ranks))
    return [
        {name: some[n] for (name, some), n in zip(options.items(), ranks, strict=True)}
        for ranks in chosen
    ]


def _explains(suspect: Suspect | None) -> bool:
    """Return whether what made a cell suspect also says what may stand there instead."""
    return suspect is not None and bool(suspect.instead)


def _evidence(
    suspect: Suspect | None, groups: Dependencies, row: int, column: str
) -> list[Option]:
    if suspect is not None and suspect.instead:
        return [Option(*pair) for pair in suspect.instead]
    said = groups.told(row, column)
    if said is None:
        return []
    values = (said.value, said.runner_up)
    return [Option(value, f"same {said.key}") for value in values if value is not None]


def _guesses(
    column: RepairedColumn, guesses: Mapping[str, Mapping[str, FloatArray]], place: int
) -> list[Option]:
    """Return the numbers to try, without those that hardly differ from one before."""
    numbers = [
        Option(float(by_column[column.name][place]), name)
        for name, by_column in guesses.items()
        if column.name in by_column
    ]
    found: list[Option] = []
    for value, name in (*numbers, *zip(column.repairs, _NUMBER_NAMES, strict=True)):
        number = column.rounded(value)
        if all(abs(number - other.value) > _CLOSE * column.width for other in found):
            found.append(Option(number, name))
    return found


def _without_suspect_numbers(
    named: Mapping[str, RepairedColumn], cells: Cells, unsure: Unsure
) -> dict[str, list[Any]]:
    """Return the cells with suspect numbers taken out, since one can pull a mean or a model.

    Suspect texts stay: they have one vote among many, and where most of a column is suspect
    there is nothing else to go by.
    """
    sound = {name: list(values) for name, values in cells.items()}
    for row, why in unsure.items():
        for name in why:
            if named[name].is_number:
                sound[name][row] = None
    return sound
