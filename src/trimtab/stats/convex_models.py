r"""Linear models of convex losses: values, gradients of rows and of means, and the best fit.

A model is a matrix of parameters, shape (n_features + 1, n_outputs), whose last row is the
intercept. What is made small is the mean loss of rows plus `penalty / 2` times the sum of *all*
squared parameters, the intercept's too: then it is strongly convex everywhere, and the size of
a gradient bounds the distance to the best parameters. Features should be centred for that.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import FloatArray, IntArray, check_same_rows
from trimtab.stats.convex_losses import ConvexLoss, as_targets


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """A fitted model: parameters and what to do with them.

    Parameters
    ----------
    loss : ConvexLoss
        What it was fitted by.
    parameters : ndarray, shape (n_features + 1, n_outputs)
        The intercept last.
    """

    loss: ConvexLoss
    parameters: FloatArray

    @property
    def coefficients(self) -> FloatArray:
        """One row an output, shape (n_outputs, n_features), as scikit-learn has it."""
        return np.asarray(self.parameters[:-1].T, dtype=np.float64)

    @property
    def intercept(self) -> FloatArray:
        """One value an output, shape (n_outputs,)."""
        return np.asarray(self.parameters[-1], dtype=np.float64)

    def scores(self, features: ArrayLike) -> FloatArray:
        """Return the linear scores of rows, shape (n_rows, n_outputs)."""
        return np.asarray(with_ones(features) @ self.parameters, dtype=np.float64)

    def predict(self, features: ArrayLike) -> FloatArray | IntArray:
        """Return the value (`squared`) or the likeliest class of each row."""
        scores = self.scores(features)
        if self.loss.name == "squared":
            return np.asarray(scores[:, 0], dtype=np.float64)
        if self.loss.n_outputs == 1:
            return np.asarray(scores[:, 0] > 0, dtype=np.int64)
        return np.asarray(scores.argmax(axis=1), dtype=np.int64)

    def predict_proba(self, features: ArrayLike) -> FloatArray:
        """Return the probability of each class, shape (n_rows, n_classes).

        Raises
        ------
        ValueError
            If the loss is not `logistic`: the others give no probabilities.
        """
        if self.loss.name != "logistic":
            raise ValueError(f"expected loss 'logistic' for probabilities, got {self.loss.name!r}")
        return self.loss.chances(self.scores(features))

    def to_dict(self) -> dict[str, Any]:
        """Return loss, coefficients and intercept as plain values."""
        return {
            "loss": self.loss.name,
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept.tolist(),
        }


def with_ones(features: ArrayLike) -> FloatArray:
    """Return finite features with a last column of ones, for the intercept."""
    array = np.asarray(features, dtype=np.float64)
    if array.ndim != 2 or not np.isfinite(array).all():
        raise ValueError(
            f"expected finite `features` of shape (n_rows, n_features), got {array.shape}"
        )
    return np.column_stack([array, np.ones(len(array))])


def row_gradients(
    rows: FloatArray, targets: FloatArray, parameters: FloatArray, loss: ConvexLoss
) -> FloatArray:
    """Return the gradient of each row's loss, shape (n_rows, n_features + 1, n_outputs).

    `rows` have the ones of `with_ones`; the penalty is not in it.
    """
    slopes = loss.slopes(rows @ parameters, targets)
    return np.asarray(rows[:, :, None] * slopes[:, None, :], dtype=np.float64)


def mean_gradient(
    rows: FloatArray, targets: FloatArray, parameters: FloatArray, loss: ConvexLoss
) -> FloatArray:
    """Return the mean of `row_gradients`, without making them."""
    return np.asarray(rows.T @ loss.slopes(rows @ parameters, targets) / len(rows))


def objective(
    rows: FloatArray,
    targets: FloatArray,
    parameters: FloatArray,
    loss: ConvexLoss,
    *,
    penalty: float,
) -> float:
    """Return the mean loss plus the penalty: what `fit_linear` makes small."""
    mean = loss.values(rows @ parameters, targets).mean()
    return float(mean + penalty / 2 * (parameters**2).sum())


def fit_linear(
    features: ArrayLike,
    targets: ArrayLike,
    loss: ConvexLoss,
    *,
    penalty: float,
) -> LinearModel:
    """Fit the parameters that make the mean loss plus the penalty smallest (L-BFGS of scipy).

    The same as scikit-learn's `LogisticRegression(C=1 / (penalty * n_rows),
    fit_intercept=False)`, or `Ridge(alpha=penalty * n_rows, fit_intercept=False)`, on features
    with a column of ones. A poor choice for more than some thousands of features. Features of
    very different units are fitted well, but the penalty then means nothing of use: scale them.

    Parameters
    ----------
    features : array_like, shape (n_rows, n_features)
        Finite numbers.
    targets : array_like, shape (n_rows,)
        Numbers for `squared`, classes 0 to n_classes - 1 for the others.
    loss : ConvexLoss
        What to make small.
    penalty : float
        Weight of the squared parameters, above 0.

    Returns
    -------
    LinearModel
        The fitted model.

    Raises
    ------
    ValueError
        If a number is not finite, a target is no class, or the penalty is not above 0.

    Examples
    --------
    >>> model = fit_linear([[-1.0], [1.0]], [0, 1], ConvexLoss("logistic"), penalty=0.1)
    >>> model.predict([[-2.0], [3.0]]).tolist(), round(float(model.coefficients[0, 0]), 3)
    ([0, 1], 1.634)
    """
    from scipy.optimize import minimize

    rows, aims = with_ones(features), as_targets(targets, loss)
    check_same_rows(len(rows), aims.size, "targets")
    if not len(rows):
        raise ValueError("expected at least one row to fit, got none")
    if not 0 < penalty < np.inf:
        raise ValueError(f"expected `penalty` above 0, got {penalty}")
    shape = rows.shape[1], loss.n_outputs

    # steps are as long in one unit as in another: what is searched is parameters times this
    units = np.maximum(np.sqrt((rows**2).mean(axis=0)), np.sqrt(penalty))[:, None]

    def both(flat: FloatArray) -> tuple[float, FloatArray]:
        at = flat.reshape(shape) / units
        slope = (mean_gradient(rows, aims, at, loss) + penalty * at) / units
        return objective(rows, aims, at, loss, penalty=penalty), slope.ravel()

    options = {"maxiter": 5_000, "maxfun": 10_000, "ftol": 1e-15, "gtol": 1e-9}
    found = minimize(both, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options=options)
    return LinearModel(loss, np.asarray(found.x, dtype=np.float64).reshape(shape) / units)
