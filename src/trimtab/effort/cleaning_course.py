"""A cleaning session played on in one possible world, a batch of rows at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from trimtab.effort.cleaning_scores import CleaningScores
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.interval import Interval


@dataclass(frozen=True, slots=True)
class World:
    """Where a course stands: rows cleaned by then, points certain, and points predicted right."""

    rows: int
    certain: int
    right: int


def draw_world(session: CleaningSession, rng: np.random.Generator) -> dict[int, FloatArray]:
    """Return a value for each row that is unsure and not cleaned, one of its candidates.

    How often the first, the second … candidate is the truth is drawn as well, by class: from the
    Dirichlet law that counts each of them once, and once more for each cleaned row it was true
    of. Before any row is cleaned, all mixes are alike.
    """
    rows = session.rows
    weights = np.cumsum(rng.standard_gamma(1.0 + _tally(session)), axis=1)[rows.labels]
    last = weights[np.arange(rows.n_rows), rows.counts - 1]
    numbers = (weights <= (rng.random(rows.n_rows) * last)[:, None]).sum(axis=1)
    values = rows.values[rows.starts + numbers]
    unsure = np.flatnonzero(rows.counts > 1).tolist()
    return {row: values[row] for row in unsure if row not in session.fixed}


def _tally(session: CleaningSession) -> FloatArray:
    """Return how many cleaned rows of a class had each candidate for truth, or nearest to it."""
    found = np.zeros((session.rows.n_classes, int(session.rows.counts.max())))
    for row, value in session.fixed.items():
        if session.rows.counts[row] > 1:
            far = ((session.candidates(row) - value) ** 2).sum(axis=1)
            found[session.rows.labels[row], far.argmin()] += 1
    return found


def world_range(values: FloatArray, level: float, method: str) -> Interval:
    """Return the mean of a number over worlds, with the least and the greatest for limits."""
    low, high = float(values.min()), float(values.max())
    # the mean of equal numbers may round to another one
    return Interval(min(max(float(values.mean()), low), high), low, high, level, method)


@dataclass(frozen=True, slots=True)
class Course:
    """A session at one moment of a world: what is known, and the points that were open before.

    `labels` are those of the points in `scores`; `n_settled` other points are certain, `right`
    of them predicted right.
    """

    scores: CleaningScores
    labels: IntArray | None
    n_settled: int
    right: int
    batch: int
    sample: int | None

    @classmethod
    def begin(
        cls, session: CleaningSession, *, cleaned: int, batch: int = 1, sample: int | None = None
    ) -> Self:
        """Return the session as it stood after so many rows; worlds share it, scored once."""
        rows = session.rows
        known = {int(row): rows.values[rows.starts[row]] for row in np.flatnonzero(rows.is_sure)}
        known |= dict(list(session.fixed.items())[:cleaned])
        scores = CleaningScores(rows.known(known), session.queries, session.k)
        return cls(scores, session.query_labels, 0, 0, batch, sample)

    def play(
        self, world: dict[int, FloatArray], rng: np.random.Generator, most: int
    ) -> list[World]:
        """Return where things stand at the start and after each batch, until done or `most`."""
        course, cleaned = self, 0
        found = [course.stand(cleaned)]
        while cleaned < most:
            chosen = course._best(min(self.batch, most - cleaned), rng)
            if not chosen.size:
                break
            cleaned += chosen.size
            course = course._clean({int(row): world[int(row)] for row in chosen})
            found.append(course.stand(cleaned))
        return found

    def stand(self, cleaned: int) -> World:
        """Return where things stand, with default repairs in the rows that are not known."""
        possible, still = self.scores.possible, self.scores.open_queries
        right = self.right
        if self.labels is not None:
            answers = possible.argmax(axis=1)
            answers[still] = self.scores.default_classes(still)
            right += int((answers == self.labels).sum())
        return World(cleaned, self.n_settled + len(possible) - still.size, right)

    def _best(self, n: int, rng: np.random.Generator) -> IntArray:
        """Return the rows that the session would name, as `CleaningSession.next` orders them."""
        still = self.scores.open_queries
        if self.sample is not None and still.size > self.sample:
            still = np.sort(rng.choice(still, self.sample, replace=False))
        order, _, _ = self.scores.ranked(still)
        return order[self.scores.rows.counts[order] > 1][:n]

    def _clean(self, values: dict[int, FloatArray]) -> Self:
        """Return the course with more rows known, and the points left that are still open."""
        possible, still = self.scores.possible, self.scores.open_queries
        right, labels = self.right, self.labels
        if labels is not None:
            is_certain = possible.sum(axis=1) == 1
            right += int((possible.argmax(axis=1) == labels)[is_certain].sum())
            labels = labels[still]
        return replace(
            self,
            scores=self.scores.knowing(values, still),
            labels=labels,
            n_settled=self.n_settled + len(possible) - still.size,
            right=right,
        )


def course_so_far(session: CleaningSession, moments: Sequence[int]) -> tuple[World, ...]:
    """Return where a session stood after some numbers of rows."""
    begin, fixed = Course.begin(session, cleaned=0), list(session.fixed.items())
    everyone = np.arange(len(session.queries))
    return tuple(
        replace(begin, scores=begin.scores.knowing(dict(fixed[:cleaned]), everyone)).stand(cleaned)
        for cleaned in moments
    )
