"""What `ActiveClean` promises: steps that are unbiased, and limits of the gradient that hold."""

import copy

import numpy as np
import pytest

from trimtab.effort.active_cleaning import ActiveClean
from trimtab.stats.convex_losses import ConvexLoss
from trimtab.stats.convex_models import fit_linear, mean_gradient, with_ones

pytestmark = pytest.mark.calibration

PENALTY, DELTA, N_ROWS = 0.05, 0.1, 160


def one_task(rng):
    """Two classes; two features of a third of the rows, seen by a third one, are off."""
    rows = rng.normal(size=(N_ROWS, 3))
    labels = (rows @ [1.0, -1.0, 0.5] + rng.normal(size=N_ROWS) > 0).astype(float)
    off = rows[:, 2] > 0.4
    dirty = rows.copy()
    dirty[off, :2] += rng.normal(2, 1, (off.sum(), 2))
    wrong = np.where(off & (rng.random(N_ROWS) < 0.4), 0, labels)
    return dirty, wrong, rows, labels


def clean_slope(parameters, rows, labels):
    slope = mean_gradient(with_ones(rows), labels, parameters, ConvexLoss("logistic"))
    return slope + PENALTY * parameters


def tell_batch(session, rows, labels):
    asked = list(session.ask().rows)
    session.tell(asked, rows[asked], labels[asked])


@pytest.mark.parametrize("update", ["difference", "published"])
def test_the_mean_step_is_the_clean_gradient(update):
    dirty, wrong, rows, labels = one_task(np.random.default_rng(0))
    first = ActiveClean(
        dirty, wrong, batch=16, penalty=PENALTY, update=update, floor=0.05, step=0.3
    )
    # after one batch, so that changes are known and there are clean rows
    tell_batch(first, rows, labels)
    before, found = first.model.parameters, []
    for seed in range(120):
        session = copy.deepcopy(first)
        session._state.seed = seed
        tell_batch(session, rows, labels)
        found.append((before - session.model.parameters) / 0.3)

    spread = np.std(found, axis=0) / np.sqrt(len(found))
    off = np.abs(np.mean(found, axis=0) - clean_slope(before, rows, labels)) / spread
    assert off.max() < 4


@pytest.mark.parametrize("update", ["difference", "published"])
def test_limits_of_the_gradient_and_of_the_distance_hold(update):
    rng = np.random.default_rng(1)
    held = near = looks = 0
    for seed in range(30):
        dirty, wrong, rows, labels = one_task(rng)
        session = ActiveClean(
            dirty, wrong, batch=16, penalty=PENALTY, update=update, seed=seed, delta=DELTA
        )
        best = fit_linear(rows, labels, ConvexLoss("logistic"), penalty=PENALTY).parameters
        for _ in range(3):
            size = np.linalg.norm(clean_slope(session.model.parameters, rows, labels))
            tell_batch(session, rows, labels)
            status = session.status()
            if not status.gradient.is_finite:  # too few dirty rows to say anything
                continue
            held += status.gradient.contains(size)
            near += np.linalg.norm(session.model.parameters - best) <= status.distance_at_most
            looks += 1

    assert looks > 50
    assert held / looks >= 1 - DELTA
    assert near / looks >= 1 - DELTA


@pytest.mark.parametrize("update", ["difference", "published"])
def test_a_few_heavy_rows_that_look_harmless_leave_no_limits(update):
    rng = np.random.default_rng(2)
    missed = 0
    for seed in range(40):
        rows = rng.normal(size=(240, 3))
        labels = (rows @ [1.0, -1.0, 0.5] + rng.normal(size=240) > 0).astype(float)
        dirty = rows.copy()
        rows[:6] *= 30  # what is true of six rows is far from what was written down
        session = ActiveClean(
            dirty, labels, batch=12, penalty=PENALTY, update=update, seed=seed, delta=DELTA
        )
        size = np.linalg.norm(clean_slope(session.model.parameters, rows, labels))
        tell_batch(session, rows, labels)
        missed += not session.status().gradient.contains(size)

    assert missed / 40 <= DELTA
