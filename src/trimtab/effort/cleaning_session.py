"""A cleaning session: what was fixed, what to fix next, and where things stand."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.core.errors import NotFoundError
from trimtab.effort.cleaning_answers import CleaningRun, CleaningStatus, CleaningStep
from trimtab.effort.cleaning_fix import RowFix
from trimtab.effort.cleaning_scores import CleaningScores
from trimtab.stats.arrays import (
    FloatArray,
    IntArray,
    as_classes,
    check_cost,
    check_fraction,
    check_same_rows,
)
from trimtab.stats.certain import certain_predictions
from trimtab.stats.certain_rows import as_queries, candidate_rows, check_k
from trimtab.stats.exact_share import exact_share_interval
from trimtab.stats.interval import Interval


class CleaningSession:
    """Rows with candidates, what has been fixed so far, and what to fix next.

    Made by `cleaning_order`, which explains the arguments, or by `open_session` from a file.
    `fixed` maps a row to its value; `remember` is called with every row that is fixed, before
    anything else is done with it.
    """

    def __init__(
        self,
        candidates: Iterable[ArrayLike],
        labels: ArrayLike,
        queries: ArrayLike,
        *,
        k: int,
        query_labels: ArrayLike | None,
        sample: int | None,
        seed: int,
        label_cost: float,
        cost_unit: str,
        delta: float,
        fixed: Mapping[int, FloatArray] | None = None,
        remember: Callable[[RowFix], None] | None = None,
    ) -> None:
        self.rows = candidate_rows(candidates, labels)
        check_k(k, self.rows)
        check_fraction(delta, "delta")
        if sample is not None and sample < 1:
            raise ValueError(f"expected `sample` of 1 or more, got {sample}")
        check_cost(label_cost)
        points = as_queries(queries, self.rows)
        if not len(points):
            raise ValueError("expected at least one query, got none")
        self.k, self.sample, self.seed, self.delta = k, sample, seed, delta
        self.label_cost, self.cost_unit = label_cost, cost_unit
        self.query_labels = _query_labels(query_labels, len(points), self.rows.n_classes)
        self.fixed: dict[int, FloatArray] = dict(fixed or {})
        self.remember = remember
        self._unknown = ~self.rows.is_sure
        self._unknown[list(self.fixed)] = False
        self._scores = CleaningScores(self.rows.known(self.fixed), points, k)

    @property
    def queries(self) -> FloatArray:
        """The validation points."""
        return self._scores.queries

    def next(self, n: int = 1) -> list[CleaningStep]:
        """Return up to `n` rows to clean, best first; none when all predictions are certain.

        Each is the best, second best … for being cleaned alone. Of equal ones, those come first
        that can change more predictions, then those of smaller number.
        Gains too small for floats, of rows that matter in one world of very many, count as 0.
        """
        still = self._scores.open_queries
        if self.sample is not None and still.size > self.sample:
            rng = np.random.default_rng([self.seed, len(self.fixed)])
            still = np.sort(rng.choice(still, self.sample, replace=False))
        order, gains, touched = self._scores.ranked(still)
        return [
            CleaningStep(
                row=int(row),
                label=int(self.rows.labels[row]),
                gain=float(gains[row]),
                matters_to=int(touched[row]),
                n_candidates=int(self.rows.counts[row]),
            )
            for row in order[self._unknown[order]][:n]
        ]

    def fix(
        self,
        row: int,
        value: int | ArrayLike,
        *,
        cells: Mapping[str, str | None] | None = None,
        by: str | None = None,
        at: datetime | None = None,
        note: str | None = None,
    ) -> None:
        """Give a row its true value: the number of a candidate, or the features themselves.

        A row that was fixed before is fixed anew. The session reckons with the features alone;
        `cells`, `by`, `at` and `note` are kept beside them for the cleaned table (see `RowFix`).

        Raises
        ------
        NotFoundError
            If there is no such row or candidate.
        ValueError
            If the features are not one finite value each.
        """
        known = self._value(row, value)
        if self.remember is not None:
            self.remember(RowFix(row, known, cells, by, at, note))
        self._scores.know({row: known})
        self._unknown[row] = False
        self.fixed[row] = known

    def candidates(self, row: int) -> FloatArray:
        """Return the values that a row was said to have, shape (n_candidates, n_features)."""
        self._check_row(row)
        return self.rows.values[self.rows.place(row)]

    def world(self) -> FloatArray:
        """Return all rows as they stand, fixed or by their first candidate, to train on."""
        values = self.rows.values[self.rows.starts].copy()
        for row, value in self.fixed.items():
            values[row] = value
        return values

    def status(self) -> CleaningStatus:
        """Return how many predictions are certain, what is left to do, and what it may bring."""
        possible = self._scores.possible
        matters = int((self._unknown & (self._scores.n_touched() > 0)).sum())
        return CleaningStatus(
            cleaned=len(self.fixed),
            rows_left=int(self._unknown.sum()),
            rows_that_matter=matters,
            certain=int((possible.sum(axis=1) == 1).sum()),
            n_queries=len(possible),
            cost_so_far=self.label_cost * len(self.fixed),
            cost_at_most=self.label_cost * matters,
            cost_unit=self.cost_unit,
            **self._accuracy(),
        )

    def fractions(self) -> FloatArray:
        """Return the share of worlds that predict each class, shape (n_queries, n_classes)."""
        return self._scores.fractions()

    def run(self, truth: ArrayLike, *, budget: int | None = None) -> CleaningRun:
        """Clean with the true candidate of each row known, until done or `budget` rows are.

        For judging the method on data whose clean values are at hand; `truth` (n_rows,) holds
        the number of each row's true candidate.
        """
        numbers = np.asarray(truth, dtype=np.int64)
        check_same_rows(self.rows.n_rows, numbers.size, "truth")
        rows: list[int] = []
        certain: list[int] = []
        while budget is None or len(rows) < budget:
            step = self.next()
            if not step:
                break
            self.fix(step[0].row, int(numbers[step[0].row]))
            rows.append(step[0].row)
            certain.append(len(self.queries) - self._scores.open_queries.size)
        return CleaningRun(tuple(rows), tuple(certain), len(self.queries))

    def _accuracy(self) -> dict[str, Any]:
        """Return what is known of the accuracy, or nothing without labels."""
        if self.query_labels is None:
            return {}
        n, labels = len(self.queries), self.query_labels
        everyone, possible = np.arange(n), self._scores.possible
        may_be_right = possible[everyone, labels]
        n_may, n_must = (
            int(may_be_right.sum()),
            int((may_be_right & (possible.sum(axis=1) == 1)).sum()),
        )
        default = certain_predictions(
            self.world()[:, None], self.rows.labels, self.queries, k=self.k
        )
        # limits for a count that lies between the two, whatever it is: they hold at every step
        low = exact_share_interval(n_must, n, delta=self.delta).low
        high = exact_share_interval(n_may, n, delta=self.delta).high
        expected = float(self.fractions()[everyone, labels].mean())
        return {
            "accuracy_now": float((default.argmax(axis=1) == labels).mean()),
            "accuracy_low": n_must / n,
            "accuracy_high": n_may / n,
            "accuracy": Interval(
                expected, low, high, 1 - self.delta, "exact binomial over all possible worlds"
            ),
        }

    def _value(self, row: int, value: int | ArrayLike) -> FloatArray:
        """Return the features that `fix` was given."""
        known = self.candidates(row)
        if isinstance(value, (int, np.integer)):
            if not 0 <= value < len(known):
                raise NotFoundError(
                    f"expected a candidate from 0 to {len(known) - 1} of row {row}, got {value}",
                    hint="Name one of them, or say what the row holds: --set COLUMN=VALUE.",
                )
            candidate: FloatArray = known[int(value)]
            return candidate
        features = np.asarray(value, dtype=np.float64)
        if features.shape != known.shape[1:] or not np.isfinite(features).all():
            raise ValueError(f"expected {known.shape[1]} finite features, got {value}")
        return features

    def _check_row(self, row: int) -> None:
        if not 0 <= row < self.rows.n_rows:
            raise NotFoundError(
                f"expected a row from 0 to {self.rows.n_rows - 1}, got {row}",
                hint="`next()` names the rows to clean.",
            )


def _query_labels(labels: ArrayLike | None, n_queries: int, n_classes: int) -> IntArray | None:
    if labels is None:
        return None
    classes = as_classes(labels, n_classes)
    check_same_rows(n_queries, classes.size, "query_labels")
    return classes
