import math

import numpy as np
import pytest

from trimtab.stats.gradient_limits import StepLimits, step_limits


def a_quadratic(rng, n_parameters=4):
    root = rng.normal(size=(n_parameters, n_parameters))
    return root @ root.T + 0.1 * np.eye(n_parameters), rng.normal(size=(n_parameters, 1))


def test_with_all_rows_drawn_the_limits_are_the_truth_of_a_quadratic():
    rng = np.random.default_rng(0)
    curvature, best = a_quadratic(rng)
    at, length = rng.normal(size=(4, 1)), 0.05
    slope = curvature @ (at - best)
    after = at - length * slope
    excess = float(np.sum((after - best) * (curvature @ (after - best)))) / 2

    found = step_limits(
        slope, rng.normal(size=(9, 4, 1)), np.ones(9), 9,
        curvature=curvature, quadratic=True, length=length, penalty=0.1, delta=0.1,
    )  # fmt: skip

    left, size = found.loss_left, float(np.linalg.norm(slope))
    assert [left.low, left.estimate, left.high] == pytest.approx([excess] * 3)
    assert [found.gradient.low, found.gradient.high] == pytest.approx([size] * 2)
    assert found.distance_at_most >= np.linalg.norm(after - best)


def test_several_outputs_add_up():
    rng = np.random.default_rng(1)
    curvature, _ = a_quadratic(rng)
    slope, missed = rng.normal(size=(4, 2)), rng.normal(size=(9, 4, 2))
    settings = {
        "curvature": curvature, "quadratic": True, "length": 0.02, "penalty": 0.1, "delta": 0.1
    }  # fmt: skip

    both = step_limits(slope, missed, np.ones(9), 9, **settings).loss_left
    each = [
        step_limits(slope[:, [k]], missed[:, :, [k]], np.ones(9), 9, **settings).loss_left
        for k in (0, 1)
    ]

    assert both.estimate == pytest.approx(sum(one.estimate for one in each))


def test_limits_to_second_order_promise_nothing():
    rng = np.random.default_rng(1)
    curvature, _ = a_quadratic(rng)
    slope, missed = rng.normal(size=(4, 1)), rng.normal(size=(9, 4, 1))
    settings = {"curvature": curvature, "length": 0.02, "penalty": 0.1, "delta": 0.1}

    found = step_limits(slope, missed, np.full(9, 0.5), 18, quadratic=False, **settings)
    known = step_limits(slope, missed, np.full(9, 0.5), 18, quadratic=True, **settings)

    assert found.gradient == known.gradient
    assert (found.loss_left.low, found.loss_left.high) == (
        known.loss_left.low,
        known.loss_left.high,
    )
    assert found.loss_left.level == 0
    assert "no promise" in found.loss_left.method


def test_few_rows_left_to_chance_promise_nothing():
    rng = np.random.default_rng(2)
    curvature, _ = a_quadratic(rng)

    found = step_limits(
        rng.normal(size=(4, 1)), rng.normal(size=(4, 4, 1)), np.full(4, 0.5), 8,
        curvature=curvature, quadratic=True, length=0.1, penalty=0.1, delta=0.1,
    )  # fmt: skip

    assert found.loss_left.high == found.gradient.high == found.distance_at_most == math.inf
    assert found.loss_left.low == found.gradient.low == 0


def test_what_is_known_to_be_unknown_keeps_its_estimate():
    exact = StepLimits.exact(0.2, 0.1, 0.05)

    assert exact.gradient.estimate == exact.gradient.high == 0.2
    assert exact.loss_left.high == pytest.approx(0.2)
    assert exact.unknown().gradient.estimate == 0.2
    assert not exact.unknown().gradient.is_finite
