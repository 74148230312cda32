"""Plain classifiers whose error on rows held back bounds the Bayes error from above."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from trimtab.effort.feasibility_result import Classifier
from trimtab.effort.representations import Parts, grow
from trimtab.stats.arrays import BoolArray, FloatArray, IntArray
from trimtab.stats.bounds import block_interval
from trimtab.stats.exact_share import exact_share_interval

_MAX_LINEAR_ROWS, _MAX_LINEAR_COLUMNS = 20_000, 500


def predictions(
    points: FloatArray, labels: IntArray, parts: Parts, n_classes: int, seed: int
) -> dict[str, IntArray]:
    """Return what plain classifiers predict for the rows held back, by their names."""
    train, test = parts.train, parts.test
    common = int(np.bincount(labels[train]).argmax())
    found = {"most common class": np.full(test.size, common)}
    if np.unique(labels[train]).size < 2:
        return found
    trees = grow(points[train], labels[train], n_classes, seed)
    found["boosted trees"] = chances(trees, points[test]).argmax(axis=1).astype(np.int64)
    if points.shape[1] <= _MAX_LINEAR_COLUMNS:
        some = train[:_MAX_LINEAR_ROWS]
        if np.unique(labels[some]).size > 1:
            found["logistic regression"] = _linear(points, labels, some, test)
    return found


def with_limits(
    found: Mapping[str, BoolArray], blocks: IntArray | None, *, delta: float
) -> list[Classifier]:
    """Return classifiers with limits of their errors that hold for all of them at once.

    Parameters
    ----------
    found : mapping of ndarray of bool
        Whether each was wrong, row by row, by its name.
    blocks : ndarray of int or None
        Block of each row, where rows of one are not independent.
    delta : float
        Chance that any error is not within its limits.
    """
    made = []
    for name, wrong in found.items():
        # each limit holds with a share of delta, so that the least of them holds with all of it
        share = delta / len(found)
        if blocks is None:
            limits = exact_share_interval(int(wrong.sum()), wrong.size, delta=share)
        else:
            limits = block_interval(wrong.astype(np.float64), blocks, delta=share)
        made.append(Classifier(name, wrong, limits))
    return made


def chances(trees: Any, points: FloatArray) -> FloatArray:
    """Return what trees say of each class, shape (n_rows, n_classes)."""
    said = np.asarray(trees.predict(points), dtype=np.float64)
    table = np.column_stack([1 - said, said]) if said.ndim == 1 else said
    made: FloatArray = np.clip(table / table.sum(axis=1, keepdims=True), 0, 1)
    return made


def _linear(points: FloatArray, labels: IntArray, some: IntArray, test: IntArray) -> IntArray:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # a fit that stopped early is still a classifier, and its error is measured
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(max_iter=200).fit(points[some], labels[some])
    made: IntArray = model.predict(points[test]).astype(np.int64)
    return made
