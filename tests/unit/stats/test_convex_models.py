import warnings

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize
from sklearn.linear_model import LogisticRegression, Ridge

from trimtab.stats.convex_losses import ConvexLoss, as_targets
from trimtab.stats.convex_models import (
    fit_linear,
    mean_gradient,
    objective,
    row_gradients,
    with_ones,
)

LOSSES = [
    ConvexLoss("logistic"),
    ConvexLoss("logistic", 4),
    ConvexLoss("squared"),
    ConvexLoss("hinge"),
]
PENALTY = 0.02


def some_rows(loss, n_rows=60, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n_rows, 3))
    noisy = features[:, 0] + rng.normal(size=n_rows)
    if loss.name == "squared":
        return features, noisy + 2
    return features, np.clip(np.digitize(noisy, [0.0, 0.8, 1.6][: loss.n_classes - 1]), 0, None)


def of_sklearn(features, targets, loss):
    """Return the parameters that scikit-learn finds, with the intercept as a feature."""
    rows, n = with_ones(features), len(features)
    if loss.name == "squared":
        return Ridge(alpha=PENALTY * n, fit_intercept=False).fit(rows, targets).coef_[:, None]
    model = LogisticRegression(C=1 / (PENALTY * n), fit_intercept=False, tol=1e-10, max_iter=9999)
    return model.fit(rows, targets).coef_.T


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_gradients_of_rows_are_those_of_finite_differences(loss):
    features, targets = some_rows(loss, n_rows=5)
    rows, aims = with_ones(features), as_targets(targets, loss)
    at = np.random.default_rng(1).normal(size=(4, loss.n_outputs))

    found = row_gradients(rows, aims, at, loss)

    for row, aim, gradient in zip(rows, aims, found, strict=True):

        def value(flat, row=row, aim=aim):
            scores = row[None] @ flat.reshape(at.shape)
            return loss.values(scores, np.array([aim]))[0]

        expected = approx_fprime(at.ravel(), value, 1e-7).reshape(at.shape)
        np.testing.assert_allclose(gradient, expected, atol=1e-5)
    np.testing.assert_allclose(mean_gradient(rows, aims, at, loss), found.mean(axis=0))


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_curvature_bounds_every_second_difference(loss):
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(200, loss.n_outputs)) * 2
    aims = rng.integers(0, loss.n_classes, 200).astype(float)
    for output in range(loss.n_outputs):
        moved = scores.copy()
        moved[:, output] += 1e-6
        second = (loss.slopes(moved, aims) - loss.slopes(scores, aims))[:, output] / 1e-6
        near_a_kink = (loss.name == "hinge") & (np.abs(second - np.round(second)) > 1e-3)
        assert (second <= loss.curvatures(scores, aims) + 1e-4 + near_a_kink).all()
    assert (loss.curvatures(scores, aims) <= loss.steepest).all()


@pytest.mark.parametrize("loss", LOSSES[:3], ids=str)
def test_the_fit_is_that_of_scikit_learn_and_our_gradient_is_zero_there(loss):
    features, targets = some_rows(loss)
    rows, aims = with_ones(features), as_targets(targets, loss)

    theirs = of_sklearn(features, targets, loss)
    ours = fit_linear(features, targets, loss, penalty=PENALTY)

    slope = mean_gradient(rows, aims, theirs, loss) + PENALTY * theirs
    np.testing.assert_allclose(slope, 0, atol=1e-6)
    np.testing.assert_allclose(ours.parameters, theirs, atol=1e-4)


def test_the_smoothed_hinge_is_fitted_as_by_a_simplex_search_of_its_definition():
    loss = ConvexLoss("hinge")
    features, targets = some_rows(loss)

    def by_definition(at):
        total = 0.0
        for row, target in zip(features, targets, strict=True):
            z = (1 if target else -1) * (row @ at[:3] + at[3])
            total += 0 if z >= 1 else (1 - z) ** 2 / 2 if z > 0 else 0.5 - z
        return total / len(features) + PENALTY / 2 * (at**2).sum()

    options = {"xatol": 1e-7, "fatol": 1e-12, "maxiter": 4_000, "maxfev": 4_000}
    found = minimize(by_definition, np.zeros(4), method="Nelder-Mead", options=options)

    ours = fit_linear(features, targets, loss, penalty=PENALTY)
    np.testing.assert_allclose(ours.parameters[:, 0], found.x, atol=1e-4)
    here = objective(with_ones(features), targets, ours.parameters, loss, penalty=PENALTY)
    assert here == pytest.approx(found.fun, abs=1e-9)


@pytest.mark.parametrize("loss", LOSSES[:2], ids=str)
def test_predictions_and_probabilities_are_those_of_scikit_learn(loss):
    features, targets = some_rows(loss)
    model = fit_linear(features, targets, loss, penalty=PENALTY)
    theirs = LogisticRegression(
        C=1 / (PENALTY * len(features)), fit_intercept=False, tol=1e-10, max_iter=9999
    ).fit(with_ones(features), targets)

    np.testing.assert_allclose(
        model.predict_proba(features), theirs.predict_proba(with_ones(features)), atol=1e-4
    )
    np.testing.assert_array_equal(model.predict(features), theirs.predict(with_ones(features)))


def test_large_scores_neither_overflow_nor_warn():
    scores = np.array([[900.0], [-900.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        values = ConvexLoss("logistic").values(scores, np.array([0.0, 0.0]))
        chances = ConvexLoss("logistic", 3).chances(np.array([[900.0, 0.0, -900.0]]))

    assert values.tolist() == [900, 0]
    assert chances.tolist() == [[1, 0, 0]]


def test_wrong_arguments_say_what_was_expected():
    with pytest.raises(ValueError, match="Did you mean `logistic`"):
        ConvexLoss("logistics")
    with pytest.raises(ValueError, match="expected 2 classes for loss 'hinge', got 3"):
        ConvexLoss("hinge", 3)
    with pytest.raises(ValueError, match="classes 0 to 1, got 2"):
        as_targets([0, 2], ConvexLoss("logistic"))
    with pytest.raises(ValueError, match="finite `features`"):
        with_ones([[np.nan]])
    with pytest.raises(ValueError, match="`penalty` above 0, got 0"):
        fit_linear([[1.0]], [1], ConvexLoss("logistic"), penalty=0)
    with pytest.raises(ValueError, match="probabilities, got 'hinge'"):
        fit_linear([[1.0], [2.0]], [0, 1], ConvexLoss("hinge"), penalty=1).predict_proba([[1.0]])


@pytest.mark.parametrize("name", ["logistic", "squared", "hinge"])
@pytest.mark.parametrize("units", [(1e6, 1e6), (1.0, 1e6), (1.0, 1e-3)])
def test_the_fit_is_the_best_whatever_the_units_of_features(name, units):
    rng = np.random.default_rng(3)
    plain = rng.normal(size=(300, 2))
    targets = (plain[:, 0] + rng.normal(size=300) > 0).astype(float)
    loss, rows = ConvexLoss(name), with_ones(plain * units)

    found = fit_linear(plain * units, targets, loss, penalty=0.001).parameters

    # the slope in a parameter of a unit column: no step of that size lowers the objective
    slope = mean_gradient(rows, targets, found, loss) + 0.001 * found
    scale = np.maximum(np.sqrt((rows**2).mean(axis=0)), np.sqrt(0.001))
    assert np.abs(slope[:, 0] / scale).max() < 1e-5
