"""What cleaning is compared with: doing nothing, other repairs for all rows, and random order."""

from dataclasses import dataclass

import numpy as np

from trimtab.core.records import Record
from trimtab.data.report_words import counted
from trimtab.effort.cleaning_course import draw_world, world_range
from trimtab.effort.cleaning_scores import CleaningScores
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.stats.arrays import BoolArray, FloatArray
from trimtab.stats.certain import certain_predictions
from trimtab.stats.exact_share import exact_share_interval
from trimtab.stats.interval import Interval
from trimtab.stats.multiplicity import holm


@dataclass(frozen=True, slots=True)
class Baseline(Record):
    """A way to fill the rows, its accuracy, and whether it beats the default repairs.

    `gained` points are predicted right that default repairs get wrong, `lost` the other way
    round, among the `n_points` it is judged on. `p_value` is that of the exact sign test, after
    Holm for all ways compared; None for the default repairs themselves.
    """

    name: str
    accuracy: Interval
    n_points: int
    gained: int
    lost: int
    p_value: float | None
    is_noise: bool

    @property
    def verdict(self) -> str:
        """The comparison with default repairs in words."""
        if self.p_value is None:
            return "what the others are compared with"
        if not self.gained + self.lost:
            return "no difference"
        change = (self.gained - self.lost) / self.n_points
        points = f"{change:+.3f} ({self.gained} gained, {self.lost} lost)"
        if self.is_noise:
            return f"{points}: the difference is noise (p {self.p_value:.2g} after Holm)"
        return f"{points}: {'better' if change > 0 else 'worse'}, more than chance " + (
            f"(p {self.p_value:.2g} after Holm)"
        )


@dataclass(frozen=True, slots=True)
class RandomOrder(Record):
    """Where as many rows picked at random would have led, in worlds that fit the rows cleaned.

    The limits are the least and the greatest of the draws.
    """

    rows: int
    certain: Interval
    accuracy: Interval | None
    certain_now: float

    @property
    def sentence(self) -> str:
        """The comparison in words."""
        text = (
            f"Picking {counted(self.rows, 'row')} at random makes {self.certain.estimate:.1%} of "
            f"predictions certain ({self.certain.low:.1%} to {self.certain.high:.1%}), the "
            f"session's {self.certain_now:.1%}"
        )
        if self.certain.contains(self.certain_now):
            text += ": its order has not paid yet"
        if self.accuracy is not None:
            text += (
                f". Accuracy is then {self.accuracy.estimate:.3f} ({self.accuracy.low:.3f} to "
                f"{self.accuracy.high:.3f})"
            )
        return text + "."


@dataclass(frozen=True, slots=True)
class CleaningBaselines(Record):
    """All that a session is compared with; `ways` is empty without labels of the points."""

    ways: tuple[Baseline, ...]
    random_order: RandomOrder | None
    delta: float


def cleaning_baselines(
    session: CleaningSession, *, n_worlds: int = 19, seed: int = 0
) -> CleaningBaselines:
    """Compare a session with default repairs, each other repair, and random order.

    Accuracies are of the session's classifier on its validation points, with exact binomial
    limits. The best repair is chosen on one half of the points, drawn at random, and judged on
    the other: judged where it was chosen it looks better than it is. The chance that any way
    that is as good as default repairs is called better or worse is at most the session's
    `delta`, for one look; who looks after every row, until something shows, is wrong more often.

    Random order is judged in drawn worlds (`forecast_cleaning` explains them) that agree with
    the rows cleaned, so it takes time. A poor choice for few validation points: with less than a
    few hundred, gains of a few points are called noise even if they are real.

    Parameters
    ----------
    session : CleaningSession
        As it stands; it is not changed.
    n_worlds : int, default=19
        Worlds, each with a random order of its own, 3 or more.
    seed : int, default=0
        Of the halves, worlds and orders.

    Returns
    -------
    CleaningBaselines

    Raises
    ------
    ValueError
        If `n_worlds` is too small.

    Examples
    --------
    >>> from trimtab.effort.cleaning import cleaning_order
    >>> rows = [[[0.0]], [[4.5], [1.0]], [[9.0]]]
    >>> session = cleaning_order(rows, [0, 1, 1], [[2.0], [8.0]], k=1, query_labels=[1, 1])
    >>> session.fix(1, 1)
    >>> for way in cleaning_baselines(session).ways:
    ...     print(f"{way.name}: {way.accuracy.estimate:g}")
    candidate 0 of each row, the default: 0.5
    candidate 1 of each row: 1
    best candidate, by half the points: 1
    1 row cleaned, the default elsewhere: 1
    """
    if n_worlds < 3:
        raise ValueError(f"expected `n_worlds` of 3 or more, got {n_worlds}")
    random_order = _random_order(session, n_worlds, seed) if session.fixed else None
    return CleaningBaselines(_ways(session, seed), random_order, session.delta)


