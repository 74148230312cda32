"""How many labels are wrong: as the user says, or as a model's surest rows leave room for."""

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from trimtab.core.errors import ConfigError
from trimtab.effort.feasibility_needs import LabelNoise
from trimtab.effort.noise_file import read_noise
from trimtab.stats.arrays import FloatArray, IntArray
from trimtab.stats.class_noise import hidden_classes, true_shares, wrong_share
from trimtab.stats.confident import noise_matrix
from trimtab.stats.matrix_faults import matrix_fault
from trimtab.stats.surest_rows import surest_noise

# a matrix is not that of labels whose shares are further than this from any that it can give
_MISFIT = 0.01


def checked_noise(noise: Any, classes: Sequence[Any]) -> float | FloatArray:
    """Return noise as the user gave it: a share, or a matrix with rows and columns as classes.

    Raises
    ------
    ConfigError
        If a table does not fit, or a share leaves nothing to tell.
    ValueError
        If a share or an array is out of range.
    """
    if isinstance(noise, str | os.PathLike | pl.DataFrame | pl.LazyFrame):
        return read_noise(noise, classes)
    given: FloatArray = np.asarray(noise, dtype=np.float64)
    if given.ndim == 0:
        return _checked_share(float(given), len(classes))
    if given.shape != (len(classes), len(classes)):
        raise ValueError(
            f"expected `noise` as a share or a matrix of {len(classes)} classes, got {given.shape}"
        )
    fault = matrix_fault(given, classes)
    if fault:
        raise ValueError(f"`noise`: {fault[0]}. {fault[1]}")
    return given


def given_noise(
    noise: float | FloatArray, labels: IntArray, blocks: IntArray | None, *, delta: float
) -> LabelNoise:
    """Return noise as it was given, for the labels as they are now.

    Examples
    --------
    >>> matrix = np.array([[0.9, 0.1], [0.3, 0.7]])
    >>> noise = given_noise(matrix, np.array([0, 0, 0, 1, 1] * 200), None, delta=0.05)
    >>> round(noise.wrong, 3), noise.by_label.round(3).tolist()
    (0.2, [0.15, 0.05])
    """
    if not isinstance(noise, np.ndarray):
        return LabelNoise(noise, noise, noise, True)
    wrong = wrong_share(labels, noise, delta=delta, blocks=blocks)
    amiss = true_shares(labels, noise) @ (noise * ~np.eye(len(noise), dtype=bool))
    return LabelNoise(wrong.estimate, wrong.low, wrong.high, True, noise, by_label=amiss)


def estimated_noise(
    labels: IntArray,
    chances: FloatArray,
    *,
    delta: float,
    ceiling: float = 1.0,
    blocks: IntArray | None = None,
) -> LabelNoise:
    """Return noise as the surest rows of each class show it, with confident learning beside it.

    Parameters
    ----------
    labels : ndarray of int, shape (n_rows,)
        Of rows that the model was not fitted on.
    chances : ndarray of float, shape (n_rows, n_classes)
        What the model says of each class.
    delta : float
        Chance that the limits miss the share, if some rows of every class are beyond doubt.
    ceiling : float, default=1.0
        Error that some classifier is within: no more labels can be wrong than that, for if each
        true class is mostly labelled as it is, wrong labels are errors that no one avoids.
    blocks : ndarray of int, optional
        Block of each row, where rows of one are not independent.
    """
    found = surest_noise(labels, chances, delta=delta, blocks=blocks)
    return capped(
        LabelNoise(
            found.wrong.estimate, found.wrong.low, found.wrong.high, False, found.given_of_true,
            confident=noise_matrix(labels, chances, delta=delta),
        ),
        ceiling,
    )  # fmt: skip


def capped(noise: LabelNoise, ceiling: float) -> LabelNoise:
    """Return an estimate with no more wrong labels than a ceiling."""
    wrong, low, high = (min(x, ceiling) for x in (noise.wrong, noise.low, noise.high))
    return replace(noise, wrong=wrong, low=low, high=high)


