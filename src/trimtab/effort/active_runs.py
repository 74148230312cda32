"""Where an `ActiveClean` session stands, and runs on data whose clean values are known."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from trimtab.effort.active_answers import ActiveRun, ActiveStatus, ActiveStep
from trimtab.effort.active_batch import Batch
from trimtab.effort.active_state import FEW_ROWS, ActiveState
from trimtab.stats.arrays import FloatArray, check_cost
from trimtab.stats.convex_losses import as_targets
from trimtab.stats.convex_models import fit_linear, objective, with_ones

if TYPE_CHECKING:
    from trimtab.effort.active_cleaning import ActiveClean

# columns this many times as large as others are of another unit
_OTHER_UNIT = 10.0


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
    state: ActiveState,
    waiting: Mapping[int, FloatArray],
    batch: int,
    label_cost: float,
    cost_unit: str,
    names: Sequence[str] = (),
) -> ActiveStatus:
    """Count and price the rows cleaned and left; `waiting` are of a batch that is not whole.

    `names` are those of the features, numbers if not given.
    """
    changed = int(state.is_changed[state.cleaned].sum())
    changed += sum(state.differs(row, value) for row, value in waiting.items())
    cleaned, left = state.cleaned.size + len(waiting), state.n_left - len(waiting)
    limits = state.standing.limits
    return ActiveStatus(
        cleaned=cleaned,
        waiting=len(waiting),
        changed=changed,
        rows_left=left,
        steps=state.standing.steps,
        cost_so_far=label_cost * cleaned,
        cost_at_most=label_cost * left,
        cost_unit=cost_unit,
        gradient=None if limits is None else limits.gradient,
        distance_at_most=None if limits is None else limits.distance_at_most,
        loss_left=None if limits is None else limits.loss_left,
        warnings=tuple(_warnings(state, batch, names)) if left else (),
    )


def steps_of(state: ActiveState, batch: Batch, places: Sequence[int]) -> list[ActiveStep]:
    """Return rows of a batch, by place, with the reason for each."""
    return [
        ActiveStep(
            row=int(batch.rows[place]),
            target=float(state.targets[batch.rows[place]]),
            chance=float(batch.chances[place]),
            even_chance=batch.even,
            dirty=None if np.isnan(batch.dirty[place]) else float(batch.dirty[place]),
        )
        for place in places
    ]


def check_batch(batch: object, label_cost: float) -> None:
    """Refuse a number of rows that is none, and a negative price."""
    is_whole = isinstance(batch, (int, np.integer)) and not isinstance(batch, bool)
    if not (is_whole and batch >= 1):  # type: ignore[operator]
        raise ValueError(f"expected `batch` of 1 or more, a whole number, got {batch!r}")
    check_cost(label_cost)


def _warnings(state: ActiveState, batch: int, names: Sequence[str]) -> Iterator[str]:
    if batch < FEW_ROWS and state.step is None:
        yield (
            f"batches of {batch} move the model {batch / FEW_ROWS:.2g} times as far as those of "
            f"{FEW_ROWS} or more, for a step of so few rows may lead anywhere"
        )
    sizes = state.column_sizes
    called = [*(names or [f"feature {place}" for place in range(sizes.size - 1)]), "the intercept"]
    largest, least = int(sizes.argmax()), int(sizes.argmin())
    if sizes[largest] > _OTHER_UNIT * sizes[least]:
        yield (
            f"{called[largest]} has numbers of about {sizes[largest]:.3g}, {called[least]} of "
            f"about {sizes[least]:.3g}: steps are as short as the former needs, and the model "
            "stands nearly still; scale the features, and look at far numbers first"
        )
