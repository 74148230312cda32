"""What `ActiveClean` promises: steps that are unbiased, and limits of the gradient that hold."""

import copy

import numpy as np
import pytest

from trimtab.effort import active_state
from trimtab.effort.active_cleaning import ActiveClean
from trimtab.stats.convex_losses import ConvexLoss
from trimtab.stats.convex_models import fit_linear, mean_gradient, objective, with_ones

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


@pytest.mark.parametrize(("loss", "penalty"), [("squared", 0.001), ("logistic", PENALTY)])
def test_limits_of_what_is_left_to_gain_hold(loss, penalty):
    rng = np.random.default_rng(1)
    held = looks = 0
    for seed in range(40):
        dirty, wrong, rows, labels = one_task(rng)
        session = ActiveClean(
            dirty, wrong, loss=loss, batch=40, penalty=penalty, seed=seed, delta=DELTA
        )
        kind, ones = ConvexLoss(loss), with_ones(rows)
        best = fit_linear(rows, labels, kind, penalty=penalty).parameters
        least = objective(ones, labels, best, kind, penalty=penalty)
        for _ in range(3):
            tell_batch(session, rows, labels)
            left = session.status().loss_left
            if not left.is_finite:
                continue
            at = session.model.parameters
            held += left.contains(objective(ones, labels, at, kind, penalty=penalty) - least)
            looks += 1

    assert looks > 60
    assert held / looks >= 1 - DELTA


def test_short_steps_of_few_rows_do_not_carry_the_model_away_as_long_ones_do(monkeypatch):
    def worst(few_rows):
        monkeypatch.setattr(active_state, "FEW_ROWS", few_rows)
        furthest = []
        for seed in range(8):
            rng = np.random.default_rng(seed)
            rows = rng.normal(size=(400, 12))
            labels = (rows @ rng.normal(size=12) + rng.normal(size=400) > 0).astype(float)
            off = (rows[:, 0] > 0.3) & (labels == 1) & (rng.random(400) < 0.6)
            session = ActiveClean(rows, np.where(off, 0, labels), batch=4, seed=seed)
            run = session.run(rows, labels, budget=40)
            furthest.append(max(run.distance) / run.distance[0])
        return np.sort(furthest)[-2]

    long_steps, short_steps = worst(1), worst(25)

    assert long_steps > 2
    assert short_steps < 1.3


def test_five_short_steps_move_the_model_as_far_as_one_with_the_same_noise():
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(1_000, 3))
    targets = rows @ [1.0, -1.0, 0.5] + rng.normal(size=1_000)
    dirty = targets + 2 * (rng.random(1_000) < 0.3)

    def moved(batch):
        ends = []
        for seed in range(60):
            session = ActiveClean(
                rows, dirty, loss="squared", batch=batch, penalty=PENALTY, seed=seed,
                update="published", floor=1.0,
            )  # fmt: skip
            for _ in range(25 // batch):
                tell_batch(session, rows, targets)
            ends.append(session.model.parameters[-1, 0])  # where the dirt is
        return np.mean(ends), np.std(ends)

    (one, noise), (five, noise_of_five) = moved(25), moved(5)

    # the fifth steps begin where the first ones led: (1 - 1 / 5)^5 instead of 0 is left
    assert 0.5 < noise_of_five / noise < 1.3
    start = ActiveClean(rows, dirty, loss="squared", penalty=PENALTY).model.parameters[-1, 0]
    assert 0.55 < (start - five) / (start - one) < 1.1