def noise_floor(noise: LabelNoise, high: float) -> float:
    """Return the least Bayes error that noise which was given leaves possible, or 0.

    Where each true class is mostly labelled as it is, no classifier agrees with more labels than
    the true classes do. Noise that is more than the labels can have says nothing.
    """
    if not noise.is_given or noise.low > high:
        return 0.0
    matrix = noise.given_of_true
    return 0.0 if matrix is not None and hidden_classes(matrix) else noise.low


def noise_doubts(
    noise: LabelNoise, labels: IntArray, high: float, classes: Sequence[Any]
) -> list[str]:
    """Say what speaks against noise that was given: the labels themselves, or what it hides.

    Parameters
    ----------
    noise : LabelNoise
        As it was given.
    labels : ndarray of int, shape (n_rows,)
        Labels as they are.
    high : float
        Error that some classifier is within, by the labels as they are.
    classes : sequence
        Names of the classes.
    """
    found, matrix = [], noise.given_of_true
    hidden = [] if matrix is None else hidden_classes(matrix)
    for c in hidden:
        assert matrix is not None
        others = np.where(np.arange(len(matrix)) == c, -1, matrix[c])
        found.append(
            f"by the noise given, true class `{classes[c]}` is labelled "
            f"`{classes[int(others.argmax())]}` at least as often as `{classes[c]}`: what these "
            "labels teach is then another class, and the error under true labels has hardly an "
            "upper limit"
        )
    if matrix is not None:
        shares = np.bincount(labels, minlength=len(matrix)) / labels.size
        gaps = shares - true_shares(labels, matrix) @ matrix
        c = int(np.abs(gaps).argmax())
        if abs(gaps[c]) > _MISFIT + 2 / np.sqrt(labels.size):
            found.append(
                f"the noise given is not that of these labels: whatever the true classes, "
                f"`{classes[c]}` would be at {'least' if gaps[c] < 0 else 'most'} "
                f"{shares[c] - gaps[c]:.1%} of the labels, and is {shares[c]:.1%}"
            )
    if noise.low > high and not hidden:
        found.append(
            "the noise given is more than these labels can have, if most of each class are right: "
            f"{noise.low:.1%} or more would be wrong, and a classifier differs from at most "
            f"{high:.1%} of them"
        )
    return found


def noise_facts(
    noise: LabelNoise, error: float, limits: tuple[float, float], n_classes: int
) -> dict[str, Any]:
    """Return what a `Feasibility` says of noise, by the names of its attributes.

    Parameters
    ----------
    noise : LabelNoise
        As it was given or estimated.
    error, limits : float, tuple of float
        Bayes error under the labels as they are, and its interval.
    n_classes : int
        Classes.
    """
    sure = noise.confident
    return {
        "label_noise": noise.wrong,
        "label_noise_interval": (noise.low, noise.high),
        "label_noise_limits": (noise.least, noise.high),
        "label_noise_given": noise.is_given,
        "error_without_noise": noise.clean(error, n_classes),
        "error_without_noise_limits": noise.clean_limits(*limits, n_classes),
        "noise_matrix": _rows_of(noise.given_of_true),
        "confident_noise": None if sure is None else sure.noise_rate,
        "confident_matrix": None if sure is None else _rows_of(sure.given_of_true),
    }


def _rows_of(matrix: FloatArray | None) -> tuple[tuple[float | None, ...], ...] | None:
    """Return a matrix as tuples, with None where a chance is unknown."""
    if matrix is None:
        return None
    return tuple(tuple(None if math.isnan(x) else float(x) for x in row) for row in matrix)


def _checked_share(share: float, n_classes: int) -> float:
    if not 0 <= share < 1:
        raise ValueError(f"expected `noise` from 0 to below 1, got {share}")
    guess = 1 - 1 / n_classes
    if share >= guess:
        raise ConfigError(
            f"expected fewer wrong labels than a guess makes, {guess:g} of {n_classes} classes, "
            f"got a share of {share:g}",
            hint="Such labels tell nothing. If few classes have most of it, give a matrix.",
        )
    return share
