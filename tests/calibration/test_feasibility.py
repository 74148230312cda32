"""How often the interval of the Bayes error holds it, in worlds whose Bayes error is known."""

import numpy as np
import pytest

from trimtab.effort.feasibility import feasibility
from trimtab.effort.feasibility_noise import estimated_noise
from trimtab.stats.bayes_error import cover_hart
from trimtab.stats.learning_curve import fit_curve, nearest_curve
from trimtab.stats.neighbours import NearestNeighbours

pytestmark = pytest.mark.calibration
SIZES = (94, 187, 375, 750, 1_500, 3_000)


class Bells:
    """Classes with normal columns, each class moved along its own column; labels may be wrong."""

    def __init__(self, n_classes, columns, apart, noise=None):
        self.centres = np.zeros((n_classes, columns))
        for c in range(n_classes):
            self.centres[c, c % columns] = apart * (1 + c // columns)
        self.noise = np.eye(n_classes) if noise is None else np.asarray(noise)

    def draw(self, n, rng):
        label = rng.integers(0, len(self.centres), n)
        points = rng.normal(size=(n, self.centres.shape[1])) + self.centres[label]
        chosen = self.noise[label].cumsum(axis=1) > rng.random((n, 1))
        return points, chosen.argmax(axis=1)

    def errors(self, n=60_000):
        """Return the Bayes error and that of the nearest of infinitely many, by the density."""
        points, _ = self.draw(n, np.random.default_rng(99))
        used = self.centres.any(axis=0)  # other columns say nothing
        points, centres = points[:, used], self.centres[:, used]
        logs = points @ centres.T - (centres**2).sum(axis=1) / 2
        chances = np.exp(logs - logs.max(axis=1, keepdims=True))
        chances = chances / chances.sum(axis=1, keepdims=True) @ self.noise
        return 1 - chances.max(axis=1).mean(), 1 - (chances**2).sum(axis=1).mean()


def even(wrong, n_classes):
    return np.full((n_classes, n_classes), wrong / (n_classes - 1)) + np.eye(n_classes) * (
        1 - wrong - wrong / (n_classes - 1)
    )


WORLDS = {
    "2 dimensions": Bells(2, 2, 1.5),
    "2 dimensions, apart": Bells(2, 2, 3.0),
    "5 dimensions, 5 classes": Bells(5, 5, 2.0),
    "10 dimensions": Bells(2, 10, 1.5),
    "30 dimensions, 3 classes": Bells(3, 30, 2.0),
    "100 dimensions": Bells(2, 100, 2.0),
    "even noise": Bells(2, 3, 2.5, even(0.2, 2)),
    "noise by class": Bells(3, 3, 2.5, [[0.9, 0.1, 0.0], [0.0, 0.6, 0.4], [0.0, 0.0, 1.0]]),
}


def curve_of(world, rng):
    (rows, labels), (queries, truth) = world.draw(SIZES[-1], rng), world.draw(1_000, rng)
    near, before, nearest, distances = NearestNeighbours(queries), 0, [], []
    for size in SIZES:
        near.add(rows[before:size])
        before = size
        nearest.append(near.indices)
        distances.append(near.distances)
    return nearest_curve(SIZES, nearest, distances, labels, truth)


@pytest.mark.parametrize("name", WORLDS)
def test_the_lower_end_is_below_the_bayes_error(name):
    """At most 2.5 % of lower ends may miss; 120 draws with more than 8 misses refute that."""
    world = WORLDS[name]
    bayes, _ = world.errors()
    missed = 0
    for draw in range(120):
        fit = fit_curve(curve_of(world, np.random.default_rng((draw, len(name)))))
        missed += cover_hart(fit.asymptote.low, len(world.centres)) > bayes
    assert missed <= 8


@pytest.mark.parametrize("name", ["2 dimensions", "5 dimensions, 5 classes", "even noise"])
def test_the_limit_of_the_nearest_neighbour_is_where_the_interval_says(name):
    world = WORLDS[name]
    _, limit = world.errors()
    missed = 0
    for draw in range(120):
        fit = fit_curve(curve_of(world, np.random.default_rng((draw, 7))))
        missed += not fit.asymptote.contains(limit)
    assert missed <= 13  # 5 % of 120 is 6


@pytest.mark.parametrize("name", ["2 dimensions", "5 dimensions, 5 classes"])
def test_the_rows_for_an_error_are_within_the_limits_of_the_extrapolation(name):
    """What `samples_to_add` rests on, at four times the rows. 9 or more of 60 draws refute 5 %."""
    world, more = WORLDS[name], 4 * SIZES[-1]
    rng = np.random.default_rng(70)
    (rows, labels), (queries, truth) = world.draw(more * 8, rng), world.draw(10_000, rng)
    seen = []
    for part in range(8):  # the mean over rows of the error that is aimed at
        near, some = NearestNeighbours(queries), slice(part * more, (part + 1) * more)
        near.add(rows[some])
        seen.append((labels[some][near.indices] != truth).mean())
    missed = naive = 0
    for draw in range(60):
        curve = curve_of(world, np.random.default_rng((draw, 71)))
        _, fewest, most = fit_curve(curve).rows_for(float(np.mean(seen)))
        missed += not fewest <= more <= most
        # the broken version: no fall from here on, and queries as if they shared no row
        half = 1.96 * np.sqrt(curve.errors[-1] * (1 - curve.errors[-1]) / 1_000)
        naive += abs(curve.errors[-1] - np.mean(seen)) > half
    assert missed <= 8
    assert naive > missed


@pytest.mark.parametrize("name", ["even noise", "noise by class", "10 dimensions"])
def test_the_upper_limit_of_wrong_labels_is_above_them(name):
    """By chances as good as can be; 2.5 % of 100 draws may miss, more than 7 refute that."""
    world = WORLDS[name]
    missed = too_few = 0
    for draw in range(100):
        rng = np.random.default_rng((draw, 72))
        points, given = world.draw(3_000, rng)
        logs = points @ world.centres.T - (world.centres**2).sum(axis=1) / 2
        chances = np.exp(logs - logs.max(axis=1, keepdims=True))
        chances = chances / chances.sum(axis=1, keepdims=True) @ world.noise
        wrong = float(1 - np.diag(world.noise).mean())
        found = estimated_noise(given, chances, delta=0.05)
        missed += found.high < wrong
        too_few += found.wrong < wrong
    assert missed <= 7
    if wrong:  # the broken version: the estimate taken for its limit
        assert too_few > 7


def test_the_error_at_hand_taken_for_the_limit_would_miss():
    """The broken version: Cover and Hart's bound at the error seen, in 30 dimensions."""
    world = WORLDS["30 dimensions, 3 classes"]
    bayes, _ = world.errors()
    missed = 0
    for draw in range(30):
        curve = curve_of(world, np.random.default_rng((draw, 8)))
        low = curve.errors[-1] - 1.96 * np.sqrt(curve.covariance[-1, -1])
        missed += cover_hart(float(low), 3) > bayes
    assert missed > 20


@pytest.mark.parametrize("name", ["2 dimensions", "30 dimensions, 3 classes", "noise by class"])
def test_the_whole_study_holds_the_bayes_error(name):
    world = WORLDS[name]
    bayes, _ = world.errors()
    missed = verdicts = 0
    for draw in range(20):
        points, label = world.draw(1_200, np.random.default_rng((draw, 9)))
        # a target at the Bayes error itself: any verdict but one is wrong half of the time
        found = feasibility(
            points, label, target_accuracy=1 - bayes, noise=0.0, seed=draw,
            representations=("raw", "pca", "leaves"),
        )  # fmt: skip
        missed += not found.interval[0] <= bayes <= found.interval[1]
        verdicts += found.verdict != "not enough data"
    assert missed <= 3
    assert verdicts <= 3


@pytest.mark.parametrize("name", ["even noise", "noise by class"])
def test_the_whole_study_holds_it_with_the_noise_given(name):
    """The lower end is then mostly the share of wrong labels, which depends on chance too."""
    world = WORLDS[name]
    bayes, _ = world.errors()
    clean = Bells(len(world.centres), world.centres.shape[1], 2.5).errors()[0]
    missed = clean_missed = raised = 0
    for draw in range(30):
        points, label = world.draw(1_200, np.random.default_rng((draw, 10)))
        found = feasibility(
            points, label, target_accuracy=0.9, noise=world.noise, seed=draw,
            representations=("raw",),
        )  # fmt: skip
        low, high = found.error_without_noise_limits
        missed += not found.interval[0] <= bayes <= found.interval[1]
        clean_missed += not low <= clean <= high
        raised += found.interval[0] == found.label_noise_interval[0]
    assert missed <= 4
    assert clean_missed <= 4
    assert raised > 5
