"""The answer of `picking.ModelPicker`, and which of its settings fit together."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from trimtab.core.errors import nearest
from trimtab.core.records import Record

Rule = Literal["contenders", "weighted", "disagreement", "random"]
Outcome = Literal["done", "not enough data"]


@dataclass(frozen=True, slots=True)
class Pick(Record):
    """Which model is best as far as is known, and how sure that is.

    Parameters
    ----------
    outcome : {'done', 'not enough data'}
        Whether `confidence` has reached what was asked for.
    best : int
        The answer: place of a model.
    confidence : float
        Lower bound on the probability that the answer is within `tolerance` of the best.
    tolerance : float
        Difference in the share of mistakes that does not matter.
    delta : float
        Asked for was a confidence of 1 - `delta`.
    contenders : tuple of int
        Models that may still be the best.
    rows_seen, labels_used : int
        Rows so far, and labels told.
    cost, cost_unit
        What these labels cost at the user's price, None without one.
    assumptions : tuple of str
        What the confidence rests on.
    """

    outcome: Outcome
    best: int
    confidence: float
    tolerance: float
    delta: float
    contenders: tuple[int, ...]
    rows_seen: int
    labels_used: int
    cost: float | None
    cost_unit: str
    assumptions: tuple[str, ...]

    def _repr_html_(self) -> str:
        from trimtab.effort.pick_page import pick_fragment

        return pick_fragment(self)


def check_settings(
    rule: str,
    rate: float,
    delta: float,
    window: int | None,
    drift: float,
    *,
    has_rows: bool,
) -> None:
    """Refuse settings of a picker that do not fit together; `ModelPicker` says which do."""
    if rule not in get_args(Rule):
        raise ValueError(f"expected a known `rule`, got {rule!r}. {nearest(rule, get_args(Rule))}")
    if not 0 < rate < math.inf or not 0 < delta < 1:
        raise ValueError(
            f"expected `rate` above 0 and `delta` between 0 and 1, got {rate} and {delta}"
        )
    if rule == "contenders" and rate != 1:
        raise ValueError(f"expected no `rate` with rule 'contenders', got {rate}")
    if has_rows and (window is not None or rule == "weighted" or rate < 1):
        raise ValueError(
            "expected `rows` without `window` and with a rule that asks for sure, got "
            f"rule {rule!r}, rate {rate} and window {window}"
        )
    if window is not None and window < 1:
        raise ValueError(f"expected `window` of 1 row or more, got {window}")
    if drift and window is None:
        raise ValueError(
            "expected `window` with `drift`, the rows within which the world moves by so much, "
            "got none"
        )


def assumptions_of(window: int | None, drift: float, *, pool: bool) -> tuple[str, ...]:
    """Return in words what the confidence of a picker with these settings rests on."""
    rows = "rows are independent draws of one distribution"
    if pool:
        rows = "rows come in random order, each once"
    elif window is not None and drift:
        rows = (
            f"within each span of {window:,} rows no two models' difference in their share of "
            f"mistakes moves by more than {drift:g}"
        )
    elif window is not None:
        rows += f" within each span of {window:,} rows"
    return (rows, "labels are true", "each mistake counts the same")
