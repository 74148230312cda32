"""Unit cases: named sets that a model must get right. They are no sample, and need no bound."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trimtab.core.errors import ConfigError, SchemaError, nearest
from trimtab.core.records import Record
from trimtab.gates.condition import Cases
from trimtab.gates.judged_rows import SIDES, judged_rows


@dataclass(frozen=True, slots=True)
class CasesResult(Record):
    """How a model did on a set of unit cases; `wrong` are the places of the first it missed."""

    clause: str
    name: str
    model: str
    passes: bool
    right: int
    cases: int
    needed: int
    wrong: tuple[int, ...]


def judge_cases(asked: Cases, given: Mapping[str, Any] | None) -> CasesResult:
    """Count the cases of a named set that a model gets right.

    Parameters
    ----------
    asked : Cases
        Which set, which model, and how many it must get right.
    given : mapping of str to (labels, predictions)
        The sets by name. Predictions are those of the model that the condition asks about, or
        a mapping with those of several (`new`, `old`, `baseline`).

    Raises
    ------
    ConfigError
        If the set is not given, or more cases are asked for than it has.
    SchemaError
        If a case has no label, or labels and predictions cannot be compared.

    Examples
    --------
    >>> smoke = {"smoke": (["cat", "dog", "cat"], ["cat", "dog", "dog"])}
    >>> found = judge_cases(Cases("n", "smoke", 2), smoke)
    >>> found.passes, found.right, found.cases, found.wrong
    (True, 2, 3, (2,))
    """
    sets = given or {}
    if asked.name not in sets:
        raise ConfigError(
            f"expected the unit cases `{asked.name}`, got none of that name",
            hint=f"{nearest(asked.name, sets)} Give them in `cases=` (`--cases NAME=FILE`).",
        )
    labels, predictions = sets[asked.name]
    side = SIDES[asked.model]
    if isinstance(predictions, Mapping) and "prediction" not in predictions:
        if side not in predictions:
            raise ConfigError(
                f"expected predictions of `{side}` for the unit cases `{asked.name}`, got none",
                hint=nearest(side, map(str, predictions)),
            )
        predictions = predictions[side]
    rows = judged_rows(labels, {asked.model: predictions}, metrics=("accuracy",))
    if not rows.size or rows.labels.null_count():
        raise SchemaError(
            f"expected a label for each of the unit cases `{asked.name}`, got "
            f"{rows.size - rows.labels.null_count():,} for {rows.size:,} cases",
            hint="Say what the right answer to each case is.",
        )
    needed = rows.size if asked.at_least is None else asked.at_least
    if needed > rows.size:
        raise ConfigError(
            f"expected at least {needed:,} unit cases `{asked.name}`, got {rows.size:,}",
            hint="Ask for fewer in the condition, or add cases.",
        )
    wrong = (rows.prediction(asked.model) != rows.labels).arg_true()
    right = rows.size - len(wrong)
    return CasesResult(
        clause=str(asked), name=asked.name, model=side, passes=right >= needed, right=right,
        cases=rows.size, needed=needed, wrong=tuple(wrong.head(20).to_list()),
    )  # fmt: skip
