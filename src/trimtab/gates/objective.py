"""What a decision threshold is asked for: its objective, read from text or a cost matrix."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from trimtab.core.errors import ConfigError, nearest
from trimtab.core.records import Record

_BOUND = re.compile(r"\s*([A-Za-z_]+)\s*(>=|<=|≥|≤)\s*([0-9.]+)\s*")
_COST = re.compile(r"\s*cost\s*:(.*)", re.DOTALL)
_SENSES = {"precision": ">=", "recall": ">=", "rate": "<="}
_CELLS = {"tn": (0, 0), "fp": (0, 1), "fn": (1, 0), "tp": (1, 1)}  # (truth, decision)
_HINT = "Write `precision>=0.9`, `recall>=0.8`, `rate<=0.05` or `cost:fp=1,fn=10`."


@dataclass(frozen=True, slots=True)
class Objective(Record):
    """One of four things to ask of a threshold.

    Parameters
    ----------
    kind : {'precision', 'recall', 'rate', 'cost'}
        Share of the flagged rows that are positive; share of the positive rows that are flagged;
        share of all rows that are flagged; mean cost of a row.
    bound : float or None
        The least precision or recall, or the highest rate; None for a cost.
    costs : tuple of float
        Cost of a true negative, false positive, false negative and true positive; empty for
        other kinds.
    text : str
        The objective as people write it.
    """

    kind: Literal["precision", "recall", "rate", "cost"]
    bound: float | None
    costs: tuple[float, ...]
    text: str


def read_objective(objective: str | Mapping[Any, float]) -> Objective:
    """Read an objective from its text, or from a cost matrix.

    Parameters
    ----------
    objective : str or mapping
        ``precision>=0.9``, ``recall>=0.8``, ``rate<=0.05``, ``cost:fp=1,fn=10`` (also ``tp``
        and ``tn``; what is not named costs 0), or ``{(truth, decision): cost}`` with 0 and 1.

    Raises
    ------
    ConfigError
        If it is none of these, a bound is not between 0 and 1, or all costs are the same.

    Examples
    --------
    >>> read_objective("precision >= 0.9").bound
    0.9
    >>> read_objective({(0, 1): 1, (1, 0): 10}).text
    'cost:fp=1,fn=10'
    """
    if isinstance(objective, Mapping):
        return _from_matrix(objective)
    cost = _COST.fullmatch(objective)
    if cost:
        return _from_costs(cost[1])
    bound = _BOUND.fullmatch(objective)
    if bound is None:
        raise ConfigError(f"expected an objective, got {objective!r}", hint=_HINT)
    name, sense, number = bound[1], {"≥": ">=", "≤": "<="}.get(bound[2], bound[2]), bound[3]
    if name not in _SENSES:
        raise ConfigError(
            f"expected an objective on precision, recall or rate, got `{name}`",
            hint=nearest(name, _SENSES),
        )
    if sense != _SENSES[name]:
        raise ConfigError(
            f"expected `{name}{_SENSES[name]}` and a bound, got `{name}{sense}`", hint=_HINT
        )
    limit = _number(number, objective)
    if not 0 < limit < 1:
        raise ConfigError(f"expected a bound between 0 and 1, got {number}", hint=_HINT)
    return Objective(name, limit, (), f"{name}{sense}{number}")  # type: ignore[arg-type]


def _from_matrix(matrix: Mapping[Any, float]) -> Objective:
    names = {cell: name for name, cell in _CELLS.items()}
    found: dict[str, float] = {}
    for cell, cost in matrix.items():
        if not isinstance(cell, tuple) or cell not in names:
            raise ConfigError(
                f"expected cells (truth, decision) of 0 and 1 in the cost matrix, got {cell!r}",
                hint="Write {(0, 1): COST OF A FALSE ALARM, (1, 0): COST OF A MISS}.",
            )
        found[names[cell]] = float(cost)
    return _from_cells(found)


def _from_costs(text: str) -> Objective:
    found: dict[str, float] = {}
    for part in text.split(","):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if name not in _CELLS:
            raise ConfigError(
                f"expected a cost of fp, fn, tp or tn, got `{part.strip()}`",
                hint=nearest(name, _CELLS),
            )
        if not equals or name in found:
            raise ConfigError(f"expected one cost of `{name}`, got `{text.strip()}`", hint=_HINT)
        found[name] = _number(number, text)
    return _from_cells(found)


def _from_cells(found: dict[str, float]) -> Objective:
    costs = tuple(found.get(name, 0.0) for name in _CELLS)
    if not all(abs(cost) < float("inf") for cost in costs) or len(set(costs)) == 1:
        raise ConfigError(
            f"expected finite costs that differ from each other, got {dict(found)}", hint=_HINT
        )
    text = ",".join(f"{name}={found[name]:g}" for name in _CELLS if name in found)
    return Objective("cost", None, costs, f"cost:{text}")


def _number(text: str, within: str) -> float:
    try:
        return float(Decimal(text))
    except ArithmeticError:
        raise ConfigError(
            f"expected a number in `{within.strip()}`, got `{text}`", hint=_HINT
        ) from None
