"""How long a plan takes, and a decision on a million rows.

`python -m benchmarks.gates.speed` writes `gates_speed.md`. Times are of calls in one process that
has imported all it needs, without reading of files; each decision begins from bare arrays and a
data frame of the column that the slice is about.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from benchmarks.data.measure import machine
from trimtab.gates.decide import gate_decide
from trimtab.gates.plan import gate_plan
from trimtab.stats import test_set_bounds

ROWS = 1_000_000
PLANS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("n > 0.8 +/- 0.05", {"method": "hoeffding"}),
    ("n - o > 0.02 +/- 0.01", {"method": "hoeffding"}),
    (r"d < 0.08 +/- 0.01 /\ n - o > 0.02 +/- 0.01", {"method": "bennett"}),
    ("n - o > 0.02 +/- 0.02", {"method": "bennett", "disagreement": "0.1"}),
    ("n - o > 0.02 +/- 0.01", {"method": "sequential"}),
    (r"n > 0.8 +/- 0.05 /\ n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01", {"method": "auto"}),
    ("n > 0.5 +/- 0.01", {"method": "auto"}),
    ("n > 0.8 +/- 0.1", {"method": "exact"}),
    ("n > 0.8 +/- 0.01", {"method": "exact"}),
    ("n > 0.8 +/- 0.01", {"method": "exact", "steps": 1000}),
    ("n > 0.8 +/- 0.001", {"method": "exact", "adaptivity": "none"}),
)
DECISIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("n > 0.8 +/- 0.05", {}),
    ("n - o > 0.02 +/- 0.01", {}),
    ("n - o > 0.02 +/- 0.01", {"method": "sequential"}),
    (r"d < 0.08 +/- 0.01 /\ n - o > 0.02 +/- 0.01", {"method": "bennett"}),
    ("n[place=a] - o[place=a] > -0.05 +/- 0.02", {}),
    ("recall(n, 1) > 0.8 +/- 0.02", {}),
    ("brier(n) < 0.2 +/- 0.01", {}),
    (r"n > 0.8 +/- 0.05 /\ n - o > 0.02 +/- 0.01 /\ d < 0.1 +/- 0.01", {}),
)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one task, of each run, and the most that it may take."""

    text: str
    answer: str
    seconds: tuple[float, ...]
    limit: float

    @property
    def row(self) -> str:
        """The line of the table."""
        middle = median(self.seconds)
        spread = f"{1e3 * min(self.seconds):,.1f} to {1e3 * max(self.seconds):,.1f}"
        reached = "yes" if middle < self.limit else "**no**"
        # a bar in a cell would end it; there is none in the language of conditions
        return (
            f"| `{self.text}` | {self.answer} | {1e3 * middle:,.1f} ({spread}) | "
            f"{1e3 * self.limit:,.0f} | {reached} |"
        )


def plans(repeats: int) -> Iterator[Timing]:
    """Time each plan."""
    for condition, settings in PLANS:
        limit = 2.0 if settings["method"] == "exact" else 0.1
        said = ", ".join(f"{name} {value}" for name, value in settings.items())
        found, seconds = _timed(partial(_anew, partial(gate_plan, condition, **settings)), repeats)
        yield Timing(condition, f"{said}: {found.samples:,} rows", seconds, limit)


def decisions(n_rows: int, repeats: int) -> Iterator[Timing]:
    """Time each decision: all labels are known, and the new model is the better one."""
    given = rows(n_rows)
    for condition, settings in DECISIONS:
        plan = gate_plan(condition, **settings)
        scored = "brier" in condition
        new = {"score": given["score"]} if scored else given["new"]

        def decide(plan: Any = plan, new: Any = new) -> Any:
            return gate_decide(plan, given["labels"], new, given["old"], rows=given["slices"])

        found, seconds = _timed(decide, repeats)
        said = f"{plan.method}: {found.outcome}, {found.labels_used:,} labels"
        yield Timing(condition, said, seconds, 0.1)


def rows(n_rows: int) -> Mapping[str, Any]:
    """Return labels and answers of two models, right on 90 % and 85 % of the rows."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, n_rows)
    old = np.where(rng.random(n_rows) < 0.85, labels, 1 - labels)
    mended = (old != labels) & (rng.random(n_rows) < 0.4)
    broken = (old == labels) & (rng.random(n_rows) < 0.012)
    new = np.where(mended, labels, np.where(broken, 1 - labels, old))
    score = np.clip(0.5 + 0.4 * (2 * new - 1) + rng.normal(0, 0.05, n_rows), 0, 1)
    place = pl.DataFrame({"place": pl.Series(["a", "b", "c"])[rng.integers(0, 3, n_rows)]})
    return {"labels": labels, "old": old, "new": new, "score": score, "slices": place}


def _anew(act: Callable[[], Any]) -> Any:
    # what an exact bound found before is kept, and would flatter it
    test_set_bounds._least.cache_clear()
    return act()


def _timed(act: Callable[[], Any], repeats: int) -> tuple[Any, tuple[float, ...]]:
    found, seconds = act(), []
    for _ in range(repeats):
        begun = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - begun)
    return found, tuple(seconds)


def page(n_rows: int, repeats: int) -> str:
    """Return the page."""
    about = machine()
    head = (
        f"# What a plan and a decision cost\n\nMade by `python -m benchmarks.gates.speed`; do not "
        f"edit. Medians of {repeats} calls in one process, least and most in brackets, after one "
        f"that is not counted. {about['cores']} cores ({about['processor']}), {about['system']}, "
        f"Python {about['python']}; load {about['load']:g} when it began. Reliability .9999, 32 "
        "steps, adaptivity `full`, unless it says otherwise.\n"
    )
    columns = "| --- | --- | --- | --- | --- |"
    asked = "| condition | {} | ms | at most | reached |\n" + columns
    return "\n".join(
        [
            head, "## Plans\n", asked.format("plan"), *(t.row for t in plans(repeats)), "",
            f"## Decisions on {n_rows:,} rows, all labelled\n", asked.format("verdict"),
            *(t.row for t in decisions(n_rows, repeats)), "",
        ]
    )  # fmt: skip


def main() -> None:
    """Measure, and write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--repeats", type=int, default=7)
    chosen = options.parse_args()
    text = page(chosen.rows, chosen.repeats)
    (chosen.out / "gates_speed.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
