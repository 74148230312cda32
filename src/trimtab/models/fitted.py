"""A fitted model: encoder and estimator together, from features to scores."""

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from trimtab.core.records import TaskKind
from trimtab.models.encode import Encoder, FloatMatrix

Scores = npt.NDArray[np.float64]
_PROTOCOL = 5


@dataclass(frozen=True, slots=True)
class FittedModel:
    """What training made, before it is filed.

    Parameters
    ----------
    kind : {'binary', 'multiclass', 'regression'}
        What it predicts.
    classes : tuple of str
        Names of the classes in the order of the columns of its scores; empty if not multiclass.
    encoder : Encoder
        From features to numbers.
    estimator : object
        The fitted scikit-learn estimator, which knows classes by their place.
    params : dict
        All parameters it was built with.
    """

    kind: TaskKind
    classes: tuple[str, ...]
    encoder: Encoder
    estimator: Any
    params: dict[str, Any]

    def predict(self, features: pl.DataFrame) -> Scores:
        """Return P(label = 1), one probability per class, or predicted numbers; rows first."""
        return scores_of(self.estimator, self.encoder.matrix(features), self.kind, self.classes)

    def to_bytes(self) -> bytes:
        """Return the estimator as a pickle; the registry checks its hash before it is read."""
        return pickle.dumps(self.estimator, protocol=_PROTOCOL)


def scores_of(
    estimator: Any, matrix: FloatMatrix, kind: TaskKind, classes: tuple[str, ...]
) -> Scores:
    """Return an estimator's answers in the house shapes; a class it never saw has 0."""
    if not len(matrix):
        return np.empty((0, len(classes)) if kind == "multiclass" else 0)
    if kind == "regression":
        return np.asarray(estimator.predict(matrix), dtype=np.float64).reshape(-1)
    found = np.asarray(estimator.predict_proba(matrix), dtype=np.float64)
    if kind == "binary":
        return found[:, 1].copy()
    scores = np.zeros((len(matrix), len(classes)))
    scores[:, np.asarray(estimator.classes_, dtype=np.int64)] = found
    return scores


def estimator_from(content: bytes) -> Any:
    """Read an estimator from a pickle whose hash the caller has checked."""
    return pickle.loads(content)  # noqa: S301 - only the registry calls this, hash checked
