"""Challenger against champion by how well they rank: the gate of binary tasks.

Where the rate of the label moves from month to month, a model trained on last month's rate has a
worse mean loss however well it tells rows apart: a gate on loss alone keeps the older model for
ever. This gate asks for a better ranking, and refuses what is provably worse in loss.
"""

from typing import Any

from numpy.typing import ArrayLike

from trimtab.core.records import Outcome, Verdict
from trimtab.core.settings import GateSection
from trimtab.gates.gain import decide
from trimtab.stats.bootstrap import bootstrap_auc_difference
from trimtab.stats.interval import Interval

N_RESAMPLES = 1000


def decide_by_rank(
    labels: ArrayLike,
    new_scores: ArrayLike,
    old_scores: ArrayLike,
    *,
    new_loss: ArrayLike,
    old_loss: ArrayLike,
    blocks: ArrayLike | None = None,
    settings: GateSection,
    delta: float,
    seed: int = 0,
) -> Verdict:
    """Decide whether a challenger ranks provably better than the champion.

    - **pass**: the interval of the gain in AUC lies above `min_gain`, and mean loss is not
      provably worse by more than `tolerance`;
    - **fail**: mean loss is provably worse by more than that, or no gain was shown although the
      interval is no wider than plus or minus `auc_tolerance`, or its upper end is within it;
    - **not enough data** otherwise.

    A challenger that ranks no better passes with probability at most delta / 2, and one whose
    loss is within the tolerance is refused for it with at most delta / 2. Both intervals draw
    or count whole blocks; they are asymptotic in the number of blocks and take blocks to be
    independent. A poor choice where the level of the scores is what decisions rest on: set
    `metric = "loss"` there.

    Parameters
    ----------
    labels : array_like of bool, shape (n_rows,)
        What turned out true.
    new_scores, old_scores : array_like, shape (n_rows,)
        Scores of challenger and champion, same rows, same order.
    new_loss, old_loss : array_like, shape (n_rows,)
        Their losses in [0, 1].
    blocks : array_like, shape (n_rows,), optional
        The day, user or device of each row; without it rows are taken as independent.
    settings : GateSection
        `min_gain`, `auc_tolerance`, `tolerance`.
    delta : float
        Chance of a wrong pass or a wrong refusal, for this look alone.
    seed : int, default=0
        Seed of the resampling.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> labels, day = rng.random(3_000) < 0.3, np.arange(3_000) // 100
    >>> good = np.clip(0.5 * labels + 0.5 * rng.random(3_000), 0, 1)
    >>> blind = rng.random(3_000)
    >>> loss = (good - labels) ** 2
    >>> decide_by_rank(labels, good, blind, new_loss=loss, old_loss=(blind - labels) ** 2,
    ...                blocks=day, settings=GateSection(), delta=0.0125).outcome
    'pass'
    """
    loss = decide(new_loss, old_loss, blocks=blocks, settings=settings, delta=delta)
    gain = bootstrap_auc_difference(
        labels, new_scores, old_scores, blocks,
        n_resamples=N_RESAMPLES, level=1 - delta, seed=seed,
    )  # fmt: skip
    loss_low, loss_high = loss.intervals["gain"]
    worse = loss_high < -settings.tolerance
    outcome = _outcome(gain, settings, worse=worse)
    return Verdict(
        outcome=outcome,
        condition=rank_condition(settings),
        reason=_reason(outcome, gain, loss, settings, worse=worse),
        estimates={"auc_gain": gain.estimate, "loss_gain": loss.estimates["gain"]},
        intervals={"auc_gain": (gain.low, gain.high), "loss_gain": (loss_low, loss_high)},
        labels_used=loss.labels_used,
        method=gain.method,
        delta=delta,
        detail=_detail(gain, loss, settings),
    )


def rank_condition(settings: GateSection) -> str:
    """Return what this gate asks, in words that hold every number of it."""
    return (
        f"gain in AUC > {settings.min_gain:g} (tolerance {settings.auc_tolerance:g}) and mean "
        f"loss not provably worse by more than {settings.tolerance:g}"
    )


def _outcome(gain: Interval, settings: GateSection, *, worse: bool) -> Outcome:
    if worse:
        return "fail"
    if gain.low > settings.min_gain:
        return "pass"
    could_tell = gain.width / 2 <= settings.auc_tolerance
    too_small = gain.high <= settings.min_gain + settings.auc_tolerance
    return "fail" if could_tell or too_small else "not enough data"


def _detail(gain: Interval, loss: Verdict, settings: GateSection) -> dict[str, Any]:
    return {
        "rows": loss.labels_used,
        "blocks": loss.detail["blocks"],
        "half_width": gain.width / 2,
        "min_gain": settings.min_gain,
        "tolerance": settings.auc_tolerance,
    }


def _reason(
    outcome: Outcome, gain: Interval, loss: Verdict, settings: GateSection, *, worse: bool
) -> str:
    blocks = loss.detail["blocks"]
    size = f"{loss.labels_used:,} labelled rows" + (f" in {blocks} blocks" if blocks else "")
    seen = f"AUC changes by {gain.estimate:+.4f} (interval {gain.low:+.4f} to {gain.high:+.4f})"
    low, high = (-limit for limit in reversed(loss.intervals["gain"]))
    lost = f"mean loss by {-loss.estimates['gain']:+.4f} ({low:+.4f} to {high:+.4f})"
    if worse:
        return f"Mean loss is provably worse: {lost}; {seen}; {size}."
    if outcome == "pass":
        return f"The challenger ranks better: {seen}, {lost}; {size}."
    if outcome == "fail":
        return (
            f"No gain above {settings.min_gain:g} is shown on a test set that could show one of "
            f"{settings.auc_tolerance:g}: {seen}, {lost}; {size}."
        )
    return f"No gain above {settings.min_gain:g} is shown yet: {seen}, {lost}; {size}."
