"""Worlds whose Bayes error is known, and how often the interval of `feasibility` holds it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import trimtab as tt
from trimtab.stats.exact_share import exact_share_interval

Draw = Callable[[int, np.random.Generator], tuple[NDArray[Any], NDArray[Any]]]


@dataclass(frozen=True)
class World:
    """Rows that can be drawn, and what is true of them.

    `should_hold` is what theory says of the interval; `block` whether copies of a row are named.
    """

    name: str
    draw: Draw
    bayes_error: float
    wrong_labels: float = 0.0
    should_hold: bool = True
    copies: int = 1
    block: bool = False


@dataclass(frozen=True)
class Coverage:
    """What `feasibility` said of a world, on average over draws, and how often it was right."""

    world: World
    estimate: float
    low: float
    high: float
    label_noise: float
    held: int
    warned: int
    n_draws: int

    def line(self) -> str:
        """Return a line of the page's table."""
        limits = exact_share_interval(self.held, self.n_draws, delta=0.05)
        return (
            f"| {self.world.name} | {self.world.bayes_error:.3f} | {self.estimate:.3f} | "
            f"{self.low:.3f} to {self.high:.3f} | {self.held} of {self.n_draws} | "
            f"{limits.low:.2f} to {limits.high:.2f} | "
            f"{'yes' if self.world.should_hold else 'no'} | {self.warned} of {self.n_draws} | "
            f"{self.world.wrong_labels:.3f} | {self.label_noise:.3f} |\n"
        )


def bells(n_classes: int, columns: int, apart: float, noise: Any = None) -> tuple[Draw, float]:
    """Return normal classes, each moved along a column of its own, and their Bayes error.

    `noise` has the chance of each given label (column) for each true class (row).
    """
    centres = np.zeros((n_classes, columns))
    centres[np.arange(n_classes), np.arange(n_classes) % columns] = apart
    matrix = np.eye(n_classes) if noise is None else np.asarray(noise, dtype=np.float64)

    def draw(n: int, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        label = rng.integers(0, n_classes, n)
        points = rng.normal(size=(n, columns)) + centres[label]
        return points, (matrix[label].cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)

    points, _ = draw(200_000, np.random.default_rng(99))
    logs = points @ centres.T - (centres**2).sum(axis=1) / 2
    chances = np.exp(logs - logs.max(axis=1, keepdims=True))
    chances = chances / chances.sum(axis=1, keepdims=True) @ matrix
    return draw, float(1 - chances.max(axis=1).mean())


def even_noise(wrong: float, n_classes: int) -> NDArray[Any]:
    """Return the matrix of wrong labels that fall on the other classes evenly."""
    made = np.full((n_classes, n_classes), wrong / (n_classes - 1))
    np.fill_diagonal(made, 1 - wrong)
    return made


def checkerboard(n: int, rng: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return rows of two columns whose label alternates faster than rows are close."""
    points = rng.random((n, 2))
    return points, np.floor(points * 200).sum(axis=1).astype(int) % 2


def worlds() -> list[World]:
    """Return worlds where the interval should hold the truth, and some where it should not."""
    by_class = [[0.9, 0.1, 0.0], [0.0, 0.6, 0.4], [0.0, 0.0, 1.0]]
    near = bells(2, 2, 1.5)
    return [
        World("2 columns", *near),
        World("5 columns, 5 classes", *bells(5, 5, 2.0)),
        World("10 columns", *bells(2, 10, 1.5)),
        World("30 columns, 3 classes", *bells(3, 30, 2.0)),
        World("100 columns", *bells(2, 100, 2.0)),
        World("3 columns, a fifth of labels wrong", *bells(2, 3, 3.5, even_noise(0.2, 2)), 0.2),
        World("3 columns, wrong labels by class", *bells(3, 3, 3.5, by_class), 0.5 / 3),
        World("checkerboard finer than rows", checkerboard, 0.0, should_hold=False),
        World("2 columns, each row 5 times", *near, should_hold=False, copies=5),
        World("the same, copies named as `block`", *near, copies=5, block=True),
    ]


def coverage(world: World, *, n_rows: int, n_draws: int) -> Coverage:
    """Ask `feasibility` of draws of a world."""
    found = []
    for seed in range(n_draws):
        points, label = world.draw(n_rows // world.copies, np.random.default_rng((seed, 77)))
        frame = pl.DataFrame(points, schema=[f"x{i}" for i in range(points.shape[1])])
        frame = frame.with_columns(label=label)
        if world.block:
            frame = frame.with_row_index("case")
        frame = pl.concat([frame] * world.copies)
        found.append(
            tt.feasibility(
                frame, "label", target_accuracy=max(0.01, 1 - world.bayes_error - 1e-9),
                block="case" if world.block else None, seed=seed,
            )
        )  # fmt: skip
    alarms = ("look too small", "finer than the distance", "says little")
    return Coverage(
        world,
        float(np.mean([f.bayes_error for f in found])),
        float(np.mean([f.interval[0] for f in found])),
        float(np.mean([f.interval[1] for f in found])),
        float(np.mean([f.label_noise for f in found])),
        sum(f.interval[0] <= world.bayes_error <= f.interval[1] for f in found),
        sum(any(a in text for text in f.warnings for a in alarms) for f in found),
        n_draws,
    )
