"""Where an `ActiveClean` session stands, and runs on data whose clean values are known."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from trimtab.effort.active_answers import ActiveRun, ActiveStatus
from trimtab.effort.active_state import ActiveState
from trimtab.stats.arrays import FloatArray
from trimtab.stats.convex_losses import as_targets
from trimtab.stats.convex_models import fit_linear, objective, with_ones

if TYPE_CHECKING:
    from trimtab.effort.active_cleaning import ActiveClean


def run_with_truth(
    session: "ActiveClean",
    features: ArrayLike,
    targets: ArrayLike,
    *,
    budget: int | None,
    shape: tuple[int, ...],
) -> ActiveRun:
    """Clean whole batches until done or `budget` rows are; see `ActiveClean.run`.

    `shape` is that of the session's rows, with a column of ones.
    """
    loss, penalty = session.model.loss, session.penalty
    rows, aims = with_ones(features), as_targets(targets, loss)
    if rows.shape != shape:
        wanted, got = ((n_rows, n_columns - 1) for n_rows, n_columns in (shape, rows.shape))
        raise ValueError(f"expected `features` of shape {wanted}, got {got}")
    best = fit_linear(features, targets, loss, penalty=penalty).parameters
    least = objective(rows, aims, best, loss, penalty=penalty)

    def measured() -> tuple[int, float, float]:
        now = session.model.parameters
        excess = objective(rows, aims, now, loss, penalty=penalty) - least
        return session.status().cleaned, float(np.linalg.norm(now - best)), excess

    found = [measured()]
    while (asked := list(session.ask().rows)) and (
        budget is None or found[-1][0] + len(asked) <= budget
    ):
        session.tell(asked, rows[asked, :-1], aims[asked])
        found.append(measured())
    cleaned, distance, excess = zip(*found, strict=True)
    return ActiveRun(tuple(cleaned), tuple(distance), tuple(excess))


def status_of(
    state: ActiveState, waiting: Mapping[int, FloatArray], label_cost: float, cost_unit: str
) -> ActiveStatus:
    """Count and price the rows cleaned and left; `waiting` are of a batch that is not whole."""
    changed = int(state.is_changed[state.cleaned].sum())
    changed += sum(state.differs(row, value) for row, value in waiting.items())
    cleaned, left = state.cleaned.size + len(waiting), state.n_left - len(waiting)
    return ActiveStatus(
        cleaned=cleaned,
        waiting=len(waiting),
        changed=changed,
        rows_left=left,
        steps=state.steps,
        cost_so_far=label_cost * cleaned,
        cost_at_most=label_cost * left,
        cost_unit=cost_unit,
        gradient=state.gradient,
        distance_at_most=state.distance_at_most,
    )
