"""Goals, and the arithmetic of what was measured: ratios are taken within one round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.data.columns import ALSO_MOVES, SHIFTED

Run = Mapping[str, Any]


@dataclass(frozen=True)
class Goal:
    """What a task should cost, held against another tool of the task or against a limit.

    Attributes
    ----------
    tool, against : str, str or None
        The value is the figure of `tool`, divided by that of `against` if there is one.
    figure : str
        Which of a run's figures.
    """

    text: str
    tool: str
    against: str | None = None
    figure: str = "answer_s"
    at_most: float | None = None
    at_least: float | None = None
    unit: str = "x"

    def values(self, runs: Sequence[Run]) -> list[float]:
        """Return the value of each round in which what it needs has run."""
        own = _by_round(runs, self.tool, self.figure)
        if self.against is None:
            return list(own.values())
        other = _by_round(runs, self.against, self.figure)
        return [own[number] / other[number] for number in own if number in other]

    def reached(self, values: Sequence[float]) -> bool | None:
        """Say whether the median keeps to the limits; None if nothing was measured."""
        if not values:
            return None
        middle = median(values)
        above = self.at_least is not None and middle < self.at_least
        return not above and not (self.at_most is not None and middle > self.at_most)


def _by_round(runs: Sequence[Run], tool: str, figure: str) -> dict[int, float]:
    return {
        run["round"]: run[figure] for run in runs if run["tool"] == tool and not run.get("failed")
    }


def with_figures(run: dict[str, Any]) -> dict[str, Any]:
    """Add how many of the shifted columns a run found, and how many others it flagged."""
    flagged = run.get("facts", {}).get("flagged")
    if flagged is None:
        return run
    found = sum(name in SHIFTED for name in flagged)
    wrong = sum(name not in SHIFTED and name != ALSO_MOVES for name in flagged)
    return {**run, "found": found, "wrong": wrong}
