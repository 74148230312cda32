"""Decision thresholds that are learned from held-out rows, and when to learn them again.

A row is flagged when its score is at or above the threshold. What is asked of a threshold is
read in `objective`; which of them to take, and how sure that is, is found here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.core.records import Outcome, Record
from trimtab.gates.objective import Objective, read_objective
from trimtab.gates.threshold_check import (
    HeldOutRows,
    halves,
    limits,
    outcome_of,
    unknown,
    what_it_does,
)
from trimtab.gates.threshold_choice import Choice, choose


@dataclass(frozen=True, slots=True)
class LearnedThreshold(Record):
    """A threshold, what it attains on rows that had no part in choosing it, and until when.

    Parameters
    ----------
    value : float or None
        Flag a row when its score is at or above this; None where no threshold could be chosen.
        A little above the highest score seen where it is best to flag nothing.
    objective : str
        What was asked for.
    outcome : {'pass', 'fail', 'not enough data'}
        *pass* if all of `interval` meets the objective's bound; *fail* if none of it does and no
        threshold that flags 10 rows and 1 % of them is likely to; else *not enough data*. For a
        cost *pass* if there were rows of both classes.
    estimate : float
        Precision, recall, rate or mean cost on the second half; NaN where there are no rows.
    interval : (float, float)
        Limits for the true value at this threshold; they miss it with probability at most
        `delta`.
    delta : float
        That probability.
    relearn_after : date or None
        The day after which the threshold is too old to be trusted.
    n : int
        Rows used, in both halves.
    method : str
        How the limits were found.
    detail : dict
        Rows of each half, and what else the threshold does on the second half.
    """

    value: float | None
    objective: str
    outcome: Outcome
    estimate: float
    interval: tuple[float, float]
    delta: float
    relearn_after: date | None
    n: int
    method: str
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The threshold in words."""
        if self.value is None:
            return f"No threshold for {self.objective}: {self.detail['why']}."
        low, high = self.interval
        name = self.objective.split(">")[0].split("<")[0].split(":")[0]
        shown = {"pass": "is met", "fail": "is not met", "not enough data": "is not settled"}
        age = "" if self.relearn_after is None else f" Learn it again after {self.relearn_after}."
        return (
            f"Flag scores of {self.value:.6g} or more: {name} {self.estimate:.4g} (interval "
            f"{low:.4g} to {high:.4g}, {self.method}, rows that had no part in the choice); "
            f"{self.objective} {shown[self.outcome]}.{age}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, and the threshold in words as `sentence`."""
        return Record.to_dict(self) | {"sentence": self.sentence}


def learn_threshold(
    scores: ArrayLike,
    labels: ArrayLike | None,
    *,
    objective: str | Mapping[Any, float],
    delta: float = 0.05,
    blocks: ArrayLike | None = None,
    window_days: float | None = None,
    now: date | None = None,
    seed: int = 0,
) -> LearnedThreshold:
    r"""Learn the threshold that an objective asks for, with limits that the choice did not touch.

    A random half of the rows chooses: for `precision` and `rate` the lowest threshold, for
    `recall` the highest, that meets the bound with a margin which the other half can be expected
    to confirm four times in five; for a cost the threshold of least mean cost. The other half
    gives the estimate and its interval: exact binomial limits (Clopper and Pearson), for a cost
    empirical Bernstein limits. So the interval is honest although the best of many thresholds was
    picked: it misses the truth with probability at most `delta`, and a threshold that truly
    breaks its bound comes back as *pass* with probability at most ``delta / 2``. The price is
    that each half has half of the rows, and a threshold more careful than the bound itself.

    Rows with one score are flagged together or not at all. Assumes that rows are independent,
    and like those to come; with `blocks` whole days, users or devices go to either half, and the
    limits count blocks (at least 5 in each half; roughly normal totals are assumed). A poor
    choice on the rows the model was trained on, where scores are better than they will be.

    Parameters
    ----------
    scores : array_like of float, shape (n_rows,)
        The model's scores; any unit, higher means more likely positive.
    labels : array_like of bool or 0/1, shape (n_rows,)
        What turned out true; rows with None or NaN are left out. May be None for ``rate<=``,
        which counts rows whatever their label.
    objective : str or mapping
        ``precision>=0.9``, ``recall>=0.8``, ``rate<=0.05`` (share of rows that are flagged),
        ``cost:fp=1,fn=10``, or a cost matrix ``{(truth, decision): cost}`` with 0 and 1.
    delta : float, default=0.05
        Chance that the interval misses the truth, in (0, 1).
    blocks : array_like, shape (n_rows,), optional
        The day, user or device of each row.
    window_days : float, optional
        For how many days the threshold may be used; with `now`.
    now : date or datetime, optional
        When it is learned.
    seed : int, default=0
        Which halves: the same rows and seed give the same threshold.

    Returns
    -------
    LearnedThreshold
        With outcome *not enough data* where the rows cannot tell.

    Raises
    ------
    ConfigError
        If the objective cannot be read.
    ValueError
        If lengths differ, scores are not finite, labels are not 0 and 1, `delta` is outside
        (0, 1), or only one of `window_days` and `now` is given.

    References
    ----------
    .. [1] C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated
       in the case of the binomial", Biometrika 26 (1934).

    Examples
    --------
    >>> import numpy as np
    >>> from datetime import date
    >>> rng = np.random.default_rng(0)
    >>> score = rng.random(20_000)
    >>> label = rng.random(20_000) < score  # calibrated: precision above t is (1 + t) / 2
    >>> learned = learn_threshold(
    ...     score, label, objective="precision>=0.9", window_days=30, now=date(2026, 3, 1)
    ... )
    >>> learned.outcome, round(learned.value, 2), str(learned.relearn_after)
    ('pass', 0.84, '2026-03-31')
    """
    wanted = read_objective(objective)
    if not 0 < delta < 1:
        raise ValueError(f"expected `delta` between 0 and 1, got {delta}")
    if (window_days is None) != (now is None) or (window_days is not None and window_days <= 0):
        raise ValueError(
            f"expected `window_days` above 0 and `now` together, got {window_days} and {now}"
        )
    until = None if window_days is None or now is None else _last_day(now, window_days)
    rows = _checked(scores, labels, blocks, wanted)
    choosing, checking = halves(rows, seed)
    choice = Choice(None)
    if choosing.scores.size and checking.scores.size:
        choice = choose(choosing.scores, choosing.positive, wanted, delta)
    value = choice.value
    detail: dict[str, Any] = {
        "rows_choosing": int(choosing.scores.size),
        "rows_checking": int(checking.scores.size),
    }
    if value is None:
        detail["why"] = "there are too few rows of the classes it is about to choose one"
        found, outcome = unknown(wanted, delta), "not enough data"
    else:
        found = limits(checking, value, wanted, delta)
        outcome = outcome_of(found, checking, wanted)
        if outcome == "fail" and not choice.is_hopeless:
            outcome = "not enough data"  # with more rows another threshold may well do
        detail |= what_it_does(checking, value, has_labels=labels is not None)
    return LearnedThreshold(
        value=value,
        objective=wanted.text,
        outcome=outcome,  # type: ignore[arg-type]
        estimate=found.estimate,
        interval=(found.low, found.high),
        delta=delta,
        relearn_after=until,
        n=int(rows.scores.size),
        method=found.method,
        detail=detail,
    )


def _last_day(now: date, days: float) -> date:
    end = now + timedelta(days=days)
    return end.date() if isinstance(end, datetime) else end


def _checked(
    scores: ArrayLike, labels: ArrayLike | None, blocks: ArrayLike | None, wanted: Objective
) -> HeldOutRows:
    """Return the rows that count: those with a label, or all where only the rate is asked."""
    given = np.asarray(scores, dtype=np.float64)
    if given.ndim != 1 or not np.isfinite(given).all():
        raise ValueError("expected `scores` with one finite number a row, got something else")
    if labels is None and wanted.kind != "rate":
        raise ValueError(f"expected `labels` for {wanted.text}, got None")
    truth = np.zeros(given.size) if labels is None else np.asarray(labels, dtype=np.float64)
    keys = None if blocks is None else np.asarray(blocks)
    for name, array in (("labels", truth), ("blocks", keys)):
        if array is not None and array.shape != given.shape:
            raise ValueError(f"expected `{name}` of {given.size} rows, got shape {array.shape}")
    known = ~np.isnan(truth)
    if not np.isin(truth[known], (0.0, 1.0)).all():
        raise ValueError("expected `labels` of 0 and 1 (or bool), got something else")
    kept = np.ones_like(known) if wanted.kind == "rate" else known
    return HeldOutRows(given[kept], truth[kept] == 1, None if keys is None else keys[kept])
