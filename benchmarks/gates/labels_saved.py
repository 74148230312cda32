"""How many labels a sequential gate saves: `python -m benchmarks.gates.labels_saved`.

Two models that differ on a share of rows are drawn at random, with a known true gain; the gate
is asked as labels come in. Labels are those of rows on which the models differ, for the
fixed-size test too. Writes `docs/benchmarks/gates_labels.md`.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trimtab.gates.plan import ClausePlan, gate_plan
from trimtab.gates.sequential import Group, decide_sequentially, sequential_cap

_GAIN = "n - o > 0.02 +/- 0.01"
_BOUNDED = r"d < 0.1 +/- 0.01 /\ n - o > 0.02 +/- 0.01"
# what is written, what is known of d beforehand, and the share on which the models differ
SETTINGS = ((_GAIN, "0.1", 0.1), (_BOUNDED, None, 0.08), (_GAIN, None, 0.1))
ADAPTIVITIES: tuple[Literal["none", "full"], ...] = ("none", "full")
GAINS = (0.0, 0.02, 0.03, 0.04, 0.06)
GOAL_GAIN = 0.04  # better than asked by twice the tolerance
GOAL_MEAN, GOAL_MOST = 0.5, 1.1

_HEAD = """# Labels that a sequential gate saves

Made by `python -m benchmarks.gates.labels_saved`; do not edit. By simulation, with seeds:
reliability 0.9999, 32 steps, mode `fp_free`. The fixed size is that of the best valid bound for
the clause on `n - o` (Hoeffding, Bennett, exact binomial). Only rows on which the models differ
need a label, for either; they are compared on the same rows. A model passes by right if its gain
is above 0.02; the goal is about a gain of 0.04, better by twice the tolerance.
"""


@dataclass(frozen=True, slots=True)
class Saving:
    """What it took to decide, on average and at most, beside the test of fixed size."""

    rows: float
    labels: float
    fixed_labels: float
    mean_ratio: float
    most_rows: int
    most_ratio: float
    passed: float


def clause_on_gain(
    condition: str, adaptivity: Literal["none", "full"], disagreement: str | None
) -> ClausePlan:
    """Return the plan of the clause on `n - o`."""
    plan = gate_plan(
        condition, adaptivity=adaptivity, method="sequential", disagreement=disagreement
    )
    return next(part for part in plan.clauses if len(part.clause.terms) == 2)


def gains(
    rng: np.random.Generator, size: int, gain: float, disagreement: float
) -> NDArray[np.float64]:
    """Return, for each row, 1 where only the new model is right and -1 where only the old is."""
    draw = rng.random(size)
    better = (disagreement + gain) / 2
    found: NDArray[np.float64] = np.zeros(size)
    found[draw < better] = 1.0
    found[draw > 1 - (disagreement - better)] = -1.0
    return found


def saving(plan: ClausePlan, gain: float, disagreement: float, repeats: int) -> Saving:
    """Simulate a clause `repeats` times."""
    rng = np.random.default_rng(round(1000 * gain))
    found, fixed = [], []
    for _ in range(repeats):
        values = gains(rng, sequential_cap(plan.fixed), gain, disagreement)
        found.append(
            decide_sequentially(
                (Group(values, values != 0, -1.0, 1.0),),
                sense=plan.clause.sense,
                threshold=plan.clause.threshold,
                tolerance=plan.clause.tolerance,
                mode="fp_free",
                ln_delta=plan.ln_delta,
                fixed=plan.fixed,
            )
        )
        fixed.append(np.count_nonzero(values[: plan.fixed]))
    rows = [decision.rows_used for decision in found]
    labels = [decision.labels_used for decision in found]
    return Saving(
        rows=float(np.mean(rows)),
        labels=float(np.mean(labels)),
        fixed_labels=float(np.mean(fixed)),
        mean_ratio=float(np.mean(labels) / np.mean(fixed)),
        most_rows=max(rows),
        most_ratio=max(rows) / plan.fixed,
        passed=float(np.mean([decision.value is True for decision in found])),
    )


def page(repeats: int) -> str:
    """Return the page of results."""
    parts, goals = [], []
    for condition, known, disagreement in SETTINGS:
        for adaptivity in ADAPTIVITIES:
            plan = clause_on_gain(condition, adaptivity, known)
            results = {gain: saving(plan, gain, disagreement, repeats) for gain in GAINS}
            said = f"d <= {known} known beforehand" if known else "nothing known beforehand"
            name = f"`{condition}`, {said}, adaptivity `{adaptivity}`"
            parts.append(_table(name, plan, disagreement, results))
            mean = results[GOAL_GAIN].mean_ratio
            most = max(result.most_ratio for result in results.values())
            goals.append(
                f"| {name} | {mean:.3f} | {_said(mean <= GOAL_MEAN)} | {most:.3f} "
                f"| {_said(most <= GOAL_MOST)} |"
            )
    head = (
        f"| condition | labels over those of the fixed size, on average (goal: at most "
        f"{GOAL_MEAN}) | reached | most rows over the fixed size (goal: at most {GOAL_MOST}) "
        "| reached |\n| --- | --- | --- | --- | --- |"
    )
    return "\n".join([_HEAD, "## Goals\n", head, *goals, "", *parts])


def _table(name: str, plan: ClausePlan, disagreement: float, results: dict[float, Saving]) -> str:
    lines = [
        f"## {name}\n",
        f"Fixed size {plan.fixed:,} rows; the models differ on {disagreement:.0%} of rows; "
        f"delta of the clause at a step exp({plan.ln_delta:.2f}).\n",
        "| true gain | passed | rows | labels | labels of the fixed size | ratio | most rows |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for gain, result in results.items():
        lines.append(
            f"| {gain:.2f} | {result.passed:.0%} | {result.rows:,.0f} | {result.labels:,.0f} "
            f"| {result.fixed_labels:,.0f} | {result.mean_ratio:.3f} | {result.most_rows:,} |"
        )
    return "\n".join([*lines, ""])


def _said(reached: bool) -> str:
    return "yes" if reached else "**no**"


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    text = page(options.repeats)
    (options.out / "gates_labels.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
