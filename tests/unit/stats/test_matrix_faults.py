import numpy as np
import pytest

from trimtab.stats.matrix_faults import matrix_fault

NAMES = ["cat", "dog", "owl"]


@pytest.mark.parametrize(
    ("matrix", "problem", "hint"),
    [
        ([[1.1, -0.1, 0], [0, 1, 0], [0, 0, 1]], "-0.1 for true class `cat` labelled `dog`", "sh"),
        ([[np.nan, 0, 1], [0, 1, 0], [0, 0, 1]], "got nan", "share"),
        ([[1, 0, 0], [0.2, 0.7, 0], [0, 0, 1]], "got 0.9 for true class `dog`", "Divide"),
        ([[80, 10, 10], [0, 100, 0], [0, 0, 100]], "got 100", "percentages"),
        ([[1, 0.2, 0], [0, 0.8, 0.1], [0, 0, 0.9]], "add up to 1", "Turn it"),
        ([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]], "`cat` and `dog` labelled alike", "one class"),
        ([[0.8, 0.2, 0], [0.2, 0.8, 0], [0.5, 0.5, 0]], "a mix of others", "one class"),
        ([[0.1, 0.9, 0], [0.8, 0.2, 0], [0, 0, 1]], "`cat` were called `dog`", "diagonal"),
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], "mostly name the true class", "same order"),
    ],
)
def test_a_matrix_that_cannot_be_is_refused_with_the_reason(matrix, problem, hint):
    found = matrix_fault(matrix, NAMES)

    assert found is not None
    assert problem in found[0]
    assert hint in found[1]


@pytest.mark.parametrize("n_classes", [2, 3, 10, 100])
def test_a_matrix_that_can_be_is_not_refused(n_classes):
    rng = np.random.default_rng(2)
    noise = 0.4 * rng.dirichlet(np.ones(n_classes), size=n_classes) * rng.random()
    matrix = noise + np.diag(1 - noise.sum(axis=1))

    assert matrix_fault(matrix, list(range(n_classes))) is None
