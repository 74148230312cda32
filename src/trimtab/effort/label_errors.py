"""Labels that are probably wrong, with classes by their names: `label_errors`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from trimtab.effort.label_answers import ShownLabelErrors
from trimtab.effort.vote_tables import listed
from trimtab.stats.arrays import IntArray
from trimtab.stats.label_errors import LabelErrors
from trimtab.stats.label_errors import label_errors as find_label_errors


def label_errors(
    labels: Sequence[Any] | ArrayLike,
    probabilities: ArrayLike,
    *,
    classes: Sequence[Any] | None = None,
    block: Sequence[Any] | ArrayLike | None = None,
    delta: float = 0.05,
) -> LabelErrors:
    """Find the rows whose label is probably wrong, by confident learning, the surest first.

    Read at `trimtab.stats.label_errors.label_errors` what is assumed, and what its limits
    promise. A poor choice on probabilities of a model that was trained on the same rows: it has
    learnt the wrong labels, and finds none of them.

    Parameters
    ----------
    labels : sequence, shape (n_samples,)
        The given labels: as in `classes`, or as column numbers of `probabilities`.
    probabilities : array_like of float, shape (n_samples, n_classes)
        Out-of-fold probabilities of each class, in [0, 1].
    classes : sequence, optional
        The classes in the order of the columns, as in `classes_` of a fitted model of
        scikit-learn; 0 to n_classes - 1 if left out.
    block : sequence, shape (n_samples,), optional
        A key a row: labels of one key (a user, a day, one person who labels) may go wrong
        together. Limits need 40 blocks or more; rows without a key stand for themselves.
    delta : float, default=0.05
        Chance that the limits of the number of wrong labels miss it, in (0, 1).

    Returns
    -------
    LabelErrors
        `.rows`, numbered from 0, with `.given` and `.suggested` as places in `.classes`.

    Raises
    ------
    ValueError
        If a label is none of the classes, or shapes do not fit.

    Examples
    --------
    >>> sure = [[0.9, 0.1], [0.05, 0.95], [0.1, 0.9], [0.9, 0.1]]
    >>> found = label_errors(["ham", "ham", "spam", "ham"], sure, classes=["ham", "spam"])
    >>> found.rows.tolist(), [found.classes[k] for k in found.suggested]
    ([1], ['spam'])
    """
    given: Any = labels if classes is None else _places(labels, classes)
    if classes is None and np.asarray(labels).dtype.kind not in "iufb":
        raise ValueError(
            "expected `labels` as column numbers of `probabilities`, or their names in `classes`; "
            f"got {np.asarray(labels).ravel()[:1].tolist()} and no `classes`"
        )
    found = find_label_errors(given, probabilities, classes=classes, block=block, delta=delta)
    return ShownLabelErrors.of(found)


def _places(labels: Sequence[Any] | ArrayLike, classes: Sequence[Any]) -> IntArray:
    """Return labels as places among the classes."""
    names = np.asarray(classes).tolist()
    place_of = {name: place for place, name in enumerate(names)}
    given = np.asarray(labels, dtype=object).tolist()
    strange = [label for label in given if label not in place_of]
    if strange:
        raise ValueError(
            f"expected labels among the classes {listed(tuple(names))}; got {strange[0]!r}"
        )
    return np.array([place_of[label] for label in given], dtype=np.int64)
