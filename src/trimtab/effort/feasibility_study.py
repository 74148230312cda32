"""A study of one label: neighbours found once, and answers that follow each label put right."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from trimtab.core.errors import NotEnoughDataError, SchemaError
from trimtab.effort.feasibility_arms import N_PULLS, Arm
from trimtab.effort.feasibility_classifiers import chances, predictions
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
    noise_floor,
)
from trimtab.effort.feasibility_result import Classifier, Feasibility
from trimtab.effort.feasibility_table import LabelledTable, split
from trimtab.effort.feasibility_words import cautions, verdict
from trimtab.effort.representation_columns import text_columns
from trimtab.effort.representations import Representations, grow, represent
from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.bayes_error import cover_hart, crossed_minimum
from trimtab.stats.bounds import block_interval
from trimtab.stats.exact_share import exact_share_interval
from trimtab.stats.label_noise import noise_sweep

LEAST_ROWS = 40
# with fewer rows held back there is no lower end, and nothing is found unrealistic
_LEAST_TEST = 30


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
        seen, self._trees = represent(
            table.features, self._labels, self._parts,
            wanted=_taking_part(representations, table), embedder=embedder, seed=seed,
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
        labels, n_classes, test = self._labels, self._n_classes, self._parts.test
        blocks = self._table.blocks
        done = [arm for arm in self._arms if arm.is_done]
        losses = np.array([arm.losses(labels) for arm in done])
        best = done[int(np.argmin(losses.mean(axis=1)))]
        fits = {arm: arm.fit(labels, blocks, self._delta_low) for arm in done}
        classifiers = self._classifiers(done, losses)
        every = np.array([c.losses for c in classifiers])
        least = crossed_minimum(every)
        # the limit of few blocks is infinite
        high = min(1.0, *(c.interval.high for c in classifiers))
        low = min(cover_hart(fit.asymptote.low, n_classes) for fit in fits.values())
        # of fewer rows it was seen to be too high in 8 of 100 draws, not in 2.5
        noise = self._label_noise(high)
        floor = noise_floor(noise, high) if test.size >= _LEAST_TEST else 0.0
        low = max(floor, min(low, high)) if test.size >= _LEAST_TEST else 0.0
        estimate = cover_hart(crossed_minimum(losses), n_classes)
        estimate = max(low, min(estimate, least), noise.wrong if floor else 0.0)
        estimate = min(high, estimate)
        wrong = 1 - self._target
        clean = labels_to_clean(estimate, (low, high), wrong, noise, (labels.size, n_classes))
        word, reason = verdict(
            self._target, (low, high), classifiers, self._delta, by_noise=low == floor > 0
        )
        sweep = noise_sweep(
            best.nearest_labels(labels), labels[test],
            n_classes=n_classes, best_error=least, seed=self._seed,
        )  # fmt: skip
        curves = tuple(
            arm.facts(labels, n_classes, fits[arm].asymptote if arm in fits else None, arm is best)
            for arm in self._arms
        )
        assumptions, alarms = cautions(
            self._table, curves, noise, sweep, word,
            twins=max((arm.twins for arm in done if arm.representation.keeps_all), default=0.0),
        )  # fmt: skip
        if noise.is_given:
            alarms += tuple(noise_doubts(noise, labels, high, self._table.classes))
        if self._no_texts:
            alarms += ("no column holds texts: the embedder was not used",)
        return Feasibility(
            verdict=word, reason=reason, target_accuracy=self._target,
            bayes_error=estimate, interval=(low, high), level=1 - self._delta,
            label_noise=noise.wrong, label_noise_interval=(noise.low, noise.high),
            label_noise_limits=(noise.least, noise.high), label_noise_given=noise.is_given,
            error_without_noise=noise.clean(estimate, n_classes),
            error_without_noise_limits=noise.clean_limits(low, high, n_classes),
            clean=clean, clean_by_class=by_label(clean.best, noise),
            add=samples_to_add(
                fits[best], estimate, wrong, n_classes, fits[best].last / labels.size
            ),
            curves=curves, classifiers=tuple(c.facts() for c in classifiers), sweep=sweep,
            noise_matrix=_rows_of(noise.given_of_true),
            confident_noise=None if noise.confident is None else noise.confident.noise_rate,
            confident_matrix=_rows_of(
                None if noise.confident is None else noise.confident.given_of_true
            ),
            classes=tuple(self._table.classes),
            n_rows=labels.size, n_test=test.size, n_classes=n_classes,
            label_cost=self._label_cost, cost_unit=self._cost_unit,
            assumptions=assumptions, warnings=alarms,
        )  # fmt: skip

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
        trees = self._trees
        if trees is None:
            trees = grow(self._points[fit], self._labels[fit], self._n_classes, self._seed)
        asked = np.setdiff1d(np.arange(self._labels.size), fit)
        return asked, chances(trees, self._points[asked])

    def _classifiers(self, done: list[Arm], losses: BoolArray) -> list[Classifier]:
        truth = self._labels[self._parts.test]
        found = {
            f"nearest neighbour, {arm.representation.name}": wrong
            for arm, wrong in zip(done, losses, strict=True)
        }
        found |= {name: said != truth for name, said in self._predictions.items()}
        # each limit holds with a share of delta, so that the least of them holds with all of it
        delta = self._delta / len(found)
        made = []
        for name, wrong in found.items():
            if self._table.blocks is None:
                limits = exact_share_interval(int(wrong.sum()), wrong.size, delta=delta)
            else:
                limits = block_interval(
                    wrong.astype(np.float64), self._table.blocks[self._parts.test], delta=delta
                )
            made.append(Classifier(name, wrong, limits))
        return made

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


def _taking_part(given: Representations, table: LabelledTable) -> Representations:
    """Return representations with the rows of arrays that take part."""
    if not isinstance(given, Mapping):
        return given
    kept = {}
    for name, points in given.items():
        if not callable(points):
            points = np.asarray(points)
            if points.ndim != 2 or len(points) != table.n_source:
                raise SchemaError(
                    f"expected {table.n_source:,} rows in representation `{name}`, "
                    f"got shape {points.shape}",
                    hint="Give one row for each row of the table, in its order.",
                )
            points = points[table.rows]
        kept[name] = points
    return kept


def _rows_of(matrix: FloatArray | None) -> tuple[tuple[float | None, ...], ...] | None:
    """Return a matrix as tuples, with None where a chance is unknown."""
    if matrix is None:
        return None
    return tuple(tuple(float(x) if x == x else None for x in row) for row in matrix)
