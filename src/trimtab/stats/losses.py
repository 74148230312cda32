"""One loss a row, in [0, 1] where it can be, so that intervals apply; and skill scores.

A loss of rows turns every question about a model into a question about a mean: pass it to
`bounds` or `bootstrap`. Ranking is not a loss of rows; see `ranking`.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from trimtab.stats.arrays import (
    FloatArray,
    as_classes,
    as_labels,
    as_probabilities,
    as_values,
    as_weights,
    check_fraction,
    check_same_rows,
)


def brier_loss(labels: ArrayLike, probabilities: ArrayLike) -> FloatArray:
    r"""Compute the squared error of forecast probabilities, one value in [0, 1] a row.

    Binary: :math:`(p - y)^2`. Several classes: :math:`\frac12 \sum_k (p_k - [y = k])^2`, where
    the half brings the range back to [0, 1] and makes two columns agree with one. Smallest in
    expectation for the true probabilities, so it rewards both calibration and sharpness. A
    poor choice for rare events, where all forecasts have nearly the same small loss: look at
    `brier_skill` there.

    Parameters
    ----------
    labels : array_like, shape (n_samples,)
        0/1 or bool; with several columns of probabilities, the column of the true class.
    probabilities : array_like of float, shape (n_samples,) or (n_samples, n_classes)
        Forecast of class 1, or of each class, in [0, 1].

    Returns
    -------
    ndarray of float, shape (n_samples,)
        Loss of each row; 0 is a sure and right forecast, 1 a sure and wrong one.

    Raises
    ------
    ValueError
        If shapes differ, a label is not a class, or a probability is outside [0, 1].

    References
    ----------
    .. [1] G. W. Brier, "Verification of forecasts expressed in terms of probability", Monthly
       Weather Review 78 (1950). His score is twice ours.

    Examples
    --------
    >>> brier_loss([1, 0], [0.5, 0.5]).tolist()
    [0.25, 0.25]
    >>> brier_loss([0, 2], [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]).tolist()
    [0.0, 0.75]
    """
    forecast, truth = _aligned(labels, probabilities)
    squared: FloatArray = (forecast - truth) ** 2
    return squared if squared.ndim == 1 else squared.sum(axis=1) / 2


def log_loss_rows(
    labels: ArrayLike, probabilities: ArrayLike, *, floor: float = 1e-15
) -> FloatArray:
    r"""Compute minus the log of the probability given to what happened, one value a row.

    In nats, at most :math:`-\ln` `floor`: it is *not* in [0, 1]. One sure and wrong forecast
    outweighs hundreds of good ones, so with the default floor (range 34.5) intervals for
    bounded values say little; raise the floor to what you would ever let a model claim (0.001
    gives 6.9), or use `brier_loss`.

    Parameters
    ----------
    labels : array_like, shape (n_samples,)
        0/1 or bool; with several columns of probabilities, the column of the true class.
    probabilities : array_like of float, shape (n_samples,) or (n_samples, n_classes)
        Forecast of class 1, or of each class, in [0, 1].
    floor : float, default=1e-15
        Smaller probabilities count as this one, in (0, 1).

    Returns
    -------
    ndarray of float, shape (n_samples,)
        Loss of each row in [0, -ln(floor)].

    Raises
    ------
    ValueError
        If shapes differ, a label is not a class, a probability is outside [0, 1], or `floor`
        is outside (0, 1).

    References
    ----------
    .. [1] I. J. Good, "Rational decisions", Journal of the Royal Statistical Society B 14
       (1952).

    Examples
    --------
    >>> log_loss_rows([1, 0, 1], [0.5, 0.5, 0.0], floor=0.001).round(3).tolist()
    [0.693, 0.693, 6.908]
    """
    check_fraction(floor, "floor")
    forecast, truth = _aligned(labels, probabilities)
    if forecast.ndim == 1:
        given = np.where(truth == 1, forecast, 1 - forecast)
    else:
        given = forecast[truth == 1]
    losses: FloatArray = -np.log(np.maximum(given, floor))
    return losses


def clipped_absolute_error(
    labels: ArrayLike, predictions: ArrayLike, *, scale: float
) -> FloatArray:
    """Compute the absolute error as a share of `scale`, cut at 1, one value a row.

    Errors past `scale` all count the same, which is what makes the mean of few rows
    trustworthy. A poor choice if the worst errors are the costly ones; choose `scale` before
    looking at errors, as the error after which the answer is simply wrong.

    Parameters
    ----------
    labels, predictions : array_like of float, shape (n_samples,)
        True and predicted values, in one unit.
    scale : float
        Error that counts as 1, in the same unit; above 0.

    Returns
    -------
    ndarray of float, shape (n_samples,)
        Loss of each row in [0, 1].

    Raises
    ------
    ValueError
        If shapes differ, a value is NaN, or `scale` is not above 0.

    Examples
    --------
    >>> clipped_absolute_error([10, 10, 10], [10, 13, 90], scale=30).tolist()
    [0.0, 0.1, 1.0]
    """
    truth, predicted = as_values(labels, "labels"), as_values(predictions, "predictions")
    check_same_rows(truth.size, predicted.size, "predictions")
    if not (0 < scale < math.inf):
        raise ValueError(f"expected a finite `scale` above 0, got {scale}")
    return np.minimum(np.abs(truth - predicted) / scale, 1.0)


def brier_skill(
    labels: ArrayLike, probabilities: ArrayLike, reference_rate: ArrayLike | None = None
) -> float:
    """Compute the share of Brier loss that a model removes from a constant forecast.

    1 is perfect, 0 is no better than always forecasting the reference rate, below 0 is worse.
    With the rate of the same rows as reference, the reference has looked at the answers, so a
    model that knows nothing scores slightly below 0; across windows whose rates differ, pass
    the training rate, or skill will move with the rate alone.

    Parameters
    ----------
    labels : array_like, shape (n_samples,)
        0/1 or bool; with several columns of probabilities, the column of the true class.
    probabilities : array_like of float, shape (n_samples,) or (n_samples, n_classes)
        Forecast of class 1, or of each class, in [0, 1].
    reference_rate : float or array_like of shape (n_classes,), optional
        The constant forecast; the rates in `labels` if left out.

    Returns
    -------
    float
        At most 1; NaN if the reference forecast is perfect (one class only).

    Raises
    ------
    ValueError
        If shapes differ, a label is not a class, or a probability is outside [0, 1].

    References
    ----------
    .. [1] A. H. Murphy, "Skill scores based on the mean square error and their relationships
       to the correlation coefficient", Monthly Weather Review 116 (1988).

    Examples
    --------
    >>> round(brier_skill([0, 0, 0, 1], [0.1, 0.1, 0.1, 0.7]), 2)
    0.84
    >>> round(brier_skill([0, 0, 0, 1], [0.25] * 4), 2)
    0.0
    """
    forecast, truth = _aligned(labels, probabilities)
    rate = truth.mean(axis=0) if reference_rate is None else np.asarray(reference_rate)
    constant = np.broadcast_to(as_probabilities(np.atleast_1d(rate), rate.size), forecast.shape)
    reference_loss = float(brier_loss(labels, constant).mean())
    if reference_loss == 0:
        return float("nan")
    return 1 - float(brier_loss(labels, probabilities).mean()) / reference_loss


def r2_score(
    labels: ArrayLike,
    predictions: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    reference_mean: float | None = None,
) -> float:
    """Compute the share of squared error that a model removes from a constant prediction.

    1 is perfect, 0 is no better than always predicting the reference mean. It moves with the
    spread of the labels as well as with the model, so compare windows with one
    `reference_mean` and look at the errors themselves too; a single extreme label can decide
    it.

    Parameters
    ----------
    labels, predictions : array_like of float, shape (n_samples,)
        True and predicted values, in one unit.
    weights : array_like of float, shape (n_samples,), optional
        Row weights of 0 or more; all 1 if left out.
    reference_mean : float, optional
        The constant prediction; the weighted mean of `labels` if left out.

    Returns
    -------
    float
        At most 1; NaN if the reference prediction is perfect (all labels equal).

    Raises
    ------
    ValueError
        If shapes differ, a value is NaN, or a weight is negative.

    References
    ----------
    .. [1] A. H. Murphy, "Skill scores based on the mean square error and their relationships
       to the correlation coefficient", Monthly Weather Review 116 (1988).

    Examples
    --------
    >>> round(r2_score([1, 2, 3, 4], [1.5, 2, 3, 3.5]), 2)
    0.9
    """
    truth, predicted = as_values(labels, "labels"), as_values(predictions, "predictions")
    check_same_rows(truth.size, predicted.size, "predictions")
    given = as_weights(weights, truth.size)
    row_weights = np.ones(truth.size) if given is None else given
    total = float(row_weights.sum())
    if total == 0:
        return float("nan")
    centre = float(row_weights @ truth) / total if reference_mean is None else reference_mean
    spread = float(row_weights @ (truth - centre) ** 2)
    if spread == 0:
        return float("nan")
    return 1 - float(row_weights @ (truth - predicted) ** 2) / spread


def _aligned(labels: ArrayLike, probabilities: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return forecasts and, in the same shape, what happened as 0 and 1."""
    n_rows = np.asarray(labels).size
    forecast = as_probabilities(probabilities, n_rows)
    if forecast.ndim == 1:
        return forecast, as_labels(labels).astype(np.float64)
    truth = np.zeros_like(forecast)
    truth[np.arange(n_rows), as_classes(labels, forecast.shape[1])] = 1.0
    return forecast, truth
