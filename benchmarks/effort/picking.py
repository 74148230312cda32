"""How many labels it takes to find the best of several models, beside three baselines.

    python -m benchmarks.effort.picking PREDICTIONS.npy LABELS.npy [--streams 200] [--rows 1000]

writes docs/benchmarks/effort_picking.md and .svg. PREDICTIONS has shape (n_rows, n_models).
"""

import argparse
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimtab.effort.picking import ModelPicker
from trimtab.stats.exact_share import exact_share_interval

DOCS = Path(__file__).parents[2] / "docs" / "benchmarks"
NEVER = 1e-300  # a picker that goes on to the end of its stream
Make = Callable[[NDArray[np.int64], int], ModelPicker]


@dataclass(frozen=True, slots=True)
class Point:
    """One setting of one rule, over all streams."""

    rule: str
    setting: str
    labels: float
    most: int
    found: int
    sure: int
    lost: float


def settings(n_models: int, n_rows: int) -> list[tuple[str, str, Make]]:
    """Return what is compared: rule, setting, and what makes a picker for a stream."""

    def baseline(rule: Any, rate: float) -> Make:
        return lambda rows, seed: ModelPicker(
            n_models, rule=rule, rate=rate, delta=NEVER, seed=seed
        )

    def ours(known: str, delta: float) -> Make:
        def make(rows: NDArray[np.int64], seed: int) -> ModelPicker:
            among = {"nothing": None, "number": n_rows, "predictions": rows}[known]
            return ModelPicker(n_models, delta=delta, rows=among)

        return make

    found: list[tuple[str, str, Make]] = []
    for share in (0.1, 0.2, 0.4, 0.8):
        found.append(("random rows", f"share {share:g}", baseline("random", share)))
    for share in (0.16, 0.46, 0.76, 0.94, 1.0):
        name = "random among disagreeing rows"
        found.append((name, f"share {share:g}", baseline("disagreement", share)))
    for rate in (1, 3, 5, 7, 10):
        found.append(("Model Picker", f"gamma {rate}", baseline("weighted", rate)))
    for known, name in NAMES.items():
        for delta in (0.5, 0.2, 0.05, 0.01, 1e-9):
            found.append((name, f"delta {delta:g}", ours(known, delta)))
    return found


NAMES = {
    "nothing": "contenders, rows to come unknown",
    "number": "contenders, number of rows known",
    "predictions": "contenders, all predictions known",
}


def measure(
    predictions: NDArray[np.int64], labels: NDArray[np.int64], *, n_streams: int, n_rows: int
) -> list[Point]:
    """Run each setting on the same random streams."""
    rng = np.random.default_rng(0)
    streams = [rng.choice(len(labels), n_rows, replace=False) for _ in range(n_streams)]
    points = []
    for rule, setting, make in settings(predictions.shape[1], n_rows):
        runs = [
            run(make(predictions[at], seed), predictions[at], labels[at])
            for seed, at in enumerate(streams)
        ]
        used, behind, sure = (np.array(column) for column in zip(*runs, strict=True))
        points.append(
            Point(
                rule, setting, float(used.mean()), int(used.max()),
                int((behind == 0).sum()), int(sure.sum()), float(behind.mean()) / n_rows,
            )
        )  # fmt: skip
        print(points[-1], flush=True)
    return points


