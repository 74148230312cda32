"""How often a test set that is looked at 100 times promotes a model that is no better.

`python -m benchmarks.gates.reuse` simulates the gate, a naive reused holdout, Thresholdout and
the Ladder under the same developers, and writes `gates_reuse.md` and `gates_reuse.svg`.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.gates.histories import (
    Developer,
    HillClimber,
    RandomSearch,
    TestSets,
    Voter,
    accuracy_test_sets,
)
from benchmarks.gates.holdouts import NUMBERS, Holdout, OneBit, Values
from trimtab.gates.delta import Adaptivity
from trimtab.gates.plan import gate_plan

CONDITION, RELIABILITY, LOOKS = "n > 0.5 +/- 0.1", "0.95", 100
STEPS = (1, 3, 10, 30, LOOKS)
KINDS: tuple[type[Developer], ...] = (RandomSearch, Voter, HillClimber)
ADAPTIVITIES: tuple[Adaptivity, ...] = ("full", "first_change", "none")


def attack(
    holdout: Holdout, developer: Developer, sets: TestSets, looks: int, rng: np.random.Generator
) -> Values:
    """Return the highest accuracy released for a model worth nothing, by history.

    The second half of the rows is the test set, the first the developer's training set. Where
    there are easy rows, all looks but the last are at models that the gate may rightly pass;
    they are no false claims.
    """
    half = sets.labels.shape[1] // 2
    raises = bool(sets.easy.any())
    highest = np.full(len(sets.labels), -np.inf)
    for look in range(looks):
        raised = raises and look < looks - 1
        correct = sets.new(developer.submit(look, raised), raised, rng) == sets.labels
        release = holdout.look(correct[:, half:], correct[:, :half])
        if not raised:
            highest = np.maximum(highest, release.accuracy)
        developer.hear(release.heard)
    return highest


def attacks(
    make: Callable[[np.random.Generator], Holdout],
    *,
    n_rows: int,
    looks: int,
    n_histories: int,
    easy: float,
) -> list[Values]:
    """Return what each kind of developer got, by history."""
    found = []
    for seed, kind in enumerate(KINDS):
        rng = np.random.default_rng([seed, looks])
        share = 0.0 if kind is RandomSearch else easy
        sets = accuracy_test_sets(n_histories, 2 * n_rows, easy=share, rng=rng)
        holdout = make(rng)
        developer = _developer(kind, sets, looks, rng, holdout)
        found.append(attack(holdout, developer, sets, looks, rng))
    return found


def _developer(
    kind: type[Developer],
    sets: TestSets,
    looks: int,
    rng: np.random.Generator,
    holdout: Holdout,
) -> Developer:
    if kind is HillClimber:
        return HillClimber(sets, looks, rng, relative=holdout.relative)
    return RandomSearch(sets, looks, rng) if kind is RandomSearch else Voter(sets, looks, rng)


def bars(n_rows: int) -> dict[str, float]:
    """Return where each rule promotes at this many rows: the threshold and its tolerance.

    For the gate, the tolerance that its plan allows at reliability .95; for the others the
    one-sided Hoeffding bound at .95 of a test set that is looked at once.
    """
    found = {"once": float(np.sqrt(-np.log(0.05) / (2 * n_rows)))}
    for adaptivity in ADAPTIVITIES:
        plan = gate_plan(
            CONDITION, reliability=RELIABILITY, steps=LOOKS, adaptivity=adaptivity,
            method="hoeffding",
        )  # fmt: skip
        found[adaptivity] = float(np.sqrt(-plan.ln_delta_per_step / (2 * n_rows)))
    return {name: 0.5 + tolerance for name, tolerance in found.items()}


def measure(n_rows: int, n_histories: int, widths: NDArray[np.float64]) -> dict[str, Any]:
    """Return the rates: at each rule's own bar by looks, and after all looks by bar."""
    own, size = bars(n_rows), {"n_rows": n_rows, "n_histories": n_histories}
    by_looks: dict[str, list[float]] = {}
    by_bar: dict[str, list[float]] = {}
    for name, make in NUMBERS.items():
        found = {k: attacks(make, looks=k, easy=0.0, **size) for k in STEPS}
        by_looks[name] = [_rate(found[k], own["once"]) for k in STEPS]
        by_bar[name] = [_rate(found[LOOKS], 0.5 + width) for width in widths]
    for adaptivity in ADAPTIVITIES:
        name, bar = f"gate, {adaptivity}", own[adaptivity]
        by_looks[name] = [_bit_rate(bar, adaptivity, looks=k, **size) for k in STEPS]
        by_bar[name] = [_bit_rate(0.5 + w, adaptivity, looks=LOOKS, **size) for w in widths]
    return {
        "bars": own, "by_looks": by_looks, "by_bar": by_bar, "looks": list(STEPS),
        "widths": widths.tolist(), **size,
    }  # fmt: skip


def _bit_rate(
    bar: float,
    adaptivity: Adaptivity,
    *,
    looks: int,
    n_rows: int,
    n_histories: int,
) -> float:
    """Return the rate for one bit: the looks but the last are at models that are at the bar."""
    easy = 2 * (bar - 0.5) if adaptivity == "full" else 0.0
    found = attacks(
        lambda rng: OneBit(bar, adaptivity),
        n_rows=n_rows, looks=looks, n_histories=n_histories, easy=easy,
    )  # fmt: skip
    return _rate(found, bar)


