import numpy as np
import pytest

from trimtab.stats.class_noise import (
    clean_error_limits,
    hidden_classes,
    largest_lead,
    true_shares,
    wrong_share,
)


def world(rng, n_classes, most_wrong=0.5):
    """Return chances of classes at points, the points' weights and a noise matrix."""
    posterior = rng.dirichlet(np.full(n_classes, rng.choice([0.05, 0.5, 2.0])), size=15)
    noise = rng.dirichlet(np.ones(n_classes), size=n_classes) * rng.uniform(0, most_wrong)
    return posterior, rng.dirichlet(np.ones(15)), noise + np.diag(1 - noise.sum(axis=1))


@pytest.mark.parametrize("n_classes", [2, 3, 6])
def test_limits_with_the_share_of_wrong_labels_hold_and_are_narrower(n_classes):
    rng = np.random.default_rng((n_classes, 6))
    wide, narrow = [], []
    for _ in range(400):
        posterior, weights, matrix = world(rng, n_classes)
        bayes = float(weights @ (1 - posterior.max(axis=1)))
        noisy = float(weights @ (1 - (posterior @ matrix).max(axis=1)))
        wrong = float(weights @ posterior @ (1 - np.diag(matrix)))
        low, high = clean_error_limits(noisy, matrix, wrong=(wrong, wrong))
        assert low - 1e-12 <= bayes <= high + 1e-12
        # and each step of the way: before any cleaning no error is above this
        assert noisy <= wrong + largest_lead(matrix) * bayes + 1e-12
        narrow.append(high - low)
        wide.append(np.ptp(clean_error_limits(noisy, matrix)))
    assert np.mean(narrow) < 0.8 * np.mean(wide)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_limits_hold_for_any_classifier_not_only_the_best(n_classes):
    rng = np.random.default_rng((n_classes, 7))
    for _ in range(300):
        posterior, weights, matrix = world(rng, n_classes)
        says = rng.integers(0, n_classes, 15)
        error = float(weights @ (1 - posterior[np.arange(15), says]))
        noisy = float(weights @ (1 - (posterior @ matrix)[np.arange(15), says]))
        wrong = float(weights @ posterior @ (1 - np.diag(matrix)))
        low, high = clean_error_limits(noisy, matrix, wrong=(wrong, wrong))
        guess = 1 - 1 / n_classes
        assert min(low, guess) - 1e-12 <= min(error, guess) <= high + 1e-12


def test_shares_of_true_classes_come_back():
    rng = np.random.default_rng(1)
    matrix = np.array([[0.8, 0.1, 0.1], [0.0, 0.7, 0.3], [0.2, 0.0, 0.8]])
    truth = rng.choice(3, size=200_000, p=[0.5, 0.2, 0.3])
    given = (rng.random((truth.size, 1)) > matrix[truth].cumsum(axis=1)).sum(axis=1)

    assert true_shares(given, matrix) == pytest.approx([0.5, 0.2, 0.3], abs=0.01)
    assert wrong_share(given, matrix).contains(float((given != truth).mean()))


def test_blocks_widen_the_share_of_wrong_labels():
    labels = np.repeat([0, 1] * 20, 50)
    matrix = [[1.0, 0.0], [0.3, 0.7]]
    blocks = np.repeat(np.arange(40), 50)

    assert wrong_share(labels, matrix, blocks=blocks).width > wrong_share(labels, matrix).width


def test_a_class_that_is_mostly_labelled_as_another_is_hidden():
    rng = np.random.default_rng(2)
    for n_classes in (2, 3, 10):
        *_, matrix = world(rng, n_classes, most_wrong=0.4)
        assert hidden_classes(matrix) == []
    assert hidden_classes([[0.4, 0.6, 0], [0, 1, 0], [0.3, 0.2, 0.5]]) == [0]
