"""How many labels are wrong: as the user says, or as a model's surest rows leave room for."""

import numpy as np
from numpy.typing import ArrayLike

from trimtab.effort.feasibility_needs import LabelNoise
from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.confident import noise_matrix
from trimtab.stats.exact_share import exact_share_interval

_SUREST, _LEAST = 0.1, 50


def given_noise(noise: ArrayLike, labels: IntArray, n_classes: int) -> LabelNoise:
    """Return noise as given: a share of wrong labels, or chances by true class.

    Raises
    ------
    ValueError
        If it is neither, or out of range.

    Examples
    --------
    >>> noise = given_noise([[0.9, 0.1], [0.3, 0.7]], np.array([0, 0, 0, 1, 1] * 20), 2)
    >>> round(noise.wrong, 3)
    0.2
    """
    given: FloatArray = np.asarray(noise, dtype=np.float64)
    if given.ndim == 0:
        share = float(given)
        if not 0 <= share < 1:
            raise ValueError(f"expected `noise` from 0 to below 1, got {share}")
        return LabelNoise(share, share, share, True)
    if given.shape != (n_classes, n_classes):
        raise ValueError(
            f"expected `noise` as a share or a matrix of {n_classes} classes, got {given.shape}"
        )
    if not (given >= 0).all() or not np.allclose(given.sum(axis=1), 1, rtol=0, atol=1e-6):
        raise ValueError("expected `noise` as chances of 0 or more that add up to 1 in each row")
    shares = np.bincount(labels, minlength=n_classes) / labels.size
    # shares of the true classes, from those of the given labels
    true = np.clip(np.linalg.lstsq(given.T, shares, rcond=None)[0], 0, None)
    wrong = float((true / true.sum()) @ (1 - np.diag(given)))
    return LabelNoise(wrong, wrong, wrong, True, given)


def estimated_noise(labels: IntArray, chances: FloatArray, *, delta: float) -> LabelNoise:
    """Return the smaller of two estimates, each of which is mostly too large.

    Confident learning counts a row as wrongly labelled where the model is sure of another class,
    so that it counts rows where classes overlap. Labels that are wrong whatever the row are also
    wrong among the rows that the model is surest of: their error there, class by class, is at
    least the share of wrong labels, and close to it if some rows are beyond doubt.

    Parameters
    ----------
    labels : ndarray of int, shape (n_rows,)
        Of rows that the model was not fitted on.
    chances : ndarray of float, shape (n_rows, n_classes)
        What the model says of each class.
    delta : float
        Chance that the upper limit is too low, over all classes, if errors are as said.

    Returns
    -------
    LabelNoise
        With 0 for its lower limit: from labels alone an overlap of classes cannot be told from
        wrong labels. Its matrix is that of confident learning, not scaled to the smaller share.
    """
    matrix = noise_matrix(labels, chances)
    found = matrix.noise_rate.estimate
    wrong, high = _surest_errors(labels, chances, delta)
    if np.isfinite(found):
        wrong = min(wrong, found)
    return LabelNoise(wrong, 0.0, max(high, wrong), False, matrix.given_of_true)


def _surest_errors(labels: IntArray, chances: FloatArray, delta: float) -> tuple[float, float]:
    """Return the error of the surest rows of each class, by the share of the class."""
    n_classes = chances.shape[1]
    said = chances.argmax(axis=1)
    wrong = high = 0.0
    for c in range(n_classes):
        rows = np.flatnonzero(said == c)
        share = float((labels == c).mean())
        if not rows.size:  # nothing is known of a class that is never predicted
            high += share
            continue
        kept = min(rows.size, max(_LEAST, int(rows.size * _SUREST)))
        surest = rows[np.argsort(-chances[rows, c], kind="stable")[:kept]]
        errors = int((labels[surest] != c).sum())
        limits = exact_share_interval(errors, kept, delta=min(0.999, 2 * delta / n_classes))
        wrong += share * errors / kept
        high += share * limits.high
    return wrong, min(1.0, high)