def _rate(found: list[Values], bar: float) -> float:
    """Return the rate of the developer who is let through most often at this bar."""
    return max(float(np.mean(best > bar)) for best in found)


def power(n_rows: int, bar: float) -> float:
    """Return the true accuracy that is promoted nine times in ten."""
    from scipy import optimize, stats

    passed = int(np.floor(bar * n_rows))
    return float(
        optimize.brentq(lambda p: stats.binom.sf(passed, n_rows, p) - 0.9, bar - 0.05, bar + 0.2)
    )


def page(found: Mapping[str, Any]) -> str:
    """Return the page."""
    rows, histories, own = found["n_rows"], found["n_histories"], found["bars"]
    lines = [_HEAD.format(rows=rows, histories=histories, looks=LOOKS, condition=CONDITION)]
    lines += [
        "| rule | promotes above | a model this good is promoted 9 times in 10 | "
        + " | ".join(f"{k} look{'s' * (k > 1)}" for k in STEPS) + " |",
        "| --- | --- | --- | " + " | ".join("---" for _ in STEPS) + " |",
    ]  # fmt: skip
    for name, rates in found["by_looks"].items():
        bar = own[name.removeprefix("gate, ")] if name.startswith("gate") else own["once"]
        good = "–" if name in ("Thresholdout", "Ladder") else f"{power(rows, bar):.3f}"
        lines.append(f"| {name} | {bar:.4f} | {good} | {' | '.join(map(_percent, rates))} |")
    lines += [_BARS, "| rule | " + " | ".join(f"{0.5 + w:.3f}" for w in found["widths"]) + " |"]
    lines.append("| --- | " + " | ".join("---" for _ in found["widths"]) + " |")
    lines += [
        f"| {name} | {' | '.join(map(_percent, rates))} |"
        for name, rates in found["by_bar"].items()
    ]
    spent = np.log(LOOKS * rows)
    ladder = f"({spent:.1f} / {rows:,})^(1/3) = {np.cbrt(spent / rows):.2f}"
    return "\n".join(lines) + "\n" + _TAIL.format(ladder=ladder)


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f} %"


def main() -> None:
    """Measure, and write the page and the plot."""
    from benchmarks.gates.reuse_plot import svg

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("docs/benchmarks"))
    options.add_argument("--histories", type=int, default=400)
    chosen = options.parse_args()
    plan = gate_plan(CONDITION, reliability=RELIABILITY, steps=LOOKS, method="hoeffding")
    widths = np.array([0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1])
    found = measure(plan.samples, chosen.histories, widths)
    (chosen.out / "gates_reuse.md").write_text(page(found), encoding="utf-8")
    (chosen.out / "gates_reuse.svg").write_text(svg(found), encoding="utf-8")


_HEAD = """# False promotions after {looks} looks at one test set

Made by `python -m benchmarks.gates.reuse`; do not edit. Labels are fair coins, so every model is
worth .5 and every promotion is false. One test set of {rows:,} rows: what the gate plans for
`{condition}` at reliability .95 over {looks} looks, adaptivity `full`. Shown is the share of
{histories:,} histories in which a model worth nothing was promoted, under the strongest of three
developers: random search (the best of k), a vote of random models weighed by what was heard of
each, and a hill-climber that flips random subsets and keeps what helps.

![False promotions by number of looks, and by bar](gates_reuse.svg)

## Each at its own bar

The gate promotes above the threshold and the tolerance of its plan. The three others release a
number, and a team believes it as it would believe a fresh test set: it promotes above the
one-sided 95 % Hoeffding bound. That is not what Thresholdout and the Ladder promise: see below.
"""

_BARS = """
## All at the same bar, after all looks

A row reads: from which bar on the rule is safe against these developers, with this many rows. The
gate's plan allows no bar below its own; the columns below it show what its bits give away.
"""

_TAIL = """
## How to read this

- The gate's promise is against *every* developer, those that nobody has thought of; these three
  are only the ones that we simulate. So `full` costs a high bar, at which these three would not
  have fooled the naive rule either (the last column). `first_change` and `none` promise the same
  at a lower bar, for less feedback.
- With one bit a look, the developer has to spend looks on models that rightly pass half of the
  time (right on rows whose labels are known), for only then the bit tells something.
- Thresholdout is run with the settings of its authors' experiments (threshold 4/√n, normal noise
  of 1/√n). It gives back training values within about that threshold of the truth, so a bar under
  it is outside of its promise: what is promoted there was learned by heart from the training set.
- The Ladder promises that its best value is near the truth, to within a term of the order of the
  cube root of log(kn)/n for k looks at n rows; here {ladder}. A bar under that is outside of its
  promise too.
- What one rule gains over another at the same bar is what it keeps from the developer. The Ladder
  keeps more than one bit at each look does, for it answers only where a model is a new best, and
  less than a gate that retires the test set at the first pass.
"""


if __name__ == "__main__":
    main()
