"""A study of one label: neighbours found once, and answers that follow each label put right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from trimtab.core.errors import NotEnoughDataError
from trimtab.effort.feasibility_arms import N_PULLS, Arm
from trimtab.effort.feasibility_classifiers import chances, predictions, with_limits
from trimtab.effort.feasibility_halving import successive_halving
from trimtab.effort.feasibility_needs import (
    LabelNoise,
    by_label,
    labels_to_clean,
    samples_to_add,
)
from trimtab.effort.feasibility_noise import (
    checked_noise,
    estimated_noise,
    given_noise,
    noise_doubts,
    noise_facts,
    noise_floor,
)
from trimtab.effort.feasibility_result import Classifier, Feasibility
from trimtab.effort.feasibility_table import LabelledTable, split, taking_part
from trimtab.effort.feasibility_words import assumptions, cautions, verdict
from trimtab.effort.representation_columns import text_columns
from trimtab.effort.representations import Grown, Representations, grow, represent
from trimtab.stats.arrays import BoolArray, FloatArray, IntArray, check_cost
from trimtab.stats.bayes_error import cover_hart, crossed_minimum
from trimtab.stats.label_noise import noise_sweep
from trimtab.stats.learning_curve import CurveFit

LEAST_ROWS = 40
# with fewer rows held back there is no lower end, and nothing is found unrealistic: it was seen
# to be too high in 8 of 100 draws, not in 2.5
_LEAST_TEST = 30


@dataclass(frozen=True, slots=True)
class _Error:
    """The Bayes error under the labels as they are, and how many of them are wrong.

    `by_noise` if the lower end is what the noise given leaves possible, not the neighbours.
    """

    estimate: float
    low: float
    high: float
    noise: LabelNoise
    by_noise: bool


class FeasibilityStudy:
    """What `feasibility` does, kept so that a label put right changes the answer at once.

    Parameters
    ----------
    table : LabelledTable
        At least 40 rows.
    target_accuracy, noise, representations, embedder, delta, label_cost, cost_unit, seed
        As for `feasibility`.

    Raises
    ------
    NotEnoughDataError
        If there are fewer rows.
    """

    def __init__(
        self,
        table: LabelledTable,
        *,
        target_accuracy: float,
        representations: Representations = None,
        noise: Any = None,
        embedder: Callable[[list[str]], Any] | None = None,
        delta: float = 0.05,
        label_cost: float | None = None,
        cost_unit: str = "minutes",
        seed: int = 0,
    ) -> None:
        if table.labels.size < LEAST_ROWS:
            raise NotEnoughDataError(
                f"expected at least {LEAST_ROWS} rows with a label, got {table.labels.size}",
                hint="Label more rows, or ask `feasibility`, which says so in its verdict.",
            )
        check_cost(label_cost)
        self._table, self._labels = table, table.labels.copy()
        self._places = {row: place for place, row in enumerate(table.rows.tolist())}
        self._target, self._delta = target_accuracy, delta
        self._noise = None if noise is None else checked_noise(noise, table.classes)
        # a matrix makes a second lower end beside the neighbours', and each may miss
        self._delta_low = delta / 2 if isinstance(self._noise, np.ndarray) else delta
        self._label_cost, self._cost_unit, self._seed = label_cost, cost_unit, seed
        self._n_classes = len(table.classes)
        self._no_texts = embedder is not None and not text_columns(table.features)
        self._parts = split(table, seed)
        seen, self._grown = represent(
            table.features, self._labels, self._parts,
            wanted=taking_part(representations, table), embedder=embedder, seed=seed,
        )  # fmt: skip
        self._arms = [Arm(one, self._parts) for one in seen]
        self._points = seen[0].points
        self._follow()
        self._predictions = predictions(
            self._points, self._labels, self._parts, self._n_classes, seed
        )
        self._strangers = self._doubted() if noise is None else None

    def fix(self, row: int, label: Any) -> None:
        """Put the label of a row of the source right; `result` then counts it.

        Neighbours stay what they are. Classifiers and boosted trees that were fitted before are
        not fitted again, which leaves their error at most too high.

        Raises
        ------
        ValueError
            If the row took no part, or no row had such a label.
        """
        place = self._places.get(row)
        if place is None:
            raise ValueError(f"expected a labelled row that takes part, got row {row}")
        if np.ndim(label) or label not in self._table.classes:
            raise ValueError(f"expected one of {self._table.classes}, got {label!r}")
        self._labels[place] = self._table.classes.index(label)

    def result(self) -> Feasibility:
        """Return the answer by the labels as they are now."""
        labels, n_classes = self._labels, self._n_classes
        done = [arm for arm in self._arms if arm.is_done]
        losses = np.array([arm.losses(labels) for arm in done])
        best = done[int(np.argmin(losses.mean(axis=1)))]
        fits = {arm: arm.fit(labels, self._table.blocks, self._delta_low) for arm in done}
        classifiers = self._classifiers(done, losses)
        least = crossed_minimum([one.losses for one in classifiers])
        error = self._error(losses, list(fits.values()), classifiers, least)
        noise, limits, wrong = error.noise, (error.low, error.high), 1 - self._target
        word, reason = verdict(
            self._target, limits, classifiers, self._delta, by_noise=error.by_noise
        )
        clean = labels_to_clean(error.estimate, limits, wrong, noise, (labels.size, n_classes))
        share = fits[best].last / labels.size
        sweep = noise_sweep(
            best.nearest_labels(labels), labels[self._parts.test],
            n_classes=n_classes, best_error=least, seed=self._seed,
        )  # fmt: skip
        curves = tuple(
            arm.facts(labels, n_classes, fits[arm].asymptote if arm in fits else None, arm is best)
            for arm in self._arms
        )
        return Feasibility(
            verdict=word, reason=reason, target_accuracy=self._target,
            bayes_error=error.estimate, interval=limits, level=1 - self._delta,
            **noise_facts(noise, error.estimate, limits, n_classes),
            clean=clean, clean_by_class=by_label(clean.best, noise),
            add=samples_to_add(fits[best], error.estimate, wrong, n_classes, share),
            curves=curves, classifiers=tuple(c.facts() for c in classifiers), sweep=sweep,
            classes=tuple(self._table.classes),
            n_rows=labels.size, n_test=self._parts.test.size, n_classes=n_classes,
            label_cost=self._label_cost, cost_unit=self._cost_unit,
            assumptions=assumptions(noise),
            warnings=(
                *cautions(self._table, curves, noise, sweep, word, twins=_twins(done)),
                *self._doubts(noise, error.high),
            ),
        )  # fmt: skip

    def _error(
        self,
        losses: BoolArray,
        fits: list[CurveFit],
        classifiers: list[Classifier],
        least: float,
    ) -> _Error:
        """Return the Bayes error from neighbours, classifiers and what is known of the noise."""
        # the limit of few blocks is infinite
        high = min(1.0, *(one.interval.high for one in classifiers))
        noise = self._label_noise(high)
        low = floor = 0.0
        if self._parts.test.size >= _LEAST_TEST:
            floor = noise_floor(noise, high)
            by_neighbours = min(cover_hart(fit.asymptote.low, self._n_classes) for fit in fits)
            low = max(floor, min(by_neighbours, high))
        estimate = cover_hart(crossed_minimum(losses), self._n_classes)
        estimate = max(low, min(estimate, least), noise.wrong if floor else 0.0)
        return _Error(min(high, estimate), low, high, noise, by_noise=low == floor > 0)

    def _doubts(self, noise: LabelNoise, high: float) -> list[str]:
        """Return what speaks against what the user gave."""
        found = []
        if noise.is_given:
            found += noise_doubts(noise, self._labels, high, self._table.classes)
        if self._no_texts:
            found.append("no column holds texts: the embedder was not used")
        return found

    def _follow(self) -> None:
        """Add all rows to the representation that does best, and to the first."""

        def pull(arm: int) -> float:
            return self._arms[arm].pull(self._labels)

        successive_halving(pull, len(self._arms), N_PULLS)
        # the first is raw unless it was not wanted: what bounds the error of all functions of it
        while not self._arms[0].is_done:
            pull(0)

    def _doubted(self) -> tuple[IntArray, FloatArray] | None:
        """Return rows that trees were not fitted on, and the chances these give each class."""
        fit = self._parts.fit
        if np.unique(self._labels[fit]).size < 2:
            return None
        grown = self._grown
        if grown is None:
            trees = grow(self._points[fit], self._labels[fit], self._n_classes, self._seed)
            grown = Grown(trees, self._points)
        asked = np.setdiff1d(np.arange(self._labels.size), fit)
        return asked, chances(grown.trees, grown.points[asked])

    def _classifiers(self, done: list[Arm], losses: BoolArray) -> list[Classifier]:
        truth = self._labels[self._parts.test]
        found = {
            f"nearest neighbour, {arm.representation.name}": wrong
            for arm, wrong in zip(done, losses, strict=True)
        }
        found |= {name: said != truth for name, said in self._predictions.items()}
        blocks = self._table.blocks
        return with_limits(
            found, None if blocks is None else blocks[self._parts.test], delta=self._delta
        )

    def _label_noise(self, high: float) -> LabelNoise:
        blocks = self._table.blocks
        if self._noise is not None:
            return given_noise(self._noise, self._labels, blocks, delta=self._delta_low)
        if self._strangers is None:
            return LabelNoise(0.0, 0.0, high, False)
        asked, said = self._strangers
        return estimated_noise(
            self._labels[asked], said, delta=self._delta, ceiling=high,
            blocks=None if blocks is None else blocks[asked],
        )  # fmt: skip


def _twins(arms: list[Arm]) -> float:
    """Return the share of rows held back that have an equal row among the others."""
    return max((arm.twins for arm in arms if arm.representation.keeps_all), default=0.0)
