import numpy as np
import pytest

from trimtab.stats.convex_losses import ConvexLoss
from trimtab.stats.convex_models import row_gradients, with_ones
from trimtab.stats.gradient_guesses import guess_gradients, learn_change

LOGISTIC, SQUARED = ConvexLoss("logistic", 3), ConvexLoss("squared")


def task(loss, n_rows=40, seed=0):
    rng = np.random.default_rng(seed)
    rows = with_ones(rng.normal(size=(n_rows, 2)))
    targets = rng.integers(0, 3, n_rows).astype(float)
    return rows, targets, rng.normal(size=(3, loss.n_outputs))


def guessed(loss, rows, targets, dirty, changes, at, kinds=None):
    kinds = np.zeros(len(rows), dtype=np.int64) if kinds is None else kinds
    return guess_gradients(rows, targets, dirty, kinds, changes, at, loss)


@pytest.mark.parametrize("loss", [LOGISTIC, SQUARED], ids=str)
def test_without_knowledge_the_guess_is_the_gradient_as_it_stands(loss):
    rows, targets, at = task(loss)

    found = guessed(loss, rows, targets, np.full(40, 0.5), [None], at)

    truth = row_gradients(rows, targets, at, loss)
    np.testing.assert_allclose(found.of(np.arange(40)), truth, atol=1e-12)
    np.testing.assert_allclose(found.lengths(), np.linalg.norm(truth.reshape(40, -1), axis=1))
    np.testing.assert_allclose(found.sizes, found.lengths())


def test_a_change_alike_in_all_rows_is_foretold_exactly():
    rows, targets, at = task(SQUARED)
    after, aims = rows + [0.5, -1.0, 0.0], targets + 2
    change = learn_change(rows[:10], after[:10], targets[:10], aims[:10], SQUARED)

    found = guessed(SQUARED, rows, targets, np.ones(40), [change], at)

    truth = row_gradients(after, aims, at, SQUARED)
    np.testing.assert_allclose(found.of(np.arange(40)), truth, atol=1e-12)
    np.testing.assert_allclose(found.sizes, 0, atol=1e-7)


def test_kinds_of_error_are_learnt_apart():
    rows, targets, at = task(SQUARED)
    kinds = np.arange(40) % 2
    after = rows + np.where(kinds == 0, 1.0, -3.0)[:, None] * [1.0, 0.0, 0.0]
    changes = [
        learn_change(rows[use], after[use], targets[use], targets[use], SQUARED)
        for use in (kinds == 0, kinds == 1)
    ]

    found = guessed(SQUARED, rows, targets, np.ones(40), changes, at, kinds)

    truth = row_gradients(after, targets, at, SQUARED)
    np.testing.assert_allclose(found.of(np.arange(40)), truth, atol=1e-12)


def test_classes_are_guessed_by_how_often_they_became_which():
    rows, _, at = task(LOGISTIC)
    targets = np.full(40, 1.0)
    became = np.array([2.0] * 6 + [1.0] * 3)
    change = learn_change(rows[:9], rows[:9], targets[:9], became, LOGISTIC)

    found = guessed(LOGISTIC, rows, targets, np.ones(40), [change], at)

    chance = 6 / 10  # nine rows seen, and one taken to have stayed
    stay, move = (row_gradients(rows, np.full(40, k), at, LOGISTIC) for k in (1.0, 2.0))
    np.testing.assert_allclose(found.of(np.arange(40)), (1 - chance) * stay + chance * move)


def test_the_mean_of_guesses_is_the_mean_of_each_and_sizes_grow_with_the_chance_of_dirt():
    rows, targets, at = task(LOGISTIC)
    rng = np.random.default_rng(8)
    after = rows + np.column_stack([rng.normal(2, 1, (40, 2)), np.zeros(40)])
    change = learn_change(rows, after, targets, np.roll(targets, 1), LOGISTIC)

    low = guessed(LOGISTIC, rows, targets, np.full(40, 0.1), [change], at)
    high = guessed(LOGISTIC, rows, targets, np.full(40, 0.4), [change], at)

    np.testing.assert_allclose(high.mean(), high.of(np.arange(40)).mean(axis=0))
    assert (high.sizes > low.sizes).all()


def test_a_mean_change_that_foretells_nothing_is_not_used():
    rng = np.random.default_rng(9)
    before = with_ones(rng.normal(size=(30, 2)))
    after = before + np.column_stack([rng.normal(size=30), np.full(30, 4.0), np.zeros(30)])
    after[:, 0] -= (after - before)[:, 0].mean() - 0.01

    change = learn_change(before, after, np.zeros(30), np.zeros(30), LOGISTIC)

    assert change.shift[0] == 0
    assert change.shift[1] == pytest.approx(4)


def test_fewer_than_five_changes_teach_nothing():
    rows, targets, _ = task(SQUARED, n_rows=4)

    assert learn_change(rows, rows + 1, targets, targets, SQUARED) is None
