"""An `ActiveSession` in its file: what `cleaning_store` keeps, and each batch that was drawn.

A batch is kept with the chances it was drawn with and the model it was drawn for, before anybody
sees it: another process, or another version of a library, then makes the same step with it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trimtab.effort.active_batch import Batch, Standing
from trimtab.effort.active_points import ValidationRows
from trimtab.effort.active_runs import check_batch
from trimtab.effort.active_session import ActiveSession
from trimtab.effort.active_state import ActiveState
from trimtab.effort.cleaning_store import (
    Recorder,
    opened,
    packed,
    read_session,
    unpacked,
    write_new,
    writing,
)
from trimtab.stats.arrays import BoolArray, FloatArray
from trimtab.stats.convex_models import LinearModel
from trimtab.stats.gradient_limits import StepLimits
from trimtab.stats.interval import Interval

_BATCHES = "create table batches (number integer primary key, content blob)"
_OWN = "batch", "label_cost", "cost_unit"
_LIMITS = "gradient", "loss_left"
_SETTINGS = "loss", "penalty", "step", "floor", "update", "seed", "delta"


@dataclass(frozen=True, slots=True, eq=False)
class ActiveRows:
    """Rows as they stand: features, targets, which may be dirty, why, and the features' names."""

    features: FloatArray
    targets: FloatArray
    suspects: BoolArray
    errors: NDArray[np.str_]
    names: NDArray[np.str_]


def new_active_session(
    file: str | Path,
    rows: ActiveRows,
    points: ValidationRows | None,
    about: dict[str, Any],
    *,
    batch: int = 50,
    label_cost: float = 1.0,
    cost_unit: str = "minutes",
    **settings: Any,
) -> ActiveSession:
    """Begin a session in a new file; `settings` are those of `ActiveClean`."""
    check_batch(batch, label_cost)
    state = _state(rows, settings)  # refuses what is wrong before there is a file
    arrays = {name: getattr(rows, name) for name in ActiveRows.__slots__}
    if points is not None:
        arrays |= {"points": points.features, "point_targets": points.targets}
    kept = {
        **state.settings(), "batch": int(batch), "label_cost": label_cost, "cost_unit": cost_unit,
        "unit": 1.0 if points is None else points.unit,
    }  # fmt: skip
    given = {"arrays": packed(arrays), "settings": kept, "about": about}
    write_new(file, given, {}, _BATCHES)
    return open_active_session(file)


def open_active_session(file: str | Path) -> ActiveSession:
    """Read a session back, with all that was drawn and said; what comes next goes to the file."""
    given, fixes = read_session(path := Path(file))
    arrays, settings = unpacked(given["arrays"]), json.loads(given["settings"])
    rows = ActiveRows(**{name: arrays[name] for name in ActiveRows.__slots__})
    batches, fixed = _read_batches(path), {fix.row: fix.value for fix in fixes}
    standing, drawn = batches[-1] if batches else (None, None)
    state = _state(rows, {name: settings[name] for name in _SETTINGS}, standing)
    state.know({row: fixed[row] for _, batch in batches[:-1] for row in batch.rows.tolist()})
    points = None
    if "points" in arrays:
        points = ValidationRows(arrays["points"], arrays["point_targets"], settings["unit"])
    first = batches[0][0].parameters if batches else state.model.parameters
    return ActiveSession(
        state,
        **{name: settings[name] for name in _OWN},
        dirty=LinearModel(state.loss, first),
        names=rows.names.tolist(),
        points=points,
        fixed=fixed,
        drawn=drawn,
        remember=Recorder(path),
        keep=_Keeper(path),
    )


def read_models(file: str | Path) -> list[tuple[int, Standing]]:
    """Return the rows cleaned and where things stood, each time that a batch was drawn."""
    found, cleaned = [], 0
    for standing, batch in _read_batches(Path(file)):
        found.append((cleaned, standing))
        cleaned += batch.rows.size
    return found


class _Keeper:
    """Writes each batch to the file of a session, once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, standing: Standing, batch: Batch) -> tuple[Standing, Batch]:
        """Write a batch if nobody else did, and return what is there."""
        with writing(self.path) as database:
            content = standing.steps, packed(_as_arrays(standing, batch))
            database.execute("insert or ignore into batches values (?, ?)", content)
            (there,) = database.execute(
                "select content from batches where number = ?", (standing.steps,)
            ).fetchone()
        return _as_batch(unpacked(there), standing.steps)


def _state(
    rows: ActiveRows, settings: dict[str, Any], standing: Standing | None = None
) -> ActiveState:
    return ActiveState(
        rows.features,
        rows.targets,
        suspects=rows.suspects,
        errors=rows.errors,
        standing=standing,
        **settings,
    )


def _read_batches(path: Path) -> list[tuple[Standing, Batch]]:
    with opened(path) as database:
        lines = database.execute("select number, content from batches order by number").fetchall()
    return [_as_batch(unpacked(content), number) for number, content in lines]


def _as_arrays(standing: Standing, batch: Batch) -> dict[str, Any]:
    arrays = {name: getattr(batch, name) for name in Batch.__slots__}
    arrays["parameters"] = standing.parameters
    if standing.limits is not None:
        for name in _LIMITS:
            found = getattr(standing.limits, name)
            arrays[name] = np.array([found.estimate, found.low, found.high, found.level])
        arrays["methods"] = np.array([getattr(standing.limits, n).method for n in _LIMITS])
        arrays["distance"] = np.array(standing.limits.distance_at_most)
    return arrays


def _as_batch(arrays: dict[str, Any], steps: int) -> tuple[Standing, Batch]:
    limits = None
    if "distance" in arrays:
        gradient, left = (
            _interval(arrays[name], str(method))
            for name, method in zip(_LIMITS, arrays["methods"], strict=True)
        )
        limits = StepLimits(gradient, left, float(arrays["distance"]))
    batch = {name: arrays[name] for name in Batch.__slots__}
    batch["even"] = float(batch["even"])
    return Standing(steps, arrays["parameters"], limits), Batch(**batch)


def _interval(numbers: FloatArray, method: str) -> Interval:
    estimate, low, high, level = numbers.tolist()
    return Interval(estimate, low, high, level, method)