def run(
    picker: ModelPicker, predictions: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[int, int, bool]:
    """Return labels used, mistakes behind the stream's best, and whether the picker was sure."""
    for row, label in zip(predictions, labels, strict=True):
        if picker.ask(row):
            picker.tell(label)
    totals = (predictions != labels[:, None]).sum(axis=0)
    return picker.labels_used, int(totals[picker.best()] - totals.min()), picker.is_done()


def page(points: list[Point], *, n_streams: int, n_rows: int, facts: str) -> str:
    """Return the page."""
    lines = [
        "# How many labels does it take to find the best model?",
        "",
        f"Written by `python -m benchmarks.effort.picking`. {facts} Each setting ran on the same "
        f"{n_streams} streams of {n_rows:,} rows, drawn without replacement. *Found* is how often "
        "the answer was the model with the fewest mistakes on the stream (or tied for it), with "
        "a 95 % interval (Clopper and Pearson). *Lost* is the accuracy the answer lacks, on "
        "average. *Sure* is how often the promise, wrong at most delta, was reached before the "
        "stream ended; baselines make none here.",
        "",
        "![Labels against the share of streams in which the best was found](effort_picking.svg)",
        "",
        "| Rule | Setting | Labels, mean | Labels, most | Found | 95 % interval | Lost | Sure |",
        "| --- | --- | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for p in points:
        share = exact_share_interval(p.found, n_streams, delta=0.05)
        lines.append(
            f"| {p.rule} | {p.setting} | {p.labels:.1f} | {p.most} | {p.found / n_streams:.3f} | "
            f"{share.low:.3f} to {share.high:.3f} | {p.lost:.5f} | {p.sure / n_streams:.3f} |"
        )
    heading = ["What to read from it:", "", f"- {in_all(points, n_streams)}"]
    return "\n".join([*lines, "", *heading, *READING, ""])


def in_all(points: list[Point], n_streams: int) -> str:
    """Return which labels it took to find the best in all streams, at settings not chosen here."""
    every = [p for p in points if p.found == n_streams]
    published = [p for p in every if p.rule == "Model Picker"]
    ours = [p for p in every if p.setting == DEFAULT and p.rule in NAMES.values()]
    listed = "; ".join(f"{p.labels:.1f} ({p.most}), {p.rule.split(', ')[1]}" for p in ours)
    said = (
        f"Labels on average (and at most) with the best found in all {n_streams} streams, at "
        f"*contenders*' default of {DEFAULT}: {listed or 'none'}."
    )
    if not published:
        return f"{said} No setting of *Model Picker* found all of them."
    least = min(published, key=lambda p: p.labels)
    return (
        f"{said} *Model Picker* takes {least.labels:.1f} ({least.most}) at {least.setting}, its "
        "cheapest setting here that finds all of them: a choice that takes the labels of the "
        "streams to make."
    )


DEFAULT = "delta 0.05"
READING = [
    "- Most of what any rule saves over random rows comes from leaving out rows on which all "
    "models agree: *random among disagreeing rows* is the baseline to beat.",
    "- *Model Picker* is the published rule, in one pass, without a promise.",
    "- *contenders* stops asking about models that are ruled out and, where the rows are known "
    "to be all there are, stops by itself. How many rows there are, and what the models predict "
    "for each, is knowledge that the baselines do not use: the fair comparison with Model Picker "
    "is *rows to come unknown*.",
    "- Without knowing the rows, the best model *of the distribution* is sought. When two models "
    "are this close no picker can be sure of it after so few rows, and this one says so.",
]

TICKS = (25, 50, 100, 200, 500, 1000)
COLORS = {
    "random rows": "#888888",
    "random among disagreeing rows": "#b26a00",
    "Model Picker": "#b3261e",
    NAMES["nothing"]: "#7b4ea3",
    NAMES["number"]: "#1f6fb2",
    NAMES["predictions"]: "#0b6e4f",
}


def svg(points: list[Point], *, n_streams: int) -> str:
    """Return labels against the share of streams in which the best was found."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "effort_picking", "svg.fonttype": "none"})
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.5))
    for rule, color in COLORS.items():
        curve = sorted((p.labels, p.found / n_streams) for p in points if p.rule == rule)
        axes.plot(*zip(*curve, strict=True), "o-", color=color, label=rule, markersize=3)
    axes.set(
        xscale="log", xlabel="labels, mean (log scale)", ylabel="streams with the best found",
        xticks=TICKS, xticklabels=[str(tick) for tick in TICKS],
    )  # fmt: skip
    axes.minorticks_off()
    axes.grid(alpha=0.2)
    axes.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def main() -> None:
    """Read the files named on the command line, measure, and write the page and the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--rows", type=int, default=1000)
    given = parser.parse_args()
    predictions = np.load(given.predictions).astype(np.int64)
    labels = np.load(given.labels).ravel().astype(np.int64)
    apart = (predictions != predictions[:, :1]).any(axis=1).mean()
    accuracies = np.sort((predictions == labels[:, None]).mean(axis=0))[::-1]
    facts = (
        f"The table has {len(labels):,} rows and {predictions.shape[1]} models, with accuracies "
        f"from {accuracies[-1]:.3f} to {accuracies[0]:.3f}, the two best {accuracies[0]:.4f} and "
        f"{accuracies[1]:.4f}; models disagree on {apart:.1%} of the rows."
    )
    points = measure(predictions, labels, n_streams=given.streams, n_rows=given.rows)
    size = {"n_streams": given.streams, "n_rows": given.rows}
    (DOCS / "effort_picking.md").write_text(page(points, **size, facts=facts), encoding="utf-8")
    (DOCS / "effort_picking.svg").write_text(
        svg(points, n_streams=given.streams), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