def _ways(session: CleaningSession, seed: int) -> tuple[Baseline, ...]:
    labels = session.query_labels
    if labels is None:
        return ()
    everyone = np.ones(labels.size, dtype=np.bool_)
    right = [_right(session, _filled(session, i)) for i in range(session.rows.counts.max())]
    judged = [(f"candidate {i} of each row", found, everyone) for i, found in enumerate(right)]
    judged[0] = ("candidate 0 of each row, the default", right[0], everyone)
    if len(right) > 1 and labels.size > 1:
        order = np.random.default_rng([seed, 1]).permutation(labels.size)
        half = order % 2 == 0
        best = max(range(len(right)), key=lambda i: right[i][half].sum())
        judged.append(("best candidate, by half the points", right[best], ~half))
    if session.fixed:
        name = f"{counted(len(session.fixed), 'row')} cleaned, the default elsewhere"
        judged.append((name, _right(session, session.world()), everyone))
    counts = [
        (int((found & ~right[0])[on].sum()), int((right[0] & ~found)[on].sum()))
        for _, found, on in judged
    ]
    tested: list[float | None] = [None]
    if len(counts) > 1:
        tested += holm([_sign_test(*count) for count in counts[1:]]).tolist()
    n_right = [int(found[on].sum()) for _, found, on in judged]
    return tuple(
        Baseline(
            name=name,
            accuracy=exact_share_interval(n, int(on.sum()), delta=session.delta),
            n_points=int(on.sum()),
            gained=gained,
            lost=lost,
            p_value=p,
            is_noise=p is not None and p > session.delta,
        )
        for (name, _, on), n, (gained, lost), p in zip(
            judged, n_right, counts, tested, strict=True
        )
    )


def _filled(session: CleaningSession, number: int) -> FloatArray:
    """Return the rows with a candidate of one number each, the last where there are fewer."""
    rows = session.rows
    return rows.values[rows.starts + np.minimum(number, rows.counts - 1)]


def _right(session: CleaningSession, world: FloatArray) -> BoolArray:
    """Return which validation points are predicted right from these rows."""
    shares = certain_predictions(world[:, None], session.rows.labels, session.queries, k=session.k)
    right: BoolArray = shares.argmax(axis=1) == session.query_labels
    return right


def _sign_test(gained: int, lost: int) -> float:
    """Return the chance of a split as uneven, if either way is as likely at each point."""
    from scipy.stats import binomtest

    if not gained + lost:
        return 1.0
    return float(binomtest(gained, gained + lost).pvalue)


def _random_order(session: CleaningSession, n_worlds: int, seed: int) -> RandomOrder:
    unsure = np.flatnonzero(session.rows.counts > 1)
    n_rows = min(len(session.fixed), unsure.size)
    certain, accuracy = [], []
    begin = CleaningScores(session.rows, session.queries, session.k)
    everyone = np.arange(len(session.queries))
    for number in range(n_worlds):
        rng = np.random.default_rng([seed, 2, number])
        world = draw_world(session, rng) | session.fixed
        picked = rng.choice(unsure, n_rows, replace=False)
        known = {int(row): world[int(row)] for row in picked}
        scores = begin.knowing(known, everyone)
        certain.append(1 - scores.open_queries.size / len(session.queries))
        if session.query_labels is not None:
            answers = scores.default_classes(everyone)
            accuracy.append(float((answers == session.query_labels).mean()))
    now = session.status().certain_share
    level = (n_worlds - 1) / (n_worlds + 1)
    words = f"range of {n_worlds} random orders"
    return RandomOrder(
        rows=n_rows,
        certain=world_range(np.array(certain), level, words),
        accuracy=world_range(np.array(accuracy), level, words) if accuracy else None,
        certain_now=now,
    )
