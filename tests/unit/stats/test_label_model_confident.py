import numpy as np
import pytest

from trimtab.stats.confident import noise_matrix
from trimtab.stats.label_errors import label_errors


def test_the_joint_is_that_of_the_paper_computed_by_loops():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(3) * 0.5, size=400)
    labels = np.array([rng.choice(3, p=p) for p in probabilities])
    thresholds = [probabilities[labels == k, k].mean() for k in range(3)]
    counts = np.zeros((3, 3))
    for label, row in zip(labels, probabilities, strict=True):
        plain = [k for k in range(3) if row[k] >= thresholds[k]]
        if plain:
            counts[label, max(plain, key=lambda k: row[k])] += 1
    joint = counts / counts.sum(axis=1, keepdims=True) * np.bincount(labels)[:, None] / 400
    found = noise_matrix(labels, probabilities)

    assert found.counts.tolist() == counts.tolist()
    assert found.joint == pytest.approx(joint)
    assert found.noise_rate.estimate == pytest.approx(1 - np.trace(joint))


def test_rows_and_columns_become_chances():
    labels = [0] * 60 + [1] * 40
    sure = [[0.9, 0.1]] * 54 + [[0.1, 0.9]] * 46
    found = noise_matrix(labels, sure)

    assert found.true_of_given == pytest.approx(np.array([[0.9, 0.1], [0, 1]]))
    assert found.given_of_true == pytest.approx(np.array([[1, 0], [6 / 46, 40 / 46]]))
    assert found.noise_rate.estimate == pytest.approx(0.06)


def test_flipped_labels_are_found_the_surest_first():
    rng = np.random.default_rng(1)
    truth = rng.integers(2, size=500)
    positive = np.where(truth == 1, rng.uniform(0.85, 0.95, 500), rng.uniform(0.05, 0.15, 500))
    flipped = rng.choice(500, size=40, replace=False)
    labels = truth.copy()
    labels[flipped] = 1 - labels[flipped]
    found = label_errors(labels, np.column_stack([1 - positive, positive]))

    assert set(found.rows) == set(flipped)
    assert (found.suggested == truth[found.rows]).all()
    assert (np.diff(found.margins) >= 0).all()
    assert found.n_wrong.contains(40)
    assert found.cost(2.0) == 80


def test_without_a_wrong_label_the_limits_still_reach_above_zero():
    found = noise_matrix([0] * 50 + [1] * 50, [[1, 0]] * 50 + [[0, 1]] * 50)

    assert found.noise_rate.estimate == 0
    assert 0.02 < found.noise_rate.high < 0.05


def test_a_class_that_was_never_given_is_never_suggested():
    found = noise_matrix([0, 0, 1], [[0.2, 0.1, 0.7], [0.9, 0.1, 0], [0.1, 0.9, 0]])

    assert found.counts[:, 2].tolist() == [0, 0, 0]
    assert found.to_dict()["thresholds"][2] is None


def test_a_poor_model_says_nothing_and_does_not_crash():
    found = noise_matrix([0, 1], [[0, 1], [1, 0]])
    assert (found.noise_rate.low, found.noise_rate.high) != (found.noise_rate.estimate,) * 2


@pytest.mark.parametrize(
    ("labels", "probabilities", "words"),
    [
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], "column indices"),
        ([0, 1], [0.5, 0.5], "a class"),
        ([0, 1], [[0.5, 1.5], [0.5, 0.5]], "in \\[0, 1\\]"),
    ],
)
def test_wrong_arguments_say_what_was_expected(labels, probabilities, words):
    with pytest.raises(ValueError, match=words):
        noise_matrix(labels, probabilities)
