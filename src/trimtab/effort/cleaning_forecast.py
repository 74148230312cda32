"""What going on with cleaning is expected to bring: the session played on in drawn worlds.

Nobody knows the truth of a row that is not cleaned, but it is said to be among the candidates.
A world that picks one for each row at random may stand for the truth; how many of the validation
points become certain in it, and how the accuracy moves, is counted and not fitted.
"""

import math

import numpy as np

from trimtab.effort.cleaning_answers import CleaningForecast, RowsUntil
from trimtab.effort.cleaning_course import Course, World, draw_world, world_range
from trimtab.effort.cleaning_session import CleaningSession
from trimtab.stats.arrays import FloatArray
from trimtab.stats.exact_share import exact_share_interval
from trimtab.stats.interval import Interval

_SHARES = 0.5, 0.9, 1.0
_LOOKS = 20


def forecast_cleaning(
    session: CleaningSession,
    *,
    rows: int | None = None,
    batch: int | None = None,
    n_worlds: int = 19,
    sample: int | None = 64,
    seed: int = 0,
) -> CleaningForecast:
    """Play a session on in worlds drawn from the candidates, and say what to expect of it.

    In each world a candidate is drawn for each row that is not cleaned yet; rows are then cleaned
    in the session's order, with the drawn values for answers. If the truth is drawn in the same
    way, its course is one more like the others: the chance that it lies outside the least and the
    greatest of `n_worlds` courses is at most ``2 / (n_worlds + 1)``, at each number of rows by
    itself. It costs time, for it is many sessions in one; `status` does not.

    How often each candidate is right is learned from the rows cleaned so far, by class (a
    Dirichlet prior that counts each candidate once): early on the band is wide, for good and bad
    candidates are both possible. Assumes that the rows left are like those cleaned, and
    independent given their class. A poor choice as a promise where the best rows to clean are
    also the oddest, or where cells are missing for a reason that neither class nor candidates
    show. The bounds of `CleaningStatus` hold whatever the truth is.

    Parameters
    ----------
    session : CleaningSession
        As it stands; it is not changed.
    rows : int, optional
        How many rows to go on for; until all predictions are certain if not given.
    batch : int, optional
        Rows cleaned between two looks at the gains, as with a list handed to a team; about a
        twentieth of the rows that matter if not given, and so 1 for twenty rows or fewer.
    n_worlds : int, default=19
        Worlds drawn, 3 or more.
    sample : int, optional
        Open points drawn for each choice, as in `cleaning_order`, if the session says nothing
        smaller. With more open points than this the order is a little worse than the session's.
    seed : int, default=0
        Of the worlds.

    Returns
    -------
    CleaningForecast

    Raises
    ------
    ValueError
        If a number is out of its range.

    Examples
    --------
    The prediction hangs on row 1 alone: whatever it is, it is certain once the row is known.

    >>> from trimtab.effort.cleaning import cleaning_order
    >>> session = cleaning_order([[[0.0]], [[1.0], [4.5]], [[9.0]]], [0, 1, 1], [[2.0]], k=1)
    >>> forecast = forecast_cleaning(session)
    >>> forecast.rows, [share.estimate for share in forecast.certain]
    ((0, 1), [0.0, 1.0])
    """
    if n_worlds < 3:
        raise ValueError(f"expected `n_worlds` of 3 or more, got {n_worlds}")
    for name, number in (("rows", rows), ("batch", batch), ("sample", sample)):
        if number is not None and number < 1:
            raise ValueError(f"expected `{name}` of 1 or more, got {number}")
    status = session.status()
    size = batch or max(1, math.ceil(status.rows_that_matter / _LOOKS))
    most = status.rows_that_matter if rows is None else rows
    draws = [s for s in (session.sample, sample) if s is not None]
    begin = Course.begin(
        session, cleaned=len(session.fixed), batch=size, sample=min(draws, default=None)
    )
    courses = []
    for number in range(n_worlds):
        rng = np.random.default_rng([seed, number])
        courses.append(begin.play(draw_world(session, rng), rng, most))
    return _summary(session, courses, size, n_worlds)


def _summary(
    session: CleaningSession, courses: list[list[World]], batch: int, n_worlds: int
) -> CleaningForecast:
    n_looks = max(len(course) for course in courses)
    # a course that ended early stays where it is: nothing left in it changes a prediction
    whole = [course + [course[-1]] * (n_looks - len(course)) for course in courses]
    certain = np.array([[look.certain for look in course] for course in whole])
    level = (n_worlds - 1) / (n_worlds + 1)
    n = len(session.queries)
    accuracy: tuple[Interval, ...] = ()
    new_data: tuple[Interval, ...] = ()
    if session.query_labels is not None:
        right = np.array([[look.right for look in course] for course in whole])
        accuracy = _bands(right / n, level)
        new_data = tuple(_new_data(counts, n, level, session.delta) for counts in right.T)
    return CleaningForecast(
        rows=tuple(max(course[i].rows for course in whole) for i in range(n_looks)),
        certain=_bands(certain / n, level),
        accuracy=accuracy,
        new_data=new_data,
        until=tuple(_until(courses, share, n, level) for share in _SHARES),
        n_worlds=n_worlds,
        level=level,
        batch=batch,
        label_cost=session.label_cost,
        cost_unit=session.cost_unit,
    )


def _bands(values: FloatArray, level: float) -> tuple[Interval, ...]:
    """Return mean, least and greatest of the worlds at each look."""
    return tuple(world_range(at, level, "mean and range of the worlds") for at in values.T)


def _new_data(counts: FloatArray, n: int, level: float, delta: float) -> Interval:
    """Bound the accuracy on new data: the truth is a world like these, its count is binomial."""
    low = exact_share_interval(int(counts.min()), n, delta=delta).low
    high = exact_share_interval(int(counts.max()), n, delta=delta).high
    # either of the two may fail; what is left of the level is never less than nothing
    kept = max(level - delta, 0.0)
    return Interval(
        float(counts.mean() / n), low, high, kept, "exact binomial beyond the range of the worlds"
    )


def _until(courses: list[list[World]], share: float, n: int, level: float) -> RowsUntil:
    wanted = share * n - 1e-9
    needed = [
        next((float(look.rows) for look in course if look.certain >= wanted), math.inf)
        for course in courses
    ]
    middle = float(sorted(needed)[len(needed) // 2])
    return RowsUntil(
        share, Interval(middle, min(needed), max(needed), level, "median and range of the worlds")
    )
