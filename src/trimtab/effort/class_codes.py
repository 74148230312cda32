"""Classes of any type as small integers, the same for the same class from first to last."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


class ClassCodes:
    """Numbers for classes, given out in the order in which they are first seen.

    Examples
    --------
    >>> codes = ClassCodes()
    >>> codes.row(["ham", "spam"]).tolist(), codes.row(["spam", "eggs"]).tolist()
    ([0, 1], [1, 2])
    """

    def __init__(self) -> None:
        self._codes: dict[Any, int] = {}

    def row(self, labels: Sequence[Any] | NDArray[Any]) -> NDArray[np.int64]:
        """Return the codes of some labels; a missing one is a ValueError."""
        plain = labels.tolist() if isinstance(labels, np.ndarray) else list(labels)
        if any(label is None or label != label for label in plain):
            raise ValueError("expected a class from each model and for each label, got a gap")
        codes = [self._codes.setdefault(label, len(self._codes)) for label in plain]
        return np.array(codes, dtype=np.int64)

    def table(self, rows: ArrayLike) -> NDArray[np.int64]:
        """Return the codes of a table of labels, shape (n_rows, n_models)."""
        array = np.asarray(rows)
        return self.row(array.ravel()).reshape(array.shape)
