"""The learned kernel keeps its level, and finds what a kernel of one width blurs.

Run where PyTorch (the extra `deep`) is installed; skipped elsewhere.
"""

import numpy as np
import pytest

from trimtab.stats import deep_kernel_mmd, mmd
from trimtab.stats.deep_kernel import _Learner
from trimtab.stats.kernels import relabelled_mmd
from trimtab.stats.multivariate import permutation_p_value, relabellings

torch = pytest.importorskip("torch", reason="needs PyTorch: the extra `deep`")
pytestmark = pytest.mark.calibration

ALPHA = 0.1


def allowed(rate, n_repeats):
    """Return `rate` and three standard errors of a rate measured by simulation."""
    return rate + 3 * np.sqrt(rate * (1 - rate) / n_repeats)


def blobs(rng, n, related):
    """Return rows around nine points, their two columns related within each blob or not."""
    places = rng.integers(3, size=(n, 2))
    noise = rng.normal(size=(n, 2))
    if related:
        sign = np.where(places.sum(axis=1) % 2 == 0, 0.8, -0.8)
        noise[:, 1] = sign * noise[:, 0] + 0.6 * noise[:, 1]
    return places + 0.15 * noise


def rows(rng, kind, n):
    if kind == "heavy tails":
        return rng.standard_cauchy(size=(n, 3))
    values = rng.normal(size=(n, 3))
    if kind == "gaps":
        return np.where(rng.random((n, 3)) < 0.1, np.nan, values)
    return values.round() if kind == "ties" else values


@pytest.mark.parametrize("kind", ["normal", "heavy tails", "ties", "gaps"])
@pytest.mark.parametrize(("n", "m"), [(60, 60), (90, 30)])
def test_nothing_changed_alarms_at_most_as_often_as_promised(kind, n, m):
    rng = np.random.default_rng(4)
    alarms = []
    for seed in range(200):
        x, y = rows(rng, kind, n), rows(rng, kind, m)
        found = deep_kernel_mmd(x, y, permutations=19, steps=8, seed=seed)
        alarms.append(found.p_value <= ALPHA + 1e-9)

    assert np.mean(alarms) <= allowed(ALPHA, 200)


def test_a_kernel_tested_on_the_rows_it_learned_from_is_caught():
    rng = np.random.default_rng(1)
    alarms = []
    for seed in range(40):
        pooled = rng.normal(size=(80, 3))
        learner = _Learner(torch, pooled, 40, rng)
        for _ in range(60):
            learner.step()
        statistics, _ = relabelled_mmd(learner.kernel(pooled), relabellings(40, 40, 19, seed))
        alarms.append(permutation_p_value(statistics) <= ALPHA + 1e-9)

    assert np.mean(alarms) > allowed(ALPHA, 40)


def test_related_blobs_are_found_by_the_learned_kernel_and_missed_by_the_plain_one():
    rng = np.random.default_rng(2)
    learned, plain = [], []
    for seed in range(4):
        x, y = blobs(rng, 800, related=False), blobs(rng, 800, related=True)
        learned.append(deep_kernel_mmd(x, y, seed=seed).p_value <= 0.05)
        plain.append(mmd(x, y, seed=seed).p_value <= 0.05)

    assert sum(learned) >= 3
    assert sum(plain) <= 1


def test_power_rises_with_rows_and_with_the_change():
    rng = np.random.default_rng(3)

    def rate(n, scale):
        found = [
            deep_kernel_mmd(
                rng.normal(size=(n, 2)), scale * rng.normal(size=(n, 2)), steps=30, seed=seed
            )
            for seed in range(20)
        ]
        return np.mean([result.p_value <= 0.05 for result in found])

    assert rate(40, 1.7) < rate(160, 1.7)
    assert rate(80, 1.0) < rate(80, 1.5) < rate(80, 2.5)
